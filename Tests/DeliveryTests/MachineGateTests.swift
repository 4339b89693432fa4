import Delivery
import Model
import Testing

/// What breaker, hold, rate, pause and clock mean for what leaves.
@Suite("The machine before a destination that fails")
struct MachineGateTests {
  typealias Machine = DeliveryMachine
  typealias Base = DeliveryMachineTests

  static func machine(rate: Rate? = nil, concurrency: Int = 1) -> Machine {
    var limits = Base.limits(concurrency: concurrency, window: 8)
    limits.rate = rate
    return Machine(limits: limits)
  }

  static func loaded(_ machine: inout Machine, _ ids: [Int64], attempts: Int = 0) -> [Machine.Action] {
    _ = Base.step(&machine)
    return Base.step(&machine, .loaded(ids.map { Samples.delivery($0, attempts: attempts) }, next: nil))
  }

  static func started(_ actions: [Machine.Action]) -> [Int64] {
    actions.flatMap { action -> [Int64] in if case .attempt(let ids) = action { ids } else { [] } }
  }
  static func change(_ actions: [Machine.Action]) -> DestinationCondition? {
    for case .changed(let condition) in actions { return condition }
    return nil
  }
  static func alarm(_ actions: [Machine.Action]) -> Timestamp? {
    for case .sleep(let until) in actions { return until }
    return nil
  }

  @Test("five failures in a row: nothing leaves for a minute, then one, and after three everything")
  func breaker() {
    var machine = Self.machine(concurrency: 5)
    #expect(Self.started(Self.loaded(&machine, [1, 2, 3, 4, 5])) == [1, 2, 3, 4, 5])
    for id in [1, 2, 3, 4] as [Int64] {
      _ = Base.step(&machine, .ended(id: id, Base.bad(500), random: 0.9))
    }
    let opened = Base.step(&machine, .ended(id: 5, .failed(error: "reset"), random: 0.9))
    #expect(Self.change(opened)?.kind == .open)
    #expect(Self.change(opened)?.reason == "reset")
    _ = Base.step(&machine, .recorded)
    _ = Base.step(&machine, .recorded)
    let waiting = Base.step(
      &machine, .loaded((6...8).map { Samples.delivery($0) }, next: nil), at: 1_000)
    #expect(Self.started(waiting) == [])
    #expect(Self.alarm(Base.step(&machine, .timePassed, at: 59_000)) == Base.time(60_000))
    let trial = Base.step(&machine, .timePassed, at: 60_000)
    #expect(Self.started(trial) == [6])
    #expect(Self.change(trial)?.gauge == 1)
    #expect(Self.started(Base.step(&machine, .ended(id: 6, Base.ok, random: 0), at: 60_001)) == [7])
    #expect(Self.started(Base.step(&machine, .ended(id: 7, Base.ok, random: 0), at: 60_002)) == [8])
    let closed = Base.step(&machine, .ended(id: 8, Base.ok, random: 0), at: 60_003)
    #expect(Self.change(closed) == Base.works(since: 60_003))
  }

  @Test("while it stays shut the newest reason is said, and since when it is")
  func newestReason() {
    var machine = Self.machine()
    _ = Self.loaded(&machine, [1])
    let held = Base.step(&machine, .ended(id: 1, Base.bad(401), random: 0.5))
    #expect(Self.change(held)?.kind == .held && Self.change(held)?.status == 401)
    let witness = Base.step(&machine, .recorded, .committed([Samples.delivery(2)]), at: 5)
    #expect(Self.started(witness) == [2])
    let refused = Self.change(Base.step(&machine, .ended(id: 2, Base.bad(404), random: 0.5), at: 7))
    #expect(refused?.kind == .held && refused?.status == 404 && refused?.reason == "status 404")
    #expect(refused?.since == Base.time(0))
  }

  @Test("the same of one that fails and is not shut")
  func newestFailure() {
    var machine = Self.machine()
    _ = Self.loaded(&machine, [1, 2, 3])
    let first = Self.change(Base.step(&machine, .ended(id: 1, Base.bad(500), random: 0.5)))
    #expect(first == Base.failing(500))
    let second = Self.change(Base.step(&machine, .ended(id: 2, Base.bad(502), random: 0.5), at: 9))
    #expect(second?.reason == "status 502" && second?.since == Base.time(0))
    #expect(Self.change(Base.step(&machine, .ended(id: 3, Base.bad(502), random: 0.5), at: 10)) == nil)
  }

