import Model
import Testing

@testable import Policy

@Suite struct MatchTests {
  static let link = Rule.make("r", .contains, "Link Down")

  @Test(arguments: [
    // contains: A-Z fold, everything else is itself
    (Rule.make("r", .contains, "Link Down"), "x LINK down y", true),
    (Rule.make("r", .contains, "a.c"), "abc", false),
    (Rule.make("r", .contains, "a.c"), "xA.Cx", true),
    (Rule.make("r", .contains, "\\E(?[$^"), "..\\e(?[$^..", true),
    (Rule.make("r", .contains, "50%\n\t"), "50%\n\t", true),
    (Rule.make("r", .contains, "a\0b"), "xA\0B", true),
    (Rule.make("r", .contains, "a\0b"), "a", false),
    // regex: a search, `.` any byte, `$` the end of the text
    (Rule.make("r", .regex, "UP.?DOWN"), "%link-updown:", true),
    (Rule.make("r", .regex, "a.b"), "a\nb", true),
    (Rule.make("r", .regex, "down$"), "is DOWN", true),
    (Rule.make("r", .regex, "down$"), "is down\n", false),
    (Rule.make("r", .regex, "down\\Z"), "is down\n", true),
    (Rule.make("r", .regex, "(?m)down$"), "is down\nmore", true),
    (Rule.make("r", .regex, "(?m:a$)|down$"), "is down\nmore", false),
    (Rule.make("r", .regex, "(?m:a$)|down$"), "a\nmore", true),
    (Rule.make("r", .regex, "((?m)x)a$"), "xa\nx", false),
    (Rule.make("r", .regex, "[$]x"), "a$x", true),
    (Rule.make("r", .regex, "[]$]x"), "$x", true),
    (Rule.make("r", .regex, "[[:alpha:]$]1$"), "$1", true),
    (Rule.make("r", .regex, "\\$x"), "$X", true),
    (Rule.make("r", .regex, "\\Qa$.\\Eb"), "a$.b", true),
    (Rule.make("r", .regex, "^a(?#$ is the end)b$"), "ab", true),
    (Rule.make("r", .regex, "(?x) a b # c $"), "ab", true),
    (Rule.make("r", .regex, "(?x) a b # c \n d$"), "abd", true),
    (Rule.make("r", .regex, "\\c[$"), "\u{1B}", true),
    (Rule.make("r", .regex, "(?-i)Down"), "down", false),
    (Rule.make("r", .regex, "a*"), "", true),
    (Rule.make("r", .regex, "a*"), "zzz", true),
    (Rule.make("r", .regex, "^$"), "", true),
    (Rule.make("r", .regex, "^$"), "x", false),
    (Rule.make("r", .regex, ".+"), "", false),
    (Rule.make("r", .regex, "^b"), "a\nb", false),
    (Rule.make("r", .regex, "a|b$"), "xb", true),
    // letters beyond ASCII fold by Unicode
    (Rule.make("r", .contains, "STÖRUNG"), "eine störung!", true),
    (Rule.make("r", .regex, "störung.{1}$"), "eine STÖRUNGé", true),
    (Rule.make("r", .regex, "(?<ort>ÄÖ)$"), "in äö", true),
    (Rule.make("r", .contains, "ß"), "S", false),
    (Rule.make("r", .contains, "ärger"), "ÄRGER\0!", true),
  ])
  func holds(rule: Rule, text: String, expected: Bool) throws {
    var matcher = try Bench([rule]).matcher()
    #expect(matcher.snapshot.quarantined == [])
    #expect(matcher.decide(Sample(text)).isMatched == expected)
  }

