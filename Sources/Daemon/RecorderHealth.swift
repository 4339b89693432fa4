package import Store
import Synchronization

/// Whether `outbox.db` can be written and its writer gets on, for `/readyz` and the watchdog.
package final class RecorderHealth: Sendable {
  private let problem = Mutex<StoreError?>(nil)
  private let homeless = Mutex(UnroutedBook.Summary())
  /// CLOCK_MONOTONIC nanoseconds of the last step of the work under way; 0: nothing is to be done.
  private let step = Atomic<Int64>(0)

  package init() {}

  package func succeeded() { problem.withLock { if $0 != nil { $0 = nil } } }
  package func failed(_ error: StoreError) { problem.withLock { $0 = error } }

  /// Why the last transaction failed; nil when it did not.
  package var failure: StoreError? { problem.withLock { $0 } }

  /// Alerts that no destination takes.
  var unrouted: UnroutedBook.Summary { homeless.withLock { $0 } }
  func noteUnrouted(_ summary: UnroutedBook.Summary) { homeless.withLock { $0 = summary } }

  /// The writer begins a step: a turn, another attempt, a piece of work of somebody else's.
  package func beat(_ monotonic: Int64) { step.store(max(1, monotonic), ordering: .relaxed) }
  /// It waits for work.
  package func rest() { step.store(0, ordering: .relaxed) }

  /// How long the step under way has taken, nanoseconds; 0 when nothing is to be done.
  package func silence(at monotonic: Int64) -> Int64 {
    let began = step.load(ordering: .relaxed)
    return began == 0 ? 0 : max(0, monotonic - began)
  }
}
