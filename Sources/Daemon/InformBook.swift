/// Informs that may not be acknowledged yet, or not any more: their alert stands in memory alone, their audit
/// row is not in the store and not in the spool, or one of them is lost. On the recorder's thread; empty as
/// long as the outbox can be written and there is room for the spool. No clock, no I/O.
struct InformBook {
  private struct State {
    var needsAlert: Bool
    var needsRow: Bool
    /// Whoever took it is to take it for new the next time.
    var isLost: Bool
    /// From then on a worker does not know it any more either, monotonic nanoseconds.
    var until: Int64
  }

  /// As many as one worker remembers.
  static let limit = 65_536
  /// Between two looks for what is too old, nanoseconds.
  private static let interval: Int64 = 10_000_000_000

  private let limit: Int
  private var states: [UInt64: State] = [:]
  /// Some may need an alert.
  private var holdsAlerts = false
  private var sweepAt: Int64 = .min
  /// There were more than are told apart: until then nothing that is sent again is acknowledged.
  private var isFullUntil: Int64 = .min

  init(limit: Int = InformBook.limit) { self.limit = limit }

  var isEmpty: Bool { states.isEmpty && isFullUntil == .min }

  /// Lets go of what is too old to be sent again.
  mutating func sweep(now: Int64) {
    if isEmpty || now < sweepAt { return }
    sweepAt = now + InformBook.interval
    states = states.filter { $0.value.until > now }
    if isFullUntil <= now { isFullUntil = .min }
  }

  /// A worker has taken it for new: what was said of it before is over.
  mutating func begin(_ inform: UInt64) { states[inform] = nil }

  /// Of its event these are missing.
  mutating func hold(_ inform: UInt64, alert: Bool, row: Bool, now: Int64) {
    holdsAlerts = holdsAlerts || alert
    note(inform, State(needsAlert: alert, needsRow: row, isLost: false, until: now + InformTable.memory))
  }

  /// Its event is lost.
  mutating func lose(_ inform: UInt64, now: Int64) {
    note(inform, State(needsAlert: false, needsRow: false, isLost: true, until: now + InformTable.memory))
  }

  private mutating func note(_ inform: UInt64, _ state: State) {
    if states[inform] == nil, states.count >= limit {
      isFullUntil = max(isFullUntil, state.until)
    } else {
      states[inform] = state
    }
  }

  /// Whether one that is sent again may be acknowledged.
  func isSettled(_ inform: UInt64, now: Int64) -> Bool {
    if now < isFullUntil { return false }
    guard let state = states[inform] else { return true }
    return state.until <= now
  }

  /// No alert stands in memory alone any more.
  mutating func alertsAreWritten() {
    if !holdsAlerts { return }
    holdsAlerts = false
    states = states.compactMapValues { state in
      var state = state
      state.needsAlert = false
      return state.needsRow || state.isLost ? state : nil
    }
  }

  /// The store has its row: whether that was the last that was missing.
  mutating func rowIsStored(_ inform: UInt64) -> Bool {
    guard var state = states[inform], !state.isLost, state.needsRow else { return false }
    state.needsRow = false
    states[inform] = state.needsAlert ? state : nil
    return !state.needsAlert
  }
}
