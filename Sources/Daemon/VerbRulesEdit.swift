import Model
import Policy
import Store

/// Columns of a rule as they are typed; nil: not given, empty: taken away.
package struct VerbRuleColumns: Sendable {
  package var matchType: String?
  package var matchString: String?
  package var trapOID: String?
  package var syslogSeverity: String?
  package var priority: Int?
  package var prodHandling: String?
  package var devHandling: String?
  package var team: String?
  package var description: String?
  package var severity: String?
  package var key: String?
  package var summary: String?
  package var docURL: String?
  package var tags: [String] = []
  package var matchExamples: [String] = []
  package var noMatchExamples: [String] = []
  package var isActive: Bool?

  package init() {}

  func apply(to rule: inout Rule) throws(DaemonFailure) {
    if let matchType {
      guard let type = MatchType(rawValue: matchType) else {
        let known = MatchType.allCases.map(\.rawValue)
        let nearest = ConfigSpelling.nearest(matchType, in: known) ?? ""
        throw DaemonFailure(
          .usage,
          "--match-type \"\(matchType)\" is none of \(known.joined(separator: ", ")); nearest: \(nearest)")
      }
      rule.matchType = type
    }
    VerbRuleColumns.set(&rule.matchString, matchString)
    VerbRuleColumns.set(&rule.trapOID, trapOID)
    if let syslogSeverity {
      rule.syslogSeverity = try VerbRuleColumns.number(syslogSeverity, 0...7, "--syslog-severity")
    }
    if let priority { rule.priority = priority }
    if let prodHandling { rule.prodHandling = prodHandling }
    if let devHandling { rule.devHandling = devHandling }
    VerbRuleColumns.set(&rule.teamAssignment, team)
    VerbRuleColumns.set(&rule.description, description)
    if let severity { rule.severity = try VerbRuleColumns.number(severity, 0...5, "--severity") }
    VerbRuleColumns.set(&rule.key, key)
    VerbRuleColumns.set(&rule.summary, summary)
    VerbRuleColumns.set(&rule.docURL, docURL)
    if !tags.isEmpty { rule.tags = tags.filter { !$0.isEmpty } }
    if !matchExamples.isEmpty { rule.matchExamples = matchExamples.filter { !$0.isEmpty } }
    if !noMatchExamples.isEmpty { rule.noMatchExamples = noMatchExamples.filter { !$0.isEmpty } }
    if let isActive { rule.isActive = isActive }
  }

  private static func set(_ column: inout String?, _ text: String?) {
    if let text { column = text.isEmpty ? nil : text }
  }

  private static func number(
    _ text: String, _ range: ClosedRange<Int>, _ option: String
  ) throws(DaemonFailure) -> Int? {
    if text.isEmpty { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw DaemonFailure(
        .usage, "\(option) \"\(text)\" is no number in \(range.lowerBound)...\(range.upperBound)")
    }
    return number
  }
}

extension VerbRules {
  /// Rules that a change puts out and that are named.
  private static var putOutLimit: Int { 20 }

  package func add(_ name: String, _ columns: VerbRuleColumns, reason: VerbReason) throws(DaemonFailure) {
    let config = try settings.load()
    var rule = Rule(name: name, matchType: .contains, prodHandling: "", devHandling: "")
    // An OID and nothing else can only mean its subtree.
    if columns.trapOID != nil, columns.matchString == nil { rule.matchType = .oidPrefix }
    try columns.apply(to: &rule)
    let store = try VerbStore.openForEdit(config)
    defer { store.close() }
    let stored = try VerbStore.run { () throws(StoreError) in try store.loadCatalog() }
    var catalog = stored
    if catalog.rules.contains(where: { $0.name == name }) {
      throw DaemonFailure(.found, "rule \(name) exists already: change it with muttd rules set \(name)")
    }
    catalog.rules.append(rule)
    try refuseUnusable([rule], in: VerbRules.tried(catalog, over: stored), over: stored, config)
    try write([.addRule(rule)], to: store, reason: reason)
  }

  package func set(_ name: String, _ columns: VerbRuleColumns, reason: VerbReason) throws(DaemonFailure) {
    let config = try settings.load()
    let store = try VerbStore.openForEdit(config)
    defer { store.close() }
    let stored = try VerbStore.run { () throws(StoreError) in try store.loadCatalog() }
    var catalog = stored
    var rule = try VerbRules.find(name, in: catalog)
    try columns.apply(to: &rule)
    catalog.rules.removeAll { $0.name == rule.name }
    catalog.rules.append(rule)
    if rule.isActive { try refuseUnusable([rule], in: catalog, over: stored, config) }
    try write([.setRule(rule)], to: store, reason: reason)
  }

  package func setActive(_ names: [String], _ isActive: Bool, reason: VerbReason) throws(DaemonFailure) {
    let config = try settings.load()
    let store = try VerbStore.openForEdit(config)
    defer { store.close() }
    let stored = try VerbStore.run { () throws(StoreError) in try store.loadCatalog() }
    var catalog = stored
    var edits: [CatalogEdit] = []
    var enabled: [Rule] = []
    for name in names {
      var rule = try VerbRules.find(name, in: catalog)
      rule.isActive = isActive
      catalog.rules.removeAll { $0.name == rule.name }
      catalog.rules.append(rule)
      if isActive { enabled.append(rule) }
      edits.append(.setRuleActive(name: rule.name, isActive))
    }
    try refuseUnusable(enabled, in: catalog, over: stored, config)
    try write(edits, to: store, reason: reason)
  }

