import Glibc
import Model

/// Takes what can be read of a damaged database into a fresh file, row by row, and keeps the damaged one
/// aside under a new name. Killed at any moment, the next start begins again or finds it done.
struct Salvage {
  struct Report: Sendable, Equatable {
    var saved = 0
    /// Rows that are missing, where an index still tells of each damaged table how many there were.
    var lost: Int?
    /// Places that could not be read; each hides a row or a page of them.
    var gaps = 0
    var aside = ""
  }

  let path: String
  /// Makes the empty tables of a fresh file; runs before and after the rows are copied, so that triggers can
  /// wait.
  let create: (SQLiteConnection) throws(StoreError) -> Void
  let finish: (SQLiteConnection) throws(StoreError) -> Void

  private static let companions = ["", "-wal", "-shm"]
  private var fresh: String { path + ".salvage" }
  private var source: String { path + ".salvage-source" }

  /// Puts a salvaged file in place whose renaming was cut off: then there is no file under the proper name.
  static func resume(_ path: String) throws(StoreError) {
    let fresh = path + ".salvage"
    if !StateFile.exists(path) && StateFile.exists(fresh) { try StateFile.rename(fresh, to: path) }
  }

  func run(now: Timestamp) throws(StoreError) -> Report {
    try removeLeftovers()
    var report = Report()
    do throws(StoreError) {
      try copyRows(from: path, &report)
      if report.gaps > 0 { try rescueOrphans(&report) }
      try complete()
    } catch  where error.code == .corrupt || error.code == .schema {
      // Not even the list of tables can be read: the first page is gone. Its place is taken by that of a
      // file made the same way, in a copy; the rows behind it are where they always were.
      try removeLeftovers()
      report = Report()
      try copyWithFreshFirstPage(&report)
    }
    report.aside = try Salvage.asideName(of: path, now)
    for suffix in Salvage.companions where StateFile.exists(path + suffix) {
      try StateFile.rename(path + suffix, to: report.aside + suffix)
    }
    try StateFile.rename(fresh, to: path)
    try StateFile.syncDirectory(of: path)
    for suffix in Salvage.companions { try StateFile.remove(source + suffix) }
    return report
  }

  private func removeLeftovers() throws(StoreError) {
    for suffix in Salvage.companions {
      try StateFile.remove(fresh + suffix)
      try StateFile.remove(source + suffix)
    }
  }

  /// What a damaged file is called from `now` on.
  static func asideName(of path: String, _ now: Timestamp) throws(StoreError) -> String {
    let digits = now.rfc3339(digits: 0).filter { $0 != "-" && $0 != ":" }
    for number in 1..<1_000 {
      let name = path + ".corrupt-" + digits + (number == 1 ? "" : "-\(number)")
      if !StateFile.exists(name) { return name }
    }
    throw StoreError(.conflict, "\(path): too many damaged files stand beside it. Remove some.", path: path)
  }

  private func copyWithFreshFirstPage(_ report: inout Report) throws(StoreError) {
    do {
      let blank = try SQLiteConnection(path: fresh, access: .create)
      try create(blank)
      try blank.execute("PRAGMA wal_checkpoint(TRUNCATE)", "making an empty file")
    }
    try FilePages.copy(path, to: source)
    if StateFile.exists(path + "-wal") { try FilePages.copy(path + "-wal", to: source + "-wal") }
    try FilePages.replaceFirstPage(of: source, by: fresh)
    for suffix in Salvage.companions { try StateFile.remove(fresh + suffix) }
    do throws(StoreError) {
      // Which pages are free stood on the first one: what no tree leads to may have been deleted.
      try copyRows(from: source, &report)
      try complete()
    } catch  where error.code == .corrupt || error.code == .schema {
      // Nothing to be had: an empty file it is, and one gap that is everything.
      for suffix in Salvage.companions { try StateFile.remove(fresh + suffix) }
      report = Report(saved: 0, lost: nil, gaps: 1, aside: "")
      let blank = try SQLiteConnection(path: fresh, access: .create)
      try create(blank)
      try finish(blank)
    }
  }

