import Model
import Testing

@testable import Policy

@Suite struct RuleOverlapTests {
  /// The winners and the reason for the last of `rules`, as text; nil when it can win.
  private func verdict(_ rules: [Rule]) throws -> String? {
    let rules = rules.enumerated().map { index, rule in rule.with { $0.id = Int64(index + 1) } }
    let snapshot = try Bench(rules).snapshot()
    try #require(snapshot.quarantined == [])
    let overlap = try RuleOverlap(snapshot)
    guard let shadow = overlap.shadows.first(where: { $0.rule == rules.count - 1 }) else { return nil }
    return "\(shadow.winners.map { snapshot.rules[$0].name }.joined(separator: "+")) \(shadow.reason)"
  }

  private static func rule(
    _ name: String, _ type: MatchType, _ text: String? = nil, oid: String? = nil, severity: Int? = nil
  ) -> Rule {
    .make(name, type, text, oid: oid, severity: severity)
  }

  static let shadowed: [(rules: [Rule], verdict: String)] = [
    // Literals.
    ([rule("a", .contains, "link"), rule("b", .contains, "Link down")], "a text(\"Link down\")"),
    ([rule("a", .contains, "LINK"), rule("b", .contains, "link")], "a same"),
    (
      [rule("a", .contains, "x"), rule("c", .contains, "down"), rule("b", .contains, "shutdown")],
      "c text(\"shutdown\")"
    ),
    // Literals that a regex cannot do without.
    (
      [rule("a", .contains, "updown"), rule("b", .regex, "%LINK-3-UPDOWN: (?<i>\\S+)")],
      "a text(\"%LINK-3-UPDOWN: \")"
    ),
    (
      [rule("a", .contains, "changed"), rule("b", .regex, "^Interface \\S+, changed.*down$")],
      "a text(\", changed\")"
    ),
    ([rule("a", .contains, "a.c"), rule("b", .regex, "xa\\.cx")], "a text(\"xa.cx\")"),
    ([rule("a", .contains, "a.c"), rule("b", .regex, "a[.]c\\d")], "a text(\"a.c\")"),
    ([rule("a", .contains, "bbbc"), rule("b", .regex, "ab{3}c")], "a text(\"abbbc\")"),
    ([rule("a", .contains, "ab"), rule("b", .regex, "ab+c")], "a text(\"ab\")"),
    ([rule("a", .contains, "bc"), rule("b", .regex, "ab+c")], "a text(\"bc\")"),
    ([rule("a", .contains, "foo"), rule("b", .regex, "(?:x(?:foo)+)?foo")], "a text(\"foo\")"),
    ([rule("a", .contains, "foob"), rule("b", .regex, "(?i)(foo)bar")], "a text(\"foobar\")"),
    ([rule("a", .contains, "*+?"), rule("b", .regex, "\\Q*+?\\E.")], "a text(\"*+?\")"),
    ([rule("a", .contains, "err"), rule("b", .regex, "(?:error|stderr|ERR)")], "a text(\"ERR\")"),
    (
      [rule("a", .contains, "cat"), rule("c", .contains, "dog"), rule("b", .regex, "cat \\d|dog \\d")],
      "a+c alternatives"
    ),
    // A regex that looks at nothing but what it matches.
    ([rule("a", .regex, "updown"), rule("b", .contains, "%LINK-3-UPDOWN")], "a text(\"%LINK-3-UPDOWN\")"),
    (
      [rule("a", .regex, "%\\w+-[0-3]-"), rule("b", .contains, "%LINK-3-UPDOWN")],
      "a text(\"%LINK-3-UPDOWN\")"
    ),
    ([rule("a", .regex, "fan|power"), rule("b", .regex, "power (lost|gone)")], "a text(\"power \")"),
    // The same.
    (
      [rule("a", .regex, "^a(?!b)"), rule("b", .regex, "^a(?!b)")].map {
        $0.with { $0.matchString = "^ab$" }
      }, "a same"
    ),
    ([rule("a", .regex, "^a$"), rule("b", .regex, "^a$", severity: 3)], "a same"),
    ([rule("a", .contains, "ö"), rule("b", .contains, "ö")], "a same"),
    // Everything.
    ([rule("a", .regex, ".*"), rule("b", .regex, "^x\\d$")], "a everything"),
    ([rule("a", .regex, "^"), rule("b", .contains, "x")], "a everything"),
    ([rule("a", .regex, "^.*$"), rule("b", .contains, "x")], "a everything"),
    ([rule("a", .regex, "^(?<all>.*)$"), rule("b", .oidPrefix, oid: "1.3")], "a everything"),
    ([rule("a", .regex, "a*"), rule("b", .regex, "\\d")], "a everything"),
    ([rule("a", .regex, "x|"), rule("b", .regex, "\\d")], "a everything"),
    ([rule("a", .regex, "."), rule("b", .regex, "\\d+")], "a everything"),
    ([rule("a", .regex, ".+"), rule("b", .contains, "x", severity: 2)], "a everything"),
    ([rule("a", .regex, "\\w|\\W"), rule("b", .regex, "\\d")], "a everything"),
    ([rule("a", .regex, "(?-s).*"), rule("b", .regex, "\\d")], "a everything"),
    ([rule("a", .regex, ".*", severity: 2), rule("b", .regex, "\\d", severity: 2)], "a everything"),
    // Conditions.
    ([rule("a", .contains, "x"), rule("b", .contains, "xx", severity: 3)], "a text(\"xx\")"),
    ([rule("a", .contains, "x"), rule("b", .contains, "xx", oid: "1.3.6")], "a text(\"xx\")"),
    ([rule("a", .contains, "x", severity: 3), rule("b", .contains, "xx", severity: 3)], "a text(\"xx\")"),
    // OIDs.
    (
      [rule("a", .oidPrefix, oid: "1.3.6.1.4.1.9"), rule("b", .oidPrefix, oid: "1.3.6.1.4.1.9.9.41")],
      "a traps"
    ),
    (
      [rule("a", .oidPrefix, oid: ".1.3.6.1.4.1.9.*"), rule("b", .oidPrefix, oid: "1.3.6.1.4.1.9.")], "a same"
    ),
    (
      [rule("a", .oidPrefix, oid: "1.3.6.1.4.1.9"), rule("b", .oidPrefix, "fan", oid: "1.3.6.1.4.1.9.1")],
      "a traps"
    ),
    ([rule("a", .oidPrefix, oid: "1.3.6", severity: 3), rule("b", .oidPrefix, oid: "1.3.6.1")], "a traps"),
    (
      [rule("a", .oidPrefix, "fan", oid: "1.3.6"), rule("b", .oidPrefix, "fan 1", oid: "1.3.6.1")],
      "a text(\"fan 1\")"
    ),
    ([rule("a", .oidPrefix, oid: "1.3.6"), rule("b", .regex, "^x", oid: "1.3.6.1")], "a traps"),
    // Letters beyond ASCII.
    ([rule("a", .contains, "ö"), rule("b", .contains, "SCHÖN")], "a text(\"SCHÖN\")"),
    ([rule("a", .contains, "n"), rule("b", .contains, "schön")], "a text(\"n\")"),
  ]

