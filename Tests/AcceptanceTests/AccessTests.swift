import Foundation
import Testing

/// `listen.allow` with the real daemon: who is not let in is counted and not read.
@Suite struct AccessTests {
  @Test func refusedDatagramsAreCountedAndNothingElse() async throws {
    let settings = DaemonSettings(rules: SampleRules.yaml)
    let environment = ["MUTT_LISTEN_ALLOW": "[127.0.0.0/31, 127.0.0.3]"]
    try await withDaemon("access", settings, environment: environment) { daemon in
      for (source, numbers) in [("127.0.0.1", 0..<40), ("127.0.0.2", 40..<90), ("127.0.0.3", 90..<100)] {
        let syslog = try UDPSender(port: daemon.place.syslogPort, from: source)
        for number in numbers { syslog.send(NumberedMessage.syslog(number)) }
        let traps = try UDPSender(port: daemon.place.trapPort, from: source)
        traps.send(BER.v2c(trap: BER.linkDown))
        // Not even looked at where it is refused: else it would count as malformed.
        traps.send([0x30])
      }
      let metrics = try await eventually("all datagrams are counted") {
        let metrics = try await daemon.scrape()
        #expect(metrics.imbalances == [])
        return metrics.datagrams + metrics.kernelDropped == 106 ? metrics : nil
      }
      #expect(metrics.sum("mutt_discarded_total", "reason=\"refused\"") == 52)
      #expect(metrics.sum("mutt_discarded_total", "reason=\"malformed_snmp\"") == 2)
      #expect(metrics.received == 52)
      #expect(try await daemon.stop() == .code(0))
      let accounting = try #require(daemon.accounting)
      #expect(accounting.imbalances == [])
      #expect(accounting["discarded"] == 54)
      let peers = try await daemon.place.auditColumn(
        "SELECT DISTINCT source_addr FROM event_audit_log ORDER BY source_addr")
      #expect(peers == ["127.0.0.1", "127.0.0.3"])
      let refusals = daemon.logLines.filter { $0["key"].string == "listen.allow" }
      #expect(!refusals.isEmpty && refusals.count <= 3)
      #expect(refusals.allSatisfy { $0["source_ip"].string == "127.0.0.2" })
    }
  }
}
