import Model
import TestKit
import Testing

@testable import Store

@Suite("Deliveries changed by hand")
struct OutboxHandTests {
  private static let now = Timestamp(seconds: 1_795_227_245)

  private static func delivery(_ event: Int64, _ destination: String, host: String = "core1") -> Delivery {
    Delivery(
      eventID: EventID(rawValue: event), eventTime: now, destination: destination, host: host, rule: "r",
      handling: "Page_only", signature: "s", body: Array("{}".utf8), createdAt: now)
  }

  /// Two dead and one pending at `moog`, one dead at `noc`.
  private static func filled(_ path: String) throws -> (Outbox, [Int64]) {
    let outbox = try Outbox(path: path, sync: .normal, notices: { _ in })
    var work = Outbox.Work()
    work.deliveries = [
      delivery(1, "moog"), delivery(2, "moog", host: "core2"), delivery(3, "moog"), delivery(4, "noc"),
    ]
    let ids = try outbox.write(work).deliveryIDs
    work = Outbox.Work()
    work.outcomes = [ids[0], ids[1], ids[3]].map {
      DeliveryOutcome(id: $0, verdict: .dead, status: $0 == ids[1] ? 413 : 400, error: "no")
    }
    _ = try outbox.write(work)
    return (outbox, ids)
  }

  private static func change(
    _ outbox: Outbox, _ change: Outbox.HandChange, _ filter: OutboxFilter, id: Int64? = nil, now: Timestamp
  ) throws -> [Outbox.HandWork] {
    var done: [Outbox.HandWork] = []
    try outbox.change(change, filter, id: id, now: now, done: &done)
    return done
  }

  @Test("a replay makes dead ones pending under their old id, and leaves word for the books")
  func replay() throws {
    let directory = TemporaryDirectory()
    let (outbox, ids) = try Self.filled(directory.path + "/outbox.db")
    let hand = try Outbox(
      path: directory.path + "/outbox.db", sync: .normal, access: .commandLine, notices: { _ in })
    var filter = OutboxFilter()
    filter.destination = "moog"
    filter.status = 413
    #expect(try hand.preview(.replay, filter, now: Self.now).map(\.replayed) == [1])
    #expect(try outbox.delivery(id: ids[1])?.state == .dead)
    #expect(try Self.change(hand, .replay, filter, now: Self.now).map(\.replayed) == [1])
    let replayed = try #require(try outbox.delivery(id: ids[1]))
    #expect(replayed.state == .pending && replayed.attempts == 1 && replayed.nextAttemptAt == Self.now)
    // A second time there is nothing left to replay; pending ones are none of its business.
    #expect(try Self.change(hand, .replay, filter, now: Self.now) == [])
    let word = try outbox.takeHandWork()
    #expect(word.map(\.destination) == ["moog"] && word.map(\.replayed) == [1])
    #expect(try outbox.takeHandWork() == [])
  }

  @Test("what waits for a retry is due at once by hand; the books have nothing of it, the daemon word")
  func hasten() throws {
    let directory = TemporaryDirectory()
    let (outbox, ids) = try Self.filled(directory.path + "/outbox.db")
    let hand = try Outbox(
      path: directory.path + "/outbox.db", sync: .normal, access: .commandLine, notices: { _ in })
    // Nothing of `moog` waits: the pending one is due.
    #expect(try hand.preview(.hasten, OutboxFilter(), now: Self.now).isEmpty)
    var work = Outbox.Work()
    let later = Self.now.adding(seconds: 3_600)
    work.outcomes = [DeliveryOutcome(id: ids[2], verdict: .retry(at: later), status: 503, error: "no")]
    _ = try outbox.write(work)
    #expect(try hand.preview(.hasten, OutboxFilter(), now: Self.now).map(\.hastened) == [1])
    #expect(try Self.change(hand, .hasten, OutboxFilter(), now: Self.now).map(\.hastened) == [1])
    let row = try #require(try outbox.delivery(id: ids[2]))
    #expect(row.nextAttemptAt == Self.now && row.attempts == 1 && row.state == .pending)
    #expect(try outbox.delivery(id: ids[0])?.state == .dead)
    #expect(try outbox.takeHandWork() == [Outbox.HandWork(destination: "moog")])
    #expect(try Self.change(hand, .hasten, OutboxFilter(), now: Self.now).isEmpty)
  }

