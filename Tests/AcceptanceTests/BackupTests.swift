import Foundation
import TestKit
import Testing

/// `muttd db backup` beside a busy daemon, and the way back.
@Suite struct BackupTests {
  private func message(_ number: Int) -> [UInt8] {
    NumberedMessage.syslog(number, words: number % 10 == 0 ? "link is down" : "nothing of note")
  }

  @Test func aCopyMadeBesideABusyDaemonStartsAsOne() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await Workspace.with("backup") { workspace in
      let place = try DaemonPlace(workspace, settings)
      let first = try await place.start()
      let sender = try UDPSender(port: place.syslogPort)
      try await sender.send(1..<1_000, rate: 2_000, message: message)
      async let copying = place.muttd("db", "backup", workspace.file("copy"))
      try await sender.send(1_000..<4_000, rate: 1_000, message: message)
      let copied = try await copying
      #expect(copied.ending == .code(0), "\(copied.errors)")
      #expect(copied.output.split(separator: "\n").count == 2, "\(copied.output)")
      let taken = try await place.muttd("db", "backup", workspace.file("copy"))
      #expect(taken.ending == .code(1))
      #expect(taken.errors.contains("is not empty"), "\(taken.errors)")
      try await eventually("everything is audited") { try await first.scrape().auditPending == 0 }
      #expect(try await first.stop() == .code(0))
      let whole = Set(try await place.auditColumn("SELECT id FROM event_audit_log"))

      // Back to the copy, as docs/operations.md says it.
      for name in try FileManager.default.contentsOfDirectory(atPath: place.state)
      where name.hasPrefix("muttd.db") || name.hasPrefix("outbox.db") {
        try FileManager.default.removeItem(atPath: place.state + "/" + name)
      }
      for name in ["muttd.db", "outbox.db"] {
        #expect(
          try await Tool.sqliteColumn(workspace.file("copy/" + name), "PRAGMA integrity_check", in: workspace)
            == ["ok"])
        try FileManager.default.copyItem(
          atPath: workspace.file("copy/" + name), toPath: place.state + "/" + name)
      }
      let then = Set(try await place.auditColumn("SELECT id FROM event_audit_log"))
      #expect(!then.isEmpty && then.isSubset(of: whole))
      let second = try await place.start()
      sender.send(NumberedMessage.syslog(9_000, words: "link is down"))
      try await eventually("the copy decides and audits") {
        receiver.received.contains { $0.number == 9_000 }
      }
      try await eventually("nothing waits") {
        let metrics = try await second.scrape()
        #expect(metrics.imbalances == [])
        return metrics.auditPending == 0 && metrics.pending == 0
      }
      #expect(try await second.stop() == .code(0))
      // Every matched event of the copy, carried ones too, is there exactly once.
      let rows = try await place.auditColumn(
        "SELECT raw_message FROM event_audit_log WHERE matched_rule_id IS NOT NULL")
      let numbers = rows.compactMap { NumberedMessage.number(in: Array($0.utf8)) }
      #expect(numbers.count == Set(numbers).count && numbers.contains(9_000))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: workspace.path).contains {
          $0.contains("partial")
        } == false)
    }
  }

  @Test func withAServerOnlyTheOutboxIsCopied() async throws {
    let database = try await PostgreSQLDatabase.make()
    var settings = DaemonSettings()
    settings.extra = "store: {url: '\(database.daemonURL)'}\n"
    try await withDaemon("backup-server", settings) { daemon in
      let copy = daemon.place.workspace.file("copy")
      let result = try await daemon.place.muttd("db", "backup", copy, "--json")
      #expect(result.ending == .code(0), "\(result.errors)")
      #expect(JSON(result.output)?["file"] == .string(copy + "/outbox.db"))
      #expect(result.errors.contains("pg_dump -Fc"), "\(result.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: copy) == ["outbox.db"])
    }
  }

  @Test func whatCannotBeCopiedLeavesNothingBehind() async throws {
    try await Workspace.with("backup-none") { workspace in
      let missing = try await Tool.run(
        Binary.path, ["db", "backup", "copy", "--state-directory", workspace.file("state")], in: workspace)
      #expect(missing.ending == .code(69))
      try workspace.makeDirectory("state")
      try workspace.write("this is no database, whatever its name says\n", to: "state/muttd.db")
      let damaged = try await Tool.run(
        Binary.path, ["db", "backup", "copy", "--state-directory", workspace.file("state")], in: workspace)
      #expect(damaged.ending == .code(74), "\(damaged.errors)")
      #expect(
        !(try FileManager.default.contentsOfDirectory(atPath: workspace.path)).contains {
          $0.hasPrefix("copy")
        })
    }
  }
}
