import Foundation
import Model
import Testing

@testable import Policy

/// The whole matcher against the plainest one there is: rules one after another, each pattern by itself.
///
/// `MUTTD_PROPERTY_PAIRS` asks for more pairs of rule and line than a test run compares, and
/// `MUTTD_PROPERTY_SEED` starts at another rule set: a failure names its seed.
@Suite struct ReferenceTests {
  private static let shards = 4
  private static func setting(_ name: String, _ usual: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? usual
  }

  /// What a run of rule sets came to.
  struct Tally {
    var sets = 0
    var pairs = 0
    var holding = 0
    var decided = 0
    var costly = 0
    var refused = 0
    var rules = 0
    /// Rules that were told about: one line of each is enough.
    var told: Set<String> = []
  }

  @Test(arguments: 0..<shards)
  func everyVerdictIsThatOfTheRuleByItself(shard: Int) throws {
    let wanted = Self.setting("MUTTD_PROPERTY_PAIRS", 320_000) / Self.shards
    var seed = Self.setting("MUTTD_PROPERTY_SEED", 0) + shard
    var tally = Tally()
    // A handful of failures tells as much as a thousand.
    while tally.pairs < wanted, tally.told.count < 5 {
      try compare(seed, &tally)
      seed += Self.shards
    }
    print(
      "\(tally.sets) rule sets, \(tally.pairs) pairs: \(tally.holding) hold; \(tally.decided) lines decided;",
      "\(tally.costly) pairs too costly to tell, \(tally.refused) of \(tally.rules) rules refused")
    // The generator makes pairs of both kinds, or nothing would have been compared.
    #expect(tally.holding * 100 > tally.pairs * 3)
    #expect(tally.holding * 2 < tally.pairs)
    #expect(tally.costly * 1_000 < tally.pairs)
    #expect(tally.refused * 20 < tally.rules)
  }

  /// From edit to edit: what is new is compiled beside what stands, and a set comes back from its bytes.
  @Test(arguments: 0..<2)
  func everyVerdictStaysThatFromEditToEdit(shard: Int) throws {
    let seed = Self.setting("MUTTD_PROPERTY_SEED", 0) + shard
    var numbers = SeededNumbers(seed: UInt64(seed) + 77)
    var set = RuleSet(seed: seed, count: 300, lineCount: 40)
    var snapshot = try Bench(set.rules).snapshot()
    var tally = Tally()
    var patched = 0
    for round in 0..<4 {
      set.edit(&numbers)
      let known = round % 2 == 0 ? snapshot.patterns : try throughBytes(snapshot.patterns)
      snapshot = try Bench(set.rules).snapshot(reusing: known, .quick)
      if !snapshot.isTidy { patched += 1 }
      try compare(Matcher(snapshot), set, seed, &tally)
    }
    let loaded = try Bench(set.rules).snapshot(reusing: throughBytes(snapshot.patterns))
    try compare(Matcher(loaded), set, seed, &tally)
    #expect(patched == 4, "nothing was patched: this shows nothing")
    #expect(tally.holding > 1_000 && tally.decided > 50)
  }

  /// As a restart finds them.
  private func throughBytes(_ patterns: PatternSet) throws -> PatternSet {
    let bytes = try #require(patterns.encoded())
    return try #require(PatternSet(decoding: bytes))
  }

  private func compare(_ seed: Int, _ tally: inout Tally) throws {
    let set = RuleSet(seed: seed)
    try compare(Bench(set.rules).matcher(), set, seed, &tally)
  }

