import Model
import Testing

@testable import Policy

@Suite struct QuarantineTests {
  @Test(arguments: [
    (Rule.make("r", .regex, "Interface (up"), "missing closing parenthesis at column 14"),
    (Rule.make("r", .regex, "ö[z-a]"), "range out of order in character class at column 5"),
    (Rule.make("r", .regex, "*a"), "quantifier does not follow a repeatable item at column 1"),
    (Rule.make("r", .regex, "a(*ACCEPT"), "(*VERB) not recognized or malformed at column 10"),
    (Rule.make("r", .regex, "a\\b\\wc"), "the regex can never match"),
    (Rule.make("r", .regex, "a\0b"), "NUL at column 2; write \\x00"),
    (Rule.make("r", .regex, ""), "empty match_string"),
    (Rule.make("r", .contains, ""), "empty match_string"),
    (Rule.make("r", .contains), "no criterion: contains without match_string"),
    (Rule.make("r", .contains, oid: "1.3"), "no criterion: contains without match_string"),
    (Rule.make("r", .regex), "no criterion: regex without match_string"),
    (Rule.make("r", .oidPrefix), "oid_prefix without trap_oid"),
    (Rule.make("r", .oidPrefix, oid: ""), "oid_prefix without trap_oid"),
    (
      Rule.make("r", .oidPrefix, oid: "1.3.linkDown"),
      "bad trap_oid \"1.3.linkDown\": numbers below 2^32 with dots between, at most 128"
    ),
    (
      Rule.make("r", .contains, "a", oid: "1..3"),
      "bad trap_oid \"1..3\": numbers below 2^32 with dots between, at most 128"
    ),
    (
      Rule.make("r", .contains, "a").with { $0.prodHandling = "Page_and_tickets" },
      "unknown prod_handling \"Page_and_tickets\"; did you mean Page_and_ticket?"
    ),
    (
      Rule.make("r", .contains, "a").with { $0.devHandling = "zzz" },
      "unknown dev_handling \"zzz\"; one of Page_and_ticket, Page_only, Ticket_only, "
        + "Ignore, Suppress, Log_only"
    ),
    (Rule.make("r", .contains, "a", severity: 8), "syslog_severity 8 is not 0 to 7"),
    (Rule.make("r", .contains, "a").with { $0.severity = 6 }, "severity 6 is not 0 to 5"),
    (Rule.make("r", .contains, "a").with { $0.key = "{host" }, "bad key: { without }"),
    (Rule.make("r", .contains, "a").with { $0.summary = "{}" }, "bad summary: {} is no placeholder"),
    (
      Rule.make("r", .regex, "(?<interface>a)", severity: 3).with { $0.key = "{interfac}" },
      "bad key: unknown {interfac}; did you mean {interface}?"
    ),
    (
      Rule.make("r", .contains, "a", severity: 3).with { $0.summary = "{ifDescr}" },
      "bad summary: unknown {ifDescr}, neither host, rule nor a named group"
    ),
  ])
  func unusableRulesAreNamedAndTakeNothingDown(rule: Rule, reason: String) throws {
    let good = Rule.make("good", .contains, "good", id: 2)
    var matcher = try Bench([rule, good]).matcher()
    #expect(matcher.snapshot.quarantined == [QuarantinedRule(id: 1, name: "r", reason: reason)])
    #expect(RuleCheck.problem(rule, settings: PolicySettings()) == reason)
    #expect(matcher.winner(Sample("good")) == "good")
    #expect(RuleCheck.problem(good, settings: PolicySettings()) == nil)
  }

  @Test(arguments: [
    Rule.make("r", .contains, "a").with { $0.prodHandling = "PAGE_ONLY" },
    Rule.make("r", .contains, "a").with { $0.key = "{ifIndex.3}" },
    Rule.make("r", .oidPrefix, "", oid: "1.3").with { $0.key = "{ifDescr}" },
    Rule.make("r", .contains, "a", oid: ""),
    Rule.make("r", .regex, "(?<n>a)", severity: 3).with { $0.summary = "{n} {host} {rule} }" },
    Rule.make("r", .regex, "(*UTF8)a").with { $0.isActive = false },
  ])
  func usableRulesAreNotQuarantined(rule: Rule) throws {
    #expect(try Bench([rule]).snapshot().quarantined == [])
  }