  @Test(arguments: shadowed) func whatCanNeverWinIsFound(_ rules: [Rule], _ expected: String) throws {
    #expect(try verdict(rules) == expected)
  }

  static let free: [[Rule]] = [
    [rule("a", .contains, "link down"), rule("b", .contains, "link")],
    [rule("a", .contains, "down"), rule("b", .regex, "link (down|up)")],
    [rule("a", .contains, "down"), rule("b", .regex, "link(?: down)?")],
    [rule("a", .contains, "down"), rule("b", .regex, "link(?: down)*")],
    [rule("a", .contains, "abc"), rule("b", .regex, "ab?c")],
    [rule("a", .contains, "abbc"), rule("b", .regex, "ab+c")],
    [rule("a", .contains, "ab"), rule("b", .regex, "ab{0,2}")],
    [rule("a", .contains, "bb"), rule("b", .regex, "ab{1,2}")],
    [rule("a", .contains, "foofoo"), rule("b", .regex, "(foo)+")],
    [rule("a", .contains, "cat"), rule("b", .regex, "cat|dog")],
    [rule("a", .contains, "a.c"), rule("b", .regex, "a.c")],
    [rule("a", .contains, "d"), rule("b", .regex, "\\d")],
    [rule("a", .contains, "b"), rule("b", .regex, "a[b]*c")],
    [rule("a", .contains, "bc"), rule("b", .regex, "a[bc]d")],
    [rule("a", .contains, "foo"), rule("b", .regex, "[[:alpha:]|foo]bar")],
    [rule("a", .contains, "x y"), rule("b", .regex, "(?x)x y")],
    [rule("a", .contains, "é"), rule("b", .regex, "aé*")],
    // What looks beyond what it matches may not hold elsewhere.
    [rule("a", .regex, "^link"), rule("b", .contains, "link")],
    [rule("a", .regex, "link$"), rule("b", .contains, "link")],
    [rule("a", .regex, "\\blink"), rule("b", .contains, "link")],
    [rule("a", .regex, "^link$"), rule("b", .contains, "link")],
    [rule("a", .regex, "(?-i)link"), rule("b", .contains, "link")],
    [rule("a", .regex, "^a*$"), rule("b", .regex, "\\d")],
    [rule("a", .regex, "^$"), rule("b", .regex, "\\d")],
    [rule("a", .regex, ".."), rule("b", .regex, "\\d")],
    [rule("a", .regex, "."), rule("b", .regex, "\\d*")],
    [rule("a", .regex, "^foo$"), rule("b", .regex, "^FOO$")],
    // PCRE2 decides with a budget, and who has spent it does not hold.
    [rule("a", .regex, "(?!a)"), rule("b", .contains, "aaaa")],
    [rule("a", .regex, "(?>.*)"), rule("b", .contains, "aaaa")],
    [rule("a", .regex, "(?:(a+)+\\1b|.)"), rule("b", .contains, "aaaa")],
    [rule("a", .regex, "(a+)+\\1b|c"), rule("b", .contains, "cc")],
    [rule("a", .regex, "(?:x?y{2500}|.)*"), rule("b", .contains, "aaaa")],
    // Conditions.
    [rule("a", .contains, "x", severity: 3), rule("b", .contains, "xx")],
    [rule("a", .contains, "x", severity: 3), rule("b", .contains, "xx", severity: 4)],
    [rule("a", .contains, "x", oid: "1.3.6"), rule("b", .contains, "xx")],
    [rule("a", .regex, ".*", severity: 3), rule("b", .oidPrefix, oid: "1.3.6")],
    [rule("a", .regex, ".*", oid: "1.3.6"), rule("b", .contains, "x")],
    [rule("a", .regex, ".", severity: 3), rule("b", .regex, "\\d")],
    [rule("a", .contains, "x", severity: 3), rule("b", .oidPrefix, "x", oid: "1.3.6", severity: 3)],
    // OIDs.
    [rule("a", .oidPrefix, oid: "1.3.6.1.4.1.9"), rule("b", .oidPrefix, oid: "1.3.6.1.4.1.99")],
    [rule("a", .oidPrefix, oid: "1.3.6.1.4.1.9.9"), rule("b", .oidPrefix, oid: "1.3.6.1.4.1.9")],
    [rule("a", .oidPrefix, "fan", oid: "1.3.6"), rule("b", .oidPrefix, oid: "1.3.6.1")],
    [rule("a", .oidPrefix, oid: "1.3.6"), rule("b", .contains, "x")],
    // Byte rules and Unicode rules do not fold alike: K is the Kelvin sign too.
    [rule("a", .contains, "k"), rule("b", .contains, "kö")],
    [rule("a", .contains, "s"), rule("b", .contains, "ös")],
    [rule("a", .regex, "[^a-z]"), rule("b", .contains, "ö")],
    [rule("a", .contains, "ö"), rule("b", .contains, "o")],
    [rule("a", .regex, ".*ö?"), rule("b", .contains, "o")],
    // It never holds at all, which is said elsewhere.
    [rule("a", .contains, "x"), rule("b", .contains, "xx", oid: "1.3.6", severity: 3)],
  ]

