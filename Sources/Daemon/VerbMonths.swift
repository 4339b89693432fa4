import Intake
import Model
import Store

/// `muttd db partitions|retention`: the months of the audit on a server.
package struct VerbMonths: Sendable {
  private let settings: VerbSettings
  private let json: Bool

  package init(settings: VerbSettings, json: Bool) {
    self.settings = settings
    self.json = json
  }

  /// Lists the months, oldest first, and what the default partition holds.
  package func list() throws(DaemonFailure) {
    let config = try settings.load()
    guard let months = try open(config) else { return }
    let (listed, strays) = try VerbStore.run { () throws(StoreError) in
      (try months.list(), try months.strays())
    }
    var output = VerbOutput()
    let now = SystemClock.now
    if json {
      for month in listed { output.json(VerbMonths.json(month, now)) }
      for stray in strays { output.json(VerbMonths.json(stray)) }
      return
    }
    var table = VerbTable(["partition", "from", "to", "rows", "size", ""], rightAligned: [3, 4])
    for month in listed {
      table.add([
        month.name, VerbMonths.day(month.begin), VerbMonths.day(month.end),
        month.rows.map { "~\($0)" } ?? "?", ConfigUnits.text(size: Int(clamping: month.bytes)),
        month.begin > now ? "ahead" : month.end > now ? "now" : "",
      ])
    }
    if table.isEmpty { output.line("no months") } else { table.write(to: &output) }
    for stray in strays {
      output.line(
        "\(stray.firstDay.prefix(7)) has no partition, and rows in event_audit_log_default: \(stray.rows); "
          + "a running daemon moves them within ten minutes")
    }
  }

  /// Drops what `audit.retention_months` lets go, or only says what that is.
  package func retention(apply: Bool) throws(DaemonFailure) {
    let config = try settings.load()
    guard let months = try open(config) else { return }
    let kept = config.audit.retentionMonths
    var output = VerbOutput()
    if kept == 0 {
      return output.line("audit.retention_months is 0: every month is kept")
    }
    let (listed, old) = try VerbStore.run { () throws(StoreError) in
      let listed = try months.list()
      guard try months.mayDrop() else {
        throw StoreError(
          .permission, "\(VerbStore.name(config)): this role may not drop months. GRANT mutt_retention to it."
        )
      }
      return (listed, try months.old(keeping: kept))
    }
    var stuck = 0
    for name in old {
      guard let month = listed.first(where: { $0.name == name }) else { continue }
      let obstacle = try VerbStore.run { () throws(StoreError) in
        apply ? try months.drop(name, keeping: kept) : nil
      }
      if obstacle != nil { stuck += 1 }
      if json {
        var object = VerbMonths.json(month, SystemClock.now)
        object.add("dropped", flag: apply && obstacle == nil)
        if let obstacle { object.add("obstacle", obstacle) }
        output.json(object)
      } else if let obstacle {
        output.line("stays: \(name): \(obstacle)")
      } else {
        output.line(
          "\(apply ? "dropped" : "would be dropped"): \(name), "
            + "\(ConfigUnits.text(size: Int(clamping: month.bytes)))")
      }
    }
    if !json {
      let whole = "months that ended more than \(kept) months ago: \(old.count)"
      output.line(apply || old.isEmpty ? whole : "\(whole); muttd db retention --apply drops them")
    }
    if stuck > 0 {
      throw DaemonFailure(.found, "\(stuck) old months could not be dropped: drop what hangs on them first")
    }
  }

  /// Nil where there are no months, which is said.
  private func open(_ config: Config) throws(DaemonFailure) -> PostgresMonths? {
    guard case .server(let server) = config.store.url else {
      VerbOutput.remark(
        "muttd: \(VerbStore.path(config)) is an embedded store: its audit is one table without months. A "
          + "running daemon removes what is older than audit.retention_months by itself.")
      return nil
    }
    return try VerbStore.run { () throws(StoreError) in try PostgresMonths(server.address()) }
  }

  private static func day(_ time: Timestamp) -> String { String(time.rfc3339().prefix(10)) }

  private static func json(_ month: AuditMonth, _ now: Timestamp) -> VerbJSON {
    var object = VerbJSON()
    object.add("partition", month.name)
    object.add("from", time: month.begin)
    object.add("to", time: month.end)
    object.add("rows_estimate", number: month.rows)
    object.add("bytes", number: month.bytes)
    object.add("is_ahead", flag: month.begin > now)
    return object
  }

  private static func json(_ stray: StrayMonth) -> VerbJSON {
    var object = VerbJSON()
    object.add("partition", "event_audit_log_default" as String?)
    object.add("month", String(stray.firstDay.prefix(7)))
    object.add("rows", number: stray.rows)
    return object
  }
}
