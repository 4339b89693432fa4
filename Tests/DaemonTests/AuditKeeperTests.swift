import Intake
import Model
import Synchronization
import TestKit
import Testing

@testable import Daemon
@testable import Store

/// The audit of the embedded store within its bounds, with real files; disk and clocks are the test's.
@Suite struct AuditKeeperTests {
  /// 2026-11-22.
  private static let now = Timestamp(seconds: 1_795_305_600)
  private static let day: Int64 = 86_400

  private final class World: Sendable {
    struct State {
      var audit = Config.Audit()
      var disk: DiskSpace.Extent? = .init(free: 100 << 30, size: 200 << 30)
      var monotonic: Int64 = 0
      var now = AuditKeeperTests.now
      var notices: [Notice] = []
    }
    let state = Mutex(State())
    let directory = TemporaryDirectory()
    let store: SQLiteStore
    let plain = MemoryStore()

    init() throws {
      store = try SQLiteStore(
        path: directory.file("muttd.db"), mode: .daemon, migrate: true, notices: { _ in })
      let rule = Rule(name: "r1", matchType: .contains, prodHandling: "Page_only", devHandling: "Ignore")
      _ = try store.apply([.addRule(rule)], by: EditActor(name: "test"))
      state.withLock {
        $0.audit.retentionMonths = 0
        $0.audit.maxSize = 0
        $0.audit.minFree = 0
      }
    }

    func keeper(
      grace: Int64 = 0, logLimit: Int64 = 256 << 20, reserve: Int64 = 0, notes: TrimNotes? = nil
    ) -> AuditKeeper {
      var place = AuditKeeper.Place(
        disk: { self.state.withLock { $0.disk } }, reserve: { reserve }, notes: notes)
      place.now = { self.state.withLock { $0.now } }
      place.monotonic = { self.state.withLock { $0.monotonic } }
      place.grace = grace
      place.logLimit = logLimit
      return AuditKeeper(
        store: store, settings: { self.state.withLock { $0.audit } }, place: place,
        notices: { notice in self.state.withLock { $0.notices.append(notice) } })
    }

    /// One row in ten has a rule.
    func fill(_ count: Int, daysAgo: Int64 = 2, hoursAgo: Int64 = 0, matched: Int = 10) throws {
      let seconds = daysAgo * AuditKeeperTests.day + hoursAgo * 3_600
      let from = AuditKeeperTests.now.adding(seconds: -seconds)
      let batch = EventBatch.history(count, from: from) { $0 % matched == 0 }
      _ = try store.append(batch, matchedOnly: false, afterDoubt: true)
    }

    /// A backup, or a shell.
    func whileSomebodyReads(_ body: () throws -> Void) throws {
      let reader = try SQLiteConnection(path: directory.file("muttd.db"), access: .read)
      var failure: (any Error)?
      try reader.reading("reading") { () throws(StoreError) in
        try reader.execute("SELECT count(*) FROM event_audit_log", "reading")
        do { try body() } catch { failure = error }
      }
      if let failure { throw failure }
    }

    /// Both clocks go on.
    func pass(seconds: Int64) {
      state.withLock {
        $0.monotonic += seconds * 1_000_000_000
        $0.now = $0.now.adding(seconds: seconds)
      }
    }

    func set(_ change: (inout Config.Audit) -> Void) { state.withLock { change(&$0.audit) } }
    var said: [Notice] { state.withLock { $0.notices } }

    func rows(_ condition: String = "1") throws -> Int {
      let (_, text) = try Program.shell(
        "sqlite3 '\(directory.file("muttd.db"))' \"SELECT count(*) FROM event_audit_log WHERE \(condition)\"")
      return Int(text.filter(\.isNumber)) ?? -1
    }
  }

  private func field(_ notice: Notice?, _ name: String) -> Notice.Value? {
    notice?.fields.first { $0.0 == name }?.1
  }

