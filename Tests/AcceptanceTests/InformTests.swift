import Foundation
import Testing

/// What is acknowledged, and how often it is an event.
@Suite struct InformTests {
  private static let users = [
    SNMPUser(), SNMPUser(digest: "SHA"), SNMPUser(digest: "SHA-256", cipher: "AES"),
  ]

  /// The acknowledgement of what snmpinform sends gets lost twice: it sends the same PDU in another message
  /// each time.
  @Test func aRepeatedInformOfVersion3IsCountedOnce() async throws {
    let settings = DaemonSettings(extra: NetSNMP.snmp(Self.users))
    try await withDaemon("inform-v3-twice", settings) { daemon in
      let place = daemon.place
      for user in Self.users {
        let relay = try LossyRelay(to: place.trapPort, losing: 2)
        defer { relay.stop() }
        let sent = try await NetSNMP.run(
          "snmpinform", ["-t", "2", "-r", "20"] + user.options, to: "127.0.0.1:\(relay.port)",
          text: user.name, place.workspace)
        #expect(sent.ending == .code(0), "\(user.name): \(sent.errors)")
        #expect(relay.left == 0, "\(user.name)")
      }
      let metrics = try await daemon.scrape()
      #expect(metrics.received == Self.users.count)
      #expect(metrics.sum("mutt_discarded_total", "\"duplicate_inform\"") >= 2 * Self.users.count)
      #expect(metrics.imbalances == [])
      #expect(try await daemon.stop() == .code(0))
      #expect(
        try await place.auditColumn(
          "SELECT json_extract(raw_message, '$.varbinds[0].value') FROM event_audit_log ORDER BY id")
          == Self.users.map { Substring($0.name) })
    }
  }

  /// An agent that gives every inform the same request id.
  @Test func anotherInformOfTheSameRequestIDIsAnotherEvent() async throws {
    try await withDaemon("inform-one-id", DaemonSettings()) { daemon in
      let socket = try LoopbackSocket(.datagram)
      try socket.connect(port: daemon.place.trapPort)
      socket.limitReads(seconds: 60)
      let ifIndex: [UInt8] = [0x2b, 6, 1, 2, 1, 2, 2, 1, 1]
      for number in [3, 4, 3, 5, 4] as [UInt8] {
        var inform = BER.v2c(
          trap: BER.linkDown, varbinds: [BER.sequence([BER.oid(ifIndex + [number]), BER.integer(number)])])
        inform[try #require(inform.firstIndex(of: 0xa7))] = 0xa6
        socket.send(inform)
        #expect(!socket.receive().isEmpty)
      }
      let metrics = try await daemon.scrape()
      #expect(metrics.received == 3)
      #expect(metrics.sum("mutt_discarded_total", "\"duplicate_inform\"") == 2)
      #expect(try await daemon.stop() == .code(0))
      let indices = try await daemon.place.auditColumn(
        "SELECT json_extract(raw_message, '$.varbinds[0].value') FROM event_audit_log ORDER BY id")
      #expect(indices == ["3", "4", "5"])
    }
  }

  /// On all addresses of the machine: asked at its second one, it answers from there, as senders and the
  /// firewalls before them want it.
  @Test(arguments: ["0.0.0.0", "[::]"]) func answersComeFromTheAddressThatWasAsked(_ wildcard: String)
    async throws
  {
    let settings = DaemonSettings(extra: NetSNMP.snmp(Self.users) + "  communities: [public]\n")
    try await Workspace.with("inform-second") { workspace in
      let place = try DaemonPlace(workspace, settings)
      let daemon = try await place.start(environment: [
        "MUTT_LISTEN_SNMP": "['udp://\(wildcard):\(place.trapPort)']"
      ])
      let socket = try LoopbackSocket(.datagram)
      try socket.bind(host: "127.0.0.3")
      try socket.connect(host: "127.0.0.2", port: place.trapPort)
      socket.limitReads(seconds: 60)
      var inform = BER.v2c(trap: BER.linkDown)
      let at = try #require(inform.firstIndex(of: 0xa7))
      inform[at] = 0xa6
      socket.send(inform)
      inform[at] = 0xa2
      #expect(socket.receive() == inform)
      // The Reports of a discovery too.
      var agents = ["127.0.0.2:\(place.trapPort)"]
      if wildcard == "[::]" { agents.append("udp6:[::1]:\(place.trapPort)") }
      for agent in agents {
        for user in Self.users {
          let sent = try await NetSNMP.run(
            "snmpinform", ["-t", "10"] + user.options, to: agent, text: "a", workspace)
          #expect(sent.ending == .code(0), "\(agent) \(user.name): \(sent.errors)")
        }
      }
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }
}
