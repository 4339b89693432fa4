package import Model

/// Whether alerts may leave for a destination: the breaker against a receiver that is broken, the hold
/// against one that refuses us, and the search for the poison, the one alert that makes a working receiver
/// look like either. Pure.
///
/// A destination is never shut because of one alert for longer than one round trip, and no alert is given
/// up because of a destination that was down: after another alert has passed, those that were refused, or
/// the only one that failed, go once more, and only who fails in the same way again is the poison. Where
/// several of one kind fail and may all be poison, alerts of other hosts and rules are tried first, and what
/// fails again after others have passed is not held against the destination.
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

  /// An alert as far as it matters here: what makes one poison is mostly shared by host or rule.
  package struct Subject: Sendable, Equatable {
    package var id: Int64
    package var host: String
    package var rule: String

    package init(id: Int64, host: String, rule: String) {
      self.id = id
      self.host = host
      self.rule = rule
    }

    package init(_ delivery: Delivery) {
      self.init(id: delivery.id, host: delivery.host, rule: delivery.rule)
    }
  }

  /// Why nothing leaves.
  package enum Cause: Sendable, Equatable {
    case open, held
  }

  package enum State: Sendable, Equatable {
    /// Everything leaves.
    case closed
    /// One trial at `until`; before it only witnesses.
    case shut(Cause, until: Timestamp)
    /// One attempt is under way, after `successes` of them.
    case trying(id: Int64, Cause, successes: Int)
    /// Trials pass; `successes` so far. The next may leave.
    case closing(successes: Int)
  }

  /// Which alert a trial may take.
  package enum Choice: Sendable, Equatable {
    /// The best there is.
    case any
    /// One that had no part in the outage.
    case other
    /// One that besides has little in common with those that were tried in vain.
    case stranger
  }

  package enum Passage: Sendable, Equatable {
    case all
    case trial(Choice)
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

  /// Whom the end of an attempt speaks against.
  package enum Blame: Sendable, Equatable {
    case destination
    /// This alert rather than its destination: others have passed since it failed before.
    case alert
    /// This alert is the poison.
    case poison
  }

  package private(set) var state = State.closed
  private let limits: Limits
  /// The failures in a row; `limits.failures` at most.
  private var row: [Subject] = []
  private var rowHasAnswersOnly = true
  /// Tried in vain since it is shut, least recently first, and how many of them a host and a rule have.
  private var tried: [Subject] = []
  private var triedHosts: [String: Int] = [:]
  private var triedRules: [String: Int] = [:]
  /// Those that may leave before the time of the trial, one after the other.
  package private(set) var witnesses = 0
  /// Those that may be the poison.
  private var suspects: Set<Int64> = []
  /// Those that go once more since another passed, with what would make them the poison.
  private var probation: [Int64: Cause] = [:]
  /// Those that failed with an answer, and since then nobody has passed.
  private var failed: Set<Int64> = []
  /// The same, and somebody has: their next such failure is not held against the destination.
  private var excused: Set<Int64> = []
  private var passedHost: String?

  /// More are not remembered, in each of the sets: a hold of days tries one a minute.
  private static var memory: Int { 1_024 }
  /// Of those tried in vain. Who is forgotten is tried anew.
  private static var triedLimit: Int { 64 }
  /// From the moment it is shut. The first may be any that had no part, the others are strangers.
  private static var witnessLimit: Int { 3 }

  package init(_ limits: Limits) { self.limits = limits }

  package func passage(at now: Timestamp) -> Passage {
    switch state {
    case .closed: .all
    case .closing: .trial(.any)
    case .trying: .none
    case .shut(_, let until):
      if until <= now {
        .trial(.any)
      } else if witnesses > 0 {
        .trial(witnesses == DeliveryGate.witnessLimit ? .other : .stranger)
      } else {
        .none
      }
    }
  }

  /// When time alone changes the passage; nil: it does not.
  package var nextTrial: Timestamp? {
    if case .shut(_, let until) = state { until } else { nil }
  }

  package var isClosed: Bool { state == .closed }

  /// Nothing has passed since it was shut.
  var isShut: Bool {
    switch state {
    case .shut, .trying(_, _, successes: 0): true
    case .closed, .closing, .trying: false
    }
  }

  /// How well this one serves as a trial, 0 best; nil: not at all. Of those that had no part in it the one
  /// that has least in common with those that did, and else whose turn is longest ago.
  package func rank(of subject: Subject, as choice: Choice) -> Int? {
    let most = 2 * DeliveryGate.triedLimit
    if avoids(subject.id) {
      guard choice == .any else { return nil }
      return 5 * most + (tried.firstIndex { $0.id == subject.id } ?? -1)
    }
    if subject.host == passedHost { return 0 }
    let (host, rule) = (triedHosts[subject.host, default: 0], triedRules[subject.rule, default: 0])
    if choice == .stranger, !isStranger(hasNewHost: host == 0, hasNewRule: rule == 0) { return nil }
    return 1 + (host == 0 ? 0 : most) + (rule == 0 ? 0 : most) + host + rule
  }

  /// Unlike those tried in vain in what they have in common.
  private func isStranger(hasNewHost: Bool, hasNewRule: Bool) -> Bool {
    let (isOneHost, isOneRule) = (triedHosts.count == 1, triedRules.count == 1)
    if isOneHost != isOneRule { return isOneHost ? hasNewHost : hasNewRule }
    return hasNewHost || hasNewRule
  }

  private func avoids(_ id: Int64) -> Bool {
    suspects.contains(id) || probation[id] != nil || excused.contains(id)
      || tried.contains { $0.id == id }
  }

  /// The trial has left.
  package mutating func tries(_ id: Int64, now: Timestamp) {
    switch state {
    case .shut(let cause, let until):
      if until > now {
        witnesses -= 1
      } else if cause == .held {
        witnesses = max(witnesses, DeliveryGate.witnessLimit - 1)
      }
      state = .trying(id: id, cause, successes: 0)
    case .closing(let successes): state = .trying(id: id, .open, successes: successes)
    case .closed, .trying: break
    }
  }

  /// The configuration, or a secret, was read again: the next trial may leave at once.
  package mutating func retryNow(_ now: Timestamp) {
    if case .shut(let cause, _) = state { state = .shut(cause, until: now) }
  }

  /// The receiver has asked for this much time: an open breaker tries nobody before.
  package mutating func postpone(until time: Timestamp) {
    guard case .shut(.open, let until) = state else { return }
    state = .shut(.open, until: max(until, time))
    witnesses = 0
  }

  /// An attempt has ended.
  package mutating func ended(_ subject: Subject, _ end: End, now: Timestamp) -> Blame {
    let id = subject.id
    if case .trying(let trial, let cause, let successes) = state, trial == id {
      return trialEnded(subject, end, cause, successes, now)
    }
    switch end {
    case .passed, .dead:
      settle(subject)
      if isClosed { clearRow() }
    case .failed(let isAnswer):
      let proved = probation.removeValue(forKey: id)
      if isAnswer, proved == .open { return .poison }
      if isExcused(id, isAnswer) { return .alert }
      if isClosed { count(subject, isAnswer: isAnswer, now) } else { note(subject) }
    case .refused:
      if probation.removeValue(forKey: id) == .held { return .poison }
      hold(subject, now)
    case .throttled, .cut: break
    }
    return .destination
  }

  private mutating func trialEnded(
    _ subject: Subject, _ end: End, _ cause: Cause, _ successes: Int, _ now: Timestamp
  ) -> Blame {
    let id = subject.id
    switch end {
    case .passed: pass(subject, cause, successes)
    case .dead:
      // A receiver that judges a body works; whether it takes us again, a refused body does not tell.
      if cause == .open { pass(subject, cause, successes) } else { state = .shut(.held, until: now) }
    case .failed(let isAnswer):
      let proved = probation.removeValue(forKey: id)
      if isAnswer, proved == .open, successes > 0 {
        state = .closing(successes: successes)
        return .poison
      }
      if isExcused(id, isAnswer), successes > 0 {
        state = .closing(successes: successes)
        return .alert
      }
      failTrial(subject, isAnswer: isAnswer, cause, successes, now)
    case .refused:
      // Whoever it is, this destination has refused another since somebody passed.
      probation[id] = nil
      if cause == .open {
        hold(subject, now)
      } else {
        suspect(subject)
        state = .shut(.held, until: later(now))
      }
    case .throttled:
      state = successes > 0 ? .closing(successes: successes) : .shut(cause, until: later(now))
    case .cut:
      state = successes > 0 ? .closing(successes: successes) : .shut(cause, until: now)
    }
    return .destination
  }

  private mutating func failTrial(
    _ subject: Subject, isAnswer: Bool, _ cause: Cause, _ successes: Int, _ now: Timestamp
  ) {
    if cause == .open {
      // It works for some: whether for all but this one, a stranger tells.
      if successes > 0 { witnesses = DeliveryGate.witnessLimit - 1 }
      if !isAnswer || !isLikeAll(subject) {
        // It is the destination.
        if !suspects.contains(subject.id) { suspects = [] }
        witnesses = 0
      }
    }
    note(subject)
    state = .shut(cause, until: later(now))
  }

  /// Its host, or its rule, is that of all that were tried in vain.
  private func isLikeAll(_ subject: Subject) -> Bool {
    triedHosts[subject.host, default: 0] == tried.count || triedRules[subject.rule, default: 0] == tried.count
  }

  private mutating func pass(_ subject: Subject, _ cause: Cause, _ successes: Int) {
    settle(subject)
    if !suspects.contains(subject.id) {
      if probation.count + suspects.count > DeliveryGate.memory { probation = [:] }
      for suspect in suspects { probation[suspect] = cause }
    }
    suspects = []
    clearRow()
    forgetTried()
    // One that is taken again shows that we are; a broken receiver has to show it a few times.
    let enough = cause == .held || successes + 1 >= limits.close
    state = enough ? .closed : .closing(successes: successes + 1)
  }

  /// It has passed, or was judged for itself: the receiver works for some.
  private mutating func settle(_ subject: Subject) {
    passedHost = subject.host
    probation[subject.id] = nil
    failed.remove(subject.id)
    excused.remove(subject.id)
    guard !failed.isEmpty else { return }
    if excused.count + failed.count > DeliveryGate.memory { excused = [] }
    excused.formUnion(failed)
    failed = []
  }

  /// Whether somebody has passed since it failed before; each time counts once.
  private mutating func isExcused(_ id: Int64, _ isAnswer: Bool) -> Bool {
    let others = excused.remove(id) != nil
    if isAnswer, failed.count < DeliveryGate.memory { failed.insert(id) }
    return isAnswer && others
  }

  private mutating func count(_ subject: Subject, isAnswer: Bool, _ now: Timestamp) {
    row.append(subject)
    rowHasAnswersOnly = rowHasAnswersOnly && isAnswer
    guard row.count >= limits.failures else { return }
    probation = [:]
    // Where several alerts have failed it is not one of them, and an outage is nobody's poison.
    suspects = rowHasAnswersOnly && row.allSatisfy { $0.id == subject.id } ? [subject.id] : []
    let isOneKind = row.allSatisfy { $0.host == subject.host } || row.allSatisfy { $0.rule == subject.rule }
    witnesses = rowHasAnswersOnly && isOneKind ? DeliveryGate.witnessLimit : 0
    forgetTried()
    for one in row { note(one) }
    clearRow()
    state = .shut(.open, until: later(now))
  }

  private mutating func hold(_ subject: Subject, _ now: Timestamp) {
    switch state {
    case .shut(.held, _), .trying(_, .held, _): suspect(subject)
    case .closed, .closing, .shut, .trying:
      clearRow()
      forgetTried()
      suspects = []
      suspect(subject)
      witnesses = DeliveryGate.witnessLimit
      state = .shut(.held, until: later(now))
    }
  }

  /// These were refused here, and somebody else judges them. When nobody else was refused, nothing speaks
  /// against the destination any more: the next that comes tells.
  package mutating func giveBack(_ ids: Set<Int64>) {
    if ids.isEmpty { return }
    suspects.subtract(ids)
    failed.subtract(ids)
    excused.subtract(ids)
    for id in ids { probation[id] = nil }
    tried.removeAll { ids.contains($0.id) }
    countTried()
    guard tried.isEmpty, case .shut(.held, _) = state else { return }
    witnesses = 0
    state = .closed
  }

  private mutating func suspect(_ subject: Subject) {
    if suspects.count < DeliveryGate.memory { suspects.insert(subject.id) }
    note(subject)
  }

  private mutating func note(_ subject: Subject) {
    tried.removeAll { $0.id == subject.id }
    tried.append(subject)
    if tried.count > DeliveryGate.triedLimit { tried.removeFirst() }
    countTried()
  }

  private mutating func countTried() {
    triedHosts = [:]
    triedRules = [:]
    for one in tried {
      triedHosts[one.host, default: 0] += 1
      triedRules[one.rule, default: 0] += 1
    }
  }

  private mutating func forgetTried() {
    tried = []
    triedHosts = [:]
    triedRules = [:]
  }

  private mutating func clearRow() {
    row = []
    rowHasAnswersOnly = true
  }

  private func later(_ now: Timestamp) -> Timestamp { now.adding(milliseconds: Int64(limits.openMs)) }

  /// The clock was set back by so much.
  mutating func shift(back nanoseconds: Int64) {
    guard case .shut(let cause, let until) = state else { return }
    state = .shut(cause, until: Timestamp(nanoseconds: until.nanoseconds - nanoseconds))
  }
}
