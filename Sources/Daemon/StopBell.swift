import Intake

/// Wakes a thread that waits for its time, to end it.
final class StopBell: @unchecked Sendable {
  private let condition = WaitCondition()
  // Guarded by `condition`.
  private var isRung = false

  func ring() {
    condition.lock()
    isRung = true
    condition.broadcast()
    condition.unlock()
  }

  /// True once it rings; false after `seconds`.
  func wait(seconds: Double) -> Bool {
    let end = SystemClock.monotonic + Int64(seconds * 1e9)
    condition.lock()
    defer { condition.unlock() }
    while !isRung {
      let left = end - SystemClock.monotonic
      if left <= 0 { break }
      _ = condition.wait(seconds: Double(left) / 1e9)
    }
    return isRung
  }
}
