import Model
import Synchronization
import TestKit
import Testing

@testable import Store

/// Pages of the audit against a plain filter over the same rows, whatever happened to the file: blocks of
/// hosts are an answer to look-ups, never to what there is.
@Suite struct AuditHostsTests {
  private static let small = OpenHosts.Size(block: 64, newest: 16)

  private func open(_ directory: TemporaryDirectory, _ size: OpenHosts.Size = small) throws -> SQLiteStore {
    try SQLiteStore(
      path: directory.file("muttd.db"), mode: .daemon, migrate: true, hosts: size, notices: { _ in })
  }

  private static let rules: [CatalogEdit] = (1...4).map {
    .addRule(Rule(name: "r\($0)", matchType: .contains, prodHandling: "Page_only", devHandling: "Ignore"))
  }

  /// Rows as random as they come: few and many hosts, in any case, some without; some with a rule.
  private func batch(_ count: Int, _ factory: inout EventFactory, _ random: inout Seeded) -> EventBatch {
    var batch = EventBatch()
    for _ in 0..<count {
      let number = Bool.random(using: &random) ? random.below(5) : random.below(3_000)
      let host = random.below(2) == 0 ? "core-\(number).example" : "CORE-\(number).Example"
      let rule = random.below(3) == 0 ? random.below(4) + 1 : 0
      factory.add(
        to: &batch, host: host, raw: "line \(random.below(50)) of it",
        rule: rule == 0 ? nil : (Int64(rule), "r\(rule)"))
      let last = batch.rows.count - 1
      if random.below(20) == 0 { batch.rows[last].host = .absent }
      if random.below(40) == 0 { batch.rows[last].host = ByteRange(0, 0) }
      batch.rows[last].severity = Int8(random.below(9)) - 1
      batch.rows[last].peer = IPAddress(v4: 192, 0, 2, UInt8(random.below(3)))
      batch.rows[last].clock = random.below(2) == 0 ? .device : .arrival
      batch.rows[last].time = Timestamp(
        microseconds: batch.rows[last].arrival.microseconds - Int64(random.below(3)) * 777_777)
    }
    return batch
  }

  private func query(_ random: inout Seeded, _ batches: [EventBatch]) -> AuditQuery {
    var query = AuditQuery()
    if random.below(5) > 0 {
      let number = Bool.random(using: &random) ? random.below(5) : random.below(3_000)
      query.host =
        random.below(12) == 0 ? "" : random.below(2) == 0 ? "Core-\(number).example" : "core-1.EXAMPLE"
    }
    if random.below(4) == 0 { query.ruleID = Int64(random.below(5)) + 1 }
    if random.below(6) == 0 { query.ruleName = "r\(random.below(6))" }
    if random.below(6) == 0 { query.handling = random.below(2) == 0 ? "Unmatched" : "page_and_ticket" }
    if random.below(6) == 0 { query.text = "LINE \(random.below(5))" }
    let times = batches.randomElement(using: &random)?.rows.map(\.time) ?? []
    if random.below(4) == 0 { query.since = times.randomElement(using: &random) }
    if random.below(4) == 0 { query.until = times.randomElement(using: &random) }
    query.limit = [1, 3, 10, 100, 1_000][random.below(5)]
    return query
  }

  private func expectSame(_ store: SQLiteStore, _ plain: MemoryStore, _ query: AuditQuery) throws {
    var query = query
    for _ in 0..<3 {
      let page = try store.auditEvents(query)
      #expect(try plain.auditEvents(query) == page, "\(query)")
      guard let next = page.next else { return }
      query.before = next
    }
  }

