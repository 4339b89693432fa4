import Model
import Store

/// `muttd db migrate|status`: the schema of the embedded store.
package struct VerbDatabase: Sendable {
  private let settings: VerbSettings
  private let json: Bool

  package init(settings: VerbSettings, json: Bool) {
    self.settings = settings
    self.json = json
  }

  package func status() throws(DaemonFailure) {
    let config = try settings.load()
    let path = VerbStore.path(config)
    try VerbStore.requireFile(path, "store")
    let steps = try VerbStore.run { () throws(StoreError) in try Migrator.status(path: path) }
    show(steps, changed: [], path: path)
  }

  package func migrate() throws(DaemonFailure) {
    let config = try settings.load()
    let path = VerbStore.path(config)
    try VerbStore.prepare(config)
    let isThere = VerbStore.exists(config)
    let before =
      isThere ? try VerbStore.run { () throws(StoreError) in try Migrator.status(path: path) } : []
    let steps = try VerbStore.run { () throws(StoreError) in try Migrator.migrate(path: path) }
    let known = Set(before.filter { $0.state != .pending }.map(\.version))
    show(
      steps, changed: steps.filter { !known.contains($0.version) }.map(\.version), path: path, migrated: true)
  }

  private func show(_ steps: [MigrationStatus], changed: [Int], path: String, migrated: Bool = false) {
    var output = VerbOutput()
    if json {
      for step in steps {
        var object = VerbJSON()
        object.add("version", number: step.version)
        object.add("name", step.name)
        object.add("state", step.state.rawValue)
        object.add("checksum", step.checksum)
        object.add("applied_at", time: step.appliedAt)
        if migrated { object.add("applied_now", flag: changed.contains(step.version)) }
        output.json(object)
      }
      return
    }
    if migrated {
      for step in steps where changed.contains(step.version) {
        output.line("applied \(VerbDatabase.number(step.version)) \(step.name)")
      }
      output.line("\(path) is up to date: \(steps.count) migrations, \(changed.count) applied now")
      return
    }
    var table = VerbTable(["version", "name", "state", "applied at", "checksum"])
    for step in steps {
      table.add([
        VerbDatabase.number(step.version), step.name, step.state.rawValue,
        step.appliedAt.map(VerbTime.text) ?? "-", step.checksum.map { String($0.prefix(12)) } ?? "-",
      ])
    }
    table.write(to: &output)
    if steps.contains(where: { $0.state == .pending }) { output.line("pending: muttd db migrate") }
  }

  private static func number(_ version: Int) -> String { String(String(version + 10_000).dropFirst()) }
}
