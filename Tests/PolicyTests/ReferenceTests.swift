import Model
import Testing

@testable import Policy

/// The whole matcher against the plainest one there is: rules one after another, each pattern by itself.
@Suite struct ReferenceTests {
  /// Holds a rule against an event with a hand-written search, or PCRE2 for a regex.
  struct Reference {
    let rule: Rule
    let regex: Regex?
    let oid: ObjectID?

    init(_ rule: Rule) throws {
      self.rule = rule
      let isUnicode = rule.matchString?.utf8.contains { $0 >= 0x80 } ?? false
      regex = rule.matchType == .regex ? try Regex(rule.matchString ?? "", isUnicode: isUnicode) : nil
      oid = rule.trapOID.flatMap { ObjectID($0) }
    }

    func holds(_ sample: Sample, _ scratch: inout RegexScratch) -> Bool {
      if let oid, !sample.oid.starts(with: oid) || sample.oid.isEmpty { return false }
      if rule.matchType != .oidPrefix, let wanted = rule.syslogSeverity, wanted != Int(sample.severity) {
        return false
      }
      if let regex { return scratch.find(regex, in: sample.text.span) }
      guard let needle = rule.matchString else { return true }
      return Reference.contains(sample.text, Array(needle.utf8))
    }

    static func contains(_ text: [UInt8], _ needle: [UInt8]) -> Bool {
      guard text.count >= needle.count else { return false }
      return (0...(text.count - needle.count)).contains { start in
        needle.indices.allSatisfy { lowered(text[start + $0]) == lowered(needle[$0]) }
      }
    }
  }

  static func pattern(_ numbers: inout SeededNumbers, depth: Int = 0) -> String {
    let atoms = [
      "a", "b", "C", "down", ".", "\\d", "\\s", "\\w", "[ab]", "[^a]", "[0-9$]", "\\.", "%", "\\x41", "-",
      "\\S",
    ]
    var result = ""
    for _ in 0..<Int.random(in: 1...4, using: &numbers) {
      switch Int.random(in: 0..<10, using: &numbers) {
      case 0 where depth < 2: result += "(\(pattern(&numbers, depth: depth + 1)))"
      case 1 where depth < 2: result += "(?:\(pattern(&numbers, depth: depth + 1))|b)"
      case 2 where depth < 2: result += "(?-i:\(pattern(&numbers, depth: depth + 1)))"
      default: result += atoms.randomElement(using: &numbers) ?? "a"
      }
      if Int.random(in: 0..<4, using: &numbers) == 0 {
        result += ["*", "+", "?", "{2}", "{1,3}", "*?"].randomElement(using: &numbers) ?? "*"
      }
    }
    if depth == 0 {
      if Int.random(in: 0..<6, using: &numbers) == 0 { result = "^" + result }
      if Int.random(in: 0..<5, using: &numbers) == 0 { result += "$" }
    }
    return result
  }

