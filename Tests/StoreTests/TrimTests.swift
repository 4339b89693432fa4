import Model
import TestKit
import Testing

@testable import Store

/// Old rows leave the audit in steps; what is left is found as before.
@Suite struct TrimTests {
  private static let begin = Timestamp(seconds: 1_790_000_000)
  private static let rule = [
    CatalogEdit.addRule(
      Rule(name: "r1", matchType: .contains, prodHandling: "Page_only", devHandling: "Ignore"))
  ]

  private func open(_ directory: TemporaryDirectory, _ hosts: OpenHosts.Size = .standard) throws
    -> SQLiteStore
  {
    let store = try SQLiteStore(
      path: directory.file("muttd.db"), mode: .daemon, migrate: true, hosts: hosts, notices: { _ in })
    if try !store.hasRules() { _ = try store.apply(TrimTests.rule, by: EditActor(name: "test")) }
    return store
  }

  private func ids(_ store: SQLiteStore) throws -> [Int64] {
    var query = AuditQuery()
    query.limit = AuditQuery.maxLimit
    var found: [Int64] = []
    while true {
      let page = try store.auditEvents(query)
      found += page.events.map(\.id.rawValue)
      guard let next = page.next else { return found.reversed() }
      query.before = next
    }
  }

  /// All steps of a choice; what went, and how many steps it took.
  private func trim(_ store: SQLiteStore, _ choice: TrimChoice, limit: Int) throws -> (TrimCount, steps: Int)
  {
    var choice = choice
    var count = TrimCount()
    var steps = 0
    while true {
      let step = try store.trim(choice, limit: limit)
      steps += 1
      count.add(step.found)
      var tidied = choice.after
      if let last = step.last { choice.after = last }
      while let end = try store.tidyBlock(after: tidied, through: choice.after) { tidied = end }
      if step.isLast { return (count, steps) }
    }
  }

