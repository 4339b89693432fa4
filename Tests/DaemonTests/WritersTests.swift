import Daemon
import Delivery
import Intake
import Model
import Synchronization
import TestKit
import Testing

@testable import Store

/// Recorder, outbox, store writer and a store that fails when told: every row is in the audit exactly once,
/// and the books say so.
@Suite struct WritersTests {
  private func batches(_ count: Int, _ factory: inout EventFactory) -> [EventBatch] {
    (0..<count).map { index in
      var batch = EventBatch()
      for row in 0..<20 {
        factory.add(to: &batch, rule: row % 3 == index % 3 ? (id: 1, name: "link-down") : nil)
      }
      return batch
    }
  }

  private func expectOnce(_ accounts: Accounts, rows: Int, in store: MemoryStore) throws {
    #expect(accounts.imbalances.isEmpty, "\(accounts.imbalances)")
    #expect(accounts.auditPending == 0)
    #expect(accounts.audited == UInt64(rows))
    var query = AuditQuery()
    query.limit = AuditQuery.maxLimit
    var seen = 0
    while true {
      let page = try store.auditEvents(query)
      seen += page.events.count
      guard let next = page.next else { break }
      query.before = next
    }
    #expect(seen == rows)
  }

  @Test func aStoreThatFailsNowAndThenGetsEveryRowOnce() async throws {
    do {
      let directory = TemporaryDirectory()
      defer { withExtendedLifetime(directory) {} }
      let rig = try Rig(directory.path)
      rig.store.fail([
        StoreError(.busy, "locked"), StoreError(.full, "disk full"), StoreError(.io, "unplugged"),
      ])
      rig.start()
      var factory = EventFactory()
      let all = batches(50, &factory)
      for batch in all { rig.put(batch) }
      while rig.ledger.snapshot.audited < 1_000 { try await Task.sleep(for: .milliseconds(5)) }
      let accounts = await rig.stop()
      try expectOnce(accounts, rows: 1_000, in: rig.store)
      #expect(rig.outbox.spoolCount == 0)
    }
  }