  /// A rule that cannot be used, or whose own examples do not hold, is not written; what else there is to say
  /// about it, and what it does to others, is a warning.
  ///
  /// - Parameters:
  ///   - stored: what the store holds before the change.
  ///   - file: where the rules come from, with the lines they stand on; nil: from the command line.
  func refuseUnusable(
    _ rules: [Rule], in catalog: Catalog, over stored: Catalog, _ config: Config,
    file: (name: String, lines: [String: Int])? = nil
  ) throws(DaemonFailure) {
    var place: VerbCatalog?
    if let file {
      place = VerbCatalog(catalog: catalog, origin: file.name)
      place?.lines = file.lines
    }
    if rules.isEmpty { return }
    let names = Set(rules.map(\.name))
    // Within the set: what one rule may cost depends on those before it.
    var desk = try VerbDesk(catalog, config: config, origin: file?.name)
    var problems: [String] = []
    for rule in desk.snapshot.quarantined where names.contains(rule.name) {
      let text = "cannot be used: \(rule.reason)"
      let finding = VerbFinding(kind: .unusable, isWarning: false, rule: rule.name, text: text)
      problems.append(finding.line(in: place))
    }
    if problems.isEmpty {
      let whole = place ?? VerbCatalog(catalog: catalog, origin: "")
      for finding in try VerbFindings(whole, desk: &desk, config: config).all {
        let isOwn = names.contains(finding.rule ?? "")
        if !isOwn, names.isDisjoint(with: finding.winners) { continue }
        if isOwn, finding.kind == .example || finding.kind == .condition && !finding.isWarning {
          problems.append(finding.line(in: place))
        } else {
          let word = finding.isWarning ? "" : "warning: "
          VerbOutput.remark(word + finding.line(in: place))
        }
      }
      VerbRules.namePutOut(by: names, desk.snapshot, over: stored, config, place)
    }
    if problems.isEmpty { return }
    problems.append("nothing was written")
    throw DaemonFailure(.found, problems.joined(separator: "\n"))
  }

  /// Others that a bound of the set leaves no room for any more.
  private static func namePutOut(
    by names: Set<String>, _ next: Snapshot, over stored: Catalog, _ config: Config, _ place: VerbCatalog?
  ) {
    var out = next.quarantined.filter { !names.contains($0.name) }
    // Most sets have none, and those that do are not compiled again: nearly all patterns are there already.
    if out.isEmpty { return }
    // A set that could not be loaded decided nothing: whoever is out now was out then.
    guard
      let before = try? Snapshot.compile(
        stored, settings: config.policy, generation: 1, reusing: next.patterns, effort: .quick)
    else { return }
    let known = Set(before.quarantined.map { ExactKey($0.name) })
    out.removeAll { known.contains(ExactKey($0.name)) }
    for rule in out.prefix(putOutLimit) {
      let text = "cannot be used any more: \(rule.reason)"
      let finding = VerbFinding(kind: .unusable, isWarning: false, rule: rule.name, text: text)
      VerbOutput.remark("warning: " + finding.line(in: place))
    }
    let more = out.count - putOutLimit
    if more > 0 { VerbOutput.remark("warning: \(more) more rules cannot be used any more: muttd check") }
  }

  func write(_ edits: [CatalogEdit], to store: any EventStore, reason: VerbReason) throws(DaemonFailure) {
    let change = try VerbStore.run { () throws(StoreError) in
      try store.apply(edits, by: VerbStore.actor(reason: reason))
    }
    report(change)
  }

  func report(_ change: CatalogChange, isDryRun: Bool = false) {
    VerbChangeReport.write(change, json: json, isDryRun: isDryRun)
  }
}

/// What a change of rules and hosts came to.
enum VerbChangeReport {
  static func write(_ change: CatalogChange, json: Bool, isDryRun: Bool = false) {
    var output = VerbOutput()
    if json { return output.json(object(change, isDryRun)) }
    let prefix = isDryRun ? "would have " : ""
    for name in change.added { output.line("\(prefix)added rule \(name)") }
    for name in change.changed { output.line("\(prefix)changed rule \(name)") }
    for name in change.retired { output.line("\(prefix)retired rule \(name)") }
    for (verb, count, one, many) in [
      ("added", change.hostsAdded, "development host", "development hosts"),
      ("removed", change.hostsRemoved, "development host", "development hosts"),
      ("set the team of", change.teamsSet, "device", "devices"),
      ("removed the team of", change.teamsRemoved, "device", "devices"),
      ("set", change.devicesSet, "device", "devices"),
      ("removed", change.devicesRemoved, "device", "devices"),
    ] where count > 0 {
      output.line("\(prefix)\(verb) \(count) \(count == 1 ? one : many)")
    }
    if change.isEmpty { output.line("nothing to change") }
  }

  private static func object(_ change: CatalogChange, _ isDryRun: Bool) -> VerbJSON {
    var object = VerbJSON()
    object.add("dry_run", flag: isDryRun)
    object.add("added", list: change.added)
    object.add("changed", list: change.changed)
    object.add("retired", list: change.retired)
    object.add("development_hosts_added", number: change.hostsAdded)
    object.add("development_hosts_removed", number: change.hostsRemoved)
    object.add("device_teams_set", number: change.teamsSet)
    object.add("device_teams_removed", number: change.teamsRemoved)
    object.add("devices_set", number: change.devicesSet)
    object.add("devices_removed", number: change.devicesRemoved)
    return object
  }
}
