import Synchronization

/// The lines that wait for one watcher: taken all at once, and bounded for one who does not take them.
final class TapQueue: Sendable {
  /// Bytes.
  static let limit = 256 << 10

  private struct State {
    var bytes: [UInt8] = []
    var waiting: CheckedContinuation<[UInt8]?, Never>?
    var isEnded = false
  }

  private let state = Mutex(State())

  init() {}

  /// False: there is no room.
  func put(_ line: [UInt8]) -> Bool {
    let (isTaken, waiting) = state.withLock { state -> (Bool, CheckedContinuation<[UInt8]?, Never>?) in
      if state.isEnded || state.bytes.count + line.count > TapQueue.limit { return (false, nil) }
      defer { state.waiting = nil }
      if state.waiting == nil { state.bytes += line }
      return (true, state.waiting)
    }
    waiting?.resume(returning: line)
    return isTaken
  }

  /// What waits is still taken.
  func end() {
    let waiting = state.withLock { state in
      state.isEnded = true
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume(returning: nil)
  }

  /// Everything that waits, or the next line; nil at the end, and for a task that is cancelled.
  func next() async -> [UInt8]? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: [UInt8]?? = state.withLock { state in
          if !state.bytes.isEmpty {
            defer { state.bytes = [] }
            return .some(state.bytes)
          }
          if state.isEnded { return .some(nil) }
          state.waiting = continuation
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      end()
    }
  }
}
