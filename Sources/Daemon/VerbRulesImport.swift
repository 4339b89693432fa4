import Model
import Policy
import Store

extension VerbRules {
  /// Takes a rules file over: rules of the same name are changed, new ones added, hosts set; with `replaces`
  /// the store is made equal to it. All of it or nothing.
  package func importFile(
    _ file: String, replaces: Bool, isDryRun: Bool, reason: String?
  ) throws(DaemonFailure) {
    let config = try settings.load()
    let (parsed, problems) = RulesFile.load(file)
    guard let parsed else {
      throw DaemonFailure(.configuration, problems.map { "\($0)" }.joined(separator: "\n"))
    }
    for problem in problems { VerbOutput.remark("\(problem)") }
    let desired = parsed.catalog
    let store = try isDryRun ? VerbStore.open(config) : VerbStore.openForEdit(config)
    defer { store.close() }
    let current = try VerbStore.run { () throws(StoreError) in try store.loadCatalog() }
    var next = replaces ? desired : VerbRules.merged(current, with: desired)
    next.version = current.version
    try refuseUnusable(desired.rules, in: next, config) { name in
      parsed.lines[name].map { "\(file):\($0): rule \(name)" } ?? "rule \(name)"
    }
    let edits = VerbRules.edits(desired, over: current)
    if isDryRun {
      let plan = try VerbStore.run { () throws(StoreError) in
        replaces ? try CatalogPlan(from: current, to: desired) : try CatalogPlan(edits, on: current)
      }
      return report(plan.change, isDryRun: true)
    }
    let change = try VerbStore.run { () throws(StoreError) in
      let actor = VerbStore.actor(reason: reason)
      return replaces
        ? try store.replaceCatalog(with: desired, by: actor) : try store.apply(edits, by: actor)
    }
    report(change)
  }

  private static func edits(_ desired: Catalog, over current: Catalog) -> [CatalogEdit] {
    let known = Set(current.rules.map(\.name))
    var edits: [CatalogEdit] = []
    // Rules that bring their id go first, so that no given id takes it from them.
    for rule in desired.rules.filter({ $0.id != 0 }) + desired.rules.filter({ $0.id == 0 }) {
      edits.append(known.contains(rule.name) ? .setRule(rule) : .addRule(rule))
    }
    edits += desired.developmentHosts.map { .addDevelopmentHost($0) }
    edits += desired.deviceTeams.map { .setTeam($0) }
    edits += desired.devices.map { .setDevice($0) }
    return edits
  }

  /// What the store will hold, to try the rules on before anything is written. New rules come behind all.
  private static func merged(_ current: Catalog, with desired: Catalog) -> Catalog {
    var merged = current
    var above = current.rules.map(\.id).max() ?? 0
    for var rule in desired.rules {
      if let index = merged.rules.firstIndex(where: { $0.name == rule.name }) {
        rule.id = merged.rules[index].id
        merged.rules[index] = rule
      } else {
        above += 1
        if rule.id == 0 { rule.id = above }
        merged.rules.append(rule)
      }
    }
    return merged
  }
}