  /// Fills `fresh` from `origin`; throws when `origin` cannot be opened or has none of the tables.
  private func copyRows(from origin: String, _ report: inout Report) throws(StoreError) {
    let old = try SQLiteConnection(path: origin, access: .write)
    old.keepLog()
    _ = try old.number("SELECT count(*) FROM sqlite_schema", "reading the schema")
    let new = try SQLiteConnection(path: fresh, access: .create)
    try new.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", "setting up")
    try create(new)
    let tables = try names(
      new, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    let there = Set(try names(old, "SELECT name FROM sqlite_schema WHERE type = 'table'"))
    var readable = 0
    var lost: Int? = 0
    // One that is not there came later than the file.
    for table in tables where table != "schema_migrations" && there.contains(table) {
      let columns = try columns(of: table, in: old, and: new)
      var copy = TableCopy(from: old, to: new, table: table, columns: columns)
      guard try copy.run() else {
        report.gaps += 1
        lost = nil
        continue
      }
      readable += 1
      report.saved += copy.saved
      report.gaps += copy.gaps
      if copy.gaps > 0 { lost = copy.total.flatMap { total in lost.map { $0 + max(0, total - copy.saved) } } }
    }
    report.lost = report.gaps > 0 ? lost : nil
    if readable == 0 { throw StoreError(.corrupt, "\(origin): no table can be read.", path: origin) }
  }

  /// Longest that leaves are looked for and copied, nanoseconds; a service manager waits two minutes for a
  /// start.
  private static let rescueLimit: Int64 = 30_000_000_000

  /// What can be had beyond the rows that SQLite reads; that it cannot be had costs none of those.
  private func rescueOrphans(_ report: inout Report) throws(StoreError) {
    do throws(StoreError) {
      try copyOrphans(&report)
    } catch {
      // The copy has no room, or cannot be read either. What stands in `fresh` stands.
    }
    for suffix in Salvage.companions { try StateFile.remove(source + suffix) }
  }

  /// The rows of leaves whose upper pages are destroyed: in a copy, each leaf in turn takes the place of its
  /// table's root, and SQLite reads a table of one page.
  private func copyOrphans(_ report: inout Report) throws(StoreError) {
    let end = Timestamp.wallClock.nanoseconds + Salvage.rescueLimit
    try FilePages.copy(path, to: source)
    if StateFile.exists(path + "-wal") { try FilePages.copy(path + "-wal", to: source + "-wal") }
    let new = try SQLiteConnection(path: fresh, access: .write)
    try new.execute("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF", "setting up")
    let known = Set(try names(new, "SELECT name FROM sqlite_schema WHERE type = 'table'"))
    let tables = try settledTables().filter { $0.name != "schema_migrations" && known.contains($0.name) }
    let leaves: [(table: OrphanLeaves.Table, page: Int)]
    do {
      let pages = try DatabasePages(source)
      leaves = OrphanLeaves(in: pages, tables: tables).leaves
    }
    for leaf in leaves {
      if Timestamp.wallClock.nanoseconds > end { break }
      do {
        let pages = try DatabasePages(source)
        guard let page = pages.page(leaf.page) else { continue }
        try pages.replace(leaf.table.root, by: page)
      }
      let old = try SQLiteConnection(path: source, access: .read)
      let columns = try columns(of: leaf.table.name, in: old, and: new)
      var copy = TableCopy(from: old, to: new, table: leaf.table.name, columns: columns)
      guard try copy.run() else { continue }
      report.saved += copy.saved
      if let lost = report.lost { report.lost = max(0, lost - copy.saved) }
    }
  }

  /// The tables of the copy, with its log folded back: from then on pages are changed behind SQLite's back.
  private func settledTables() throws(StoreError) -> [OrphanLeaves.Table] {
    let connection = try SQLiteConnection(path: source, access: .write)
    try connection.execute("PRAGMA journal_mode = DELETE", "folding the log back")
    let row = try connection.prepare(
      """
      SELECT s.name, s.rootpage, (SELECT count(*) FROM pragma_table_info(s.name)) FROM sqlite_schema AS s
      WHERE type = 'table' AND rootpage > 1
      """, "reading the schema")
    var tables: [OrphanLeaves.Table] = []
    while try row.step() {
      tables.append(
        OrphanLeaves.Table(name: row.text(0) ?? "", root: Int(row.int64(1)), columns: Int(row.int64(2))))
    }
    return tables
  }

  private func complete() throws(StoreError) {
    let new = try SQLiteConnection(path: fresh, access: .write)
    try finish(new)
    try new.execute("PRAGMA journal_mode = DELETE", "closing it")
    try FilePages.sync(fresh)
  }

  /// Those that both have: a file that was damaged before it was migrated lacks what came later, which stays
  /// empty then.
  private func columns(
    of table: String, in old: SQLiteConnection, and new: SQLiteConnection
  ) throws(StoreError) -> [String] {
    let list = "SELECT name FROM pragma_table_info('\(table)')"
    let columns = try names(new, list)
    guard let there = try? names(old, list), !there.isEmpty else { return columns }
    return columns.filter { there.contains($0) }
  }

  private func names(_ connection: SQLiteConnection, _ sql: String) throws(StoreError) -> [String] {
    let row = try connection.prepare(sql, "reading the schema")
    var found: [String] = []
    while try row.step() { found.append(row.text(0) ?? "") }
    return found
  }
}

/// Copies one table: ascending until a page cannot be read, descending from the end, and what lies between by
/// halves, wide unknown ranges before narrow ones.
private struct TableCopy {
  private struct Range {
    var low: Int64
    var high: Int64
    var width: UInt64 { UInt64(bitPattern: high &- low) }
  }