  private func compare(_ matcher: consuming Matcher, _ set: RuleSet, _ seed: Int, _ tally: inout Tally)
    throws
  {
    try checkQuarantine(matcher.snapshot, set, seed, &tally)
    let plain = try matcher.snapshot.rules.map { try PlainRule($0) }
    tally.sets += 1
    tally.rules += set.rules.count
    for sample in set.lines {
      let line = PlainLine(sample)
      let explanation = matcher.explain(sample)
      let decision = matcher.decide(sample)
      var first = -1
      for rank in plain.indices {
        let said = explanation.lines[rank].verdict != .doesNotHold
        let answer = plain[rank].answer(line)
        tally.pairs += 1
        if said, first < 0 { first = rank }
        if answer == .tooCostly {
          tally.costly += 1
        } else if said != (answer == .holds) {
          // An automaton has no budget to spend, so nothing excuses it.
          let hasBudget = matcher.snapshot.table.conditions[rank].confirmation >= 0
          if !hasBudget || plain[rank].isCheap(line, limit: Difference.budget) {
            let text = plain[rank].rule.matchString ?? ""
            guard tally.told.insert(text).inserted else { continue }
            report(plain[rank].rule, sample, set, seed)
          } else {
            tally.costly += 1
          }
        }
        if said { tally.holding += 1 }
      }
      if first >= 0 { tally.decided += 1 }
      #expect(
        Int(decision.rule) == first, "seed \(seed), line \(quoted(sample.text)): the first that holds wins")
      #expect(explanation.decision.rule == decision.rule, "seed \(seed), line \(quoted(sample.text))")
      if sample.trapOID != nil { checkUnread(&matcher, sample, decision, seed) }
    }
  }

  /// What can be said without the line is what is said with it.
  private func checkUnread(
    _ matcher: inout Matcher, _ sample: Sample, _ decision: Decision, _ seed: Int
  ) {
    var found = TrapRank()
    matcher.rank(sample.oid, into: &found)
    guard let unread = matcher.decide(sample.event, datagram: sample.datagram.span, by: &found) else {
      return
    }
    #expect(unread.rule == decision.rule, "seed \(seed), OID \(sample.oid), line \(quoted(sample.text))")
  }

  /// The smallest rule and line that show it; or two rules, when it takes another one beside it.
  private func report(_ rule: Rule, _ sample: Sample, _ set: RuleSet, _ seed: Int) {
    if let difference = Difference(rule, sample) {
      Issue.record("seed \(seed): \(difference.shrunk())")
      return
    }
    let beside = set.rules.prefix(200).first {
      $0.id != rule.id && Difference(rule, sample, beside: $0) != nil
    }
    let others = beside.map { "beside \(quoted($0.matchString ?? ""))" } ?? "in this set only"
    Issue.record("seed \(seed): \(quoted(rule.matchString ?? "")) and \(quoted(sample.text)), \(others)")
  }

  /// A rule is refused when it is no regex or holds for nothing, or when those before it leave no room for
  /// what it adds.
  private func checkQuarantine(_ snapshot: Snapshot, _ set: RuleSet, _ seed: Int, _ tally: inout Tally)
    throws
  {
    for entry in snapshot.quarantined {
      tally.refused += 1
      let rule = try #require(set.rules.first { $0.id == entry.id })
      guard let plain = try? PlainRule(rule) else { continue }
      if entry.reason.hasPrefix("its counts and classes add") { continue }
      let about = "seed \(seed): refused: \(entry.reason): \(quoted(rule.matchString ?? ""))"
      #expect(entry.reason == "the regex can never match", "\(about)")
      for line in set.lines where plain.answer(PlainLine(line)) == .holds {
        Issue.record("\(about), but it holds for \(quoted(line.text))")
        break
      }
    }
    #expect(snapshot.rules.count + snapshot.quarantined.count == set.rules.count, "seed \(seed)")
  }

  /// What looks the same need not be: each pattern is compiled as its own bytes.
  @Test(arguments: [
    ("K", "\u{212A}"), ("\u{E9}", "e\u{301}"), ("\u{3A9}", "\u{2126}"), ("\u{B7}", "\u{387}"),
  ])
  func equivalentPatternsAreTwo(first: String, second: String) throws {
    for type in [MatchType.contains, .regex] {
      for (one, other) in [(first, second), (second, first)] {
        let both = [Rule.make("one", type, one, id: 1), Rule.make("other", type, other, id: 2)]
        var together = try Bench(both).matcher()
        for text in [one, other, one + "\u{E9}", other + "\u{E9}"] {
          var holding: [String] = []
          for rule in both where try PlainRule(rule).answer(PlainLine(Sample(text))) == .holds {
            holding.append(rule.name)
          }
          let lines = together.explain(Sample(text)).lines.filter { $0.verdict != .doesNotHold }
          #expect(
            lines.map { both[$0.rule].name } == holding, "\(quoted(one)), \(quoted(other)), \(quoted(text))")
        }
      }
    }
  }

  /// A rule's pattern may be refused, but then it is quarantined, and the others decide as without it.
  @Test(arguments: 0..<4)
  func randomBytesAsPatternsNeverTakeTheOthersDown(seed: Int) throws {
    var numbers = SeededNumbers(seed: UInt64(seed) + 1_000)
    let alphabet = Array("ab(){}[]\\*+?|^$.<>=!:#-,019PRKQExm'&\u{F6}")
    for _ in 0..<60 {
      var rules = [Rule.make("good", .contains, "good", id: 1_000)]
      for id in 1...8 {
        let text = (0..<Int.random(in: 1...12, using: &numbers)).map { _ in
          String(alphabet.randomElement(using: &numbers) ?? "a")
        }
        rules.append(.make("r\(id)", .regex, text.joined(), id: Int64(id), priority: 200))
      }
      var matcher = try Bench(rules).matcher()
      #expect(matcher.snapshot.rules.count + matcher.snapshot.quarantined.count == rules.count)
      #expect(matcher.winner(Sample("a good line")) == "good")
    }
  }
}
