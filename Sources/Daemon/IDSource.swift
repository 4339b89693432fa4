package import Model
import Synchronization

/// One generator for all workers; they take a block of ids per batch.
package final class IDSource: Sendable {
  private let generator: Mutex<EventIDGenerator>

  package init(node: Int, floor: Int64?) {
    generator = Mutex(EventIDGenerator(node: node, floor: floor))
  }

  /// The first of `count` consecutive ids (1...4096).
  package func block(now: Timestamp, count: Int) -> EventID {
    generator.withLock { $0.block(now: now.milliseconds, count: Int64(count)) }
  }
}