  @Test(arguments: free) func whatMayWinIsNotAccused(_ rules: [Rule]) throws {
    #expect(try verdict(rules) == nil)
  }

  @Test func priorityDecidesWhoIsFirst() throws {
    let wide = Rule.make("wide", .contains, "x", id: 1, priority: 200)
    let narrow = Rule.make("narrow", .contains, "xx", id: 2, priority: 100)
    #expect(try RuleOverlap(Bench([wide, narrow]).snapshot()).shadows == [])
    let retired = Rule.make("gone", .contains, "x", id: 3, priority: 1).with { $0.isActive = false }
    #expect(try RuleOverlap(Bench([narrow, retired]).snapshot()).shadows == [])
    #expect(try RuleOverlap(Bench().snapshot()).shadows == [])
  }

  @Test func rulesForEverythingAreNamed() throws {
    let everything = [
      ".*", ".", ".+", "^", "$", "a*", "(a|)", "^.*$", "^(.*)$", ".*?x?", "(?s)^.*$", "\\A.*\\z",
      "[\\s\\S]", "[\\W\\w]+", "^[\\d\\D]*$", "[\\sx\\S]",
      "(?:.|\\s)", "(.|\\n)*", "^(?:.|\\s)*$", "((a|.)+)?",
      "(?:..|.)+", "(?:.{1,3})", "^(?:.*|a)$", "((.|x)|y)",
      "(\\s|\\S)+", "\\w|\\W", "\\D|\\d", "[\\x00-\\xff]", "[^x]|x", "(?-s).*", "(?x) . *", "(?#c).",
      "(?>.*)", ".*+",
      "\\N*", "\\R*", "(?=)", "(?!a)", "(?<n>\\s*)", "(a)?\\1?", "x{0,3}y*", "(?>.|)\\z",
    ]
    let something = [
      "..", "\\S", "a", "^$", "^a*$", "\\b", "(?=a)", "(?>.*).", ".*+.", "a+", "^.$", "x.*", "[^a]*a", "\\d",
      "[\\s\\W]", "[\\s\\D]", "[\\s\\S]x",
      "(?:a|\\s)", "(?:..|a)", "^(?:..)*$", "(?:.|\\s){2}", "(?:.|a)x", "^(?:.|a)$", "(?:.|a){0}x",
      "(?>.|a)+.", "^(?:.{2,}|a)*$",
      "\\b|\\B", "(?-s).", "\\N", "\\N\\R?", "[^x]", "(?<!a)", "(?<=)", "(*COMMIT)a|", "\\Gx?", "\\K^",
      "$|(?R)|A*+", "(?R)??\\z", "$|(x(?1)?)", "$|(?<n>x\\g<n>?)",
    ]
    for (texts, isCatchAll) in [(everything, true), (something, false)] {
      for text in texts {
        let snapshot = try Bench([.make("r", .regex, text)]).snapshot()
        #expect(snapshot.quarantined.isEmpty, "\(text)")
        let overlap = try RuleOverlap(snapshot)
        #expect(overlap.catchAlls == (isCatchAll ? [0] : []), "\(text)")
      }
    }
    let narrowed = [
      Rule.make("a", .regex, ".*", severity: 3), Rule.make("b", .regex, ".*", oid: "1.3.6", id: 2),
      Rule.make("c", .oidPrefix, oid: "1.3", id: 3),
    ]
    #expect(try RuleOverlap(Bench(narrowed).snapshot()).catchAlls == [])
  }