  @Test func bytesAreMatchedAsTheyAre() throws {
    let rules = [
      Rule.make("dot", .regex, "^a.b$", id: 1), Rule.make("literal", .contains, "tail", id: 2),
      Rule.make("unicode", .contains, "ö", id: 3),
    ]
    var matcher = try Bench(rules).matcher()
    var sample = Sample()
    sample.text = [0x61, 0xFF, 0x62]
    #expect(matcher.winner(sample) == "dot")
    sample.text = [0x00, 0xC3] + Array("TAIL".utf8)
    #expect(matcher.winner(sample) == "literal")
    sample.text = [0xC3, 0xB6]
    #expect(matcher.winner(sample) == "unicode")
    // A rule with such letters sees valid UTF-8 only.
    sample.text = [0xC3, 0xB6, 0xFF]
    #expect(matcher.winner(sample) == nil)
  }

  @Test func priorityDecidesAndThenTheLowerID() throws {
    let rules = [
      Rule.make("late", .contains, "x", id: 1, priority: 200),
      Rule.make("second", .contains, "x", id: 9, priority: 10),
      Rule.make("first", .regex, "x", id: 4, priority: 10),
      Rule.make("other", .contains, "y", id: 1, priority: 1),
      Rule.make("retired", .contains, "x", id: 2, priority: 0).with { $0.isActive = false },
    ]
    var matcher = try Bench(rules).matcher()
    #expect(matcher.snapshot.rules.map(\.name) == ["other", "first", "second", "late"])
    #expect(matcher.winner(Sample("x")) == "first")
    #expect(matcher.winner(Sample("xy")) == "other")
    #expect(matcher.winner(Sample("z")) == nil)
  }

  @Test func severityIsEqualityAndForSyslogOnly() throws {
    let rules = [
      Rule.make("err", .contains, "down", id: 1, severity: 3),
      Rule.make("any", .contains, "down", id: 2, priority: 200),
    ]
    var matcher = try Bench(rules).matcher()
    #expect(matcher.winner(Sample("down", severity: 3)) == "err")
    #expect(matcher.winner(Sample("down", severity: 2)) == "any")
    #expect(matcher.winner(Sample("down", severity: -1)) == "any")
    #expect(matcher.winner(.trap("1.3.6", "down")) == "any")
  }

  @Test(arguments: [
    ("1.3.6.1.4.1.9", "1.3.6.1.4.1.9.9.41", true),
    ("1.3.6.1.4.1.9", "1.3.6.1.4.1.9", true),
    ("1.3.6.1.4.1.9", "1.3.6.1.4.1.99", false),
    ("1.3.6.1.4.1.9", "1.3.6.1.4.1", false),
    (".1.3.6.1.4.1.9", "1.3.6.1.4.1.9.1", true),
    ("1.3.6.1.4.1.9.", "1.3.6.1.4.1.9.1", true),
    ("1.3.6.1.4.1.9.*", "1.3.6.1.4.1.9", true),
    (" .1.3.6.1.4.1.9.* ", "1.3.6.1.4.1.9.1", true),
    ("1", "1.3.6", true),
    ("4294967295", "4294967295.1", true),
    ("1.3.6.1.4.1.9.0", "1.3.6.1.4.1.9", false),
  ])
  func oidPrefixGoesByArcs(prefix: String, oid: String, expected: Bool) throws {
    var matcher = try Bench([.make("r", .oidPrefix, oid: prefix)]).matcher()
    #expect(matcher.snapshot.quarantined == [])
    #expect(matcher.decide(.trap(oid)).isMatched == expected)
  }

  @Test func oidPrefixNeverSeesSyslogAndTheFirstOfNestedOnesWins() throws {
    let rules = [
      Rule.make("wide", .oidPrefix, oid: "1.3", id: 1, priority: 50),
      Rule.make("narrow", .oidPrefix, oid: "1.3.6.1", id: 2, priority: 10),
      Rule.make("same", .oidPrefix, oid: "1.3.6.1", id: 3, priority: 20),
      Rule.make("text", .contains, "linkDown", id: 4, priority: 30),
    ]
    var matcher = try Bench(rules).matcher()
    #expect(matcher.winner(.trap("1.3.6.1.9", "linkDown")) == "narrow")
    #expect(matcher.winner(.trap("1.3.6.2", "linkDown")) == "text")
    #expect(matcher.winner(.trap("1.3.6.2", "linkUp")) == "wide")
    #expect(matcher.winner(Sample("1.3.6.1")) == nil)
  }

