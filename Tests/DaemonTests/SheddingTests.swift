import Daemon
import Delivery
import Foundation
import Model
import Store
import Synchronization
import TestKit
import Testing

/// More rows than the store can take: what is shed is counted to the row, only rows of unmatched events are,
/// and everything else stands in the table once.
@Suite struct SheddingTests {
  /// The embedded store behind a door that the test opens.
  private final class SlowStore: EventStore, @unchecked Sendable {
    private let store: SQLiteStore
    private let door = NSCondition()
    private var isOpen = false

    init(_ store: SQLiteStore) { self.store = store }

    func open() {
      door.lock()
      isOpen = true
      door.broadcast()
      door.unlock()
    }

    func append(_ batch: borrowing EventBatch, matchedOnly: Bool, afterDoubt: Bool) throws(StoreError)
      -> AppendResult
    {
      door.lock()
      while !isOpen { door.wait() }
      door.unlock()
      return try store.append(batch, matchedOnly: matchedOnly, afterDoubt: afterDoubt)
    }

    func catalogVersion() throws(StoreError) -> Int64 { try store.catalogVersion() }
    func loadCatalog() throws(StoreError) -> Catalog { try store.loadCatalog() }
    func hasRules() throws(StoreError) -> Bool { try store.hasRules() }
    func markDelivered(_ marks: [DeliveredMark]) throws(StoreError) -> [DeliveredMark] {
      try store.markDelivered(marks)
    }
    func noteHeard(_ devices: [DeviceSighting]) throws(StoreError) -> [String] {
      try store.noteHeard(devices)
    }
    func apply(_ edits: [CatalogEdit], by actor: EditActor) throws(StoreError) -> CatalogChange {
      try store.apply(edits, by: actor)
    }
    func replaceCatalog(with desired: Catalog, by actor: EditActor) throws(StoreError) -> CatalogChange {
      try store.replaceCatalog(with: desired, by: actor)
    }
    func noteOutboxChange(
      isPurge: Bool, choice: String, counts: [(destination: String, count: Int)], by actor: EditActor
    ) throws(StoreError) {
      try store.noteOutboxChange(isPurge: isPurge, choice: choice, counts: counts, by: actor)
    }
    func auditEvents(_ query: AuditQuery) throws(StoreError) -> AuditPage { try store.auditEvents(query) }
    func auditEvent(id: EventID) throws(StoreError) -> AuditEvent? { try store.auditEvent(id: id) }
    func configChanges(_ query: ChangeQuery) throws(StoreError) -> ChangePage {
      try store.configChanges(query)
    }
    func ruleUses() throws(StoreError) -> [Int64: RuleUse] { try store.ruleUses() }
    func close() { store.close() }
  }

  private final class LateRecorder: Sendable {
    private let held = Mutex<Recorder?>(nil)
    func bind(_ recorder: Recorder) { held.withLock { $0 = recorder } }
    var recorder: Recorder { held.withLock { $0 }! }
  }

  private let ledger = Ledger()
  private let pressure = Pressure()

  private func writers(_ directory: String, _ store: SlowStore) throws -> (Recorder, StoreWriter) {
    let outbox = try Outbox(path: "\(directory)/outbox.db", sync: .normal) { _ in }
    let pool = BatchPool(limit: 4, largestText: 1 << 20)
    let box = LateRecorder()
    let writer = StoreWriter(
      store: store, carried: 0, recorder: { box.recorder }, ledger: ledger, pool: pool, pressure: pressure,
      health: StoreHealth(), notices: { _ in })
    let recorder = Recorder(
      outbox: outbox, idCeiling: nil, carried: 0, destinations: [],
      payloads: [], ledger: ledger, pool: pool,
      health: RecorderHealth(), pressure: pressure, deadline: StopDeadline(),
      sinks: Recorder.Sinks(
        deliveriesCommitted: { _ in }, rowsCommitted: { writer.put($0, spoolKey: $1) },
        marksWaiting: { writer.wakeForMarks() }, acknowledge: { _ in }, alert: { _, _, _ in },
        notices: { _ in }))
    box.bind(recorder)
    return (recorder, writer)
  }

  /// Rows of a kilobyte each, every tenth with a rule; the books as a worker keeps them.
  private func put(_ rows: Int, _ factory: inout EventFactory, to recorder: Recorder) -> EventBatch {
    var batch = EventBatch()
    let raw = String(repeating: "x", count: 1_000)
    for row in 0..<rows { factory.add(to: &batch, raw: raw, rule: row % 10 == 3 ? (1, "r") : nil) }
    let matched = UInt64(batch.matchedCount)
    ledger.update {
      $0.internalEvents += UInt64(rows)
      $0.matched += matched
      $0.unmatched += UInt64(rows) - matched
      $0.auditPending += UInt64(rows)
    }
    recorder.put(batch, beat: {})
    return batch
  }

  @Test func whatIsShedIsCountedToTheRow() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let path = directory.file("muttd.db")
    let inner = try SQLiteStore(path: path, mode: .daemon, migrate: true, notices: { _ in })
    _ = try inner.apply(
      [.addRule(Rule(name: "r", matchType: .contains, prodHandling: "Page_only", devHandling: "Ignore"))],
      by: EditActor(name: "test"))
    let store = SlowStore(inner)
    let (recorder, writer) = try writers(directory.path, store)
    let threads = [DaemonThread(name: "recorder"), DaemonThread(name: "store")]
    threads[0].start { recorder.run() }
    threads[1].start { writer.run() }
    // Half as much again as may wait.
    var factory = EventFactory()
    var matched: [EventID] = []
    var total = 0
    while total < StoreWriter.byteLimit * 3 / 2 / 1_000 {
      let batch = put(500, &factory, to: recorder)
      matched += batch.rows.filter(\.isMatched).map(\.id)
      total += 500
    }
    recorder.drain()
    let full = ledger.snapshot
    #expect(full.audited == 0 && full.auditShed > 0)
    #expect(full.imbalances.isEmpty, "\(full.imbalances)")
    #expect(pressure.shedsFrom == 0)
    store.open()
    while ledger.snapshot.auditPending > 0 { try await Task.sleep(for: .milliseconds(5)) }
    writer.stop()
    await threads[1].join()
    recorder.stop()
    await threads[0].join()
    let accounts = ledger.snapshot
    #expect(accounts.imbalances.isEmpty, "\(accounts.imbalances)")
    #expect(accounts.auditShed == full.auditShed)
    #expect(accounts.audited + accounts.auditShed == UInt64(total))
    #expect(pressure.shedsFrom == 8)
    // The table says the same, and holds every row of a matched event.
    for id in matched { #expect(try inner.auditEvent(id: id)?.ruleID == 1) }
    var query = AuditQuery()
    query.limit = AuditQuery.maxLimit
    var stored: UInt64 = 0
    repeat {
      let page = try inner.auditEvents(query)
      stored += UInt64(page.events.count)
      query.before = page.next
    } while query.before != nil
    #expect(stored == accounts.audited)
  }
}
