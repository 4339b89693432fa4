import Foundation
import Model
import TestKit
import Testing

@testable import Daemon

@Suite struct RulesFileTests {
  private func problems(_ text: String) -> [String] {
    RulesFile.parse(text, fileName: "rules.yaml").1.map(\.description)
  }

  private let whole = """
    rules:
      - name: link-down
        match_type: regex         # contains | regex | oid_prefix
        match_string: '%LINK-3-UPDOWN: Interface (?<interface>\\S+), changed state to down'
        trap_oid: null
        syslog_severity: null
        priority: 10
        prod_handling: Page_and_ticket
        dev_handling: Ignore
        team_assignment: NETO     # empty: the device's owner
        key: '{host}::{rule}::{interface}'
        summary: '{host}: {interface} down'
        examples:
          match:    ['<187>Oct 3 14:02:11 core1 123: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down']
          no_match: ['<189>Oct 3 14:02:11 core1 124: %LINK-3-UPDOWN: Interface Gi0/1, changed state to up']
      - {name: trap, id: 7, match_type: oid_prefix, trap_oid: 1.3, match_string: 404, prod_handling: no,
         dev_handling: Ignore, team_assignment: '', is_active: false, severity: 5, tags: [a, b],
         description: text, doc_url: https://wiki.example/trap, syslog_severity: 3}
    development_hosts: [lab-sw1]
    device_teams: {core1: NETO}
    devices: [{hostname: core1, addresses: [192.0.2.1, '2001:db8::1'],
      attrs: {site: ams1, rack: 4, live: true, tags: ["x", 1.5e3], none: null, quoted: "4"}}]
    """

  @Test func everythingIsRead() throws {
    let (file, problems) = RulesFile.parse(whole, fileName: "rules.yaml")
    #expect(problems == [])
    let catalog = try #require(file).catalog
    var link = Rule(
      name: "link-down", matchType: .regex,
      matchString: #"%LINK-3-UPDOWN: Interface (?<interface>\S+), changed state to down"#,
      prodHandling: "Page_and_ticket", devHandling: "Ignore")
    link.priority = 10
    link.teamAssignment = "NETO"
    link.key = "{host}::{rule}::{interface}"
    link.summary = "{host}: {interface} down"
    link.matchExamples = [
      "<187>Oct 3 14:02:11 core1 123: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down"
    ]
    link.noMatchExamples = [
      "<189>Oct 3 14:02:11 core1 124: %LINK-3-UPDOWN: Interface Gi0/1, changed state to up"
    ]
    var trap = Rule(
      name: "trap", matchType: .oidPrefix, matchString: "404", trapOID: "1.3", prodHandling: "no",
      devHandling: "Ignore")
    trap.id = 7
    trap.isActive = false
    trap.severity = 5
    trap.tags = ["a", "b"]
    trap.description = "text"
    trap.docURL = "https://wiki.example/trap"
    trap.syslogSeverity = 3
    #expect(catalog.rules == [link, trap])
    #expect(catalog.developmentHosts == ["lab-sw1"])
    #expect(catalog.deviceTeams == [DeviceTeam(hostname: "core1", team: "NETO")])
    let addresses = ["192.0.2.1", "2001:db8::1"].compactMap { IPAddress($0) }
    let attributes = #"{"site":"ams1","rack":4,"live":true,"tags":["x",1.5e3],"none":null,"quoted":"4"}"#
    #expect(catalog.devices == [Device(hostname: "core1", addresses: addresses, attributes: attributes)])
    #expect(file?.lines == ["link-down": 2, "trap": 16])
  }

  @Test func whatIsExportedIsReadBackEqual() throws {
    let catalog = try #require(RulesFile.parse(whole, fileName: "rules.yaml").0).catalog
    let text = RulesFile.export(catalog, includesIDs: true)
    let (file, problems) = RulesFile.parse(text, fileName: "export.yaml")
    #expect(problems == [])
    #expect(file?.catalog == catalog)
    #expect(!RulesFile.export(catalog).contains("id: 7"))
    #expect(RulesFile.export(Catalog()) == "rules: []\n")
  }

