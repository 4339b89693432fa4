import Intake
import Model
import Policy
import Synchronization
import Testing

@testable import Daemon

/// Storms at the desk: who is a source, that every datagram is in the books, and what people are told.
@Suite struct StormTests {
  private let start = Timestamp(seconds: 1_795_219_200)
  private let limit = StormLimit(rate: Rate(10, per: .second), burst: 5)
  private let linkDown =
    "30818c0201010406733363726574a77f0204606fb8800201000201003071301006082b0601020101030043040083d60c"
    + "3017060a2b06010603010104010006092b0601060301010503300f060a2b060102010202010103020103300f060a2b06"
    + "0102010202010702020101300f060a2b060102010202010803020102301106092b0601060312010300"
    + "4004c0000207"

  private func desk(_ yaml: String = "identity: {trusted_relays: [10.0.0.9]}") throws -> DecisionDesk {
    let (config, problems) = Config.parse(
      yaml + "\nstorm: {rate: 10/s, burst: 5}\nsnmp: {communities: [any]}", file: "muttd.yaml")
    #expect(problems == [])
    let loaded = try #require(config)
    #expect(loaded.workerSettings.storm == limit)
    var desk = DecisionDesk(settings: loaded.workerSettings)
    try desk.adopt(VerbDesk.compile(Catalog(), loaded))
    desk.beginStorms(monotonic: 1_000_000_000_000, now: start)
    return desk
  }

