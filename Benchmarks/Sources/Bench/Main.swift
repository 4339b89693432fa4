import Glibc

/// Runs the groups of cases that are named, in order.
@main
enum Main {
  private static let groups: [(name: String, run: @Sendable (Meter) throws -> Void)] = [
    ("decode", { try DecodeCases.run($0) }), ("decide", { try DecideCases.run($0) }),
    ("guard", { try GuardCases.run($0) }),
    ("loop", { try LoopCases.run($0) }), ("large", { try DecideCases.runLarge($0) }),
  ]

  static func main() {
    let wanted = CommandLine.arguments.dropFirst()
    let known = groups.map(\.name)
    guard !wanted.isEmpty, wanted.allSatisfy({ known.contains($0) }) else {
      Meter.say("usage: bench GROUP ...; groups: \(known.joined(separator: " "))")
      exit(64)
    }
    if !Meter.isCounted { Meter.say("not under valgrind: the cases run, and nothing is counted") }
    for group in groups where wanted.contains(group.name) {
      do {
        try group.run(Meter())
      } catch {
        Meter.say("\(error)")
        exit(1)
      }
    }
  }
}
