import Foundation
import Testing

/// The audit of the embedded store within its bounds, under the daemon.
@Suite(.serialized) struct AuditBoundsTests {
  /// Rows of some weeks ago, one in ten with a rule, written while nobody else has the file.
  private func fill(
    _ place: DaemonPlace, rows: Int, daysAgo: Int = 20, through prefix: [String] = []
  ) async throws {
    let newest = "((strftime('%s', 'now') - \(daysAgo) * 86400 - 1577836800) * 1000)"
    let statement = """
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))
      INSERT INTO event_audit_log
        (id, event_timestamp, hostname, matched_rule_id, handling_decision, raw_message)
      SELECT (\(newest) - \(rows) + i) << 22, strftime('%Y-%m-%dT%H:%M:%f', 'now', '-20 days') || '000Z',
        'core1', iif(i % 10, NULL, (SELECT min(id) FROM alert_rules)),
        iif(i % 10, 'unmatched', 'Log_only'), hex(randomblob(100)) FROM n
      """
    let command = prefix + ["sqlite3", "-cmd", ".timeout 60000", place.auditDatabase, statement]
    _ = try await Tool.succeed(command[0], Array(command.dropFirst()), in: place.workspace)
  }

  /// A store with its rules, and nobody who has it open.
  private func prepare(_ place: DaemonPlace) async throws {
    let daemon = try await place.start()
    #expect(try await daemon.stop() == .code(0))
  }

  private func used(_ daemon: DaemonProcess) async throws -> Int {
    try await daemon.scrape().sum("mutt_store_bytes", "state=\"used\"")
  }

  private func settings(_ audit: String) -> DaemonSettings {
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.auditEvents = "all, \(audit)"
    settings.extra = "unmatched: {max_alerts_per_hour: 0}\n"
    return settings
  }

  /// A flood goes on, the file does not grow, and every row is written or counted as removed.
  @Test func aFloodFillsNoMoreThanItMay() async throws {
    try await Workspace.with("bounded") { workspace in
      let limit = 8 << 20
      let place = try DaemonPlace(workspace, settings("max_size: 8MiB, min_free: 0B, retention_months: 0"))
      try await prepare(place)
      try await fill(place, rows: 22_000)
      let daemon = try await place.start()
      let sender = try UDPSender(port: place.syslogPort)
      var largest = 0
      for part in 0..<8 {
        try await sender.send(part * 5_000..<(part + 1) * 5_000, rate: 4_000) { number in
          let words = number % 10 == 0 ? "configured from" : "nothing of note"
          return NumberedMessage.syslog(number, words: words + String(repeating: " more", count: 40))
        }
        let metrics = try await daemon.scrape()
        #expect(metrics.imbalances == [])
        largest = max(largest, metrics.sum("mutt_store_bytes", "state=\"used\""))
      }
      try await eventually("all of it is written, and the bound holds") {
        let metrics = try await daemon.scrape()
        let isWritten = metrics.auditPending == 0 && metrics.datagrams + metrics.kernelDropped == 40_000
        return isWritten && metrics.sum("mutt_store_bytes", "state=\"used\"") <= limit
      }
      // It goes on a little below the bound, and says then what went.
      var known = -1
      try await eventually("nothing goes any more", every: .seconds(2)) {
        let removed = try await daemon.scrape().sum("mutt_audit_removed_total")
        defer { known = removed }
        return removed == known
      }
      #expect(largest < 3 * limit, "some seconds of the flood beyond it")
      let metrics = try await daemon.scrape()
      let removed = metrics.sum("mutt_audit_removed_total")
      #expect(removed > 20_000)
      #expect(metrics.sum("mutt_audit_removed_total", "reason=\"max_size\"") == removed)
      #expect(metrics.sum("mutt_audit_removed_total", "event=\"matched\"") == 0)
      let rows = try await place.auditColumn(
        "SELECT count(*) FROM event_audit_log UNION ALL "
          + "SELECT count(*) FROM event_audit_log WHERE matched_rule_id IS NOT NULL"
      ).compactMap { Int($0) }
      #expect(rows[0] + removed == 22_000 + metrics.sum("mutt_audit_rows_total"))
      #expect(rows[1] == 2_200 + metrics.sum("mutt_events_matched_total"))
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
      let said = daemon.logLines.filter { $0["msg"].string?.hasPrefix("old rows of the audit") == true }
      #expect(said.reduce(0) { $0 + Int($1["unmatched"].integer ?? 0) } == removed)
      #expect(said.count < 40, "a line for each removal, none for a row")
      #expect(try await place.auditColumn("PRAGMA integrity_check") == ["ok"])
    }
  }

