import Model
import Synchronization
import TestKit
import Testing

@testable import Store

/// Damaged files: said, saved as far as they can be read, kept aside; and the daemon starts.
@Suite struct SalvageTests {
  /// Where a file is hit; `fraction` of its length.
  enum Damage: Sendable, CaseIterable {
    case magic, header, schemaPage, middlePage, manyPages, tornPages, randomPages, tail, half, everything

    func strike(_ file: DatabaseFile) throws {
      let size = try file.size
      let pages = size / 4_096
      switch self {
      case .magic: try file.flip(at: 0, count: 16)
      case .header: try file.flip(at: 16, count: 84)
      case .schemaPage: try file.flip(at: 100, count: 3_996)
      case .middlePage: try file.flip(at: pages / 2 * 4_096, count: 4_096)
      case .manyPages:
        for page in stride(from: pages / 4, to: pages, by: 7) {
          try file.flip(at: page * 4_096, count: 4_096)
        }
      // The second half of a page was not written when the power went.
      case .tornPages:
        for page in stride(from: pages / 4, to: pages, by: 11) {
          try file.flip(at: page * 4_096 + 2_048, count: 2_048)
        }
      case .randomPages:
        for number in 0..<max(1, pages / 20) {
          // Behind the roots of the tables: without its root nobody finds the pages of a table.
          let page = pages / 4 + number * 7_919 % (pages - pages / 4)
          try file.scramble(at: page * 4_096, count: 4_096)
        }
      case .tail: try file.flip(at: (pages - 1) * 4_096, count: 4_096)
      case .half: try file.truncate(to: size / 2 + 100)
      case .everything: try file.flip(at: 0, count: size)
      }
    }

    /// The tree above the rows is whole, with the headers of the pages that hold them; or an index that is
    /// whole tells how many rows each damaged table had.
    var isToldOfStore: Bool {
      switch self {
      case .magic, .header, .schemaPage, .middlePage, .tornPages: true
      case .manyPages, .randomPages, .tail, .half, .everything: false
      }
    }
    /// Their spool has none.
    var isToldOfOutbox: Bool {
      switch self {
      case .magic, .header, .schemaPage, .middlePage, .tornPages, .randomPages, .tail: true
      case .manyPages, .half, .everything: false
      }
    }

    /// At least this share of the rows comes through.
    var share: Double {
      switch self {
      case .magic, .header, .schemaPage: 1
      case .middlePage, .tail: 0.9
      case .manyPages, .tornPages, .randomPages: 0.2
      case .half: 0.2
      case .everything: 0
      }
    }
  }

  /// Rows of all tables that are copied, as long as the file is whole.
  private func total(_ file: DatabaseFile, tables: [Substring]) throws -> Int {
    try tables.reduce(0) { sum, table in
      sum + (Int(try file.value("SELECT count(*) FROM \"\(table)\"")) ?? 0)
    }
  }

  private func tables(_ file: DatabaseFile) throws -> [Substring] {
    try file.value(
      """
      SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
      AND name <> 'schema_migrations'
      """
    ).split(separator: "\n")
  }