  @Test func aPatternMustNotAskForUTFByItself() {
    for text in ["(*UTF8)a", "(*UTF)a", "(*UCP)a", "\\C"] {
      #expect(RuleCheck.problem(.make("r", .regex, text), settings: PolicySettings()) != nil)
    }
  }

  @Test func longPatternsAreRefusedBeforeTheyAreCompiled() {
    let text = String(repeating: "%", count: RuleCheck.patternLimit)
    #expect(RuleCheck.problem(.make("r", .contains, text), settings: PolicySettings()) == nil)
    let reason = RuleCheck.problem(.make("r", .contains, text + "a"), settings: PolicySettings())
    #expect(reason == "match_string has 4001 bytes, more than 4000")
  }

  @Test func aThousandRulesCompileAndDecide() throws {
    let rules = (1...1_000 as ClosedRange<Int64>).map { number -> Rule in
      let isRegex = number % 3 == 0
      let text = isRegex ? "%FAC-\\d-M\(number): .* port (?<port>\\S+)$" : "%FAC\(number)-3-DOWN:"
      return Rule.make("r\(number)", isRegex ? .regex : .contains, text, id: number)
    }
    var matcher = try Bench(rules).matcher()
    #expect(matcher.snapshot.rules.count == 1_000)
    #expect(matcher.winner(Sample("%fac1000-3-down: x")) == "r1000")
    #expect(matcher.describe(Sample("%fac-3-m999: the port Gi1/2")).labelsJSON == #"{"port":"Gi1/2"}"#)
  }

