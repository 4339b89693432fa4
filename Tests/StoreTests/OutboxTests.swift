import Model
import Store
import Synchronization
import TestKit
import Testing

@Suite struct OutboxTests {
  private let now = EventFactory.start
  private let never = Timestamp(seconds: 0)

  private func open(_ directory: TemporaryDirectory, _ notices: @escaping NoticeSink = { _ in }) throws
    -> Outbox
  {
    try Outbox(path: directory.file("outbox.db"), sync: .full, notices: notices)
  }

  private func id(_ number: Int64, at time: Timestamp = EventFactory.start) -> EventID {
    EventID(milliseconds: time.milliseconds, node: 1, sequence: number)
  }

  /// A batch of `matched` rows that a rule won and as many that none did, in turn.
  private func batch(_ factory: inout EventFactory, matched: Int) -> EventBatch {
    var batch = EventBatch()
    for number in 0..<matched {
      factory.add(to: &batch, rule: nil)
      factory.add(
        to: &batch, host: "h\(number)", raw: "raw \(number)", rule: (4, "link-down"), labels: #"{"a":"b"}"#)
    }
    return batch
  }

  @Test func deliveriesComeBackWholeAfterAReopen() throws {
    let directory = TemporaryDirectory()
    var delivery = EventFactory.delivery(id(1), to: "moog", rank: 1)
    delivery.signature = "a\u{0}b — ü"
    delivery.body = [0, 255, 10]
    delivery.attempts = 3
    delivery.lastStatus = 503
    delivery.lastError = "503"
    do {
      let outbox = try open(directory)
      var work = Outbox.Work()
      work.deliveries = [delivery]
      delivery.id = try #require(try outbox.write(work).deliveryIDs.first)
      // Not closed: what is committed needs no farewell.
    }
    let outbox = try open(directory)
    #expect(try outbox.delivery(id: delivery.id) == delivery)
    #expect(try outbox.deliveries(eventID: delivery.eventID) == [delivery])
    #expect(try outbox.delivery(id: 99) == nil)
    #expect(try outbox.counts() == [Outbox.Level(destination: "moog", pending: 1, dead: 0)])
    #expect(outbox.usedBytes > 0)
  }

  @Test func theSameWorkTwiceDoublesNothing() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    var factory = EventFactory()
    var work = Outbox.Work()
    work.batches = [batch(&factory, matched: 3)]
    work.deliveries = [EventFactory.delivery(id(1), to: "a"), EventFactory.delivery(id(1), to: "b")]
    let first = try outbox.write(work)
    let second = try outbox.write(work)
    #expect(first.deliveryIDs == second.deliveryIDs)
    #expect(first.counts.map(\.created) == [1, 1])
    #expect(second.counts.isEmpty)
    #expect(first.spooledRows == 3 && second.spooledRows == 0)
    #expect(first.spoolKeys == second.spoolKeys)
    #expect(outbox.spoolCount == 3)
    #expect(try outbox.list(OutboxFilter()).count == 2)
  }

  @Test func onlyMatchedRowsAreSpooledAndTheyComeBackWhole() throws {
    let directory = TemporaryDirectory()
    var outbox = try open(directory)
    var factory = EventFactory()
    var work = Outbox.Work()
    var unmatched = EventBatch()
    factory.add(to: &unmatched, rule: nil)
    let batches = [batch(&factory, matched: 4), unmatched, batch(&factory, matched: 2)]
    work.batches = batches
    let result = try outbox.write(work)
    #expect(result.spooledRows == 6)
    #expect(result.spoolKeys == [batches[0].rows[1].id, nil, batches[2].rows[1].id])
    outbox.close()
    outbox = try open(directory)
    #expect(outbox.spoolCount == 6)
    let spooled = try outbox.spooled(after: nil, limit: 100)
    #expect(spooled.keys == result.spoolKeys.compactMap { $0 })
    // What the audit makes of a spooled row is what it makes of the row itself.
    let written = MemoryStore()
    let replayed = MemoryStore()
    for batch in batches { _ = try written.append(batch, matchedOnly: true, afterDoubt: false) }
    _ = try replayed.append(spooled.batch, matchedOnly: true, afterDoubt: false)
    #expect(try written.auditEvents(AuditQuery()) == replayed.auditEvents(AuditQuery()))
    work = Outbox.Work()
    work.removedSpool = spooled.keys
    #expect(try outbox.write(work).unspooledRows == 6)
    #expect(outbox.spoolCount == 0)
    #expect(try outbox.spooled(after: nil, limit: 100).keys.isEmpty)
    #expect(try outbox.write(work).unspooledRows == 0)
  }

