import Model

/// Whoever mends a destination need not wait until what has failed there would be tried again by itself: an
/// hour, where the receiver had asked for it. What stands in the queue is moved by an action.
extension DeliveryMachine {
  /// Whether waits are to be ended. Several wishes are one.
  struct Haste: Sendable {
    private var isWanted = false
    private var isThrottled = false
    private var isUnderWay = false
    private var isAgain = false
    private var pausedUntil = Timestamp.absent

    /// `throttled`: also the waits that a 429 has asked for.
    mutating func want(throttled: Bool) {
      isWanted = true
      isThrottled = isThrottled || throttled
      isAgain = false
      pausedUntil = .absent
    }

    /// When it may begin; nil: it is not wanted, or under way.
    var notBefore: Timestamp? { isWanted && !isUnderWay ? pausedUntil : nil }

    mutating func begin() -> Action {
      isWanted = false
      isUnderWay = true
      return .hasten(throttled: isThrottled, isAgain: isAgain)
    }

    mutating func ended(isDone: Bool, now: Timestamp) {
      isUnderWay = false
      // Another wish has come meanwhile, and is whole.
      if isWanted { return }
      if isDone {
        isThrottled = false
        isAgain = false
      } else {
        isWanted = true
        isAgain = true
        pausedUntil = now.adding(milliseconds: DeliveryMachine.secondLookMs)
      }
    }

    /// The clock was set back by so much.
    mutating func shift(back nanoseconds: Int64) {
      guard !pausedUntil.isAbsent else { return }
      pausedUntil = Timestamp(nanoseconds: pausedUntil.nanoseconds - nanoseconds)
    }
  }

  mutating func appendHaste(to actions: inout [Action], now: Timestamp) {
    // Not before a record under way: it brings waits of its own.
    guard let begin = haste.notBefore, begin <= now, recording.isEmpty, !isStopping else { return }
    let action = haste.begin()
    if case .hasten(let isThrottled, isAgain: false) = action {
      for index in outcomes.indices {
        guard case .retry = outcomes[index].verdict, isThrottled || outcomes[index].status != 429 else {
          continue
        }
        outcomes[index].verdict = .retry(at: now)
      }
    }
    actions.append(action)
  }
}
