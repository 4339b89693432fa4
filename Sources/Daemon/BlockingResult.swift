import Intake
import Store

/// A result another thread waits for.
final class BlockingResult<T: Sendable>: @unchecked Sendable {
  private let condition = WaitCondition()
  private var result: Result<T, StoreError>?

  func set(_ result: Result<T, StoreError>) {
    condition.lock()
    self.result = result
    condition.signal()
    condition.unlock()
  }

  func wait() -> Result<T, StoreError> {
    condition.lock()
    defer { condition.unlock() }
    while result == nil { condition.wait() }
    return result!
  }
}
