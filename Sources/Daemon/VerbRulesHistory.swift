import Model
import Policy
import Store

extension VerbRules {
  /// Every change of a rule, newest first, with what it changed.
  package func history(_ name: String, limit: Int) throws(DaemonFailure) {
    guard limit >= 1, limit <= ChangeQuery.maxLimit else {
      throw DaemonFailure(.usage, "--limit \(limit) is outside 1...\(ChangeQuery.maxLimit)")
    }
    let config = try settings.load()
    let store = try VerbStore.open(config)
    defer { store.close() }
    var query = try VerbRules.changes(of: name, in: store).query
    query.limit = limit
    let asked = query
    let page = try VerbStore.run { () throws(StoreError) in try store.configChanges(asked) }
    var output = VerbOutput()
    if json {
      for change in page.changes { output.json(VerbAuditChanges.json(change)) }
      return
    }
    if page.changes.isEmpty { return output.line("rule \(name) has not been changed since it was made") }
    for (index, change) in page.changes.enumerated() {
      if index > 0 { output.line() }
      let values = VerbChangeValues(change)
      let version = values.version.map { "version \($0)" } ?? (change.newValues == nil ? "deleted" : "change")
      var heading =
        "\(version)  \(VerbTime.text(change.changedAt))  \(change.operation) by \(change.changedBy)"
      if let reason = change.reason { heading += ": \(reason)" }
      if let correlation = change.correlationID { heading += "  [\(correlation)]" }
      output.line(heading)
      for line in values.diff { output.line(line) }
    }
    if page.next != nil { output.line("more: --limit \(min(limit * 10, ChangeQuery.maxLimit))") }
  }

  /// Makes a rule what it was in `version`: a new version with the old one's columns.
  package func restore(_ name: String, version: Int, reason: VerbReason) throws(DaemonFailure) {
    try reason.require(for: "rules restore")
    let config = try settings.load()
    let store = try VerbStore.openForEdit(config)
    defer { store.close() }
    var (query, found) = try VerbRules.changes(of: name, in: store)
    guard let columns = try VerbRules.columns(of: version, &query, in: store) else {
      throw DaemonFailure(
        .found,
        "the audit of changes holds no version \(version) of rule \(name): muttd rules history \(name)")
    }
    guard var rule = Rule(columns, name: found?.name ?? name) else {
      throw DaemonFailure(
        .found, "version \(version) of rule \(name) is not kept with all its columns and cannot be restored")
    }
    let catalog = try VerbStore.run { () throws(StoreError) in try store.loadCatalog() }
    // A rule that was deleted comes back under its id, so that its history goes on.
    rule.id = found?.id ?? columns["id"]?.number.map { Int64($0) } ?? 0
    var next = catalog
    next.rules.removeAll { $0.name == rule.name }
    next.rules.append(rule)
    if rule.isActive { try refuseUnusable([rule], in: next, over: catalog, config) }
    try write([found == nil ? .addRule(rule) : .setRule(rule)], to: store, reason: reason)
  }

  /// What to ask for to read a rule's changes, and the rule, unless it was deleted.
  static func changes(of name: String, in store: any EventStore) throws(DaemonFailure)
    -> (query: ChangeQuery, rule: Rule?)
  {
    let catalog = try VerbStore.run { () throws(StoreError) in try store.loadCatalog() }
    var query = ChangeQuery()
    query.table = "alert_rules"
    query.limit = ChangeQuery.maxLimit
    do throws(DaemonFailure) {
      let rule = try find(name, in: catalog)
      // Its name may have been another one.
      query.recordID = rule.id
      return (query, rule)
    } catch {
      query.key = name
      query.recordID = Int64(name)
      let asked = query
      let page = try VerbStore.run { () throws(StoreError) in try store.configChanges(asked) }
      if page.changes.isEmpty { throw error }
      // Its later changes name it by its id, whatever it was called.
      query.recordID = page.changes.first?.recordID ?? query.recordID
      return (query, nil)
    }
  }

  /// The columns that a rule had in `version`; the newest where a rule was made twice.
  private static func columns(of version: Int, _ query: inout ChangeQuery, in store: any EventStore)
    throws(DaemonFailure) -> [String: VerbValue]?
  {
    while true {
      let asked = query
      let page = try VerbStore.run { () throws(StoreError) in try store.configChanges(asked) }
      for change in page.changes {
        let values = VerbChangeValues(change)
        if values.version == version { return values.new }
        // The first change of a rule that was there before the audit holds what it was.
        if values.oldVersion == version { return values.old }
      }
      guard let next = page.next else { return nil }
      query.before = next
    }
  }
}
