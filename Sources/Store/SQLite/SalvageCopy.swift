import Model

/// Fills a fresh file with every row of a damaged one that can be read, and counts those that cannot. Pages
/// are read without SQLite between: it takes what stands in a torn page for rows, and loses its way there.
/// Each page is read once, so this takes about as long as copying a whole file row by row, and memory for one
/// path through a tree and a few bits per page.
struct SalvageCopy {
  private struct Part {
    let table: DamagedSchema.Table
    var saved: Int
    /// Nil: pages are missing, and nobody knows how many rows they had.
    var total: Int?
    /// Places that cannot be read.
    let gaps: Int
    /// Every page of its tree was found.
    let isWhole: Bool
  }

  private let pages: DatabasePages
  private let new: SQLiteConnection
  private let schema: DamagedSchema
  /// Pages that belong to a tree, or to a row that does.
  private var reached: PageSet
  private var parts: [Part] = []

  static func run(from pages: DatabasePages, to new: SQLiteConnection) throws(StoreError) -> Salvage.Report {
    var copy = try SalvageCopy(pages, new)
    try new.execute("BEGIN", "saving rows")
    for table in copy.schema.tables { try copy.copyTable(table) }
    let isComplete = try copy.copyOrphans()
    try new.execute("COMMIT", "saving rows")
    return copy.report(isComplete: isComplete)
  }

  private init(_ pages: DatabasePages, _ new: SQLiteConnection) throws(StoreError) {
    let tables = try new.texts(
      """
      SELECT name FROM sqlite_schema
      WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'schema_migrations'
      """, "reading the schema")
    self.pages = pages
    self.new = new
    reached = PageSet(pages: pages.count)
    schema = try DamagedSchema(pages, &reached, fresh: new, known: Set(tables))
  }

  private mutating func copyTable(_ table: DamagedSchema.Table) throws(StoreError) {
    var copy = table.isKnown ? try TableCopy(table, to: new, replaces: true) : nil
    // Tables that SQLite keeps for itself have no more columns than this.
    var walk = TableWalk(pages, columns: table.columns.isEmpty ? 16 : table.columns.count)
    try walk.run(root: table.root, &reached) { (id, record) throws(StoreError) in
      try copy?.save(id, record)
    }
    parts.append(
      Part(
        table: table, saved: copy?.saved ?? 0, total: walk.isCounted ? walk.rows : nil,
        gaps: table.isKnown ? walk.damaged + (copy?.refused ?? 0) : 0, isWhole: walk.isCounted))
  }

  // MARK: Leaves that nothing leads to

  /// Longest that they are looked for and copied, nanoseconds; a service manager waits two minutes for a
  /// start.
  private static let orphanLimit: Int64 = 30_000_000_000

  /// Saves the rows of leaves of tables whose upper pages are destroyed: they are as good as ever. Rows that
  /// were deleted are not among them: their pages are in the list of free ones. False: there may be tables of
  /// which nothing is known.
  private mutating func copyOrphans() throws(StoreError) -> Bool {
    let broken = parts.indices.filter { !parts[$0].isWhole }
    if broken.isEmpty, !schema.isGuessed { return true }
    let free = pages.free()
    // Without the whole list nobody can tell rows that were lost from rows that were deleted.
    if free == nil, !schema.isGuessed { return true }
    let end = Timestamp.wallClock.nanoseconds + SalvageCopy.orphanLimit
    var copies: [Int: TableCopy] = [:]
    var isComplete = true
    var number = 1
    while number < pages.count && Timestamp.wallClock.nanoseconds < end {
      number += 1
      guard !reached.contains(number), free.map({ !$0.contains(number) }) ?? true,
        let columns = columns(ofLeaf: number)
      else { continue }
      let alike = broken.filter { parts[$0].table.columns.count == columns }
      let possible = alike.isEmpty ? broken.filter { parts[$0].table.columns.count > columns } : alike
      // Of two tables that it may belong to, it is given to neither: a row in the wrong place is worse.
      guard possible.count == 1, let index = possible.first, parts[index].table.isKnown, free != nil else {
        isComplete = false
        continue
      }
      let table = parts[index].table
      if copies[index] == nil { copies[index] = try TableCopy(table, to: new, replaces: false) }
      guard var copy = copies[index] else { continue }
      var walk = TableWalk(pages, columns: table.columns.count)
      _ = try walk.runLeaf(number, &reached) { (id, record) throws(StoreError) in try copy.save(id, record) }
      copies[index] = copy
    }
    for (index, copy) in copies { parts[index].saved += copy.saved }
    return !schema.isGuessed || (isComplete && number >= pages.count)
  }

  /// How many columns the rows of a leaf have; nil: it is no leaf of a table.
  private func columns(ofLeaf number: Int) -> Int? {
    guard let page = pages.page(number).flatMap({ TreePage($0, number: number) }), page.kind == .tableLeaf
    else { return nil }
    let found = page.rows(in: TreePage.Bounds(), columns: .max, longest: pages.count * pages.size)
    return found.rows.map(\.columns).max()
  }

  // MARK: What became of it

  private func report(isComplete: Bool) -> Salvage.Report {
    var report = Salvage.Report()
    report.saved = parts.reduce(0) { $0 + $1.saved }
    report.gaps = parts.reduce(0) { $0 + $1.gaps }
    report.lost = isComplete ? 0 : nil
    for part in parts where part.table.isKnown {
      let lost = total(part).map { $0 - part.saved }
      // More than there can have been: some of them stood twice.
      guard let before = report.lost, let lost, lost >= 0 else {
        report.lost = nil
        break
      }
      report.lost = before + lost
    }
    return report
  }

  /// Where the table's own tree does not tell, an index may; but not one that is only supposed to be its.
  private func total(_ part: Part) -> Int? {
    if let total = part.total { return total }
    if schema.isGuessed { return nil }
    let told = Set(part.table.indexes.compactMap { IndexWalk.entries(pages, root: $0) })
    return told.count == 1 ? told.first : nil
  }
}