  /// Killed while rows go: what is left is whole, and it goes on.
  @Test func aKillInTheMidst() async throws {
    try await Workspace.with("killed") { workspace in
      let place = try DaemonPlace(workspace, settings("max_size: 16MiB, min_free: 0B, retention_months: 0"))
      try await prepare(place)
      let oldest = "SELECT min(id) FROM event_audit_log WHERE matched_rule_id IS NULL"
      let matchedRows = "SELECT count(*) FROM event_audit_log WHERE matched_rule_id IS NOT NULL"
      let held = """
        SELECT (page_count - freelist_count) * page_size
        FROM pragma_page_count, pragma_freelist_count, pragma_page_size
        """
      for kill in 0..<4 {
        // A little more than it may hold: what is much would be said before.
        let bytes = try await place.auditColumn(held).first.flatMap { Int($0) } ?? 0
        try await fill(place, rows: (17_800_000 - bytes) / 290, daysAgo: 20 - kill)
        let first = try await place.auditColumn(oldest)
        let daemon = try await place.launch()
        let matched = try await place.auditColumn(matchedRows)
        try await eventually("rows go", every: .milliseconds(10)) {
          try await place.auditColumn(oldest) != first
        }
        await daemon.kill()
        #expect(try await place.auditColumn("PRAGMA integrity_check") == ["ok"])
        #expect(try await place.auditColumn(matchedRows) == matched)
      }
      let daemon = try await place.start()
      try await eventually("the bound holds") {
        let bytes = try await used(daemon)
        return bytes > 0 && bytes <= 16 << 20
      }
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  @Test func aReloadSetsTheBounds() async throws {
    try await Workspace.with("reloaded-bounds") { workspace in
      let audit = "max_size: 0B, min_free: 0B, retention_months: 0"
      let place = try DaemonPlace(workspace, settings(audit))
      try await prepare(place)
      try await fill(place, rows: 20_000)
      let daemon = try await place.start()
      let original = text(of: place.configFile)
      func reload(_ bounds: String) async throws {
        let yaml = original.replacingOccurrences(of: audit, with: bounds)
        try Data(yaml.utf8).write(to: URL(fileURLWithPath: place.configFile))
        let result = try await place.muttd("reload")
        #expect(result.ending == .code(0), "\(result.errors)")
      }
      func announced() async throws -> [String] {
        let problems = try await daemon.readiness()?.body["problems"].items ?? []
        return problems.filter { $0["state"] == "announced" }.compactMap { $0["name"].string }
      }
      try await eventually("it is looked at") { try await used(daemon) > 0 }
      let full = try await used(daemon)
      // A slip of the finger: most of it would go.
      try await reload("max_size: 1MiB, min_free: 0B, retention_months: 0")
      try await eventually("it is said") { try await announced() == ["audit.max_size"] }
      #expect(try await used(daemon) == full)
      try await reload("max_size: 0B, min_free: 0B, retention_months: 0")
      try await eventually("nothing goes") { try await announced() == [] }
      try await reload("max_size: \(full * 95 / 100)B, min_free: 0B, retention_months: 0")
      try await eventually("a little goes") { try await used(daemon) <= full * 95 / 100 }
      #expect(try await used(daemon) > full * 85 / 100)
      #expect(!daemon.log.contains("take effect at the next start"))
      #expect(try await daemon.stop() == .code(0))
    }
  }

  @Test(
    .enabled(if: SmallDisk.isPossible, "mounting a small file system takes root"),
    arguments: SmallDisk.Kind.here)
  func aDiskThatFillsUpMakesRoom(on kind: SmallDisk.Kind) async throws {
    try await Workspace.with("min-free") { workspace in
      // Below the reserve the audit waits, unless its file has room inside.
      var settings = settings("max_size: 0B, min_free: 16MiB, retention_months: 0")
      settings.extra += "outbox: {reserve: 14MiB}\n"
      var place = try DaemonPlace(workspace, settings)
      let disk = try await SmallDisk(kind, at: place.state, mebibytes: 240, in: workspace)
      defer { disk.remove() }
      place.prefix = disk.prefix
      try await prepare(place)
      try await fill(place, rows: 40_000, through: disk.prefix)
      let daemon = try await place.start()
      try await eventually("it is looked at") { try await used(daemon) > 0 }
      let full = try await used(daemon)
      try disk.fill(leaving: 11 << 20)
      try await eventually("there is room in the file, or on the disk") {
        let metrics = try await daemon.scrape()
        return metrics.sum("mutt_store_bytes", "state=\"free\"") + metrics.sum("mutt_disk_free_bytes")
          >= 16 << 20
      }
      #expect(try await used(daemon) < full)
      let sender = try UDPSender(port: place.syslogPort)
      sender.send(NumberedMessage.syslog(1, words: "configured from"))
      try await eventually("a new row comes in") {
        try await daemon.scrape().sum("mutt_audit_rows_total") == 1
      }
      let metrics = try await daemon.scrape()
      #expect(metrics.sum("mutt_audit_removed_total", "reason=\"min_free\"") > 5_000)
      #expect(metrics.sum("mutt_audit_removed_total", "event=\"matched\"") == 0)
      #expect(try await daemon.stop() == .code(0))
    }
  }

  private static func seconds(_ rfc3339: String?) -> Double? {
    let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    return rfc3339.flatMap { try? format.parse($0).timeIntervalSince1970 }
  }

  /// Rows of an old file are not gone before anybody could have read that they go.
  @Test func whatIsTooOldIsSaidFirst() async throws {
    try await Workspace.with("too-old") { workspace in
      let place = try DaemonPlace(workspace, settings("max_size: 0B, min_free: 0B, retention_months: 3"))
      try await prepare(place)
      _ = try await Tool.sqlite(
        place.auditDatabase,
        """
        INSERT INTO event_audit_log (id, event_timestamp, handling_decision)
        VALUES (1 << 22, '2020-01-01T00:00:00.000000Z', 'unmatched')
        """, in: workspace)
      let daemon = try await place.start()
      try await eventually("it is said") {
        let problems = try await daemon.readiness()?.body["problems"].items ?? []
        return problems.contains { $0["name"] == "audit.retention_months" && $0["state"] == "announced" }
      }
      try await eventually("the log has it") {
        daemon.logLines.contains { $0["bound"] == "audit.retention_months" }
      }
      let line = daemon.logLines.first { $0["bound"] == "audit.retention_months" }
      #expect(line?["level"] == "warning" && line?["unmatched"].integer == 1)
      #expect(line?["do"].string?.contains("audit.retention_months: 0") == true)
      #expect(try await place.auditColumn("SELECT count(*) FROM event_audit_log") == ["1"])
      let status = try await place.muttd("db", "status")
      #expect(status.output.contains("holds 0 MiB (audit.max_size: no bound), 0 MiB in it are free"))
      #expect(status.output.contains("its oldest event is of 2020-01-01T00:00:00Z"))
      // The next run goes on with the hour where this one leaves it.
      try await Task.sleep(for: .seconds(2))
      #expect(try await daemon.stop() == .code(0))
      let next = try await place.start()
      try await eventually("it is said again") {
        next.logLines.contains { $0["bound"] == "audit.retention_months" }
      }
      let again = next.logLines.first { $0["bound"] == "audit.retention_months" }
      let left = try [line, again].map { line in
        let times = try ["time", "begins"].map { try #require(Self.seconds(line?[$0].string)) }
        return times[1] - times[0]
      }
      #expect(abs(left[0] - 3_600) < 1 && left[1] < 3_599, "\(left)")
      #expect(try await next.stop() == .code(0))
    }
  }
}
