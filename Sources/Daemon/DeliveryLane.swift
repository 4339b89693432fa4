import Delivery
import Synchronization

/// One destination's forwarder while it runs, with an end that can be awaited: whoever takes its place must
/// not attempt what is under way here.
final class DeliveryLane: Sendable {
  private struct State {
    var hasEnded = false
    var previous: DeliveryLane?
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  let forwarder: Forwarder
  private let begins: @Sendable () -> Void
  private let state: Mutex<State>

  /// - Parameters:
  ///   - previous: whose place it takes.
  ///   - begins: called when that has said its last word.
  init(
    _ forwarder: Forwarder, after previous: DeliveryLane? = nil, begins: @escaping @Sendable () -> Void = {}
  ) {
    self.forwarder = forwarder
    self.begins = begins
    state = Mutex(State(previous: previous))
  }

  /// Delivers until its task is cancelled or the forwarder is told to stop.
  func run() async {
    // Not kept any longer: it keeps its own settings and secrets.
    let previous = state.withLock { state in
      defer { state.previous = nil }
      return state.previous
    }
    await previous?.ended()
    begins()
    await forwarder.run()
    let waiters = state.withLock { state in
      state.hasEnded = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  private func ended() async {
    await withCheckedContinuation { continuation in
      let hasEnded = state.withLock { state in
        if !state.hasEnded { state.waiters.append(continuation) }
        return state.hasEnded
      }
      if hasEnded { continuation.resume() }
    }
  }
}