  static func text(_ numbers: inout SeededNumbers, limit: Int) -> [UInt8] {
    let words = ["a", "b", "c", "A", "B", "C", "down", "DOWN", " ", "1", "$", ".", "%", "-", "\n", "\0", "ö"]
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 0...limit, using: &numbers) {
      if Int.random(in: 0..<40, using: &numbers) == 0 {
        bytes.append(UInt8.random(in: 0...255, using: &numbers))
      } else {
        bytes += Array((words.randomElement(using: &numbers) ?? "a").utf8)
      }
    }
    return bytes
  }

  static func oid(_ numbers: inout SeededNumbers) -> String {
    (["1", "3"]
      + (0..<Int.random(in: 0...3, using: &numbers)).map { _ in
        String(Int.random(in: 1...3, using: &numbers))
      }).joined(separator: ".")
  }

  static func rule(_ numbers: inout SeededNumbers, id: Int64) -> Rule {
    let type = MatchType.allCases.randomElement(using: &numbers) ?? .contains
    var text: String?
    switch type {
    case .regex: text = pattern(&numbers)
    case .contains:
      text = String(decoding: self.text(&numbers, limit: 4).filter { $0 < 0x80 }, as: UTF8.self) + "a"
    case .oidPrefix: text = Bool.random(using: &numbers) ? "a" : nil
    }
    let hasOID = type == .oidPrefix || Int.random(in: 0..<6, using: &numbers) == 0
    let hasSeverity = Int.random(in: 0..<4, using: &numbers) == 0
    return .make(
      "r\(id)", type, text, oid: hasOID ? oid(&numbers) : nil, id: id,
      priority: Int.random(in: 1...5, using: &numbers),
      severity: hasSeverity ? Int.random(in: 0...7, using: &numbers) : nil)
  }

  static func sample(_ numbers: inout SeededNumbers) -> Sample {
    var sample = Sample()
    sample.text = text(&numbers, limit: 12)
    if Int.random(in: 0..<3, using: &numbers) == 0 {
      sample.trapOID = oid(&numbers)
    } else {
      sample.severity = Int8.random(in: -1...7, using: &numbers)
    }
    return sample
  }

  /// 20 seeds of 15 rule sets and 40 lines each: 12,000 decisions, and as many explanations of every rule.
  @Test(arguments: 0..<20)
  func theFirstRuleThatHoldsWins(seed: Int) throws {
    var numbers = SeededNumbers(seed: UInt64(seed))
    var matched = 0
    for _ in 0..<15 {
      let count = Int.random(in: 1...30, using: &numbers)
      let rules = (1...count).map { Self.rule(&numbers, id: Int64($0)) }
      let snapshot = try Bench(rules).snapshot()
      let references = try snapshot.rules.map { try Reference($0) }
      var matcher = try Matcher(snapshot)
      var scratch = try RegexScratch(groupCount: 64)
      for _ in 0..<40 {
        let sample = Self.sample(&numbers)
        let holding = references.indices.filter { references[$0].holds(sample, &scratch) }
        let decision = matcher.decide(sample)
        let explanation = matcher.explain(sample)
        #expect(
          decision.rule == Int32(holding.first ?? -1),
          "\(sample) \(holding.map { snapshot.rules[$0] }) \(decision)")
        if decision.isMatched { matched += 1 }
        #expect(explanation.decision.rule == decision.rule)
        #expect(explanation.lines.indices.filter { explanation.lines[$0].verdict != .doesNotHold } == holding)
      }
    }
    // The generator makes lines of both kinds, or nothing would have been compared.
    #expect((100...500).contains(matched))
  }

  /// Letters beyond ASCII: PCRE2 and the automaton fold them alike, also where Unicode is odd (K is the
  /// Kelvin sign, ſ the long s, ς the last sigma), and neither reads invalid UTF-8.
  @Test(arguments: 0..<6)
  func lettersBeyondASCIIFoldAlike(seed: Int) throws {
    var numbers = SeededNumbers(seed: UInt64(seed) + 500)
    let letters = ["ö", "Ö", "ß", "É", "é", "σ", "ς", "Σ", "k", "\u{212A}", "s", "\u{17F}", "日", "1", " "]
    let atoms = letters + [".", "\\w", "\\d", "[öé]", "[^ß]", "\\s"]
    func joined(_ parts: [String], _ counts: ClosedRange<Int>) -> String {
      (0..<Int.random(in: counts, using: &numbers))
        .map { _ in parts.randomElement(using: &numbers) ?? "ö" }.joined()
    }
    for _ in 0..<40 {
      let rule = Rule.make("r", .regex, joined(atoms, 1...4) + "ö?" + joined(atoms, 0...2))
      var matcher = try Bench([rule]).matcher()
      #expect(matcher.snapshot.quarantined == [])
      let regex = try Regex(rule.matchString ?? "", isUnicode: true)
      var scratch = try RegexScratch(groupCount: 0)
      for _ in 0..<40 {
        var sample = Sample(joined(letters, 0...8))
        if Int.random(in: 0..<10, using: &numbers) == 0 { sample.text.append(0xC3) }
        let holds = scratch.find(regex, in: sample.text.span)
        #expect(
          matcher.decide(sample).isMatched == holds,
          "\(rule.matchString ?? "") \(String(decoding: sample.text, as: UTF8.self))")
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