  let old: SQLiteConnection
  let new: SQLiteConnection
  let table: String
  let columns: [String]
  private(set) var saved = 0
  /// Ranges of row ids that could not be read.
  private(set) var gaps = 0
  private(set) var total: Int?
  private var refused = 0
  /// Each probe is a failed read; enough to get around hundreds of damaged pages in seconds.
  private static let probes = 2_000

  init(from old: SQLiteConnection, to new: SQLiteConnection, table: String, columns: [String]) {
    self.old = old
    self.new = new
    self.table = table
    self.columns = columns
  }

  /// False: the old file does not know the table.
  mutating func run() throws(StoreError) -> Bool {
    let list = columns.map { "\"\($0)\"" }.joined(separator: ", ")
    let marks = (1...columns.count + 1).map { "?\($0)" }.joined(separator: ", ")
    let insert = try new.prepare(
      "INSERT OR REPLACE INTO \(table) (rowid, \(list)) VALUES (\(marks))", "saving rows")
    let select =
      "SELECT rowid, \(list) FROM \(table) NOT INDEXED WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid"
    guard let up = try? old.prepare(select, "reading"),
      let down = try? old.prepare(select + " DESC", "reading")
    else { return false }
    try new.execute("BEGIN", "saving rows")
    try copy(up, down, insert)
    try new.execute("COMMIT", "saving rows")
    gaps += refused
    if gaps > 0 {
      // An index is another tree and may still tell how many rows there were.
      total = (try? old.number("SELECT count(*) FROM \(table)", "counting")).map { Int($0) }
      if let known = total, known < saved { total = nil }
    }
    return true
  }

  private mutating func copy(_ up: SQLiteStatement, _ down: SQLiteStatement, _ insert: SQLiteStatement)
    throws(StoreError)
  {
    var unknown = [Range(low: 0, high: .max)]
    var given: [Range] = []
    // First in, first out: halves come after their likes, so wide ranges are tried before narrow ones.
    var next = 0
    while next < unknown.count, next < TableCopy.probes {
      let range = unknown[next]
      next += 1
      let (last, isWhole) = try read(up, range, insert)
      if isWhole { continue }
      let rest = Range(low: last.map { $0 + 1 } ?? range.low, high: range.high)
      let (first, _) = try read(down, rest, insert)
      if next == 1, last == nil, first == nil {
        // Both ends are destroyed. Halves of all numbers would never come down to those that were given: they
        // are from 1 on, and so it is looked from there, in steps that double.
        unknown += (0..<62).map { Range(low: 1 << $0, high: (1 << $0) * 2 - 1) }
        unknown.append(Range(low: 1 << 62, high: .max))
        continue
      }
      // Nobody skips half of all numbers: above twice the last one there is only emptiness to get lost in.
      let top = rest.high == .max ? last.map { max($0 &+ min($0, .max - $0), 1 << 20) } ?? .max : rest.high
      let gap = Range(low: rest.low, high: first.map { $0 - 1 } ?? top)
      if gap.low > gap.high { continue }
      if gap.width == 0 {
        given.append(gap)
        continue
      }
      let middle = gap.low + Int64(gap.width / 2)
      unknown.append(Range(low: gap.low, high: middle))
      unknown.append(Range(low: middle + 1, high: gap.high))
    }
    var end: Int64?
    for range in (unknown[next...] + given).sorted(by: { $0.low < $1.low }) {
      if end != range.low - 1 { gaps += 1 }
      end = range.high
    }
  }

