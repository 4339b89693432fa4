import Daemon
import Model
import Store
import TestKit
import Testing

/// Alerts that are tried from memory while the disk is full: bounded, in order, and moved without a trace.
@Suite struct MemoryOutboxTests {
  private func delivery(_ number: Int64, rank: Int = 1, size: Int = 100) -> Delivery {
    var delivery = Delivery(
      eventID: EventID(rawValue: number), eventTime: EventFactory.start, destination: "moog", host: "h",
      rule: "r", handling: "Page_only", signature: "s", body: [UInt8](repeating: 0x61, count: size),
      createdAt: EventFactory.start)
    delivery.rank = rank
    return delivery
  }

  private func due(_ memory: inout MemoryOutbox, stored: [Delivery] = [], limit: Int = 100) -> [Delivery] {
    memory.due(
      "moog", now: EventFactory.start, limit: limit, staleBefore: .absent, stored: stored)
  }

  private func record(
    _ memory: inout MemoryOutbox, _ id: Int64, _ verdict: DeliveryOutcome.Verdict
  ) -> Outbox.WorkResult.Count? {
    var outcome = outcome(id, verdict)
    return memory.record(&outcome)
  }

  private func outcome(_ id: Int64, _ verdict: DeliveryOutcome.Verdict) -> DeliveryOutcome {
    DeliveryOutcome(id: id, verdict: verdict, status: 200, error: nil)
  }

  @Test func whatDoesNotFitIsRefused() {
    var memory = MemoryOutbox(limit: 10_000)
    var taken: Int64 = 0
    while memory.take(delivery(taken, size: 1_000)) { taken += 1 }
    #expect(taken > 4 && taken < 10)
    // What has left makes room.
    let first = due(&memory)[0]
    #expect(record(&memory, first.id, .delivered(marks: true))?.delivered == 1)
    #expect(memory.take(delivery(100, size: 1_000)) == true)
    #expect(memory.take(delivery(101, size: 1_000)) == false)
  }

  @Test func aClearWaitsForItsRaise() {
    var memory = MemoryOutbox()
    var clear = delivery(3)
    clear.isClear = true
    let kept = [delivery(1), delivery(2), clear].map { memory.take($0) }
    #expect(kept == [true, true, true])
    let ids = due(&memory).map(\.id)
    #expect(ids.count == 3)
    _ = record(&memory, ids[0], .retry(at: EventFactory.start.adding(seconds: 9)))
    #expect(due(&memory).map(\.eventID.rawValue) == [2])
    _ = record(&memory, ids[0], .delivered(marks: false))
    #expect(due(&memory).map(\.eventID.rawValue) == [2, 3])
    // One that stands in the file, and the retry of which does not.
    var stored = delivery(1)
    stored.id = 17
    var work = Outbox.Work()
    work.outcomes = [outcome(17, .retry(at: EventFactory.start.adding(seconds: 9)))]
    memory.owe(work)
    #expect(due(&memory, stored: [stored]).map(\.eventID.rawValue) == [2])
    // The next raise lets it go first.
    let next = memory.take(delivery(4))
    #expect(next && due(&memory, stored: [stored]).map(\.eventID.rawValue) == [2, 3, 4])
  }

  @Test func pagesLeaveFirstAndStoredOnesStandBetween() {
    var memory = MemoryOutbox()
    var stored = delivery(2)
    stored.id = 17
    let kept = [delivery(3), delivery(1), delivery(4, rank: 0)].map { memory.take($0) }
    #expect(kept == [true, true, true])
    #expect(due(&memory, stored: [stored]).map(\.eventID.rawValue) == [4, 1, 2, 3])
    #expect(due(&memory, stored: [stored], limit: 2).map(\.eventID.rawValue) == [4, 1])
    // A stored one whose end could not be written is not handed out again.
    var work = Outbox.Work()
    work.outcomes = [outcome(17, .delivered(marks: true))]
    memory.owe(work)
    #expect(due(&memory, stored: [stored]).map(\.eventID.rawValue) == [4, 1, 3])
    #expect(memory.storedLimit(10) == 11)
  }

  @Test func aStoredOneThatFailedWaits() {
    var memory = MemoryOutbox()
    var stored = delivery(2)
    stored.id = 17
    let later = EventFactory.start.adding(milliseconds: 500)
    var work = Outbox.Work()
    work.outcomes = [outcome(17, .retry(at: later))]
    memory.owe(work)
    #expect(due(&memory, stored: [stored]).isEmpty)
    #expect(memory.nextDue("moog", after: EventFactory.start, stored: nil) == later)
    memory.shift("moog", back: 500_000_000, now: EventFactory.start)
    #expect(due(&memory, stored: [stored]).map(\.id) == [17])
  }

