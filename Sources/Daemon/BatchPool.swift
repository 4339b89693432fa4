import Foundation
package import Model

/// Emptied batches that keep their memory, so that a steady flow allocates nothing. Bounded; a batch whose
/// text grew beyond the usual is let go.
package final class BatchPool: @unchecked Sendable {
  /// Spare batches kept, and the text capacity up to which one is worth keeping.
  package static let standardLimit = 16
  package static let standardText = 1 << 20

  private let lock = NSLock()
  private var spare: [EventBatch] = []
  private let limit: Int
  private let largestText: Int

  package init(limit: Int, largestText: Int) {
    self.limit = limit
    self.largestText = largestText
  }

  package func take() -> EventBatch {
    lock.lock()
    defer { lock.unlock() }
    return spare.popLast() ?? EventBatch()
  }

  package func give(_ batch: consuming EventBatch) {
    var batch = batch
    guard max(batch.bytes.capacity, batch.answers.bytes.capacity) <= largestText else { return }
    batch.clear()
    lock.lock()
    if spare.count < limit { spare.append(batch) }
    lock.unlock()
  }
}

extension EventBatch {
  /// Bytes a batch holds, as the budget counts them.
  package static func cost(of batch: borrowing EventBatch) -> Int {
    batch.rows.count * MemoryLayout<EventRow>.stride + batch.bytes.count
      + batch.answers.bytes.count
  }
}
