import Delivery
import Model
import Testing

@testable import Daemon

@Suite struct VerbFindingsTests {
  private func rules(_ teams: [String?]) -> [Rule] {
    teams.enumerated().map { index, team in
      var rule = Rule(
        name: "r\(index)", matchType: .contains, prodHandling: "Page_only", devHandling: "Ignore")
      rule.teamAssignment = team
      return rule
    }
  }

  /// What is said about the first rule's team; `others` are those of further rules.
  private func objection(
    _ team: String, others: [String] = [], devices: [String] = [], routed: [String] = []
  ) -> String? {
    var config = Config()
    var destination = Config.Destination()
    destination.match.team = routed
    config.destinations = [destination]
    let owners = devices.enumerated().map { DeviceTeam(hostname: "h\($0)", team: $1) }
    let findings = VerbTeams.findings(rules([team] + others), Catalog(deviceTeams: owners), config)
    return findings.first { $0.rule == "r0" }?.text
  }

  /// Rules by name, key, severity and team; who is said to end what of whom.
  private func clears(
    _ all: [(name: String, key: String?, severity: Int?, team: String?)],
    _ format: Config.Destination.Format = .alertmanagerAPI
  ) -> [String] {
    var config = Config()
    var destination = Config.Destination()
    destination.format = format
    config.destinations = [destination]
    let rules = all.map { one in
      var rule = Rule(
        name: one.name, matchType: .contains, prodHandling: "Page_only", devHandling: "Ignore")
      (rule.key, rule.severity, rule.teamAssignment) = (one.key, one.severity, one.team)
      return rule
    }
    return VerbCheck.clears(rules, config).map { "\($0.rule ?? ""): \($0.text.split(separator: " ")[4])" }
  }

  @Test func clearsOfAnotherTeamEndNothingAtAlertmanager() {
    let link = "{host}::link"
    #expect(clears([("down", link, 4, "NETO"), ("up", link, 0, "WAN")]) == ["up: down"])
    #expect(clears([("down", link, nil, nil), ("up", link, 0, "WAN")]) == ["up: down"])
    #expect(clears([("down", link, 4, "NETO"), ("up", link, 0, "NETO")]) == [])
    #expect(clears([("down", link, 4, nil), ("up", link, 0, "")]) == [])
    #expect(clears([("down", link, 4, "NETO"), ("up", "{host}", 0, "WAN")]) == [])
    #expect(clears([("down", nil, 4, "NETO"), ("up", nil, 0, "WAN")]) == [])
    #expect(clears([("down", link, 4, "NETO"), ("up", link, 0, "WAN")], .pagerduty) == [])
  }

  @Test func teamsThatSomebodyKnowsAreFine() {
    #expect(objection("NETO") == nil)
    #expect(objection("WAN", devices: ["WAN"]) == nil)
    #expect(objection("WAN", routed: ["WAN"]) == nil)
    #expect(objection("ROBOTS", others: ["ROBOTS"], devices: ["WAN"]) == nil)
    // Without any list of teams a rule's team is as good as any other.
    #expect(objection("ROBOTS") == nil)
    #expect(objection("SITE-2", others: ["SITE-1", "SITE-1"]) == nil)
    #expect(objection("LAN", others: ["WAN", "WAN"]) == nil)
    #expect(VerbTeams.findings(rules([nil, nil]), Catalog(), Config()) == [])
  }

  @Test func teamsThatNobodyKnowsAreNamed() {
    #expect(objection("NETP") == "unknown team \"NETP\"; did you mean NETO, as in teams.default?")
    #expect(objection("NTEO")?.contains("did you mean NETO") == true)
    #expect(objection("neto") == "team \"neto\" is written NETO in teams.default")
    #expect(objection("Wan", devices: ["WAN"]) == "team \"Wan\" is written WAN in device_teams")
    #expect(
      objection("SECOSP", others: ["SECOPS", "SECOPS"])
        == "unknown team \"SECOSP\"; did you mean SECOPS, as in other rules?")
    #expect(objection("STORAGE", routed: ["STORAG"])?.contains("destinations[].match.team") == true)
    let unknown = objection("LAN", devices: ["WAN"])
    #expect(unknown?.hasPrefix("unknown team \"LAN\": neither device_teams") == true)
  }

  @Test func aTableSaysHowATeamIsWritten() {
    let config = Config()
    let catalog = Catalog(deviceTeams: [DeviceTeam(hostname: "h", team: "SecOps")])
    let findings = VerbTeams.findings(rules(["SECOPS", "SECOPS", "SecOps"]), catalog, config)
    #expect(findings.map(\.rule) == ["r0", "r1"])
    #expect(findings.allSatisfy { $0.isWarning && $0.text.hasSuffix("is written SecOps in device_teams") })
  }
}
