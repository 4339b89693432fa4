import Model
import NIOCore
import Synchronization

/// The connections of one server for which no answer is on its way: those that have not asked for anything
/// yet, those that do not take what they asked for, and those that have had their answer and may ask again.
/// When nearly all places are taken, one of them makes room: whoever wants something asks at once and takes
/// it, and ten thousand who do not must not keep him waiting until their time is up.
final class SilentConnections: Sendable {
  /// In the order in which they go: who was of use to somebody goes last.
  private enum Kind: Int {
    case hasNotAsked, takesNothing, hasAnswer

    /// What somebody asks when he connects may not have been read yet, and who takes an answer may have to
    /// wait for the network: until then nobody is taken to be silent.
    var grace: TimeAmount { self == .takesNothing ? .seconds(2) : .milliseconds(100) }
  }

  private struct Silent {
    let channel: any Channel
    let since = NIODeadline.now()
    let kind: Kind

    /// From when on it may go.
    var ripens: NIODeadline { since + kind.grace }

    func goes(before other: Silent) -> Bool {
      kind == other.kind ? since < other.since : kind.rawValue < other.kind.rawValue
    }
  }

  private struct State {
    /// All that are open, silent or not.
    var open = 0
    var next: UInt64 = 0
    var silent: [UInt64: Silent] = [:]
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
    let (number, isFull) = state.withLock { state in
      let number = state.next
      state.next += 1
      state.open += 1
      state.silent[number] = Silent(channel: channel, kind: .hasNotAsked)
      return (number, state.open > limit)
    }
    if isFull { makeRoom(channel.eventLoop) }
    return number
  }

  /// Closes one that has been silent for a while, as soon as there is one.
  private func makeRoom(_ loop: any EventLoop) {
    let now = NIODeadline.now()
    let (first, wait) = state.withLock { state -> ((any Channel)?, TimeAmount?) in
      guard state.open > limit else { return (nil, nil) }
      let ripe = state.silent.filter { $0.value.ripens <= now }
      if let place = ripe.min(by: { $0.value.goes(before: $1.value) })?.key {
        return (state.silent.removeValue(forKey: place)?.channel, nil)
      }
      return (nil, state.silent.values.map(\.ripens).min().map { $0 - now })
    }
    if let wait { _ = loop.scheduleTask(in: wait) { self.makeRoom(loop) } }
    guard let first else { return }
    first.close(promise: nil)
    notices(
      Notice(
        .warning, "console", "too many connections: one that waited for no answer, or took none, was closed",
        [("limit", .number(Int64(limit)))]))
  }

  /// It has asked for something, and waits for the answer.
  func speaks(_ number: UInt64) { state.withLock { $0.silent[number] = nil } }

  /// It has its answer.
  func rests(_ number: UInt64, _ channel: any Channel) { turns(.hasAnswer, number, channel) }

  /// As much lies before it as may, and it takes nothing.
  func stalls(_ number: UInt64, _ channel: any Channel) { turns(.takesNothing, number, channel) }

  private func turns(_ kind: Kind, _ number: UInt64, _ channel: any Channel) {
    let isFull = state.withLock { state in
      state.silent[number] = Silent(channel: channel, kind: kind)
      return state.open > limit
    }
    if isFull { makeRoom(channel.eventLoop) }
  }

  /// It is closed.
  func leave(_ number: UInt64) {
    state.withLock { state in
      state.open -= 1
      state.silent[number] = nil
    }
  }
}
