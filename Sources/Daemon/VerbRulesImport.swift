import Model
import Policy
import Store

extension VerbRules {
  /// Takes a rules file over: rules of the same name are changed, new ones added, hosts set (a device keeps
  /// the attributes and addresses that the file has none of); with `replaces` the store is made equal to it.
  /// All of it or nothing.
  package func importFile(
    _ file: String, replaces: Bool, isDryRun: Bool, reason: VerbReason
  ) throws(DaemonFailure) {
    if replaces, !isDryRun { try reason.require(for: "rules import --replace") }
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
    let next = VerbRules.tried(replaces ? desired : VerbRules.merged(current, with: desired), over: current)
    try refuseUnusable(desired.rules, in: next, over: current, config, file: (file, parsed.lines))
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
    let known = Set(current.rules.map { ExactKey($0.name) })
    var edits: [CatalogEdit] = []
    // Rules that bring their id go first, so that no given id takes it from them.
    for rule in desired.rules.filter({ $0.id != 0 }) + desired.rules.filter({ $0.id == 0 }) {
      edits.append(known.contains(ExactKey(rule.name)) ? .setRule(rule) : .addRule(rule))
    }
    edits += desired.developmentHosts.map { .addDevelopmentHost($0) }
    edits += desired.deviceTeams.map { .setTeam($0) }
    edits += desired.devices.map { .mergeDevice($0) }
    return edits
  }

  /// What the store will hold: known rules replaced, new ones behind them.
  private static func merged(_ current: Catalog, with desired: Catalog) -> Catalog {
    var merged = current
    var places = Dictionary(current.rules.enumerated().map { (ExactKey($1.name), $0) }) { first, _ in first }
    for rule in desired.rules {
      if let index = places[ExactKey(rule.name)] {
        merged.rules[index] = rule
      } else {
        places[ExactKey(rule.name)] = merged.rules.count
        merged.rules.append(rule)
      }
    }
    return merged
  }

  /// `next` with the ids that the store will give, so that it can be tried before anything is written: a
  /// known rule keeps its own, a new one comes behind all.
  static func tried(_ next: Catalog, over current: Catalog) -> Catalog {
    var tried = next
    let known = Dictionary(current.rules.map { (ExactKey($0.name), $0.id) }) { first, _ in first }
    var above = (current.rules + next.rules).map(\.id).max() ?? 0
    for index in tried.rules.indices {
      if let id = known[ExactKey(tried.rules[index].name)], id != 0 { tried.rules[index].id = id }
      if tried.rules[index].id == 0 {
        above += 1
        tried.rules[index].id = above
      }
    }
    return tried
  }
}