  @Test func tooMuchIsAnErrorThatSaysWhatToDo() {
    let catalog = Catalog(developmentHosts: Array(repeating: "a", count: Snapshot.hostLimit + 1))
    let error = #expect(throws: PolicyError.self) {
      try Snapshot.compile(catalog, settings: PolicySettings(), generation: 1)
    }
    #expect(error?.code == .tooLarge)
    #expect(
      error?.description
        == "compiling the rules: 1000001 development hosts are more than 1000000; remove what is not needed")
  }

  @Test func moreRulesThanASetTakesAreAnErrorAtOnce() {
    let rules = (0...Snapshot.ruleLimit).map {
      Rule.make("r\($0)", .contains, "word\($0)!", id: Int64($0) + 1)
    }
    let error = #expect(throws: PolicyError.self) { try Bench(rules).snapshot() }
    #expect(error?.code == .tooLarge)
    #expect(error?.advice == "20001 rules are more than 20000; remove what is not needed")
  }

  @Test func warningsNameTemplatesThatAnEventMayLeaveEmpty() throws {
    let regex = "(?<port>\\S+) is (?<state>down)?"
    let rules = [
      Rule.make("a", .regex, regex, id: 1).with { $0.summary = "{state}" },
      Rule.make("b", .regex, regex, id: 2).with { $0.summary = "{port} {state}" },
      Rule.make("c", .oidPrefix, oid: "1.3", id: 3).with { $0.key = "{ifDescr}::{ifIndex}" },
      Rule.make("d", .oidPrefix, oid: "1.3.6", id: 4).with { $0.key = "link {ifDescr}" },
      Rule.make("e", .contains, "x", id: 5).with { $0.summary = "-" },
      Rule.make("f", .contains, "x", id: 6).with { $0.key = "{rule}" },
    ]
    let warnings = try Bench(rules).snapshot().warnings
    #expect(warnings.map(\.name) == ["a", "c", "e"])
    #expect(
      warnings.map(\.text) == [
        "its summary is nothing but {state}, which an event may not have; host and text stand for it then",
        "its key is nothing but {ifDescr}, {ifIndex}, which an event may not have; {host}::{rule} stands "
          + "for it then", "its summary says nothing; host and text stand for it",
      ])
  }

  @Test func aGroupThatATemplateNeverShowsIsNamed() throws {
    let regex = "peer (?<host>\\S+) of (?<rule>\\S+) and (?<port>\\S+)"
    let rules = [
      Rule.make("both", .regex, regex, id: 1).with { ($0.key, $0.summary) = ("{host}::{port}", "{rule} x") },
      Rule.make("none", .regex, regex, id: 2).with { $0.key = "{port}" },
      Rule.make("plain", .contains, "peer", id: 3).with { $0.key = "{host}::{rule}" },
      Rule.make("trap", .regex, regex, oid: "1.3", id: 4).with { $0.key = "{host}::{port}" },
    ]
    let warnings = try Bench(rules).snapshot().warnings.filter { $0.text.contains("of that name") }
    #expect(warnings.map(\.name) == ["both", "both", "trap"])
    #expect(
      warnings[0].text
        == "its key asks for {host}, which is the host of the event and not the group of that name: give the "
        + "group another one")
    #expect(warnings[1].text.hasPrefix("its summary asks for {rule}, which is the name of the rule and not"))
    #expect(warnings.allSatisfy { !$0.isMistake })
  }

  /// A trap may bring any label along, so a rule that may hold for one is used; a syslog message does not.
  @Test func labelsThatNoGroupBringsAlongAreNamed() throws {
    let regex = "port (?<interface>\\S+) (?<state>\\w+)"
    let rules = [
      Rule.make("near", .regex, regex, id: 1).with { $0.key = "{host}::{rule}::{interfac}" },
      Rule.make("far", .regex, regex, id: 2).with { $0.summary = "{interface} {ifDescr}" },
      Rule.make("text", .contains, "port", id: 3).with { $0.key = "{host}::{ifIndex}" },
      Rule.make("known", .regex, regex, id: 4).with { $0.key = "{host}::{interface}::{state}" },
      Rule.make("traps", .regex, regex, oid: "1.3", id: 5).with { $0.key = "{host}::{interfac}" },
      Rule.make("prefix", .oidPrefix, oid: "1.3", id: 6).with { $0.key = "{host}::{ifIndex}" },
    ]
    let first = try Bench(rules).snapshot()
    // Patterns that are known already are read for their names as well.
    for snapshot in [first, try Bench(rules).snapshot(reusing: first.patterns)] {
      #expect(snapshot.quarantined.isEmpty)
      let warnings = snapshot.warnings.filter { $0.text.contains("asks for {") }
      #expect(warnings.map(\.name) == ["near", "far", "text"])
      #expect(warnings.map(\.isMistake) == [true, false, false])
      #expect(
        warnings.map(\.text) == [
          "its key asks for {interfac}, which is no named group: only a trap can have it; did you mean "
            + "{interface}?",
          "its summary asks for {ifDescr}, which is no named group: only a trap can have it",
          "its key asks for {ifIndex}, which is no named group: only a trap can have it",
        ])
    }
  }

  @Test func warningsNameRulesThatDoLessThanTheySeemTo() throws {
    let rules = [
      Rule.make("a", .contains, "x", oid: "1.3", id: 1),
      Rule.make("b", .regex, "x", oid: "1.3", id: 2, severity: 3),
      Rule.make("c", .oidPrefix, oid: "1.3", id: 3, severity: 3),
      Rule.make("d", .contains, "x", id: 4, severity: 3),
    ]
    let warnings = try Bench(rules).snapshot().warnings
    #expect(warnings.map(\.name) == ["a", "b", "c"])
    #expect(warnings[1].text == "never holds: trap_oid asks for a trap, syslog_severity for a syslog message")
  }

  @Test func theSnapshotKeepsWhatItWasMadeFrom() throws {
    let snapshot = try Bench([.make("r", .contains, "a")]).snapshot()
    #expect(snapshot.generation == 3)
    #expect(snapshot.catalogVersion == 7)
    #expect(snapshot.string(.none) == nil)
    #expect(snapshot.databaseSize > 0)
  }
}
