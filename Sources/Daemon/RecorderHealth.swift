import Synchronization

/// Whether `outbox.db` can be written, for `/readyz`.
package final class RecorderHealth: Sendable {
  private let problem = Mutex<String?>(nil)

  package init() {}

  package func succeeded() { problem.withLock { if $0 != nil { $0 = nil } } }
  package func failed(_ message: String) { problem.withLock { $0 = message } }

  /// Why the last transaction failed; nil when it did not.
  package var failure: String? { problem.withLock { $0 } }
}
