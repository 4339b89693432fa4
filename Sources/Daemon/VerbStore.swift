import Foundation
import Model
import Store

/// The files of the state directory as a verb opens them, beside a running daemon or without one.
enum VerbStore {
  /// The file of the embedded store.
  static func path(_ config: Config) -> String { "\(config.stateDirectory)/muttd.db" }

  /// What messages call the store.
  static func name(_ config: Config) -> String {
    switch config.store.url {
    case .embedded: path(config)
    case .server(let server): server.shown
    }
  }

  /// A server is taken to have tables; opening it tells.
  static func exists(_ config: Config) -> Bool {
    guard case .embedded = config.store.url else { return true }
    return unsafe access(path(config), F_OK) == 0
  }

  private static func open(_ server: StoreServer) throws(DaemonFailure) -> any EventStore {
    let store = PostgresStore(
      address: { () throws(StoreError) in try server.address() }, notices: VerbOutput.notices)
    try run { () throws(StoreError) in try store.connect() }
    return store
  }

  static func open(_ config: Config) throws(DaemonFailure) -> any EventStore {
    if case .server(let server) = config.store.url { return try open(server) }
    try requireFile(path(config), "store")
    do throws(StoreError) {
      return try SQLiteStore(
        path: path(config), mode: .readOnly, migrate: false, notices: VerbOutput.notices)
    } catch {
      throw DaemonFailure(verb: error)
    }
  }

  /// For changes; a store that is not there yet is made, so that rules can be written before the first start.
  static func openForChange(_ config: Config) throws(DaemonFailure) -> any EventStore {
    if case .server(let server) = config.store.url { return try open(server) }
    let isNew = !exists(config)
    if isNew { try prepare(config) }
    do throws(StoreError) {
      return try SQLiteStore(
        path: path(config), mode: .commandLine, migrate: isNew, notices: VerbOutput.notices)
    } catch {
      throw DaemonFailure(verb: error)
    }
  }

  /// The same, unless a rules file governs: what a command changed would be undone at the next reload.
  static func openForEdit(_ config: Config) throws(DaemonFailure) -> any EventStore {
    if let file = config.rules.file {
      throw DaemonFailure(
        .usage,
        "the rules file \(file) governs (rules.file): edit it, then: muttd check && muttd reload")
    }
    return try openForChange(config)
  }

  /// Makes the state directory where there is none. For commands a missing permission is just that.
  static func prepare(_ config: Config) throws(DaemonFailure) {
    do throws(DaemonFailure) {
      try StateFiles.prepare(config.stateDirectory)
    } catch {
      let isRefused = unsafe access(config.stateDirectory, W_OK | X_OK) != 0 && errno == EACCES
      throw isRefused ? DaemonFailure(.permission, error.message) : error
    }
  }

  static func openOutbox(_ config: Config) throws(DaemonFailure) -> Outbox {
    let path = "\(config.stateDirectory)/outbox.db"
    try requireFile(path, "outbox")
    do throws(StoreError) {
      return try Outbox(path: path, sync: .normal, access: .commandLine, notices: VerbOutput.notices)
    } catch {
      throw DaemonFailure(verb: error)
    }
  }

  /// Runs a call of the store and gives its error the exit code of a command.
  static func run<T>(_ body: () throws(StoreError) -> T) throws(DaemonFailure) -> T {
    do throws(StoreError) {
      return try body()
    } catch {
      throw DaemonFailure(verb: error)
    }
  }

  static func requireFile(_ path: String, _ what: String) throws(DaemonFailure) {
    if unsafe access(path, F_OK) == 0 { return }
    let number = errno
    if number == EACCES {
      throw DaemonFailure(
        .permission, "\(path) may not be read by this user: run this as the daemon's user or root")
    }
    throw DaemonFailure(
      .unavailable,
      "there is no \(what) at \(path): muttd run makes it; or name its directory with --state-directory")
  }

  /// What root makes in a directory of the daemon's belongs to the daemon.
  static func give(_ file: Int32, toOwnerOf directory: String, groupOf other: String? = nil) {
    guard geteuid() == 0, let owner = try? FileManager.default.attributesOfItem(atPath: directory),
      let user = owner[.ownerAccountID] as? NSNumber, var group = owner[.groupOwnerAccountID] as? NSNumber
    else { return }
    let about = other.flatMap { try? FileManager.default.attributesOfItem(atPath: $0) }
    if let its = about?[.groupOwnerAccountID] as? NSNumber { group = its }
    _ = fchown(file, user.uint32Value, group.uint32Value)
  }

  /// Who types: written beside every change. `sudo` keeps the name of who called it.
  static func actor(reason: VerbReason) -> EditActor {
    let environment = ProcessInfo.processInfo.environment
    let candidates = [environment["SUDO_USER"], environment["LOGNAME"], environment["USER"]]
    let name = candidates.compactMap { $0 }.first { !$0.isEmpty } ?? "uid:\(getuid())"
    return EditActor(
      name: String(name.prefix(100)), reason: reason.text,
      correlationID: reason.correlationID.map { String($0.prefix(VerbReason.correlationLimit)) })
  }
}

