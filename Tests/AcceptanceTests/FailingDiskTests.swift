import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// An outbox that fails under a running daemon.
@Suite struct FailingDiskTests {
  /// Beyond this size every write of the daemon fails, as on a disk that is broken; nil: none does.
  private func limitFiles(of daemon: DaemonProcess, to bytes: Int?) async throws {
    try await Tool.succeed(
      "prlimit", ["--pid", "\(daemon.pid)", "--fsize=\(bytes.map(String.init) ?? "unlimited"):"],
      in: daemon.place.workspace)
  }

  @Test func alertsGoOnFromMemoryWhileTheDiskFails() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await Workspace.with("failing") { workspace in
      var place = try DaemonPlace(workspace, settings)
      // A write beyond the limit is to fail, and not to end the process.
      place.prefix = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]
      let daemon = try await place.start()
      defer { daemon.child.signal(SIGKILL) }
      let sender = try UDPSender(port: place.syslogPort)
      try await sender.send(0..<20, rate: 2_000)
      try await eventually("the first are delivered") { receiver.count >= 20 }
      // As large as the log of the transactions is by now, and larger than that for people.
      let log = workspace.file("state/outbox.db-wal")
      let size = try #require(
        try FileManager.default.attributesOfItem(atPath: log)[.size] as? NSNumber)
      try await limitFiles(of: daemon, to: max(size.intValue, daemon.log.utf8.count) + 100_000)
      var next = 20
      try await eventually("it is said", within: .seconds(120)) {
        try await sender.send(next..<next + 20, rate: 2_000)
        next += 20
        return daemon.log.contains("the outbox cannot be written; alerts are tried from memory")
      }
      let sent = next
      try await eventually("all are delivered, from memory") {
        receiver.numbers.isSuperset(of: 0..<sent)
      }
      let problems = try await daemon.readiness()?.body["problems"].items ?? []
      #expect(problems.contains { $0["check"] == "outbox" && $0["state"] == "unwritable" })
      try await limitFiles(of: daemon, to: nil)
      try await eventually("it works again") {
        daemon.log.contains("the outbox can be written again; what was kept in memory moves there")
      }
      try await eventually("the audit has caught up") {
        let metrics = try await daemon.scrape()
        return metrics.pending == 0 && metrics.auditPending == 0
      }
      #expect(
        try await place.audit("SELECT count(*) AS count FROM event_audit_log")
          == [.object(["count": .integer(Int64(sent))])])
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  /// A shell in which somebody has typed BEGIN IMMEDIATE.
  @Test func alertsGoOnFromMemoryWhileAShellHoldsTheOutbox() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await withDaemon("held-outbox", settings) { daemon in
      let workspace = daemon.place.workspace
      let sender = try UDPSender(port: daemon.place.syslogPort)
      try await sender.send(0..<20, rate: 2_000)
      try await eventually("the first are delivered") { receiver.count >= 20 }
      // It reads on from a pipe that nobody writes to.
      try await Tool.succeed("mkfifo", [workspace.file("words")], in: workspace)
      let shell = try await Child(
        "sqlite3",
        [
          daemon.place.outboxDatabase, ".timeout 60000", "BEGIN IMMEDIATE", ".shell touch held",
          ".read words",
        ], in: workspace.path, outputFile: workspace.file("shell.out"),
        errorFile: workspace.file("shell.err"))
      try await eventually("the shell holds it") {
        FileManager.default.fileExists(atPath: workspace.file("held"))
      }
      try await sender.send(20..<220, rate: 500)
      try await eventually("all are delivered, from memory") {
        receiver.numbers.isSuperset(of: 0..<220)
      }
      let problems = try await daemon.readiness()?.body["problems"].items ?? []
      #expect(problems.contains { $0["check"] == "outbox" && $0["do"].string?.contains("fuser") == true })
      await shell.destroy()
      try await eventually("it works again") {
        daemon.log.contains("the outbox can be written again; what was kept in memory moves there")
      }
      try await eventually("the audit has caught up") {
        let metrics = try await daemon.scrape()
        return metrics.pending == 0 && metrics.auditPending == 0
      }
      let said = daemon.logLines.filter {
        $0["msg"].string?.hasPrefix("outbox.db is locked by another program") == true
      }
      #expect(said.count == 1, "\(said)")
      let sent = "SELECT count(*) AS count FROM event_audit_log WHERE forwarded_to_moog"
      try await eventually("it says that all were sent") {
        try await daemon.place.audit(sent) == [.object(["count": .integer(220)])]
      }
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  @Test func damageUnderARunningDaemonEndsItInOrderAndTheNextStartSaves() async throws {
    let isDown = Atomic<Bool>(true)
    let receiver = try WebhookReceiver { _, _ in .status(isDown.load(ordering: .relaxed) ? 503 : 200) }
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await Workspace.with("damaged") { workspace in
      let place = try DaemonPlace(workspace, settings)
      let daemon = try await place.start()
      defer { daemon.child.signal(SIGKILL) }
      let sender = try UDPSender(port: place.syslogPort)
      try await sender.send(0..<500, rate: 5_000)
      try await eventually("all wait in the outbox") {
        let metrics = try await daemon.scrape()
        return metrics.pending == 500 && metrics.auditPending == 0
      }
      // Into the file itself, of which the daemon then remembers nothing: the pages that lead to the others
      // are noise.
      _ = try await Tool.sqlite(place.outboxDatabase, "PRAGMA wal_checkpoint(TRUNCATE)", in: workspace)
      let file = try FileHandle(forUpdating: URL(fileURLWithPath: place.outboxDatabase))
      let pages = Int(try file.seekToEnd()) / 4_096
      for page in 1..<min(pages, 20) {
        try file.seek(toOffset: UInt64(page * 4_096))
        try file.write(contentsOf: Data(repeating: 0x5a, count: 4_096))
      }
      try file.close()
      let ending = try await eventually("the daemon notices, and ends") {
        sender.send(NumberedMessage.syslog(900))
        return daemon.child.poll()
      }
      #expect(ending == .code(74), "\(daemon.log.suffix(3_000))")
      #expect(daemon.log.contains("the outbox is damaged; the daemon ends"))
      #expect(daemon.accounting?.imbalances == [])
      #expect(!FileManager.default.fileExists(atPath: place.outboxDatabase + ".closed"))

      isDown.store(false, ordering: .relaxed)
      let again = try await place.start()
      defer { again.child.signal(SIGKILL) }
      #expect(again.log.contains("the outbox is damaged; what can be read is taken into a fresh file"))
      try await eventually("what was saved is delivered") {
        sender.send(NumberedMessage.syslog(901))
        let numbers = receiver.numbers
        return numbers.contains(901) && numbers.count > 50
      }
      #expect(try await again.stop() == .code(0))
      #expect(again.accounting?.imbalances == [])
    }
  }
}
