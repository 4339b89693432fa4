import Model

/// A clock that is set.
extension DeliveryMachine {
  /// Our own waits move with a clock that is set back; what waits in the queue is moved by an action. Setting
  /// it forward only makes waits shorter, and nobody older (`ClockLeaps`).
  mutating func see(_ now: Timestamp) {
    defer { latest = now }
    let step = latest.isAbsent ? 0 : latest.since(now)
    guard step > DeliveryMachine.secondLookMs * 1_000_000 else { return }
    stepBack += step
    leaps.takeBack(step)
    func back(_ time: Timestamp) -> Timestamp {
      time.isAbsent ? time : Timestamp(nanoseconds: time.nanoseconds - step)
    }
    gate.shift(back: step)
    bucket?.shift(back: step)
    diversion.shift(back: step)
    consent.shift(back: step)
    loadNotBefore = back(loadNotBefore)
    loadRefusedUntil = back(loadRefusedUntil)
    recordNotBefore = back(recordNotBefore)
    pausedUntil = back(pausedUntil)
    shiftNotBefore = back(shiftNotBefore)
    haste.shift(back: step)
    nextDue = nextDue.map(back)
    sleepingUntil = nil
    func moved(_ outcome: DeliveryOutcome) -> DeliveryOutcome {
      var outcome = outcome
      if case .retry(let at) = outcome.verdict { outcome.verdict = .retry(at: back(at)) }
      return outcome
    }
    outcomes = outcomes.map(moved)
    recording = recording.map(moved)
  }

  /// When `max_age` is over.
  func lastMoment(of delivery: Delivery) -> Timestamp {
    let end = delivery.createdAt.adding(seconds: Int64(limits.maxAgeSeconds))
    return Timestamp(nanoseconds: end.nanoseconds &+ leaps.sum(since: delivery.createdAt))
  }

  mutating func appendShift(to actions: inout [Action], now: Timestamp) {
    // Not before a record under way, whose times are of the old clock too.
    guard stepBack > 0, recording.isEmpty, shiftNotBefore <= now, !isCut else { return }
    actions.append(.shift(back: stepBack))
    stepBack = 0
    shiftNotBefore = .absent
  }
}
