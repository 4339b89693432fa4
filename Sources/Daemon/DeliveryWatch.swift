package import Delivery
import Synchronization

/// How every destination is doing, as its forwarder last said; written by forwarders, read by the faces and
/// by whoever routes alerts.
package final class DeliveryWatch: Sendable {
  package struct State: Sendable {
    package var name: String
    package var condition = DestinationCondition()
    /// It is no longer in the configuration.
    fileprivate var isRemoved = false

    init(name: String) { self.name = name }
  }

  private let states: Mutex<[State]>

  package init(_ names: [String]) {
    states = Mutex(names.map { State(name: $0) })
  }

  /// Those of the configuration, in the order of their places.
  package var current: [State] { states.withLock { $0.filter { !$0.isRemoved } } }

  package func isShut(_ place: Int) -> Bool { states.withLock { $0[place].condition.isShut } }

  /// It is held or open and seeks its next trial.
  package func takesOne(_ place: Int) -> Bool {
    states.withLock { states in
      let condition = states[place].condition
      return (condition.kind == .open || condition.kind == .held) && condition.takesNext
    }
  }

  /// `place`: the destination's in the list that only grows.
  package func note(_ condition: DestinationCondition, of place: Int) {
    states.withLock { $0[place].condition = condition }
  }

  /// The list has grown to `names`, of which those at `removed` are no longer in the configuration.
  func replace(_ names: [String], without removed: Set<Int>) {
    states.withLock { states in
      for name in names.dropFirst(states.count) { states.append(State(name: name)) }
      for place in states.indices {
        let isRemoved = removed.contains(place)
        // A forwarder that begins anew says how it is doing only when something is wrong.
        if isRemoved || states[place].isRemoved { states[place].condition = DestinationCondition() }
        states[place].isRemoved = isRemoved
      }
    }
  }
}
