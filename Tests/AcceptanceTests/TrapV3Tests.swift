import Foundation
import Testing

/// SNMPv3 and informs with net-snmp's own senders: every pair of algorithms that Debian's build offers, and
/// every way to be refused.
@Suite struct TrapV3Tests {
  private static let settings = DaemonSettings(extra: NetSNMP.snmp(NetSNMP.users))

  private func texts(_ daemon: DaemonProcess) async throws -> [String] {
    try await daemon.place.audit(
      "SELECT json_extract(raw_message, '$.varbinds[0].value') AS text FROM event_audit_log"
    ).compactMap { $0["text"].string }.sorted()
  }

  /// Everybody by trap and by inform, over IPv4 and over IPv6.
  @Test func everyPairOfAlgorithmsIsUnderstood() async throws {
    try await Workspace.with("v3-pairs") { workspace in
      let place = try DaemonPlace(workspace, Self.settings)
      let daemon = try await place.start(environment: [
        "MUTT_LISTEN_SNMP": "['udp://127.0.0.1:\(place.trapPort)', 'udp://[::1]:\(place.trapPort)']"
      ])
      let agents = [
        ("4", "127.0.0.1:\(place.trapPort)"), ("6", "udp6:[::1]:\(place.trapPort)"),
      ]
      try await withThrowingTaskGroup(of: Void.self) { group in
        // Few engines for many users, as where a device is spoken for by several.
        for number in 0..<4 {
          group.addTask {
            for place in stride(from: number, to: NetSNMP.users.count, by: 4) {
              let user = NetSNMP.users[place]
              for (family, agent) in agents {
                for (command, options) in [
                  ("snmptrap", ["-e", "0x80000000010000000\(number)"]),
                  ("snmpinform", ["-t", "60", "-r", "0"]),
                ] {
                  let text = "\(command) \(family) \(user.name)"
                  let sent = try await NetSNMP.run(
                    command, options + user.options, to: agent, text: text, workspace,
                    as: "\(command)-\(number)")
                  #expect(sent.ending == .code(0), "\(text): \(sent.errors)")
                }
              }
            }
          }
        }
        try await group.waitForAll()
      }
      let expected = ["snmpinform 4 ", "snmpinform 6 ", "snmptrap 4 ", "snmptrap 6 "].flatMap { lead in
        NetSNMP.users.map { lead + $0.name }
      }.sorted()
      try await eventually("all of them are in the audit") { try await texts(daemon).count >= expected.count }
      #expect(try await texts(daemon) == expected)
      // An answer is counted after it left.
      try await eventually("every answer is counted") {
        try await daemon.scrape().sum("mutt_answers_total", "acknowledgement") == expected.count / 2
      }
      let metrics = try await daemon.scrape()
      #expect(metrics.imbalances == [])
      #expect(metrics.sum("mutt_discarded_total") == metrics.sum("mutt_discarded_total", "\"discovery\""))
      #expect(metrics.sum("mutt_answers_lost_total") == 0)
      #expect(metrics.sum("mutt_snmp_engines") == 4)
      #expect(try await daemon.stop() == .code(0))
      #expect(!daemon.log.contains("authentic-") && !daemon.log.contains("confident-"))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  @Test func overIPv6AndWithACommunityToo() async throws {
    try await Workspace.with("v3-six") { workspace in
      let place = try DaemonPlace(workspace, Self.settings)
      let daemon = try await place.start(environment: [
        "MUTT_LISTEN_SNMP": "['udp://[::1]:\(place.trapPort)']"
      ])
      let agent = "udp6:[::1]:\(place.trapPort)"
      let user = SNMPUser(digest: "SHA-512", cipher: "AES-256")
      #expect(
        try await NetSNMP.run("snmpinform", ["-t", "10"] + user.options, to: agent, text: "a", workspace)
          .ending
          == .code(0))
      #expect(
        try await NetSNMP.run(
          "snmpinform", ["-t", "10", "-v2c", "-c", "public"], to: agent, text: "b", workspace
        )
        .ending == .code(0))
      try await eventually("both are in the audit") { try await texts(daemon) == ["a", "b"] }
      #expect(try await daemon.stop() == .code(0))
    }
  }

  /// What is wrong, the word for it among the metrics, and what the tool hears.
  @Test func everyRefusalHasItsCounterAndItsReport() async throws {
    try await withDaemon("v3-refused", Self.settings) { daemon in
      let place = daemon.place
      let agent = "127.0.0.1:\(place.trapPort)"
      let good = SNMPUser(digest: "SHA", cipher: "AES")
      func changed(_ option: String, _ value: String) -> [String] {
        var options = good.options
        if let at = options.firstIndex(of: option) { options[at + 1] = value }
        return options
      }
      let cases: [([String], reason: String, heard: String)] = [
        (changed("-u", "nobody"), "unknown_user", "Unknown user name"),
        (changed("-A", "some-other-password"), "wrong_digest", "Authentication failure"),
        (changed("-X", "some-other-password"), "decryption_error", "Decryption error"),
        (changed("-l", "noAuthNoPriv"), "unsupported_security_level", "Unsupported security level"),
        (good.options + ["-e", "0x8000000001020304"], "unknown_engine", ""),
      ]
      for (options, reason, heard) in cases {
        let sent = try await NetSNMP.run(
          "snmpinform", ["-t", "10", "-r", "0"] + options, to: agent, text: reason, place.workspace)
        #expect(sent.ending == .code(1), "\(reason)")
        #expect(heard.isEmpty || sent.errors.contains(heard), "\(reason): \(sent.errors)")
        let metrics = try await daemon.scrape()
        #expect(metrics.sum("mutt_discarded_total", "\"\(reason)\"") >= 1, "\(reason)")
      }
      #expect(try await daemon.scrape().received == 0)
      try await eventually("every reason is in the log") {
        let words = daemon.logLines.filter { $0["msg"] == "SNMP messages were not taken" }
        return Set(words.compactMap { $0["reason"].string }) == Set(cases.map(\.reason))
      }
      #expect(!daemon.log.contains("some-other-password") && !daemon.log.contains("nobody"))
      #expect(try await daemon.stop() == .code(0))
    }
  }

  /// Informs from one socket: acknowledged when new and when repeated, counted once.
  @Test func aRepeatedInformIsAcknowledgedAgainAndCountedOnce() async throws {
    try await withDaemon("inform-twice", DaemonSettings()) { daemon in
      let socket = try LoopbackSocket(.datagram)
      try socket.connect(port: daemon.place.trapPort)
      socket.limitReads(seconds: 60)
      var inform = BER.v2c(trap: BER.linkDown)
      let at = try #require(inform.firstIndex(of: 0xa7))
      inform[at] = 0xa6
      var response = inform
      response[at] = 0xa2
      for _ in 0..<3 {
        socket.send(inform)
        #expect(socket.receive() == response)
      }
      let metrics = try await daemon.scrape()
      #expect(metrics.received == 1)
      #expect(metrics.sum("mutt_discarded_total", "\"duplicate_inform\"") == 2)
      // An answer is counted after it left.
      try await eventually("three answers are counted") {
        try await daemon.scrape().sum("mutt_answers_total", "acknowledgement") == 3
      }
      // Another request of the same sender is another event.
      inform[at + 4] = 2
      socket.send(inform)
      #expect(!socket.receive().isEmpty)
      #expect(try await daemon.scrape().received == 2)
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  /// The engine keeps its id over a restart and counts its starts: what was recorded before is old.
  @Test func theEngineCountsItsStarts() async throws {
    try await Workspace.with("v3-boots") { workspace in
      let place = try DaemonPlace(workspace, Self.settings)
      var told: [(id: [UInt8], boots: UInt8)] = []
      for _ in 0..<2 {
        let daemon = try await place.start()
        let socket = try LoopbackSocket(.datagram)
        try socket.connect(port: place.trapPort)
        socket.limitReads(seconds: 60)
        let parameters = BER.sequence([
          BER.text(""), BER.integer(0), BER.integer(0), BER.text(""), BER.text(""), BER.text(""),
        ])
        let header = BER.sequence([
          BER.integer(1), BER.value(0x02, [0x05, 0xDC]), BER.value(0x04, [4]), BER.integer(3),
        ])
        let pdu = BER.sequence([BER.integer(1), BER.integer(0), BER.integer(0), BER.sequence([])], tag: 0xa0)
        let scoped = BER.sequence([BER.text(""), BER.text(""), pdu])
        socket.send(BER.sequence([BER.integer(3), header, BER.value(0x04, parameters), scoped]))
        let report = socket.receive()
        // The engine id is the first string of 13 bytes, its boots stand behind it.
        let at = try #require(report.indices.first { report[$0...].starts(with: [0x04, 13, 0x80]) })
        told.append((Array(report[at + 2..<at + 15]), report[at + 17]))
        #expect(try await daemon.stop() == .code(0))
      }
      #expect(told[0].id == told[1].id)
      #expect(told[0].boots == 1)
      #expect(told[1].boots == 2)
    }
  }

  /// A trap that somebody recorded is as old after a restart as before it, with an orderly stop and without.
  @Test func aRecordedTrapStaysOldOverARestart() async throws {
    let user = SNMPUser(digest: "SHA-256", cipher: "AES")
    try await Workspace.with("v3-replay") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings(extra: NetSNMP.snmp([user])))
      func send(_ clock: String, _ engine: String, _ text: String) async throws {
        let sent = try await NetSNMP.run(
          "snmptrap", ["-e", "0x800000000100\(engine)", "-Z", clock] + user.options,
          to: "127.0.0.1:\(place.trapPort)", text: text, workspace)
        #expect(sent.ending == .code(0), "\(sent.errors)")
      }
      var daemon = try await place.start()
      try await send("5,1000", "0001", "first")
      try await send("5,2000", "0001", "second")
      try await eventually("both are taken") { try await daemon.scrape().received == 2 }
      #expect(try await daemon.stop() == .code(0))

      daemon = try await place.start()
      #expect(try await daemon.scrape().sum("mutt_snmp_engines") == 1)
      try await send("5,1000", "0001", "first")
      try await send("4,9000", "0001", "of an earlier start")
      try await send("5,2100", "0001", "third")
      try await send("1,2000", "0002", "another")
      try await eventually("all are counted") {
        let metrics = try await daemon.scrape()
        return metrics.sum("mutt_discarded_total", "\"not_in_time_window\"") == 2 && metrics.received == 2
      }
      try await eventually("the other is kept", within: .seconds(60)) {
        try await Tool.sqliteColumn(
          place.outboxDatabase, "SELECT hex(engine) || time FROM engines ORDER BY engine", in: workspace)
          == ["80000000010000012100", "80000000010000022000"]
      }
      await daemon.kill()

      daemon = try await place.start()
      try await send("1,1000", "0002", "another")
      try await eventually("it is refused") {
        try await daemon.scrape().sum("mutt_discarded_total", "\"not_in_time_window\"") == 1
      }
      #expect(try await daemon.stop() == .code(0))
      #expect(try await texts(daemon) == ["another", "first", "second", "third"])
    }
  }

  /// A device that was replaced counts its starts anew: refused until somebody says that it is the device.
  @Test func aReplacedDeviceIsTakenOnceItsEngineIsForgotten() async throws {
    let user = SNMPUser(digest: "SHA-256", cipher: "AES")
    try await Workspace.with("v3-forget") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings(extra: NetSNMP.snmp([user])))
      func send(_ clock: String, _ text: String) async throws {
        let sent = try await NetSNMP.run(
          "snmptrap", ["-e", "0x8000000001000003", "-Z", clock] + user.options,
          to: "127.0.0.1:\(place.trapPort)", text: text, workspace)
        #expect(sent.ending == .code(0), "\(sent.errors)")
      }
      func refused(_ daemon: DaemonProcess) async throws -> Int {
        try await daemon.scrape().sum("mutt_discarded_total", "\"not_in_time_window\"")
      }
      var daemon = try await place.start()
      try await send("9,5000", "the old one")
      try await eventually("its clock is kept") {
        try await place.muttd("engines", "list").output.contains("8000000001000003      9  5000")
      }
      try await send("1,60", "refused")
      try await eventually("it is refused") { try await refused(daemon) == 1 }
      let unknown = try await place.muttd("engines", "forget", "8000000001000004")
      #expect(unknown.ending == .code(1) && unknown.errors.contains("not kept"))
      #expect(try await place.muttd("engines", "forget", "what").ending == .code(64))
      #expect(try await place.muttd("engines", "forget", "0x8000000001000003").ending == .code(0))
      try await eventually("the daemon has forgotten it") {
        daemon.logLines.contains {
          $0["msg"] == "an engine was forgotten by hand" && $0["engine_id"] == "8000000001000003"
        }
      }
      try await send("1,70", "the new one")
      try await eventually("it is taken") { try await daemon.scrape().received == 2 }
      try await send("1,71", "and again")
      try await eventually("it is the device now") { try await daemon.scrape().received == 3 }
      #expect(try await refused(daemon) == 1)
      #expect(try await daemon.stop() == .code(0))

      // Nobody runs: the next start goes by it.
      #expect(try await place.muttd("engines", "forget", "8000000001000003").ending == .code(0))
      #expect(try await place.muttd("engines", "list").output == "no engine is known\n")
      daemon = try await place.start()
      #expect(try await daemon.scrape().sum("mutt_snmp_engines") == 0)
      try await send("1,5", "the new one after all")
      try await eventually("it is taken") { try await daemon.scrape().received == 1 }
      #expect(daemon.log.contains("an engine was forgotten by hand"))
      #expect(try await daemon.stop() == .code(0))
    }
  }
}