  @Test(arguments: 0..<200) func anyTextSurvivesTheRoundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let rule = try #require(randomCatalog(&random))
    let text = RulesFile.export(rule, includesIDs: true)
    let (file, problems) = RulesFile.parse(text, fileName: "export.yaml")
    #expect(problems == [])
    let isEqual = file?.catalog == rule
    #expect(isEqual, "\(text)")
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || !SafeText.isTerminalControl($0) })
  }

  /// Characters that JSON keeps as they are and YAML reads as line breaks or refuses.
  @Test func attributesSurviveTheRoundTrip() throws {
    let odd = "\u{7F}\u{80}\u{85}\u{2028}\u{2029}\u{FEFF}\u{FFFE}\u{202E}\u{1F600}"
    let key = String(repeating: "\u{80}", count: 127)
    let written = odd.unicodeScalars.map { String(format: "\\U%08x", $0.value) }.joined()
    let writtenKey = key.unicodeScalars.map { _ in "\\x80" }.joined()
    let text = "devices: [{hostname: a, attrs: {\"\(writtenKey)\": \"\(written)\"}}]"
    let catalog = try #require(RulesFile.parse(text, fileName: "rules.yaml").0).catalog
    let attributes = try #require(catalog.devices.first?.attributes)
    #expect(attributes.contains(key) && attributes.contains("\u{2028}"))
    let (file, problems) = RulesFile.parse(RulesFile.export(catalog), fileName: "export.yaml")
    #expect(problems == [])
    #expect(file?.catalog == catalog)
  }

  private func randomCatalog(_ random: inout SeededGenerator) -> Catalog? {
    let pieces = [
      "a", "Z", "0", " ", "'", "\"", "\\", ":", "#", "-", "[", "]", "{", "}", ",", "&", "*", "!", "|", ">",
      "%", "@",
      "`", "~", "null", "true", "no", "\n", "\t", "\r", "\u{1B}", "\u{7F}", "\u{85}", "\u{A0}", "\u{2028}",
      "é", "漢",
      "😀", "\u{301}", "\u{FFFE}", "\u{1F}", "?", "=", "1.5", "0x1F", "\u{1}", "<<",
      "\u{202E}", "\u{2069}",
    ]
    func text(_ limit: Int) -> String {
      (0..<Int.random(in: 1...limit, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
        .joined()
    }
    var catalog = Catalog()
    for index in 0..<3 {
      var rule = Rule(
        name: "rule \(index) é: '", matchType: MatchType.allCases.randomElement(using: &random) ?? .regex,
        matchString: text(12), trapOID: Bool.random(using: &random) ? ".1.3.6.1.\(index)" : nil,
        prodHandling: text(3), devHandling: "Ignore")
      rule.id = Int64(index) + 5
      rule.priority = Int.random(in: -5...500, using: &random)
      rule.description = text(20)
      rule.key = text(5)
      rule.summary = text(5)
      rule.teamAssignment = Bool.random(using: &random) ? text(2) : nil
      rule.tags = [text(4), text(1)]
      rule.matchExamples = [text(30)]
      catalog.rules.append(rule)
    }
    catalog.developmentHosts = ["lab-1", "NO", "127.0.0.1", "a:b"]
    catalog.deviceTeams = [
      DeviceTeam(hostname: "true", team: text(4)), DeviceTeam(hostname: "x.y", team: "1"),
    ]
    catalog.devices = [Device(hostname: "null", addresses: [IPAddress(v4: 10, 0, 0, 1)])]
    return catalog
  }

  private static let rest = "prod_handling: Ignore, dev_handling: Ignore}]"

  @Test(arguments: [
    (
      "rules: [{nam: a, match_type: regex, \(rest)",
      [
        "rules.yaml:1: rules[0].nam: unknown key; nearest known: name",
        "rules.yaml:1: rules[0]: needs a name",
      ]
    ),
    ("rules: [{name: a, \(rest)", ["rules.yaml:1: a: needs a match_type"]),
    (
      "rules: [{name: a, match_type: regexp, \(rest)",
      [
        "rules.yaml:1: a.match_type: \"regexp\" is none of contains, regex, oid_prefix; nearest: regex"
      ]
    ),
    (
      "rules: [{name: a, match_type: regex, severity: 6, priority: x, \(rest)",
      [
        "rules.yaml:1: a.severity: \"6\" is no whole number in 0...5",
        "rules.yaml:1: a.priority: \"x\" is no whole number in -2147483648...2147483647",
      ]
    ),
    (
      "rules: [{name: a, match_type: regex, match_string: [x], \(rest)",
      [
        "rules.yaml:1: a.match_string: must be text, not a list"
      ]
    ),
    (
      "rules: [{name: a, match_type: regex, tags: x, \(rest)",
      [
        "rules.yaml:1: a.tags: must be a list, not a single value"
      ]
    ),
    (
      "rules: [{name: a, match_type: regex, examples: {matches: []}, \(rest)",
      [
        "rules.yaml:1: a.examples.matches: unknown key; nearest known: match"
      ]
    ),
    (
      "rules: [{name: a, match_type: regex, is_active: yes, \(rest)",
      [
        "rules.yaml:1: a.is_active: \"yes\" is neither true nor false"
      ]
    ),
    (
      "rules: [{name: a, match_type: regex}]",
      [
        "rules.yaml:1: a: needs a prod_handling", "rules.yaml:1: a: needs a dev_handling",
      ]
    ),
    ("rules: [a]", ["rules.yaml:1: rules[0]: must be a map of keys, not a single value"]),
    ("rules: {a: b}", ["rules.yaml:1: rules: must be a list, not a map"]),
    ("ruls: []", ["rules.yaml:1: ruls: unknown key; nearest known: rules"]),
    (
      "development_hosts: [a, b c, A]",
      [
        "rules.yaml:1: development_hosts: \"b c\" is no host name",
        "rules.yaml:1: development_hosts: A stands here twice",
      ]
    ),
    (
      "device_teams: {a: X, A: Y, b: ''}",
      [
        "rules.yaml:1: device_teams.A: A stands here twice", "rules.yaml:1: device_teams.b: needs a team",
      ]
    ),
    (
      "devices: [{hostname: a, addresses: [192.0.2.300]}, {addresses: []}]",
      [
        "rules.yaml:1: devices[0].addresses: \"192.0.2.300\" is no address",
        "rules.yaml:1: devices[1]: needs a hostname",
      ]
    ),
    (
      "devices: [{hostname: a, addresses: [192.0.2.1]}, {hostname: b, addresses: ['::ffff:192.0.2.1']}]",
      [
        "rules.yaml:1: devices[1]: 192.0.2.1 belongs to a already"
      ]
    ),
    ("devices: [{hostname: a, attrs: [1]}]", ["rules.yaml:1: devices[0].attrs: must be a map, not a list"]),
    (
      "rules: [\n",
      ["rules.yaml:2: is no YAML: while parsing a flow node, did not find expected node content"]
    ),
    (
      "x: {[a]: 1, b: 2, [a]: 3, b: 4}",
      ["rules.yaml: has keys that stand twice and are no words; write a word, and once"]
    ),
    ("a: 1\n!x a: 2", ["rules.yaml:2: a: stands here twice; keep one"]),
    (
      "devices: [{hostname: a, attrs: {b: {? \(String(repeating: "k", count: 256)) : 1}}}]",
      ["rules.yaml:1: devices[0].attrs: has a key of more than 255 bytes"]
    ),
    ("[1]", ["rules.yaml:1: must be a map of keys, not a list"]),
    ("rules:\n  - name: ö\u{0}b", ["rules.yaml:2: is no YAML: control characters are not allowed"]),
    ("rules: [", ["rules.yaml:1: is no YAML: while parsing a flow node, did not find expected node content"]),
  ])
  func problemsAreNamed(text: String, expected: [String]) {
    #expect(problems(text) == expected)
  }

  /// A text that is too long for a rule takes that rule out; a name or a key that is too long is no rule.
  @Test func whatIsTooLongForARuleIsReadAllTheSame() throws {
    let long = String(repeating: "x", count: 1 << 20)
    let rest = "prod_handling: Ignore, dev_handling: Ignore}"
    let text =
      "rules:\n- {name: a, match_type: contains, match_string: \(long), \(rest)\n"
      + "- {name: b, match_type: contains, match_string: y, \(rest)\n"
    let (file, problems) = RulesFile.parse(text, fileName: "rules.yaml")
    #expect(problems == [])
    #expect(file?.catalog.rules.map { $0.matchString?.utf8.count } == [1 << 20, 1])
    let keyed = text + "- {name: c, match_type: regex, match_string: z, key: \(long), \(rest)\n"
    #expect(self.problems(keyed) == ["rules.yaml:4: c.key: is longer than 1024 bytes"])
  }

  /// What can be read of a file is looked at too, without the rules that have a problem.
  @Test func aBrokenFileIsReadInPart() throws {
    let rest = "prod_handling: Ignore, dev_handling: Ignore}"
    let text =
      "rules:\n- {name: a, match_type: contain, \(rest)\n"
      + "- {name: b, match_type: contains, \(rest)\n- {name: b, match_type: contains, \(rest)\n"
      + "- {name: c, match_type: regex, \(rest)\n"
    let (file, problems) = RulesFile.parsePartly(text, fileName: "rules.yaml")
    #expect(problems.map(\.line) == [2, 4])
    #expect(file?.catalog.rules.map(\.name) == ["b", "c"])
    #expect(RulesFile.parse(text, fileName: "rules.yaml").0 == nil)
  }

  @Test func theLineThatIsNoTextIsNamed() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("rules.yaml")
    try Data("rules:\n- name: a\n  tags: [\u{FC}]\n# ".utf8 + [0xFC]).write(to: URL(filePath: path))
    let (file, problems) = RulesFile.load(path)
    #expect(file == nil)
    #expect(problems.map(\.description) == ["\(path):4: is not UTF-8 text"])
    // Who names the file alone, as for a template or a secret, says the line behind.
    #expect {
      try ConfigFile.readText(path, limit: 1_000)
    } throws: {
      ($0 as? ConfigFile.Failure)?.message == "is not UTF-8 text (line 4)"
    }
  }

  /// Nine anchors, each of nine aliases of the one before, and the last one as a key.
  @Test(arguments: ["? *i\n: 1", "? [x, *i]\n: 1", "{*i : 1}", "x: {a: *i, *i : 2}"])
  func aliasesThatMultiplyInAKeyAreRefused(key: String) {
    var text = "a: &a [x]\n"
    for (name, inner) in zip("bcdefghi", "abcdefgh") {
      text += "\(name): &\(name) [\((0..<9).map { _ in "*\(inner)" }.joined(separator: ", "))]\n"
    }
    text += key.hasPrefix("{") ? "z: \(key)" : key
    #expect(problems(text) == ["rules.yaml:10: a key must be a word"])
  }

  @Test func aliasesStandForValues() throws {
    let text = """
      rules:
        - {name: '&a *b', match_type: &t contains, match_string: 'x *y', prod_handling: &h Ignore,
           dev_handling: *h}
        - {name: b, match_type: *t, match_string: x, prod_handling: *h, dev_handling: *h}
      """
    let (file, problems) = RulesFile.parse(text, fileName: "rules.yaml")
    #expect(problems == [])
    #expect(file?.catalog.rules.map(\.name) == ["&a *b", "b"])
    #expect(file?.catalog.rules.map(\.devHandling) == ["Ignore", "Ignore"])
    #expect(file?.catalog.rules.first?.matchString == "x *y")
  }

  @Test func secondNamesAndIdsAreProblems() {
    let text = """
      rules:
        - {name: a, id: 1, match_type: contains, match_string: x, prod_handling: Ignore, dev_handling: Ignore}
        - {name: b, id: 1, match_type: contains, match_string: x, prod_handling: Ignore, dev_handling: Ignore}
        - {name: a, match_type: contains, match_string: x, prod_handling: Ignore, dev_handling: Ignore}
      """
    #expect(
      problems(text) == [
        "rules.yaml:3: b: id 1 belongs to a already",
        "rules.yaml:4: a: a second rule of this name; the first is on line 2",
      ])
  }

  @Test func aHostsFileNeedsNoRules() {
    let (file, problems) = RulesFile.parse("development_hosts: [lab]\n", fileName: "hosts.yaml")
    #expect(problems == [])
    #expect(file?.catalog.developmentHosts == ["lab"])
    #expect(RulesFile.parse("", fileName: "empty.yaml").0?.catalog == Catalog())
  }

  @Test func namesInProblemsCannotPaintTheTerminal() {
    let text = "rules: [{name: \"\\e[2Ja\", match_type: x, prod_handling: Ignore, dev_handling: Ignore}]"
    #expect(problems(text).allSatisfy { !$0.contains("\u{1B}") })
    #expect(!problems(text).isEmpty)
  }

  @Test func tenThousandRulesAreRead() {
    var text = "rules:\n"
    for index in 0..<10_000 {
      text += """
          - name: rule-\(index)
            match_type: regex
            match_string: '%LINK-3-UPDOWN: Interface (?<interface>\\S+) number \(index)'
            priority: \(index)
            prod_handling: Page_and_ticket
            dev_handling: Ignore
            team_assignment: NETO
            summary: '{host}: {interface} down'

        """
    }
    let start = ContinuousClock.now
    let (file, problems) = RulesFile.parse(text, fileName: "rules.yaml")
    print("10,000 rules read in \(ContinuousClock.now - start)")
    #expect(problems == [])
    #expect(file?.catalog.rules.count == 10_000)
    #expect(file?.lines["rule-9999"] == 1 + 9_999 * 8 + 1)
  }
}

/// SplitMix64: the same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
