import Foundation
import Intake

/// An operating-system thread whose end can be awaited. Blocking work lives on these, never in the
/// cooperative pool.
package final class DaemonThread: Sendable {
  private let end = EndSignal()
  let name: String

  package init(name: String) {
    self.name = name
  }

  /// Starts `body`; call once.
  package func start(_ body: @escaping @Sendable () -> Void) {
    let thread = Thread { [self] in
      SystemClock.nameThread(name)
      body()
      end.give()
    }
    // Decoding and SQLite need little stack; the default of 8 MiB is only mapped.
    thread.name = name
    thread.start()
  }

  /// Returns when the body has returned.
  package func join() async { await end.wait() }

  /// Nobody need await its end any more: it goes on until the process ends.
  package func leave() { end.give() }

  /// The calling thread gives way to others from now on: Linux keeps a nice value per thread, setpriority(2).
  package static func lowerPriority() { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }

  /// Blocks the calling thread; only for threads of this kind.
  package static func pause(milliseconds: Int) {
    Thread.sleep(forTimeInterval: Double(milliseconds) / 1_000)
  }
}
