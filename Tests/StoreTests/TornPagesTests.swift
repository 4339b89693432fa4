import TestKit
import Testing

@testable import Store

/// What is saved of pages of which a part is not as it was written: all other rows, none that never was, and
/// the number of those that are missing.
@Suite struct TornPagesTests {
  private static let tables = """
    CREATE TABLE events (
      id INTEGER PRIMARY KEY, host TEXT NOT NULL, line BLOB, share REAL, more INTEGER
    ) STRICT;
    CREATE INDEX events_host ON events (host) WHERE host <> '';
    """
  private static let indexed = tables + "CREATE INDEX events_more ON events (more);"

  private struct Row: Equatable {
    let id: Int64
    let host: String
    let line: [UInt8]
    let share: Double
    let more: Int64?
  }

  private func rows(_ path: String) throws -> [Row] {
    let connection = try SQLiteConnection(path: path, access: .read)
    let row = try connection.prepare("SELECT id, host, line, share, more FROM events ORDER BY id", "reading")
    var rows: [Row] = []
    while try row.step() {
      let share = Double(row.text(3) ?? "") ?? .nan
      let (id, more) = (row.int64(0), row.optionalInt64(4))
      rows.append(Row(id: id, host: row.text(1) ?? "", line: row.bytes(2), share: share, more: more))
    }
    return rows
  }

