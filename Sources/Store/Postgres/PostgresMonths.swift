package import Model

/// One month of the audit on a server.
package struct AuditMonth: Sendable, Equatable {
  /// The partition's name.
  package var name: String
  package var begin: Timestamp
  /// Exclusive.
  package var end: Timestamp
  /// With its indexes.
  package var bytes: Int64
  /// The planner's estimate; nil: the partition was never analysed.
  package var rows: Int64?
}

/// Rows that stand in the default partition because their month has none.
package struct StrayMonth: Sendable, Equatable {
  /// The month's first day, `2026-11-01`.
  package var firstDay: String
  package var rows: Int64
}

/// The months of the audit on a server, by the functions of `0003_partitions.sql`, in a session of its own.
/// Used by one thread. Daemons at the same database come one after the other: the functions take a lock.
package final class PostgresMonths {
  private let connection: PostgresConnection

  /// Moving rows takes its time. Who waits for the lock of the table makes everybody behind him wait too:
  /// the wait is short, and tried again later.
  private static let limits = PostgresConnection.Limits(
    statementMilliseconds: 600_000, lockMilliseconds: 2_000, answer: 605_000_000_000)

  /// Connects, and looks at the schema.
  package init(_ address: PostgresAddress, patience: PostgresPatience = PostgresPatience())
    throws(StoreError)
  {
    connection = try PostgresConnection(address, limits: PostgresMonths.limits, patience: patience)
    try PostgresMigrator.check(connection)
  }

  /// Oldest first.
  package func list() throws(StoreError) -> [AuditMonth] {
    let rows = try connection.query(
      """
      SELECT partition, \(PostgresStore.utc("lower")), \(PostgresStore.utc("upper")), bytes, rows
      FROM list_monthly_partitions()
      """, [], "listing months")
    return (0..<rows.count).map { row in
      let estimate = rows.int64(row, 4) ?? -1
      return AuditMonth(
        name: rows.text(row, 0) ?? "", begin: rows.time(row, 1) ?? .absent, end: rows.time(row, 2) ?? .absent,
        bytes: rows.int64(row, 3) ?? 0, rows: estimate < 0 ? nil : estimate)
    }
  }

  /// What the default partition holds, by month, oldest first.
  package func strays() throws(StoreError) -> [StrayMonth] {
    let rows = try connection.query(
      "SELECT month, rows FROM list_default_rows()", [], "looking into the default partition")
    return (0..<rows.count).map { row in
      StrayMonth(firstDay: rows.text(row, 0) ?? "", rows: rows.int64(row, 1) ?? 0)
    }
  }

  /// Makes the month that is `later` months after that of `time`; false when it was there.
  package func make(from time: Timestamp, later: Int = 0) throws(StoreError) -> Bool {
    try connection.query(
      """
      SELECT create_monthly_partition(
        (date_trunc('month', $1::timestamptz AT TIME ZONE 'UTC') + make_interval(months => $2))::date)
      """, [.text(time.rfc3339(digits: 6)), .number(later)], "making a month"
    ).bool(0, 0)
  }

  /// Gives `month` a partition and moves its rows there; false when it has one already. Many rows are copied
  /// there first in parts of `atOnce`, each in a transaction of its own: until the last of all, which takes
  /// them out of the default partition, they are found there.
  package func settle(_ month: StrayMonth, atOnce: Int = 10_000) throws(StoreError) -> Bool {
    let doing = "moving rows of \(month.firstDay) out of the default partition"
    if month.rows > atOnce {
      // Beyond those counted come rows that are written meanwhile, as many as that may be.
      for _ in 0...(2 * month.rows / Int64(atOnce)) {
        let copied = try connection.query(
          "SELECT copy_default_rows($1::date, $2)", [.text(month.firstDay), .number(atOnce)], doing
        ).int(0, 0)
        if copied == 0 { break }
      }
    }
    return try connection.query("SELECT create_monthly_partition($1::date)", [.text(month.firstDay)], doing)
      .bool(0, 0)
  }

  /// Whether this role may drop months.
  package func mayDrop() throws(StoreError) -> Bool {
    try connection.query(
      "SELECT has_function_privilege('drop_old_partitions(integer, boolean, text)', 'EXECUTE')", [],
      "asking for the right to drop months"
    ).bool(0, 0)
  }

  /// The names of the months that ended more than `kept` months ago, oldest first.
  package func old(keeping kept: Int) throws(StoreError) -> [String] {
    let rows = try connection.query(
      "SELECT partition FROM drop_old_partitions($1, true)", [.number(kept)], "looking for old months")
    return (0..<rows.count).map { rows.text($0, 0) ?? "" }
  }

  /// Drops one of them, in a transaction of its own: for its time nobody writes or reads. Why it cannot be
  /// dropped, in the server's words; nil: it is gone.
  package func drop(_ month: String, keeping kept: Int) throws(StoreError) -> String? {
    let rows = try connection.query(
      "SELECT obstacle FROM drop_old_partitions($1, false, $2)", [.number(kept), .text(month)],
      "dropping \(month)")
    return rows.count == 0 ? nil : rows.text(0, 0)
  }
}
