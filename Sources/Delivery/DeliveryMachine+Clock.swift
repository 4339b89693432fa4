import Model

/// A clock that is set back.
extension DeliveryMachine {
  /// Our own waits move with the clock; what waits in the queue is moved by an action. Setting it forward
  /// only makes waits shorter.
  mutating func see(_ now: Timestamp) {
    defer { latest = now }
    let step = latest.isAbsent ? 0 : latest.since(now)
    guard step > DeliveryMachine.secondLookMs * 1_000_000 else { return }
    stepBack += step
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

  mutating func appendShift(to actions: inout [Action], now: Timestamp) {
    // Not before a record under way, whose times are of the old clock too.
    guard stepBack > 0, recording.isEmpty, shiftNotBefore <= now, !isCut else { return }
    actions.append(.shift(back: stepBack))
    stepBack = 0
    shiftNotBefore = .absent
  }
}
