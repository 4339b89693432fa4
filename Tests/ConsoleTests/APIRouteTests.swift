import Model
import Testing

@testable import Console

@Suite struct APIRouteTests {
  private func request(_ path: String, _ query: String? = nil) throws -> APIRequest? {
    try APIRoute.find(path[...])?.request(query)
  }

  @Test func everyFilterArrives() throws {
    var events = APIRequest.Events()
    events.host = "core1"
    events.rule = "link down"
    events.handling = "Page_only"
    events.since = Timestamp(rfc3339: "2026-11-21T02:14:05+01:00")
    events.until = Timestamp(rfc3339: "2026-11-22")
    events.text = "50% & more=ü"
    var page = APIPage()
    page.limit = 500
    page.cursor = "17"
    #expect(
      try request(
        "events",
        "host=core1&rule=link+down&handling=Page_only&since=2026-11-21T02:14:05%2B01:00&until=2026-11-22"
          + "&text=50%25%20%26%20more%3D%C3%BC&limit=500&cursor=17") == .events(events, page))
    #expect(try request("events") == .events(APIRequest.Events(), APIPage()))
    #expect(try request("events/17") == .event(17))
    #expect(try request("rules/link%2Fdown%20a+b") == .rule("link/down a+b"))
    #expect(try request("explain", "event=5") == .explain(.event(5)))
    // Beyond our numbers and our years there is nothing, which is an answer too.
    #expect(try request("events/9999999999999999999") == .event(.max))
    var far = APIRequest.Events()
    far.since = Timestamp(nanoseconds: .min + 1)
    far.until = Timestamp(nanoseconds: .max)
    #expect(
      try request("events", "since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:60Z")
        == .events(far, APIPage()))
    #expect(
      try request("rules", "all=true&hits=false")
        == .rules(includesRetired: true, countsHits: false, APIPage()))
    var watch = APIRequest.Watch()
    #expect(try request("tap") == .tap(watch))
    watch.host = "core1"
    watch.rule = "10"
    watch.severity = 3
    watch.onlyUnmatched = true
    watch.text = "a b"
    watch.rate = 2_000
    watch.seconds = 60
    #expect(
      try request("tap", "host=core1&rule=10&severity=3&unmatched=true&text=a+b&rate=2000&seconds=60")
        == .tap(watch))
    #expect(try request("unmatched", "host=core1") == .unmatched(host: "core1", APIPage()))
    #expect(try request("unmatched/ignored") == .ignored(APIPage()))
    for table in APIRequest.Hosts.allCases {
      #expect(try request("hosts/\(table.rawValue)") == .hosts(table, APIPage()))
    }
  }

  @Test(arguments: [
    "", "event", "events/", "events/1/2", "Events", "hosts", "hosts/", "hosts/all", "rules/", "rules/a/b",
    "../api/v1/events", "./events", "events/..", "/events", "openapi", "outbox/1",
    "unmatched/", "unmatched/1", "unmatched/ignored/1", "tap/", "tap/1",
  ])
  func otherPathsAreNone(path: String) throws {
    // A path that names an event badly is refused as such.
    do throws(Problem) {
      #expect(try APIRoute.find(path[...]) == nil)
    } catch {
      #expect(error.kind == .badParameter && path.hasPrefix("events/"))
    }
  }

  @Test(arguments: [
    ("events", "limit=0"), ("events", "limit=501"), ("events", "limit=-1"), ("events", "limit=1e2"),
    ("events", "limit="), ("events", "host="), ("events", "host=a&host=b"), ("events", "since=yesterday"),
    ("events", "since=2026-11-21T02:14:05+01:00"), ("events", "nope=1"), ("events", "=1"),
    ("events", "host=%"), ("events", "host=%4"), ("events", "host=%zz"), ("events", "host=%ff"),
    ("events", "host=a%00b"), ("events", "host=a%0Ab"), ("rules", "all=yes"), ("outbox", "state=lost"),
    ("explain", "event=x"), ("explain", "event=99999999999999999999"), ("explain", ""),
    ("destinations", "limit=1"), ("tap", "rate=0"), ("tap", "rate=2001"), ("tap", "severity=8"),
    ("tap", "severity=err"), ("tap", "unmatched=1"), ("tap", "seconds=3601"), ("tap", "limit=1"),
    ("unmatched", "ignored=true"), ("unmatched/ignored", "host=a"), ("status", "verbose"),
    ("openapi.json", "x=1"), ("events", "until=2027-02-29"), ("events", "since=1900-02-29"),
    ("events", "until=2300-02-29"), ("events", "since=%2B123-01-01"), ("events", "until=9999-02-30"),
  ])
  func whatIsNotUnderstoodIsRefused(path: String, query: String) throws {
    let problem = #expect(throws: Problem.self) { try request(path, query) }
    #expect(problem?.kind == .badParameter)
  }

  @Test func aLongTextIsNoFilter() {
    let problem = #expect(throws: Problem.self) {
      try request("events", "text=\(String(repeating: "x", count: 256))")
    }
    #expect(problem?.kind == .badParameter)
  }

  @Test func aPostedBodyIsTakenByItsType() throws {
    let line = Array("<13>hello".utf8)
    let time = Timestamp(rfc3339: "2026-11-21T02:14:05Z")
    #expect(
      try APIRoute.explain(
        line, type: "text/plain; charset=utf-8", "from=192.0.2.1&arrival=2026-11-21T02:14:05Z")
        == .explain(.line(line, from: IPAddress("192.0.2.1"), arrival: time)))
    #expect(try APIRoute.explain(line, type: nil, nil) == .explain(.line(line, from: nil, arrival: nil)))
    #expect(
      try APIRoute.explain(line, type: "Application/JSON", nil)
        == .explain(.object(line, from: nil, arrival: nil)))
    #expect(
      try APIRoute.explain(line, type: "application/json", "arrival=2026-11-21T02:14:05Z&from=::1")
        == .explain(.object(line, from: IPAddress("::1"), arrival: time)))
    for (type, query, kind) in [
      ("text/html", nil, Problem.Kind.mediaType), ("application/x-www-form-urlencoded", nil, .mediaType),
      ("text/plain", "from=nobody", .badParameter), ("application/json", "from=192.0.2", .badParameter),
    ] {
      let problem = #expect(throws: Problem.self) { try APIRoute.explain(line, type: type, query) }
      #expect(problem?.kind == kind)
    }
    let problem = #expect(throws: Problem.self) { try APIRoute.explain([], type: "text/plain", nil) }
    #expect(problem?.kind == .badBody)
  }

  @Test func aProblemIsOneObjectWhateverStandsInIt() {
    let problem = Problem(.tooManyRequests, "\"<script>\u{7}", do: "wait", retryAfter: 6)
    #expect(
      String(decoding: problem.bytes, as: UTF8.self)
        == #"{"type":"urn:muttd:problem:too-many-requests","title":"Too many failures","status":429,"#
        + #""detail":"\"<script>\u0007","do":"wait"}"# + "\n")
    for kind in Problem.Kind.allCases { #expect((400...503).contains(kind.status)) }
  }
}
