import Delivery
import Model
import Synchronization

/// An outbox in memory.
final class MemoryQueue: DeliveryQueue {
  struct Refused: Error {}
  private struct State {
    var rows: [Int64: Delivery] = [:]
    var outcomes: [DeliveryOutcome] = []
    var records = 0
    var looks = 0
    var refusals = 0
    var refuge: String?
    var diversions = 0
  }

  private let state = Mutex(State())

  init(_ deliveries: [Delivery] = []) { add(deliveries) }

  func add(_ deliveries: [Delivery]) {
    state.withLock { state in
      for delivery in deliveries { state.rows[delivery.id] = delivery }
    }
  }

  /// The next so many records are refused.
  func refuse(_ count: Int) { state.withLock { $0.refusals = count } }

  /// Who takes over; nil: nobody.
  func offer(refuge: String?) { state.withLock { $0.refuge = refuge } }
  /// How often it was asked to make over what waits.
  var diversions: Int { state.withLock { $0.diversions } }

  var rows: [Delivery] { state.withLock { $0.rows.values.sorted { $0.id < $1.id } } }
  var pending: Int { state.withLock { $0.rows.values.count { $0.state == .pending } } }
  var outcomes: [DeliveryOutcome] { state.withLock { $0.outcomes } }
  var records: Int { state.withLock { $0.records } }
  var looks: Int { state.withLock { $0.looks } }

  func due(
    destination: String, now: Timestamp, limit: Int, bytes: Int, staleBefore: Timestamp
  ) async throws -> [Delivery] {
    state.withLock { state in
      state.looks += 1
      let due = state.rows.values.filter {
        $0.destination == destination && $0.state == .pending && $0.nextAttemptAt <= now
      }
      var left = bytes
      let line = Array(
        due.sorted { left, right in
          let leftKey = (left.rank, left.createdAt < staleBefore ? 1 : 0, left.eventID.rawValue)
          let rightKey = (right.rank, right.createdAt < staleBefore ? 1 : 0, right.eventID.rawValue)
          return leftKey < rightKey
        }.prefix(limit))
      return Array(
        line.prefix { delivery in
          defer { left -= delivery.body.count }
          return left > 0
        })
    }
  }

  func nextDue(destination: String, after now: Timestamp) async throws -> Timestamp? {
    state.withLock { state in
      state.rows.values.filter { $0.destination == destination && $0.state == .pending }
        .map(\.nextAttemptAt).filter { $0 > now }.min()
    }
  }

  func shift(destination: String, back nanoseconds: Int64, now: Timestamp) async throws {
    try state.withLock { state in
      if state.refusals > 0 {
        state.refusals -= 1
        throw Refused()
      }
      for (id, row) in state.rows where row.state == .pending && row.nextAttemptAt > now {
        state.rows[id]?.nextAttemptAt = Timestamp(nanoseconds: row.nextAttemptAt.nanoseconds - nanoseconds)
      }
    }
  }

  func hasten(
    destination: String, throttled: Bool, isAgain: Bool, now: Timestamp
  ) async throws -> Bool {
    state.withLock { state in
      if state.refusals > 0 {
        state.refusals -= 1
        return false
      }
      for (id, row) in state.rows where row.state == .pending && row.nextAttemptAt > now {
        if throttled || row.lastStatus != 429 { state.rows[id]?.nextAttemptAt = now }
      }
      return true
    }
  }

  func divert(
    destination: String, except: Set<Int64>, continues: Bool, now: Timestamp
  ) async throws -> Diverted {
    try state.withLock { state in
      state.diversions += 1
      if state.refusals > 0 {
        state.refusals -= 1
        throw Refused()
      }
      guard let refuge = state.refuge else { return Diverted() }
      var result = Diverted(target: refuge)
      let busy = Set(except.compactMap { state.rows[$0]?.signature })
      for var row in state.rows.values
      where row.destination == destination && row.state == .pending && !except.contains(row.id) {
        if busy.contains(row.signature) {
          result.heldBack += 1
        } else if row.goOver(to: refuge, isAlike: true, now: now) {
          state.rows[row.id] = row
          result.moved += 1
          if row.rank == 0 { result.pages += 1 }
        } else {
          result.stayed += 1
        }
      }
      return result
    }
  }

  func record(_ outcomes: [DeliveryOutcome], destination: String) async throws {
    try state.withLock { state in
      if state.refusals > 0 {
        state.refusals -= 1
        throw Refused()
      }
      state.records += 1
      state.outcomes += outcomes
      for outcome in outcomes {
        switch outcome.verdict {
        case .delivered: state.rows[outcome.id] = nil
        case .dead: state.rows[outcome.id]?.state = .dead
        case .retry(let at): state.rows[outcome.id]?.nextAttemptAt = at
        }
        state.rows[outcome.id]?.attempts += 1
        state.rows[outcome.id]?.lastStatus = outcome.status
        state.rows[outcome.id]?.lastError = outcome.error
      }
    }
  }
}
