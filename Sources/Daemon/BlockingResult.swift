import Intake

/// A result another thread waits for.
final class BlockingResult<T: Sendable, Failure: Error>: @unchecked Sendable {
  private let condition = WaitCondition()
  private var result: Result<T, Failure>?

  func set(_ result: Result<T, Failure>) {
    condition.lock()
    self.result = result
    condition.signal()
    condition.unlock()
  }

  func wait() -> Result<T, Failure> {
    condition.lock()
    defer { condition.unlock() }
    while result == nil { condition.wait() }
    return result!
  }
}
