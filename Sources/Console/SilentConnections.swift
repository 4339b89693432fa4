import Model
import NIOCore
import Synchronization

/// The connections of one server that have not asked for anything yet. When nearly all places are taken, the
/// oldest of them makes room: whoever wants something asks at once, and ten thousand who do not must not keep
/// him waiting until their time is up.
final class SilentConnections: Sendable {
  private struct State {
    /// All that are open, silent or not.
    var open = 0
    var next: UInt64 = 0
    var silent: [UInt64: any Channel] = [:]
  }

  private let state = Mutex(State())
  private let limit: Int
  private let notices: NoticeSink

  /// `limit`: of open connections, above which one has to go.
  init(limit: Int, notices: @escaping NoticeSink) {
    self.limit = limit
    self.notices = notices
  }

  /// A connection has come; gives its number.
  func enter(_ channel: any Channel) -> UInt64 {
    let (number, oldest) = state.withLock { state in
      let number = state.next
      state.next += 1
      state.open += 1
      var oldest: (any Channel)?
      if state.open > limit, let first = state.silent.keys.min() {
        oldest = state.silent.removeValue(forKey: first)
      }
      state.silent[number] = channel
      return (number, oldest)
    }
    if let oldest {
      oldest.close(promise: nil)
      notices(
        Notice(
          .warning, "console", "too many connections: the oldest that had asked for nothing was closed",
          [("limit", .number(Int64(limit)))]))
    }
    return number
  }

  /// It has asked for something.
  func speaks(_ number: UInt64) { state.withLock { $0.silent[number] = nil } }

  /// It is closed.
  func leave(_ number: UInt64) {
    state.withLock { state in
      state.open -= 1
      state.silent[number] = nil
    }
  }
}
