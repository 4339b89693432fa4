import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension UnderLoad {
  /// The books balance at every moment, and what they say is what is there.
  @Suite struct AccountingTests {
    /// Of every ten messages: six are forwarded, two only recorded, two match nothing.
    private static func message(_ number: Int) -> [UInt8] {
      switch number % 10 {
      case 0..<6: NumberedMessage.syslog(number)
      case 6..<8: NumberedMessage.syslog(number, words: "configured from console")
      default: NumberedMessage.syslog(number, words: "nothing to see")
      }
    }

    private static func isForwarded(_ number: Int) -> Bool { number % 10 < 6 }

    /// A flood of numbered messages, and what the daemon says about it while it comes in.
    private func flood(_ daemon: DaemonProcess, _ numbers: Range<Int>, rate: Int) async throws {
      let port = daemon.place.syslogPort
      let sender = Task {
        try await UDPSender(port: port).send(numbers, rate: rate, message: Self.message)
      }
      var scrapes = 0
      while true {
        let metrics = try await daemon.scrape()
        #expect(metrics.imbalances == [], "at scrape \(scrapes)")
        scrapes += 1
        let arrived = metrics.datagrams + metrics.kernelDropped
        if arrived >= numbers.count, metrics.pending == 0, metrics.auditPending == 0 { break }
        guard scrapes < 3_000 else { throw HarnessError("still busy: \(metrics.samples)") }
        try await Task.sleep(for: .milliseconds(20))
      }
      try await sender.value
    }

    @Test func everyScrapeAndTheLastLineBalance() async throws {
      // Every seventh request fails once more than it should: retries must not be counted as deliveries.
      let moog = try WebhookReceiver { _, index in .status(index % 7 == 3 ? 503 : 200) }
      let pager = try WebhookReceiver()
      defer {
        moog.stop()
        pager.stop()
      }
      let settings = DaemonSettings(
        rules: SampleRules.yaml, destinations: [("moog", moog.url), ("pager", pager.url)])
      let numbers = 0..<20_000
      try await withDaemon("accounts", settings) { daemon in
        try await flood(daemon, numbers, rate: 5_000)
        // Six malformed traps, one that is no notification, and one good one among them.
        let traps = try UDPSender(port: daemon.place.trapPort)
        for length in 1...6 { traps.send(Array(BER.v2c(trap: BER.linkDown).prefix(length * 4))) }
        traps.send(BER.sequence([BER.integer(1), BER.text("public"), BER.sequence([], tag: 0xa0)]))
        traps.send(BER.v2c(trap: BER.linkDown))
        let last = try await eventually("all traps are counted") {
          let metrics = try await daemon.scrape()
          #expect(metrics.imbalances == [])
          let isSettled = metrics.pending == 0 && metrics.auditPending == 0
          return isSettled && metrics.datagrams + metrics.kernelDropped == numbers.count + 8 ? metrics : nil
        }
        #expect(last.sum("mutt_discarded_total") == 7)

        #expect(try await daemon.stop() == .code(0))
        let accounting = try #require(daemon.accounting, "no accounting line in the log")
        #expect(accounting.missingKeys == [])
        #expect(accounting.imbalances == [])
        // Without the right to a large buffer the kernel may drop some, and says how many.
        let dropped = accounting["kernel_dropped"]
        // Four in ten are of one kind that no rule takes, which is told once.
        let told = accounting["internal"]
        #expect(told == 1)
        #expect(accounting["received"] == numbers.count + 1 + told - dropped)
        try await expectAudit(daemon.place, holds: accounting["received"] - 1 - told)
        let raw = try await daemon.place.auditColumn(
          "SELECT raw_message FROM event_audit_log WHERE source = 'syslog'")
        let audited = Set(raw.compactMap { NumberedMessage.number(in: Array($0.utf8)) })
        let forwarded = audited.filter(Self.isForwarded)
        #expect(accounting["forwardable"] == forwarded.count + 1 + told)
        #expect(accounting["deliveries"] == 2 * (forwarded.count + 1 + told))
        #expect(accounting["delivered"] == accounting["deliveries"])
        for receiver in [moog, pager] {
          #expect(receiver.numbers == forwarded)
        }
      }
    }

    @Test func theBooksSurviveKills() async throws {
      let receiver = try WebhookReceiver()
      defer { receiver.stop() }
      let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
      try await Workspace.with("carried") { workspace in
        let place = try DaemonPlace(workspace, settings)
        var number = 0
        for _ in 0..<3 {
          let daemon = try await place.start()
          let sender = try UDPSender(port: place.syslogPort)
          let start = number
          try await sender.send(start..<start + 2_000, rate: 8_000, message: Self.message)
          number += 2_000
          #expect(try await daemon.scrape().imbalances == [])
          await daemon.kill()
        }
        let daemon = try await place.start()
        #expect(try await daemon.scrape().imbalances == [])
        try await flood(daemon, number..<number + 2_000, rate: 4_000)
        #expect(try await daemon.stop() == .code(0))
        let accounting = try #require(daemon.accounting)
        #expect(accounting.imbalances == [])
        #expect(accounting["pending"] == 0)
        #expect(accounting["audit_pending"] == 0)

        // What was forwarded stands in the audit once, marked as forwarded, and nothing else is marked.
        let wrong = try await place.audit(
          """
          SELECT e.id FROM event_audit_log e JOIN alert_rules r ON r.id = e.matched_rule_id
          WHERE (r.name = 'numbered') <> e.forwarded_to_moog
          """)
        #expect(wrong == [])
        let twice = try await place.audit(
          "SELECT raw_message FROM event_audit_log GROUP BY raw_message HAVING count(*) > 1")
        #expect(twice == [])
        let ids = try await place.auditColumn(
          """
          SELECT e.id FROM event_audit_log e
          JOIN alert_rules r ON r.id = e.matched_rule_id WHERE r.name = 'numbered'
          """)
        #expect(Set(ids.map(String.init)) == Set(receiver.received.filter { $0.number != nil }.map(\.key)))
      }
    }

    /// Each syslog message stands in the audit exactly once.
    private func expectAudit(_ place: DaemonPlace, holds count: Int) async throws {
      let rows = try await place.audit(
        """
        SELECT count(*) AS count, count(DISTINCT raw_message) AS distinct_count FROM event_audit_log
        WHERE source = 'syslog'
        """)
      #expect(rows.first?["count"].integer == Int64(count))
      #expect(rows.first?["distinct_count"].integer == Int64(count))
    }
  }
}
