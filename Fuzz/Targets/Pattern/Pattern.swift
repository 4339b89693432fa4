import Model
import Policy
import Probe

/// A `match_string` and lines, each after a byte that UTF-8 does not have (0xFF).
@c(LLVMFuzzerTestOneInput)
public func pattern(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe input(start, count)
  // Vectorscan's compiler allocates all the time, and with the sanitizer takes ten times as long: this is a
  // second or two of the daemon's for each of the three times that an input is compiled.
  return bounded(60) { check(bytes) }
}

private func check(_ bytes: [UInt8]) -> CInt {
  var parts = bytes.split(separator: 0xFF, omittingEmptySubsequences: false).map { Array($0) }
  guard let text = String(validating: parts.removeFirst(), as: UTF8.self), !parts.isEmpty else { return -1 }
  PatternPromises(text: text, lines: parts).check()
  return 0
}

/// What holds of every rule set and every line. The pattern is looked for as a literal and as a regex, in one
/// set with rules that others might have written.
struct PatternPromises {
  let text: String
  let lines: [[UInt8]]

  /// Longer literals may be refused.
  private static let literalLimit = 1_000

  /// In deciding order.
  private let rules: [Rule]

  init(text: String, lines: [[UInt8]]) {
    self.text = text
    self.lines = lines
    let isUnicode = text.utf8.contains { $0 >= 0x80 }
    let patterns: [(MatchType, String)] = [
      (.contains, "Down"), (.contains, text), (.regex, #"\bflap(s|ping)?$"#), (.regex, text),
      // The Unicode patterns of a set stand in an automaton of their own, which takes its time to compile.
      isUnicode ? (.contains, "größe") : (.contains, "size"),
    ]
    rules = patterns.enumerated().map { index, pattern in
      var rule = Rule(
        name: "rule \(index)", matchType: pattern.0, matchString: pattern.1, prodHandling: "Ticket_only",
        devHandling: "Ignore")
      rule.id = Int64(index) + 1
      return rule
    }
  }

  func check() {
    let snapshot: Snapshot
    var matcher: Matcher
    do throws(PolicyError) {
      snapshot = try Snapshot.compile(Catalog(rules: rules), settings: PolicySettings(), generation: 1)
      matcher = try Matcher(snapshot)
    } catch {
      return claim(false, "no snapshot: \(error)")
    }
    checkQuarantine(snapshot)
    // A pattern often finds much of itself, and a line end is where `$` and `\Z` differ.
    for line in lines + [Array(text.utf8)] {
      LinePromises(text: text, line: line).check(&matcher)
      LinePromises(text: text, line: line + [0x0A]).check(&matcher)
    }
  }

  /// Every rule decides or is quarantined, and being asked about alone gives the same answer.
  private func checkQuarantine(_ snapshot: Snapshot) {
    let usable = Set(snapshot.rules.map(\.id))
    let refused = Set(snapshot.quarantined.map(\.id))
    claim(usable.isDisjoint(with: refused), "a rule decides and is quarantined: \(snapshot.quarantined)")
    claim(usable.union(refused) == Set(rules.map(\.id)), "a rule is neither used nor quarantined")
    for rule in snapshot.quarantined { claim(!rule.reason.isEmpty, "quarantined without a reason") }
    for id: Int64 in [1, 3, 5] { claim(usable.contains(id), "a rule takes another one along") }
    if !text.isEmpty, text.utf8.count <= Self.literalLimit {
      claim(usable.contains(2), "a literal is refused: \(snapshot.quarantined)")
    }
    let problem = RuleCheck.problem(rules[3], settings: snapshot.settings)
    claim((problem == nil) == usable.contains(4), "alone it is \(problem ?? "usable"), in a set not")
  }
}

/// What holds of the verdicts on one line.
struct LinePromises {
  let text: String
  let line: [UInt8]

  func check(_ matcher: inout Matcher) {
    var event = Event(arrival: Timestamp(seconds: 1_795_227_247), peer: IPAddress(v4: 192, 0, 2, 1))
    event.message = ByteRange(0, line.count)
    let oid = ObjectID()
    let decision = matcher.decide(event, datagram: line.span, text: line.span, trapOID: oid)
    let explanation = matcher.explain(event, datagram: line.span, text: line.span, trapOID: oid)
    claim(decision.rule == explanation.decision.rule, "decided and explained are two rules")

    var winner: Int?
    for (rank, rule) in matcher.snapshot.rules.enumerated() {
      let holds = explanation.lines[rank].verdict != .doesNotHold
      if holds, winner == nil { winner = rank }
      guard let reference = Reference(rule.matchString ?? "", isRegex: rule.matchType == .regex) else {
        claim(false, "\(rule.matchType) is no pattern and decides: \(text.debugDescription)")
        return
      }
      let answer = reference.search(line)
      if answer == .unknown { continue }
      claim(
        holds == (answer == .holds),
        "\(rule.matchType) \((rule.matchString ?? "").debugDescription): \(explanation.lines[rank].text), "
          + "the reference says \(answer): \(String(decoding: line, as: UTF8.self).debugDescription) \(line)")
    }
    claim(Int(decision.rule) == winner ?? -1, "\(decision.rule) won, \(winner ?? -1) is the first that holds")
    checkDescription(decision, event, &matcher)
  }

  /// What is written about the winner is fit to leave the process.
  private func checkDescription(_ decision: Decision, _ event: Event, _ matcher: inout Matcher) {
    var labels = LabelSet()
    var row = EventRow(id: EventID(rawValue: 1), time: event.time, arrival: event.arrival, peer: event.peer)
    var bytes: [UInt8] = []
    matcher.describe(
      decision, event: event, datagram: line.span, text: line.span, labels: &labels, row: &row, bytes: &bytes)
    claim(row.isMatched == decision.isMatched, "the row and the decision disagree")
    for range in [row.host, row.handling, row.team, row.ruleName, row.signature, row.summary, row.labels] {
      claim(range.isAbsent || range.end <= bytes.count, "a text lies outside")
      claimClean(bytes[range.bounds], "a text of the row")
    }
    if !row.labels.isAbsent { JSONShape.claimObject(bytes[row.labels.bounds], "the labels") }
  }
}
