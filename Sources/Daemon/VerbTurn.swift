import Intake

/// The order in which several threads put out what they make: by their number, from 0, one after the other.
final class VerbTurn: @unchecked Sendable {
  private let condition = WaitCondition()
  private var current = 0

  /// Waits until all before `order` are done.
  func wait(for order: Int) {
    condition.lock()
    while current < order { condition.wait() }
    condition.unlock()
  }

  /// The next one may.
  func pass() {
    condition.lock()
    current += 1
    condition.broadcast()
    condition.unlock()
  }
}
