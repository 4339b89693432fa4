import Model

/// Whether a receiver agrees to be sent alerts: the sender's side of the handshake in *HTTP 1.1 Web Hooks for
/// Event Delivery* §4. Pure; a part of `DeliveryMachine`.
///
/// It is asked for at the start and after a reload, and again after a refusal, before the next alert. Nothing
/// leaves without it.
package struct Consent: Sendable {
  /// What a question came to.
  package enum Answer: Sendable, Equatable {
    /// So many alerts a minute, 1 or more; nil: as many as there are.
    case given(perMinute: Int?)
    /// The receiver does not agree, or not to us: an operator has to change something.
    case refused(status: Int, reason: String)
    /// It says nothing about it: the network, or a receiver that cannot at the moment.
    case unanswered(status: Int, retryAfterSeconds: Int?, error: String)
    /// We cut it.
    case cut
  }

  private enum State: Equatable {
    case given
    /// To be asked for at this time.
    case due(Timestamp)
    /// To be asked for before the next alert leaves.
    case lapsed
    case asking
  }

  private var state: State
  private let isNeeded: Bool
  /// The configuration, or a secret, was read again while it was asked for.
  private var isRenewed = false
  /// It was refused, and since then not given.
  private(set) var isRefused = false
  /// Questions without an answer, in a row.
  private(set) var failures = 0
  /// What the receiver allows, when it said so last.
  private(set) var allowed: Rate?

  init(isNeeded: Bool) {
    self.isNeeded = isNeeded
    state = isNeeded ? .due(.absent) : .given
  }

  var isGiven: Bool { state == .given }
  var isAsking: Bool { state == .asking }

  /// When it is to be asked for; nil: not by itself.
  var dueAt: Timestamp? { if case .due(let time) = state { time } else { nil } }

  /// `wantsOne`: an alert would leave.
  func isWanted(at now: Timestamp, wantsOne: Bool) -> Bool {
    switch state {
    case .due(let time): time <= now
    case .lapsed: wantsOne
    case .given, .asking: false
    }
  }

  mutating func ask() {
    state = .asking
    isRenewed = false
  }

  /// Settings or secrets were read again: it is asked for at once.
  mutating func renew() {
    if !isNeeded { return }
    if isAsking { isRenewed = true } else { state = .due(.absent) }
  }

  /// The receiver refused an alert: it may have withdrawn it.
  mutating func lapse() {
    if isNeeded, isGiven { state = .lapsed }
  }

  /// `waitMs`: until the next question where it was not given.
  mutating func take(_ answer: Answer, waitMs: Int64, now: Timestamp) {
    switch answer {
    case .given(let perMinute):
      state = .given
      isRefused = false
      failures = 0
      allowed = perMinute.map { Rate(min(max(1, $0), 1_000_000), per: .minute) }
    case .refused:
      state = .due(now.adding(milliseconds: waitMs))
      isRefused = true
      failures = 0
    case .unanswered:
      state = .due(now.adding(milliseconds: waitMs))
      failures += 1
    case .cut: state = .due(now)
    }
    if isRenewed, !isGiven { state = .due(.absent) }
  }

  /// The clock was set back by so much.
  mutating func shift(back nanoseconds: Int64) {
    guard case .due(let time) = state, !time.isAbsent else { return }
    state = .due(Timestamp(nanoseconds: time.nanoseconds - nanoseconds))
  }
}