  @Test func aLargeFileLosesUnmatchedRowsFirst() throws {
    let world = try World()
    try world.fill(20_000)
    let full = try world.store.room().used
    let keeper = world.keeper()
    world.set { $0.maxSize = Int(full / 2) }
    try keeper.round()
    let room = try world.store.room()
    #expect(room.used <= full / 2 && room.used > full / 2 * 90 / 100, "down to a mark below the bound")
    #expect(try world.rows("matched_rule_id IS NOT NULL") == 2_000)
    let left = try world.rows("matched_rule_id IS NULL")
    let newest =
      "matched_rule_id IS NULL AND id > (SELECT max(id) FROM event_audit_log) - (\(left) << 22) * 10 / 9"
    #expect(try abs(world.rows(newest) - left) < 20, "the newest are left")
    #expect(keeper.health.current.removed[TrimReason.maxSize.rawValue].unmatched == Int64(18_000 - left))
    #expect(world.said.map(\.message) == ["old rows of the audit were removed"])
    #expect(world.said[0].level == .info)
    #expect(field(world.said[0], "unmatched") == .number(Int64(18_000 - left)))
    #expect(field(world.said[0], "matched") == .number(0))
    // Nothing to do is nothing to say.
    try keeper.round()
    #expect(world.said.count == 1)
  }

  @Test func matchedRowsGoWhenNoOthersAreLeft() throws {
    let world = try World()
    let empty = try world.store.room().used
    try world.fill(20_000)
    let full = try world.store.room().used - empty
    let keeper = world.keeper()
    world.set { $0.maxSize = Int(empty + full / 12) }
    try keeper.round()
    #expect(try world.store.room().used <= empty + full / 12)
    #expect(try world.rows("matched_rule_id IS NULL") == 0)
    let left = try world.rows()
    #expect(left > 300 && left < 1_900, "\(left) rows of \(full) bytes over \(empty)")
    #expect(try world.rows("id > (SELECT max(id) FROM event_audit_log) - (\(left * 10) << 22)") == left)
    let count = keeper.health.current.removed[TrimReason.maxSize.rawValue]
    #expect(count.unmatched == 18_000 && count.matched == Int64(2_000 - left))
    #expect(world.said.count == 1 && world.said[0].level == .warning)
    #expect(field(world.said[0], "oldest") == .text("2026-11-20T00:00:00.000Z"))
  }

  /// Ten thousand rows without an unmatched one are read once, not at every turn.
  @Test func theWalkGoesOnWhereItWas() throws {
    let world = try World()
    try world.fill(10_000, matched: 1)
    let keeper = world.keeper()
    let full = try world.store.room().used
    world.set { $0.maxSize = Int(full) - 100_000 }
    try keeper.round()
    let after = keeper.unmatchedAfter
    #expect(after == (try world.store.auditEvents(AuditQuery()).events.first?.id.rawValue))
    try world.fill(100, daysAgo: 1)
    world.set { $0.maxSize -= 400_000 }
    try keeper.round()
    #expect(keeper.unmatchedAfter > after)
    #expect(try world.rows("matched_rule_id IS NULL") == 0)
  }

  @Test func aDiskThatFillsLosesTheOldest() throws {
    let world = try World()
    try world.fill(20_000, daysAgo: 3)
    try world.fill(1_000, daysAgo: 0, hoursAgo: 12, matched: 1)
    let keeper = world.keeper()
    world.state.withLock {
      $0.audit.minFree = 20 << 20
      $0.disk = .init(free: 19 << 20, size: 2 << 30)
    }
    try keeper.round()
    // Free pages of the file are room: not more goes than is needed.
    let room = try world.store.room()
    #expect(room.free >= 2 << 20 && room.free < 5 << 19)
    #expect(try world.rows("matched_rule_id IS NOT NULL") == 3_000)
    #expect(try world.rows() > 12_000)
    world.state.withLock { $0.disk = .init(free: 10 << 20, size: 2 << 30) }
    try keeper.round()
    try keeper.round()
    #expect(try world.rows() == 1_000, "events of the last day that a rule took stay")
    #expect(world.said.last?.message.hasPrefix("nothing is left") == true)
    #expect(world.said.count { $0.message.hasPrefix("nothing is left") } == 1, "said once")
    #expect(keeper.health.current.exhausted[.minFree] == AuditKeeperTests.now)
    world.state.withLock { $0.disk = .init(free: 1 << 30, size: 2 << 30) }
    try keeper.round()
    #expect(keeper.health.current.exhausted.isEmpty)
  }