  @Test func rowsOfUnmatchedEventsGoOldestFirst() throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    var batch = EventBatch.history(100, from: TrimTests.begin) { $0 % 5 == 0 }
    // Neither is unmatched: our own alert, and a row whose rule is gone.
    batch.rows[1].source = .internal
    batch.rows[1].handling = batch.add("Ticket_only")
    batch.rows[2].handling = batch.add("Page_only")
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)

    var choice = TrimChoice(unmatchedOnly: true)
    let first = try store.trim(choice, limit: 10)
    #expect(first.found.unmatched == 6 && first.found.matched == 0 && !first.isLast)
    #expect(first.found.first == batch.rows[3].id && first.found.last == batch.rows[9].id)
    #expect(first.last == batch.rows[9].id.rawValue)
    choice.after = try #require(first.last)
    // A row that comes late is left to those that take all.
    let second = try store.trim(choice, limit: 1_000)
    #expect(second.found.unmatched == 72 && second.isLast)
    #expect(second.last == batch.rows[99].id.rawValue)
    let left = batch.rows.indices.filter { $0 % 5 == 0 || $0 <= 2 }.map { batch.rows[$0].id.rawValue }
    #expect(try ids(store) == left)

    var all = TrimChoice()
    let third = try store.trim(all, limit: 4)
    #expect(third.found.matched == 4)
    #expect(try store.oldestEvent()?.rawValue == left[4])
    all.after = try #require(third.last)
    #expect(try trim(store, all, limit: 7).0.matched == Int64(left.count - 4))
    #expect(try ids(store) == [] && store.oldestEvent() == nil)
    #expect(try DatabaseFile(directory.file("muttd.db")).value("PRAGMA integrity_check") == "ok")
  }

  /// A step reads no more rows than it is told, whether any of them goes or not.
  @Test func aStepIsBoundedWhereNothingGoes() throws {
    let store = try open(TemporaryDirectory())
    let batch = EventBatch.history(1_000, from: TrimTests.begin) { $0 != 999 }
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    let step = try store.trim(TrimChoice(unmatchedOnly: true), limit: 300)
    #expect(step.found.total == 0 && step.last == batch.rows[299].id.rawValue && !step.isLast)
    #expect(
      try trim(store, TrimChoice(unmatchedOnly: true), limit: 300) == (
        step.found.with(1, batch.rows[999].id), 4
      ))
  }

  /// Rows that stay between others lie one behind the other afterwards, as they were.
  @Test(arguments: [1, 2, 3, 5]) func whatStaysTakesNoMoreThanItNeeds(of: Int) throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    let empty = try store.room().used
    for part in 0..<5 {
      let from = TrimTests.begin.adding(seconds: Int64(part) * 10)
      let batch = EventBatch.history(2_000, from: from) { $0 % 6 < of }
      _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    }
    _ = try store.markDelivered([
      DeliveredMark(eventID: try ids(store).map(EventID.init)[6], eventTime: .absent)
    ])
    let file = try DatabaseFile(directory.file("muttd.db"))
    let rows = "SELECT * FROM event_audit_log WHERE matched_rule_id NOT NULL"
    let before = try file.run(rows)
    let full = try store.room().used - empty
    let (count, _) = try trim(store, TrimChoice(unmatchedOnly: true), limit: 600)
    #expect(count.total + 10 >= Int64(10_000 * (6 - of) / 6))
    let left = try store.room().used - empty
    #expect(left * 6 * 3 / 4 <= full * Int64(of), "\(left) of \(full)")
    #expect(try file.run(rows) == before)
    #expect(try file.value("PRAGMA integrity_check") == "ok")
  }

  /// A row of a rule that there is not, which only a shell writes, cannot be written again: its neighbours
  /// stay where they are, and others are packed all the same.
  @Test func aRowThatCannotBeMovedHoldsUpNoOthers() throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    let batch = EventBatch.history(4_000, from: TrimTests.begin) { $0 % 2 == 0 }
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    let file = try DatabaseFile(directory.file("muttd.db"))
    try file.run(
      """
      INSERT INTO event_audit_log (id, event_timestamp, handling_decision, matched_rule_id)
      SELECT id + 1, event_timestamp, handling_decision, 99 FROM event_audit_log
      WHERE id = \(batch.rows[600].id.rawValue)
      """)
    let full = try store.room().used
    let (count, _) = try trim(store, TrimChoice(unmatchedOnly: true), limit: 500)
    #expect(count.total == 2_000)
    #expect(try file.value("SELECT count(*) FROM event_audit_log") == "2001")
    #expect(try store.room().used * 4 < full * 3)
    #expect(try file.value("PRAGMA integrity_check") == "ok")
  }

  /// Ids hold the time of arrival, and ids that somebody else gave do not: such rows go by their own time.
  @Test func rowsGoByTheirTime() throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    let batch = EventBatch.history(100, from: TrimTests.begin, every: 1_000) { $0 % 2 == 0 }
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    try DatabaseFile(directory.file("muttd.db")).run(
      """
      INSERT INTO event_audit_log (id, event_timestamp, handling_decision) VALUES
        (1, '2019-01-01T00:00:00.000000Z', 'unmatched'), (2, '2026-11-01T00:00:00.000000Z', 'unmatched')
      """)
    let choice = TrimChoice(before: TrimTests.begin.adding(seconds: 50))
    #expect(try store.countTrim(choice, limit: 1_000).found.total == 51)
    let (count, _) = try trim(store, choice, limit: 16)
    #expect(count.matched == 25 && count.unmatched == 26)
    #expect(try ids(store) == [2] + batch.rows[50...].map(\.id.rawValue))
    #expect(try trim(store, choice, limit: 16).0.total == 0)
  }

  /// Pages that became free are used before the file grows.
  @Test func freedPagesAreWrittenAgain() throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    for part in 0..<10 {
      let from = TrimTests.begin.adding(seconds: Int64(part) * 10)
      let batch = EventBatch.history(1_000, from: from) { $0 % 10 == 0 }
      _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    }
    let full = try store.room()
    #expect(full.used > 3_000_000 && full.free == 0 && full.log > 0)
    _ = try trim(store, TrimChoice(unmatchedOnly: true), limit: 500)
    let trimmed = try store.room()
    #expect(trimmed.used < full.used / 4)
    #expect(trimmed.used + trimmed.free == full.used)
    for part in 10..<16 {
      let from = TrimTests.begin.adding(seconds: Int64(part) * 10)
      let batch = EventBatch.history(1_000, from: from) { $0 % 10 == 0 }
      _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    }
    let again = try store.room()
    #expect(again.used > trimmed.used && again.used + again.free == full.used)
  }

  /// What hosts have is found as before, and the blocks that say so take no room for rows that are gone.
  @Test(arguments: [false, true]) func blocksOfHostsForgetRowsThatAreGone(all: Bool) throws {
    let directory = TemporaryDirectory()
    let store = try open(directory, OpenHosts.Size(block: 256, newest: 64))
    let plain = MemoryStore()
    _ = try plain.apply(TrimTests.rule, by: EditActor(name: "test"))
    for part in 0..<20 {
      let from = TrimTests.begin.adding(seconds: Int64(part) * 10)
      let batch = EventBatch.history(200, from: from) { $0 % 20 == 0 }
      _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
      var kept = batch
      kept.rows = batch.rows.indices.filter { !all && $0 % 20 == 0 || part >= 18 }.map { batch.rows[$0] }
      _ = try plain.append(kept, matchedOnly: false, afterDoubt: false)
    }
    let file = try DatabaseFile(directory.file("muttd.db"))
    let size = "SELECT coalesce(sum(length(events)), 0) / 12 FROM event_audit_hosts"
    #expect(try Int(file.value(size)) ?? 0 > 3_000)
    var choice = TrimChoice(unmatchedOnly: !all)
    choice.through = SQLiteStore.id(atMilliseconds: TrimTests.begin.milliseconds + 180_000).rawValue - 1
    _ = try trim(store, choice, limit: 100)
    // The block in which the removal ended is looked at when it has passed it.
    let left = try Int(file.value(size)) ?? 0
    #expect(all ? left <= 256 + 200 : left <= 256 + 200 + 180, "\(left) entries")
    if all { #expect(try Int(file.value("SELECT count(*) FROM event_audit_blocks")) ?? 9 <= 2) }
    for host in 0..<50 {
      var query = AuditQuery()
      query.host = "CORE-\(host)"
      query.limit = 1_000
      #expect(try store.auditEvents(query) == plain.auditEvents(query))
    }
    // And what comes later.
    let batch = EventBatch.history(500, from: TrimTests.begin.adding(seconds: 300)) { $0 % 20 == 0 }
    for some in [store, plain] as [any EventStore] {
      _ = try some.append(batch, matchedOnly: false, afterDoubt: false)
    }
    for host in 0..<50 {
      var query = AuditQuery()
      query.host = "core-\(host)"
      query.limit = 1_000
      #expect(try store.auditEvents(query) == plain.auditEvents(query))
    }
    #expect(try file.value("PRAGMA integrity_check") == "ok")
  }
}

extension TrimCount {
  fileprivate func with(_ unmatched: Int64, _ id: EventID) -> TrimCount {
    var count = self
    count.unmatched = unmatched
    count.first = id
    count.last = id
    return count
  }
}
