/// By how much the clock was set forward while alerts waited: on a machine that keeps no time while it is
/// off, until the time comes over the network. None of them is older for that.
package struct ClockLeaps: Sendable, Equatable {
  package struct Leap: Sendable, Equatable {
    /// What the clock said before it, or would have said at that moment.
    package var before: Timestamp
    /// Nanoseconds.
    package var by: Int64

    package init(before: Timestamp, by: Int64) {
      self.before = before
      self.by = by
    }
  }

  package private(set) var leaps: [Leap]
  /// Who waits since before the oldest of more is given up by now, or nearly.
  package static let limit = 16

  package init(_ leaps: [Leap] = []) { self.leaps = leaps.suffix(ClockLeaps.limit) }

  package mutating func add(_ nanoseconds: Int64, now: Timestamp) {
    leaps.append(Leap(before: Timestamp(nanoseconds: now.nanoseconds - nanoseconds), by: nanoseconds))
    if leaps.count > ClockLeaps.limit { leaps.removeFirst() }
  }

  /// The clock was set back: the last leaps were wrong.
  package mutating func takeBack(_ nanoseconds: Int64) {
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
  package func sum(since time: Timestamp) -> Int64 {
    leaps.reduce(0) { time <= $1.before ? $0 + $1.by : $0 }
  }
}
