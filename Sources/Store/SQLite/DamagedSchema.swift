import Model

/// Where the tables of a damaged file begin, and what columns they have.
struct DamagedSchema {
  struct Table {
    let name: String
    let root: Int
    let columns: [String]
    /// The one that is another name of the row id.
    let idColumn: Int?
    /// Roots of the indexes that have every row of it.
    let indexes: [Int]
    /// The fresh file has it too, so its rows are wanted.
    let isKnown: Bool
  }

  /// In the order of their roots.
  private(set) var tables: [Table] = []
  /// Taken from a fresh file, since that of this one cannot be read: tables that were made in another order
  /// begin elsewhere.
  private(set) var isGuessed = false

  fileprivate struct Entry {
    var type = ""
    var name = ""
    var table = ""
    var root = 0
    var sql: String?

    /// Nil: it is no row of `sqlite_schema`.
    init?(_ record: Record) {
      guard let type = record.text(0), let name = record.text(1), let table = record.text(2),
        let root = record.integer(3)
      else { return nil }
      self.init(
        type: type, name: name, table: table, root: Int(truncatingIfNeeded: root), sql: record.text(4))
    }

    init(type: String, name: String, table: String, root: Int, sql: String?) {
      self.type = type
      self.name = name
      self.table = table
      self.root = root
      self.sql = sql
    }
  }

  /// `known`: tables of the fresh file that is to be filled.
  init(_ pages: DatabasePages, _ reached: inout PageSet, fresh: SQLiteConnection, known: Set<String>)
    throws(StoreError)
  {
    var entries: [Entry] = []
    var walk = TableWalk(pages, columns: 5)
    var before = reached
    try walk.run(root: 1, &before) { (_, record) throws(StoreError) in
      if let entry = Entry(record) { entries.append(entry) }
    }
    if walk.isCounted, walk.damaged == 0, entries.allSatisfy(\.isPlausible),
      entries.contains(where: { known.contains($0.name) })
    {
      reached = before
    } else if let found = try DamagedSchema.scattered(pages, &reached, known) {
      entries = found
    } else {
      entries = try DamagedSchema.entries(of: fresh)
      isGuessed = true
    }
    let scratch = try SQLiteConnection(path: ":memory:", access: .write)
    // Which pages belong to the others is asked too: none is mistaken for one of a table that is wanted.
    for entry in entries.filter({ $0.type == "table" }).sorted(by: { $0.root < $1.root }) {
      let indexes = entries.filter { $0.type == "index" && $0.table == entry.name && !$0.isPartial }
      tables.append(
        try entry.table(
          indexes: indexes.map(\.root), isKnown: known.contains(entry.name), scratch, fresh))
    }
  }

  /// Where the first page only led to others, these still say all; nil when they do not.
  private static func scattered(_ pages: DatabasePages, _ reached: inout PageSet, _ known: Set<String>)
    throws(StoreError) -> [Entry]?
  {
    let end = Timestamp.wallClock.nanoseconds + searchLimit
    var entries: [Entry] = []
    var found = reached
    var number = 1
    while number < pages.count && Timestamp.wallClock.nanoseconds < end {
      number += 1
      guard let page = pages.page(number).flatMap({ TreePage($0, number: number) }), page.kind == .tableLeaf
      else { continue }
      let rows = page.rows(in: TreePage.Bounds(), columns: 5, longest: pages.count * pages.size).rows
      var before = found
      let own = rows.compactMap { page.record(of: $0, pages, &before).flatMap(Entry.init) }
      guard !own.isEmpty, own.allSatisfy(\.isPlausible) else { continue }
      entries += own
      found = before
      _ = found.insert(number)
    }
    let names = Set(entries.map(\.name))
    guard number >= pages.count, names.count == entries.count, names.isSuperset(of: known) else { return nil }
    reached = found
    return entries
  }

  /// Longest that this takes, nanoseconds; a service manager waits two minutes for a start.
  private static let searchLimit: Int64 = 30_000_000_000

  private static func entries(of fresh: SQLiteConnection) throws(StoreError) -> [Entry] {
    let row = try fresh.prepare(
      "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema", "reading the schema")
    var entries: [Entry] = []
    while try row.step() {
      entries.append(
        Entry(
          type: row.text(0) ?? "", name: row.text(1) ?? "", table: row.text(2) ?? "", root: row.int(3),
          sql: row.isNull(4) ? nil : row.text(4)))
    }
    return entries
  }
}

extension DamagedSchema.Entry {
  fileprivate var isPlausible: Bool {
    switch type {
    case "table", "view": name == table
    case "index", "trigger": true
    default: false
    }
  }

  /// One that SQLite made for a key has no SQL.
  fileprivate var isPartial: Bool { sql?.uppercased().contains("WHERE") ?? false }

  /// SQLite works out the columns, from the SQL that made the table; in vain, they are those of today.
  fileprivate func table(
    indexes: [Int], isKnown: Bool, _ scratch: SQLiteConnection, _ fresh: SQLiteConnection
  ) throws(StoreError) -> DamagedSchema.Table {
    var source = fresh
    // What stands in a damaged file is not run for the asking.
    if let sql, sql.hasPrefix("CREATE TABLE "), let making = try? scratch.prepare(sql, "reading the schema"),
      (try? making.run()) != nil
    {
      source = scratch
    }
    let row = try source.prepare(
      "SELECT name, upper(type) = 'INTEGER' AND pk = 1, pk FROM pragma_table_info(?1)", "reading the schema")
    row.bind(name, 1)
    var columns: [String] = []
    var keys: [(column: Int, isNumber: Bool)] = []
    while try row.step() {
      if row.int(2) > 0 { keys.append((columns.count, row.bool(1))) }
      columns.append(row.text(0) ?? "")
    }
    let idColumn = keys.count == 1 && keys[0].isNumber ? keys[0].column : nil
    return DamagedSchema.Table(
      name: name, root: root, columns: columns, idColumn: idColumn, indexes: indexes, isKnown: isKnown)
  }
}
