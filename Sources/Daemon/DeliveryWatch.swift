package import Delivery
import Intake
import Synchronization

/// How every destination is doing, as its forwarder last said; written by forwarders, read by the faces and
/// by whoever routes alerts.
package final class DeliveryWatch: Sendable {
  package struct State: Sendable {
    package var name: String
    package var condition = DestinationCondition()
    /// Alerts of which its template made no JSON.
    package var templateFailures: UInt64 = 0
    /// It is no longer in the configuration.
    fileprivate var isRemoved = false
    /// Since when it is held or open, by the clock; nil: it is not.
    fileprivate var shutSince: Int64?

    init(name: String) { self.name = name }
  }

  private let states: Mutex<[State]>
  /// Nanoseconds of a clock that nobody sets.
  private let clock: @Sendable () -> Int64

  package init(_ names: [String], clock: @escaping @Sendable () -> Int64 = { SystemClock.monotonic }) {
    states = Mutex(names.map { State(name: $0) })
    self.clock = clock
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

  /// Where every destination among `names`, or every one where that is nil, is held or open: who they are,
  /// and how long no alert can have left, nanoseconds. Nil: one of them is not, or there is none.
  package func silence(of names: Set<String>?) -> (names: [String], nanoseconds: Int64)? {
    let now = clock()
    let chosen = current.filter { names?.contains($0.name) ?? true }
    let times = chosen.compactMap(\.shutSince)
    guard let last = times.max(), times.count == chosen.count else { return nil }
    return (chosen.map(\.name), now - last)
  }

  /// `place`: the destination's in the list that only grows.
  package func note(_ condition: DestinationCondition, of place: Int) {
    let isShut = condition.kind == .open || condition.kind == .held
    let now = clock()
    states.withLock { states in
      states[place].condition = condition
      // From open to held, or with a trial under way, it goes on being shut.
      states[place].shutSince = isShut ? states[place].shutSince ?? now : nil
    }
  }

  package func noteTemplateFailure(of name: String) {
    states.withLock { states in
      guard let place = states.firstIndex(where: { $0.name == name && !$0.isRemoved }) else { return }
      states[place].templateFailures += 1
    }
  }

  /// The list has grown to `names`, of which those at `removed` are no longer in the configuration.
  func replace(_ names: [String], without removed: Set<Int>) {
    states.withLock { states in
      for name in names.dropFirst(states.count) { states.append(State(name: name)) }
      for place in states.indices {
        let isRemoved = removed.contains(place)
        // A forwarder that begins anew says how it is doing only when something is wrong.
        if isRemoved || states[place].isRemoved {
          states[place].condition = DestinationCondition()
          states[place].shutSince = nil
        }
        states[place].isRemoved = isRemoved
      }
    }
  }
}
