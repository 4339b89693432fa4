import Glibc
import Model

extension SQLiteStore {
  /// Up to this size the whole file is looked at when it was not closed in order (a fraction of a second);
  /// above it only the tables that people maintain and both ends of the audit, unless an earlier error made
  /// the file suspect.
  private static let fullCheckBytes: Int64 = 64 << 20

  static func salvageIfDamaged(_ path: String, suspect: Bool, notices: NoticeSink) throws(StoreError) {
    try Salvage.resume(path)
    // A file of no length is one that was made and not yet filled.
    guard StateFile.exists(path), StateFile.size(path) > 0 else { return }
    if CleanMark.take(path), !suspect { return }
    DamagedLog.store(path).save(notices)
    let thorough = suspect || StateFile.size(path) <= fullCheckBytes
    guard let damage = try damage(path, thorough: thorough) else { return }
    notices(
      Notice(
        .error, "store", "the store is damaged; what can be read is taken into a fresh file",
        [("path", .text(path)), ("reason", .text(damage))]))
    let salvage = Salvage(path: path) { new throws(StoreError) in
      try Migrator.migrate(new, through: 1)
      // Kept up row by row it would take most of the time, and a later migration drops it. Which rows a host
      // has is written anew, by the appends to come.
      try new.execute("DROP INDEX event_audit_log_host", "making empty tables")
    } finish: { new throws(StoreError) in
      try detachLostRules(new)
      try Migrator.migrate(new)
    }
    let report = try salvage.run(now: .wallClock)
    notices(report.notice("store", path))
  }

  /// What is wrong with the file; nil: nothing was found.
  private static func damage(_ path: String, thorough: Bool) throws(StoreError) -> String? {
    do throws(StoreError) {
      let connection = try SQLiteConnection(path: path, access: .write)
      connection.keepLog()
      if thorough {
        let check = try connection.prepare("PRAGMA quick_check(1)", "checking it")
        let verdict = try check.step() ? check.text(0) ?? "" : ""
        return verdict == "ok" ? nil : verdict
      }
      if try Migrator.status(connection).allSatisfy({ $0.state == .pending }) { return nil }
      _ = try CatalogTables(connection).read { _ in }
      _ = try connection.number("SELECT max(id) + min(id) FROM event_audit_log", "checking it")
      return nil
    } catch  where error.code == .corrupt {
      return error.message
    }
  }

  /// Events whose rule could not be saved keep its number in `attrs`.
  private static func detachLostRules(_ connection: SQLiteConnection) throws(StoreError) {
    try connection.execute(
      """
      UPDATE event_audit_log SET
        attrs = json_set(coalesce(attrs, '{}'), '$.rule_id', matched_rule_id), matched_rule_id = NULL
      WHERE matched_rule_id IS NOT NULL AND matched_rule_id NOT IN (SELECT id FROM alert_rules)
      """, "detaching lost rules")
  }
}

extension Salvage.Report {
  func notice(_ component: String, _ path: String) -> Notice {
    Notice(
      .error, component, "salvaged into a fresh file; the damaged one is kept aside",
      [
        ("path", .text(path)), ("aside", .text(aside)), ("rows_saved", .number(Int64(saved))),
        ("rows_lost", lost.map { .number(Int64($0)) } ?? .text("unknown")),
        ("unreadable_places", .number(Int64(gaps))),
      ])
  }
}

extension Timestamp {
  /// For names of files; rooms are otherwise handed the time.
  static var wallClock: Timestamp {
    var now = timespec()
    unsafe _ = clock_gettime(CLOCK_REALTIME, &now)
    return Timestamp(seconds: Int64(now.tv_sec), nanoseconds: Int64(now.tv_nsec))
  }
}
