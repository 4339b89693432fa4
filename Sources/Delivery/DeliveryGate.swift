package import Model

/// Whether alerts may leave for a destination: the breaker against a receiver that is broken, the hold
/// against one that refuses us, and the search for the poison, the one alert that makes a working receiver
/// look like either. Pure.
///
/// A destination is never shut because of one alert for longer than one round trip, and no alert is given
/// up because of a destination that was down: after another alert has passed, those that were refused, or
/// the only one that failed, go once more, and only who fails in the same way again is the poison.
package struct DeliveryGate: Sendable, Equatable {
  package struct Limits: Sendable, Equatable {
    /// Failures in a row that open it; 1 or more.
    package var failures: Int
    /// From opening to the trial, and from trial to trial; milliseconds.
    package var openMs: Int
    /// Successes in a row that close it; 1 or more.
    package var close: Int

    package init(failures: Int = 5, openMs: Int = 60_000, close: Int = 3) {
      self.failures = max(1, failures)
      self.openMs = max(1, openMs)
      self.close = max(1, close)
    }
  }

  /// Why nothing leaves.
  package enum Cause: Sendable, Equatable {
    case open, held
  }

  package enum State: Sendable, Equatable {
    /// Everything leaves.
    case closed
    /// One trial at `until`. `seeksWitness`: until then, one as soon as there is an alert that had no part
    /// in it (held only; true until such a one has fared no better).
    case shut(Cause, until: Timestamp, seeksWitness: Bool)
    /// One attempt is under way, after `successes` of them.
    case trying(id: Int64, Cause, successes: Int)
    /// Trials pass; `successes` so far. The next may leave.
    case closing(successes: Int)
  }

  package enum Passage: Sendable, Equatable {
    case all
    /// One; `onlyOthers`: none that the gate `avoids`.
    case trial(onlyOthers: Bool)
    case none
  }

  package enum End: Sendable, Equatable {
    case passed
    /// `isAnswer`: the receiver said so, rather than the network.
    case failed(isAnswer: Bool)
    case refused
    /// 429: says nothing about the receiver's health.
    case throttled
    /// The body was refused, for itself.
    case dead
    /// We ended it.
    case cut
  }

  package private(set) var state = State.closed
  private let limits: Limits
  /// The failures in a row, by delivery, oldest first; `limits.failures` at most.
  private var row: [Int64] = []
  private var rowHasAnswersOnly = true
  /// Those that may be the poison.
  private var suspects: Set<Int64> = []
  /// Those that go once more since another passed, with what would make them the poison.
  private var probation: [Int64: Cause] = [:]

  /// More suspects are not remembered: a hold of days tries one a minute.
  private static var suspectLimit: Int { 1_024 }

  package init(_ limits: Limits) { self.limits = limits }

  package func passage(at now: Timestamp) -> Passage {
    switch state {
    case .closed: .all
    case .closing: .trial(onlyOthers: false)
    case .trying: .none
    case .shut(_, let until, let seeksWitness):
      until <= now ? .trial(onlyOthers: false) : seeksWitness ? .trial(onlyOthers: true) : .none
    }
  }

  /// When time alone changes the passage; nil: it does not.
  package var nextTrial: Timestamp? {
    if case .shut(_, let until, _) = state { until } else { nil }
  }

  package var isClosed: Bool { state == .closed }

  /// A trial should rather take another one.
  package func avoids(_ id: Int64) -> Bool {
    suspects.contains(id) || row.contains(id) || probation[id] != nil
  }

  /// The trial has left.
  package mutating func tries(_ id: Int64) {
    switch state {
    case .shut(let cause, _, _): state = .trying(id: id, cause, successes: 0)
    case .closing(let successes): state = .trying(id: id, .open, successes: successes)
    case .closed, .trying: break
    }
  }

  /// The configuration, or a secret, was read again: the next trial may leave at once.
  package mutating func retryNow(_ now: Timestamp) {
    if case .shut(let cause, _, _) = state { state = .shut(cause, until: now, seeksWitness: cause == .held) }
  }

  /// An attempt has ended. True: this delivery is the poison, and its destination not to blame.
  package mutating func ended(_ id: Int64, _ end: End, now: Timestamp) -> Bool {
    if case .trying(let trial, let cause, let successes) = state, trial == id {
      return trialEnded(id, end, cause, successes, now)
    }
    switch end {
    case .passed, .dead:
      probation[id] = nil
      if isClosed { clearRow() }
    case .failed(let isAnswer):
      let proved = probation.removeValue(forKey: id)
      if isAnswer, proved == .open { return true }
      if isClosed { count(id, isAnswer: isAnswer, now) }
    case .refused:
      if probation.removeValue(forKey: id) == .held { return true }
      hold(id, now)
    case .throttled, .cut: break
    }
    return false
  }

  private mutating func trialEnded(
    _ id: Int64, _ end: End, _ cause: Cause, _ successes: Int, _ now: Timestamp
  ) -> Bool {
    switch end {
    case .passed: pass(id, cause, successes)
    case .dead:
      // A receiver that judges a body works; whether it takes us again, a refused body does not tell.
      if cause == .open { pass(id, cause, successes) } else { shut(.held, until: now, seeksWitness: false) }
    case .failed(let isAnswer):
      if isAnswer, probation[id] == .open { return exonerate(id, successes) }
      if !suspects.contains(id) { suspects = cause == .open ? [] : suspects }
      if successes > 0 { row = [id] }
      shut(cause, until: later(now), seeksWitness: false)
    case .refused:
      if probation[id] == .held { return exonerate(id, successes) }
      if cause == .open { return hold(id, now) }
      suspect(id)
      shut(.held, until: later(now), seeksWitness: false)
    case .throttled:
      if successes > 0 {
        state = .closing(successes: successes)
      } else {
        shut(cause, until: later(now), seeksWitness: false)
      }
    case .cut:
      if successes > 0 {
        state = .closing(successes: successes)
      } else {
        shut(cause, until: now, seeksWitness: false)
      }
    }
    return false
  }

  /// `id` is the poison; the others go on as they were.
  private mutating func exonerate(_ id: Int64, _ successes: Int) -> Bool {
    probation[id] = nil
    state = .closing(successes: successes)
    return true
  }

  private mutating func pass(_ id: Int64, _ cause: Cause, _ successes: Int) {
    probation[id] = nil
    if !suspects.contains(id) { for suspect in suspects { probation[suspect] = cause } }
    suspects = []
    clearRow()
    // One that is taken again shows that we are; a broken receiver has to show it a few times.
    let enough = cause == .held || successes + 1 >= limits.close
    state = enough ? .closed : .closing(successes: successes + 1)
  }

  private mutating func count(_ id: Int64, isAnswer: Bool, _ now: Timestamp) {
    row.append(id)
    rowHasAnswersOnly = rowHasAnswersOnly && isAnswer
    guard row.count >= limits.failures else { return }
    probation = [:]
    // Where several alerts have failed it is not one of them, and an outage is nobody's poison.
    suspects = rowHasAnswersOnly && row.allSatisfy { $0 == id } ? [id] : []
    shut(.open, until: later(now), seeksWitness: false)
  }

  @discardableResult
  private mutating func hold(_ id: Int64, _ now: Timestamp) -> Bool {
    switch state {
    case .shut(.held, _, _), .trying(_, .held, _): suspect(id)
    case .closed, .closing, .shut, .trying:
      clearRow()
      probation = [:]
      suspects = [id]
      shut(.held, until: later(now), seeksWitness: true)
    }
    return false
  }

  private mutating func suspect(_ id: Int64) {
    if suspects.count < DeliveryGate.suspectLimit { suspects.insert(id) }
  }

  private mutating func shut(_ cause: Cause, until: Timestamp, seeksWitness: Bool) {
    state = .shut(cause, until: until, seeksWitness: seeksWitness)
  }

  private mutating func clearRow() {
    row = []
    rowHasAnswersOnly = true
  }

  private func later(_ now: Timestamp) -> Timestamp { now.adding(milliseconds: Int64(limits.openMs)) }

  /// The clock was set back by so much.
  mutating func shift(back nanoseconds: Int64) {
    guard case .shut(let cause, let until, let seeks) = state else { return }
    shut(cause, until: Timestamp(nanoseconds: until.nanoseconds - nanoseconds), seeksWitness: seeks)
  }
}
