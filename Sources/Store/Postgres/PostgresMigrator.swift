import Model

/// Brings a PostgreSQL database to the schema this binary knows. Every file is one transaction and records
/// itself, so that psql can apply it as well; two migrators at once come one after the other.
package enum PostgresMigrator {
  /// Applies what is pending and fills in missing checksums; the status afterwards.
  @discardableResult
  package static func migrate(_ address: PostgresAddress) throws(StoreError) -> [MigrationStatus] {
    try migrate(address, through: .max)
  }

  @discardableResult
  static func migrate(_ address: PostgresAddress, through last: Int) throws(StoreError) -> [MigrationStatus] {
    try alone(on: address) { connection throws(StoreError) in
      let steps = try status(connection)
      try refuseUnknown(steps, connection)
      for migration in migrations where migration.version <= last {
        if steps.contains(where: { $0.version == migration.version && $0.state == .pending }) {
          try run(migration.up, "applying migration \(migration.version) (\(migration.name))", connection)
        }
        _ = try connection.query(
          "UPDATE schema_migrations SET checksum = $1 WHERE version = $2 AND checksum IS NULL",
          [.text(SHA256.hex(migration.up)), .number(migration.version)], "recording a checksum")
      }
      return try status(connection)
    }
  }

  package static func status(_ address: PostgresAddress) throws(StoreError) -> [MigrationStatus] {
    try status(PostgresConnection(address))
  }

  package static func warning(_ address: PostgresAddress) throws(StoreError) -> String? {
    try warning(PostgresConnection(address))
  }

  /// What everybody may do that nobody should; nil: nothing. Databases of before PostgreSQL 15, and those
  /// upgraded from them, let everybody make tables.
  static func warning(_ connection: PostgresConnection) throws(StoreError) -> String? {
    let everybody = try connection.query(
      """
      SELECT EXISTS (SELECT 1 FROM pg_namespace n, aclexplode(n.nspacl) a
        WHERE n.nspname = 'public' AND a.grantee = 0 AND a.privilege_type = 'CREATE')
      """, [], "asking who may make tables")
    return everybody.bool(0, 0)
      ? "everybody may make tables beside muttd's: REVOKE CREATE ON SCHEMA public FROM PUBLIC" : nil
  }

  /// Takes back every migration above `version`, newest first; 0 empties the database.
  @discardableResult
  package static func down(_ address: PostgresAddress, to version: Int) throws(StoreError)
    -> [MigrationStatus]
  {
    try alone(on: address) { connection throws(StoreError) in
      let steps = try status(connection)
      try refuseUnknown(steps.filter { $0.version > version }, connection)
      for step in steps.reversed() where step.version > version && step.state != .pending {
        guard let migration = migrations.first(where: { $0.version == step.version }) else { continue }
        try run(migration.down, "taking back migration \(step.version) (\(step.name))", connection)
      }
      return try status(connection)
    }
  }

  /// Throws `.schema` unless every migration is applied and none is unknown.
  static func check(_ connection: PostgresConnection) throws(StoreError) {
    let steps = try status(connection)
    try refuseUnknown(steps, connection)
    guard let missing = steps.first(where: { $0.state == .pending }) else { return }
    throw StoreError(
      .schema,
      "\(connection.address.shown) lacks migration \(missing.version) (\(missing.name)). Run muttd db "
        + "migrate."
    )
  }

  // MARK: -

  /// As long as it takes: an index on years of rows is not built in seconds.
  private static var patient: PostgresConnection.Limits {
    PostgresConnection.Limits(
      statementMilliseconds: 0, lockMilliseconds: 30_000, answer: 24 * 3_600 * 1_000_000_000)
  }

  /// Runs `body` while no other migrator does; whoever comes second waits for the first.
  static func alone<T>(
    on address: PostgresAddress, _ body: (PostgresConnection) throws(StoreError) -> T
  ) throws(StoreError) -> T {
    let connection = try PostgresConnection(address, limits: patient)
    try connection.execute(
      "SELECT pg_advisory_lock(hashtextextended('mutt.migrations', 0))", "waiting for another migrator")
    // The lock goes with the session.
    return try body(connection)
  }

  private static func run(_ sql: String, _ doing: String, _ connection: PostgresConnection)
    throws(StoreError)
  {
    do throws(StoreError) {
      try connection.execute(sql, doing)
    } catch {
      if !connection.isBroken { try connection.execute("ROLLBACK", doing) }
      throw error
    }
  }

  static func status(_ connection: PostgresConnection) throws(StoreError) -> [MigrationStatus] {
    let applied = try recorded(connection)
    let known = migrations.map { migration in
      let checksum = SHA256.hex(migration.up)
      let record = applied.first { $0.version == migration.version }
      var state = MigrationStatus.State.pending
      if let record { state = record.checksum == nil || record.checksum == checksum ? .applied : .changed }
      return MigrationStatus(
        version: migration.version, name: migration.name, checksum: checksum, appliedAt: record?.appliedAt,
        state: state)
    }
    return known + applied.filter { step in !migrations.contains { $0.version == step.version } }
  }

  private static func recorded(_ connection: PostgresConnection) throws(StoreError) -> [MigrationStatus] {
    let table = try connection.query(
      "SELECT to_regclass('public.schema_migrations') IS NOT NULL", [], "reading the schema")
    guard table.bool(0, 0) else { return [] }
    let rows = try connection.query(
      "SELECT version, name, checksum, \(PostgresStore.utc("applied_at")) FROM schema_migrations ORDER BY 1",
      [],
      "reading schema_migrations")
    return (0..<rows.count).map { row in
      MigrationStatus(
        version: rows.int(row, 0) ?? 0, name: rows.text(row, 1) ?? "", checksum: rows.text(row, 2),
        appliedAt: rows.time(row, 3), state: .unknown)
    }
  }

  private static func refuseUnknown(_ steps: [MigrationStatus], _ connection: PostgresConnection)
    throws(StoreError)
  {
    guard let step = steps.first(where: { $0.state == .unknown }) else { return }
    throw StoreError(
      .schema,
      "\(connection.address.shown) has migration \(step.version) (\(step.name)), which this muttd does not "
        + "know. Install the version that wrote it, or a newer one.")
  }
}
