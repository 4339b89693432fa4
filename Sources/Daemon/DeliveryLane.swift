import Delivery
import Synchronization

/// One destination's forwarder while it runs, with an end that can be awaited: whoever takes its place must
/// not attempt what is under way here.
final class DeliveryLane: Sendable {
  private struct State {
    var hasEnded = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  let forwarder: Forwarder
  private let previous: DeliveryLane?
  private let state = Mutex(State())

  /// `previous`: whose place it takes.
  init(_ forwarder: Forwarder, after previous: DeliveryLane? = nil) {
    self.forwarder = forwarder
    self.previous = previous
  }

  /// Delivers until its task is cancelled or the forwarder is told to stop.
  func run() async {
    await previous?.ended()
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