  @Test("one alert that is refused holds the destination for one round trip, and is dead with its answer")
  func poison() {
    var machine = Self.machine()
    #expect(Self.started(Self.loaded(&machine, [1, 2, 3])) == [1])
    let held = Base.step(&machine, .ended(id: 1, Base.bad(403), random: 0.5))
    #expect(Self.change(held)?.kind == .held && Self.change(held)?.status == 403)
    #expect(held.contains(.record([Base.retry(1, at: 500, status: 403)])))
    #expect(Self.started(held) == [2])
    let freed = Base.step(&machine, .recorded, .ended(id: 2, Base.ok, random: 0))
    #expect(Self.change(freed) == Base.works(since: 0))
    #expect(Self.started(freed) == [3])
    _ = Base.step(&machine, .recorded, .ended(id: 3, Base.ok, random: 0))
    _ = Base.step(&machine, .recorded, .timePassed, at: 500)
    let again = Base.step(&machine, .loaded([Samples.delivery(1, attempts: 1)], next: nil), at: 500)
    #expect(Self.started(again) == [1])
    let dead = Base.step(&machine, .ended(id: 1, Base.bad(403), random: 0.5), at: 501)
    #expect(Self.change(dead) == nil)
    #expect(
      dead.first
        == .record([
          DeliveryOutcome(
            id: 1, verdict: .dead, status: 403,
            error: "the destination takes other alerts, but not this one: status 403")
        ]))
  }

  @Test("held for days kills nobody; reread tries at once")
  func held() {
    var machine = Self.machine()
    _ = Self.loaded(&machine, [1, 2])
    _ = Base.step(&machine, .ended(id: 1, Base.bad(401), random: 0.5))
    let day: Int64 = 86_400_000
    _ = Base.step(&machine, .recorded, .ended(id: 2, Base.bad(401), random: 0.5), at: 1)
    _ = Base.step(&machine, .recorded, at: 2)
    let old = [1, 2].map { Samples.delivery($0, attempts: 1) }
    let trial = Base.step(&machine, .loaded(old, next: nil), .woken, at: 3 * day)
    #expect(Self.started(trial).count == 1)
    let refused = Base.step(
      &machine, .ended(id: Self.started(trial)[0], Base.bad(401), random: 0.5), at: 3 * day)
    #expect(refused.contains { if case .record(let all) = $0 { all[0].verdict != .dead } else { false } })
    #expect(Self.started(refused) == [])
    #expect(Self.started(Base.step(&machine, .reread(terms: 0), at: 3 * day + 5)).count == 1)
  }

  @Test(
    "a refusal of what no longer holds is no hold: the alert goes out again under the new secret",
    arguments: [Base.bad(401), Base.bad(404), .refused(status: 200, error: "a login page")])
  func lateRefusal(_ refusal: Machine.AttemptEnd) {
    var machine = Self.machine(concurrency: 2)
    #expect(Self.started(Self.loaded(&machine, [1, 2])) == [1, 2])
    #expect(Self.change(Base.step(&machine, .ended(id: 1, refusal, random: 0.5)))?.kind == .held)
    let trial = Base.step(&machine, .recorded, .reread(terms: 1), .committed([Samples.delivery(3)]), at: 1)
    #expect(Self.started(trial) == [3])
    let freed = Base.step(&machine, .ended(id: 3, Base.ok, terms: 1, random: 0), at: 2)
    #expect(Self.change(freed)?.kind == .works)
    let late = Base.step(&machine, .recorded, .ended(id: 2, refusal, random: 0.5), at: 3)
    #expect(Self.change(late) == nil && Self.started(late) == [2])
    #expect(!late.contains { if case .record = $0 { true } else { false } })
    // What is refused under what holds, holds.
    let held = Base.step(&machine, .ended(id: 2, refusal, terms: 1, random: 0.5), at: 300)
    #expect(Self.change(held)?.kind == .held)
  }

  @Test("the same where the secret was read again before the refusal that asked for it was told")
  func refusalBehindItsReread() {
    var machine = Self.machine()
    _ = Self.loaded(&machine, [1])
    let late = Base.step(&machine, .reread(terms: 1), .ended(id: 1, Base.bad(401), random: 0.5))
    #expect(Self.change(late) == nil && Self.started(late) == [1])
  }

  @Test(
    "a body that is refused is dead at once and alarms nobody about the destination",
    arguments: [
      400, 410, 413, 414, 415, 416, 422, 424, 451,
    ])
  func dead(status: Int) {
    var machine = Self.machine()
    _ = Self.loaded(&machine, [1, 2])
    let actions = Base.step(&machine, .ended(id: 1, Base.bad(status), random: 0.5))
    #expect(
      actions == [
        .record([DeliveryOutcome(id: 1, verdict: .dead, status: status, error: "status \(status)")]),
        .attempt([2]),
      ])
  }

  @Test("429: nobody leaves before what it asks for, or a pause that grows; never the breaker")
  func throttled() {
    var machine = Self.machine()
    _ = Self.loaded(&machine, [1, 2, 3])
    let paused = Base.step(&machine, .ended(id: 1, Base.bad(429, retryAfter: 7), random: 0.5))
    #expect(Self.started(paused) == [])
    #expect(Self.alarm(paused) == Base.time(7_000))
    #expect(Self.started(Base.step(&machine, .recorded, .timePassed, at: 7_000)) == [2])
    // The second in a row: three quarters of two seconds.
    let again = Base.step(&machine, .ended(id: 2, Base.bad(429), random: 0.5), at: 7_001)
    #expect(Self.started(again) == [])
    #expect(Self.started(Base.step(&machine, .recorded, .timePassed, at: 8_500)) == [])
    #expect(Self.started(Base.step(&machine, .recorded, .timePassed, at: 8_501)) == [3])
    for _ in 0..<20 {
      _ = Base.step(&machine, .ended(id: 3, Base.bad(429), random: 0.5), .recorded, at: 8_502)
      _ = Base.step(&machine, .woken, .loaded([Samples.delivery(3)], next: nil), at: 8_502)
    }
    #expect(machine.condition.kind == .failing)
  }

  @Test("once something passes, the pauses of 429 begin anew; those under way together ask for one")
  func throttledAnew() {
    var machine = Self.machine(concurrency: 2)
    #expect(Self.started(Self.loaded(&machine, [1, 2, 3, 4, 5])) == [1, 2])
    _ = Base.step(&machine, .ended(id: 1, Base.bad(429), random: 0.5))
    _ = Base.step(&machine, .ended(id: 2, Base.bad(429), random: 0.5), at: 1)
    #expect(Self.started(Base.step(&machine, .recorded, .timePassed, at: 749)) == [])
    #expect(Self.started(Base.step(&machine, .recorded, .timePassed, at: 750)) == [3, 4])
    #expect(Self.started(Base.step(&machine, .ended(id: 3, Base.ok, random: 0), at: 751)) == [5])
    _ = Base.step(&machine, .recorded, .ended(id: 4, Base.bad(429), random: 0.5), at: 752)
    _ = Base.step(&machine, .recorded, .loaded([], next: nil), .ended(id: 5, Base.ok, random: 0), at: 753)
    _ = Base.step(&machine, .recorded, .committed([Samples.delivery(6)]), .woken, at: 754)
    _ = Base.step(&machine, .loaded([Samples.delivery(6)], next: nil), at: 755)
    #expect(Self.started(Base.step(&machine, .timePassed, at: 1_501)) == [])
    #expect(Self.started(Base.step(&machine, .timePassed, at: 1_502)) == [6])
  }

  @Test("a pause that was asked for survives a reload, and holds for the trial of an open breaker too")
  func pauseStays() {
    var machine = Self.machine()
    _ = Self.loaded(&machine, [1, 2])
    _ = Base.step(&machine, .ended(id: 1, Base.bad(429, retryAfter: 7), random: 0.5), .recorded)
    #expect(Self.started(Base.step(&machine, .reread(terms: 0), at: 1)) == [])
    #expect(Self.started(Base.step(&machine, .timePassed, at: 7_000)) == [2])

    var open = Self.machine(concurrency: 5)
    _ = Self.loaded(&open, [1, 2, 3, 4, 5])
    for id in 1...5 as ClosedRange<Int64> {
      _ = Base.step(&open, .ended(id: id, Base.bad(503, retryAfter: 300), random: 0.5))
    }
    _ = Base.step(&open, .recorded)
    _ = Base.step(&open, .recorded)
    let later = Base.step(&open, .loaded([Samples.delivery(6)], next: nil), .woken, at: 61_000)
    #expect(Self.started(later) == [] && open.condition.kind == .open)
    #expect(Self.started(Base.step(&open, .timePassed, at: 300_000)) == [6])
  }

  @Test("429 ages nobody: a replayed one that meets it waits and is sent again")
  func throttledReplay() {
    var machine = Self.machine()
    let day: Int64 = 86_400_000
    _ = Base.step(&machine, at: 2 * day)
    _ = Base.step(&machine, .loaded([Samples.delivery(1, attempts: 3)], next: nil), at: 2 * day)
    let end = Base.step(&machine, .ended(id: 1, Base.bad(429), random: 0.5), at: 2 * day)
    #expect(end.contains(.record([Base.retry(1, at: 2 * day + 4_000, status: 429)])))
  }

  @Test("503 with Retry-After parks that alert alone")
  func unavailable() {
    var machine = Self.machine()
    _ = Self.loaded(&machine, [1, 2])
    let actions = Base.step(&machine, .ended(id: 1, Base.bad(503, retryAfter: 7), random: 0.5))
    #expect(actions.first == .record([Base.retry(1, at: 7_000, status: 503)]))
    #expect(Self.started(actions) == [2])
  }

  @Test("the rate delays and never drops; a page that comes meanwhile is next")
  func rate() {
    var machine = Self.machine(rate: Rate(10, per: .second), concurrency: 8)
    let first = Self.loaded(&machine, [1, 2, 3, 4])
    #expect(Self.started(first) == [1])
    let early = Base.step(&machine, .ended(id: 1, Base.ok, random: 0), .recorded, at: 1)
    #expect(Self.started(early) == [])
    let page = Samples.delivery(9, rank: 0)
    _ = Base.step(&machine, .recorded, .woken, at: 50)
    let line = [page] + [2, 3, 4].map { Samples.delivery($0) }
    #expect(Self.started(Base.step(&machine, .loaded(line, next: nil), at: 60)) == [])
    #expect(Self.started(Base.step(&machine, .timePassed, at: 100)) == [9])
    #expect(Self.started(Base.step(&machine, .timePassed, at: 199)) == [])
    #expect(Self.started(Base.step(&machine, .timePassed, at: 200)) == [2])
  }

  @Test("a clock set back by an hour moves our waits and those in the queue with it")
  func clockBack() {
    var machine = Self.machine()
    let hour: Int64 = 3_600_000
    _ = Self.loaded(&machine, [1, 2])
    _ = Base.step(&machine, .ended(id: 1, Base.bad(401), random: 0.5))
    _ = Base.step(&machine, .recorded, .ended(id: 2, Base.bad(401), random: 0.5), at: 10)
    let back = Base.step(&machine, .recorded, .timePassed, at: 20 - hour)
    #expect(back.contains(.shift(back: (hour - 10) * 1_000_000)))
    _ = Base.step(&machine, .woken, .loaded([Samples.delivery(1)], next: nil), at: 30 - hour)
    #expect(Self.started(Base.step(&machine, .timePassed, at: 59_000 - hour)) == [])
    #expect(Self.started(Base.step(&machine, .timePassed, at: 60_100 - hour)) == [1])
    // Refused once, the move is asked for again.
    #expect(
      Self.alarm(Base.step(&machine, .shiftFailed(back: 5), at: 61_000 - hour)) == Base.time(62_000 - hour))
    #expect(Base.step(&machine, .timePassed, at: 62_000 - hour).contains(.shift(back: 5)))
  }

  @Test("a clock set forward ages nobody who waits, unless it is set back")
  func clockForward() {
    let (day, month): (Int64, Int64) = (86_400_000, 30 * 86_400_000)
    func verdict(_ machine: inout Machine, _ id: Int64, at time: Int64) -> DeliveryOutcome.Verdict? {
      let actions = Base.step(&machine, .ended(id: id, Base.bad(503), random: 0.5), at: time)
      for case .record(let outcomes) in actions { return outcomes.first?.verdict }
      return nil
    }
    for isSetBack in [false, true] {
      var machine = Self.machine(concurrency: 2)
      _ = Self.loaded(&machine, [1])
      var leaps = ClockLeaps()
      leaps.add(month * 1_000_000, now: Base.time(month + 10))
      _ = Base.step(&machine, .clock(leaps), at: month + 10)
      // Ten milliseconds old, whatever the clock says; the limit is a day later by the new clock.
      #expect(verdict(&machine, 1, at: month + 10) != .dead)
      _ = Base.step(&machine, .recorded, .woken, at: month + day - 10)
      if isSetBack { _ = Base.step(&machine, .woken, at: day - 10) }
      let base = isSetBack ? 0 : month
      let late = Samples.delivery(2, createdAt: Base.time(base + day / 2))
      _ = Base.step(
        &machine, .loaded([Samples.delivery(1, attempts: 1), late], next: nil), at: base + day + 10)
      #expect(verdict(&machine, 1, at: base + day + 10) == .dead)
      _ = Base.step(&machine, .recorded, at: base + day + 20)
      #expect(verdict(&machine, 2, at: base + day + 20) != .dead)
    }
  }
}
