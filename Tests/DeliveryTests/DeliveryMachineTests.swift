import Delivery
import Model
import Testing

/// Whole sequences, equality on every action.
@Suite("The machine of one destination")
struct DeliveryMachineTests {
  typealias Machine = DeliveryMachine
  static let start = Samples.start

  static func limits(concurrency: Int = 2, window: Int = 4, marks: Bool = true) -> Machine.Limits {
    var settings = DestinationSettings(name: "moog", url: marks ? "http://h" : "stdout:")
    settings.concurrency = concurrency
    var limits = Machine.Limits(settings)
    limits.window = window
    return limits
  }

  /// Takes everything in at one moment and says what is done about it.
  static func step(
    _ machine: inout Machine, _ inputs: Machine.Input..., at milliseconds: Int64 = 0
  ) -> [Machine.Action] {
    let now = start.adding(milliseconds: milliseconds)
    for input in inputs { machine.receive(input, now: now) }
    return machine.decide(now: now)
  }

  static func load(_ limit: Int, at milliseconds: Int64 = 0) -> Machine.Action {
    .load(limit: limit, staleBefore: start.adding(milliseconds: milliseconds).adding(seconds: -1_800))
  }

  static func time(_ milliseconds: Int64) -> Timestamp { start.adding(milliseconds: milliseconds) }

  static let ok = Machine.AttemptEnd.answered(status: 200, retryAfterSeconds: nil, error: nil)
  static func bad(_ status: Int, retryAfter: Int? = nil) -> Machine.AttemptEnd {
    .answered(status: status, retryAfterSeconds: retryAfter, error: "status \(status)")
  }
  static func failing(_ status: Int, since milliseconds: Int64 = 0) -> DestinationCondition {
    DestinationCondition(
      kind: .failing, since: time(milliseconds), status: status, reason: "status \(status)")
  }
  static func works(since milliseconds: Int64) -> DestinationCondition {
    DestinationCondition(since: time(milliseconds))
  }
  static func delivered(_ id: Int64, marks: Bool = true) -> DeliveryOutcome {
    let mark = DeliveredMark(eventID: EventID(rawValue: id), eventTime: start)
    return DeliveryOutcome(
      id: id, verdict: .delivered(marks: marks), status: 200, error: nil, mark: marks ? mark : nil)
  }
  static func retry(_ id: Int64, at milliseconds: Int64, status: Int = 500) -> DeliveryOutcome {
    DeliveryOutcome(
      id: id, verdict: .retry(at: time(milliseconds)), status: status, error: "status \(status)")
  }

