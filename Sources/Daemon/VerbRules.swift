import Foundation
import Model
import Policy
import Store

/// `muttd rules …`: what people maintain, checked before it is written.
package struct VerbRules: Sendable {
  let settings: VerbSettings
  let json: Bool

  package init(settings: VerbSettings, json: Bool) {
    self.settings = settings
    self.json = json
  }

  // MARK: - Reading

  /// All rules in the order in which they decide.
  package func list(showsRetired: Bool) throws(DaemonFailure) {
    let config = try settings.load()
    let (catalog, uses) = try read(config)
    var output = VerbOutput()
    let rules = catalog.rules.filter { showsRetired || $0.isActive }.sorted {
      ($0.priority, $0.id) < ($1.priority, $1.id)
    }
    let quarantined = VerbRules.quarantined(catalog, config)
    if json {
      for rule in rules { output.json(VerbRules.json(rule, quarantined[rule.name], uses[rule.id])) }
      return
    }
    var table = VerbTable(
      ["prio", "id", "name", "match", "prod", "dev", "team", "hits", "last fired", "state"],
      rightAligned: [0, 1, 7])
    for rule in rules {
      let use = uses[rule.id]
      table.add([
        "\(rule.priority)", "\(rule.id)", rule.name, VerbRules.criterion(rule), rule.prodHandling,
        rule.devHandling, rule.teamAssignment ?? "-", VerbRules.hits(use),
        use.map { VerbTime.text(Timestamp(milliseconds: $0.last.milliseconds)) } ?? "-",
        VerbRules.state(rule, quarantined[rule.name]),
      ])
    }
    if table.isEmpty {
      let retired = catalog.rules.count
      return output.line(
        retired == 0
          ? "no rules: muttd rules add, or muttd rules import FILE"
          : "no active rules; --all shows \(retired) retired")
    }
    table.write(to: &output)
  }

  /// One rule as it stands in a rules file, and what is known of it besides.
  package func show(_ name: String) throws(DaemonFailure) {
    let config = try settings.load()
    let (catalog, uses) = try read(config)
    let rule = try VerbRules.find(name, in: catalog)
    let reason = VerbRules.quarantined(catalog, config)[rule.name]
    let use = uses[rule.id]
    var output = VerbOutput()
    if json { return output.json(VerbRules.json(rule, reason, use)) }
    output.line("# id \(rule.id), version \(rule.version), \(VerbRules.state(rule, reason))")
    if !rule.updatedAt.isAbsent {
      output.line("# changed \(VerbTime.text(rule.updatedAt)) by \(rule.updatedBy ?? "somebody unknown")")
    }
    if let use {
      let last = VerbTime.text(Timestamp(milliseconds: use.last.milliseconds))
      output.line("# fired \(VerbRules.hits(use)) times, last \(last)")
    }
    for line in RulesFile.export(Catalog(rules: [rule])).split(separator: "\n") { output.line(String(line)) }
  }

  /// The whole catalog as a rules file. `ofSnapshot`: not the store's, but what decided last, which the
  /// daemon keeps for a start without the store.
  package func export(includesIDs: Bool, ofSnapshot: Bool) throws(DaemonFailure) {
    let config = try settings.load()
    let catalog =
      ofSnapshot ? try snapshot(config) : try VerbCatalog(file: nil, config: config).catalog
    var output = VerbOutput()
    output.raw(Array(RulesFile.export(catalog, includesIDs: includesIDs).utf8))
  }

  private func snapshot(_ config: Config) throws(DaemonFailure) -> Catalog {
    let outbox = try VerbStore.openOutbox(config)
    defer { outbox.close() }
    guard let (catalog, _) = try VerbStore.run({ () throws(StoreError) in try outbox.loadSnapshot() }) else {
      throw DaemonFailure(
        .unavailable, "no snapshot is kept in \(config.stateDirectory): no rules have decided there yet")
    }
    return catalog
  }

  /// A server does not count on for ever.
  private static func hits(_ use: RuleUse?) -> String {
    let count = use?.count ?? 0
    return count == RuleUse.countLimit + 1 ? "over \(RuleUse.countLimit)" : "\(count)"
  }

  private func read(_ config: Config) throws(DaemonFailure) -> (Catalog, [Int64: RuleUse]) {
    let store = try VerbStore.open(config)
    defer { store.close() }
    return try VerbStore.run { () throws(StoreError) in
      (try store.loadCatalog(), try store.ruleUses())
    }
  }

  /// A rule by its name, or by its id where no rule has that name.
  static func find(_ name: String, in catalog: Catalog) throws(DaemonFailure) -> Rule {
    let key = ExactKey(name)
    if let rule = catalog.rules.first(where: { ExactKey($0.name) == key }) { return rule }
    // As somebody else's keyboard writes it.
    if let rule = catalog.rules.first(where: { $0.name == name }) { return rule }
    if let id = Int64(name), let rule = catalog.rules.first(where: { $0.id == id }) { return rule }
    let nearest = ConfigSpelling.nearest(name, in: catalog.rules.map(\.name))
    throw DaemonFailure(
      .found, "there is no rule \(name)" + (nearest.map { "; nearest: \($0)" } ?? ": there are none"))
  }

  /// Why rules of this set decide nothing, by name: asked of the whole set, as the daemon asks it. A set that
  /// is too large to decide anything is listed all the same.
  static func quarantined(_ catalog: Catalog, _ config: Config) -> [String: String] {
    let snapshot: Snapshot
    do throws(DaemonFailure) {
      snapshot = try VerbDesk.compile(catalog, config)
    } catch {
      VerbOutput.remark("warning: no daemon takes these rules: \(error.message)")
      return [:]
    }
    return Dictionary(snapshot.quarantined.map { ($0.name, $0.reason) }) { first, _ in first }
  }

  private static func state(_ rule: Rule, _ quarantined: String?) -> String {
    if !rule.isActive { return "retired" }
    return quarantined.map { "QUARANTINED: \($0)" } ?? "active"
  }

  private static func criterion(_ rule: Rule) -> String {
    var parts = [rule.matchType.rawValue]
    if let oid = rule.trapOID { parts.append(oid) }
    if let text = rule.matchString { parts.append(text.count > 40 ? text.prefix(39) + "…" : text) }
    if let severity = rule.syslogSeverity { parts.append("severity \(severity)") }
    return parts.joined(separator: " ")
  }

  /// The columns of `alert_rules` by their names, then what is known besides; `counts`: `use` was looked for.
  static func json(_ rule: Rule, _ quarantined: String?, _ use: RuleUse?, counts: Bool = true) -> VerbJSON {
    var object = VerbJSON()
    object.add("id", number: rule.id)
    object.add("name", rule.name)
    object.add("match_type", rule.matchType.rawValue)
    object.add("match_string", rule.matchString)
    object.add("trap_oid", rule.trapOID)
    object.add("syslog_severity", number: rule.syslogSeverity)
    object.add("priority", number: rule.priority)
    object.add("prod_handling", rule.prodHandling)
    object.add("dev_handling", rule.devHandling)
    object.add("team_assignment", rule.teamAssignment)
    object.add("is_active", flag: rule.isActive)
    object.add("description", rule.description)
    object.add("severity", number: rule.severity)
    object.add("key", rule.key)
    object.add("summary", rule.summary)
    object.add("doc_url", rule.docURL)
    object.add("tags", list: rule.tags)
    var examples = VerbJSON()
    examples.add("match", list: rule.matchExamples)
    examples.add("no_match", list: rule.noMatchExamples)
    object.add("examples", object: examples)
    object.add("version", number: rule.version)
    object.add("updated_at", time: rule.updatedAt)
    object.add("updated_by", rule.updatedBy)
    object.add("quarantined", quarantined)
    object.add("hits", number: counts ? use?.count ?? 0 : nil)
    object.add("last_fired_at", time: use.map { Timestamp(milliseconds: $0.last.milliseconds) })
    return object
  }
}