  @Test("one that is purged while it is under way, and arrives: its event is marked, the books stay")
  func purgedUnderWay() throws {
    let directory = TemporaryDirectory()
    let (outbox, ids) = try Self.filled(directory.path + "/outbox.db")
    var filter = OutboxFilter()
    filter.state = .pending
    #expect(try Self.change(outbox, .purge, filter, now: Self.now).map(\.purgedPending) == [1])
    let mark = DeliveredMark(eventID: EventID(rawValue: 3), eventTime: Self.now)
    func deliver(marks: Bool) throws -> Outbox.WorkResult {
      var work = Outbox.Work()
      work.outcomes = [
        DeliveryOutcome(
          id: ids[2], verdict: .delivered(marks: marks), status: 200, error: nil, mark: marks ? mark : nil)
      ]
      return try outbox.write(work)
    }
    #expect(try deliver(marks: false).marksWaiting == 0)
    let result = try deliver(marks: true)
    #expect(result.marksWaiting == 1 && result.counts.isEmpty)
    #expect(try outbox.marks(limit: 9) == [mark])
  }

  @Test("a purge takes what is named and nothing else", arguments: [true, false])
  func purge(byEvent: Bool) throws {
    let directory = TemporaryDirectory()
    let (outbox, ids) = try Self.filled(directory.path + "/outbox.db")
    var filter = OutboxFilter()
    filter.state = .dead
    let done = try Self.change(outbox, .purge, filter, id: byEvent ? 4 : ids[3], now: Self.now)
    #expect(done.map(\.destination) == ["noc"] && done.map(\.purgedDead) == [1])
    #expect(try outbox.delivery(id: ids[3]) == nil)
    filter.state = .pending
    #expect(try Self.change(outbox, .purge, filter, now: Self.now).map(\.purgedPending) == [1])
    #expect(try outbox.counts() == [Outbox.Level(destination: "moog", pending: 0, dead: 2)])
  }

  @Test("thousands go in slices, and are all counted")
  func slices() throws {
    let directory = TemporaryDirectory()
    let outbox = try Outbox(path: directory.path + "/outbox.db", sync: .normal, notices: { _ in })
    var work = Outbox.Work()
    work.deliveries = (1...2_500).map { Self.delivery($0, "moog") }
    _ = try outbox.write(work)
    #expect(try Self.change(outbox, .purge, OutboxFilter(), now: Self.now).map(\.purgedPending) == [2_500])
    #expect(try outbox.takeHandWork().map(\.purgedPending) == [2_500])
  }

  @Test("what was done before an error is told all the same")
  func halfWay() throws {
    let directory = TemporaryDirectory()
    let outbox = try Outbox(path: directory.path + "/outbox.db", sync: .normal, notices: { _ in })
    var work = Outbox.Work()
    work.deliveries = (1...2_500).map { Self.delivery($0, "moog") }
    _ = try outbox.write(work)
    let hand = try Outbox(
      path: directory.path + "/outbox.db", sync: .normal, access: .commandLine, notices: { _ in })
    let other = try SQLiteConnection(path: directory.path + "/outbox.db", access: .write)
    var done: [Outbox.HandWork] = []
    // Somebody else takes the file after the first slice, and keeps it.
    let error = #expect(throws: StoreError.self) {
      try hand.change(
        .purge, OutboxFilter(), now: Self.now,
        between: { try? other.execute("BEGIN IMMEDIATE", "locking it") }, done: &done)
    }
    #expect(error?.code == .busy)
    #expect(done.map(\.purgedPending) == [1_000])
    try other.execute("ROLLBACK", "letting go")
    #expect(try outbox.counts().map(\.pending) == [1_500])
    #expect(try outbox.takeHandWork() == done)
  }
}
