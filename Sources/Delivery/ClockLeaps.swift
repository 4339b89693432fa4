import Model

/// Tells a clock that was set forward from time that passed, by a clock that nobody sets. Pure.
struct LeapFinder: Sendable {
  private var last: (wall: Timestamp, steady: Int64)?

  /// What is shorter ages nobody to speak of, and a thread may stand still between the two; nanoseconds.
  private static let least: Int64 = 10_000_000_000

  /// By how much the clock was set forward since the last look, nanoseconds; nil: it was not.
  mutating func look(_ wall: Timestamp, _ steady: Int64) -> Int64? {
    defer { last = (wall, steady) }
    guard let last else { return nil }
    let step = wall.since(last.wall) - (steady - last.steady)
    return step >= LeapFinder.least ? step : nil
  }
}

/// By how much the clock was set forward while alerts waited: on a machine that keeps no time while it is
/// off, until the time comes over the network. None of them is older for that. Pure; a part of
/// `DeliveryMachine`.
struct ClockLeaps: Sendable {
  private struct Leap {
    /// What the clock said before it, or would have said at that moment.
    var before: Timestamp
    var by: Int64
  }
  private var leaps: [Leap] = []
  /// More become one.
  private static let limit = 16

  mutating func add(_ nanoseconds: Int64, now: Timestamp) {
    let before = Timestamp(nanoseconds: now.nanoseconds - nanoseconds)
    if leaps.count < ClockLeaps.limit {
      leaps.append(Leap(before: before, by: nanoseconds))
    } else {
      leaps[leaps.count - 1].by += nanoseconds
    }
  }

  /// The clock was set back: the last leaps were wrong.
  mutating func takeBack(_ nanoseconds: Int64) {
    var left = nanoseconds
    while let last = leaps.last, left > 0 {
      if last.by > left {
        leaps[leaps.count - 1].by -= left
        return
      }
      left -= last.by
      leaps.removeLast()
    }
  }

  /// How much older than it is somebody looks who came at `time`, nanoseconds.
  func sum(since time: Timestamp) -> Int64 {
    leaps.reduce(0) { time <= $1.before ? $0 + $1.by : $0 }
  }
}