  @Test("from start to idle: load, attempt, record, nothing")
  func delivers() {
    var machine = Machine(limits: Self.limits())
    #expect(Self.step(&machine) == [Self.load(4)])
    #expect(Self.step(&machine) == [])
    let one = Samples.delivery(1)
    #expect(
      Self.step(&machine, .loaded([one], next: nil)) == [.attempt([1])])
    #expect(machine[id: 1] == one)
    #expect(Self.step(&machine, .ended(id: 1, Self.ok, random: 0)) == [.record([Self.delivered(1)])])
    #expect(machine[id: 1] == nil)
    #expect(Self.step(&machine, .recorded) == [])
    #expect(Self.step(&machine, .timePassed, at: 99_999_999) == [])
    #expect(Self.step(&machine, .woken, at: 99_999_999) == [Self.load(4, at: 99_999_999)])
  }

  @Test("standard output delivers without a mark")
  func noMark() {
    var machine = Machine(limits: Self.limits(marks: false))
    _ = Self.step(&machine)
    _ = Self.step(&machine, .loaded([Samples.delivery(1)], next: nil))
    #expect(
      Self.step(&machine, .ended(id: 1, Self.ok, random: 0)) == [.record([Self.delivered(1, marks: false)])])
  }

  @Test("never more under way than the concurrency allows; the next leaves when one has ended")
  func concurrency() {
    var machine = Machine(limits: Self.limits())
    _ = Self.step(&machine)
    let three = [1, 2, 3].map { Samples.delivery($0) }
    #expect(Self.step(&machine, .loaded(three, next: nil)) == [.attempt([1, 2])])
    #expect(
      Self.step(&machine, .ended(id: 2, Self.ok, random: 0)) == [
        .record([Self.delivered(2)]), .attempt([3]),
      ])
    // While one record is under way, outcomes gather for the next.
    #expect(Self.step(&machine, .ended(id: 1, Self.ok, random: 0)) == [])
    #expect(Self.step(&machine, .ended(id: 3, Self.ok, random: 0)) == [])
    #expect(Self.step(&machine, .recorded) == [.record([Self.delivered(1), Self.delivered(3)])])
  }

  @Test("a failure is retried after its wait, and says so once for each reason")
  func retries() {
    var machine = Machine(limits: Self.limits())
    _ = Self.step(&machine)
    _ = Self.step(&machine, .loaded([Samples.delivery(1)], next: nil))
    #expect(
      Self.step(&machine, .ended(id: 1, Self.bad(500), random: 0.5)) == [
        .record([Self.retry(1, at: 500)]), .changed(Self.failing(500)), .sleep(until: Self.time(500)),
      ])
    #expect(Self.step(&machine, .recorded) == [])
    // An alarm that goes off early is set anew.
    #expect(Self.step(&machine, .timePassed, at: 499) == [.sleep(until: Self.time(500))])
    #expect(Self.step(&machine, .timePassed, at: 500) == [Self.load(4, at: 500)])
    let again = Samples.delivery(1, attempts: 1, nextAttemptAt: Self.time(500))
    #expect(Self.step(&machine, .loaded([again], next: nil), at: 500) == [.attempt([1])])
    #expect(
      Self.step(&machine, .ended(id: 1, .failed(error: "refused"), random: 0.5), at: 500) == [
        .record([
          DeliveryOutcome(id: 1, verdict: .retry(at: Self.time(1_500)), status: 0, error: "refused")
        ]), .changed(DestinationCondition(kind: .failing, since: Self.time(0), reason: "refused")),
        .sleep(until: Self.time(1_500)),
      ])
    _ = Self.step(&machine, .recorded, .timePassed, at: 1_500)
    _ = Self.step(&machine, .loaded([Samples.delivery(1, attempts: 2)], next: nil), at: 1_500)
    #expect(
      Self.step(&machine, .ended(id: 1, Self.ok, random: 0), at: 1_500) == [
        .record([Self.delivered(1)]), .changed(Self.works(since: 1_500)),
      ])
  }

  @Test("dead by age alone: the last attempt is at the limit, and what fails there is dead")
  func dead() {
    var machine = Machine(limits: Self.limits())
    let day: Int64 = 86_400_000
    _ = Self.step(&machine, at: day - 100)
    let old = Samples.delivery(1, attempts: 5_000)
    _ = Self.step(&machine, .loaded([old], next: nil), at: day - 100)
    #expect(
      Self.step(&machine, .ended(id: 1, Self.bad(503), random: 0.9), at: day - 100).first
        == .record([Self.retry(1, at: day, status: 503)]))
    _ = Self.step(&machine, .recorded, .timePassed, at: day)
    _ = Self.step(&machine, .loaded([old], next: nil), at: day)
    #expect(
      Self.step(&machine, .ended(id: 1, Self.bad(503), random: 0), at: day).first
        == .record([
          DeliveryOutcome(id: 1, verdict: .dead, status: 503, error: "older than max_age: status 503")
        ]))
    // One that was never tried gets its attempt however old it is.
    _ = Self.step(&machine, .recorded, .woken, at: 3 * day)
    #expect(
      Self.step(&machine, .loaded([Samples.delivery(2)], next: nil), at: 3 * day) == [.attempt([2])])
  }

  @Test("Retry-After is obeyed, up to an hour")
  func retryAfter() {
    for (asked, expected) in [(7, 7_000), (0, 500), (3_600, 3_600_000), (100_000, 3_600_000)]
      as [(Int, Int64)]
    {
      var machine = Machine(limits: Self.limits())
      _ = Self.step(&machine)
      _ = Self.step(&machine, .loaded([Samples.delivery(1)], next: nil))
      #expect(
        Self.step(&machine, .ended(id: 1, Self.bad(429, retryAfter: asked), random: 0.5)).first
          == .record([Self.retry(1, at: expected, status: 429)]))
    }
  }

  @Test("one signature: the second first attempt waits for the first, but for no retry")
  func signatures() {
    var machine = Machine(limits: Self.limits(concurrency: 4, window: 8))
    _ = Self.step(&machine)
    let line = [
      Samples.delivery(1, signature: "a"), Samples.delivery(2, signature: "a"),
      Samples.delivery(3, signature: "b"), Samples.delivery(4, signature: "a"),
    ]
    #expect(Self.step(&machine, .loaded(line, next: nil)) == [.attempt([1, 3])])
    #expect(Self.step(&machine, .ended(id: 1, Self.bad(500), random: 0.5))[1] == .attempt([2]))
    #expect(
      Self.step(&machine, .ended(id: 2, Self.ok, random: 0)) == [
        .attempt([4]), .changed(Self.works(since: 0)),
      ])
    _ = Self.step(&machine, .recorded, .timePassed, at: 500)
    // The retry of 1 goes while 4, of the same signature, is still under way.
    let retried = Samples.delivery(1, signature: "a", attempts: 1)
    #expect(
      Self.step(&machine, .loaded([retried, line[3]], next: nil), at: 500).contains(.attempt([1])))
  }

  @Test("a storm of one signature that fills the window does not hold up what stands behind it")
  func storm() {
    var machine = Machine(limits: Self.limits(concurrency: 2, window: 4))
    _ = Self.step(&machine)
    let storm = [1, 2, 3, 4].map { Samples.delivery($0, signature: "a") }
    // All four of four asked for: there is more that cannot be seen.
    #expect(Self.step(&machine, .loaded(storm, next: nil)) == [.attempt([1, 2])])
    var calm = Machine(limits: Self.limits(concurrency: 2, window: 4))
    _ = Self.step(&calm)
    #expect(Self.step(&calm, .loaded(Array(storm.dropLast()), next: nil)) == [.attempt([1])])
  }

  @Test("what is under way or not recorded yet is not attempted again when the queue still shows it")
  func noDoubles() {
    var machine = Machine(limits: Self.limits())
    _ = Self.step(&machine)
    let all = [1, 2, 3].map { Samples.delivery($0) }
    _ = Self.step(&machine, .loaded(Array(all.prefix(2)), next: nil))
    #expect(Self.step(&machine, .woken) == [Self.load(6)])
    // 1 ends and is recorded while the load is under way; its answer is older than that.
    _ = Self.step(&machine, .ended(id: 1, Self.ok, random: 0))
    _ = Self.step(&machine, .recorded)
    #expect(Self.step(&machine, .loaded(all, next: nil)) == [.attempt([3])])
    #expect(
      Self.step(&machine, .ended(id: 3, Self.ok, random: 0), .woken) == [
        .record([Self.delivered(3)]), Self.load(6),
      ])
    #expect(Self.step(&machine, .loaded(all.suffix(2), next: nil)) == [])
  }

  @Test("what was just committed leaves without being asked for, once all before it is known")
  func offered() {
    var machine = Machine(limits: Self.limits())
    _ = Self.step(&machine)
    // Not yet: what is under way to us may be older.
    #expect(Self.step(&machine, .committed([Samples.delivery(3)])) == [])
    #expect(
      Self.step(&machine, .loaded([Samples.delivery(1)], next: nil)) == [.attempt([1]), Self.load(5)])
    #expect(
      Self.step(&machine, .loaded([Samples.delivery(1), Samples.delivery(3)], next: nil)) == [.attempt([3])])
    _ = Self.step(&machine, .ended(id: 1, Self.ok, random: 0))
    #expect(Self.step(&machine, .recorded, .committed([Samples.delivery(4)])) == [.attempt([4])])
    // More than may be held ready: the rest is asked for in time.
    #expect(
      Self.step(&machine, .committed((5...9).map { Samples.delivery($0) })) == [Self.load(6)])
    #expect(Self.step(&machine, .committed([Samples.delivery(10)])) == [])
  }

  @Test("a queue that fails is asked again after a second; outcomes are kept")
  func queueFails() {
    var machine = Machine(limits: Self.limits())
    _ = Self.step(&machine)
    #expect(Self.step(&machine, .loadFailed) == [.sleep(until: Self.time(1_000))])
    #expect(Self.step(&machine, .woken, at: 10) == [])
    #expect(Self.step(&machine, .timePassed, at: 1_000) == [Self.load(4, at: 1_000)])
    _ = Self.step(&machine, .loaded([Samples.delivery(1), Samples.delivery(2)], next: nil), at: 1_000)
    _ = Self.step(&machine, .ended(id: 1, Self.ok, random: 0), at: 1_000)
    #expect(Self.step(&machine, .recordFailed, at: 1_000) == [.sleep(until: Self.time(2_000))])
    #expect(Self.step(&machine, .ended(id: 2, Self.ok, random: 0), at: 1_500) == [])
    #expect(
      Self.step(&machine, .timePassed, at: 2_000) == [
        .record([Self.delivered(1), Self.delivered(2)])
      ])
  }

  @Test("outcomes that cannot be recorded stop new attempts before they are many")
  func unrecordedIsBounded() {
    var machine = Machine(limits: Self.limits(concurrency: 2, window: 4))
    _ = Self.step(&machine)
    var started = 0
    var next: Int64 = 1
    var actions = Self.step(&machine, .loaded((1...4).map { Samples.delivery($0) }, next: nil))
    for _ in 0..<50 {
      var inputs: [Machine.Input] = []
      for action in actions {
        switch action {
        case .attempt(let ids):
          started += ids.count
          for id in ids { inputs.append(.ended(id: id, Self.ok, random: 0)) }
        case .load(let limit, _):
          next += Int64(limit)
          inputs.append(.loaded((next..<next + Int64(limit)).map { Samples.delivery($0) }, next: nil))
        default: break
        }
      }
      for input in inputs { machine.receive(input, now: Self.start) }
      actions = machine.decide(now: Self.start)
    }
    #expect(started >= 4)
    #expect(started <= 4 + 2)
  }

  @Test("while enough is ready, a wake looks for something more urgent at most ten times a second")
  func urgent() {
    var machine = Machine(limits: Self.limits(concurrency: 1, window: 4))
    _ = Self.step(&machine)
    let line = [1, 2, 3, 4].map { Samples.delivery($0) }
    #expect(Self.step(&machine, .loaded(line, next: nil)) == [.attempt([1])])
    #expect(Self.step(&machine, .woken, at: 10) == [.sleep(until: Self.time(100))])
    #expect(Self.step(&machine, .timePassed, at: 100) == [Self.load(5, at: 100)])
    let page = Samples.delivery(9, rank: 0)
    _ = Self.step(&machine, .loaded([page] + line, next: nil), at: 100)
    #expect(Self.step(&machine, .ended(id: 1, Self.ok, random: 0), at: 100).contains(.attempt([9])))
  }

  @Test("rows that were purged by hand meanwhile are forgotten")
  func purged() {
    var machine = Machine(limits: Self.limits(concurrency: 1))
    _ = Self.step(&machine)
    _ = Self.step(&machine, .loaded([1, 2, 3].map { Samples.delivery($0) }, next: nil))
    _ = Self.step(&machine, .woken, at: 200)
    _ = Self.step(&machine, .loaded([Samples.delivery(3)], next: nil), at: 200)
    #expect(Self.step(&machine, .ended(id: 1, Self.ok, random: 0), at: 200).contains(.attempt([3])))
  }

  @Test("stop: nothing new starts, what is under way ends and is recorded, then it is over")
  func stops() {
    var machine = Machine(limits: Self.limits())
    _ = Self.step(&machine)
    _ = Self.step(&machine, .loaded([1, 2, 3].map { Samples.delivery($0) }, next: nil))
    #expect(Self.step(&machine, .stop) == [])
    #expect(Self.step(&machine, .woken) == [])
    #expect(Self.step(&machine, .ended(id: 1, Self.ok, random: 0)) == [.record([Self.delivered(1)])])
    #expect(Self.step(&machine, .cut) == [])
    #expect(Self.step(&machine, .ended(id: 2, .cut, random: 0)) == [])
    #expect(Self.step(&machine, .recorded) == [.finished])
    #expect(Self.step(&machine, .woken) == [])
  }

  @Test("stop while the queue refuses: tried again during the grace, given up after it")
  func stopsWithoutQueue() {
    var machine = Machine(limits: Self.limits())
    _ = Self.step(&machine)
    _ = Self.step(&machine, .loaded([Samples.delivery(1)], next: nil))
    _ = Self.step(&machine, .stop, .ended(id: 1, Self.ok, random: 0))
    #expect(Self.step(&machine, .recordFailed) == [.sleep(until: Self.time(1_000))])
    #expect(Self.step(&machine, .timePassed, at: 1_000) == [.record([Self.delivered(1)])])
    #expect(Self.step(&machine, .recordFailed, at: 1_000) == [.sleep(until: Self.time(2_000))])
    #expect(Self.step(&machine, .cut, at: 1_500) == [.sleep(until: nil), .finished])
  }
}
