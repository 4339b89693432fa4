import Delivery
import Model
import Testing

/// Every state of a machine, by what its breaker, its bucket and its line are doing, against everything that
/// can happen to it, before and after the clock moves; and what must hold after each.
@Suite("The machine's states against its inputs")
struct MachineTableTests {
  typealias World = MachineWalkTests.World

  /// What the breaker is doing, and how a world gets there.
  enum Gate: CaseIterable, Sendable {
    case closed, oneShort, open, openDue, openTrying, closing, held, heldDue, heldTrying

    func build(_ world: inout World) {
      switch self {
      case .closed: break
      case .oneShort: attempt(&world, [500])
      case .open: attempt(&world, [500, 500])
      case .openDue:
        attempt(&world, [500, 500])
        rest(&world)
      case .openTrying:
        Gate.openDue.build(&world)
        begin(&world)
      case .closing:
        Gate.openTrying.build(&world)
        _ = world.answer(DeliveryMachineTests.ok)
      case .held: attempt(&world, [403])
      case .heldDue:
        attempt(&world, [403])
        rest(&world)
      case .heldTrying:
        Gate.heldDue.build(&world)
        begin(&world)
      }
      while world.make(.recorded) || world.make(.answerNew) {}
    }

    /// New alerts of hosts and rules of their own, each of which is answered so.
    private func attempt(_ world: inout World, _ statuses: [Int]) {
      for status in statuses {
        begin(&world)
        _ = world.answer(DeliveryMachineTests.bad(status))
        while world.make(.recorded) {}
      }
    }

    private func begin(_ world: inout World) {
      world.now += 1_000
      world.commitStranger()
      world.receive(.woken)
      world.settle()
      while world.make(.answerNew) {}
    }

    /// The time of the trial comes, and nobody is there: they were purged by hand.
    private func rest(_ world: inout World) {
      for id in world.rows.keys where !world.underWay.contains(id) { world.rows[id] = nil }
      world.receive(.woken)
      world.settle()
      while world.make(.answerNew) {}
      world.now += 61_000
      world.receive(.timePassed)
      world.settle()
      while world.make(.answerNew) {}
    }
  }

  /// What waits.
  enum Line: CaseIterable, Sendable {
    case nothing, asked, there, retrying, ended, recording, paused

    func build(_ world: inout World) {
      if self == .nothing { return }
      world.commit(signature: "a")
      world.commit(signature: "a")
      world.commit(signature: "b")
      world.receive(.woken)
      world.settle()
      if self == .asked { return }
      while world.make(.answerNew) {}
      if self == .there { return }
      let end =
        switch self {
        case .retrying: DeliveryMachineTests.bad(503)
        case .paused: DeliveryMachineTests.bad(429, retryAfter: 30)
        default: DeliveryMachineTests.bad(422)
        }
      _ = world.answer(end)
      if self == .ended { return }
      // What else ends meanwhile waits for this record.
      if self == .recording { _ = world.answer(DeliveryMachineTests.bad(500)) }
      if self == .retrying { while world.make(.recorded) {} }
    }
  }

  /// What the bucket holds.
  enum Bucket: CaseIterable, Sendable {
    case none, used, rested
  }

  private static let clocks: [Int64] = [0, 61_000, -3_600_000]

  /// The first and last status of each row of the table, and beyond; with a wait where it means something.
  private static let ends: [DeliveryMachine.AttemptEnd] = {
    let statuses = Set(
      StatusTable.rows.flatMap { [$0.0.lowerBound, $0.0.upperBound] } + [100, 401, 403, 404, 600])
    let plain = statuses.sorted().map { DeliveryMachineTests.bad($0) }
    let asking = [408, 425, 429, 500, 503].map { DeliveryMachineTests.bad($0, retryAfter: 120) }
    return plain + asking + [.failed(error: "no route"), .refused(status: 200, error: "a login page"), .cut]
  }()

  private static let moves: [World.Move] = [
    .answerNew, .answerOld, .refuseLoad, .recorded, .refuseRecord, .commit, .commitOffered, .alarm, .reread,
    .renewed, .moved, .hastened, .refuseHaste, .shifted, .diverted, .nowhereToGo, .wentHome, .refuseDiversion,
  ]

  private static func inputs(_ world: World) -> [(name: String, world: World)] {
    var found: [(name: String, world: World)] = []
    func add(_ name: String, _ happen: (inout World) -> Bool) {
      var next = world
      if happen(&next) { found.append((name, next)) }
    }
    for end in ends { add("\(end)") { $0.answer(end) } }
    for move in moves { add("\(move)") { $0.make(move) } }
    add("woken") { $0.take(.woken) }
    add("stop") { $0.take(.stop) }
    add("cut") { $0.take(.cut) }
    add("time") { $0.take(.timePassed) }
    add("leapt") {
      $0.take(
        .clock(
          ClockLeaps([ClockLeaps.Leap(before: DeliveryMachineTests.time($0.now), by: 7_200_000_000_000)])))
    }
    add("no shift") { world in
      guard let back = world.shifting else { return false }
      world.shifting = nil
      return world.take(.shiftFailed(back: back))
    }
    return found
  }

  @Test(
    "nothing lost, nothing twice, nobody too many, in order, and every wait has an end",
    arguments: Gate.allCases)
  func table(gate: Gate) {
    var cases = 0
    for hasFallback in [false, true] {
      for bucket in Bucket.allCases {
        for line in Line.allCases {
          var world = World(
            window: 8, hasFallback: hasFallback, failures: 2,
            rate: bucket == .none ? nil : Rate(10, per: .second),
            isEmpty: true)
          world.lastID = 100
          gate.build(&world)
          line.build(&world)
          if bucket == .rested {
            world.now += 900
            world.settle()
          }
          for clock in Self.clocks {
            var moved = world
            moved.now += clock
            let place = "\(gate), \(line), bucket \(bucket), fallback \(hasFallback), clock \(clock)"
            if clock == 0 { check(moved, "\(place), before", &cases) }
            for (name, after) in Self.inputs(moved) { check(after, "\(place), \(name)", &cases) }
          }
        }
      }
    }
    print("the table at \(gate): \(cases) cases")
    #expect(cases > 1_000)
  }

  private func check(_ world: World, _ place: String, _ cases: inout Int) {
    cases += 1
    var faults = world.faults
    var again = world
    again.settle()
    // Asked twice it says nothing new.
    if again.actions > world.actions, world.hasSettled { faults.append("says more when asked again") }
    if let alarm = world.alarm {
      // As long as a receiver may ask for, or a breaker is open.
      let wait = alarm.since(DeliveryMachineTests.time(world.now)) / 1_000_000
      if wait > 3_600_000 + 3_600_000 { faults.append("sleeps for \(wait) ms") }
    }
    var drained = world
    if !world.isStopped { drained.drain() }
    var stopped = world
    stopped.stop()
    faults += drained.faults + stopped.faults
    if !faults.isEmpty { Issue.record("\(faults) at \(place)") }
  }
}
