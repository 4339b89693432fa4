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

  var rows: [Delivery] { state.withLock { $0.rows.values.sorted { $0.id < $1.id } } }
  var pending: Int { state.withLock { $0.rows.values.count { $0.state == .pending } } }
  var outcomes: [DeliveryOutcome] { state.withLock { $0.outcomes } }
  var records: Int { state.withLock { $0.records } }
  var looks: Int { state.withLock { $0.looks } }

  func due(
    destination: String, now: Timestamp, limit: Int, staleBefore: Timestamp
  ) async throws -> [Delivery] {
    state.withLock { state in
      state.looks += 1
      let due = state.rows.values.filter {
        $0.destination == destination && $0.state == .pending && $0.nextAttemptAt <= now
      }
      return Array(
        due.sorted { left, right in
          let leftKey = (left.rank, left.createdAt < staleBefore ? 1 : 0, left.eventID.rawValue)
          let rightKey = (right.rank, right.createdAt < staleBefore ? 1 : 0, right.eventID.rawValue)
          return leftKey < rightKey
        }.prefix(limit))
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
