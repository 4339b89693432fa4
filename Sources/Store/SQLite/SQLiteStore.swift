package import Model
import Synchronization

/// The embedded store: `muttd.db` in the state directory. Blocking; callers are serialised.
package final class SQLiteStore: EventStore, Sendable {
  package enum Mode: Sendable {
    /// Makes the file where there is none and salvages a damaged one.
    case daemon
    /// Makes the file where there is none.
    case commandLine
    /// Wants the file to be there and never writes.
    case readOnly
  }

  /// What one open file needs; only touched with the gate held.
  final class Session {
    let connection: SQLiteConnection
    let tables: CatalogTables
    let notices: NoticeSink
    var texts = AuditTexts()
    var knownVersion: (data: Int64, config: Int64)?
    var openHosts: OpenHosts
    /// What the last query by host had to read.
    var hostLook = HostLook()
    let deadline = StatementDeadline()
    /// Of the write-ahead log.
    let writeBack: WriteBack
    private var prepared: [String: SQLiteStatement] = [:]

    init(_ connection: SQLiteConnection, hosts: OpenHosts.Size, notices: @escaping NoticeSink) {
      self.connection = connection
      self.openHosts = OpenHosts(hosts)
      self.writeBack = WriteBack(of: connection.path + "-wal")
      self.tables = CatalogTables(connection)
      self.notices = notices
    }

    /// A statement that is prepared at its first use and kept. For fixed texts only.
    func statement(_ sql: String, _ doing: String) throws(StoreError) -> SQLiteStatement {
      if let statement = prepared[sql] { return statement }
      let statement = try connection.prepare(sql, doing)
      prepared[sql] = statement
      return statement
    }
  }

  private let session: Mutex<Session?>
  private let path: String
  private let mode: Mode
  /// Longest a call may take, nanoseconds; nil: as long as it takes.
  private let patience: Int64?
  private let sync: Durability
  private let file: StateFile.Identity?

  /// - Parameters:
  ///   - sync: `normal`: `settle` has nothing to wait for.
  ///   - migrate: bring the schema up to date; without it an outdated one is `.schema`.
  ///   - suspect: an earlier call threw `.corrupt`: look at the whole file, however large, and salvage it.
  ///   - patience: longest a call may take, nanoseconds; then it throws `.io`.
  package convenience init(
    path: String, mode: Mode, migrate: Bool, sync: Durability = .full, suspect: Bool = false,
    patience: Int64? = nil, notices: @escaping NoticeSink
  ) throws(StoreError) {
    try self.init(
      path: path, mode: mode, migrate: migrate, sync: sync, suspect: suspect, patience: patience,
      hosts: .standard, notices: notices)
  }

  /// `hosts`: smaller blocks for tests.
  init(
    path: String, mode: Mode, migrate: Bool, sync: Durability = .full, suspect: Bool = false,
    patience: Int64? = nil, hosts: OpenHosts.Size, notices: @escaping NoticeSink
  ) throws(StoreError) {
    self.path = path
    self.mode = mode
    self.sync = sync
    self.patience = patience
    if mode == .daemon { try SQLiteStore.salvageIfDamaged(path, suspect: suspect, notices: notices) }
    let access: SQLiteConnection.Access = mode == .readOnly ? .read : migrate ? .create : .write
    let connection = try SQLiteConnection(path: path, access: access)
    // As with the outbox.
    if mode != .daemon, StateFile.size(path + "-wal") > 0 { connection.keepLog() }
    if mode != .readOnly {
      try Migrator.prepare(connection)
      // NORMAL for the rows of the daemon: what a power cut takes of them still stands in the spool of the
      // outbox, which they leave after `settle`. What people change is confirmed to them, and stays.
      // The log is folded back every 32 MiB, each time with two waits for the disk, and cut back to 64 MiB
      // after a large transaction. Most of it is on the disk by then (`writeBack`): an alert whose commit
      // comes meanwhile would wait for the rest too.
      try connection.execute(
        """
        PRAGMA synchronous = \(mode == .daemon ? "NORMAL" : "FULL"); PRAGMA foreign_keys = ON;
        PRAGMA wal_autocheckpoint = 8192; PRAGMA journal_size_limit = 67108864
        """, "setting up")
    }
    if migrate && mode != .readOnly {
      for step in try Migrator.migrate(connection) where step.state == .changed {
        notices(
          Notice(.warning, "store", "a migration was applied from another text", [("name", .text(step.name))])
        )
      }
    }
    try Migrator.check(connection)
    let session = Session(connection, hosts: hosts, notices: notices)
    if patience != nil { connection.obey(session.deadline) }
    self.session = Mutex(session)
    file = StateFile.identity(path)
  }

  /// False: the open file is no longer under its name. Asks the file system only, never waits for who uses
  /// the store.
  package var isInPlace: Bool { StateFile.identity(path) == file }

  package var isSettledByCommit: Bool { sync == .normal || mode != .daemon }

  package func settle() throws(StoreError) {
    if isSettledByCommit { return }
    try use { session throws(StoreError) in
      let log = session.writeBack
      if log.isRefused {
        // As long as a transaction holds the file, nobody writes to its log.
        try session.connection.transaction("writing the log again") { () throws(StoreError) in
          try log.rewrite()
        }
      }
      try log.finish()
    }
  }

  package func close() {
    let wasOpen = session.withLock { session in
      defer { session = nil }
      return session != nil
    }
    if wasOpen, mode == .daemon, isInPlace { CleanMark.leave(path) }
  }

  /// Runs `body` on the open file, one caller at a time.
  func use<T: Sendable>(_ body: (Session) throws(StoreError) -> T) throws(StoreError) -> T {
    do throws(StoreError) {
      return try session.withLock { (session) throws(StoreError) -> T in
        guard let session else {
          throw StoreError(.unavailable, "\(path) was closed. Open the store again.", path: path)
        }
        if let patience { session.deadline.set(in: patience) }
        return try body(session)
      }
    } catch {
      if error.code == .corrupt { CleanMark.refuse(path) }
      throw error
    }
  }

  // MARK: The catalog

  package func catalogVersion() throws(StoreError) -> Int64 {
    try use { session throws(StoreError) in try session.catalogVersion() }
  }

  package func hasRules() throws(StoreError) -> Bool {
    try use { session throws(StoreError) in
      try session.connection.number("SELECT EXISTS (SELECT 1 FROM alert_rules)", "looking for rules") != 0
    }
  }

  /// Whether a daemon has worked with it: it has written rows.
  package func hasEvents() throws(StoreError) -> Bool {
    try use { session throws(StoreError) in
      try session.connection.number("SELECT EXISTS (SELECT 1 FROM event_audit_log)", "looking for events")
        != 0
    }
  }

  package func loadCatalog() throws(StoreError) -> Catalog {
    try use { session throws(StoreError) in
      try session.connection.reading("reading the catalog") { () throws(StoreError) in
        try session.loadCatalog()
      }
    }
  }

  package func apply(_ edits: [CatalogEdit], by actor: EditActor) throws(StoreError) -> CatalogChange {
    try use { session throws(StoreError) in
      try session.change(by: actor) { current throws(StoreError) in try CatalogPlan(edits, on: current) }
    }
  }

  package func replaceCatalog(with desired: Catalog, by actor: EditActor) throws(StoreError)
    -> CatalogChange
  {
    try use { session throws(StoreError) in
      try session.change(by: actor) { current throws(StoreError) in
        try CatalogPlan(from: current, to: desired)
      }
    }
  }
}

