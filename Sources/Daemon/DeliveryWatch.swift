import Delivery
import Intake
package import Model
import Synchronization

/// How a destination is doing, learned from the outcomes that pass through the queue.
package final class DeliveryWatch: Sendable {
  package struct State: Sendable {
    package var name: String
    /// Attempts that failed in a row.
    package var failures = 0
    package var since: Timestamp?
    package var reason: String?
    /// Creation of the oldest delivery that has failed since the last success.
    package var oldest: Timestamp?
  }

  private let states: Mutex<[State]>

  package init(_ names: [String]) {
    states = Mutex(names.map { State(name: $0) })
  }

  package var current: [State] { states.withLock { $0 } }

  package func note(_ outcomes: [DeliveryOutcome], destination: String, at now: Timestamp) {
    states.withLock { states in
      guard let index = states.firstIndex(where: { $0.name == destination }) else { return }
      for outcome in outcomes {
        if case .delivered = outcome.verdict {
          states[index] = State(name: destination)
        } else {
          states[index].failures += 1
          states[index].since = states[index].since ?? now
          states[index].reason = outcome.error
          states[index].oldest = states[index].oldest ?? now
        }
      }
    }
  }
}