  /// The file alone knows of a raise that waits for its retry.
  @Test func aClearWaitsForARaiseOfTheFile() {
    var memory = MemoryOutbox()
    var clear = delivery(3)
    clear.isClear = true
    let kept = [clear, delivery(4, rank: 0)].map { memory.take($0) }
    #expect(kept == [true, true])
    #expect(memory.clears("moog", now: EventFactory.start) == ["s"])
    #expect(memory.clears("other", now: EventFactory.start).isEmpty)
    func due(_ first: Int64) -> [Int64] {
      memory.due(
        "moog", now: EventFactory.start, limit: 9, staleBefore: .absent, stored: [],
        retried: [("s", EventID(rawValue: first))]
      ).map(\.eventID.rawValue)
    }
    // The raise behind it lets it go.
    #expect(due(1) == [4, 3])
    #expect(record(&memory, -2, .delivered(marks: false))?.delivered == 1)
    #expect(due(1).isEmpty)
    // What came later holds nobody back.
    #expect(due(7) == [3])
  }

  /// Those of another destination, and those that a 429 has asked to wait, go on waiting.
  @Test func waitsEnd() {
    var memory = MemoryOutbox()
    let later = EventFactory.start.adding(seconds: 60)
    let kept = [delivery(1), delivery(2)].map { memory.take($0) }
    #expect(kept == [true, true])
    var throttled = DeliveryOutcome(id: -1, verdict: .retry(at: later), status: 429, error: nil)
    #expect(memory.record(&throttled)?.retried == 1)
    #expect(record(&memory, -2, .retry(at: later))?.retried == 1)
    var stored = [delivery(3), delivery(4), delivery(5)]
    for index in stored.indices { stored[index].id = Int64(17 + index) }
    var work = Outbox.Work()
    work.outcomes = [outcome(17, .retry(at: later)), outcome(19, .retry(at: later))]
    work.outcomes.append(DeliveryOutcome(id: 18, verdict: .retry(at: later), status: 429, error: nil))
    memory.owe(work)
    #expect(Set(memory.waitingIDs) == [17, 18, 19])
    #expect(due(&memory, stored: stored).isEmpty)
    // The last stored one is another's.
    memory.hasten("moog", stored: [17, 18], throttled: false, now: EventFactory.start)
    #expect(due(&memory, stored: stored).map(\.eventID.rawValue) == [2, 3])
    memory.hasten("moog", stored: [17, 18], throttled: true, now: EventFactory.start)
    #expect(due(&memory, stored: stored).map(\.eventID.rawValue) == [1, 2, 3, 4])
  }

  @Test func allOfItMoves() {
    var memory = MemoryOutbox()
    let taken = (1...4 as ClosedRange<Int64>).map { memory.take(delivery($0)) }
    #expect(taken == [true, true, true, true])
    let handed = due(&memory, limit: 3)
    #expect(record(&memory, handed[0].id, .delivered(marks: true))?.delivered == 1)
    #expect(record(&memory, handed[1].id, .dead)?.dead == 1)
    var work = Outbox.Work()
    memory.handOver(to: &work)
    #expect(work.deliveries.map(\.eventID.rawValue) == [2, 3, 4])
    #expect(work.deliveries[0].state == .dead)
    #expect(work.addedMarks.map(\.eventID.rawValue) == [1])
    // Nothing is gone before it is written.
    #expect(memory.all.count == 3)
    memory.written([9, 12, 13, 14])
    #expect(memory.isEmpty)
    // The third was with a forwarder, which knows it by its id until it has said what became of it.
    var stored = delivery(3)
    stored.id = 13
    #expect(due(&memory, stored: [stored]).map(\.id) == [handed[2].id])
    var late = outcome(handed[2].id, .delivered(marks: true))
    #expect(memory.record(&late) == nil)
    #expect(late.id == 13)
    #expect(due(&memory, stored: [stored]).map(\.id) == [13])
    // An end that comes twice is nobody's.
    #expect(record(&memory, handed[0].id, .dead)?.destination == "")
  }