  /// Traps come from below 1.3.6.1, so whoever asks for no more than that takes them all.
  @Test(arguments: [
    (Rule.make("r", .oidPrefix, oid: "1.3.6.1"), true), (Rule.make("r", .oidPrefix, oid: ".1.*"), true),
    (Rule.make("r", .regex, ".*", oid: "1.3"), true), (Rule.make("r", .oidPrefix, oid: "1.3.6.1.4"), false),
    (Rule.make("r", .oidPrefix, oid: "1.3.7"), false), (Rule.make("r", .oidPrefix, "a", oid: "1.3"), false),
    (Rule.make("r", .regex, ".*", oid: "1.3", severity: 3), false), (Rule.make("r", .regex, ".*"), false),
  ])
  func rulesThatTakeEveryTrapAreNamed(rule: Rule, takesAll: Bool) throws {
    #expect(try RuleOverlap(Bench([rule]).snapshot()).trapCatchAlls == (takesAll ? [0] : []))
  }

  /// Whatever the rules and the texts: a rule that is said never to win does not win, and one that is said
  /// to hold for everything leaves nothing to those behind it.
  @Test(arguments: 0..<12) func nobodyIsAccusedWrongly(_ seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    var accused = 0
    for _ in 0..<16 {
      let rules = (1...12).map { RandomRules.rule(Int64($0), &numbers) }
      let snapshot = try Bench(rules).snapshot()
      let overlap = try RuleOverlap(snapshot)
      let never = Set(overlap.shadows.map(\.rule))
      accused += never.count
      for shadow in overlap.shadows {
        #expect(shadow.winners.allSatisfy { $0 < shadow.rule } && !shadow.winners.isEmpty)
      }
      var matcher = try Matcher(snapshot)
      for _ in 0..<150 {
        let sample = RandomRules.sample(&numbers)
        let winner = Int(matcher.decide(sample).rule)
        if winner >= 0, never.contains(winner) {
          let text = String(decoding: sample.text, as: UTF8.self)
          Issue.record("\(snapshot.rules[winner]) wins \"\(text)\" of severity \(sample.severity)")
        }
        if let first = overlap.catchAlls.first, !sample.text.isEmpty {
          #expect(winner >= 0 && winner <= first)
        }
      }
    }
    #expect(accused > 10, "hardly any rule was shadowed: this shows nothing")
  }
}

