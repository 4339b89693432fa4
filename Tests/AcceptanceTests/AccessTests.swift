import Foundation
import Testing

/// `listen.allow` and `snmp.sources` with the real daemon: who is not let in is counted and not read.
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

  /// `snmp.sources` holds for every version in place of `listen.allow`, which goes on to hold for syslog.
  @Test func trapsHaveNetworksOfTheirOwn() async throws {
    let user = SNMPUser(digest: "SHA", cipher: "AES")
    let settings = DaemonSettings(
      rules: SampleRules.yaml, extra: NetSNMP.snmp([user]) + "  sources: [127.0.0.2, 127.0.0.16/28]\n")
    let environment = ["MUTT_LISTEN_ALLOW": "[127.0.0.1]"]
    try await withDaemon("sources", settings, environment: environment) { daemon in
      let place = daemon.place
      var inform = BER.v2c(trap: BER.linkDown)
      inform[try #require(inform.firstIndex(of: 0xa7))] = 0xa6
      var answered: [String] = []
      for source in ["127.0.0.1", "127.0.0.2", "127.0.0.15", "127.0.0.17", "127.0.0.32"] {
        let syslog = try UDPSender(port: place.syslogPort, from: source)
        syslog.send(NumberedMessage.syslog(1))
        let traps = try UDPSender(port: place.trapPort, from: source)
        traps.send(BER.v1(enterprise: [0x2b, 6, 1, 4, 1, 9]))
        traps.send(BER.v2c(trap: BER.linkDown))
        // Not even looked at where it is refused: else it would count as malformed.
        traps.send([0x30])
        let socket = try LoopbackSocket(.datagram)
        try socket.bind(host: source)
        try socket.connect(port: place.trapPort)
        socket.limitReads(seconds: 2)
        socket.send(inform)
        if !socket.receive().isEmpty { answered.append(source) }
        // Who is not let in does not hear of the engine either.
        let sent = try await NetSNMP.run(
          "snmpinform", ["-t", "1", "-r", "0", "--clientaddr=\(source)"] + user.options,
          to: "127.0.0.1:\(place.trapPort)", text: source, place.workspace)
        #expect((sent.ending == .code(0)) == answered.contains(source), "\(source): \(sent.errors)")
      }
      #expect(answered == ["127.0.0.2", "127.0.0.17"])
      let metrics = try await eventually("all datagrams are counted") {
        let metrics = try await daemon.scrape()
        #expect(metrics.imbalances == [])
        // Of each source one of syslog; of those let in v1, v2c, one inform of v2c and one of v3.
        return metrics.received == 1 + 2 * 4 ? metrics : nil
      }
      #expect(metrics.sum("mutt_discarded_total", "reason=\"malformed_snmp\"") == 2)
      // Syslog of four, and at least five traps of three.
      #expect(metrics.sum("mutt_discarded_total", "reason=\"refused\"") >= 4 + 3 * 5)
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
      let peers = try await place.auditColumn(
        "SELECT DISTINCT source_addr FROM event_audit_log WHERE source = 'trap' ORDER BY source_addr")
      #expect(peers == ["127.0.0.17", "127.0.0.2"])
      let refusals = daemon.logLines.filter { $0["key"].string == "snmp.sources" }
      #expect(!refusals.isEmpty && refusals.count <= 3)
      #expect(refusals.allSatisfy { !answered.contains($0["source_ip"].string ?? "") })
    }
  }
}
