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
  }

  private struct Silent {
    let channel: any Channel
    let kind: Kind
    /// From when on it may go.
    let ripens: NIODeadline

    func goes(before other: Silent) -> Bool {
      kind == other.kind ? ripens < other.ripens : kind.rawValue < other.kind.rawValue
    }
  }

  private struct State {
    /// All that are open, silent or not.
    var open = 0
    /// Of them, those that are to go, if their event loops have heard nothing of them either.
    var leaving: Set<UInt64> = []
    var next: UInt64 = 0
    var silent: [UInt64: Silent] = [:]
    /// When somebody looks again.
    var looks = NIODeadline.distantFuture

    func isFull(_ limit: Int) -> Bool { open - leaving.count > limit }
  }

  private let state = Mutex(State())
  private let limit: Int
  private let limits: ConnectionGuard.Limits
  private let notices: NoticeSink

  /// `limit`: of open connections, above which one has to go.
  init(limit: Int, _ limits: ConnectionGuard.Limits, notices: @escaping NoticeSink) {
    self.limit = limit
    self.limits = limits
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
    let grace = kind == .takesNothing ? limits.deafness : limits.silence
    note(Silent(channel: channel, kind: kind, ripens: .now() + grace), number, channel.eventLoop)
  }

  /// It has asked for something, and waits for the answer.
  func speaks(_ number: UInt64, _ channel: any Channel) { note(nil, number, channel.eventLoop) }

  private func note(_ silent: Silent?, _ number: UInt64, _ loop: any EventLoop) {
    let isFull = state.withLock { state in
      state.silent[number] = silent
      state.leaving.remove(number)
      return state.isFull(limit)
    }
    if isFull { makeRoom(loop) }
  }

  /// Lets as many go as there are too many, of those that have been silent for a while; looks again when the
  /// next one has been.
  private func makeRoom(_ loop: any EventLoop) {
    let now = NIODeadline.now()
    while let (number, channel) = takeRipe(at: now) {
      // What it sent may lie there unread. Its event loop reads between tasks that are not due at once.
      channel.eventLoop.scheduleTask(in: .milliseconds(5)) { self.close(number, channel) }
    }
    let next = state.withLock { state -> NIODeadline? in
      guard state.isFull(limit), let next = state.silent.values.map(\.ripens).filter({ $0 > now }).min(),
        next < state.looks
      else { return nil }
      state.looks = next
      return next
    }
    guard let next else { return }
    _ = loop.scheduleTask(deadline: next) {
      let isDue = self.state.withLock { state in
        // Somebody else looks before.
        guard state.looks == next else { return false }
        state.looks = .distantFuture
        return true
      }
      if isDue { self.makeRoom(loop) }
    }
  }

  private func takeRipe(at now: NIODeadline) -> (number: UInt64, channel: any Channel)? {
    state.withLock { state in
      guard state.isFull(limit) else { return nil }
      let ripe = state.silent.filter { $0.value.ripens <= now }
      guard let (number, first) = ripe.min(by: { $0.value.goes(before: $1.value) }) else { return nil }
      state.leaving.insert(number)
      state.silent[number] = nil
      return (number, first.channel)
    }
  }

  /// On its event loop: it goes, unless it has moved meanwhile; then another one has to.
  private func close(_ number: UInt64, _ channel: any Channel) {
    guard state.withLock({ $0.leaving.contains(number) }) else { return makeRoom(channel.eventLoop) }
    channel.close(promise: nil)
    notices(
      Notice(
        .warning, "console",
        "too many connections: one that waited for no answer, or took none, was closed",
        [("limit", .number(Int64(limit)))]))
  }

  /// It is closed.
  func leave(_ number: UInt64) {
    state.withLock { state in
      state.open -= 1
      state.silent[number] = nil
      state.leaving.remove(number)
    }
  }
}
