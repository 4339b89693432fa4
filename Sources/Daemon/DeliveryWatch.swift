package import Delivery
import Synchronization

/// How every destination is doing, as its forwarder last said; written by forwarders, read by the faces and
/// by whoever routes alerts.
package final class DeliveryWatch: Sendable {
  package struct State: Sendable {
    package var name: String
    package var condition = DestinationCondition()
  }

  private let states: Mutex<[State]>

  package init(_ names: [String]) {
    states = Mutex(names.map { State(name: $0) })
  }

  /// In the order of the configuration.
  package var current: [State] { states.withLock { $0 } }

  package func isShut(_ index: Int) -> Bool { states.withLock { $0[index].condition.isShut } }

  /// `index`: the destination's place in the configuration.
  package func note(_ condition: DestinationCondition, of index: Int) {
    states.withLock { $0[index].condition = condition }
  }
}