  /// What self alerts have said is owed, once a subject; counts of unmatched kinds are written again anyway.
  @Test func whatWasToldIsOwed() {
    func trouble(_ subject: String, _ state: String) -> Outbox.TroubleChange {
      .told(
        Outbox.OpenTrouble(
          destination: "ops", subject: subject, state: state, reason: "", remedy: "", severity: 3, level: 0,
          since: EventFactory.start))
    }
    var memory = MemoryOutbox(limit: 10_000)
    for number in 0..<100 {
      var work = Outbox.Work()
      work.told = Outbox.Told(
        kinds: [UnmatchedKind(key: 1, template: 1)],
        troubles: [trouble("disk", "low \(number)"), trouble("outbox", "\(number)")])
      memory.owe(work)
    }
    var last = Outbox.Work()
    last.told = Outbox.Told(troubles: [.over(destination: "ops", subject: "outbox")])
    memory.handOver(to: &last)
    #expect(last.told.kinds.isEmpty)
    #expect(
      last.told.troubles == [trouble("disk", "low 99"), .over(destination: "ops", subject: "outbox")])
    memory.written([])
    #expect(memory.isEmpty)
  }

  /// What the store has taken is owed to the last key: a batch or a mark that stays behind would be written
  /// or applied again. Refused rows are kept up to a bound, and the rest is counted.
  @Test func nothingThatTheStoreHasIsForgotten() {
    var memory = MemoryOutbox()
    var factory = EventFactory()
    var batch = EventBatch()
    factory.add(to: &batch, rule: (id: 1, name: "link-down"))
    for number: Int64 in 0..<11 {
      var work = Outbox.Work()
      work.removedSpool = (0..<20_000).map { EventID(rawValue: number * 20_000 + $0) }
      work.removedMarks = work.removedSpool.map { DeliveredMark(eventID: $0, eventTime: EventFactory.start) }
      work.setAside = (0..<1_000).map { _ in Outbox.SetAside(batch: batch, row: 0, reason: "too long") }
      memory.owe(work)
    }
    #expect(memory.owesRemovals && memory.owesMarks)
    #expect(memory.forgotten == MemoryOutbox.Forgotten(marks: 0, rows: 1_000))
    var work = Outbox.Work()
    memory.handOver(to: &work)
    #expect(work.removedSpool.count == 220_000 && work.removedMarks.count == 220_000)
    #expect(work.setAside.count == 10_000)
    memory.written([])
    #expect(memory.isEmpty && !memory.owesMarks && memory.forgotten == MemoryOutbox.Forgotten())
  }

  @Test func marksThatFindNoRoomAreCounted() {
    var memory = MemoryOutbox()
    for number: Int64 in 0..<250_010 {
      _ = memory.take(delivery(number, size: 1))
      _ = record(&memory, -1 - number, .delivered(marks: true))
    }
    #expect(memory.forgotten.marks == 10)
  }

  /// A step looks at what one step may, each one once; those behind many that may not go still do.
  @Test func aRoundOfADiversionCountsEachOnce() {
    var memory = MemoryOutbox()
    for number: Int64 in 1...500 {
      var delivery = delivery(number)
      delivery.signature = "s\(number)"
      if number <= 300 {
        delivery.detour = Detour()
        delivery.detour?.bar("spare")
      }
      _ = memory.take(delivery)
    }
    let diversion = Outbox.Diversion(
      from: "moog", to: "spare", isAlike: true, except: [], limit: 200, now: EventFactory.start)
    var steps: [Outbox.Diverted] = []
    repeat {
      steps.append(memory.divert(diversion, except: [], continues: !steps.isEmpty))
    } while steps.last?.isCut == true && steps.count < 9
    #expect(steps.map(\.stayed) == [200, 100, 0] && steps.map(\.moved) == [0, 100, 100])
    // Not continued, it begins at the front.
    let fresh = memory.divert(diversion, except: [])
    #expect(fresh.stayed == 200)
  }

  /// Two deliveries of one event at the end of what moves at once: they stay together.
  @Test func theDeliveriesOfAnEventMoveTogether() {
    var memory = MemoryOutbox()
    for number: Int64 in 1...1_200 {
      for name in number == 999 ? ["moog", "spare", "third"] : ["moog"] {
        var delivery = delivery(number)
        delivery.destination = name
        _ = memory.take(delivery)
      }
    }
    var work = Outbox.Work()
    memory.handOver(to: &work)
    #expect(work.deliveries.count == 1_001)
    #expect(work.deliveries.suffix(3).map(\.eventID.rawValue) == [999, 999, 999])
    memory.written((1...1_001).map { $0 })
    #expect(memory.all.count == 201)
  }

  @Test func whatWaitsHereGoesOverToAFallbackToo() {
    var memory = MemoryOutbox()
    var page = delivery(3, rank: 0)
    page.signature = "p"
    var barred = delivery(4)
    barred.signature = "b"
    barred.detour = Detour()
    barred.detour?.bar("spare")
    let kept = [delivery(1), delivery(2), page, barred].map { memory.take($0) }
    #expect(kept == [true, true, true, true])
    let underWay = due(&memory, limit: 2)[1].id
    let diversion = Outbox.Diversion(
      from: "moog", to: "spare", isAlike: true, except: [], limit: 100, now: EventFactory.start)
    var done = memory.divert(diversion, except: [underWay])
    #expect(done.moved == 1 && done.pages == 1 && done.heldBack == 1 && done.stayed == 1)
    #expect(record(&memory, underWay, .retry(at: EventFactory.start.adding(seconds: 9)))?.retried == 1)
    done = memory.divert(diversion, except: [])
    #expect(done.moved == 2 && done.heldBack == 0 && done.stayed == 1)
    let there = memory.due(
      "spare", now: EventFactory.start, limit: 10, staleBefore: .absent, stored: [])
    #expect(there.map(\.eventID.rawValue) == [3, 1, 2])
    #expect(due(&memory).map(\.eventID.rawValue) == [4])
  }
}
