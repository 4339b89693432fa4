import Foundation
import Intake
import Synchronization

/// An operating-system thread whose end can be awaited. Blocking work lives on these, never in the
/// cooperative pool.
package final class DaemonThread: Sendable {
  private struct State {
    var isDone = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())
  private let name: String

  package init(name: String) {
    self.name = name
  }

  /// Starts `body`; call once.
  package func start(_ body: @escaping @Sendable () -> Void) {
    let thread = Thread { [self] in
      SystemClock.nameThread(name)
      body()
      finish()
    }
    // Decoding and SQLite need little stack; the default of 8 MiB is only mapped.
    thread.name = name
    thread.start()
  }

  private func finish() {
    let waiters = state.withLock { state in
      state.isDone = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns when the body has returned.
  package func join() async {
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        if !state.isDone { state.waiters.append(continuation) }
        return state.isDone
      }
      if isDone { continuation.resume() }
    }
  }

  /// The calling thread gives way to others from now on: Linux keeps a nice value per thread, setpriority(2).
  package static func lowerPriority() { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }

  /// Blocks the calling thread; only for threads of this kind.
  package static func pause(milliseconds: Int) {
    Thread.sleep(forTimeInterval: Double(milliseconds) / 1_000)
  }
}