  /// A gigabyte of a small disk would be all of it.
  @Test func aSmallDiskKeepsATenthFree() throws {
    let world = try World()
    try world.fill(1_000)
    let keeper = world.keeper()
    world.state.withLock {
      $0.audit.minFree = 1 << 30
      $0.disk = .init(free: 11 << 20, size: 100 << 20)
    }
    try keeper.round()
    #expect(try world.rows() == 1_000)
    world.state.withLock { $0.disk = nil }
    try keeper.round()
    #expect(try world.rows() == 1_000)
  }

  @Test func rowsGoWithTheirMonths() throws {
    let world = try World()
    for days in [200, 100, 93, 91, 30] as [Int64] { try world.fill(1_000, daysAgo: days) }
    let keeper = world.keeper()
    world.set { $0.retentionMonths = 3 }
    try keeper.round()
    // From 22 August on.
    #expect(try world.rows() == 2_000)
    let count = keeper.health.current.removed[TrimReason.retention.rawValue]
    #expect(count.matched == 300 && count.unmatched == 2_700)
    #expect(world.said.count == 1 && world.said[0].level == .info)
    // Looked at once an hour, and at once when somebody changes it.
    try world.fill(1_000, daysAgo: 100)
    try keeper.round()
    #expect(try world.rows() == 3_000)
    world.set { $0.retentionMonths = 2 }
    try keeper.round()
    #expect(try world.rows() == 1_000)
    world.set { $0.retentionMonths = 0 }
    world.state.withLock { $0.monotonic += 7_200_000_000_000 }
    try world.fill(1_000, daysAgo: 400)
    try keeper.round()
    #expect(try world.rows() == 2_000)
  }