/// Small alphabets, so that rules and texts meet.
private enum RandomRules {
  private static let atoms = [
    "a", "b", "k", "S", "ö", ".", "\\.", "\\d", "[ab]", "[^a]", "[.]", "(?:ab|b)", "(a)", "(?i)b", "1", "^",
    "$",
    "\\b", "(?:a|)", "\\w", "[[:alpha:]]", "\\Qa.\\E", "(?<n>b)", "(b|a.)",
    "(?:.|b)", "(?:a|.)", "(?:..|.)",
  ]
  private static let quantifiers = ["", "", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,1}", "*?", "{2,}"]
  private static let letters = Array("aAbBkKsS.1 ".utf8)

  static func rule(_ id: Int64, _ numbers: inout SeededNumbers) -> Rule {
    let kind = Int.random(in: 0..<10, using: &numbers)
    let oids = ["1.3", "1.3.6", "1.3.6.9", "1.3.6.99"]
    let oid = kind < 2 ? oids.randomElement(using: &numbers) : nil
    let severity = kind == 2 ? 3 : nil
    var text = ""
    if kind >= 5 {
      for _ in 0..<Int.random(in: 1...3, using: &numbers) {
        let atom = atoms.randomElement(using: &numbers)!
        let quantifier = quantifiers.randomElement(using: &numbers)!
        let isFixed = ["^", "$", "\\b", "(?i)b"].contains(atom)
        text += atom + (isFixed ? "" : quantifier)
        if Int.random(in: 0..<8, using: &numbers) == 0 { text += "|" }
      }
    } else if kind > 0 {
      for _ in 0..<Int.random(in: 1...3, using: &numbers) {
        text += ["a", "b", "k", "s", "ö", ".", "B"].randomElement(using: &numbers)!
      }
    }
    let type: MatchType = kind < 2 ? .oidPrefix : kind < 5 ? .contains : .regex
    return Rule.make("r\(id)", type, text, oid: oid, id: id, severity: severity)
  }

  static func sample(_ numbers: inout SeededNumbers) -> Sample {
    var text: [UInt8] = []
    for _ in 0..<Int.random(in: 0...6, using: &numbers) {
      switch Int.random(in: 0..<16, using: &numbers) {
      case 0: text += Array("ö".utf8)
      case 1: text += Array("Ö".utf8)
      case 2: text += Array("\u{212A}".utf8)
      case 3: text += Array("\u{17F}".utf8)
      case 4: text.append(0xF6)
      default: text.append(letters.randomElement(using: &numbers)!)
      }
    }
    var sample = Sample("", severity: Int8.random(in: 2...4, using: &numbers))
    if Bool.random(using: &numbers) {
      sample = .trap(["1.3", "1.3.6.1", "1.3.6.9.1", "1.3.6.99", "1.4"].randomElement(using: &numbers)!)
    }
    sample.text = text
    return sample
  }
}