  /// Sends lines as one batch and says what it adds to the books.
  private func send(
    _ count: Int, _ line: String, from peer: String, _ desk: inout DecisionDesk
  ) throws -> WorkerTally {
    var tally = WorkerTally()
    let about = Datagram(peer: try #require(IPAddress(peer)), port: 514, arrival: start)
    let bytes = Array(line.utf8)
    for _ in 0..<count {
      desk.syslog(bytes.span, about, id: EventID(rawValue: 1), now: start, &tally)
    }
    return tally
  }

  private func shed(_ tally: WorkerTally) -> UInt64 { tally.discarded[DiscardReason.storm.rawValue] }

  @Test func everyDatagramIsInTheBooks() throws {
    var desk = try desk()
    let tally = try send(100, "<13>core1 app: x", from: "10.0.0.1", &desk)
    #expect(tally.datagrams == 100 && tally.syslog == 5 && shed(tally) == 95)
    #expect(tally.received == tally.matched + tally.unmatched)
    #expect(tally.bytes == 1_600)
    #expect(tally.parse[Int(ParseStatus.loose.rawValue)] == 5)
    #expect(tally.auditSkipped == 5)
  }

  @Test func aHeaderSpendsNobodyElsesShare() throws {
    var desk = try desk()
    for host in 0..<50 {
      _ = try send(10, "<13>1 - core\(host) app - - - x", from: "10.0.0.1", &desk)
    }
    #expect(shed(try send(5, "<13>1 - core1 app - - - x", from: "10.0.0.2", &desk)) == 0)
    #expect(shed(try send(1, "<13>1 - core99 app - - - x", from: "10.0.0.1", &desk)) == 1)
  }

  @Test func aListedRelayIsNotOneDevice() throws {
    var desk = try desk()
    for host in 0..<50 {
      let tally = try send(5, "<13>1 - core\(host) app - - - x", from: "10.0.0.9", &desk)
      #expect(shed(tally) == 0)
    }
    // Each host of its own, however it is spelt; what names none is the relay's.
    for host in ["core1", "CORE1", "core1."] {
      let tally = try send(7, "<13>1 - \(host) app - - - x", from: "10.0.0.9", &desk)
      #expect(shed(tally) == 7 && tally.datagrams == 7 && tally.received == 0)
      #expect(tally.parse[Int(ParseStatus.rfc5424.rawValue)] == 0)
    }
    #expect(shed(try send(6, "<13>1 - - app - - - x", from: "10.0.0.9", &desk)) == 1)
    // The same name from elsewhere is another source.
    #expect(shed(try send(5, "<13>1 - core1 app - - - x", from: "10.0.0.8", &desk)) == 0)
  }

  @Test func whereEveryoneIsBelievedARelayIsOneSource() throws {
    var desk = try desk("identity: {trusted_relays: any}")
    _ = try send(5, "<13>1 - core1 app - - - x", from: "10.0.0.9", &desk)
    #expect(shed(try send(5, "<13>1 - core2 app - - - x", from: "10.0.0.9", &desk)) == 5)
  }

  @Test func trapsAreLimitedToo() throws {
    var desk = try desk()
    let packet = try #require(VerbHex.bytes(Array(linkDown.utf8)))
    for (peer, passed) in [("10.0.0.1", 5), ("10.0.0.9", 5)] as [(String, UInt64)] {
      var tally = WorkerTally()
      let about = Datagram(peer: try #require(IPAddress(peer)), port: 162, arrival: start)
      for _ in 0..<20 { desk.trap(packet.span, about, id: EventID(rawValue: 1), now: start, &tally) }
      #expect(tally.datagrams == 20 && tally.traps == passed && shed(tally) == 20 - passed)
      #expect(tally.bytes == 20 * UInt64(packet.count))
    }
    #expect(desk.storms.active == 2)
  }

  @Test func beginningAndEndAreTold() throws {
    let heard = Mutex<[Notice]>([])
    let gauge = StormGauge()
    var desk = try desk()
    func watch(_ desk: inout DecisionDesk, at seconds: Int64, isLast: Bool = false) {
      let monotonic = 1_000_000_000_000 + seconds * 1_000_000_000
      desk.beginStorms(monotonic: monotonic, now: start.adding(seconds: seconds))
      desk.watchStorms(
        monotonic: monotonic, limit: limit, gauge: gauge,
        notices: { notice in heard.withLock { $0.append(notice) } }, isLast: isLast)
    }
    _ = try send(8, "<13>1 - core1. app - - - x", from: "10.0.0.9", &desk)
    _ = try send(9, "<13>1 - core1 app - - - x", from: "10.0.0.7", &desk)
    watch(&desk, at: 0)
    #expect(gauge.state.active == 2 && gauge.state.begun == 2)
    #expect(gauge.state.largest.map(StormNotice.name) == "10.0.0.7")
    watch(&desk, at: 5)
    watch(&desk, at: 11)
    #expect(gauge.state.active == 0 && gauge.state.largest == nil)
    let notices = heard.withLock { $0 }
    #expect(
      notices.map { $0.fields[0].1 }
        == ["core1 by 10.0.0.9", "10.0.0.7", "core1 by 10.0.0.9", "10.0.0.7"].map { .text($0) })
    #expect(notices.allSatisfy { $0.level == .warning && $0.component == "intake" })
    #expect(
      notices[2]
        == Notice(
          .warning, "intake", "a storm is over",
          [
            ("name", .text("core1 by 10.0.0.9")), ("source_ip", .text("10.0.0.9")), ("host", .text("core1")),
            ("rate", .text("10/s")), ("burst", .number(5)), ("shed", .number(3)), ("received", .number(3)),
            ("since", .text("2026-11-21T00:00:00.000Z")), ("lasted_s", .number(0)),
            ("events_per_s", .number(3)),
          ]))
    _ = try send(30, "<13>x", from: "10.0.0.7", &desk)
    watch(&desk, at: 12, isLast: true)
    #expect(heard.withLock { $0.count } == 6)
    #expect(gauge.state.active == 0)
  }

  @Test(arguments: [
    (
      "rate: 500",
      #"storm.rate: "500" is no rate of 1 to 1000000; write it like 500/s (s, m, h), or null for none"#
    ),
    ("rate: 5/s, burst: 0", "storm.burst: must lie in 1...1000000"),
  ])
  func whatIsNoLimitIsAnError(storm: String, expected: String) {
    let (config, problems) = Config.parse(
      "storm: {\(storm)}\nsnmp: {communities: [any]}", file: "muttd.yaml")
    #expect(config == nil && problems.map(\.description) == ["muttd.yaml:1: \(expected)"])
  }

  @Test func itIsOffUnlessARateIsGiven() {
    #expect(Config().workerSettings.storm == nil)
    let desk = DecisionDesk(settings: Config().workerSettings)
    let guards = desk.guardsStorms
    #expect(!guards)
  }
}