  @Test(arguments: 1...3) func pagesEqualAPlainFilter(_ seed: Int) throws {
    var random = Seeded(UInt64(seed))
    var directory = TemporaryDirectory()
    var store = try open(directory)
    let plain = MemoryStore()
    for some in [store, plain] as [any EventStore] {
      _ = try some.apply(AuditHostsTests.rules, by: EditActor(name: "test"))
    }
    var factory = EventFactory()
    var waiting: [EventBatch] = []
    var written: [EventBatch] = []
    for _ in 0..<80 {
      waiting.append(batch(random.below(90) + 1, &factory, &random))
      switch random.below(12) {
      case 0:
        // As after a kill: the files as they are now, the log not folded back.
        let copy = TemporaryDirectory()
        for name in directory.files {
          try DatabaseFile.write(try DatabaseFile.read(directory.file(name)), to: copy.file(name))
        }
        store.close()
        directory = copy
        store = try open(directory)
      case 1:
        // Somebody else writes.
        let other = try open(directory)
        let batch = waiting.removeLast()
        for some in [other, plain] as [any EventStore] {
          _ = try some.append(batch, matchedOnly: false, afterDoubt: false)
        }
        written.append(batch)
      case 2 where !written.isEmpty:
        // A replay of what is there, and of what is not.
        var again = written[random.below(written.count)]
        again.rows.shuffle(using: &random)
        let result = try store.append(again, matchedOnly: false, afterDoubt: true)
        #expect(result.alreadyThere == again.rows.count)
        let late = waiting.removeFirst()
        for some in [store, plain] as [any EventStore] {
          #expect(
            try some.append(late, matchedOnly: false, afterDoubt: true).written == late.rows.count)
        }
        written.append(late)
      case 3 where waiting.count > 1:
        // The same batch twice: refused whole, and nothing of it remains.
        if let twice = written.last {
          var mixed = waiting.removeLast()
          let start = mixed.bytes.count
          mixed.bytes += twice.bytes
          mixed.rows.append(moved(twice.rows[0], by: start))
          #expect(throws: StoreError.self) {
            try store.append(mixed, matchedOnly: false, afterDoubt: false)
          }
        }
      case 4...6: continue  // They pile up and come late.
      default:
        waiting.shuffle(using: &random)
        for _ in 0..<random.below(waiting.count + 1) {
          let batch = waiting.removeLast()
          for some in [store, plain] as [any EventStore] {
            _ = try some.append(batch, matchedOnly: false, afterDoubt: false)
          }
          written.append(batch)
        }
      }
      if !written.isEmpty { try expectSame(store, plain, query(&random, written)) }
    }
    for _ in 0..<30 { try expectSame(store, plain, query(&random, written)) }
    let file = try DatabaseFile(directory.file("muttd.db"))
    #expect(try Int(file.value("SELECT count(*) FROM event_audit_blocks")) ?? 0 > 10)
    #expect(try file.value("PRAGMA integrity_check") == "ok")
    store.close()
  }

  private func moved(_ row: EventRow, by offset: Int) -> EventRow {
    var row = row
    func move(_ range: ByteRange) -> ByteRange {
      range.isAbsent ? range : ByteRange(range.start + offset, range.end + offset)
    }
    row.host = move(row.host)
    row.raw = move(row.raw)
    row.handling = move(row.handling)
    row.team = move(row.team)
    row.deviceTeam = move(row.deviceTeam)
    row.ruleName = move(row.ruleName)
    return row
  }

  // MARK: What it costs

  @Test func aRareHostIsFoundWithoutReadingTheRest() throws {
    let directory = TemporaryDirectory()
    let store = try open(directory, OpenHosts.Size(block: 512, newest: 128))
    var factory = EventFactory()
    var expected: [EventID] = []
    for turn in 0..<40 {
      var batch = EventBatch()
      for number in 0..<500 {
        let isRare = turn % 4 == 1 && number == 77
        let id = factory.add(to: &batch, host: isRare ? "rare" : "h\(number % 300)", rule: nil)
        if isRare { expected.append(id) }
      }
      _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    }
    var query = AuditQuery()
    query.host = "RARE"
    #expect(try store.auditEvents(query).events.map(\.id) == expected.reversed())
    // Twenty thousand rows, of which one by one are read ten and those that no block has.
    #expect(try store.hostLook() == HostLook(blocks: 38, rows: 10))
    let open = try DatabaseFile(directory.file("muttd.db")).value(
      "SELECT count(*) FROM event_audit_log WHERE id > (SELECT max(last_id) FROM event_audit_blocks)")
    #expect(open == "544")
    // A common one needs only as many blocks as fill the page, and a rule that never fired none.
    query.host = "h7"
    query.limit = 5
    #expect(try store.auditEvents(query).events.count == 5)
    #expect(try store.hostLook().blocks <= 4)
    query.ruleID = 9
    #expect(try store.auditEvents(query).events.isEmpty)
    #expect(try store.hostLook() == HostLook())
    query = AuditQuery()
    query.host = "never"
    #expect(try store.auditEvents(query).events.isEmpty)
    #expect(try store.hostLook().rows == 0)
    store.close()
  }

  @Test func blocksGoWithTheirRows() throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    var factory = EventFactory()
    func add(_ rows: Int) throws {
      var batch = EventBatch()
      for number in 0..<rows { factory.add(to: &batch, host: "h\(number % 7)", rule: nil) }
      _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    }
    for _ in 0..<20 { try add(50) }
    let file = try DatabaseFile(directory.file("muttd.db"))
    #expect(try file.value("SELECT count(*) FROM event_audit_blocks") == "15")
    try file.run(
      "DELETE FROM event_audit_log WHERE id IN (SELECT id FROM event_audit_log ORDER BY id LIMIT 700)")
    for _ in 0..<3 { try add(50) }
    // Ten blocks lie wholly below the rows that are left.
    #expect(try file.value("SELECT min(block), max(block) FROM event_audit_blocks") == "11|17")
    #expect(try file.value("SELECT min(part) / 256 FROM event_audit_hosts") == "11")
    var query = AuditQuery()
    query.host = "h3"
    query.limit = 1_000
    let count = try file.value("SELECT count(*) FROM event_audit_log WHERE hostname = 'h3'")
    #expect(try store.auditEvents(query).events.count == Int(count))
    store.close()
  }

  // MARK: Old and damaged files

  /// A database of the version before: its index goes, and the appends that follow write the blocks.
  @Test func anOlderDatabaseIsCaughtUpWith() throws {
    let directory = TemporaryDirectory()
    let plain = MemoryStore()
    var factory = EventFactory()
    var random = Seeded(7)
    var store = try open(directory)
    let old = (0..<30).map { _ in batch(50, &factory, &random) }
    for some in [store, plain] as [any EventStore] {
      _ = try some.apply(AuditHostsTests.rules, by: EditActor(name: "test"))
      for batch in old { _ = try some.append(batch, matchedOnly: false, afterDoubt: false) }
    }
    store.close()
    let file = try DatabaseFile(directory.file("muttd.db"))
    try Migrator.down(path: directory.file("muttd.db"), to: 2)
    let indexes = "SELECT count(*) FROM sqlite_schema WHERE name = 'event_audit_log_host'"
    #expect(try file.value(indexes) == "1")
    store = try open(directory)
    #expect(try file.value(indexes) == "0")
    for _ in 0..<20 { try expectSame(store, plain, query(&random, old)) }
    for _ in 0..<8 {
      let next = batch(5, &factory, &random)
      for some in [store, plain] as [any EventStore] {
        _ = try some.append(next, matchedOnly: false, afterDoubt: false)
      }
      for _ in 0..<5 { try expectSame(store, plain, query(&random, old + [next])) }
    }
    #expect(
      try file.value(
        "SELECT count(*) < 80 FROM event_audit_log WHERE id > (SELECT max(last_id) FROM event_audit_blocks)")
        == "1")
    store.close()
  }

  @Test(arguments: SalvageTests.Damage.allCases) func aSalvagedFileAnswersForWhatItHas(
    _ damage: SalvageTests.Damage
  ) throws {
    let directory = TemporaryDirectory()
    var factory = EventFactory()
    var random = Seeded(11)
    var store = try open(directory)
    _ = try store.apply(AuditHostsTests.rules, by: EditActor(name: "test"))
    for _ in 0..<40 {
      _ = try store.append(batch(90, &factory, &random), matchedOnly: false, afterDoubt: false)
    }
    store.close()
    let file = try DatabaseFile(directory.file("muttd.db"))
    try damage.strike(file)
    store = try open(directory)
    for turn in 0..<6 {
      for host in ["core-1.example", "core-3.example"] {
        var query = AuditQuery()
        query.host = host
        query.limit = AuditQuery.maxLimit
        let count = try file.value(
          "SELECT count(*) FROM event_audit_log WHERE hostname = '\(host)' COLLATE NOCASE")
        #expect(try store.auditEvents(query).events.count == Int(count), "turn \(turn)")
      }
      _ = try store.append(batch(20, &factory, &random), matchedOnly: false, afterDoubt: true)
    }
    store.close()
  }

  // MARK: Parts

  @Test func theHashIsTheOneThatIsStored() {
    let cases: [(String, UInt32)] = [
      ("", 0xab3e7c0b), ("core1", 0x01ebdaa2), ("CORE1", 0x01ebdaa2), ("sw-mil-098", 0x1179df85),
    ]
    for (host, hash) in cases {
      #expect(HostBlock.hash(Array(host.utf8).span) == hash, "\(host)")
    }
  }

  @Test(arguments: [1, 64, 65, 1_000, 16_384]) func everyRowStandsInItsHostsPart(_ count: Int) throws {
    var block = HostBlock()
    var random = Seeded(UInt64(count))
    var ids: [String: [Int64]] = [:]
    for number in 0..<count {
      let host = "h\(random.below(50))"
      ids[host, default: []].append(Int64(number) * 3)
      block.add(Int64(number) * 3, host: Array(host.utf8).span)
    }
    var parts: [Int64: [UInt8]] = [:]
    try block.forEachPart(block: 12) { part, events throws(StoreError) in
      #expect(part >> 8 == 12 && parts[part] == nil)
      parts[part] = events
    }
    #expect(parts.values.reduce(0) { $0 + $1.count } == 12 * count)
    for (host, expected) in ids {
      let hash = HostBlock.hash(Array(host.utf8).span)
      var found: [Int64] = []
      let part = parts[HostBlock.part(hash, block: 12, bits: block.bits)] ?? []
      HostBlock.appendIDs(in: part.span, of: hash, to: &found)
      #expect(found == expected)
    }
  }
}

/// SplitMix64: the same numbers on every machine.
private struct Seeded: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
