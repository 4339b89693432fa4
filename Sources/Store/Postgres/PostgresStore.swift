package import Model
import Synchronization

/// The tables on a PostgreSQL server. Blocking; callers are serialised. A lost session is made anew by the
/// next call, with the address as it reads then: a password may have changed.
package final class PostgresStore: EventStore, Sendable {
  /// Reads the address; called before every connect.
  package typealias AddressReader = @Sendable () throws(StoreError) -> PostgresAddress

  /// What one session needs; only touched with the gate held.
  final class Session {
    let connection: PostgresConnection
    let notices: NoticeSink
    /// Kept from batch to batch.
    var rows = PostgresRows()
    /// How often in a row the server refused audit rows with the same word that may be about one of them.
    var suspicion = (state: "", count: 0)
    /// Audit rows go by COPY; a table with row security takes none.
    var copies = true

    init(_ connection: PostgresConnection, notices: @escaping NoticeSink) {
      self.connection = connection
      self.notices = notices
    }
  }

  private struct State {
    var session: Session?
    /// The server's process that served the last session, and since when.
    var backend: (process: String, since: String)?
    var isClosed = false
  }

  private let state = Mutex(State())
  private let address: AddressReader
  private let node: Int?
  private let notices: NoticeSink
  private let patience: PostgresPatience

  /// Does not connect: the first call does.
  /// - Parameters:
  ///   - node: whose number no other daemon may have on this database; nil: of no daemon.
  ///   - patience: that of others too, when they stop together.
  package init(
    address: @escaping AddressReader, node: Int? = nil, patience: PostgresPatience = PostgresPatience(),
    notices: @escaping NoticeSink
  ) {
    self.address = address
    self.node = node
    self.patience = patience
    self.notices = notices
  }

  package func close() {
    state.withLock {
      $0.session = nil
      $0.isClosed = true
    }
  }

  package func endPatience(in nanoseconds: Int64) { patience.end(in: nanoseconds) }

  /// Connects unless that is done, and looks at the schema: within `nanoseconds`, then not beside other
  /// calls, or as long as that takes.
  package func connect(within nanoseconds: Int64? = nil) throws(StoreError) {
    if let nanoseconds { patience.end(in: nanoseconds) }
    defer { if nanoseconds != nil { patience.renew() } }
    try use { _ throws(StoreError) in () }
  }

  /// Runs `body`, which changes nothing, as `use` does. A session of earlier that turns out to be dead is no
  /// reason to fail: the server may be back for long.
  func read<T: Sendable>(_ body: (Session) throws(StoreError) -> T) throws(StoreError) -> T {
    try use(repeats: true, body)
  }

  /// Runs `body` in a session, one caller at a time.
  func use<T: Sendable>(repeats: Bool = false, _ body: (Session) throws(StoreError) -> T)
    throws(StoreError) -> T
  {
    try state.withLock { (state) throws(StoreError) -> T in
      var mayRepeat = repeats && state.session != nil
      while true {
        if state.isClosed { throw StoreError(.unavailable, "The store was closed. Open it again.") }
        let session: Session
        if let known = state.session {
          session = known
        } else {
          session = try open(&state.backend)
          state.session = session
        }
        defer { if session.connection.isBroken { state.session = nil } }
        do throws(StoreError) {
          return try body(session)
        } catch {
          let isDead = session.connection.isBroken && !session.connection.isSilent
          if !mayRepeat || !isDead { throw error }
          mayRepeat = false
        }
      }
    }
  }

  private func open(_ backend: inout (process: String, since: String)?) throws(StoreError) -> Session {
    let connection = try PostgresConnection(address(), patience: patience)
    try PostgresMigrator.check(connection)
    if let node {
      try PostgresStore.take(node, on: connection, from: backend)
      let row = try connection.query(
        "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()", [],
        "looking at the session")
      if row.count > 0, let process = row.text(0, 0), let since = row.text(0, 1) {
        backend = (process, since)
      }
    }
    return Session(connection, notices: notices)
  }

  /// The lock is the session's, and goes with it. A session that we gave up because nothing was answered may
  /// still stand on the server and hold it: it is ours, and is ended.
  private static func take(
    _ node: Int, on connection: PostgresConnection, from leftover: (process: String, since: String)?
  ) throws(StoreError) {
    func isTaken() throws(StoreError) -> Bool {
      try connection.query(
        "SELECT pg_try_advisory_lock(hashtext('mutt.node'), $1::integer)", [.number(node)],
        "taking the node"
      ).bool(0, 0)
    }
    if try isTaken() { return }
    if let leftover {
      _ = try connection.query(
        """
        SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE pid = $1::integer AND backend_start = $2::timestamptz AND usename = current_user
          AND pid <> pg_backend_pid()
        """, [.text(leftover.process), .text(leftover.since)], "ending our session of before")
      if try isTaken() { return }
    }
    throw StoreError(
      .nodeTaken,
      "\(connection.address.shown): another daemon writes to this database as node \(node). Give every "
        + "daemon its own number (node in muttd.yaml).")
  }

  /// A time as RFC 3339 text; nil for infinity, which is no time here.
  static func utc(_ column: String) -> String {
    "to_char(\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
  }

  // MARK: The catalog

  package func catalogVersion() throws(StoreError) -> Int64 {
    try read { session throws(StoreError) in try session.configVersion() }
  }

  package func hasRules() throws(StoreError) -> Bool {
    try read { session throws(StoreError) in
      try session.connection.query("SELECT EXISTS (SELECT 1 FROM alert_rules)", [], "looking for rules")
        .bool(0, 0)
    }
  }

  package func loadCatalog() throws(StoreError) -> Catalog {
    try read { session throws(StoreError) in
      try session.connection.transaction(
        "reading the catalog", mode: "ISOLATION LEVEL REPEATABLE READ READ ONLY"
      ) { () throws(StoreError) in try session.loadCatalog() }
    }
  }

  package func apply(_ edits: [CatalogEdit], by actor: EditActor) throws(StoreError) -> CatalogChange {
    try use { session throws(StoreError) in
      var edits = edits
      try session.normalise(&edits)
      return try session.change(by: actor) { current throws(StoreError) in
        try CatalogPlan(edits, on: current)
      }
    }
  }

  package func replaceCatalog(with desired: Catalog, by actor: EditActor) throws(StoreError)
    -> CatalogChange
  {
    try use { session throws(StoreError) in
      var desired = desired
      try session.normalise(&desired.devices)
      return try session.change(by: actor) { current throws(StoreError) in
        try CatalogPlan(from: current, to: desired)
      }
    }
  }
}

