import Model

/// A table as the server describes it.
struct AdoptionTable {
  struct Column {
    var name: String
    /// As `format_type` writes it.
    var type: String
    var isRequired: Bool
    /// As `pg_get_expr` writes it; nil: none.
    var standard: String?

    /// It counts by a sequence.
    var isSerial: Bool { standard?.hasPrefix("nextval(") ?? false }
  }
  struct Constraint {
    var name: String
    /// `p`, `u`, `c`
    var kind: String
    /// Its columns, in the order of the alphabet.
    var columns: [String]
    var definition: String
  }
  struct Index {
    var name: String
    /// From `USING` on.
    var shape: String
  }

  var name: String
  var columns: [Column] = []
  var constraints: [Constraint] = []
  /// Those that no constraint stands behind.
  var indexes: [Index] = []

  /// The tables of `schema`, partitions left out, in the order of their names.
  static func all(in schema: String, _ connection: PostgresConnection) throws(StoreError)
    -> [AdoptionTable]
  {
    var tables: [AdoptionTable] = []
    try readColumns(schema, connection, &tables)
    try readConstraints(schema, connection, &tables)
    try readIndexes(schema, connection, &tables)
    return tables
  }

  private static let isTable = "c.relkind IN ('r', 'p') AND NOT c.relispartition"

  private static func readColumns(
    _ schema: String, _ connection: PostgresConnection, _ tables: inout [AdoptionTable]
  ) throws(StoreError) {
    let rows = try connection.query(
      """
      SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        CASE WHEN a.attidentity <> '' THEN 'nextval(identity)' ELSE pg_get_expr(d.adbin, d.adrelid) END
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      WHERE c.relnamespace = $1::regnamespace AND \(isTable) ORDER BY c.relname, a.attnum
      """, [.text(schema)], "reading columns")
    for row in 0..<rows.count {
      let table = rows.text(row, 0) ?? ""
      if tables.last?.name != table { tables.append(AdoptionTable(name: table)) }
      tables[tables.count - 1].columns.append(
        Column(
          name: rows.text(row, 1) ?? "", type: rows.text(row, 2) ?? "", isRequired: rows.bool(row, 3),
          standard: rows.text(row, 4)))
    }
  }

  private static func readConstraints(
    _ schema: String, _ connection: PostgresConnection, _ tables: inout [AdoptionTable]
  ) throws(StoreError) {
    let rows = try connection.query(
      """
      SELECT c.relname, k.conname, k.contype::text, pg_get_constraintdef(k.oid),
        (SELECT string_agg(a.attname, ',' ORDER BY a.attname) FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum = ANY (k.conkey))
      FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid
      WHERE c.relnamespace = $1::regnamespace AND \(isTable) AND k.contype IN ('p', 'u', 'c')
      ORDER BY c.relname, k.conname
      """, [.text(schema)], "reading constraints")
    for row in 0..<rows.count {
      guard let place = tables.firstIndex(where: { $0.name == rows.text(row, 0) }) else { continue }
      tables[place].constraints.append(
        Constraint(
          name: rows.text(row, 1) ?? "", kind: rows.text(row, 2) ?? "",
          columns: (rows.text(row, 4) ?? "").split(separator: ",").map(String.init),
          definition: rows.text(row, 3) ?? ""))
    }
  }

  private static func readIndexes(
    _ schema: String, _ connection: PostgresConnection, _ tables: inout [AdoptionTable]
  ) throws(StoreError) {
    let rows = try connection.query(
      """
      SELECT c.relname, x.relname, i.indisunique,
        substring(pg_get_indexdef(i.indexrelid) FROM ' USING (.*)$')
      FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
      WHERE c.relnamespace = $1::regnamespace AND \(isTable) AND i.indisvalid
        AND NOT EXISTS (
          SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))
      ORDER BY c.relname, x.relname
      """, [.text(schema)], "reading indexes")
    for row in 0..<rows.count {
      guard let place = tables.firstIndex(where: { $0.name == rows.text(row, 0) }) else { continue }
      let unique = rows.bool(row, 2) ? "unique " : ""
      tables[place].indexes.append(
        Index(name: rows.text(row, 1) ?? "", shape: unique + (rows.text(row, 3) ?? "")))
    }
  }
}

/// Types as `format_type` writes them.
enum AdoptionType {
  private static let varying = "character varying"

  /// The bound of a `character varying(n)`; nil for one without, and for other types.
  private static func bound(_ type: String) -> Int? {
    guard type.hasPrefix(varying + "(") else { return nil }
    return Int(type.dropFirst(varying.count + 1).dropLast())
  }

  private static func isText(_ type: String) -> Bool { type == "text" || type.hasPrefix(varying) }

  /// Whatever `wanted` takes, `there` takes too, and on the wire both are the same.
  static func serves(_ there: String, for wanted: String) -> Bool {
    if there == wanted { return true }
    guard isText(there), isText(wanted) else { return false }
    guard let least = bound(wanted) else { return bound(there) == nil }
    return bound(there).map { $0 >= least } ?? true
  }

  /// Can be made `wanted` without touching a row: texts that may become longer.
  static func widens(_ there: String, to wanted: String) -> Bool {
    isText(there) && isText(wanted) && !serves(there, for: wanted)
  }
}