  /// Rows that somebody wrote by hand, with ids that say nothing of their time, are no reason to speak.
  @Test func idsOfAnotherMakingAreNotOld() throws {
    let world = try World()
    try world.fill(100, daysAgo: 5)
    let (status, _) = try Program.shell(
      """
      sqlite3 '\(world.directory.file("muttd.db"))' "INSERT INTO event_audit_log (id, event_timestamp) \
      VALUES (1, '2026-11-01T00:00:00.000000Z'), (2, '2026-11-02T00:00:00.000000Z')"
      """)
    #expect(status == 0)
    let keeper = world.keeper(grace: 3_600)
    world.set { $0.retentionMonths = 3 }
    try keeper.round()
    #expect(world.said.isEmpty && keeper.health.current.announced.isEmpty)
    #expect(try world.rows() == 102)
    try world.fill(1, daysAgo: 100)
    world.set { $0.retentionMonths = 2 }
    try keeper.round()
    #expect(world.said.count == 1)
    #expect(
      field(world.said.first, "unmatched") == .number(0) && field(world.said.first, "matched") == .number(1))
  }

  @Test func monthsEndWhereTheCalendarSays() {
    func before(_ text: String, _ months: Int) -> String? {
      Timestamp(rfc3339: text).map { AuditKeeper.time(months: months, before: $0).rfc3339() }
    }
    #expect(before("2026-11-22T10:00:00Z", 3) == "2026-08-22T10:00:00.000Z")
    #expect(before("2027-01-31T10:00:00Z", 2) == "2026-11-30T10:00:00.000Z")
    #expect(before("2028-03-31T10:00:00Z", 1) == "2028-02-29T10:00:00.000Z")
    #expect(before("2026-11-22T10:00:00Z", 1_200) == "1926-11-22T10:00:00.000Z")
  }

  /// What an upgrade would take at once is said, with counts, an hour before; who objects keeps it.
  @Test func aLargeRemovalIsAnnounced() throws {
    let world = try World()
    try world.fill(5_000, daysAgo: 100)
    try world.fill(5_000, daysAgo: 5)
    let keeper = world.keeper(grace: 3_600)
    let full = Int(try world.store.room().used)
    world.set {
      $0.retentionMonths = 3
      $0.maxSize = full / 2
    }
    try keeper.round()
    try keeper.round()
    #expect(try world.rows() == 10_000)
    #expect(
      world.said.map(\.message) == Array(repeating: "old rows of the audit are about to be removed", count: 2)
    )
    let said = world.said.first { field($0, "bound") == .text("audit.retention_months") }
    #expect(field(said, "unmatched") == .number(4_500) && field(said, "matched") == .number(500))
    #expect(field(said, "oldest") == .text("2026-08-14T00:00:00.000Z"))
    #expect(field(said, "do") != nil)
    #expect(Set(keeper.health.current.announced.keys) == [.retention, .maxSize])
    // Somebody objects to one of them.
    world.set { $0.retentionMonths = 0 }
    try keeper.round()
    #expect(Set(keeper.health.current.announced.keys) == [.maxSize])
    world.state.withLock { $0.monotonic += 3_599_000_000_000 }
    try keeper.round()
    #expect(try world.rows() == 10_000)
    world.state.withLock { $0.monotonic += 2_000_000_000 }
    try keeper.round()
    #expect(try world.rows("matched_rule_id IS NULL") < 5_000)
    #expect(try world.rows("matched_rule_id IS NOT NULL") == 1_000)
    #expect(keeper.health.current.announced.isEmpty)
    // From now on the bound holds: what comes goes at once.
    try world.fill(4_000, daysAgo: 4)
    try keeper.round()
    #expect(try Int(world.store.room().used) <= full / 2)
  }

  /// Runs of a daemon with one outbox, one after another.
  private struct Runs {
    let world: World
    let outbox: Outbox
    var notes: TrimNotes {
      TrimNotes(
        load: { [outbox] reason throws(StoreError) in try outbox.announcedTrim(reason) },
        keep: { [outbox] trim, reason throws(StoreError) in try outbox.keep(trim, for: reason) })
    }

    init(_ world: World) throws {
      self.world = world
      outbox = try Outbox(path: world.directory.file("outbox.db"), sync: .normal, notices: { _ in })
    }

    /// One that has looked once.
    func start() throws -> AuditKeeper {
      let keeper = world.keeper(grace: 3_600, notes: notes)
      try keeper.round()
      return keeper
    }

    /// When that begins which was announced last, seconds from the first run.
    var begins: Int64? {
      guard case .text(let text)? = world.said.last?.fields.first(where: { $0.0 == "begins" })?.1,
        let time = Timestamp(rfc3339: text)
      else { return nil }
      return (time.nanoseconds - AuditKeeperTests.now.nanoseconds) / 1_000_000_000
    }
  }

  /// A daemon that is started anew within every hour removes what it announced all the same.
  @Test func anAnnouncementOutlivesARestart() throws {
    let world = try World()
    let runs = try Runs(world)
    defer { runs.outbox.close() }
    try world.fill(5_000)
    let full = Int(try world.store.room().used)
    world.set { $0.maxSize = full / 2 }
    let first = try runs.start()
    #expect(runs.begins == 3_600)
    world.pass(seconds: 3_000)
    try first.round()
    // It is killed, and some hours nobody announces anything.
    world.state.withLock { $0.now = $0.now.adding(seconds: 7_200) }
    let second = try runs.start()
    #expect(runs.begins == 10_800 && world.said.count == 2, "each run says it, and its time runs on")
    #expect(second.health.current.announced[.maxSize] != nil)
    world.pass(seconds: 590)
    second.noteWhatIsLeft()
    let third = try runs.start()
    #expect(runs.begins == 10_850, "who has just started the daemon to put it right has a minute")
    world.pass(seconds: 59)
    try third.round()
    #expect(try world.rows() == 5_000)
    world.pass(seconds: 2)
    try third.round()
    #expect(try world.rows() < 4_000)
    #expect(try runs.outbox.announcedTrim(.maxSize) == nil, "what is gone is no notice of what comes later")
  }

  @Test func aNoteHoldsForWhatItIsAbout() throws {
    let world = try World()
    let runs = try Runs(world)
    try world.fill(5_000, daysAgo: 100)
    let full = Int(try world.store.room().used)
    world.set { $0.maxSize = full / 2 }
    world.pass(seconds: 600)
    try runs.start().noteWhatIsLeft()
    // Another setting.
    world.set { $0.maxSize = full / 4 }
    world.pass(seconds: 600)
    _ = try runs.start()
    #expect(runs.begins == 4_800)
    // Last week, or a clock that was set.
    world.pass(seconds: 7 * AuditKeeperTests.day)
    _ = try runs.start()
    #expect(runs.begins == 609_600)
    world.state.withLock { $0.now = AuditKeeperTests.now }
    _ = try runs.start()
    #expect(runs.begins == 3_600)
    // Who objects is heard by the next run too, and each bound has a note of its own.
    world.set { $0.retentionMonths = 3 }
    _ = try runs.start()
    #expect(try runs.outbox.announcedTrim(.retention)?.setting == 3)
    world.set { $0.maxSize = 0 }
    _ = try runs.start()
    #expect(try runs.outbox.announcedTrim(.maxSize) == nil)
    #expect(try runs.outbox.announcedTrim(.retention)?.left == 3_600)
    world.set { $0.retentionMonths = 0 }
    _ = try runs.start()
    #expect(try runs.outbox.announcedTrim(.retention) == nil)
    #expect(try world.rows() == 5_000)
    // Without the outbox it is announced, and held to.
    runs.outbox.close()
    world.set { $0.retentionMonths = 3 }
    let blind = try runs.start()
    #expect(blind.health.current.announced[.retention] != nil)
    world.pass(seconds: 3_601)
    try blind.round()
    #expect(try world.rows() == 0)
  }

  /// While somebody keeps reading an older state of the file, removals would only make its log longer.
  @Test func aLongLogIsNotMadeLonger() throws {
    let world = try World()
    try world.fill(2_000)
    let log = try world.store.room().log
    let keeper = world.keeper(logLimit: log - 1)
    world.set { $0.maxSize = 1 << 18 }
    try world.whileSomebodyReads {
      try keeper.round()
      #expect(try world.rows() == 2_000)
      #expect(world.said.isEmpty)
    }
    // The log can be cut now.
    try keeper.round()
    #expect(try world.rows() < 2_000)
  }

  /// On a disk that is nearly full the log of what is removed would take the rest of it.
  @Test func aReaderDoesNotHaveTheDiskFilled() throws {
    let world = try World()
    try world.fill(40_000, daysAgo: 3)
    let keeper = world.keeper()
    let log = try world.store.room().log
    world.state.withLock {
      $0.audit.minFree = 64 << 20
      $0.disk = .init(free: 4 * (log + 65_536), size: 2 << 30)
    }
    try world.whileSomebodyReads {
      try keeper.round()
      try keeper.round()
      #expect(try world.store.room().log < log + (1 << 20))
      #expect(try world.rows() > 30_000)
    }
    try keeper.round()
    #expect(try world.rows() < 30_000)
  }

  /// The audit waits for the reserve, and goes on when its file has room inside.
  @Test func theReserveIsMadeGoodInTheFile() throws {
    let world = try World()
    try world.fill(20_000, daysAgo: 3)
    let keeper = world.keeper(reserve: 8 << 20)
    world.state.withLock {
      // A tenth of this disk is less than the reserve.
      $0.audit.minFree = 1 << 30
      $0.disk = .init(free: 8 << 20, size: 60 << 20)
    }
    try keeper.round()
    #expect(try world.store.room().free >= 1 << 20)
    let disk = DiskSpace(directory: world.directory.path, reserve: .max / 4)
    #expect(!disk.allowsAudit(freeInside: .max), "the lower half is for alerts alone")
    let free = try #require(DiskSpace.free(at: world.directory.path))
    let upper = DiskSpace(directory: world.directory.path, reserve: free + free / 2)
    #expect(!upper.allowsAudit(freeInside: 0))
    #expect(upper.allowsAudit(freeInside: free))
  }

  /// A thread appends as fast as it can while another removes: every row is written, and none of them waits
  /// until the removal has ended.
  @Test func rowsAreWrittenWhileOthersGo() async throws {
    let world = try World()
    try world.fill(60_000, daysAgo: 5)
    let keeper = world.keeper()
    world.set { $0.maxSize = 2 << 20 }
    let thread = DaemonThread(name: "rows")
    let isDone = Atomic<Bool>(false)
    thread.start {
      _ = try? keeper.round()
      isDone.store(true, ordering: .releasing)
    }
    try await offPool {
      var appends = 0
      var beside = 0
      while !isDone.load(ordering: .acquiring) || appends < 20 {
        let from = AuditKeeperTests.now.adding(seconds: Int64(appends - 10_000))
        let batch = EventBatch.history(50, from: from) { _ in true }
        let result = try world.store.append(batch, matchedOnly: false, afterDoubt: false)
        #expect(result.written == 50)
        appends += 1
        if !isDone.load(ordering: .acquiring) { beside += 1 }
      }
      #expect(beside >= 20, "\(beside) of \(appends) batches while rows were removed")
    }
    await thread.join()
    let removed = keeper.health.current.removed[TrimReason.maxSize.rawValue]
    #expect(removed.unmatched == 54_000)
  }
}
