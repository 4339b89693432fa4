import Model
import Testing

@testable import Policy

@Suite struct DescriptionTests {
  static let link = Rule.make(
    "link-down", .regex,
    "%LINK-3-UPDOWN: Interface (?<interface>\\S+), changed state to (?<state>down)(?<no>x)?$",
    id: 10
  ).with {
    $0.version = 7
    $0.key = "{host}::{rule}::{interface}"
    $0.summary = "{host}: {interface} {state}{no}"
    $0.docURL = "https://wiki.example/link-down"
    $0.teamAssignment = "NETO-CORE"
  }
  static let line = "%LINK-3-UPDOWN: Interface Gi0/1, changed state to down"

  @Test func theRowOfAMatchedEventIsComplete() throws {
    var bench = Bench([Self.link])
    bench.devices = [
      Device(hostname: "core1", addresses: [IPAddress("10.0.0.1")!], attributes: #"{"site":"ams1"}"#)
    ]
    bench.deviceTeams = [DeviceTeam(hostname: "core1", team: "SITE-AMS")]
    var matcher = try bench.matcher()
    let described = matcher.describe(Sample(Self.line, severity: 3).from("10.0.0.1"))
    #expect(described.row.ruleID == 10)
    #expect(described.row.ruleVersion == 7)
    #expect(described.ruleName == "link-down")
    #expect(described.text(described.row.ruleReference) == "https://wiki.example/link-down")
    #expect(described.host == "core1")
    #expect(described.handling == "Page_only")
    #expect(described.team == "NETO-CORE")
    #expect(described.row.teamFrom == .rule)
    #expect(described.deviceTeam == "SITE-AMS")
    #expect(described.signature == "core1::link-down::Gi0/1")
    #expect(described.summary == "core1: Gi0/1 down")
    #expect(described.labelsJSON == #"{"interface":"Gi0/1","state":"down"}"#)
    #expect(described.text(described.row.deviceAttributes) == #"{"site":"ams1"}"#)
    #expect(described.row.forwards)
    #expect(described.bytes.starts(with: Array("before".utf8)))
  }

  @Test func anUnmatchedEventGetsHostHandlingTeamsAndEnvironmentOnly() throws {
    var bench = Bench([Self.link])
    bench.deviceTeams = [DeviceTeam(hostname: "lab1", team: "SITE")]
    bench.developmentHosts = ["lab1"]
    bench.settings.teamOrder = [.rule, .default, .device]
    var matcher = try bench.matcher()
    var sample = Sample("nothing", host: "lab1", severity: 3)
    sample.varbinds = [("ifIndex", "3")]
    let described = matcher.describe(sample)
    #expect(described.host == "lab1")
    #expect(described.handling == "unmatched")
    #expect(described.team == "NETO")
    #expect(described.deviceTeam == "SITE")
    #expect(described.row.environment == .dev)
    #expect(!described.row.isMatched)
    #expect(!described.row.forwards)
    for range in [
      described.row.ruleName, described.row.ruleReference, described.row.signature, described.row.summary,
      described.row.labels, described.row.deviceAttributes,
    ] { #expect(range.isAbsent) }
  }

  @Test(
    arguments: [
      ([TeamSource.rule, .device, .default], "RULE", "DEVICE", "RULE", TeamSource.rule),
      ([.device, .rule, .default], "RULE", "DEVICE", "DEVICE", .device),
      ([.rule, .device, .default], "", "DEVICE", "DEVICE", .device),
      ([.rule, .device, .default], nil, "", "NETO", .default),
      ([.default, .rule], "RULE", "DEVICE", "NETO", .default),
      ([.rule, .device], nil, "", nil, .default),
    ] as [([TeamSource], String?, String, String?, TeamSource)])
  func theTeamIsTheFirstThatIsNotEmpty(
    order: [TeamSource], rule: String?, device: String, expected: String?, from: TeamSource
  ) throws {
    var bench = Bench([Rule.make("r", .contains, "x").with { $0.teamAssignment = rule }])
    bench.settings.teamOrder = order
    bench.deviceTeams = [DeviceTeam(hostname: "h", team: device)]
    var matcher = try bench.matcher()
    let described = matcher.describe(Sample("x", host: "h"))
    #expect(described.team == expected)
    #expect(described.row.teamFrom == from)
    #expect(described.deviceTeam == (device.isEmpty ? nil : device))
  }

  @Test(
    arguments: [
      (5, 3, 5, SeveritySource.rule), (0, 3, 0, .rule), (nil, 0, 5, .syslog), (nil, 3, 4, .syslog),
      (nil, 4, 2, .syslog), (nil, 7, 1, .syslog), (nil, -1, 2, .default),
    ] as [(Int?, Int8, Int8, SeveritySource)])
  func theAlertsSeverityIsTheRulesOrFollowsSyslog(
    rule: Int?, syslog: Int8, expected: Int8, from: SeveritySource
  ) throws {
    var matcher = try Bench([Rule.make("r", .contains, "x").with { $0.severity = rule }]).matcher()
    let described = matcher.describe(Sample("x", severity: syslog))
    #expect(described.row.alertSeverity == expected)
    #expect(described.row.severityFrom == from)
  }

  @Test func theHandlingKeepsTheRulesSpelling() throws {
    let rule = Rule.make("r", .contains, "x").with { $0.prodHandling = "PAGE_only" }
    var matcher = try Bench([rule]).matcher()
    let described = matcher.describe(Sample("x"))
    #expect(described.handling == "PAGE_only")
    #expect(described.row.forwards)
  }

  /// The automaton finds it at once; where its group stands a back-tracking search would look for ever.
  @Test func alertsWhoseLabelsCannotBeFoundAreToldApartByTheirText() throws {
    let regex = "(?:\\w+\\s?)+ port (?<p>\\S+) down$"
    func text(_ port: String) -> String { String(repeating: "a", count: 30) + "! x port \(port) down" }
    let rule = Rule.make("port-down", .regex, regex).with {
      $0.key = "{host}::{rule}::{p}"
      $0.summary = "{host}: {p} down"
    }
    var matcher = try Bench([rule]).matcher()
    #expect(matcher.describe(Sample("x port Gi0/1 down", host: "h")).signature == "h::port-down::Gi0/1")
    #expect(PatternTests.exhaustions(&matcher) == [])
    let first = matcher.describe(Sample(text("Gi0/1"), host: "h"))
    #expect(first.labelsJSON == nil)
    #expect(first.summary == "h:  down")
    let signature = try #require(first.signature)
    #expect(signature.hasPrefix("h::port-down::~") && signature.utf8.count == 15 + 16)
    // The same text is the same alert, another port is another.
    #expect(matcher.describe(Sample(text("Gi0/1"), host: "h")).signature == signature)
    #expect(matcher.describe(Sample(text("Gi0/2"), host: "h")).signature != signature)
    #expect(PatternTests.exhaustions(&matcher) == ["port-down labels 3"])
    // A key without labels says what it always says; one of nothing but labels is the default, told apart.
    var plain = try Bench([rule.with { $0.key = "{host}::port" }]).matcher()
    #expect(plain.describe(Sample(text("Gi0/1"), host: "h")).signature == "h::port")
    var bare = try Bench([rule.with { $0.key = "{p}" }]).matcher()
    #expect(bare.describe(Sample(text("Gi0/1"), host: "h")).signature == signature)
    // A varbind of that name is a label too.
    var traps = try Bench([rule]).matcher()
    var trap = Sample.trap("1.3.6", text("Gi0/1"), agent: "10.0.0.1")
    trap.varbinds = [("p", "3")]
    #expect(traps.describe(trap).signature == "10.0.0.1::port-down::3")
  }

  @Test func namedGroupsWinOverVarbindsAndStandInFront() throws {
    let rule = Rule.make("r", .regex, "idx=(?<ifIndex>\\d+)").with {
      $0.key = "{host}/{ifIndex}/{ifDescr.3}/{absent}"
    }
    var matcher = try Bench([rule]).matcher()
    var sample = Sample.trap("1.3.6", "t idx=42", agent: "10.0.0.1")
    sample.varbinds = [("ifIndex", "3"), ("ifDescr.3", "Gi\u{0}0/3")]
    for _ in 0..<3 {
      let described = matcher.describe(sample)
      #expect(described.labelsJSON == #"{"ifIndex":"42","ifDescr.3":"Gi\#u{FFFD}0/3"}"#)
      #expect(described.signature == "10.0.0.1/42/Gi\u{FFFD}0/3/")
      #expect(described.labels.entries.count == 2)
    }
  }

  @Test func varbindsAreLabelsOfARuleWithoutGroups() throws {
    let rule = Rule.make("r", .oidPrefix, oid: "1.3").with { $0.summary = "{ifDescr} on {host}" }
    var matcher = try Bench([rule]).matcher()
    var sample = Sample.trap("1.3.6", "t", agent: "10.0.0.1")
    sample.varbinds = [("ifDescr", "Gi0/3")]
    let described = matcher.describe(sample)
    #expect(described.summary == "Gi0/3 on 10.0.0.1")
    #expect(described.labelsJSON == #"{"ifDescr":"Gi0/3"}"#)
    #expect(described.signature == "10.0.0.1::r")
  }

  @Test func pastTheLimitsOfBackTrackingThereAreNoLabels() throws {
    let rule = Rule.make("r", .regex, "(?<all>(a+)+)$|end")
    var matcher = try Bench([rule]).matcher()
    let described = matcher.describe(Sample(String(repeating: "a", count: 4_000) + "! end", host: "h"))
    #expect(described.row.ruleID == 1)
    #expect(described.row.labels.isAbsent)
    #expect(described.signature == "h::r")
    #expect(matcher.describe(Sample("aa", host: "h")).labelsJSON == #"{"all":"aa"}"#)
  }

  @Test func groupsOfAUnicodeRule() throws {
    var matcher = try Bench([.make("r", .regex, "(?<ort>ÖRT\\w)")]).matcher()
    #expect(matcher.describe(Sample("am örtä!")).labelsJSON == #"{"ort":"örtä"}"#)
  }

  @Test(
    arguments: [
      // key, summary, what the event says; signature, title
      ("{port}", "{port}", "down", "h::r", nil), ("{port}::{vlan}", "{port} - {vlan}", "down", "h::r", nil),
      ("{port}", "{port}", "port=  down", "h::r", nil), ("{port}", "{port}", "port=/ down", "/", "/"),
      ("{host}::{port}", "{host}: {port}", "down", "h::", "h: "),
      ("link {port}", "link {port}", "down", "link ", "link "),
      (":::", " ", "down", "h::r", nil), ("{port}", "{port}", "port=3 down", "3", "3"),
    ] as [(String, String, String, String, String?)])
  func aTemplateThatSaysNothingIsAsIfItWereNot(
    key: String, summary: String, text: String, signature: String, title: String?
  ) throws {
    let rule = Rule.make("r", .regex, "(?:port=(?<port>\\d+|/|\\s) ?)?(?<vlan>vlan)? ?down").with {
      ($0.key, $0.summary) = (key, summary)
    }
    var matcher = try Bench([rule]).matcher()
    let described = matcher.describe(Sample(text, host: "h"))
    #expect(described.signature == signature)
    #expect(described.summary == title)
  }

  @Test(
    arguments: [
      ("a (?<x>\\S+) b", ["x"]), ("(?P<x>a)(?'y'b)", ["x", "y"]), ("(?<x>a)?", []), ("(?<x>a)*", []),
      ("(?<x>a)+", ["x"]), ("(?<x>a){0,3}", []), ("(?<x>a){2}", ["x"]), ("(?<x>a)|b", []),
      ("((?<x>a)|b)", []), ("(?<x>a|b)", ["x"]), ("(?:(?<x>a)b)?c", []), ("(?:(?<x>a)b)c", ["x"]),
      ("(?<x>(?<y>a)?)", ["x"]), ("[(|?](?<x>a)[]|)]", ["x"]), ("\\((?<x>a)\\)\\|", ["x"]),
      ("(?=(?<x>a))", []), ("(?<!b)(?<x>a)", ["x"]), ("[[:alpha:]|](?<x>a)", ["x"]), ("\\Q(\\E(?<x>a)", []),
      ("(?i)(?<x>a)", ["x"]), ("", []), ("(?#|)(?<x>a)", ["x"]), ("[\\c]|](?<x>a)", ["x"]),
      ("\\c((?<x>a)", ["x"]), ("[\\Q]|\\E](?<x>a)", []), ("[\\E]|](?<x>a)", []),
    ] as [(String, [String])])
  func groupsThatTakePartInEveryMatch(regex: String, names: [String]) {
    #expect(CertainGroups.names(in: regex) == Set(names))
  }

  @Test func oneMatcherServesManyRulesWithGroups() throws {
    let rules = (1...20).map { Rule.make("r\($0)", .regex, "k\($0)=(?<v\($0)>\\d+);", id: Int64($0)) }
    var matcher = try Bench(rules).matcher()
    for number in [20, 1, 7, 20] {
      #expect(matcher.describe(Sample("k\(number)=5;")).labelsJSON == "{\"v\(number)\":\"5\"}")
    }
  }
}
