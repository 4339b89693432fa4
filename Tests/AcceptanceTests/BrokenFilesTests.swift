import Foundation
import Testing

/// A database that is broken is said, set aside and replaced; the daemon keeps receiving.
@Suite struct BrokenFilesTests {
  enum Damage: CaseIterable { case header, middle, truncated, noise }

  private func damage(_ file: String, _ kind: Damage) throws {
    for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + suffix) }
    var bytes = Array(try #require(FileManager.default.contents(atPath: file)))
    switch kind {
    case .header: bytes.replaceSubrange(0..<16, with: [UInt8](repeating: 0xaa, count: 16))
    case .middle:
      let start = bytes.count / 4
      bytes.replaceSubrange(start..<start * 3, with: [UInt8](repeating: 0x5a, count: start * 2))
    case .truncated: bytes.removeLast(bytes.count / 2 + 100)
    case .noise: bytes = [UInt8](repeating: 0x42, count: 5_000)
    }
    try Data(bytes).write(to: URL(fileURLWithPath: file))
  }

  @Test(arguments: ["muttd.db", "outbox.db"], Damage.allCases)
  func setAsideAndReplaced(file: String, kind: Damage) async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await Workspace.with("corrupt") { workspace in
      let place = try DaemonPlace(workspace, settings)
      let before = try await place.start()
      try await UDPSender(port: place.syslogPort).send(0..<200, rate: 10_000)
      try await eventually("the first flood is delivered") { receiver.count >= 200 }
      #expect(try await before.stop() == .code(0))
      let other = file == "muttd.db" ? place.outboxDatabase : place.auditDatabase
      let otherInode = try inode(other)
      try damage(place.state + "/" + file, kind)

      let daemon = try await place.start()
      try UDPSender(port: place.syslogPort).send(NumberedMessage.syslog(777))
      try await eventually("the daemon goes on delivering") {
        receiver.received.contains { $0.number == 777 }
      }
      try await eventually("and goes on writing the audit") {
        try await !place.audit("SELECT 1 FROM event_audit_log WHERE raw_message LIKE '%n=777 %'").isEmpty
      }
      #expect(
        daemon.logLines.contains { line in
          (line["level"] == "error" || line["level"] == "warning") && "\(line)".contains(file)
        }, "the log does not speak of \(file):\n\(daemon.log)")
      let names = try FileManager.default.contentsOfDirectory(atPath: place.state)
      #expect(names.contains { $0.hasPrefix(file + ".corrupt") }, "nothing set aside in \(names)")
      #expect(try inode(other) == otherInode, "the other file was taken along")
      #expect(try await daemon.scrape().imbalances == [])
      #expect(try await daemon.stop() == .code(0))
    }
  }

  private func inode(_ file: String) throws -> Int {
    try #require(try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber] as? Int)
  }
}
