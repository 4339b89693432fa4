import Foundation
import Testing

@testable import Console
@testable import Daemon

/// The description says what the routes take: neither more nor less.
@Suite struct OpenAPITests {
  private static var document: [String: Any] {
    let (value, _) = YAMLValue.parse(OpenAPI.text, file: "openapi.yaml")
    var bytes: [UInt8] = []
    value?.appendJSON(to: &bytes)
    return (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] ?? [:]
  }

  private static func node(_ path: String...) -> [String: Any] {
    path.reduce(document) { $0[$1] as? [String: Any] ?? [:] }
  }

  private static let paths = node("paths").keys.sorted()

  /// Names of an operation's parameters in the query.
  private func described(_ operation: [String: Any]) throws -> Set<String> {
    var names: Set<String> = []
    for one in operation["parameters"] as? [[String: Any]] ?? [] {
      var parameter = one
      if let reference = one["$ref"] as? String {
        let name = try #require(reference.split(separator: "/").last)
        parameter = Self.node("components", "parameters", String(name))
      }
      if parameter["in"] as? String == "query" { names.insert(try #require(parameter["name"] as? String)) }
    }
    return names
  }

  @Test(arguments: paths)
  func aRouteTakesWhatIsDescribed(path: String) throws {
    let sample = path.replacing("{id}", with: "7").replacing("{name}", with: "x")
    let route = try #require(try APIRoute.find(sample.dropFirst(APIRoute.prefix.utf8.count)))
    let operations = Self.node("paths", path)
    #expect(Set(operations.keys) == Set(route.methods.map { $0.name.lowercased() }))
    for (method, value) in operations {
      let operation = try #require(value as? [String: Any])
      let taken = method == "get" ? route.parameters : APIRoute.postedParameters
      #expect(try described(operation) == Set(taken), "\(method)")
      // Whoever may be turned away at the door is told so.
      let answers = try #require(operation["responses"] as? [String: Any])
      #expect(answers.keys.contains("400"))
      for status in ["401", "421", "429"] { #expect(answers.keys.contains(status) != route.isPublic) }
    }
  }

  @Test func thereAreAsManyPathsAsRoutes() {
    #expect(Self.paths.count == 17)
  }
}
