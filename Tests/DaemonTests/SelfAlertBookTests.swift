import Console
import Model
import Testing

@testable import Daemon

@Suite struct SelfAlertBookTests {
  private static let second: Int64 = 1_000_000_000

  private static func trouble(
    _ subject: String = "destination/moog", state: String = "held", level: UInt64 = 0
  ) -> SelfTrouble {
    SelfTrouble(
      subject: subject, state: state, reason: "401", remedy: "muttd reload", severity: 3, level: level)
  }

  /// Looks in each of `seconds`; `troubles` says what there is in it. What was said, with its second.
  private static func told(
    _ seconds: some Sequence<Int>, _ book: inout SelfAlertBook, _ troubles: (Int) -> [SelfTrouble]
  ) -> [String] {
    var told: [String] = []
    for time in seconds {
      for news in book.look(at: troubles(time), now: Int64(time) * second) {
        told.append("\(time) \(news.trouble.subject) \(news.kind) \(news.trouble.state)")
      }
    }
    return told
  }

  @Test func whatLastsIsSaidOnceAndItsEndToo() {
    var book = SelfAlertBook()
    let told = Self.told(0..<10_000, &book) { (100..<5_000).contains($0) ? [Self.trouble()] : [] }
    #expect(told == ["102 destination/moog begins held", "5005 destination/moog ends held"])
  }

  @Test func whatMayPassIsSaidWhenItHasLasted() {
    var book = SelfAlertBook()
    var failing = Self.trouble()
    failing.patience = 300 * Self.second
    let told = Self.told(0..<1_000, &book) { $0 < 200 || (300..<700).contains($0) ? [failing] : [] }
    #expect(told == ["600 destination/moog begins held", "705 destination/moog ends held"])
  }

  @Test func theAgeIsThatOfTheTrouble() {
    var book = SelfAlertBook()
    var ages: [Int64] = []
    for time in 0..<Int64(200) {
      let troubles = (10..<100).contains(time) ? [Self.trouble()] : []
      ages += book.look(at: troubles, now: time * Self.second).map { $0.age / Self.second }
    }
    #expect(ages == [2, 95])
  }

  @Test func whatComesAndGoesIsNoNews() {
    var book = SelfAlertBook()
    // A second at a time, then gaps shorter than a recovery.
    #expect(Self.told(0..<98, &book) { $0 % 3 == 0 ? [Self.trouble()] : [] } == [])
    let told = Self.told(100..<300, &book) { $0 % 10 < 7 ? [Self.trouble()] : [] }
    #expect(told == ["102 destination/moog begins held"])
  }

  @Test func flappingIsBounded() {
    var book = SelfAlertBook()
    // Ten seconds there, ten away, for an hour.
    let told = Self.told(0..<3_600, &book) { $0 / 10 % 2 == 0 ? [Self.trouble()] : [] }
    #expect(told.count <= SelfAlertBook.perHour)
    #expect(told.count > 10)
    for pair in zip(told, told.dropFirst()) {
      #expect(pair.0.contains("begins") != pair.1.contains("begins"))
    }
  }

  @Test func anotherStateIsSaidAfterAPause() {
    var book = SelfAlertBook()
    let told = Self.told(0..<1_000, &book) { [Self.trouble(state: $0 < 10 ? "open" : "held")] }
    #expect(told == ["2 destination/moog begins open", "62 destination/moog changes held"])
  }

  @Test func growthIsSaidNowAndThen() {
    var book = SelfAlertBook()
    let told = Self.told(0..<4_000, &book) { [Self.trouble("dead/moog", level: UInt64(min($0, 2_000)))] }
    #expect(told.map { $0.split(separator: " ")[0] } == ["2", "902", "1802", "2702"])
  }

  @Test func anHourHoldsNoMoreThanItsLimitAndNothingIsLost() {
    var book = SelfAlertBook()
    let many = (0..<100).map { Self.trouble("destination/d\(1_000 + $0)") }
    let first = Self.told(0..<3_600, &book) { _ in many }
    #expect(first.count == SelfAlertBook.perHour)
    let later = Self.told(stride(from: 3_600, to: 5 * 3_600, by: 10), &book) { _ in many }
    #expect(Set((first + later).map { $0.split(separator: " ")[1] }).count == 100)
    // Over before it could be said: nothing is said.
    var other = SelfAlertBook()
    let told = Self.told(0..<8_000, &other) { $0 < 3_000 ? many : [] }
    let begun = Set(told.filter { $0.contains("begins") }.map { $0.split(separator: " ")[1] })
    let ended = Set(told.filter { $0.contains("ends") }.map { $0.split(separator: " ")[1] })
    #expect(begun.count == SelfAlertBook.perHour && ended == begun)
  }

  // MARK: - After a restart

  private static func remembering(_ trouble: SelfTrouble) -> SelfAlertBook {
    var book = SelfAlertBook()
    book.remember(trouble, since: -100 * second, now: 0)
    return book
  }

  @Test func whatIsStillThereAfterARestartIsNotToldAgain() {
    var book = Self.remembering(Self.trouble())
    let told = Self.told(1..<5_000, &book) { (20..<1_000).contains($0) ? [Self.trouble()] : [] }
    #expect(told == ["1005 destination/moog ends held"])
  }

  @Test func whatIsGoneAfterARestartIsToldToBeOver() {
    var book = Self.remembering(Self.trouble())
    var ages: [Int64] = []
    var kinds: [SelfAlertBook.News.Kind] = []
    for time in 1..<Int64(200) {
      for news in book.look(at: [], now: time * Self.second) {
        ages.append(news.age / Self.second)
        kinds.append(news.kind)
      }
    }
    #expect(ages == [130] && kinds == [.ends])
  }

