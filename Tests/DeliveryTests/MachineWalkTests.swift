import Delivery
import Model
import Testing

/// Every order in which a small world can answer the machine, and what must hold in all of them.
@Suite("The machine in every order of events")
struct MachineWalkTests {
  /// A queue and a receiver that answer when the walk says so.
  struct World {
    var machine: DeliveryMachine
    /// With a small one the queue holds more than the machine sees; signatures may overtake then.
    let window: Int
    var now: Int64 = 0
    var rows: [Int64: Delivery] = [:]
    var nextID: Int64 = 1
    var underWay: [Int64] = []
    var record: [DeliveryOutcome]?
    /// The limit asked for, and the rows as they were when it was asked.
    var load: (limit: Int, then: [Delivery])?
    var alarm: Timestamp?
    var deliveredCount: [Int64: Int] = [:]
    var isFinished = false
    var faults: [String] = []

    init(window: Int) {
      self.window = window
      machine = DeliveryMachine(limits: DeliveryMachineTests.limits(concurrency: 2, window: window))
      commit(signature: "a")
      commit(signature: "a")
      commit(signature: "b")
      settle()
    }

    mutating func commit(signature: String) {
      rows[nextID] = Samples.delivery(nextID, signature: signature)
      nextID += 1
    }

    /// What can happen next.
    enum Move: CaseIterable {
      case answerNew, answerOld, refuseLoad, recorded, refuseRecord, firstOK, lastOK, firstFails, lastCut
      case commit, alarm
    }

    var due: [Delivery] {
      let now = DeliveryMachineTests.time(now)
      return rows.values.filter { $0.state == .pending && $0.nextAttemptAt <= now }.sorted { $0.id < $1.id }
    }

    /// False when the move is not possible now.
    mutating func make(_ move: Move) -> Bool {
      switch move {
      case .answerNew:
        guard load != nil else { return false }
        answer(due)
      case .answerOld:
        guard let load, load.then != due else { return false }
        answer(load.then)
      case .refuseLoad:
        guard load != nil else { return false }
        load = nil
        receive(.loadFailed)
      case .recorded:
        guard let outcomes = record else { return false }
        record = nil
        apply(outcomes)
        receive(.recorded)
      case .refuseRecord:
        guard record != nil else { return false }
        record = nil
        receive(.recordFailed)
      case .firstOK:
        guard let id = underWay.first else { return false }
        deliveredCount[id, default: 0] += 1
        end(id, DeliveryMachineTests.ok)
      case .lastOK:
        guard underWay.count > 1, let id = underWay.last else { return false }
        deliveredCount[id, default: 0] += 1
        end(id, DeliveryMachineTests.ok)
      case .firstFails:
        guard let id = underWay.first else { return false }
        end(id, .failed(error: "x"))
      case .lastCut:
        guard let id = underWay.last else { return false }
        end(id, .cut)
      case .commit:
        guard nextID < 6 else { return false }
        commit(signature: "a")
        receive(.woken)
      case .alarm:
        guard let alarm else { return false }
        now = max(now, alarm.since(DeliveryMachineTests.start) / 1_000_000)
        self.alarm = nil
        receive(.timePassed)
      }
      settle()
      return true
    }

    private mutating func answer(_ rows: [Delivery]) {
      guard let load else { return }
      self.load = nil
      let part = Array(rows.prefix(load.limit))
      let next = self.rows.values.filter { $0.state == .pending }.map(\.nextAttemptAt).min()
      receive(.loaded(part, next: part.count < load.limit ? next : nil))
    }

    private mutating func end(_ id: Int64, _ end: DeliveryMachine.AttemptEnd) {
      underWay.removeAll { $0 == id }
      receive(.ended(id: id, end, random: 0.5))
    }

    private mutating func apply(_ outcomes: [DeliveryOutcome]) {
      for outcome in outcomes {
        switch outcome.verdict {
        case .delivered: rows[outcome.id] = nil
        case .dead: rows[outcome.id]?.state = .dead
        case .retry(let at):
          rows[outcome.id]?.attempts += 1
          rows[outcome.id]?.nextAttemptAt = at
        }
      }
    }

    mutating func receive(_ input: DeliveryMachine.Input) {
      machine.receive(input, now: DeliveryMachineTests.time(now))
    }

    mutating func settle() {
      for action in machine.decide(now: DeliveryMachineTests.time(now)) { take(action) }
      let firsts = underWay.compactMap { rows[$0] }.filter { $0.attempts == 0 }
      if window >= 8, firsts.filter({ $0.signature == "a" }).count > 1 {
        faults.append("two of a signature at once")
      }
      if underWay.count > 2 { faults.append("\(underWay.count) under way") }
    }

    private mutating func take(_ action: DeliveryMachine.Action) {
      switch action {
      case .attempt(let ids):
        for id in ids {
          if underWay.contains(id) { faults.append("\(id) twice at once") }
          if deliveredCount[id] != nil { faults.append("\(id) again after its 2xx") }
          if machine[id: id] == nil { faults.append("\(id) unknown") }
          underWay.append(id)
        }
      case .record(let outcomes):
        if record != nil { faults.append("two records at once") }
        record = outcomes
      case .load(let limit, _):
        if load != nil { faults.append("two loads at once") }
        load = (limit, due)
      case .sleep(let until): alarm = until
      case .changed: break
      case .finished: isFinished = true
      }
    }

    /// Lets everything succeed; nothing may be left.
    mutating func drain() {
      for _ in 0..<200 where faults.isEmpty {
        let kind: [Move] = [.recorded, .firstOK, .answerNew, .alarm]
        guard kind.contains(where: { make($0) }) else { break }
      }
      if !rows.isEmpty { faults.append("stalled with \(rows.keys.sorted())") }
      if deliveredCount.values.contains(where: { $0 != 1 }) { faults.append("delivered \(deliveredCount)") }
    }

    /// Stops it; it must come to an end whatever is under way.
    mutating func stop() {
      receive(.stop)
      settle()
      receive(.cut)
      settle()
      for _ in 0..<20 where !isFinished {
        if !make(.lastCut), !make(.recorded) { break }
      }
      if !isFinished { faults.append("does not stop") }
    }
  }

  @Test("no delivery is lost, doubled or stuck, and a stop always ends", arguments: [4, 8])
  func walk(window: Int) {
    var visited = 0
    visit(World(window: window), [], depth: 5, &visited)
    #expect(visited > 1_000)
  }

  private func visit(_ world: World, _ path: [World.Move], depth: Int, _ visited: inout Int) {
    visited += 1
    var drained = world
    drained.drain()
    var stopped = world
    stopped.stop()
    let faults = drained.faults + stopped.faults
    if !faults.isEmpty { Issue.record("\(faults) after \(path)") }
    guard depth > 0, faults.isEmpty else { return }
    for move in World.Move.allCases {
      var next = world
      if next.make(move) { visit(next, path + [move], depth: depth - 1, &visited) }
    }
  }
}
