package import Model
import Synchronization

/// Whether the store takes rows, for `/readyz` and the metrics.
package final class StoreHealth: Sendable {
  package struct State: Sendable {
    package var isUp = true
    package var since = Timestamp.absent
    package var reason: String?
    /// Rows are read back from the spool: the store has been behind.
    package var isSpooling = false
    /// Another daemon writes under our node: nothing may be written.
    package var isNodeTaken = false
    /// It was the watch for changes that found the store away; the writer knows better.
    fileprivate var isByLink = false
  }
  private let state = Mutex(State())

  package init() {}
  package var current: State { state.withLock { $0 } }
  package func up() { state.withLock { if !$0.isUp { $0 = State(isSpooling: $0.isSpooling) } } }
  package func down(_ reason: String, isNodeTaken: Bool = false, at now: Timestamp) {
    state.withLock {
      if $0.isUp { $0.since = now }
      $0.isUp = false
      $0.reason = reason
      $0.isNodeTaken = isNodeTaken
      $0.isByLink = false
    }
  }

  /// The server went away, or came back, while perhaps nothing is to be written.
  package func linkDown(_ reason: String, at now: Timestamp) {
    state.withLock {
      if !$0.isUp { return }
      $0.since = now
      $0.isUp = false
      $0.reason = reason
      $0.isByLink = true
    }
  }
  package func linkUp() {
    state.withLock { if $0.isByLink { $0 = State(isSpooling: $0.isSpooling) } }
  }
  package func spooling(_ flag: Bool) { state.withLock { $0.isSpooling = flag } }
}
