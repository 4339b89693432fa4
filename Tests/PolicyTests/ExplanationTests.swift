import Model
import Testing

@testable import Policy

@Suite struct ExplanationTests {
  @Test func everyRuleIsNamedWithItsVerdict() throws {
    var bench = Bench([
      .make("link-down", .regex, "interface (?<interface>\\S+), .*(?<state>down)$", id: 10, priority: 10),
      .make("any-updown", .contains, "UPDOWN", id: 31, priority: 10),
      .make("err-any", .regex, ".", id: 77, priority: 100),
      .make("crit", .contains, "updown", id: 78, severity: 2),
      .make("trap", .oidPrefix, oid: "1.3.6", id: 79),
      .make("other", .contains, "BGP", id: 80),
      .make("nothing", .regex, "^BGP", id: 81),
      .make("umlaut", .contains, "ö", id: 82),
      .make("bgp-flap", .regex, "BGP (flap", id: 44, priority: 5),
    ])
    bench.devices = [Device(hostname: "core1", addresses: [IPAddress("192.0.2.1")!])]
    bench.deviceTeams = [DeviceTeam(hostname: "core1", team: "SITE-AMS")]
    var matcher = try bench.matcher()
    var sample = Sample("%LINK-3-UPDOWN: Interface Gi0/1, changed state to down", severity: 3)
    sample.text.append(0xFF)
    sample.text.removeLast()
    let explanation = matcher.explain(sample.from("192.0.2.1"))
    #expect(
      explanation.lines.map(\.text) == [
        "WON: regex, bytes 16-54; interface=Gi0/1, state=down",
        "holds too; same priority, higher id",
        "holds too; later",
        "does not hold: severity err(3), crit(2) asked for",
        "does not hold: no trap",
        "does not hold: match_string is not in the text",
        "does not hold: regex not found in the text",
        "does not hold: match_string is not in the text",
      ])
    #expect(
      explanation.quarantined == [
        QuarantinedRule(id: 44, name: "bgp-flap", reason: "missing closing parenthesis at column 10")
      ])
    #expect(explanation.host == "core1")
    #expect(explanation.hostReason == "devices says 192.0.2.1 = core1")
    #expect(explanation.environment == "prod (not in development_hosts) -> Page_only -> forward")
    #expect(explanation.team == "SITE-AMS from device")
  }

  @Test func trapsAndBytesAreExplainedToo() throws {
    let rules = [
      Rule.make("cisco", .oidPrefix, oid: "1.3.6.1.4.1.9", id: 1),
      Rule.make("err", .contains, "down", id: 2, severity: 3),
      Rule.make("umlaut", .contains, "ö", id: 3),
      Rule.make("text", .contains, "DOWN(2)", id: 4),
      Rule.make("prefix", .oidPrefix, oid: "1.3.6.1.6", id: 5),
    ]
    var matcher = try Bench(rules).matcher()
    var sample = Sample.trap("1.3.6.1.6.3", "down(2)", agent: "10.0.0.1")
    sample.text.append(0xFF)
    #expect(
      matcher.explain(sample).lines.map(\.text) == [
        "does not hold: 1.3.6.1.6.3 is not below 1.3.6.1.4.1.9",
        "does not hold: no syslog severity, err(3) asked for",
        "does not hold: the text is not valid UTF-8",
        "WON: contains, bytes 0-7",
        "holds too; same priority, higher id",
      ])
    sample.text = []
    #expect(matcher.explain(sample).lines.last?.text == "WON: oid_prefix 1.3.6.1.6")
  }

  @Test(arguments: [
    (Sample("x", host: "core1").from("10.0.0.3"), "the header says so"),
    (Sample("x").from("10.0.0.9"), "the sender's address; the header names none"),
    (Sample("x", host: "10.0.0.9").from("10.0.0.9"), "the sender's address; the header agrees"),
    (
      Sample("x", host: "lab").from("10.0.0.9"),
      "the header says so, but 10.0.0.9 is neither a relay nor known"
    ),
    (Sample("x", host: "CORE1").from("10.0.0.1"), "devices says 10.0.0.1 = core1; header agrees"),
    (Sample("x", host: "lab").from("10.0.0.1"), "devices says 10.0.0.1 = core1; header says lab"),
    (Sample("x", host: "10.0.0.1").from("10.0.0.3"), "devices says 10.0.0.1 = core1"),
    (Sample.trap("1.3", "x").from("10.0.0.9"), "the sender's address; the trap names none"),
    (Sample.trap("1.3", "x", agent: "10.0.0.1").from("10.0.0.3"), "devices says 10.0.0.1 = core1"),
  ])
  func theHostIsExplained(sample: Sample, expected: String) throws {
    var bench = Bench([.make("r", .contains, "x")])
    bench.devices = [Device(hostname: "core1", addresses: [IPAddress("10.0.0.1")!])]
    bench.settings.trustedRelays = [Network("10.0.0.3")!]
    var matcher = try bench.matcher()
    #expect(matcher.explain(sample).hostReason == expected)
  }

  @Test func environmentsAndTeamsInWords() throws {
    var bench = Bench([Rule.make("r", .contains, "x").with { $0.teamAssignment = "NETO" }])
    bench.developmentHosts = ["lab"]
    bench.deviceTeams = [DeviceTeam(hostname: "lab", team: "LAB")]
    var matcher = try bench.matcher()
    let taken = matcher.explain(Sample("x", host: "lab"))
    #expect(taken.environment == "dev (in development_hosts) -> Ignore -> record only")
    #expect(taken.team == "NETO from rule (device_teams says LAB)")
    let left = matcher.explain(Sample("y", host: "other"))
    #expect(left.environment == "prod (not in development_hosts) -> unmatched")
    #expect(left.team == "NETO from default")
  }
}
