import Foundation
import Testing

/// `muttd send trap` and `muttd send inform` with SNMPv3, and what they say of a refusal.
@Suite struct SendSecuredTests {
  private static func user(password: String = "authentic-pass") -> [String] {
    [
      "--user", "ops", "--auth", "SHA-256", "--auth-password", password, "--privacy", "AES",
      "--privacy-password", "private-pass",
    ]
  }

  private func send(_ kind: String, _ words: [String], _ daemon: DaemonProcess) async throws -> Tool.Result {
    let place = daemon.place
    return try await Tool.run(
      Binary.path, ["send", kind, "--to", "127.0.0.1:\(place.trapPort)"] + words, in: place.workspace)
  }

  @Test func whatIsSentIsTakenAndAcknowledged() async throws {
    let settings = DaemonSettings(extra: "snmp:\n" + SampleUser.yaml)
    try await withDaemon("send-v3", settings) { daemon in
      let varbinds = ["linkDown", "ifIndex.3=i:3"]
      let patience = ["--timeout", "30"]
      for (kind, words) in [
        ("trap", Self.user() + varbinds), ("inform", patience + varbinds),
        ("inform", Self.user() + patience + varbinds),
      ] {
        let sent = try await send(kind, words, daemon)
        #expect(sent.ending == .code(0), "\(kind) \(words): \(sent.errors)")
      }
      try await eventually("three events") { try await daemon.scrape().received == 3 }
      try await eventually("two answers are counted") {
        try await daemon.scrape().sum("mutt_answers_total", "acknowledgement") == 2
      }
      let versions = "SELECT json_extract(raw_message, '$.version') FROM event_audit_log ORDER BY id"
      try await eventually("they are in the audit") {
        try await daemon.place.auditColumn(versions) == ["3", "2c", "3"]
      }
      let stranger = Self.user(password: "another-pass")
      let refused = try await send("inform", stranger + patience + varbinds, daemon)
      #expect(refused.ending == .code(69))
      #expect(refused.errors.contains("refuses the inform") && !refused.errors.contains("another-pass"))
      #expect(try await daemon.scrape().received == 3)
      #expect(try await daemon.stop() == .code(0))
      // Nobody is there any more.
      let alone = try await send("inform", ["--timeout", "0.1"] + varbinds, daemon)
      #expect(alone.ending == .code(69) && !alone.errors.isEmpty)
    }
  }
}
