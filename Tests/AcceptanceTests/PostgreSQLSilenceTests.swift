import Foundation
import TestKit
import Testing

/// A server that takes connections and says nothing, which is how many of them fail.
@Suite struct PostgreSQLSilenceTests {
  /// Neither a start nor a stop waits for it, though its address allows ten minutes for every host.
  @Test func silentServersHoldUpNeitherStartNorStop() async throws {
    let database = try await PostgreSQLDatabase.make()
    _ = try await offPool {
      try database.run(
        """
        INSERT INTO alert_rules (name, match_string, match_type, prod_handling, dev_handling)
        VALUES ('numbered', 'link is down', 'contains', 'Page_only', 'Log_only')
        """)
    }
    var settings = DaemonSettings()
    settings.auditEvents = "matched, retention_months: 0"
    settings.extra = "store: {url: '\(database.daemonURL)'}\n"
    let (one, two) = (SilentServer(), SilentServer())
    try await Workspace.with("silence") { workspace in
      let place = try DaemonPlace(workspace, settings)
      let first = try await place.start()
      #expect(try await first.stop() == .code(0))

      let yaml = try String(contentsOfFile: place.configFile, encoding: .utf8)
      try workspace.write(
        yaml.replacingOccurrences(
          of: database.daemonURL,
          with: "postgresql://muttd@127.0.0.1:\(one.port),127.0.0.1:\(two.port)/mutt?connect_timeout=600"),
        to: "muttd.yaml")
      let second = try await place.start()
      let sender = try UDPSender(port: place.syslogPort)
      try await sender.send(0..<50, rate: 1_000) { NumberedMessage.syslog($0) }
      try await eventually("the last good snapshot decides") {
        try await second.scrape().sum("mutt_events_matched_total") == 50
      }
      let body = try #require(try await second.readiness()).body
      #expect(body["rules", "from"] == .string("snapshot") && body["store", "up"] == .bool(false), "\(body)")
      #expect(try await second.stop() == .code(0))
      #expect(second.accounting?["audit_pending"] == 50, "\(second.log)")

      // What waited follows.
      try workspace.write(yaml, to: "muttd.yaml")
      let third = try await place.start()
      try await eventually("the rows have come") {
        try await third.scrape().sum("mutt_audit_rows_total") == 50
      }
      #expect(try await third.stop() == .code(0))
      let count = try await offPool { try database.run("SELECT count(*) FROM event_audit_log") }
      #expect(count == "50")
    }
    withExtendedLifetime((one, two)) {}
  }
}
