import Delivery
import Model
import Testing

/// What waits when a destination with a fallback is shut.
@Suite("The machine hands over to a fallback")
struct MachineDiversionTests {
  typealias Machine = DeliveryMachine
  typealias Base = DeliveryMachineTests
  typealias Gate = MachineGateTests

  static func machine(
    failures: Int = 2, concurrency: Int = 2, hasFallback: Bool = true, rate: Rate? = nil
  ) -> Machine {
    var limits = Base.limits(concurrency: concurrency, window: 8)
    limits.hasFallback = hasFallback
    limits.breaker.failures = failures
    limits.rate = rate
    // Who failed is due in a day, and does not come between.
    limits.retry = RetrySchedule(initialMs: 86_400_000, maxMs: 86_400_000)
    return Machine(limits: limits)
  }

  static func diversion(_ actions: [Machine.Action]) -> Set<Int64>? {
    for case .divert(let except, _) in actions { return except }
    return nil
  }

  static func continues(_ actions: [Machine.Action]) -> Bool? {
    for case .divert(_, let continues) in actions { return continues }
    return nil
  }

  static func hasLoad(_ actions: [Machine.Action]) -> Bool {
    actions.contains { if case .load = $0 { true } else { false } }
  }

  @Test("when all that it refused went back to where they came from, it is held no longer, and has failed")
  func home() {
    var machine = Self.machine(concurrency: 1)
    #expect(Gate.started(Gate.loaded(&machine, [1])) == [1])
    let held = Base.step(&machine, .ended(id: 1, Base.bad(403), random: 0.5))
    #expect(Gate.change(held)?.kind == .held)
    #expect(Self.diversion(Base.step(&machine, .recorded, at: 5_000)) == [])
    let back = Base.step(&machine, .diverted(Diverted(target: "a", moved: 1, home: [1])), at: 5_001)
    #expect(Gate.change(back)?.kind == .failing && Self.hasLoad(back))
    _ = Base.step(&machine, .loaded([], next: nil), at: 5_002)
    let next = Base.step(&machine, .committed([Samples.delivery(2)]), at: 5_003)
    #expect(Gate.started(next) == [2])
    #expect(Gate.change(Base.step(&machine, .ended(id: 2, Base.ok, random: 0), at: 5_004))?.kind == .works)
  }

  @Test(
    "what waits goes over at once, the failures as soon as they are recorded; then the next is the trial"
  )
  func outage() {
    var machine = Self.machine(failures: 1, concurrency: 1)
    #expect(Gate.started(Gate.loaded(&machine, [1, 2, 3])) == [1])
    let open = Base.step(&machine, .ended(id: 1, .failed(error: "reset"), random: 0.5))
    #expect(Gate.change(open)?.kind == .open)
    #expect(Self.diversion(open) == [1], "its end is not recorded yet")
    // Nothing leaves and nothing is asked for meanwhile.
    let quiet = Base.step(&machine, .recorded, .woken)
    #expect(Gate.started(quiet) == [] && !Self.hasLoad(quiet) && Self.diversion(quiet) == nil)
    let rest = Base.step(&machine, .diverted(Diverted(target: "b", moved: 2)))
    #expect(Self.hasLoad(rest))
    let again = Base.step(&machine, .loaded([], next: Base.time(500)))
    #expect(Self.diversion(again) == [])
    #expect(Self.hasLoad(Base.step(&machine, .diverted(Diverted(target: "b", moved: 1)))))
    let empty = Base.step(&machine, .loaded([], next: nil))
    #expect(Self.diversion(empty) == nil)
    #expect(machine.condition.isShut)
    #expect(Gate.change(Base.step(&machine, .timePassed, at: 60_000))?.isShut == false)
    let trial = Base.step(&machine, .committed([Samples.delivery(9)]), at: 60_001)
    #expect(Gate.started(trial) == [9] && Gate.change(trial)?.isShut == true)
    #expect(Self.diversion(trial) == nil, "nobody waits behind it")
    let next = Base.step(&machine, .committed([Samples.delivery(10)]), at: 60_002)
    #expect(Self.diversion(next) == [9], "nobody waits for the end of a trial")
  }

  @Test("without a fallback nothing goes anywhere")
  func noFallback() {
    var machine = Self.machine(failures: 1, concurrency: 1, hasFallback: false)
    _ = Gate.loaded(&machine, [1, 2, 3])
    #expect(Self.diversion(Base.step(&machine, .ended(id: 1, .failed(error: "reset"), random: 0.5))) == nil)
    #expect(Self.diversion(Base.step(&machine, .recorded, .timePassed, at: 10_000)) == nil)
  }