  /// Saves the rows of a range: the last one that could be read, and whether that was all of it.
  private mutating func read(_ row: SQLiteStatement, _ range: Range, _ insert: SQLiteStatement)
    throws(StoreError) -> (edge: Int64?, isWhole: Bool)
  {
    var edge: Int64?
    do throws(StoreError) {
      row.bind(range.low, 1)
      row.bind(range.high, 2)
      while try row.step() {
        try save(row, insert)
        edge = row.int64(0)
      }
      return (edge, true)
    } catch  where error.code == .corrupt || error.code == .io || error.code == .schema {
      return (edge, false)
    }
  }

  private mutating func save(_ row: SQLiteStatement, _ insert: SQLiteStatement) throws(StoreError) {
    for column in 0..<row.columnCount where !insert.bind(column: column, of: row, column + 1) {
      refused += 1
      return
    }
    switch try insert.tryRow() {
    case .done, .row: saved += 1
    case .primaryKey, .foreignKey, .refused: refused += 1
    }
  }
}

/// Whole files and first pages, without SQLite between.
enum FilePages {
  static func copy(_ from: String, to target: String) throws(StoreError) {
    try StateFile.create(target)
    let input = unsafe open(from, O_RDONLY | O_CLOEXEC)
    if input < 0 { throw StateFile.failure("opening it", from) }
    defer { _ = Glibc.close(input) }
    let output = unsafe open(target, O_WRONLY | O_TRUNC | O_CLOEXEC)
    if output < 0 { throw StateFile.failure("opening it", target) }
    defer { _ = Glibc.close(output) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(input, $0.baseAddress, $0.count) }
      if count == 0 { return }
      if count < 0 { throw StateFile.failure("reading it", from) }
      var done = 0
      while done < count {
        let step = unsafe buffer.withUnsafeBytes {
          unsafe Glibc.write(output, $0.baseAddress.map { unsafe $0 + done }, count - done)
        }
        if step <= 0 { throw StateFile.failure("writing it", target) }
        done += step
      }
    }
  }

  /// Puts the first page of `donor` into `path` and tells SQLite to count the pages itself.
  static func replaceFirstPage(of path: String, by donor: String) throws(StoreError) {
    let input = unsafe open(donor, O_RDONLY | O_CLOEXEC)
    if input < 0 { throw StateFile.failure("opening it", donor) }
    defer { _ = Glibc.close(input) }
    // SQLite's default page size, which `donor` has.
    var page = [UInt8](repeating: 0, count: 4_096)
    let count = unsafe page.withUnsafeMutableBytes { unsafe pread(input, $0.baseAddress, $0.count, 0) }
    if count != page.count { throw StateFile.failure("reading it", donor) }
    // File format §1.3.7: the size in the header counts only when these two numbers agree. No free pages.
    for index in 24..<28 { page[index] = 1 }
    for index in 92..<96 { page[index] = 0 }
    for index in 28..<40 { page[index] = 0 }
    let output = unsafe open(path, O_WRONLY | O_CLOEXEC)
    if output < 0 { throw StateFile.failure("opening it", path) }
    defer { _ = Glibc.close(output) }
    let written = unsafe page.withUnsafeBytes { unsafe pwrite(output, $0.baseAddress, $0.count, 0) }
    if written != page.count { throw StateFile.failure("writing it", path) }
  }

  static func sync(_ path: String) throws(StoreError) {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 { throw StateFile.failure("opening it", path) }
    defer { _ = Glibc.close(file) }
    if fsync(file) != 0 { throw StateFile.failure("writing it", path) }
  }
}
