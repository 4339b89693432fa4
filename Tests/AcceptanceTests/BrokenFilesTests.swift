import Foundation
import Synchronization
import Testing

/// A database that is broken is said, set aside and replaced; the daemon keeps receiving.
@Suite struct BrokenFilesTests {
  enum Damage: CaseIterable { case header, middle, truncated, noise }

  private func damage(_ file: String, _ kind: Damage) throws {
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
    let isDown = Atomic<Bool>(true)
    let receiver = try WebhookReceiver { _, _ in .status(isDown.load(ordering: .relaxed) ? 503 : 200) }
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await Workspace.with("corrupt") { workspace in
      let place = try DaemonPlace(workspace, settings)
      let before = try await place.start()
      try await UDPSender(port: place.syslogPort).send(0..<200, rate: 10_000)
      // Both files are full: the receiver takes nothing yet.
      try await eventually("the first flood is written down") {
        let metrics = try await before.scrape()
        return metrics.pending == 200 && metrics.auditPending == 0
      }
      #expect(try await before.stop() == .code(0))
      let other = file == "muttd.db" ? place.outboxDatabase : place.auditDatabase
      let otherInode = try inode(other)
      // The damage is to be in the file itself, not in what its log would mend.
      _ = try await Tool.sqlite(
        place.state + "/" + file, "PRAGMA wal_checkpoint(TRUNCATE)", in: workspace)
      try damage(place.state + "/" + file, kind)

      isDown.store(false, ordering: .relaxed)
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
      if file == "muttd.db" {
        try await eventually("what was pending is delivered") {
          receiver.numbers.isSuperset(of: 0..<200)
        }
      } else {
        let rows = try await place.audit("SELECT count(*) AS count FROM event_audit_log")
        #expect(rows == [.object(["count": 201])])
      }
      #expect(try await daemon.scrape().imbalances == [])
      #expect(try await daemon.stop() == .code(0))
    }
  }

  /// A byte in the log that a killed daemon left: SQLite takes it for the log's end, the daemon says what is
  /// lost.
  @Test func damageInTheLogOfTheOutboxIsSaid() async throws {
    let isDown = Atomic<Bool>(true)
    let receiver = try WebhookReceiver { _, _ in .status(isDown.load(ordering: .relaxed) ? 503 : 200) }
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await Workspace.with("log-damage") { workspace in
      let place = try DaemonPlace(workspace, settings)
      let before = try await place.start()
      try await UDPSender(port: place.syslogPort).send(0..<100, rate: 500)
      try await eventually("all wait in the outbox") {
        let metrics = try await before.scrape()
        return metrics.pending == 100 && metrics.auditPending == 0
      }
      await before.kill()
      let log = place.outboxDatabase + "-wal"
      var bytes = Array(try #require(FileManager.default.contents(atPath: log)))
      let size = 24 + 4_096
      // A log that was begun anew holds frames of its former life behind those that count.
      let frames = stride(from: 32, to: bytes.count, by: size).prefix {
        bytes[($0 + 8)..<($0 + 16)] == bytes[16..<24]
      }.count
      bytes[32 + frames / 2 * size + 1_000] ^= 1
      try Data(bytes).write(to: URL(fileURLWithPath: log))

      isDown.store(false, ordering: .relaxed)
      let daemon = try await place.start()
      let line = try #require(
        daemon.logLines.first { $0["msg"].string?.hasPrefix("the log of the outbox is damaged") == true })
      #expect(line["level"] == "error" && line["path"] == .string(log))
      #expect(line["frame"] == .integer(Int64(frames / 2 + 1)))
      #expect(line["frames_behind"] == .integer(Int64(frames - frames / 2 - 1)))
      let kept = try #require(line["kept"].string)
      #expect(FileManager.default.contents(atPath: kept) == Data(bytes))
      try UDPSender(port: place.syslogPort).send(NumberedMessage.syslog(777))
      try await eventually("what came before the damage is delivered, and what comes") {
        let numbers = receiver.numbers
        return try await daemon.scrape().pending == 0 && numbers.contains(777) && numbers.count > 1
      }
      #expect(try await daemon.scrape().imbalances == [])
      #expect(try await daemon.stop() == .code(0))
      let next = try await place.start()
      #expect(!next.log.contains("the log of the outbox"))
      #expect(try await next.stop() == .code(0))
    }
  }

  /// Somebody removes the outbox of a daemon that runs: what it owes is written again, and survives a kill.
  @Test func aRemovedOutboxIsWrittenAgain() async throws {
    let isDown = Atomic<Bool>(true)
    let receiver = try WebhookReceiver { _, _ in .status(isDown.load(ordering: .relaxed) ? 503 : 200) }
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await Workspace.with("removed") { workspace in
      let place = try DaemonPlace(workspace, settings)
      let before = try await place.start()
      let sender = try UDPSender(port: place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("it waits in the outbox") { try await before.scrape().pending == 1 }
      try FileManager.default.removeItem(atPath: place.outboxDatabase)
      sender.send(NumberedMessage.syslog(2))
      try await eventually("the file is written again, and that is said") {
        before.logLines.contains {
          $0["level"] == "error" && $0["msg"].string?.hasPrefix("the outbox was removed or replaced") == true
        }
      }
      sender.send(NumberedMessage.syslog(3))
      try await eventually("all wait in the outbox") { try await before.scrape().pending == 3 }
      #expect(try await before.readiness()?.status == 200)
      await before.kill()
      isDown.store(false, ordering: .relaxed)
      let daemon = try await place.start()
      try await eventually("all three are delivered") {
        receiver.numbers.isSuperset(of: 1...3)
      }
      #expect(try await daemon.stop() == .code(0))

      // Removed between two runs there is nothing left to write; but it is said.
      try FileManager.default.removeItem(atPath: place.outboxDatabase)
      let last = try await place.start()
      #expect(
        last.logLines.contains {
          $0["level"] == "error" && $0["msg"].string?.hasPrefix("the outbox was not there") == true
        })
      let ready = try #require(try await last.readiness())
      #expect(ready.status == 200 && "\(ready.body)".contains("it was not there at the start"))

      try FileManager.default.removeItem(atPath: place.auditDatabase)
      try await eventually("that the store was removed is said") {
        last.log.contains("muttd.db was removed or replaced under the daemon")
      }
      let after = try #require(try await last.readiness())
      #expect(after.status == 200 && "\(after.body)".contains("the file was removed or replaced"))
      #expect(try await last.stop() == .code(0))
      #expect(!daemon.log.contains("the outbox was not there"))
    }
  }

  private func inode(_ file: String) throws -> Int {
    try #require(try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber] as? Int)
  }
}
