import Intake
import Model
import Store

/// `muttd audit config`: pages of the audit of changes, newest first.
package struct VerbAuditChanges: Sendable {
  package var settings: VerbSettings
  package var table: String?
  package var key: String?
  package var actor: String?
  package var operation: String?
  package var correlationID: String?
  package var since: String?
  package var until: String?
  package var holds: String?
  package var before: String?
  package var limit = 100
  package var json = false

  package init(settings: VerbSettings) { self.settings = settings }

  /// What people call the tables, and their names.
  private static let tables = [
    "rules": "alert_rules", "dev": "development_hosts", "team": "device_teams", "device": "devices",
    "outbox": "outbox", "alert_rules": "alert_rules", "development_hosts": "development_hosts",
    "device_teams": "device_teams", "devices": "devices",
  ]
  private static let operations = ["create", "update", "delete"]

  package func run() throws(DaemonFailure) {
    let query = try query()
    let config = try settings.load()
    let store = try VerbStore.open(config)
    defer { store.close() }
    let page = try VerbStore.run { () throws(StoreError) in try store.configChanges(query) }
    var output = VerbOutput()
    if json {
      for change in page.changes { output.json(VerbAuditChanges.json(change)) }
      return
    }
    var rows = VerbTable(["time", "id", "who", "what", "table", "key", "reason", "change"])
    for change in page.changes {
      rows.add([
        VerbTime.text(change.changedAt), "\(change.id)", change.changedBy, change.operation, change.table,
        change.recordKey ?? change.recordID.map(String.init) ?? "-", change.reason ?? "-",
        VerbAudit.short(VerbChangeValues(change).short(change)),
      ])
    }
    if rows.isEmpty { return output.line("no changes") }
    rows.write(to: &output)
    if let next = page.next { output.line("more: --before \(next)") }
  }

  private func query() throws(DaemonFailure) -> ChangeQuery {
    var query = ChangeQuery()
    let now = SystemClock.now
    if let table {
      guard let name = VerbAuditChanges.tables[table] else {
        throw DaemonFailure(.usage, "--table \"\(table)\" is none of rules, dev, team, device, outbox")
      }
      query.table = name
    }
    query.key = key
    // MUTT's rows name a rule by its id alone.
    query.recordID = key.flatMap { Int64($0) }
    query.actor = actor
    if let operation {
      guard VerbAuditChanges.operations.contains(operation.lowercased()) else {
        throw DaemonFailure(
          .usage,
          "--operation \"\(operation)\" is none of \(VerbAuditChanges.operations.joined(separator: ", "))")
      }
      query.operation = operation
    }
    query.correlationID = correlationID
    if let since { query.since = try VerbTime.parse(since, option: "--since", now: now) }
    if let until { query.until = try VerbTime.parse(until, option: "--until", now: now) }
    query.holds = try holds.map { text throws(DaemonFailure) in
      if VerbValue.columns(text).isEmpty {
        throw DaemonFailure(.usage, "--holds wants a JSON object with a key or more: '{\"priority\": 10}'")
      }
      return text
    }
    if let before {
      guard let id = Int64(before) else {
        throw DaemonFailure(
          .usage, "--before \"\(before)\" is no id of a change: give the last id of the page before")
      }
      query.before = id
    }
    guard limit >= 1, limit <= ChangeQuery.maxLimit else {
      throw DaemonFailure(
        .usage, "--limit \(limit) is outside 1...\(ChangeQuery.maxLimit); --before pages through more")
    }
    query.limit = limit
    return query
  }

  /// The columns of `config_audit_log` by their names, then what differs.
  static func json(_ change: ConfigChange) -> VerbJSON {
    var object = VerbJSON()
    object.add("id", number: change.id)
    object.add("changed_at", time: change.changedAt)
    object.add("changed_by", change.changedBy)
    object.add("operation", change.operation)
    object.add("table_name", change.table)
    object.add("record_id", number: change.recordID)
    object.add("record_key", change.recordKey)
    object.add("reason", change.reason)
    object.add("correlation_id", change.correlationID)
    let values = VerbChangeValues(change)
    object.add("version", number: values.version)
    object.add(
      "changes",
      objects: values.columns.map { column in
        var object = VerbJSON()
        object.add("column", column.name)
        object.add("old", json: column.old.json)
        object.add("new", json: column.new.json)
        return object
      })
    object.add("old_values", json: change.oldValues)
    object.add("new_values", json: change.newValues)
    return object
  }
}