  @Test("those under way stay, and go when they have failed too")
  func underWay() {
    var machine = Self.machine(failures: 1)
    #expect(Gate.started(Gate.loaded(&machine, [1, 2, 3])) == [1, 2])
    let open = Base.step(&machine, .ended(id: 1, .failed(error: "reset"), random: 0.5))
    #expect(Self.diversion(open) == [1, 2])
    _ = Base.step(&machine, .recorded, .diverted(Diverted(target: "b", moved: 1)))
    let second = Base.step(&machine, .loaded([], next: Base.time(500)))
    #expect(Self.diversion(second) == [2])
    _ = Base.step(&machine, .diverted(Diverted(target: "b", moved: 1)))
    _ = Base.step(&machine, .loaded([], next: nil), .ended(id: 2, .failed(error: "reset"), random: 0.5))
    #expect(Self.diversion(Base.step(&machine, .recorded)) == [])
  }

  @Test("one that is refused sends nobody away while another shows that the destination takes them")
  func poison() {
    var machine = Self.machine(concurrency: 1)
    #expect(Gate.started(Gate.loaded(&machine, [1, 2, 3])) == [1])
    let held = Base.step(&machine, .ended(id: 1, Base.bad(403), random: 0.5))
    #expect(Gate.started(held) == [2])
    #expect(Self.diversion(held) == nil)
    #expect(Gate.alarm(held) == Base.time(2_000), "the witness may take so long")
    let freed = Base.step(&machine, .recorded, .ended(id: 2, Base.ok, random: 0), at: 3)
    #expect(Gate.change(freed)?.kind == .works && Gate.started(freed) == [3])
    #expect(Self.diversion(freed) == nil)
  }

  @Test("a witness that hangs keeps nobody for long")
  func search() {
    var machine = Self.machine(concurrency: 1)
    _ = Gate.loaded(&machine, [1, 2, 3])
    _ = Base.step(&machine, .ended(id: 1, Base.bad(403), random: 0.5))
    _ = Base.step(&machine, .recorded)
    #expect(Self.diversion(Base.step(&machine, .timePassed, at: 1_999)) == nil)
    #expect(Self.diversion(Base.step(&machine, .timePassed, at: 2_000)) == [2])
  }

  @Test("when all that could be witnesses were refused, all go; alone, the refused one goes at once")
  func refused() {
    var machine = Self.machine(concurrency: 1)
    _ = Gate.loaded(&machine, [1])
    let alone = Base.step(&machine, .ended(id: 1, Base.bad(401), random: 0.5))
    #expect(Gate.change(alone)?.kind == .held)
    #expect(Self.diversion(alone) == nil, "it is not recorded yet")
    #expect(Gate.change(alone)?.isShut == false, "whoever comes is the witness")
    let recorded = Base.step(&machine, .recorded)
    #expect(Self.diversion(recorded) == [])
    _ = Base.step(&machine, .diverted(Diverted(target: "b", moved: 1)))
    _ = Base.step(&machine, .loaded([], next: nil))
    for id in 2...4 as ClosedRange<Int64> {
      #expect(machine.condition.isShut == false)
      var stranger = Samples.delivery(id)
      stranger.host = "core\(id)"
      stranger.rule = "rule \(id)"
      #expect(Gate.started(Base.step(&machine, .committed([stranger]), at: id)) == [id])
      _ = Base.step(&machine, .ended(id: id, Base.bad(401), random: 0.5), at: id)
      #expect(Self.diversion(Base.step(&machine, .recorded, at: id)) == [])
      _ = Base.step(&machine, .diverted(Diverted(target: "b", moved: 1)), at: id)
      _ = Base.step(&machine, .loaded([], next: nil), at: id)
    }
    #expect(machine.condition.kind == .held && machine.condition.isShut)
  }

  @Test("where the refused one may not go, the next is the witness all the same")
  func stays() {
    var machine = Self.machine(concurrency: 1)
    _ = Gate.loaded(&machine, [1])
    _ = Base.step(&machine, .ended(id: 1, Base.bad(403), random: 0.5))
    #expect(Self.diversion(Base.step(&machine, .recorded)) == [])
    _ = Base.step(&machine, .diverted(Diverted(target: "b", stayed: 1)), at: 1)
    #expect(machine.condition.kind == .held && machine.condition.isShut == false)
    #expect(Gate.started(Base.step(&machine, .committed([Samples.delivery(2)]), at: 2)) == [2])
    #expect(Gate.change(Base.step(&machine, .ended(id: 2, Base.ok, random: 0), at: 3))?.kind == .works)
  }

