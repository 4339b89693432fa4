import Model
import Policy
import Wire

/// Runs the examples that rules carry against the whole set: each `match` line must be won by its rule, no
/// `no_match` line may be.
///
/// A line is a syslog datagram; one that starts with `trap:` is a notification, in words
/// (`trap: linkDown ifIndex.3=i:3`) or as the hexadecimal of a packet.
struct VerbExamples {
  struct Failure: Sendable, Equatable {
    var rule: String
    /// What is wrong, a sentence part for people.
    var reason: String
    var example: String
    /// Who won instead; nil: nobody.
    var winner: String?
    /// What became of the rule and of the winner, as `explain` says it; nil beyond `detailLimit`.
    var detail: Detail?
  }

  struct Detail: Sendable, Equatable {
    /// What rules saw of the example.
    var text: String
    var rule: String
    var winner: String?
  }

  private(set) var count = 0
  private(set) var failures: [Failure] = []

  /// To explain is to say something about every rule: beyond these, failures are only named.
  private static let detailLimit = 100

  /// Only the rules that can be used and are active are asked for their examples; of these `names`, nil: all.
  init(_ catalog: Catalog, desk: inout VerbDesk, only names: Set<String>? = nil) {
    let usable = Set(desk.snapshot.rules.map(\.name))
    for rule in catalog.rules where rule.isActive && usable.contains(rule.name) {
      if let names, !names.contains(rule.name) { continue }
      for example in rule.matchExamples { check(example, of: rule.name, mustWin: true, &desk) }
      for example in rule.noMatchExamples { check(example, of: rule.name, mustWin: false, &desk) }
    }
  }

  private mutating func check(_ example: String, of rule: String, mustWin: Bool, _ desk: inout VerbDesk) {
    count += 1
    let input: VerbInput
    do throws(DaemonFailure) {
      input = try VerbExamples.input(example)
    } catch {
      failures.append(
        Failure(rule: rule, reason: "the example cannot be read: \(error.message)", example: example))
      return
    }
    let verdict = desk.decide(input, peer: .unspecified, arrival: .absent)
    if let fault = verdict.fault {
      failures.append(Failure(rule: rule, reason: "the example is no event: \(fault)", example: example))
      return
    }
    let winner = verdict.ruleName
    if mustWin, winner != rule {
      let reason = winner.map { "its example is won by rule \($0)" } ?? "its example is won by no rule"
      failures.append(Failure(rule: rule, reason: reason, example: example, winner: winner))
      explain(input, verdict, &desk)
    } else if !mustWin, winner == rule {
      failures.append(
        Failure(rule: rule, reason: "it wins an example that it must not", example: example, winner: rule))
      explain(input, verdict, &desk)
    }
  }

  /// Adds to the last failure why it is one.
  private mutating func explain(_ input: VerbInput, _ verdict: VerbDesk.Verdict, _ desk: inout VerbDesk) {
    guard failures.count <= VerbExamples.detailLimit, let last = failures.indices.last else { return }
    guard let answer = desk.explain(input, peer: .unspecified, arrival: .absent) else { return }
    let rules = desk.snapshot.rules
    func text(of name: String) -> String? {
      answer.explanation.lines.first { rules[$0.rule].name == name }.map {
        "priority \(rules[$0.rule].priority): \($0.text)"
      }
    }
    let failure = failures[last]
    let winner = failure.winner == failure.rule ? nil : failure.winner.flatMap { text(of: $0) }
    failures[last].detail = Detail(
      text: verdict.message ?? "", rule: text(of: failure.rule) ?? "", winner: winner)
  }

  static func input(_ example: String) throws(DaemonFailure) -> VerbInput {
    guard example.hasPrefix("trap:") else { return .syslog(Array(example.utf8)) }
    let text = String(example.dropFirst(5).drop { $0 == " " })
    if text.hasPrefix("30"), let packet = VerbHex.bytes(Array(text.utf8)) { return .packet(packet) }
    let words = try VerbTrapWords(line: text)
    return .packet(words.packet(version: .v2c, community: "", requestID: 1, uptimeTicks: 0))
  }
}
