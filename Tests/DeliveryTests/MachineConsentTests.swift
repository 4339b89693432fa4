import Delivery
import Model
import Testing

/// Nothing leaves before the receiver agrees to it, where it is to be asked.
@Suite("The machine asks for consent")
struct MachineConsentTests {
  typealias Machine = DeliveryMachine
  typealias Base = DeliveryMachineTests
  typealias Gate = MachineGateTests

  static func machine(rate: Rate? = nil, failures: Int = 5, hasFallback: Bool = false) -> Machine {
    var limits = Base.limits(concurrency: 1, window: 8)
    limits.needsConsent = true
    limits.hasFallback = hasFallback
    limits.rate = rate
    limits.breaker.failures = failures
    return Machine(limits: limits)
  }

  static func asks(_ actions: [Machine.Action]) -> Bool { actions.contains(.ask) }
  static func given(_ perMinute: Int? = nil) -> Machine.Input {
    .asked(.given(perMinute: perMinute), random: 0.5)
  }
  static let refused = Machine.Input.asked(.refused(status: 405, reason: "does not consent"), random: 0.5)
  static func unanswered(_ retryAfter: Int? = nil) -> Machine.Input {
    .asked(.unanswered(status: 503, retryAfterSeconds: retryAfter, error: "status 503"), random: 0.5)
  }

  @Test("a refusal sends nobody to the fallback before another was tried, which waits for consent")
  func witness() {
    var machine = Self.machine(hasFallback: true)
    _ = Base.step(&machine)
    let waiting = [1, 2, 3].map { Samples.delivery($0) }
    #expect(Gate.started(Base.step(&machine, .loaded(waiting, next: nil), Self.given())) == [1])
    let held = Base.step(&machine, .ended(id: 1, Base.bad(403), random: 0.5))
    #expect(Self.asks(held) && MachineDiversionTests.diversion(held) == nil)
    #expect(MachineDiversionTests.diversion(Base.step(&machine, .recorded)) == nil)
    #expect(Gate.started(Base.step(&machine, Self.given())) == [2])
  }

  @Test("it is asked at the start, once, and alerts leave when it has agreed")
  func start() {
    var machine = Self.machine()
    let first = Base.step(&machine)
    #expect(Self.asks(first))
    let loaded = Base.step(&machine, .loaded([Samples.delivery(1), Samples.delivery(2)], next: nil))
    #expect(Gate.started(loaded) == [] && !Self.asks(loaded))
    #expect(Gate.started(Base.step(&machine, Self.given())) == [1])
    let next = Base.step(&machine, .ended(id: 1, Base.ok, random: 0.5))
    #expect(Gate.started(next) == [2] && !Self.asks(next))
    #expect(machine.condition.kind == .works)
  }

  @Test("without consent it is held, says why, and is asked once every breaker.open")
  func held() {
    var machine = Self.machine()
    _ = Base.step(&machine)
    let held = Base.step(&machine, Self.refused, .loaded([Samples.delivery(1)], next: nil))
    let change = Gate.change(held)
    #expect(change?.kind == .held && change?.status == 405 && change?.reason == "does not consent")
    #expect(change?.isShut == true && Gate.started(held) == [])
    #expect(Gate.alarm(held) == Base.time(60_000))
    #expect(!Self.asks(Base.step(&machine, .timePassed, at: 59_999)))
    let again = Base.step(&machine, .timePassed, at: 60_000)
    #expect(Self.asks(again) && Gate.change(again)?.gauge == 1)
    #expect(!Self.asks(Base.step(&machine, Self.refused, at: 60_001)))
    #expect(Self.asks(Base.step(&machine, .timePassed, at: 120_001)))
    let freed = Base.step(&machine, Self.given(), at: 120_002)
    #expect(Gate.change(freed) == Base.works(since: 120_002) && Gate.started(freed) == [1])
  }

  @Test("no answer is asked for again as an alert is sent again, and opens the breaker in the end")
  func unanswered() {
    var machine = Self.machine(failures: 3)
    _ = Base.step(&machine)
    let first = Base.step(&machine, Self.unanswered())
    #expect(Gate.change(first)?.kind == .failing && Gate.alarm(first) == Base.time(500))
    #expect(Self.asks(Base.step(&machine, .timePassed, at: 500)))
    let second = Base.step(&machine, Self.unanswered(7), at: 500)
    #expect(Gate.alarm(second) == Base.time(7_500), "as long as it asks for")
    #expect(Self.asks(Base.step(&machine, .timePassed, at: 7_500)))
    let third = Base.step(&machine, Self.unanswered(), at: 7_500)
    #expect(Gate.change(third)?.kind == .open && Gate.change(third)?.isShut == true)
    #expect(Gate.alarm(third) == Base.time(67_500))
    _ = Base.step(&machine, .timePassed, at: 67_500)
    #expect(Gate.change(Base.step(&machine, Self.given(), at: 67_501))?.kind == .works)
  }

