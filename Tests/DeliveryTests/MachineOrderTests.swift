import Delivery
import Model
import Testing

/// A clear does not overtake its raise; nobody else waits for a retry.
@Suite("A clear behind its raise")
struct MachineOrderTests {
  private typealias Base = DeliveryMachineTests

  private static func clear(_ id: Int64, _ signature: String = "link", attempts: Int = 0) -> Delivery {
    var delivery = Samples.delivery(id, signature: signature, attempts: attempts)
    delivery.isClear = true
    return delivery
  }

  private static func raise(_ id: Int64, attempts: Int = 0) -> Delivery {
    Samples.delivery(id, signature: "link", attempts: attempts)
  }

  private static func attempts(_ actions: [DeliveryMachine.Action]) -> [Int64] {
    actions.flatMap { action -> [Int64] in
      if case .attempt(let ids) = action { ids } else { [] }
    }
  }

  private static func loads(_ actions: [DeliveryMachine.Action]) -> Bool {
    actions.contains { action -> Bool in
      if case .load = action { true } else { false }
    }
  }

  private static func machine(_ deliveries: [Delivery], next: Timestamp? = nil) -> (DeliveryMachine, [Int64])
  {
    var machine = DeliveryMachine(limits: Base.limits(concurrency: 4, window: 64))
    _ = Base.step(&machine)
    let first = attempts(Base.step(&machine, .loaded(deliveries, next: next)))
    return (machine, first)
  }

  @Test("it waits while the raise is under way and while that waits for its retry; others do not")
  func waits() {
    var (machine, first) = Self.machine([Self.raise(1), Self.clear(2), Samples.delivery(3, signature: "fan")])
    #expect(first == [1, 3])
    let failed = Base.step(&machine, .ended(id: 1, Base.bad(503), random: 0.5))
    #expect(Self.attempts(failed).isEmpty && machine[id: 2] == nil)
    #expect(Self.attempts(Base.step(&machine, .recorded, at: 1)).isEmpty)
    // When the raise is due, so is a look; the queue keeps the clear until it has ended.
    #expect(Self.loads(Base.step(&machine, .timePassed, at: 500)))
    let again = Self.raise(1, attempts: 1)
    #expect(Self.attempts(Base.step(&machine, .loaded([again], next: nil), at: 500)) == [1])
    _ = Base.step(&machine, .ended(id: 1, Base.ok, random: 0), at: 510)
    #expect(Self.loads(Base.step(&machine, .recorded, at: 700)))
    #expect(Self.attempts(Base.step(&machine, .loaded([Self.clear(2)], next: nil), at: 701)) == [2])
  }

  @Test("one that is dead holds back nobody", arguments: [0, 1])
  func dead(attempts: Int) {
    var (machine, first) = Self.machine([Self.raise(1, attempts: attempts)])
    #expect(first == [1])
    _ = Base.step(&machine, .ended(id: 1, Base.bad(422), random: 0))
    #expect(Self.loads(Base.step(&machine, .recorded, at: 200)) == (attempts > 0))
  }

  @Test("a clear that comes while something may wait is asked for, and not taken as it comes")
  func offered() {
    // Under way for the second time.
    var (machine, first) = Self.machine([Self.raise(1, attempts: 1)])
    #expect(first == [1])
    #expect(Self.attempts(Base.step(&machine, .committed([Self.clear(2)]), at: 200)).isEmpty)
    // Something waits, whatever it is.
    (machine, first) = Self.machine([], next: Base.time(60_000))
    let asked = Base.step(&machine, .committed([Self.clear(2)]), at: 200)
    #expect(Self.attempts(asked).isEmpty && Self.loads(asked))
    #expect(Self.attempts(Base.step(&machine, .loaded([Self.clear(2)], next: nil), at: 201)) == [2])
    // A raise takes the clears before it along.
    (machine, first) = Self.machine([], next: Base.time(60_000))
    #expect(Self.loads(Base.step(&machine, .committed([Self.raise(3)]), at: 200)))
    let both = [Self.raise(1, attempts: 1), Self.clear(2), Self.raise(3)]
    #expect(Self.attempts(Base.step(&machine, .loaded(both, next: nil), at: 201)) == [1, 2])
    #expect(Self.attempts(Base.step(&machine, .ended(id: 2, Base.ok, random: 0), at: 202)) == [3])
    // Where nothing waits, nobody does.
    (machine, first) = Self.machine([])
    #expect(Self.attempts(Base.step(&machine, .committed([Self.raise(2)]), at: 200)) == [2])
    (machine, first) = Self.machine([])
    #expect(Self.attempts(Base.step(&machine, .committed([Self.clear(2)]), at: 200)) == [2])
  }

  @Test("an answer that was asked for before the raise came back does not let it through")
  func lateAnswer() {
    var (machine, first) = Self.machine([Self.raise(1)])
    #expect(first == [1])
    #expect(Self.loads(Base.step(&machine, .woken, at: 200)))
    _ = Base.step(&machine, .ended(id: 1, Base.bad(503), random: 0.5), at: 201)
    _ = Base.step(&machine, .recorded, at: 202)
    let both = [Self.raise(1), Self.clear(2), Self.clear(3, "fan")]
    #expect(Self.attempts(Base.step(&machine, .loaded(both, next: nil), at: 203)) == [3])
    #expect(machine[id: 2] == nil)
  }

  @Test("large ones are asked for a few at a time, without those under way, and the rest follows")
  func bytes() {
    var machine = DeliveryMachine(limits: Base.limits(concurrency: 2, window: 64))
    func large(_ id: Int64) -> Delivery {
      var delivery = Samples.delivery(id)
      delivery.body = [UInt8](repeating: 0x61, count: 1 << 19)
      return delivery
    }
    _ = Base.step(&machine)
    #expect(machine.loadBytes == 1 << 20)
    // As much as was asked for, though fewer than there was room for.
    let asked = Base.step(&machine, .loaded([large(1), large(2)], next: nil))
    #expect(Self.attempts(asked) == [1, 2] && Self.loads(asked))
    #expect(machine.loadBytes == 2 << 20)
    let third = [large(1), large(2), large(3), large(4)]
    _ = Base.step(&machine, .loaded(third, next: nil))
    // Ended and not recorded, it may still be among them.
    let next = Base.step(&machine, .ended(id: 1, Base.ok, random: 0), .woken, at: 200)
    #expect(Self.attempts(next) == [3] && Self.loads(next) && machine.loadBytes == 5 << 19)
  }

  @Test("an empty signature is nobody's")
  func nobodys() {
    var one = Samples.delivery(1, signature: "")
    one.attempts = 1
    let (_, first) = Self.machine([one, Self.clear(2, "")])
    #expect(first == [1, 2])
  }

  @Test("it is no trial before its raise is")
  func trial() {
    var (machine, first) = Self.machine([Samples.delivery(1)])
    #expect(first == [1])
    _ = Base.step(&machine, .ended(id: 1, Base.bad(401), random: 0.5))
    _ = Base.step(&machine, .recorded, .woken, at: 1_000)
    var clear = Self.clear(3)
    clear.rule = "link-up"
    let loaded = Base.step(&machine, .loaded([clear, Self.raise(2)], next: nil), at: 1_001)
    #expect(Self.attempts(loaded) == [2])
  }
}