  @Test func oidPrefixWithMatchStringWantsBothWhateverTheSeverity() throws {
    let rule = Rule.make("r", .oidPrefix, "Down(2)", oid: "1.3.6", severity: 3)
    var matcher = try Bench([rule]).matcher()
    #expect(matcher.snapshot.warnings.map(\.text) == ["syslog_severity is ignored: traps have none"])
    #expect(matcher.decide(.trap("1.3.6.1", "ifOperStatus.3=down(2)")).isMatched)
    #expect(!matcher.decide(.trap("1.3.6.1", "ifOperStatus.3=up(1)")).isMatched)
    #expect(!matcher.decide(.trap("1.3.7", "down(2)")).isMatched)
    #expect(!matcher.decide(Sample("down(2)", severity: 3)).isMatched)
  }

  @Test(arguments: [MatchType.contains, .regex])
  func textWithTrapOIDNeverMatchesSyslog(type: MatchType) throws {
    var matcher = try Bench([.make("r", type, "down", oid: ".1.3.6.1.*")]).matcher()
    #expect(matcher.snapshot.warnings.count == 1)
    #expect(!matcher.decide(Sample("down")).isMatched)
    #expect(!matcher.decide(.trap("1.3.6.2", "down")).isMatched)
    #expect(!matcher.decide(.trap("1.3.6.1.5", "up")).isMatched)
    #expect(matcher.decide(.trap("1.3.6.1.5", "DOWN")).isMatched)
  }

  @Test func textRulesMatchTrapsToo() throws {
    var matcher = try Bench([.make("r", .regex, "linkDown .*down\\(2\\)$")]).matcher()
    #expect(matcher.decide(.trap("1.3.6", "linkDown ifOperStatus.3=down(2)")).isMatched)
  }

  @Test(arguments: ["(a+)+$", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*)*b"])
  func catastrophicPatternsAnswerAtOnce(pattern: String) throws {
    var matcher = try Bench([.make("r", .regex, "(?<all>\(pattern))")]).matcher()
    #expect(matcher.snapshot.quarantined == [])
    let text = String(repeating: "a", count: 60_000)
    // Without bounds each of these takes longer than the universe has; the suite's time limit is the proof.
    _ = matcher.describe(Sample(text + "!"))
    #expect(matcher.decide(Sample(text + "!x")).rule <= 0)
  }

  @Test func anEmptyRuleSetMatchesNothing() throws {
    var matcher = try Bench().matcher()
    #expect(!matcher.decide(Sample("anything")).isMatched)
    #expect(!matcher.decide(.trap("1.3.6")).isMatched)
    #expect(matcher.describe(Sample("anything")).handling == "unmatched")
  }

  @Test func longTextsAndTheLongestOID() throws {
    let oid = (0..<128).map { _ in "4294967295" }.joined(separator: ".")
    let rules = [
      Rule.make("oid", .oidPrefix, oid: oid, id: 1), Rule.make("end", .regex, "needle$", id: 2),
    ]
    var matcher = try Bench(rules).matcher()
    #expect(matcher.snapshot.quarantined == [])
    #expect(matcher.winner(.trap(oid)) == "oid")
    #expect(matcher.winner(Sample(String(repeating: "x", count: 65_500) + "needle")) == "end")
  }

  @Test func oneSnapshotServesManyMatchersAtOnce() async throws {
    let rules = (1...50).map { Rule.make("r\($0)", .regex, "(?<n>k\($0)) (ö|x)", id: Int64($0)) }
    let snapshot = try Bench(rules).snapshot()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for start in 0..<4 {
        group.addTask {
          var matcher = try Matcher(snapshot)
          for step in 0..<200 {
            let number = (start * 13 + step) % 50 + 1
            let described = matcher.describe(Sample("k\(number) Ö"))
            #expect(described.ruleName == "r\(number)")
            #expect(described.labelsJSON == "{\"n\":\"k\(number)\"}")
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