extension SQLiteStore.Session {
  func catalogVersion() throws(StoreError) -> Int64 {
    // Changes with every commit of another connection, ours excepted: those forget what is known.
    let pragma = try statement("PRAGMA data_version", "asking for changes")
    let data = try pragma.step() ? pragma.int64(0) : 0
    pragma.reset()
    if let knownVersion, knownVersion.data == data { return knownVersion.config }
    let version = try configVersion()
    knownVersion = (data, version)
    return version
  }

  private func configVersion() throws(StoreError) -> Int64 {
    let row = try statement("SELECT version FROM config_version", "reading the version")
    defer { row.reset() }
    return try row.step() ? row.int64(0) : 0
  }

  func loadCatalog() throws(StoreError) -> Catalog {
    var catalog = try tables.read { problem in
      notices(Notice(.error, "store", problem))
    }
    catalog.version = try configVersion()
    return catalog
  }

  /// Plans on what the store holds and takes the steps, in one transaction in the name of `actor`.
  func change(by actor: EditActor, _ plan: (Catalog) throws(StoreError) -> CatalogPlan) throws(StoreError)
    -> CatalogChange
  {
    defer { knownVersion = nil }
    return try connection.transaction("changing the catalog") { () throws(StoreError) in
      let plan = try plan(loadCatalog())
      var change = plan.change
      if !plan.steps.isEmpty {
        try write(actor)
        for step in plan.steps { try take(step) }
        try connection.execute("DELETE FROM config_actor", "naming the actor")
      }
      change.version = try configVersion()
      return change
    }
  }

  private func write(_ actor: EditActor) throws(StoreError) {
    let insert = try statement(
      "INSERT OR REPLACE INTO config_actor (id, name, reason, correlation_id) VALUES (1, ?1, ?2, ?3)",
      "naming the actor")
    insert.bind(actor.name, 1)
    insert.bind(actor.reason, 2)
    insert.bind(actor.correlationID, 3)
    try insert.run()
  }

  private func take(_ step: CatalogPlan.Step) throws(StoreError) {
    switch step {
    case .insertRule(let rule): try tables.insert(rule)
    case .updateRule(let rule): try tables.update(rule)
    case .insertDevelopmentHost(let host): try tables.insertHost(host)
    case .deleteDevelopmentHost(let host): try tables.deleteHost(host)
    case .setTeam(let team, let stored): try tables.set(team, replacing: stored)
    case .deleteTeam(let host): try tables.deleteTeam(host)
    case .setDevice(let device, let stored): try tables.set(device, replacing: stored)
    case .deleteDevice(let host): try tables.deleteDevice(host)
    }
  }
}