  @Test(
    "when to ask again",
    arguments: [
      (Diverted(), 1_000), (Diverted(target: "b", heldBack: 1), 100),
      (Diverted(target: "b", stayed: 3), 1_000),
      (Diverted(target: "b", stayed: 5_000), 5_000), (Diverted(target: "b", stayed: 1 << 20), 60_000),
    ] as [(Diverted, Int64)])
  func again(result: Diverted, wait: Int64) {
    var machine = Self.machine(failures: 1, concurrency: 1)
    _ = Gate.loaded(&machine, [1, 2, 3])
    _ = Base.step(&machine, .ended(id: 1, .failed(error: "reset"), random: 0.5))
    _ = Base.step(&machine, .recorded)
    let asked = Base.step(&machine, .diverted(result), at: 10)
    #expect(Self.diversion(asked) == nil)
    if wait < 60_000 { #expect(Gate.alarm(asked) == Base.time(10 + wait)) }
    #expect(Self.diversion(Base.step(&machine, .timePassed, at: min(9 + wait, 59_999))) == nil)
    if wait < 60_000 { #expect(Self.diversion(Base.step(&machine, .timePassed, at: 10 + wait)) == []) }
  }

  @Test("what was ended at its bound goes on at once, behind a trial that is due")
  func cut() {
    var machine = Self.machine(failures: 1, concurrency: 1)
    _ = Gate.loaded(&machine, [1, 2, 3])
    let open = Base.step(&machine, .ended(id: 1, .failed(error: "reset"), random: 0.5))
    #expect(Self.continues(open) == false)
    _ = Base.step(&machine, .recorded)
    let cut = Diverted(target: "b", moved: 5_000, isCut: true)
    #expect(Self.hasLoad(Base.step(&machine, .diverted(cut), at: 10)))
    let more = (11...13 as ClosedRange<Int64>).map { Samples.delivery($0) }
    let next = Base.step(&machine, .loaded(more, next: nil), at: 11)
    #expect(Self.diversion(next) == [] && Self.continues(next) == true)
    // By now a trial is due: it leaves, and the rest goes on.
    _ = Base.step(&machine, .diverted(cut), at: 60_000)
    let trial = Base.step(&machine, .loaded(more, next: nil), at: 60_001)
    #expect(Gate.started(trial) == [11])
    #expect(Self.diversion(trial) == [11] && Self.continues(trial) == true)
    // One that moved nobody is not asked for all the time; the end of the round begins another.
    let idle = Base.step(&machine, .diverted(Diverted(target: "b", stayed: 5_000, isCut: true)), at: 60_002)
    #expect(Self.diversion(idle) == nil)
    let again = Base.step(&machine, .timePassed, at: 60_102)
    #expect(Self.diversion(again) == [11] && Self.continues(again) == true)
    _ = Base.step(&machine, .diverted(Diverted(target: "b", heldBack: 1)), at: 60_103)
    #expect(Self.continues(Base.step(&machine, .timePassed, at: 60_203)) == false)
  }

  @Test("a queue that fails is asked again in a second, also by a clock that was set back")
  func failed() {
    var machine = Self.machine(failures: 1, concurrency: 1)
    _ = Gate.loaded(&machine, [1, 2, 3])
    _ = Base.step(&machine, .ended(id: 1, .failed(error: "reset"), random: 0.9))
    _ = Base.step(&machine, .recorded)
    let failed = Base.step(&machine, .divertFailed, at: 0)
    #expect(Self.diversion(failed) == nil)
    #expect(Self.hasLoad(failed), "some may have gone before it failed")
    _ = Base.step(&machine, .loaded([Samples.delivery(2), Samples.delivery(3)], next: nil), at: 0)
    let hour: Int64 = 3_600_000
    let back = Base.step(&machine, .timePassed, at: 500 - hour)
    #expect(back.contains(.shift(back: (hour - 500) * 1_000_000)))
    #expect(Self.diversion(Base.step(&machine, .timePassed, at: 1_000 - hour)) == nil)
    #expect(Self.diversion(Base.step(&machine, .timePassed, at: 1_501 - hour)) == [])
  }

  @Test("a stop sends nobody away any more")
  func stop() {
    var machine = Self.machine(failures: 1)
    _ = Gate.loaded(&machine, [1, 2, 3])
    _ = Base.step(&machine, .stop)
    #expect(Self.diversion(Base.step(&machine, .ended(id: 1, .failed(error: "reset"), random: 0.5))) == nil)
  }
}
