import Synchronization

/// Work that nothing interrupts and that may take half a minute: compiling. It holds nothing of the books, so
/// a stop does not wait for it: whoever is at it then is left there, touches nothing any more, and the
/// process ends beneath it.
final class LongWork: Sendable {
  private struct State {
    var isUnderWay = false
    var isLeft = false
    /// Tells those who await the thread that they need not; nil before a stop.
    var leave: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// A thread was left behind, and may be at work until the process ends.
  var isLeft: Bool { state.withLock { $0.isLeft } }

  /// Does not return once the thread was left.
  func run<Value, Failure: Error>(_ work: () throws(Failure) -> Value) throws(Failure) -> Value {
    begin()
    defer { end() }
    return try work()
  }

  /// Leaves the thread that is at work, or will be.
  func stop(_ leave: @escaping @Sendable () -> Void) {
    let isUnderWay = state.withLock { state in
      state.leave = leave
      state.isLeft = state.isLeft || state.isUnderWay
      return state.isUnderWay
    }
    if isUnderWay { leave() }
  }

  private func begin() {
    let leave = state.withLock { state in
      state.isUnderWay = true
      state.isLeft = state.isLeft || state.leave != nil
      return state.leave
    }
    guard let leave else { return }
    leave()
    rest()
  }

  private func end() {
    let isLeft = state.withLock { state in
      state.isUnderWay = false
      return state.isLeft
    }
    if isLeft { rest() }
  }

  private func rest() {
    while true { DaemonThread.pause(milliseconds: 60_000) }
  }
}
