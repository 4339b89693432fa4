import Foundation
import Testing

/// A community is compared and nothing else: whatever comes of a trap, it stands nowhere in it.
@Suite struct CommunityTests {
  private static let good = "s3cret-that-is-let-in"
  private static let wrong = "gu3ss-that-is-refused"
  private static let proxied = "pr0xy-that-stands-inside"

  /// `packet` with another community than `public`.
  private func changed(_ packet: [UInt8], _ community: String) throws -> [UInt8] {
    let at = try #require(packet.indices.first { packet[$0...].starts(with: BER.text("public")) })
    let start = packet[1] < 0x80 ? 2 : 2 + Int(packet[1] & 0x7f)
    return BER.value(0x30, Array(packet[start..<at]) + BER.text(community) + packet[(at + 8)...])
  }

  /// Every file below a directory, its bytes as text of one byte a character.
  private func files(in directory: String) throws -> [(name: String, text: String)] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: directory)
    return names.compactMap { name in
      FileManager.default.contents(atPath: directory + "/" + name).map {
        (name, String(decoding: $0.map { $0 < 0x80 ? $0 : 0x3f }, as: UTF8.self))
      }
    }
  }

  @Test func noCommunityIsLeftAnywhere() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    var settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    settings.extra = "snmp: {communities: ['${env:MUTT_TEST_COMMUNITY}']}\n"
    let environment = ["MUTT_TEST_COMMUNITY": Self.good]
    try await withDaemon("community", settings, environment: environment) { daemon in
      let place = daemon.place
      // A proxy's varbind, and a value that any device might send.
      let inside = [
        BER.sequence([BER.oid([0x2b, 6, 1, 6, 3, 18, 1, 4, 0]), BER.text(Self.proxied)]),
        BER.sequence([BER.oid([0x2b, 6, 1, 2, 1, 2, 2, 1, 2, 3]), BER.text("Gi0/1")]),
      ]
      let notification = BER.v2c(trap: BER.linkDown, varbinds: inside)
      var inform = notification
      inform[try #require(inform.firstIndex(of: 0xa7))] = 0xa6
      let enterprise = BER.v1(enterprise: [0x2b, 6, 1, 4, 1, 9, 9, 41])
      let traps = try UDPSender(port: place.trapPort)
      for community in [Self.good, Self.wrong] {
        for packet in [notification, inform, enterprise] {
          let packet = try changed(packet, community)
          traps.send(packet)
          // Cut in a value and in a length: malformed, both of them.
          traps.send(Array(packet.dropLast(3)))
          traps.send(Array(packet.prefix(1)))
        }
      }
      try await eventually("all are counted") { try await daemon.scrape().datagrams == 18 }
      let metrics = try await daemon.scrape()
      #expect(metrics.received == 3)
      #expect(metrics.sum("mutt_discarded_total", "reason=\"refused\"") == 3)
      #expect(metrics.sum("mutt_discarded_total", "reason=\"malformed_snmp\"") == 12)
      try await eventually("three are delivered and in the audit") {
        let rows = try await place.auditColumn("SELECT count(*) FROM event_audit_log WHERE forwarded_to_moog")
        return receiver.count >= 3 && rows == ["3"]
      }
      let seen = try await HTTPAnswer.get("/metrics", port: place.httpPort)?.body ?? ""
      let tails = [
        try await place.muttd("audit", "events").output, try await place.muttd("unmatched", "list").output,
        try await place.muttd("hosts", "device", "unmapped").output,
      ]
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])

      var said = [("log", daemon.log), ("output", daemon.child.output), ("metrics", "\(seen)")]
      said += tails.map { ("command line", $0) }
      said += receiver.received.map { ("webhook", String(decoding: $0.body, as: UTF8.self)) }
      said += receiver.received.map { ("webhook", "\($0.headers)") }
      said += try files(in: place.state)
      #expect(said.contains { $0.0 == "muttd.db" } && said.contains { $0.0 == "outbox.db" })
      #expect(said.contains { $0.1.contains("Gi0/1") }, "what is searched is there at all")
      for (place, text) in said {
        for community in [Self.good, Self.wrong, Self.proxied] {
          #expect(!text.contains(community), "\(place) shows \(community)")
        }
      }
    }
  }
}
