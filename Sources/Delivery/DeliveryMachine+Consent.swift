import Model

/// Nothing leaves before the receiver agrees to it, where it is to be asked.
extension DeliveryMachine {
  mutating func appendQuestion(to actions: inout [Action], now: Timestamp) {
    let wantsOne = ready.count > 0 && gate.passage(at: now) != .none
    guard !isStopping, pausedUntil <= now, consent.isWanted(at: now, wantsOne: wantsOne) else { return }
    consent.ask()
    actions.append(.ask)
  }

  mutating func take(_ answer: Consent.Answer, random: Double, now: Timestamp) {
    let pause = Int64(limits.breaker.openMs)
    switch answer {
    case .given:
      let before = consent.allowed
      consent.take(answer, waitMs: 0, now: now)
      if gate.isClosed { failing = nil }
      if consent.allowed != before { bucket = slowest(limits.rate, consent.allowed).map { TokenBucket($0) } }
    case .refused(let status, let reason):
      failing = (status, reason)
      consent.take(answer, waitMs: pause, now: now)
    case .unanswered(let status, let retryAfter, let error):
      failing = (status, error)
      let wait = limits.retry.waitMs(
        attempts: consent.failures + 1, retryAfterSeconds: retryAfter, random: random)
      let isLast = consent.failures + 1 >= limits.breaker.failures
      consent.take(answer, waitMs: isLast ? max(wait, pause) : wait, now: now)
    case .cut: consent.take(answer, waitMs: 0, now: now)
    }
  }

  /// The receiver does not agree, or has not answered for as long as a breaker waits.
  var isRefusedConsent: Bool {
    !consent.isGiven && (consent.isRefused || consent.failures >= limits.breaker.failures)
  }

  private func slowest(_ one: Rate?, _ other: Rate?) -> Rate? {
    guard let one, let other else { return one ?? other }
    return one.interval >= other.interval ? one : other
  }
}