  /// What the last notice says of rows that came through and of those that did not is all of them, or that it
  /// does not know.
  private func expectExact(_ said: [Notice], _ total: Int, isTold: Bool) throws {
    let fields = Dictionary(try #require(said.last).fields.map { ($0.0, "\($0.1)") }) { $1 }
    func number(_ name: String) -> Int? {
      fields[name].flatMap { Int($0.filter(\.isNumber)) }
    }
    let saved = try #require(number("rows_saved"))
    let lost = number("rows_lost")
    print("salvage: \(saved) saved, \(lost.map(String.init) ?? "unknown") lost of \(total)")
    #expect((lost != nil) == isTold, "\(fields)")
    if let lost { #expect(saved + lost == total, "\(fields)") }
  }

  private let events = 4_000

  private func fill(_ path: String) throws {
    let store = try SQLiteStore(path: path, mode: .daemon, migrate: true, notices: { _ in })
    var rules: [CatalogEdit] = []
    for number in 1...20 {
      rules.append(
        .addRule(
          Rule(name: "r\(number)", matchType: .contains, prodHandling: "Page_only", devHandling: "Ignore")))
    }
    _ = try store.apply(rules + [.addDevelopmentHost("lab")], by: EditActor(name: "alice"))
    var factory = EventFactory()
    for _ in 0..<4 {
      var batch = EventBatch()
      for number in 0..<events / 4 {
        factory.add(
          to: &batch, host: "h\(number)", rule: number % 2 == 0 ? (Int64(number % 20 + 1), "r") : nil)
      }
      _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    }
    store.close()
  }

  @Test(arguments: Damage.allCases) func aDamagedStoreIsSalvaged(_ damage: Damage) throws {
    let directory = TemporaryDirectory()
    let path = directory.file("muttd.db")
    try fill(path)
    let file = try DatabaseFile(path)
    // Those of the first migration: what later ones keep besides follows from them.
    let empty = directory.file("empty.db")
    _ = try Migrator.migrate(try SQLiteConnection(path: empty, access: .create), through: 1)
    let total = try total(file, tables: tables(DatabaseFile(empty)))
    try damage.strike(file)
    let said = Mutex<[Notice]>([])
    let store = try SQLiteStore(path: path, mode: .daemon, migrate: true) { notice in
      said.withLock { $0.append(notice) }
    }
    #expect(said.withLock { $0.count } == 2, "\(said.withLock { $0 })")
    try expectExact(said.withLock { $0 }, total, isTold: damage.isToldOfStore)
    #expect(directory.files.contains { $0.hasPrefix("muttd.db.corrupt-") })
    #expect(!directory.files.contains { $0.contains("salvage") })
    #expect(try file.value("PRAGMA integrity_check") == "ok")
    #expect(try file.value("PRAGMA foreign_key_check").isEmpty)
    let rows = try #require(Int(try file.value("SELECT count(*) FROM event_audit_log")))
    let fields = said.withLock { $0.last?.fields.map { "\($0.0)=\($0.1)" } ?? [] }
    print("salvage \(damage): \(rows) of \(events) rows", fields)
    #expect(Double(rows) >= Double(events) * damage.share)
    #expect(rows <= events)
    if damage.share > 0.5 { #expect(try store.loadCatalog().rules.count == 20) }
    // It lives: rules can be added, under ids that were never used, and rows are taken.
    _ = try store.apply(
      [.addRule(Rule(name: "new", matchType: .regex, prodHandling: "Page_only", devHandling: "Ignore"))],
      by: EditActor(name: "bob"))
    var batch = EventBatch()
    var factory = EventFactory()
    factory.add(to: &batch, rule: nil)
    _ = try store.append(batch, matchedOnly: false, afterDoubt: true)
    store.close()
    let again = Mutex(0)
    _ = try SQLiteStore(path: path, mode: .daemon, migrate: true) { _ in again.withLock { $0 += 1 } }
    #expect(again.withLock { $0 } == 0)
  }

  /// A thousand deliveries, and their rows in the spool.
  private func fillOutbox(_ path: String) throws {
    let outbox = try Outbox(path: path, sync: .normal, notices: { _ in })
    var factory = EventFactory()
    for _ in 0..<20 {
      var work = Outbox.Work()
      var batch = EventBatch()
      for _ in 0..<50 {
        work.deliveries.append(EventFactory.delivery(factory.add(to: &batch, rule: (1, "r")), to: "moog"))
      }
      work.batches = [batch]
      _ = try outbox.write(work)
    }
    outbox.close()
  }

  /// One of an older muttd lacks columns that came later, and is damaged before it was migrated.
  @Test(arguments: [Damage.header, .middlePage, .tail])
  func aDamagedOutboxOfAnOlderSchemaIsSalvaged(_ damage: Damage) throws {
    let directory = TemporaryDirectory()
    let path = directory.file("outbox.db")
    try fillOutbox(path)
    let file = try DatabaseFile(path)
    try file.run(
      """
      DROP TABLE clock_leaps; DROP INDEX deliveries_retried; DROP INDEX deliveries_clears;
      DROP INDEX deliveries_untried;
      ALTER TABLE deliveries DROP COLUMN detour; ALTER TABLE deliveries DROP COLUMN came_from;
      ALTER TABLE deliveries DROP COLUMN is_clear; DROP TABLE stand_ins; DROP TABLE engines;
      DROP TABLE troubles; PRAGMA user_version = 6; VACUUM
      """)
    try damage.strike(file)
    let outbox = try Outbox(path: path, sync: .normal, notices: { _ in })
    #expect(directory.files.contains { $0.hasPrefix("outbox.db.corrupt-") })
    #expect(Double(try outbox.counts().first?.pending ?? 0) >= 1_000 * damage.share * 0.8)
    #expect(outbox.spoolCount > 0)
  }

  @Test(arguments: Damage.allCases) func aDamagedOutboxIsSalvaged(_ damage: Damage) throws {
    let directory = TemporaryDirectory()
    let path = directory.file("outbox.db")
    try fillOutbox(path)
    let file = try DatabaseFile(path)
    let total = try total(file, tables: tables(file))
    try damage.strike(file)
    let said = Mutex<[Notice]>([])
    let outbox = try Outbox(path: path, sync: .normal) { notice in said.withLock { $0.append(notice) } }
    #expect(said.withLock { $0.count } == 2, "\(said.withLock { $0 })")
    try expectExact(said.withLock { $0 }, total, isTold: damage.isToldOfOutbox)
    #expect(directory.files.contains { $0.hasPrefix("outbox.db.corrupt-") })
    let left = try outbox.counts().first?.pending ?? 0
    print("salvage outbox \(damage): \(left) of 1000 deliveries, \(outbox.spoolCount) rows spooled")
    #expect(Double(left) >= 1_000 * (damage == .half ? 0.1 : damage.share * 0.8))
    #expect(left <= 1_000)
    #expect(
      try outbox.due(destination: "moog", now: EventFactory.start, limit: 1_000, staleBefore: .absent).count
        == left)
    _ = try outbox.spooled(after: nil, limit: 10_000)
  }

  /// What stands above the rows holds none: without it they are looked for one page after another.
  @Test(arguments: [false, true]) func rowsBelowDestroyedPagesAreFound(hasDeleted: Bool) throws {
    let directory = TemporaryDirectory()
    let path = directory.file("outbox.db")
    var outbox = try Outbox(path: path, sync: .normal, notices: { _ in })
    var factory = EventFactory()
    var ids: [Int64] = []
    for _ in 0..<20 {
      var work = Outbox.Work()
      var batch = EventBatch()
      for _ in 0..<50 {
        work.deliveries.append(EventFactory.delivery(factory.add(to: &batch, rule: (1, "r")), to: "moog"))
      }
      work.batches = [batch]
      ids += try outbox.write(work).deliveryIDs
    }
    // What was delivered stood on pages that are free now, and must not be delivered again.
    let delivered = hasDeleted ? Array(ids[100..<700]) : []
    var work = Outbox.Work()
    work.outcomes = delivered.map {
      DeliveryOutcome(id: $0, verdict: .delivered(marks: false), status: 200, error: nil)
    }
    if hasDeleted { _ = try outbox.write(work) }
    outbox.close()
    let file = try DatabaseFile(path)
    for table in ["deliveries", "spool"] {
      let root = try #require(
        Int(try file.value("SELECT rootpage FROM sqlite_schema WHERE name = '\(table)'")))
      try file.scramble(at: (root - 1) * 4_096, count: 4_096)
    }
    let said = Mutex<[Notice]>([])
    outbox = try Outbox(path: path, sync: .normal) { notice in said.withLock { $0.append(notice) } }
    let fields = said.withLock { $0.last?.fields.map { "\($0.0)=\($0.1)" } ?? [] }
    let left = try outbox.due(
      destination: "moog", now: EventFactory.start, limit: 2_000, staleBefore: .absent)
    #expect(left.map(\.id).sorted() == ids.filter { !delivered.contains($0) }, "\(fields)")
    #expect(outbox.spoolCount == 1_000, "\(fields)")
    #expect(!directory.files.contains { $0.contains("salvage") })
  }

  @Test func aFileThatIsNoDatabaseIsSetAside() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("muttd.db")
    try DatabaseFile.write(Array("this is a shopping list\n".utf8), to: path)
    let store = try SQLiteStore(path: path, mode: .daemon, migrate: true, notices: { _ in })
    #expect(try store.loadCatalog().rules.isEmpty)
    let aside = try #require(directory.files.first { $0.contains("corrupt") })
    #expect(try DatabaseFile.read(directory.file(aside)) == Array("this is a shopping list\n".utf8))
  }

  @Test func anEmptyFileIsAFreshOne() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("muttd.db")
    try DatabaseFile.write([], to: path)
    let store = try SQLiteStore(
      path: path, mode: .daemon, migrate: true, notices: { _ in Issue.record("said") })
    #expect(try store.catalogVersion() == 1)
  }

  @Test func aSalvageThatWasCutOffAtItsEndIsTakenUp() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("muttd.db")
    try fill(path)
    try DatabaseFile.write(try DatabaseFile.read(path), to: path + ".salvage")
    try DatabaseFile(path).run("PRAGMA wal_checkpoint(TRUNCATE)")
    for name in directory.files where name.hasPrefix("muttd.db") && name != "muttd.db.salvage" {
      try DatabaseFile.write([], to: directory.file(name))
      try #require(directory.remove(name))
    }
    let store = try SQLiteStore(path: path, mode: .daemon, migrate: true, notices: { _ in })
    #expect(try store.loadCatalog().rules.count == 20)
  }
}