  /// Rows that were decided while the store was away, and it comes back as another one.
  @Test func aRowIsNotWrittenUnderARuleThatOnlyHasItsId() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path)
    func rule(_ name: String) -> Rule {
      Rule(
        name: name, matchType: .contains, matchString: name, prodHandling: "Page_only",
        devHandling: "Log_only")
    }
    let actor = EditActor(name: "test")
    _ = try rig.store.replaceCatalog(with: Catalog(rules: [rule("other"), rule("same")]), by: actor)
    let rules = try rig.store.loadCatalog().rules.sorted { $0.id < $1.id }
    var lent = rules
    lent[0].name = "alpha"
    rig.writer.borrowed.lend(Catalog(rules: lent))
    // It cannot be asked for its rules at first.
    rig.store.fail([StoreError(.busy, "locked")])
    rig.start()
    var factory = EventFactory()
    var batch = EventBatch()
    for rule in lent { factory.add(to: &batch, rule: (id: rule.id, name: rule.name)) }
    rig.put(batch)
    while rig.ledger.snapshot.audited < 2 { try await Task.sleep(for: .milliseconds(5)) }
    _ = await rig.stop()
    let events = try rig.store.auditEvents(AuditQuery()).events.sorted { $0.id < $1.id }
    #expect(events.map(\.ruleID) == [nil, rules[1].id])
    #expect(events[0].attributes?.contains("\"rule\":\"alpha\"") == true)
  }

  /// Alerts come in batches of one row: what has gathered is written in few transactions, every row once, and
  /// every batch leaves the spool.
  @Test func rowsThatGatheredAreWrittenTogether() async throws {
    do {
      let directory = TemporaryDirectory()
      defer { withExtendedLifetime(directory) {} }
      let rig = try Rig(directory.path)
      var factory = EventFactory()
      rig.store.fail([StoreError(.busy, "locked"), StoreError(.busy, "locked")])
      rig.startRecorder()
      for _ in 0..<2_500 {
        var batch = EventBatch()
        factory.add(to: &batch, rule: (id: 1, name: "link-down"))
        rig.put(batch)
      }
      try await offPool { rig.recorder.drain() }
      rig.startWriter()
      while rig.ledger.snapshot.audited < 2_500 { try await Task.sleep(for: .milliseconds(5)) }
      let accounts = await rig.stop()
      try expectOnce(accounts, rows: 2_500, in: rig.store)
      #expect(rig.store.appends == 3)
      #expect(rig.outbox.spoolCount == 0)
    }
  }

  /// Nanoseconds that no test waits for, and longer than the factory's events are old.
  private static let century: Int64 = 3_155_760_000_000_000_000

  /// Rows wait for others until one transaction has enough of them; a stop waits for none.
  @Test func aFewRowsWaitForOthers() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path, batchRows: 50, patience: WritersTests.century)
    var factory = EventFactory()
    rig.start()
    for row in 1...55 {
      var batch = EventBatch()
      factory.add(to: &batch, rule: (id: 1, name: "link-down"))
      rig.put(batch)
      if row == 49 {
        try await offPool { rig.recorder.drain() }
        #expect(rig.store.appends == 0)
      }
      if row == 50 {
        while rig.ledger.snapshot.audited < 50 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(rig.store.appends == 1)
      }
    }
    // All of them have come to the writer by the stop.
    try await offPool { rig.recorder.drain() }
    let accounts = await rig.stop()
    try expectOnce(accounts, rows: 55, in: rig.store)
    #expect(rig.store.appends == 2)
    #expect(rig.outbox.spoolCount == 0)
  }

  /// A mark that comes before its row waits for it, and is not put off as one without a row.
  @Test func marksWaitWhileRowsDo() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path, batchRows: 2, patience: WritersTests.century)
    var factory = EventFactory()
    var (first, second) = (EventBatch(), EventBatch())
    let id = factory.add(to: &first, rule: (id: 1, name: "link-down"))
    factory.add(to: &second, rule: (id: 1, name: "link-down"))
    let row = first.rows[0]
    rig.start()
    rig.put(first)
    try await offPool { rig.recorder.drain() }
    try await rig.recorder.perform { outbox throws(StoreError) in
      var work = Outbox.Work()
      work.addedMarks = [DeliveredMark(eventID: row.id, eventTime: row.time)]
      _ = try outbox.write(work)
    }
    rig.writer.wakeForMarks()
    #expect(rig.store.appends == 0)
    rig.put(second)
    while try rig.store.auditEvent(id: id)?.isForwarded != true {
      try await Task.sleep(for: .milliseconds(5))
    }
    _ = await rig.stop()
  }

  /// What became of attempts and what the store has taken goes with the next alerts, or without any.
  @Test func whatWaitsForAlertsIsCommittedWithoutAny() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path)
    var factory = EventFactory()
    var batch = EventBatch()
    let id = factory.add(to: &batch, rule: (id: 1, name: "link-down"))
    var work = Outbox.Work()
    work.batches = [batch]
    work.deliveries = [EventFactory.delivery(id, to: "moog")]
    let written = try rig.outbox.write(work)
    rig.ledger.update {
      let moog = $0.destination("moog")
      $0.destinations[moog].created += 1
      $0.destinations[moog].pending += 1
    }
    rig.startRecorder()
    rig.recorder.remove(spool: written.spoolKeys.compactMap { $0 })
    while rig.outbox.spoolCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
    let outcome = DeliveryOutcome(
      id: written.deliveryIDs[0], verdict: .delivered(marks: true), status: 200, error: nil)
    try await rig.recorder.record([outcome], destination: "moog")
    let marks = try await rig.recorder.perform { outbox throws(StoreError) in
      try outbox.marks(after: nil, limit: 10)
    }
    #expect(marks.map(\.eventID) == [id])
    rig.startWriter()
    _ = await rig.stop()
  }

  /// A start with rows in the spool while new ones arrive: what replay finds there must not be written again
  /// from memory. Many short lives, because it is a matter of who is first.
  @Test func rowsOfAnEarlierRunAndNewOnesAreSettledOnce() async throws {
    for _ in 0..<20 {
      do {
        let directory = TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        var factory = EventFactory()
        let old = batches(30, &factory)
        let new = batches(30, &factory)
        do {
          let outbox = try Outbox(path: "\(directory.path)/outbox.db", sync: .normal) { _ in }
          var work = Outbox.Work()
          work.batches = old
          _ = try outbox.write(work)
          outbox.close()
        }
        let carried = old.reduce(0) { $0 + $1.matchedCount }
        let rig = try Rig(directory.path)
        #expect(rig.ledger.snapshot.carried == UInt64(carried))
        rig.start()
        for batch in new { rig.put(batch) }
        while rig.ledger.snapshot.auditPending > 0 { try await Task.sleep(for: .milliseconds(2)) }
        let accounts = await rig.stop()
        try expectOnce(accounts, rows: carried + 600, in: rig.store)
      }
    }
  }

  @Test func marksWithoutARowHoldBackNoOthers() async throws {
    do {
      let directory = TemporaryDirectory()
      defer { withExtendedLifetime(directory) {} }
      let rig = try Rig(directory.path)
      var factory = EventFactory()
      var lost = EventBatch()
      for _ in 0..<700 { factory.add(to: &lost, rule: (id: 1, name: "link-down")) }
      var kept = EventBatch()
      for _ in 0..<10 { factory.add(to: &kept, rule: (id: 1, name: "link-down")) }
      rig.start()
      rig.put(kept)
      // Deliveries of both, all of them delivered: 700 marks whose row never comes, then ten that have one.
      let ids = lost.rows.map(\.id) + kept.rows.map(\.id)
      try await rig.recorder.perform { outbox throws(StoreError) in
        var work = Outbox.Work()
        work.deliveries = ids.map { EventFactory.delivery($0, to: "moog") }
        let created = try outbox.write(work)
        var outcomes = Outbox.Work()
        outcomes.outcomes = created.deliveryIDs.map {
          DeliveryOutcome(id: $0, verdict: .delivered(marks: true), status: 200, error: nil)
        }
        _ = try outbox.write(outcomes)
      }
      rig.writer.wakeForMarks()
      while try kept.rows.contains(where: { try rig.store.auditEvent(id: $0.id)?.isForwarded != true }) {
        try await Task.sleep(for: .milliseconds(5))
      }
      _ = await rig.stop()
    }
  }

  /// While rows never end, marks have their turn all the same.
  @Test func marksWaitForNoEndOfRows() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path, batchRows: 20)
    var factory = EventFactory()
    let waiting = batches(40, &factory)
    let first = try #require(waiting.first?.rows.first { $0.isMatched })
    var work = Outbox.Work()
    work.addedMarks = [DeliveredMark(eventID: first.id, eventTime: first.time)]
    _ = try rig.outbox.write(work)
    for batch in waiting {
      rig.ledger.update {
        $0.internalEvents += 20
        $0.matched += UInt64(batch.matchedCount)
        $0.unmatched += 20 - UInt64(batch.matchedCount)
        $0.auditPending += 20
      }
      rig.writer.put(batch, spoolKey: nil)
    }
    rig.start()
    while rig.ledger.snapshot.audited < 800 { try await Task.sleep(for: .milliseconds(5)) }
    let accounts = await rig.stop()
    try expectOnce(accounts, rows: 800, in: rig.store)
    #expect(rig.store.appendsBeforeMarks == 8)
    #expect(try rig.store.auditEvent(id: first.id)?.isForwarded == true)
  }

  /// Under a flood rows of unmatched events never end: those of matched ones, which are all in the spool by
  /// then, go first.
  @Test func spooledRowsWaitForNoEndOfOthers() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    var factory = EventFactory()
    var work = Outbox.Work()
    for _ in 0..<30 {
      var batch = EventBatch()
      for _ in 0..<100 { factory.add(to: &batch, rule: (id: 1, name: "link-down")) }
      work.batches.append(batch)
    }
    let spooled = work.batches.flatMap { $0.rows.map(\.id) }
    do {
      let outbox = try Outbox(path: "\(directory.path)/outbox.db", sync: .normal) { _ in }
      _ = try outbox.write(work)
      outbox.close()
    }
    let rig = try Rig(directory.path, batchRows: 20)
    for _ in 0..<100 {
      var batch = EventBatch()
      for _ in 0..<20 { factory.add(to: &batch, rule: nil) }
      rig.ledger.update {
        $0.internalEvents += 20
        $0.unmatched += 20
        $0.auditPending += 20
      }
      rig.writer.put(batch, spoolKey: nil)
    }
    rig.store.fail([StoreError(.busy, "slow")])
    rig.start()
    while rig.ledger.snapshot.auditPending > 0 { try await Task.sleep(for: .milliseconds(5)) }
    let accounts = await rig.stop()
    try expectOnce(accounts, rows: 5_000, in: rig.store)
    #expect(rig.store.written.prefix(spooled.count) == spooled[...])
  }

  /// The store is back while the outbox can be read but not written: what stands in the spool is written
  /// once, and waits there until it can be removed. Other rows go on.
  @Test func anOutboxThatCannotBeWrittenRepeatsNoRows() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    var factory = EventFactory()
    var work = Outbox.Work()
    work.batches = batches(30, &factory)
    let carried = work.batches.reduce(0) { $0 + $1.matchedCount }
    do {
      let outbox = try Outbox(path: "\(directory.path)/outbox.db", sync: .normal) { _ in }
      _ = try outbox.write(work)
      outbox.close()
    }
    let rig = try Rig(directory.path)
    try rig.setWritable(false)
    rig.start()
    while rig.ledger.snapshot.audited < UInt64(carried) { try await Task.sleep(for: .milliseconds(5)) }
    // Each of these is committed in a turn of its own, and lets the writer look at the spool once more.
    for number in 1...5 {
      var batch = EventBatch()
      for _ in 0..<20 { factory.add(to: &batch, rule: nil) }
      rig.put(batch)
      let wanted = UInt64(carried + 20 * number)
      while rig.ledger.snapshot.audited < wanted { try await Task.sleep(for: .milliseconds(5)) }
      #expect(rig.ledger.snapshot.audited == wanted)
    }
    #expect(rig.outbox.spoolCount == carried)
    #expect(rig.store.appends == 6)
    try rig.setWritable(true)
    while rig.outbox.spoolCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
    let accounts = await rig.stop()
    try expectOnce(accounts, rows: carried + 100, in: rig.store)
  }

  /// The same of marks: each is applied once, although one that finds no row has all of them looked at again
  /// and again.
  @Test func anOutboxThatCannotBeWrittenRepeatsNoMarks() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    var factory = EventFactory()
    var batch = EventBatch()
    for _ in 0..<20 { factory.add(to: &batch, rule: (id: 1, name: "link-down")) }
    var work = Outbox.Work()
    work.addedMarks = batch.rows.map { DeliveredMark(eventID: $0.id, eventTime: $0.time) }
    let nobodys = DeliveredMark(
      eventID: EventID(milliseconds: SystemClock.now.milliseconds, node: 3, sequence: 0),
      eventTime: EventFactory.start)
    work.addedMarks.append(nobodys)
    let store = MemoryStore()
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    let rig = try Rig(directory.path, store: store)
    _ = try rig.outbox.write(work)
    try rig.setWritable(false)
    rig.start()
    while store.markCalls == 0 { try await Task.sleep(for: .milliseconds(5)) }
    // Marks that are left are looked at every second.
    for _ in 0..<25 {
      rig.writer.wakeForMarks()
      try await Task.sleep(for: .milliseconds(100))
    }
    #expect(store.markCalls == 1)
    try rig.setWritable(true)
    while try rig.outbox.marks(limit: 100) != [nobodys] { try await Task.sleep(for: .milliseconds(5)) }
    _ = await rig.stop()
    for row in batch.rows { #expect(try store.auditEvent(id: row.id)?.isForwarded == true) }
  }

  /// The store was away for more than a day: rows and marks of before have waited longer than a mark lives
  /// whose row never comes, and marks have their turn while there are more rows to come.
  @Test func marksWaitForRowsOfTheDayBefore() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let dayBefore = SystemClock.now.adding(seconds: -90_000).milliseconds
    var factory = EventFactory()
    var work = Outbox.Work()
    for number in 0..<12 {
      var batch = EventBatch()
      for _ in 0..<1_000 { factory.add(to: &batch, rule: (id: 1, name: "link-down")) }
      for row in batch.rows.indices {
        batch.rows[row].id = EventID(
          milliseconds: dayBefore + Int64(number), node: 3, sequence: Int64(row))
      }
      work.batches.append(batch)
    }
    work.addedMarks = work.batches.flatMap { batch in
      batch.rows.suffix(10).map { DeliveredMark(eventID: $0.id, eventTime: $0.time) }
    }
    // Nobody has a row for this one.
    let nobodys = DeliveredMark(
      eventID: EventID(milliseconds: dayBefore - 1, node: 3, sequence: 0), eventTime: EventFactory.start)
    let marks = work.addedMarks
    work.addedMarks.append(nobodys)
    do {
      let outbox = try Outbox(path: "\(directory.path)/outbox.db", sync: .normal) { _ in }
      _ = try outbox.write(work)
      outbox.close()
    }
    let rig = try Rig(directory.path)
    rig.store.fail([StoreError(.unavailable, "away"), StoreError(.unavailable, "away")])
    rig.start()
    while try !rig.outbox.marks(limit: 1).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    while rig.ledger.snapshot.auditPending > 0 { try await Task.sleep(for: .milliseconds(5)) }
    let accounts = await rig.stop()
    try expectOnce(accounts, rows: 12_000, in: rig.store)
    #expect(rig.store.appendsBeforeMarks == 8)
    for mark in marks {
      #expect(try rig.store.auditEvent(id: mark.eventID)?.isForwarded == true, "\(mark)")
    }
  }

  /// A mark whose row was removed, for its age or for room, is let go; one whose row is to come is kept.
  @Test func marksOfRemovedRowsAreLetGo() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path)
    let batch = EventBatch.history(700, from: SystemClock.now.adding(seconds: -600)) { _ in true }
    let late = EventBatch.history(1, from: SystemClock.now) { _ in true }
    rig.start()
    rig.put(batch)
    while rig.ledger.snapshot.auditPending > 0 { try await Task.sleep(for: .milliseconds(5)) }
    rig.store.remove(before: batch.rows[600].id)
    try await rig.recorder.perform { outbox throws(StoreError) in
      var work = Outbox.Work()
      work.addedMarks = (batch.rows + late.rows).map { DeliveredMark(eventID: $0.id, eventTime: $0.time) }
      _ = try outbox.write(work)
    }
    rig.writer.wakeForMarks()
    while try rig.outbox.marks(limit: 10).map(\.eventID) != [late.rows[0].id] {
      try await Task.sleep(for: .milliseconds(5))
    }
    for row in batch.rows[600...] { #expect(try rig.store.auditEvent(id: row.id)?.isForwarded == true) }
    rig.put(late)
    while try !rig.outbox.marks(limit: 1).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    #expect(try rig.store.auditEvent(id: late.rows[0].id)?.isForwarded == true)
    _ = await rig.stop()
  }
}