  /// Rows of up to `longest` bytes with ids like those of events; every fifth is deleted.
  private func fill(_ path: String, pageSize: Int, count: Int, longest: Int, schema: String) throws {
    let connection = try SQLiteConnection(path: path, access: .create)
    try connection.execute("PRAGMA page_size = \(pageSize); PRAGMA journal_mode = WAL", "setting up")
    try connection.execute(schema, "making tables")
    try connection.execute("BEGIN", "writing")
    let insert = try connection.prepare("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)", "writing")
    for number in 0..<count { try add(number, longest: longest, insert) }
    try connection.execute("COMMIT", "writing")
    try connection.execute(
      "DELETE FROM events WHERE id % 5 = 0 AND id < \(TornPagesTests.id(count / 2))", "deleting")
    try connection.execute(
      "DELETE FROM events WHERE id > \(TornPagesTests.id(count * 3 / 4))", "deleting")
    try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)", "folding the log back")
  }

  private func add(_ number: Int, longest: Int, _ insert: SQLiteStatement) throws {
    let length = longest / 2 + number * 31 % (longest / 2)
    insert.bind(TornPagesTests.id(number), 1)
    insert.bind("host-\(number % 7)", 2)
    insert.bind(blob: (0..<length).map { UInt8(($0 * number) & 0xff) }, 3)
    insert.bind(Double(number) / 8, 4)
    if number % 3 == 0 { insert.bindNull(5) } else { insert.bind(Int64(number) << Int64(number % 50), 5) }
    try insert.run()
  }

  private static func id(_ number: Int) -> Int64 { 1 << 60 + Int64(number) * 1_001 }

  private func salvage(_ path: String, schema: String) throws -> Salvage.Report {
    try Salvage(path: path) { new throws(StoreError) in
      try new.execute(schema, "making tables")
    } finish: { _ throws(StoreError) in
    }.run(now: .wallClock)
  }

  private func root(_ path: String, of name: String) throws -> Int {
    let connection = try SQLiteConnection(path: path, access: .read)
    return Int(try connection.number("SELECT rootpage FROM sqlite_schema WHERE name = '\(name)'", "reading"))
  }

  /// Sectors at random, filled at random, with nothing, or with what they were not.
  private func tear(_ path: String, pageSize: Int, seed: UInt64) throws {
    var random = SeededSteps(state: seed)
    var bytes = try DatabaseFile.read(path)
    let sectors = pageSize / 512
    for _ in 0...random.below(4) {
      let page = 1 + random.below(bytes.count / pageSize - 1)
      // A power cut leaves the end of a page unwritten; a page of one sector is whole or gone.
      let first = page * pageSize + (sectors == 1 ? 0 : random.below(sectors)) * 512
      let last = seed % 4 < 2 ? (page + 1) * pageSize : first + 512
      let kind = random.below(3)
      for index in first..<last {
        bytes[index] = kind == 0 ? 0 : kind == 1 ? ~bytes[index] : UInt8(random.below(256))
      }
    }
    try DatabaseFile.write(bytes, to: path)
  }

  /// With and without an index that tells how many there were, and with trees of two levels and of more.
  @Test(arguments: [(4_096, 40), (1_024, 20), (512, 10)], [false, true])
  func whatIsSavedOfTornPagesIsWhatWasThere(_ kind: (pageSize: Int, seeds: UInt64), isIndexed: Bool) throws {
    let directory = TemporaryDirectory()
    let path = directory.file("torn.db")
    let schema = isIndexed ? TornPagesTests.indexed : TornPagesTests.tables
    // Longer rows would have pages of their own, of which nobody can say that they are torn.
    let longest = min(300, kind.pageSize / 5)
    try fill(path, pageSize: kind.pageSize, count: 280, longest: longest, schema: schema)
    let bytes = try DatabaseFile.read(path)
    let before = try rows(path)
    let known = Dictionary(uniqueKeysWithValues: before.map { ($0.id, $0) })
    for seed in stride(from: isIndexed ? 1 : 2, through: kind.seeds, by: 2) {
      try DatabaseFile.write(bytes, to: path)
      try tear(path, pageSize: kind.pageSize, seed: seed)
      let report = try salvage(path, schema: schema)
      let after = try rows(path)
      #expect(report.saved == after.count, "seed \(seed): \(report)")
      if let lost = report.lost { #expect(report.saved + lost == before.count, "seed \(seed): \(report)") }
      if isIndexed, kind.pageSize == 4_096 { #expect(report.lost != nil, "seed \(seed): \(report)") }
      #expect(after.allSatisfy { known[$0.id] == $0 }, "seed \(seed)")
      #expect(after.count > before.count / 2, "seed \(seed): \(report)")
    }
  }

  /// In the second row of every leaf: too large, and too small, to stand there.
  @Test(arguments: [Int64.max, Int64.max - 7, -5, 7]) func aRowOfAnImpossibleIDIsDamage(id: Int64) throws {
    let directory = TemporaryDirectory()
    let path = directory.file("ids.db")
    try fill(path, pageSize: 4_096, count: 280, longest: 300, schema: TornPagesTests.tables)
    let before = try rows(path)
    var bytes = try DatabaseFile.read(path)
    var damaged: Set<Int64> = []
    for page in stride(from: 4_096, to: bytes.count, by: 4_096) where bytes[page] == 13 {
      if bytes.short(page + 3) < 4 { continue }
      var at = page + bytes.short(page + 10)
      _ = bytes.varint(&at)
      var end = at
      damaged.insert(try #require(bytes.varint(&end)))
      try #require(end - at == 9)
      for index in 0..<8 { bytes[at + index] = 0x80 | UInt8(id >> (57 - 7 * Int64(index)) & 0x7f) }
      bytes[at + 8] = UInt8(id & 0xff)
    }
    try DatabaseFile.write(bytes, to: path)
    let report = try salvage(path, schema: TornPagesTests.tables)
    let left = before.filter { !damaged.contains($0.id) }
    #expect(left.count < before.count - 5)
    #expect(try rows(path) == left)
    #expect(report.lost == before.count - left.count, "\(report)")
  }

  /// What it led to is found one page after another.
  @Test(arguments: [false, true]) func aTornPageAboveTheRowsCostsNone(isIndexed: Bool) throws {
    let directory = TemporaryDirectory()
    let path = directory.file("above.db")
    let schema = isIndexed ? TornPagesTests.indexed : TornPagesTests.tables
    try fill(path, pageSize: 4_096, count: 280, longest: 300, schema: schema)
    let before = try rows(path)
    let root = try root(path, of: "events")
    try DatabaseFile(path).scramble(at: (root - 1) * 4_096 + 2_048, count: 2_048)
    let report = try salvage(path, schema: schema)
    #expect(try rows(path) == before)
    #expect(report.saved == before.count)
    #expect(report.lost == (isIndexed ? 0 : nil), "\(report)")
  }

  /// What was committed and not folded back yet stands there alone.
  @Test func whatTheLogHoldsCounts() throws {
    let directory = TemporaryDirectory()
    let (running, path) = (directory.file("running.db"), directory.file("killed.db"))
    try fill(running, pageSize: 4_096, count: 280, longest: 300, schema: TornPagesTests.tables)
    let connection = try SQLiteConnection(path: running, access: .write)
    let insert = try connection.prepare("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)", "writing")
    for number in 300..<340 { try add(number, longest: 300, insert) }
    try connection.execute("DELETE FROM events WHERE id = \(TornPagesTests.id(1))", "deleting")
    let before = try rows(running)
    for suffix in ["", "-wal"] {
      try DatabaseFile.write(try DatabaseFile.read(running + suffix), to: path + suffix)
    }
    // A page that the log does not have.
    try DatabaseFile(path).flip(at: 7 * 4_096 + 1_024, count: 3_072)
    let report = try salvage(path, schema: TornPagesTests.tables)
    let after = try rows(path)
    #expect(after.count < before.count && after.allSatisfy(before.contains))
    #expect(after.filter { $0.id >= TornPagesTests.id(300) }.count == 40)
    #expect(report.saved == after.count && report.lost == before.count - after.count, "\(report)")
  }

  @Test func aColumnThatWasAddedHasItsDefault() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("older.db")
    try fill(path, pageSize: 4_096, count: 40, longest: 300, schema: TornPagesTests.tables)
    let added = "ALTER TABLE events ADD COLUMN kind TEXT NOT NULL DEFAULT 'plain'"
    try SQLiteConnection(path: path, access: .write).execute(added, "adding a column")
    let before = try rows(path)
    let report = try salvage(path, schema: TornPagesTests.tables + added)
    #expect(try rows(path) == before && report.saved == before.count && report.lost == 0)
    let plain = try SQLiteConnection(path: path, access: .read).number(
      "SELECT count(*) FROM events WHERE kind = 'plain'", "reading")
    #expect(Int(plain) == before.count)
  }

  @Test func ofATableWithoutRowIDsNothingIsSaid() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("without.db")
    let schema = TornPagesTests.tables + "CREATE TABLE names (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID"
    try fill(path, pageSize: 4_096, count: 40, longest: 300, schema: schema)
    let before = try rows(path)
    let report = try salvage(path, schema: schema)
    #expect(try rows(path) == before && report.saved == before.count && report.lost == nil)
  }
}

private struct SeededSteps {
  var state: UInt64

  mutating func below(_ limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(limit))
  }
}
