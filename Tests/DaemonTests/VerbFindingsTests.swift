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

  /// A raise and a clear of one key by their handlings (prod, dev) and teams; which destinations are said to
  /// keep it raised.
  private func lostClears(
    _ raise: (String, String), _ clear: (String, String), teams: (String?, String?) = (nil, nil),
    _ destinations: [(String, (inout Config.Destination) -> Void)]
  ) -> [String] {
    var config = Config()
    config.destinations = destinations.map { name, change in
      var destination = Config.Destination()
      destination.name = name
      change(&destination)
      return destination
    }
    var (down, up) = (
      Rule(name: "down", matchType: .contains, prodHandling: raise.0, devHandling: raise.1),
      Rule(name: "up", matchType: .contains, prodHandling: clear.0, devHandling: clear.1)
    )
    (down.key, up.key) = ("{host}::link", "{host}::link")
    (down.severity, up.severity) = (4, 0)
    (down.teamAssignment, up.teamAssignment) = teams
    return VerbCheck.lostClears([down, up], config).map {
      #expect($0.rule == "up" && $0.isWarning)
      return $0.text.split(separator: " ")[3...].prefix { $0 != "which" }.joined(separator: " ")
    }
  }

  @Test func clearsThatDoNotReachWhoHasTheRaise() {
    let (page, ticket, none) = ("Page_and_ticket", "Ticket_only", "Ignore")
    let pager = ("pager", { (one: inout Config.Destination) in one.match.handling = [page] })
    let tick = ("tick", { (one: inout Config.Destination) in one.match.handling = [ticket] })
    #expect(lostClears((page, none), (ticket, none), [pager, tick]) == ["pager (prod),"])
    #expect(lostClears((page, page), (ticket, ticket), [pager, tick]) == ["pager (prod, dev),"])
    #expect(lostClears((page, none), (page, none), [pager, tick]) == [])
    let all = ("all", { (_: inout Config.Destination) in })
    #expect(lostClears((page, none), (ticket, none), [all]) == [])
    #expect(lostClears((page, page), (page, none), [all]) == ["all (dev),"])
    let severe = ("severe", { (one: inout Config.Destination) in one.match.minSeverity = 3 })
    #expect(lostClears((page, none), (page, none), [severe]) == [])
    let team = ("neto", { (one: inout Config.Destination) in one.match.team = ["NETO"] })
    #expect(lostClears((page, none), (page, none), teams: ("NETO", "WAN"), [team]) == ["neto (prod),"])
    // Who only takes over for others.
    let main = (
      "main", { (one: inout Config.Destination) in (one.match.handling, one.fallback) = ([page], "all") }
    )
    #expect(lostClears((page, none), (none, none), [main, all]) == ["main (prod),"])
  }

  /// Hundreds of rules may share a key: a clear has one line for each destination, however many it misses.
  @Test func aClearThatMissesManyIsNamedOnce() {
    var config = Config()
    var destination = Config.Destination()
    (destination.name, destination.match.handling) = ("pager", ["Page_only"])
    destination.format = .alertmanagerAPI
    config.destinations = [destination]
    let rules = (0..<60).map { index in
      var rule = Rule(
        name: "r\(index)", matchType: .contains, prodHandling: index % 2 == 0 ? "Page_only" : "Ticket_only",
        devHandling: index == 4 ? "Page_only" : "Ignore")
      (rule.key, rule.severity) = ("{host}::link", index % 2 == 0 ? 4 - index % 3 : 0)
      rule.teamAssignment = index % 2 == 0 ? "NETO" : "WAN"
      return rule
    }
    let lost = VerbCheck.lostClears(rules, config)
    #expect(lost.map(\.rule) == stride(from: 1, to: 60, by: 2).map { "r\($0)" })
    let words =
      "does not reach pager (prod, dev), which takes what r0, r2, r4 and 27 more raise with the same key"
    #expect(lost.allSatisfy { $0.text.hasPrefix(words) }, "\(lost.first?.text ?? "")")
    let others = VerbCheck.clears(rules, config)
    #expect(others.count == 30)
    #expect(
      others.allSatisfy { $0.text.hasPrefix("does not end what r0, r2, r4 and 27 more raise with") },
      "\(others.first?.text ?? "")")
  }

  /// What is said about rules that ask for these OIDs.
  private func numbers(_ oids: String?...) -> [String] {
    let rules = oids.enumerated().map { index, oid in
      Rule(
        name: "r\(index)", matchType: .oidPrefix, trapOID: oid, prodHandling: "Page_only",
        devHandling: "Ignore")
    }
    return VerbTrapNumbers.findings(rules).map { "\($0.rule ?? ""): \($0.text)" }
  }

  @Test func aNumberThatVersion1SaysOtherwiseIsNamed() {
    #expect(
      numbers("1.3.6.1.2.1.33.2.1", "1.3.6.1.6.3.1.1.5.3") == [
        "r0: trap_oid 1.3.6.1.2.1.33.2.1 is upsTrapOnBattery, which a device with SNMP version 1 sends as "
          + "1.3.6.1.2.1.33.2.0.1: no rule asks for that, or for all of 1.3.6.1.2.1.33.2"
      ])
    #expect(numbers(".1.3.6.1.4.1.2636.4.1.1.*").count == 1)
    // A rule for the other number or for the enterprise, one as wide as the world is none.
    #expect(numbers("1.3.6.1.2.1.33.2.1", "1.3.6.1.2.1.33.2.0.1") == [])
    #expect(numbers("1.3.6.1.2.1.33.2.1", "1.3.6.1.2.1.33.2.0") == [])
    #expect(numbers("1.3.6.1.2.1.33.2.1", "1.3.6.1.2.1.33.2") == [])
    #expect(numbers("1.3.6.1.2.1.33.2.1", "1.3.6.1.2.1.33", "1.3.6.1.2.1.33.2.0.2", nil).count == 1)
    // Defined with the zero, generic, wider, below, unknown.
    #expect(
      numbers(
        "1.3.6.1.2.1.17.0.1", "1.3.6.1.6.3.1.1.5.4", "1.3.6.1.2.1.14.16.2", "1.3.6.1.2.1.15.7.1.1", "x", "",
        "1.3.6.1.4.1.99999.1") == [])
  }

  /// One letter of Chinese is a word: `断` is down.
  @Test(
    arguments: [("!", true), (" e ", true), ("   ", true), ("ab", false), ("断", false), ("ö", false)])
  func aCharacterOfASCIIAloneStandsInAlmostEveryMessage(text: String, isCrumb: Bool) {
    var rule = Rule(
      name: "r", matchType: .contains, matchString: text, prodHandling: "Page_only", devHandling: "Ignore")
    #expect(VerbOverlap.isCrumb(rule) == isCrumb)
    rule.trapOID = "1.3"
    #expect(!VerbOverlap.isCrumb(rule))
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
