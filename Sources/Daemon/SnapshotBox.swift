package import Policy
import Synchronization

/// The snapshot that decides now. Written by the reloader, read by the workers: one atomic load a batch tells
/// whether it has changed.
package final class SnapshotBox: Sendable {
  private let generation = Atomic<UInt64>(0)
  private let current = Mutex<Snapshot?>(nil)

  package init() {}

  /// Grows with every `publish`; 0: nothing decides yet.
  package var currentGeneration: UInt64 { generation.load(ordering: .acquiring) }

  package var snapshot: Snapshot? { current.withLock { $0 } }

  package func publish(_ snapshot: Snapshot) {
    current.withLock { $0 = snapshot }
    generation.add(1, ordering: .releasing)
  }
}
