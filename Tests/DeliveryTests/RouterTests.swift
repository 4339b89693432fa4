import Delivery
import Model
import Testing

@Suite("Routing")
struct RouterTests {
  static let cases: [(RouteMatch, Bool)] = [
    (RouteMatch(), true),
    (RouteMatch(handling: ["page_AND_ticket"]), true),
    (RouteMatch(handling: ["Page_only", "Page_and_ticket"]), true),
    (RouteMatch(handling: ["Page_only"]), false),
    (RouteMatch(handling: ["Page_and_ticke"]), false),
    (RouteMatch(team: ["neto"]), true),
    (RouteMatch(team: ["SITE-AMS"]), false),
    (RouteMatch(environment: [.prod]), true),
    (RouteMatch(environment: [.dev]), false),
    (RouteMatch(environment: [.dev, .prod]), true),
    (RouteMatch(minSeverity: 4), true),
    (RouteMatch(minSeverity: 5), false),
    (RouteMatch(handling: ["Page_and_ticket"], team: ["NETO"], environment: [.prod], minSeverity: 0), true),
    (RouteMatch(handling: ["Page_and_ticket"], team: ["other"], environment: [.prod]), false),
  ]

  @Test("every condition holds or is empty", arguments: cases)
  func condition(match: RouteMatch, takes: Bool) throws {
    let draft = try Samples.linkDown()
    let router = Router([DestinationSettings(name: "a", url: "http://h", match: match)])
    #expect(router.routes(for: draft.row, in: draft.batch) == (takes ? [0] : []))
  }

  @Test("all destinations that take it, in their order")
  func several() throws {
    let draft = try Samples.linkDown()
    let router = Router([
      DestinationSettings(name: "a", url: "http://h"),
      DestinationSettings(name: "b", url: "http://h", match: RouteMatch(team: ["x"])),
      DestinationSettings(name: "c", url: "stdout:"),
    ])
    #expect(router.routes(for: draft.row, in: draft.batch) == [0, 2])
    #expect(Router([]).routes(for: draft.row, in: draft.batch) == [])
  }

  @Test("a clear goes where its raise may have gone, and nowhere else", arguments: 0...5)
  func clear(least: Int) throws {
    var draft = try Samples.linkDown()
    let router = Router([
      DestinationSettings(name: "a", url: "http://h", match: RouteMatch(minSeverity: least)),
      DestinationSettings(name: "b", url: "http://h", match: RouteMatch(team: ["x"], minSeverity: least)),
    ])
    for severity in 0...5 as ClosedRange<Int8> {
      draft.row.alertSeverity = severity
      let isTaken = severity == 0 || severity >= least
      #expect(router.routes(for: draft.row, in: draft.batch) == (isTaken ? [0] : []), "\(severity)")
    }
  }

  @Test("an absent team is no team")
  func absent() throws {
    var draft = try Samples.linkDown()
    draft.row.team = .absent
    let named = Router([DestinationSettings(name: "a", url: "http://h", match: RouteMatch(team: [""]))])
    #expect(named.routes(for: draft.row, in: draft.batch) == [])
  }
}

@Suite("Settings keep secrets")
struct SettingsTests {
  @Test(
    "URLs lose what may be secret",
    arguments: [
      ("https://moog.example/events", "https://moog.example/…"),
      ("https://moog.example", "https://moog.example"),
      ("https://moog.example/", "https://moog.example"),
      ("http://user:pa@ss@host:8080/x?token=1#f", "http://host:8080/…"),
      ("http://host?token=1", "http://host/…"),
      ("stdout:", "stdout:"),
      ("token", "(no URL)"),
      ("", "(no URL)"),
    ])
  func redacted(url: String, shown: String) {
    #expect(RedactedURL.text(of: url) == shown)
  }

  @Test("no description shows a header's value")
  func description() {
    let settings = DestinationSettings(
      name: "moog", url: "https://u:p@h/x", headers: [(name: "Authorization", value: "Bearer hunter2")])
    #expect("\(settings) \(String(reflecting: settings))".contains("Authorization"))
    #expect(!"\(settings) \(String(reflecting: settings))".contains("hunter2"))
    var other = settings
    #expect(settings == other)
    other.headers[0].value = "x"
    #expect(settings != other)
  }
}
