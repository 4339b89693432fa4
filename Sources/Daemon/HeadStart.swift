import Intake

/// Work that a start need not wait for yet: begun at once on a thread of its own, and waited for by whoever
/// needs what comes of it. While a daemon starts nothing is decided; every core it can use shortens that.
final class HeadStart<Value: Sendable>: @unchecked Sendable {
  private let condition = WaitCondition()
  // Guarded by `condition`.
  private var result: Value?

  /// `work` is handed over: nobody else may use what it uses until `value` has returned.
  init(_ name: String, _ work: @escaping @Sendable () -> Value) {
    DaemonThread(name: name).start { [self] in
      let value = work()
      condition.lock()
      result = value
      condition.broadcast()
      condition.unlock()
    }
  }

  /// What came of it; blocks until the work is done.
  var value: Value {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let result { return result }
      condition.wait()
    }
  }
}
