import Foundation
import Testing

/// A verb as the parser knows it: its options, its examples, and the verbs below it.
final class ProgramVerb {
  /// Long names, without dashes.
  private(set) var options: Set<String> = []
  private(set) var verbs: [String: ProgramVerb] = [:]
  /// Lines of its discussion, the examples among them.
  let lines: [String]

  /// The program itself.
  static func program(in workspace: Workspace) async throws -> ProgramVerb {
    let dump = try await Tool.succeed(Binary.path, ["--experimental-dump-help"], in: workspace)
    return ProgramVerb(try #require(JSON(dump))["command"])
  }

  private init(_ json: JSON) {
    for argument in json["arguments"].items {
      options.formUnion(
        argument["names"].items.filter { $0["kind"] != "short" }.compactMap { $0["name"].string })
    }
    lines = (json["discussion"].string ?? "").split(separator: "\n").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    for verb in json["subcommands"].items { verbs[verb["commandName"].string ?? ""] = ProgramVerb(verb) }
  }

  var all: [ProgramVerb] { [self] + verbs.values.flatMap(\.all) }

  /// The verbs that do something, with the words in front of them.
  func leaves(behind words: [String] = []) -> [String] {
    let below = verbs.filter { $0.key != "help" }
    if below.isEmpty { return [words.joined(separator: " ")] }
    return below.flatMap { $0.value.leaves(behind: words + [$0.key]) }
  }
}