  @Test func theSpoolIsReadInWholeBatchesUpToTheLimit() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    var factory = EventFactory()
    var work = Outbox.Work()
    for _ in 0..<5 { work.batches.append(batch(&factory, matched: 10)) }
    let keys = try outbox.write(work).spoolKeys.compactMap { $0 }
    #expect(try outbox.spooled(after: nil, limit: 1).batch.rows.count == 10)
    #expect(try outbox.spooled(after: nil, limit: 25).keys == Array(keys[0..<2]))
    #expect(try outbox.spooled(after: keys[1], limit: 25).keys == Array(keys[2..<4]))
    #expect(try outbox.spooled(after: keys[4], limit: 25).keys.isEmpty)
  }

  @Test func anEventIsMarkedOnceHoweverManyDestinationsTakeIt() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    var work = Outbox.Work()
    work.deliveries = ["stdout", "moog", "pager"].map { EventFactory.delivery(id(1), to: $0) }
    let ids = try outbox.write(work).deliveryIDs
    func deliver(_ id: Int64, marks: Bool) throws -> Outbox.WorkResult {
      var work = Outbox.Work()
      work.outcomes = [DeliveryOutcome(id: id, verdict: .delivered(marks: marks), status: 200, error: nil)]
      return try outbox.write(work)
    }
    #expect(try deliver(ids[0], marks: false).marksWaiting == 0)
    #expect(try deliver(ids[1], marks: true).marksWaiting == 1)
    let marks = try outbox.marks(limit: 10)
    #expect(marks == [DeliveredMark(eventID: id(1), eventTime: now)])
    work = Outbox.Work()
    work.removedMarks = marks
    #expect(try outbox.write(work).marksWaiting == 0)
    #expect(try deliver(ids[2], marks: true).marksWaiting == 0)
    #expect(try outbox.counts().isEmpty)
    #expect(try deliver(ids[2], marks: true).counts.isEmpty)
  }

  @Test func waitsEndInSlicesButForThoseThatWereAskedFor() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    var work = Outbox.Work()
    work.deliveries = (1...7).map { EventFactory.delivery(id($0), to: $0 == 7 ? "pager" : "moog") }
    let ids = try outbox.write(work).deliveryIDs
    work = Outbox.Work()
    work.outcomes = ids.enumerated().map { index, id in
      DeliveryOutcome(
        id: id, verdict: .retry(at: now.adding(seconds: 60)), status: index == 1 ? 429 : 503, error: nil)
    }
    _ = try outbox.write(work)
    func end(throttled: Bool) throws -> Int {
      var place: Outbox.ShiftPlace?
      var slices = 0
      repeat {
        place = try outbox.hasten(
          destination: "moog", throttled: throttled, now: now, from: place, limit: 2)
        slices += 1
      } while place != nil
      return slices
    }
    func due() throws -> [Int64] {
      try outbox.due(destination: "moog", now: now, limit: 9, staleBefore: never).map(\.id)
    }
    #expect(try due().isEmpty)
    #expect(try end(throttled: false) == 4)
    #expect(try due() == [0, 2, 3, 4, 5].map { ids[$0] })
    _ = try end(throttled: true)
    #expect(try due() == Array(ids[0..<6]))
    #expect(try outbox.delivery(id: ids[6])?.nextAttemptAt == now.adding(seconds: 60))
    #expect(try outbox.delivery(id: ids[0])?.attempts == 1)
    #expect(try outbox.owed(to: "pager", among: ids) == [ids[6]])
  }

  @Test func outcomesMoveDeliveries() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    var work = Outbox.Work()
    work.deliveries = (1...3).map { EventFactory.delivery(id($0), to: "moog") }
    let ids = try outbox.write(work).deliveryIDs
    work = Outbox.Work()
    work.outcomes = [
      DeliveryOutcome(id: ids[0], verdict: .retry(at: now.adding(seconds: 60)), status: 503, error: "busy"),
      DeliveryOutcome(id: ids[1], verdict: .dead, status: 400, error: "no"),
      DeliveryOutcome(id: 999, verdict: .dead, status: 400, error: "no"),
    ]
    let result = try outbox.write(work)
    #expect(result.counts.map { [$0.created, $0.delivered, $0.dead, $0.retried] } == [[0, 0, 1, 1]])
    let retried = try #require(try outbox.delivery(id: ids[0]))
    #expect(retried.state == .pending && retried.attempts == 1 && retried.lastStatus == 503)
    #expect(retried.nextAttemptAt == now.adding(seconds: 60) && retried.lastError == "busy")
    #expect(try outbox.delivery(id: ids[1])?.state == .dead)
    #expect(try outbox.counts() == [Outbox.Level(destination: "moog", pending: 2, dead: 1)])
    #expect(try outbox.due(destination: "moog", now: now, limit: 9, staleBefore: never).map(\.id) == [ids[2]])
    #expect(try outbox.nextDue(destination: "moog", after: now.adding(milliseconds: -1)) == now)
    #expect(try outbox.nextDue(destination: "other", after: now.adding(milliseconds: -1)) == nil)
    // A late answer does not wake the dead.
    work.outcomes = [
      DeliveryOutcome(id: ids[1], verdict: .retry(at: now), status: 503, error: nil),
      DeliveryOutcome(id: ids[1], verdict: .delivered(marks: true), status: 200, error: nil),
    ]
    #expect(try outbox.write(work).counts.isEmpty)
    var filter = OutboxFilter()
    filter.state = .dead
    #expect(try outbox.list(filter).map(\.id) == [ids[1]])
    filter = OutboxFilter()
    filter.after = ids[0]
    filter.limit = 1
    #expect(try outbox.list(filter).map(\.id) == [ids[1]])
    filter.host = "other"
    #expect(try outbox.list(filter).isEmpty)
  }

  @Test func pagesLeaveFirstThenFreshBeforeStaleThenByTime() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    let old = now.adding(seconds: -3_600)
    let table: [(EventID, Int)] = [
      (id(1, at: old), 1), (id(2, at: old), 0), (id(3), 1), (id(4), 0), (id(5), 0), (id(6, at: old), 0),
    ]
    var work = Outbox.Work()
    work.deliveries = table.map {
      var delivery = EventFactory.delivery($0.0, to: "moog", rank: $0.1)
      delivery.signature = "\($0.0)"
      return delivery
    }
    work.deliveries.append(EventFactory.delivery(id(7), to: "other"))
    _ = try outbox.write(work)
    let stale = now.adding(seconds: -1_800)
    let order = [id(4), id(5), id(2, at: old), id(6, at: old), id(3), id(1, at: old)]
    for limit in [1, 3, 6, 100] {
      let due = try outbox.due(destination: "moog", now: now, limit: limit, staleBefore: stale)
      #expect(due.map(\.eventID) == Array(order.prefix(limit)))
    }
    #expect(try outbox.due(destination: "moog", now: old, limit: 10, staleBefore: stale).isEmpty)
  }

  /// The clock was set back: each that waits moves once, however many slices that takes and however many of
  /// them are due at the same time; the others stay.
  @Test func waitsMoveWithTheClockInSlices() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    func at(_ seconds: Int64) -> Timestamp { now.adding(seconds: seconds) }
    var work = Outbox.Work()
    for number in 1...70 {
      var delivery = EventFactory.delivery(id(Int64(number)), to: number > 60 ? "noc" : "moog")
      delivery.nextAttemptAt = at(number > 50 ? 0 : Int64(5 + number / 20))
      work.deliveries.append(delivery)
    }
    work.deliveries[69].nextAttemptAt = at(6)
    _ = try outbox.write(work)
    var (slices, place) = (0, Outbox.ShiftPlace?.none)
    repeat {
      place = try outbox.shift(destination: "moog", back: 2_000_000_000, now: now, from: place, limit: 7)
      slices += 1
    } while place != nil
    #expect(slices == 8)
    let found = try outbox.list(OutboxFilter())
    for (index, delivery) in found.enumerated() {
      let moves = index < 50 ? Int64(-2) : 0
      #expect(delivery.nextAttemptAt == work.deliveries[index].nextAttemptAt.adding(seconds: moves))
    }
    #expect(found.count == 70)
  }

  @Test func theCeilingNeverGoesDown() throws {
    let directory = TemporaryDirectory()
    var outbox = try open(directory)
    #expect(outbox.idCeiling == nil)
    for (given, kept) in [(Int64(1_000), Int64(1_000)), (500, 1_000), (2_000, 2_000)] {
      var work = Outbox.Work()
      work.idCeiling = given
      _ = try outbox.write(work)
      #expect(outbox.idCeiling == kept)
    }
    outbox.close()
    outbox = try open(directory)
    #expect(outbox.idCeiling == 2_000)
  }

  @Test func theSnapshotComesBackAndIsReplaced() throws {
    let directory = TemporaryDirectory()
    var outbox = try open(directory)
    #expect(try outbox.loadSnapshot() == nil)
    var rule = Rule(name: "r", matchType: .regex, matchString: "x", prodHandling: "P", devHandling: "I")
    rule.id = 7
    rule.version = 3
    rule.tags = ["t"]
    rule.matchExamples = ["m"]
    rule.updatedAt = now
    rule.updatedBy = "alice"
    var device = Device(hostname: "c", addresses: [IPAddress(v4: 192, 0, 2, 1)], attributes: "{}")
    device.lastSeenAt = now
    let catalog = Catalog(
      rules: [rule], developmentHosts: ["lab"], deviceTeams: [DeviceTeam(hostname: "c", team: "T")],
      devices: [device], version: 12)
    try outbox.saveSnapshot(Catalog(rules: [], developmentHosts: ["x"], version: 11), at: never)
    try outbox.saveSnapshot(catalog, at: now)
    outbox.close()
    outbox = try open(directory)
    let loaded = try #require(try outbox.loadSnapshot())
    #expect(loaded.0 == catalog)
    #expect(loaded.1 == now)
  }

  @Test func compiledPatternsComeBackAndAreReplaced() throws {
    let directory = TemporaryDirectory()
    var outbox = try open(directory)
    #expect(try outbox.loadPatterns() == nil)
    try outbox.savePatterns([1, 2, 3])
    let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
    try outbox.savePatterns(large)
    outbox.close()
    outbox = try open(directory)
    #expect(try outbox.loadPatterns() == large)
  }

  private static let troubles = "DROP TABLE troubles"
  private static let untried = "\(troubles); DROP INDEX deliveries_untried"
  private static let ordered =
    "\(untried); DROP TABLE engines; DROP TABLE clock_leaps; DROP INDEX deliveries_retried; "
    + "DROP INDEX deliveries_clears"
  private static let last =
    "\(ordered); DROP TABLE stand_ins; ALTER TABLE deliveries DROP COLUMN is_clear; "
    + "ALTER TABLE deliveries DROP COLUMN detour; ALTER TABLE deliveries DROP COLUMN came_from"
  private static let later =
    "\(last); DROP TABLE sightings; DROP TABLE unmatched; DROP TABLE unmatched_ignored; PRAGMA user_version"

  /// A file of an earlier version gets the tables that later ones have, and keeps what it holds.
  @Test(arguments: [
    "DROP TABLE snapshot_patterns; DROP TABLE applied_file; DROP TABLE by_hand; \(later) = 1",
    "DROP TABLE applied_file; DROP TABLE by_hand; \(later) = 2", "DROP TABLE by_hand; \(later) = 3",
    "\(later) = 4", "\(last); DROP TABLE unmatched; DROP TABLE unmatched_ignored; PRAGMA user_version = 5",
    "\(last); PRAGMA user_version = 6",
    "\(ordered); DROP TABLE stand_ins; ALTER TABLE deliveries DROP COLUMN is_clear; PRAGMA user_version = 7",
    "\(ordered); PRAGMA user_version = 8",
    "\(untried); DROP TABLE engines; DROP TABLE clock_leaps; PRAGMA user_version = 9",
    "\(untried); DROP TABLE engines; PRAGMA user_version = 10", "\(untried); PRAGMA user_version = 11",
    "\(troubles); PRAGMA user_version = 12",
  ])
  func anOlderFileIsBroughtUpToDate(_ older: String) throws {
    let directory = TemporaryDirectory()
    try open(directory).close()
    try DatabaseFile(directory.file("outbox.db")).run(older)
    let outbox = try open(directory)
    try outbox.savePatterns([1])
    #expect(try outbox.loadPatterns() == [1])
    #expect(try outbox.loadAppliedFile() == nil)
    let applied = AppliedFile(file: "a", catalog: -5)
    try outbox.saveAppliedFile(AppliedFile(file: "b", catalog: 1))
    try outbox.saveAppliedFile(applied)
    #expect(try outbox.loadAppliedFile() == applied)
    #expect(try outbox.takeHandWork() == [])
    #expect(try outbox.sightings() == [])
    #expect(try outbox.unmatchedKinds().kinds.isEmpty && outbox.ignored().isEmpty)
    #expect(try outbox.list(OutboxFilter()).isEmpty && outbox.standIns().isEmpty)
    #expect(try outbox.engines(limit: 1).isEmpty && outbox.openTroubles(of: "ops").isEmpty)
    #expect(try outbox.clockLeaps() == ClockLeaps())
    var leaps = ClockLeaps()
    leaps.add(3_600_000_000_000, now: now)
    leaps.add(7_000_000_000, now: now.adding(seconds: 9))
    try outbox.save(leaps)
    try outbox.save(leaps)
    #expect(try outbox.clockLeaps() == leaps)
  }

  /// The same catalog is not written again, and is then as good as of that time.
  @Test func aSnapshotThatIsThereIsNotWrittenAgain() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    var catalog = Catalog(developmentHosts: ["lab"], version: 12)
    try outbox.saveSnapshot(catalog, at: never)
    try DatabaseFile(directory.file("outbox.db")).run("INSERT INTO snapshot_hosts VALUES ('mark')")
    try outbox.saveSnapshot(catalog, at: now)
    var loaded = try #require(try outbox.loadSnapshot())
    #expect(loaded.0.developmentHosts == ["lab", "mark"])
    #expect(loaded.1 == now)
    catalog.developmentHosts.append("lab2")
    try outbox.saveSnapshot(catalog, at: now)
    loaded = try #require(try outbox.loadSnapshot())
    #expect(loaded.0 == catalog)
  }

  @Test func aSecondDaemonIsRefusedAndTheCommandLineIsNot() async throws {
    let directory = TemporaryDirectory()
    let first = try open(directory)
    do {
      _ = try open(directory)
      Issue.record("two daemons on one directory")
    } catch {
      #expect((error as? StoreError)?.code == .locked)
      #expect((error as? StoreError)?.message.contains("already runs") == true)
    }
    let reader = try Outbox(
      path: directory.file("outbox.db"), sync: .full, access: .commandLine, notices: { _ in })
    #expect(try reader.counts().isEmpty)
    first.close()
    // A program that another test starts holds the lock too until it is its own.
    var again: Outbox?
    for _ in 0..<600 where again == nil {
      again = try? open(directory)
      if again == nil { try await Task.sleep(for: .milliseconds(50)) }
    }
    #expect(again != nil)
  }

  @Test func refusedRowsAreKept() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    var factory = EventFactory()
    let rows = batch(&factory, matched: 1)
    var work = Outbox.Work()
    work.setAside = [Outbox.SetAside(batch: rows, row: 0, reason: "too long")]
    _ = try outbox.write(work)
    let kept = try DatabaseFile(directory.file("outbox.db")).value("SELECT reason FROM set_aside")
    #expect(kept == "too long")
    // Its mark waits with it, and is tried when people have written the row or thrown it away.
    var marks = Outbox.Work()
    marks.addedMarks = [DeliveredMark(eventID: rows.rows[0].id, eventTime: rows.rows[0].time)]
    #expect(try outbox.write(marks).marksWaiting == 1)
    #expect(try outbox.marks(limit: 10) == [])
    #expect(try outbox.removeAside([rows.rows[0].id]) == 1)
    #expect(try outbox.marks(limit: 10) == marks.addedMarks)
  }

  @Test func whatATrapSaysTwiceIsSpooledOnce() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    var factory = EventFactory()
    var batch = EventBatch()
    let head = #"{"version":"2c","pdu":"trap","engine_id":null,"uptime_ticks":100,"trap":{"oid":"1.3.6.1.4","#
    let element =
      #"{"oid":"1.3.6.1.2.1.2.2.1.2.7","name":"ifDescr.7","type":"octet_string","value":"Gi\"0\\7""#
    let secret =
      #"{"oid":"1.3.6.1.6.3.18.1.4.0","name":"snmpTrapCommunity.0","type":"octet_string","value":null"#
    factory.add(
      to: &batch,
      raw: #"{"version":"2c","trap_oid":"1.3.6.1.4","uptime":100,"varbinds":["# + element + "},"
        + secret + "}]}", rule: (1, "link"),
      labels: #"{"ifDescr.7":"Gi\"0\\7","ifDescr":"Gi\"0\\7"}"#,
      snmp: head + #""name":"1.3.6.1.4","address":null,"enterprise":null},"varbinds":["# + element
        + #","text":"Gi\"0\\7"},"# + secret + #","text":null}]}"#)
    var work = Outbox.Work()
    // As older ones kept it, and as it is kept now.
    for isRepeated in [false, true] {
      batch.rows[0].rawRepeats = isRepeated
      batch.rows[0].labelsRepeat = isRepeated
      batch.rows[0].id = EventID(rawValue: batch.rows[0].id.rawValue + 1)
      work.batches.append(batch)
    }
    _ = try outbox.write(work)
    let file = try DatabaseFile(directory.file("outbox.db"))
    let sizes = try file.value("SELECT group_concat(length(rows) > 700) FROM spool")
    #expect(sizes == "1,0")
    try file.run("UPDATE spool SET format = 1 WHERE length(rows) > 700")
    let spooled = try outbox.spooled(after: nil, limit: 10).batch
    #expect(spooled.rows.count == 2)
    for row in spooled.rows {
      for (came, went) in [
        (row.raw, batch.rows[0].raw), (row.labels, batch.rows[0].labels), (row.snmp, batch.rows[0].snmp),
      ] {
        #expect(spooled.text(came) == batch.text(went))
      }
    }
    // One of a muttd to come is kept, and not read.
    try file.run("UPDATE spool SET format = 3")
    #expect(try outbox.spooled(after: nil, limit: 10).unreadable == 2)
  }

  @Test func aSpooledValueThatIsNoneIsSetAsideAndSaid() throws {
    let directory = TemporaryDirectory()
    let said = Mutex<[Notice]>([])
    let outbox = try open(directory) { notice in said.withLock { $0.append(notice) } }
    var factory = EventFactory()
    var work = Outbox.Work()
    work.batches = [batch(&factory, matched: 2), batch(&factory, matched: 3)]
    let keys = try outbox.write(work).spoolKeys.compactMap { $0 }
    let file = try DatabaseFile(directory.file("outbox.db"))
    try file.run("UPDATE spool SET rows = substr(rows, 1, 150) WHERE first_id = \(keys[0].rawValue)")
    let spooled = try outbox.spooled(after: nil, limit: 100)
    #expect(spooled.keys == [keys[1]])
    #expect(outbox.spoolCount == 3)
    #expect(try file.value("SELECT count(*) FROM set_aside") == "1")
    #expect(said.withLock { $0.map(\.level) } == [.error])
  }
}
