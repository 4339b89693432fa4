import Intake
import Model
import Store

/// `muttd audit aside list|retry|purge`: rows that the store refused.
package struct VerbAside: Sendable {
  package var settings: VerbSettings
  package var json = false
  /// Ids of events; with none of them all.
  package var ids: [String] = []
  package var all = false

  /// Rows of one look.
  private static let page = 500

  package init(settings: VerbSettings, json: Bool) {
    self.settings = settings
    self.json = json
  }

  package func list(after: Int64?, limit: Int) throws(DaemonFailure) {
    guard limit >= 1, limit <= 1_000 else {
      throw DaemonFailure(.usage, "--limit \(limit) is outside 1...1000; --after pages through more")
    }
    let outbox = try VerbStore.openOutbox(try settings.load())
    defer { outbox.close() }
    let rows = try VerbStore.run { () throws(StoreError) in
      try outbox.aside(after: after.map { EventID(rawValue: $0) }, limit: limit)
    }
    var output = VerbOutput()
    if json {
      for row in rows { output.json(VerbAside.json(row)) }
      return
    }
    var table = VerbTable(["time", "id", "host", "rule", "reason", "message"])
    for row in rows {
      let event = row.batch.rows.first
      table.add([
        event.map { VerbTime.text($0.time) } ?? "-", "\(row.id.rawValue)",
        event.flatMap { row.batch.text($0.host) } ?? "-",
        event.flatMap { row.batch.text($0.ruleName) } ?? "-",
        VerbAudit.short(row.reason), VerbAudit.short(event.flatMap { row.batch.text($0.raw) } ?? ""),
      ])
    }
    if table.isEmpty { return output.line("no rows are set aside") }
    table.write(to: &output)
    if rows.count == limit, let last = rows.last { output.line("more: --after \(last.id.rawValue)") }
  }

  /// Writes them to the store; those that it takes leave the outbox.
  package func retry() throws(DaemonFailure) {
    let config = try settings.load()
    let outbox = try VerbStore.openOutbox(config)
    defer { outbox.close() }
    var output = VerbOutput()
    var (written, refused) = (0, 0)
    var store: (any EventStore)?
    defer { store?.close() }
    try forEach(outbox) { row throws(DaemonFailure) in
      let target: any EventStore
      if let store {
        target = store
      } else {
        target = try VerbStore.openForChange(config)
        store = target
      }
      if let reason = try VerbAside.write(row, to: target) {
        refused += 1
        output.line("\(row.id.rawValue): still refused: \(reason)")
        return
      }
      let count = try VerbStore.run { () throws(StoreError) in try outbox.removeAside([row.id]) }
      written += count
    }
    output.line("\(written) written, \(refused) still refused")
    output.flush()
    if refused > 0 { throw DaemonFailure(.found, "\(refused) rows are still set aside") }
  }

  /// Why the store does not take a row; nil: it has it.
  private static func write(_ row: Outbox.Aside, to store: any EventStore) throws(DaemonFailure) -> String? {
    if row.batch.rows.isEmpty { return "it cannot be read" }
    do throws(StoreError) {
      return try store.append(row.batch, matchedOnly: false, afterDoubt: true).setAside.first?.reason
    } catch {
      switch error.code {
      case .constraint, .io, .permission, .schema, .conflict: return error.message
      default: throw DaemonFailure(verb: error)
      }
    }
  }

  /// Removes them for good; the audit of changes says who did it.
  package func purge(reason: VerbReason) throws(DaemonFailure) {
    try reason.require(for: "audit aside purge")
    let config = try settings.load()
    let outbox = try VerbStore.openOutbox(config)
    defer { outbox.close() }
    var chosen: [EventID] = []
    try forEach(outbox) { row throws(DaemonFailure) in chosen.append(row.id) }
    let store = try VerbStore.openForChange(config)
    defer { store.close() }
    let choice = "set aside: " + (ids.isEmpty ? "all" : ids.joined(separator: ", "))
    let gone = chosen
    let count = try VerbStore.run { () throws(StoreError) in
      try store.noteOutboxChange(
        isPurge: true, choice: String(choice.prefix(1_000)), counts: [("audit", gone.count)],
        by: VerbStore.actor(reason: reason))
      return try outbox.removeAside(gone)
    }
    var output = VerbOutput()
    output.line("\(count) purged")
  }

  /// Every row of the choice, of which there has to be one.
  private func forEach(
    _ outbox: Outbox, _ body: (Outbox.Aside) throws(DaemonFailure) -> Void
  ) throws(DaemonFailure) {
    guard all != !ids.isEmpty else {
      throw DaemonFailure(.usage, "name events, or --all: muttd audit aside list")
    }
    var wanted: Set<Int64> = []
    for text in ids {
      guard let id = Int64(text) else {
        throw DaemonFailure(.usage, "\"\(text)\" is no id of an event: muttd audit aside list")
      }
      wanted.insert(id)
    }
    var count = 0
    var last: EventID?
    while true {
      let after = last
      let rows = try VerbStore.run { () throws(StoreError) in
        try outbox.aside(after: after, limit: VerbAside.page)
      }
      for row in rows where all || wanted.contains(row.id.rawValue) {
        count += 1
        try body(row)
      }
      guard rows.count == VerbAside.page, let end = rows.last else { break }
      last = end.id
    }
    if count == 0 {
      throw DaemonFailure(.found, "no row of this choice is set aside: muttd audit aside list")
    }
  }

  private static func json(_ row: Outbox.Aside) -> VerbJSON {
    var object = VerbJSON()
    object.add("id", "\(row.id.rawValue)")
    object.add("reason", row.reason)
    object.add("rows", number: row.batch.rows.count)
    guard let event = row.batch.rows.first else { return object }
    object.add("event_timestamp", time: event.time)
    object.add("received_at", time: event.arrival)
    object.add("hostname", row.batch.text(event.host))
    object.add("matched_rule_id", number: event.ruleID == 0 ? nil : event.ruleID)
    object.add("rule", row.batch.text(event.ruleName))
    object.add("handling_decision", row.batch.text(event.handling))
    object.add("raw_message", row.batch.text(event.raw))
    return object
  }
}
