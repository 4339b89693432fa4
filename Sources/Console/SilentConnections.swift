import Model
import NIOCore
import Synchronization

/// The connections of one server for which no answer is on its way: those that have not asked for anything
/// yet, those that have had their answer and may ask again, and those that do not take what they asked for.
/// When nearly all places are taken, one of them makes room: whoever wants something asks at once and takes
/// it, and ten thousand who do not must not keep him waiting until their time is up.
final class SilentConnections: Sendable {
  /// In the order in which they go. What is taken slowly may not be seen to move for a while, so those go
  /// last, and late.
  enum Kind: Int {
    case hasNotAsked, hasAnswer, takesNothing

    /// What somebody asks when he connects may not have been read yet: until then he is not silent.
    fileprivate var grace: TimeAmount { self == .takesNothing ? .seconds(10) : .milliseconds(100) }
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
    /// Of them, those that were told to go.
    var leaving: Set<UInt64> = []
    var next: UInt64 = 0
    var silent: [UInt64: Silent] = [:]
    /// When somebody looks again.
    var looks = NIODeadline.distantFuture

    func isFull(_ limit: Int) -> Bool { open - leaving.count > limit }
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
    let number = state.withLock { state in
      state.next += 1
      state.open += 1
      return state.next
    }
    turns(.hasNotAsked, number, channel)
    return number
  }

  /// It is silent in this way from now on.
  func turns(_ kind: Kind, _ number: UInt64, _ channel: any Channel) {
    let isFull = state.withLock { state in
      state.silent[number] = Silent(channel: channel, kind: kind)
      return state.isFull(limit)
    }
    if isFull { makeRoom(channel.eventLoop) }
  }

  /// Closes as many as there are too many, of those that have been silent for a while; looks again when the
  /// next one has been.
  private func makeRoom(_ loop: any EventLoop) {
    while let channel = takeRipe() {
      channel.close(promise: nil)
      notices(
        Notice(
          .warning, "console",
          "too many connections: one that waited for no answer, or took none, was closed",
          [("limit", .number(Int64(limit)))]))
    }
    let next = state.withLock { state -> NIODeadline? in
      guard state.isFull(limit), let next = state.silent.values.map(\.ripens).min(), next < state.looks
      else { return nil }
      state.looks = next
      return next
    }
    guard let next else { return }
    _ = loop.scheduleTask(deadline: next) {
      self.state.withLock { $0.looks = .distantFuture }
      self.makeRoom(loop)
    }
  }

  private func takeRipe() -> (any Channel)? {
    let now = NIODeadline.now()
    return state.withLock { state in
      guard state.isFull(limit) else { return nil }
      let ripe = state.silent.filter { $0.value.ripens <= now }
      guard let place = ripe.min(by: { $0.value.goes(before: $1.value) })?.key else { return nil }
      state.leaving.insert(place)
      return state.silent.removeValue(forKey: place)?.channel
    }
  }

  /// It has asked for something, and waits for the answer.
  func speaks(_ number: UInt64) { state.withLock { $0.silent[number] = nil } }

  /// It is closed.
  func leave(_ number: UInt64) {
    state.withLock { state in
      state.open -= 1
      state.silent[number] = nil
      state.leaving.remove(number)
    }
  }
}
