import Foundation
import TestKit
import Testing

/// Events a second, as `MUTTD_OUTAGE` says; 0: nobody asks for this.
private enum Outage {
  static let rate = ProcessInfo.processInfo.environment["MUTTD_OUTAGE"].flatMap { Int($0) } ?? 0
}

extension UnderLoad {
  /// The server is away for a minute while 20,000 events arrive every second, one in twenty of them for
  /// somebody. Run by hand, with the release build:
  ///
  ///     MUTTD_OUTAGE=20000 MUTTD_BINARY=.build/release/muttd scripts/test --filter OutageOfAMinute
  @Suite(.enabled(if: Outage.rate > 0, "MUTTD_OUTAGE names no rate"))
  struct OutageOfAMinuteTests {
    private static func message(_ number: Int) -> [UInt8] {
      NumberedMessage.syslog(number, words: number % 20 == 0 ? "link is down" : "nothing of note")
    }

    @Test func noMatchedRowIsLostOrDoubled() async throws {
      let cluster = try await PostgreSQLCluster.start()
      let database = try await offPool { try cluster.makeDatabase() }
      let receiver = try WebhookReceiver()
      defer { receiver.stop() }
      var settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
      settings.auditEvents = "matched"
      settings.extra = "store: {url: '\(database.daemonURL)'}\n"
      try await withDaemon("outage", settings) { daemon in
        let sender = try UDPSender(port: daemon.place.syslogPort)
        let ends = [2, 62, 64].map { $0 * Outage.rate }
        try await sender.send(0..<ends[0], rate: Outage.rate, message: Self.message)
        try await offPool { try cluster.stop(.immediate) }
        let before = receiver.count
        let away = ContinuousClock.now
        try await sender.send(ends[0]..<ends[1], rate: Outage.rate, message: Self.message)
        let lasted = ContinuousClock.now - away
        let (during, memory) = (receiver.count - before, Memory(of: daemon.pid))
        try await offPool { try cluster.start() }
        let back = ContinuousClock.now
        try await sender.send(ends[1]..<ends[2], rate: Outage.rate, message: Self.message)
        try await eventually("the rows have followed", within: .seconds(600)) {
          try await daemon.scrape().auditPending == 0
        }
        let caughtUp = ContinuousClock.now - back
        try await eventually("every alert is delivered", within: .seconds(600)) {
          try await daemon.scrape().pending == 0
        }
        let metrics = try await daemon.scrape()
        #expect(metrics.imbalances == [])
        let matched = metrics.sum("mutt_events_matched_total")
        let rows = try await offPool {
          try database.run("SELECT count(*), count(DISTINCT id) FROM event_audit_log")
        }
        #expect(rows == "\(matched)|\(matched)")
        let delivered = Set(receiver.received.map(\.key)).count
        #expect(delivered == matched)
        print(
          """
          sent \(ends[2]) in \(lasted) and 4 s, received \(metrics.sum("mutt_events_received_total")), \
          matched \(matched), rows \(rows), delivered \(delivered), while it was away \(during); \
          caught up \(caughtUp) after its return; \(memory)
          """)
        #expect(try await daemon.stop() == .code(0))
      }
      withExtendedLifetime(cluster) {}
    }
  }
}