  @Test(
    "after a refusal it is asked before the next alert, also before a witness", arguments: [410, 401, 404])
  func refusal(status: Int) {
    var machine = Self.machine()
    _ = Base.step(&machine)
    _ = Base.step(&machine, Self.given(), .loaded([Samples.delivery(1), Samples.delivery(2)], next: nil))
    let end: Machine.AttemptEnd = status == 410 ? .refused(status: 410, error: "gone") : Base.bad(status)
    let held = Base.step(&machine, .ended(id: 1, end, random: 0.5))
    #expect(Gate.change(held)?.kind == .held)
    #expect(Gate.started(held) == [] && Self.asks(held))
    #expect(Gate.started(Base.step(&machine, .recorded, Self.given())) == [2])
    let both = Base.step(&machine, .ended(id: 2, end, random: 0.5), at: 1)
    #expect(!Self.asks(both), "nobody could leave")
    _ = Base.step(&machine, .recorded, .woken, at: 2)
    let trial = Base.step(
      &machine, .loaded([1, 2].map { Samples.delivery($0, attempts: 1) }, next: nil), at: 60_001)
    #expect(Self.asks(trial) && Gate.started(trial) == [])
    #expect(Gate.started(Base.step(&machine, Self.given(), at: 60_002)).count == 1)
  }

  @Test(
    "what it allows bounds the rate, and the rate what it allows",
    arguments: [
      (nil, 60, 1_000), (Rate(50, per: .second), 60, 1_000), (Rate(1, per: .minute), 600, 60_000),
      (Rate(2, per: .second), nil, 500),
    ] as [(Rate?, Int?, Int64)])
  func rate(own: Rate?, allowed: Int?, spacing: Int64) {
    var machine = Self.machine(rate: own)
    _ = Base.step(&machine)
    let first = Base.step(
      &machine, Self.given(allowed), .loaded([1, 2, 3].map { Samples.delivery($0) }, next: nil))
    #expect(Gate.started(first) == [1])
    #expect(Gate.started(Base.step(&machine, .ended(id: 1, Base.ok, random: 0.5))) == [])
    #expect(Gate.started(Base.step(&machine, .recorded, .timePassed, at: spacing - 1)) == [])
    #expect(Gate.started(Base.step(&machine, .timePassed, at: spacing)) == [2])
  }

  @Test("a reload asks anew, also when it comes while the answer is on its way")
  func reload() {
    var machine = Self.machine()
    _ = Base.step(&machine)
    _ = Base.step(&machine, Self.given())
    let reread = Base.step(&machine, .reread(terms: 0))
    #expect(Self.asks(reread))
    #expect(!Self.asks(Base.step(&machine, .reread(terms: 0))))
    let late = Base.step(&machine, Self.refused)
    #expect(Self.asks(late), "the answer was to what was before")
    #expect(!Self.asks(Base.step(&machine, Self.given())))
    #expect(machine.condition.kind == .works)
  }

  @Test("who does not agree has what waits go over to its fallback")
  func fallback() {
    var machine = Self.machine(hasFallback: true)
    _ = Base.step(&machine)
    let held = Base.step(&machine, .loaded([Samples.delivery(1)], next: nil), Self.refused)
    #expect(MachineDiversionTests.diversion(held) == [])
  }

  @Test("a clock that is set back changes nothing about when it is asked; a stop does not wait for it")
  func clockAndStop() {
    var machine = Self.machine()
    _ = Base.step(&machine)
    _ = Base.step(&machine, .loaded([], next: nil), Self.refused)
    let hour: Int64 = 3_600_000
    #expect(!Self.asks(Base.step(&machine, .timePassed, at: 10_000 - hour)))
    #expect(!Self.asks(Base.step(&machine, .timePassed, at: 69_999 - hour)))
    #expect(Self.asks(Base.step(&machine, .timePassed, at: 70_000 - hour)))
    #expect(Base.step(&machine, .stop, at: 70_000 - hour).contains(.finished))
  }
}