extension PostgresStore {
  package func noteOutboxChange(
    isPurge: Bool, choice: String, counts: [(destination: String, count: Int)], by actor: EditActor
  ) throws(StoreError) {
    let counts = JSONList.text(counts)
    try use { session throws(StoreError) in
      try session.connection.transaction("auditing a change of the outbox") { () throws(StoreError) in
        try session.write(actor)
        _ = try session.connection.query(
          "SELECT note_outbox_change($1::boolean, $2, $3::jsonb)",
          [.text(isPurge ? "t" : "f"), .text(choice), .text(counts)], "auditing a change of the outbox")
      }
    }
  }
}

extension PostgresStore.Session {
  func configVersion() throws(StoreError) -> Int64 {
    let row = try connection.query("SELECT version FROM config_version", [], "reading the version")
    return row.count == 0 ? 0 : row.int64(0, 0) ?? 0
  }

  func loadCatalog() throws(StoreError) -> Catalog {
    var catalog = try PostgresCatalog(connection).read { problem in
      notices(Notice(.error, "store", problem))
    }
    catalog.version = try configVersion()
    return catalog
  }

  /// Plans on what the database holds and takes the steps, in one transaction in the name of `actor`.
  func change(by actor: EditActor, _ plan: (Catalog) throws(StoreError) -> CatalogPlan) throws(StoreError)
    -> CatalogChange
  {
    try connection.transaction("changing the catalog") { () throws(StoreError) in
      // Nobody edits between the look and the change; who reads, and who writes the audit, is not held.
      try connection.execute(
        "LOCK TABLE alert_rules, development_hosts, device_teams, devices IN SHARE ROW EXCLUSIVE MODE",
        "waiting for other edits")
      let plan = try plan(loadCatalog())
      var change = plan.change
      if !plan.steps.isEmpty {
        try write(actor)
        let tables = PostgresCatalog(connection)
        for step in plan.steps { try tables.take(step) }
      }
      change.version = try configVersion()
      return change
    }
  }

  fileprivate func write(_ actor: EditActor) throws(StoreError) {
    _ = try connection.query(
      """
      SELECT set_config('mutt.actor', $1, true), set_config('mutt.reason', $2, true),
        set_config('mutt.correlation_id', $3, true)
      """, [.text(actor.name), .text(actor.reason ?? ""), .text(actor.correlationID ?? "")],
      "naming the actor")
  }

  /// The database keeps JSON by meaning and gives it back in its own spelling: what is compared with it has
  /// to be spelt so first.
  func normalise(_ devices: inout [Device]) throws(StoreError) {
    let places = devices.indices.filter { devices[$0].attributes != nil }
    if places.isEmpty { return }
    var texts = PostgresArray(.text)
    for place in places { texts.append(text: devices[place].attributes ?? "") }
    let rows = try connection.query(
      "SELECT a.json::jsonb FROM unnest($1::text[]) WITH ORDINALITY AS a (json, place) ORDER BY place",
      [.binary(texts.encoded())], "reading attributes of devices")
    for (row, place) in places.enumerated() {
      devices[place].attributes = rows.text(row, 0).map { PostgresJSON.compact($0) }
    }
  }

  func normalise(_ edits: inout [CatalogEdit]) throws(StoreError) {
    for index in edits.indices {
      guard let device = edits[index].device else { continue }
      var list = [device]
      try normalise(&list)
      edits[index].device = list[0]
    }
  }
}
