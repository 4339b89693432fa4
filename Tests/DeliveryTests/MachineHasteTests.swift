import Delivery
import Model
import Testing

/// A destination is mended: what has failed there does not wait any longer.
@Suite("Waits that end when a destination is mended")
struct MachineHasteTests {
  private typealias Base = DeliveryMachineTests
  private typealias Gate = MachineGateTests
  private typealias Machine = DeliveryMachine

  private static func hastened(_ actions: [Machine.Action]) -> [Machine.Action] {
    actions.filter { if case .hasten = $0 { true } else { false } }
  }
  private static let plain = Machine.Action.hasten(throttled: false, isAgain: false)

  @Test("those that were refused go with the others, by a reload and by a secret that was renewed")
  func refused() {
    for change in [Machine.TermsChange.none, .secrets, .address] {
      var machine = Gate.machine(concurrency: 2)
      _ = Gate.loaded(&machine, [1, 2])
      _ = Base.step(&machine, .ended(id: 1, Base.bad(401, retryAfter: 60), random: 0.5))
      _ = Base.step(&machine, .recorded, .ended(id: 2, Base.bad(401, retryAfter: 60), random: 0.5))
      _ = Base.step(&machine, .recorded)
      let wish = Base.step(&machine, .reread(terms: 1, change), at: 5)
      #expect(Self.hastened(wish) == [.hasten(throttled: change == .address, isAgain: false)])
      // Once.
      #expect(Self.hastened(Base.step(&machine, .timePassed, at: 6)).isEmpty)
      let load = Base.step(&machine, .hastened(true), at: 1_100)
      #expect(load.contains { if case .load = $0 { true } else { false } })
      let due = [1, 2].map { Samples.delivery($0, attempts: 1, nextAttemptAt: Base.time(5)) }
      let trial = Gate.started(Base.step(&machine, .loaded(due, next: nil), at: 1_101))
      #expect(trial.count == 1)
      let freed = Base.step(&machine, .ended(id: trial[0], Base.ok, terms: 1, random: 0), at: 1_102)
      #expect(Gate.started(freed).count == 1)
    }
  }

  @Test("a destination that works, and nothing new: everything waits as it was told to")
  func nothingNew() {
    var machine = Gate.machine()
    _ = Gate.loaded(&machine, [1])
    _ = Base.step(&machine, .ended(id: 1, Base.bad(503, retryAfter: 3_600), random: 0.5))
    _ = Base.step(&machine, .recorded)
    #expect(Self.hastened(Base.step(&machine, .reread(terms: 0), at: 5)).isEmpty)
    #expect(Self.hastened(Base.step(&machine, .reread(terms: 1, .secrets), at: 6)) == [Self.plain])
  }

  @Test("another address ends the pause that the former receiver has asked for; a new secret does not")
  func throttled() {
    for change in [Machine.TermsChange.secrets, .address] {
      var machine = Gate.machine()
      _ = Gate.loaded(&machine, [1, 2])
      _ = Base.step(&machine, .ended(id: 1, Base.bad(429, retryAfter: 3_600), random: 0.5))
      _ = Base.step(&machine, .recorded)
      let actions = Base.step(&machine, .reread(terms: 1, change), at: 5)
      #expect(Self.hastened(actions) == [.hasten(throttled: change == .address, isAgain: false)])
      #expect(Gate.started(actions) == (change == .address ? [2] : []))
    }
  }

  @Test("what the former receiver says afterwards holds up nobody, unless it has taken the alert")
  func lateAnswers() {
    let ends = [Base.bad(429, retryAfter: 3_600), Base.bad(503, retryAfter: 3_600), Base.bad(422)]
    for end in ends + [.failed(error: "no route")] {
      var machine = Gate.machine()
      _ = Gate.loaded(&machine, [1])
      _ = Base.step(&machine, .reread(terms: 1, .address))
      let late = Base.step(&machine, .hastened(true), .ended(id: 1, end, random: 0.5), at: 1)
      #expect(Gate.started(late) == [1], "\(end)")
      #expect(!late.contains { if case .record = $0 { true } else { false } })
    }
    var machine = Gate.machine()
    _ = Gate.loaded(&machine, [1])
    _ = Base.step(&machine, .reread(terms: 1, .address))
    let taken = Base.step(&machine, .ended(id: 1, Base.ok, random: 0.5), at: 1)
    #expect(taken.contains(.record([Base.delivered(1)])))
  }

  @Test("an outcome that is not recorded yet waits no longer either; a record under way comes first")
  func unrecorded() {
    var machine = Gate.machine(concurrency: 2)
    _ = Gate.loaded(&machine, [1, 2])
    // The record of the first is under way, that of the second is not.
    _ = Base.step(&machine, .ended(id: 1, Base.bad(503, retryAfter: 900), random: 0.5))
    _ = Base.step(&machine, .ended(id: 2, Base.bad(503, retryAfter: 900), random: 0.5))
    #expect(Self.hastened(Base.step(&machine, .reread(terms: 1, .secrets), at: 5)).isEmpty)
    let actions = Base.step(&machine, .recorded, at: 6)
    #expect(actions.prefix(2) == [Self.plain, .record([Base.retry(2, at: 6, status: 503)])])
  }

  @Test("where the file takes nothing it is asked for again, a second later")
  func again() {
    var machine = Gate.machine()
    _ = Gate.loaded(&machine, [])
    #expect(Self.hastened(Base.step(&machine, .reread(terms: 1, .secrets))) == [Self.plain])
    #expect(Self.hastened(Base.step(&machine, .hastened(false), at: 10)).isEmpty)
    #expect(Self.hastened(Base.step(&machine, .timePassed, at: 1_009)).isEmpty)
    let again = Base.step(&machine, .timePassed, at: 1_010)
    #expect(Self.hastened(again) == [.hasten(throttled: false, isAgain: true)])
    // A wish that comes meanwhile is whole again.
    _ = Base.step(&machine, .reread(terms: 2, .address), at: 1_011)
    let whole = Base.step(&machine, .hastened(false), at: 1_012)
    #expect(Self.hastened(whole) == [.hasten(throttled: true, isAgain: false)])
  }
}
