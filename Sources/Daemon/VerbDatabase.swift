import Model
import Store

/// `muttd db migrate|status|down`: the schema of the store.
package struct VerbDatabase: Sendable {
  let settings: VerbSettings
  let json: Bool

  package init(settings: VerbSettings, json: Bool) {
    self.settings = settings
    self.json = json
  }

  package func status() throws(DaemonFailure) {
    let config = try settings.load()
    let steps = try VerbDatabase.status(config)
    show(steps, changed: [], name: VerbStore.name(config))
    if !json, let room = VerbDatabase.room(config) {
      var output = VerbOutput()
      output.line(room)
    }
    try warn(config)
  }

  /// What the file holds, as a sentence; nil on a server, and where the schema is another.
  private static func room(_ config: Config) -> String? {
    guard case .embedded = config.store.url else { return nil }
    do throws(StoreError) {
      let store = try SQLiteStore(
        path: VerbStore.path(config), mode: .readOnly, migrate: false, notices: { _ in })
      defer { store.close() }
      let room = try store.room()
      let limit = config.audit.maxSize == 0 ? "no bound" : ConfigUnits.text(size: config.audit.maxSize)
      let oldest = try store.oldestEvent().map {
        "its oldest event is of \(Timestamp(milliseconds: $0.milliseconds).rfc3339(digits: 0))"
      }
      return "\(VerbStore.name(config)) holds \(room.used >> 20) MiB (audit.max_size: \(limit)), "
        + "\(room.free >> 20) MiB in it are free; \(oldest ?? "it has no events")"
    } catch {
      return nil
    }
  }

  /// What everybody may do on a server that nobody should.
  private func warn(_ config: Config) throws(DaemonFailure) {
    guard case .server(let server) = config.store.url else { return }
    let warning = try VerbStore.run { () throws(StoreError) in
      try PostgresMigrator.warning(server.address())
    }
    if let warning { VerbOutput.remark("muttd: \(warning)") }
  }

  /// Migrations that were applied from another text, as a sentence; nil: none.
  static func changes(_ steps: [MigrationStatus], name: String) -> String? {
    let changed = steps.filter { $0.state == .changed }.map { "\(number($0.version)) \($0.name)" }
    if changed.isEmpty { return nil }
    return
      "\(name): \(changed.joined(separator: ", ")) was applied from another text than this muttd carries: "
      + "compare the tables with database/ of this version, then UPDATE schema_migrations SET checksum = "
      + "NULL and muttd db migrate"
  }

  static func status(_ config: Config) throws(DaemonFailure) -> [MigrationStatus] {
    if case .embedded = config.store.url { try VerbStore.requireFile(VerbStore.path(config), "store") }
    return try VerbStore.run { () throws(StoreError) in
      switch config.store.url {
      case .embedded: try Migrator.status(path: VerbStore.path(config))
      case .server(let server): try PostgresMigrator.status(server.address())
      }
    }
  }

  package func migrate() throws(DaemonFailure) {
    let config = try settings.load()
    if case .embedded = config.store.url { try VerbStore.prepare(config) }
    let before = VerbStore.exists(config) ? try VerbDatabase.status(config) : []
    let steps = try VerbStore.run { () throws(StoreError) in
      switch config.store.url {
      case .embedded: try Migrator.migrate(path: VerbStore.path(config))
      case .server(let server): try PostgresMigrator.migrate(server.address())
      }
    }
    let known = Set(before.filter { $0.state != .pending }.map(\.version))
    show(
      steps, changed: steps.filter { !known.contains($0.version) }.map(\.version),
      name: VerbStore.name(config), verb: "applied")
    try warn(config)
  }

  /// Takes back every migration above `version`: with it what their tables hold. `dropsData`: even the tables
  /// themselves, with rules and audit, which a slip of the finger must not do.
  package func down(to version: Int, dropsData: Bool) throws(DaemonFailure) {
    guard version >= 0 else { throw DaemonFailure(.usage, "--to \(version) is no version: 0 or above") }
    guard version > 0 || dropsData else {
      throw DaemonFailure(
        .usage, "--to 0 drops every rule and all of the audit: add --drop-data if that is meant")
    }
    let config = try settings.load()
    let before = try VerbDatabase.status(config)
    let steps = try VerbStore.run { () throws(StoreError) in
      switch config.store.url {
      case .embedded: try Migrator.down(path: VerbStore.path(config), to: version)
      case .server(let server): try PostgresMigrator.down(server.address(), to: version)
      }
    }
    let gone = Set(before.filter { $0.state != .pending }.map(\.version)).subtracting(
      steps.filter { $0.state != .pending }.map(\.version))
    show(
      before.filter { gone.contains($0.version) } + steps.filter { !gone.contains($0.version) },
      changed: gone.sorted(), name: VerbStore.name(config), verb: "taken back")
  }

  /// `verb`: what was done to those that `changed`; nil: they are only listed.
  private func show(_ steps: [MigrationStatus], changed: [Int], name: String, verb: String? = nil) {
    var output = VerbOutput()
    if json {
      for step in steps {
        var object = VerbJSON()
        object.add("version", number: step.version)
        object.add("name", step.name)
        object.add("state", step.state.rawValue)
        object.add("checksum", step.checksum)
        object.add("applied_at", time: step.appliedAt)
        if verb == "applied" { object.add("applied_now", flag: changed.contains(step.version)) }
        if verb == "taken back" { object.add("taken_back", flag: changed.contains(step.version)) }
        output.json(object)
      }
      return
    }
    if let verb {
      for step in steps where changed.contains(step.version) {
        output.line("\(verb) \(VerbDatabase.number(step.version)) \(step.name)")
      }
      output.line(
        verb == "applied"
          ? "\(name) is up to date: \(steps.count) migrations, \(changed.count) applied now"
          : "\(name): \(changed.count) migrations taken back; muttd db migrate applies them again")
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
    if let changes = VerbDatabase.changes(steps, name: name) { output.line("changed: \(changes)") }
  }

  private static func number(_ version: Int) -> String { String(String(version + 10_000).dropFirst()) }
}