extension DaemonFailure {
  /// For commands a missing permission is just that; for the daemon's start it is an I/O matter.
  init(verb error: StoreError) {
    if error.code == .permission {
      self.init(.permission, error.message)
    } else {
      self.init(error)
    }
  }
}

/// Rules and hosts of a verb that decides: a file, or what the store holds.
struct VerbCatalog {
  var catalog: Catalog
  /// Where they come from, for people: a file's name or `store`.
  var origin: String
  /// Lines of the rules by name, when they come from a file.
  var lines: [String: Int] = [:]
  /// And those of the devices.
  var deviceLines: [Int] = []

  init(catalog: Catalog, origin: String) {
    self.catalog = catalog
    self.origin = origin
  }

  /// A rules file; a rule without an id has its position as id. All problems at once.
  init(file: String) throws(DaemonFailure) {
    try self.init(asWritten: file)
    catalog = VerbCatalog.numbered(catalog)
  }

  /// The same with the ids that an empty store would give, for those who ask whether it can be taken there:
  /// rules without an id come behind those that bring one.
  init(forEmptyStore file: String) throws(DaemonFailure) {
    try self.init(asWritten: file)
    catalog = VerbRules.tried(catalog, over: Catalog())
  }

  /// A rules file; a rule has the id it brings, or none.
  init(asWritten file: String) throws(DaemonFailure) {
    let (rules, problems) = RulesFile.load(file)
    guard let rules else {
      throw DaemonFailure(.configuration, problems.map { "\($0)" }.joined(separator: "\n"))
    }
    for problem in problems { VerbOutput.remark("\(problem)") }
    self.init(catalog: rules.catalog, origin: file)
    lines = rules.lines
    deviceLines = rules.deviceLines
  }

  /// A rules file as the daemon of this configuration will take it, and what there is to say about that.
  /// Where a file governs, rules that the store knows keep the ids they have there, and the id is who of two
  /// with one priority is asked first.
  static func asTaken(
    _ file: String, _ config: Config
  ) throws(DaemonFailure) -> (VerbCatalog, [VerbFinding]) {
    if config.rules.file == nil { return (try VerbCatalog(forEmptyStore: file), []) }
    var catalog = try VerbCatalog(asWritten: file)
    var findings: [VerbFinding] = []
    var stored = Catalog()
    do throws(DaemonFailure) {
      let store = try VerbStore.open(config)
      defer { store.close() }
      stored = try VerbStore.run { () throws(StoreError) in try store.loadCatalog() }
    } catch {
      // Where there is none yet, the file gives the order.
      if VerbStore.exists(config) || error.exit == .permission {
        let text =
          "warning: the order among rules of one priority was taken from \(file), and the daemon asks the "
          + "rule first that is in the store longer: \(error.message)"
        findings.append(VerbFinding(kind: .configuration, isWarning: true, text: text))
      }
    }
    do throws(StoreError) {
      _ = try CatalogPlan(from: stored, to: catalog.catalog)
    } catch {
      let text = "\(file): the store will not take it: \(error.message)"
      findings.append(VerbFinding(kind: .configuration, isWarning: false, text: text))
    }
    catalog.catalog = VerbRules.tried(catalog.catalog, over: stored)
    return (catalog, findings)
  }

  /// `file` when one is named; else the store, as far as there is one; else the configured rules file.
  init(file: String?, config: Config) throws(DaemonFailure) {
    if let file {
      try self.init(file: file)
    } else if !VerbStore.exists(config), let governing = config.rules.file {
      try self.init(file: governing)
    } else {
      let store = try VerbStore.open(config)
      defer { store.close() }
      let catalog = try VerbStore.run { () throws(StoreError) in try store.loadCatalog() }
      self.init(catalog: catalog, origin: "store")
    }
  }

  /// `rules.yaml:12: rule link-down`, `store: rule link-down`.
  func place(of rule: String) -> String {
    if let line = lines[rule] { return "\(origin):\(line): rule \(rule)" }
    return "\(origin): rule \(rule)"
  }

  private static func numbered(_ catalog: Catalog) -> Catalog {
    var catalog = catalog
    var taken = Set(catalog.rules.map(\.id).filter { $0 != 0 })
    var above = Int64(catalog.rules.count)
    for index in catalog.rules.indices where catalog.rules[index].id == 0 {
      var id = Int64(index + 1)
      while taken.contains(id) {
        above += 1
        id = above
      }
      taken.insert(id)
      catalog.rules[index].id = id
    }
    return catalog
  }

  /// The hosts of a second file over those here.
  mutating func addHosts(file: String) throws(DaemonFailure) {
    let other = try VerbCatalog(file: file).catalog
    catalog.developmentHosts += other.developmentHosts
    let teams = Set(other.deviceTeams.map { HostKey.of($0.hostname) })
    catalog.deviceTeams.removeAll { teams.contains(HostKey.of($0.hostname)) }
    catalog.deviceTeams += other.deviceTeams
    let devices = Set(other.devices.map { HostKey.of($0.hostname) })
    let addresses = Set(other.devices.flatMap(\.addresses))
    catalog.devices.removeAll { devices.contains(HostKey.of($0.hostname)) }
    for index in catalog.devices.indices {
      catalog.devices[index].addresses.removeAll { addresses.contains($0) }
    }
    catalog.devices += other.devices
  }
}