  @Test func whatNobodyKnowsYetIsNotOver() {
    var book = Self.remembering(Self.trouble())
    var told: [String] = []
    for time in 1..<1_000 {
      let unproved: Set = time < 300 ? ["destination/moog", "destination/other"] : []
      for news in book.look(at: [], unproved: unproved, now: Int64(time) * Self.second) {
        told.append("\(time) \(news.kind)")
      }
    }
    #expect(told == ["329 ends"])
  }

  /// A destination that was open fails for a while before it is open again.
  @Test func whatIsOnItsWayBackToTheSameStateIsNotToldAgain() {
    var book = Self.remembering(Self.trouble(state: "open"))
    var failing = Self.trouble(state: "failing")
    failing.patience = 300 * Self.second
    let told = Self.told(1..<2_000, &book) { [$0 < 200 ? failing : Self.trouble(state: "open")] }
    #expect(told == [])
    book = Self.remembering(Self.trouble(state: "open"))
    let later = Self.told(1..<2_000, &book) { _ in [failing] }
    #expect(later == ["301 destination/moog changes failing"])
  }

  @Test func anotherStateAndGrowthAreToldAfterARestart() {
    var book = Self.remembering(Self.trouble(level: 1_000))
    // What counts since the start begins at nothing.
    let told = Self.told(1..<2_000, &book) {
      [Self.trouble(state: $0 < 1_500 ? "held" : "open", level: $0 < 100 ? 0 : 5)]
    }
    #expect(told == ["900 destination/moog changes held", "1500 destination/moog changes open"])
  }

  // MARK: - What is a trouble

  private static func problem(_ check: String, _ name: String, _ state: String) -> Readiness.Problem {
    Readiness.Problem(check: check, name: name, state: state, reason: "why", do: "muttd do")
  }

  @Test func troublesOfReadiness() {
    var readiness = Readiness(status: .degraded, version: "1", node: 0, uptime: 1)
    readiness.problems = [
      Self.problem("destination", "moog", "held"), Self.problem("destination", "moog", "dead"),
      Self.problem("destination", "chat", "failing"), Self.problem("destination", "unrouted", "unrouted"),
      Self.problem("destination", "ops", "held"), Self.problem("destination", "ops", "dead"),
      Self.problem("destination", "spare", "open"), Self.problem("store", "muttd.db", "down"),
      Self.problem("store", "spool", "behind"), Self.problem("rules", "a", "quarantined"),
      Self.problem("rules", "b", "quarantined"), Self.problem("rules", "guard", "guarded"),
      Self.problem("disk", "/var/lib/muttd", "low"), Self.problem("storm", "core1", "shedding"),
      Self.problem("outbox", "outbox.db", "unwritable"),
      Self.problem("intake", "udp://0.0.0.0:514", "stalled"),
      Self.problem("store", "audit.max_size", "announced"),
      Self.problem("store", "audit.min_free", "exceeded"),
    ]
    var accounts = Accounts()
    accounts.destinations[accounts.destination("moog")].dead = 7
    accounts.unrouted = 5
    let troubles = SelfWatch.troubles(readiness, accounts, hearing: ["ops", "spare"])
    #expect(
      troubles.map(\.subject) == [
        "destination/moog", "dead/moog", "destination/chat", "routing", "store", "rules/guard", "disk",
        "outbox/outbox.db", "intake/udp://0.0.0.0:514", "store/audit.max_size", "store/audit.min_free",
        "rules/quarantine",
      ])
    #expect(troubles[3].level == 5 && troubles[3].state == "incomplete")
    #expect(troubles[1].level == 7 && troubles.last?.level == 2)
    #expect(troubles.last?.reason == "a and 1 others cannot be used: why")
    #expect(troubles.allSatisfy { !$0.remedy.isEmpty && (0...4).contains($0.severity) })
  }

  /// Who would take over hears of others as long as nobody needs it, and others hear of it.
  @Test(
    arguments: [
      ([], ["spare", "third"]), (["ops"], ["third"]), (["spare"], ["spare", "third"]),
      (["ops", "spare"], []),
      (["ops", "spare", "third"], []),
    ] as [([String], [String])])
  func whatIsTold(shut: [String], told: [String]) {
    var readiness = Readiness(status: .degraded, version: "1", node: 0, uptime: 1)
    var accounts = Accounts()
    for name in ["ops", "spare", "third"] {
      accounts.destinations[accounts.destination(name)].dead = 1
      readiness.problems.append(Self.problem("destination", name, "dead"))
      if shut.contains(name) { readiness.problems.append(Self.problem("destination", name, "held")) }
    }
    let troubles = SelfWatch.troubles(readiness, accounts, hearing: ["ops", "spare", "third"])
    #expect(troubles.map(\.subject).filter { $0.hasPrefix("dead/") } == told.map { "dead/" + $0 })
  }

  @Test(arguments: [
    ("", ["ops"]), ("fallback: spare", ["ops", "spare"]), ("fallback: third", ["ops", "third"]),
  ])
  func whoHears(_ key: String, _ expected: [String]) throws {
    let yaml = """
      listen: {snmp: []}
      destinations:
        - {name: moog, url: 'https://moog.example/'}
        - {name: ops, url: 'https://ops.example/'\(key.isEmpty ? "" : ", " + key)}
        - {name: spare, url: 'https://spare.example/', fallback: ops}
        - {name: third, url: 'https://third.example/'}
      self_alerts: ops
      """
    let (config, problems) = Config.parse(yaml, file: "c.yaml")
    #expect(problems.isEmpty)
    let settings = try #require(config?.selfWatchSettings { $0 == "ops" ? 1 : nil })
    #expect(settings.target == 1 && settings.chain == expected && settings.handling == "Ticket_only")
  }
}
