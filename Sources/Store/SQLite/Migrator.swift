package import Model

/// One migration, and how a database stands to it.
package struct MigrationStatus: Sendable, Equatable {
  package enum State: String, Sendable {
    case applied, pending
    /// Applied, but from a text that is not this binary's.
    case changed
    /// Applied by a newer muttd; this one does not know it.
    case unknown
  }

  package var version: Int
  package var name: String
  /// SHA-256 of the text, hexadecimal; of an unknown migration what the database says.
  package var checksum: String?
  package var appliedAt: Timestamp?
  package var state: State
}

/// Brings the embedded store to the schema this binary knows. Every file is one transaction and records
/// itself, so that the sqlite3 shell can apply it as well.
package enum Migrator {
  /// Applies what is pending and fills in missing checksums; the status afterwards. Makes the file when there
  /// is none.
  @discardableResult
  package static func migrate(path: String) throws(StoreError) -> [MigrationStatus] {
    let connection = try SQLiteConnection(path: path, access: .create)
    try prepare(connection)
    return try migrate(connection)
  }

  package static func status(path: String) throws(StoreError) -> [MigrationStatus] {
    try status(SQLiteConnection(path: path, access: .read))
  }

  /// Takes back every migration above `version`, newest first; 0 empties the database.
  @discardableResult
  package static func down(path: String, to version: Int) throws(StoreError) -> [MigrationStatus] {
    let connection = try SQLiteConnection(path: path, access: .write)
    for step in try status(connection).reversed() where step.version > version && step.state != .pending {
      guard let migration = migrations.first(where: { $0.version == step.version }) else {
        throw unknown(step, path)
      }
      try connection.execute(migration.down, "taking back migration \(step.version)")
    }
    return try status(connection)
  }

  /// What has to be set on a file before its first table.
  static func prepare(_ connection: SQLiteConnection) throws(StoreError) {
    try connection.execute("PRAGMA journal_mode = WAL", "switching to write-ahead logging")
  }

  @discardableResult
  static func migrate(_ connection: SQLiteConnection, through last: Int = .max) throws(StoreError)
    -> [MigrationStatus]
  {
    for step in try status(connection) where step.version <= last {
      switch step.state {
      case .unknown: throw unknown(step, connection.path)
      case .pending: try apply(step.version, connection)
      case .applied, .changed: break
      }
    }
    for migration in migrations where migration.version <= last {
      try recordChecksum(migration, connection)
    }
    return try status(connection)
  }

  /// Throws `.schema` unless every migration is applied and none is unknown.
  static func check(_ connection: SQLiteConnection) throws(StoreError) {
    for step in try status(connection) {
      if step.state == .unknown { throw unknown(step, connection.path) }
      if step.state == .pending {
        throw StoreError(
          .schema, "\(connection.path) lacks migration \(step.version) (\(step.name)). Run muttd db migrate.",
          path: connection.path)
      }
    }
  }

  static func status(_ connection: SQLiteConnection) throws(StoreError) -> [MigrationStatus] {
    let applied = try recorded(connection)
    var steps = migrations.map { migration in
      let checksum = SHA256.hex(migration.up)
      let record = applied.first { $0.version == migration.version }
      var state = MigrationStatus.State.pending
      if let record { state = record.checksum == nil || record.checksum == checksum ? .applied : .changed }
      return MigrationStatus(
        version: migration.version, name: migration.name, checksum: checksum, appliedAt: record?.appliedAt,
        state: state)
    }
    steps += applied.filter { step in !migrations.contains { $0.version == step.version } }
    return steps
  }

  private static func recorded(_ connection: SQLiteConnection) throws(StoreError) -> [MigrationStatus] {
    let tables = try connection.number(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'",
      "reading the schema")
    if tables == 0 { return [] }
    let row = try connection.prepare(
      "SELECT version, name, checksum, applied_at FROM schema_migrations ORDER BY version",
      "reading schema_migrations")
    var found: [MigrationStatus] = []
    while try row.step() {
      found.append(
        MigrationStatus(
          version: row.int(0), name: row.text(1) ?? "", checksum: row.text(2),
          appliedAt: row.text(3).flatMap { Timestamp(rfc3339: $0) }, state: .unknown))
    }
    return found
  }

  private static func apply(_ version: Int, _ connection: SQLiteConnection) throws(StoreError) {
    guard let migration = migrations.first(where: { $0.version == version }) else { return }
    do throws(StoreError) {
      try connection.execute(migration.up, "applying migration \(version) (\(migration.name))")
    } catch {
      connection.rollback()
      // Two processes may have started at once: the one that lost finds the work done.
      if try recorded(connection).contains(where: { $0.version == version }) { return }
      throw error
    }
  }

  private static func recordChecksum(_ migration: Migration, _ connection: SQLiteConnection)
    throws(StoreError)
  {
    let update = try connection.prepare(
      "UPDATE schema_migrations SET checksum = ?1 WHERE version = ?2 AND checksum IS NULL",
      "recording a checksum")
    update.bind(SHA256.hex(migration.up), 1)
    update.bind(migration.version, 2)
    try update.run()
  }

  private static func unknown(_ step: MigrationStatus, _ path: String) -> StoreError {
    StoreError(
      .schema,
      "\(path) has migration \(step.version) (\(step.name)), which this muttd does not know. Install "
        + "the version that wrote it, or a newer one.", path: path)
  }
}
