package import Model

/// Spaces the attempts of one destination: so many in a time, evenly, with a tenth of a second's worth at
/// once after a pause. It delays and never drops. Pure; the generic cell rate algorithm (ITU-T I.371).
package struct TokenBucket: Sendable, Equatable {
  private let interval: Int64
  private let tolerance: Int64
  /// When the next token would be due were they taken evenly.
  private var due: Timestamp = .absent

  /// What may leave at once after a pause, nanoseconds' worth.
  private static var burst: Int64 { 100_000_000 }

  package init(_ rate: Rate) {
    interval = max(1, rate.interval)
    tolerance = max(0, TokenBucket.burst - interval)
  }

  /// From when on the next may leave.
  package var readyAt: Timestamp {
    due.isAbsent ? .absent : Timestamp(nanoseconds: due.nanoseconds - tolerance)
  }

  /// Takes one; only at `readyAt` or later.
  package mutating func take(now: Timestamp) {
    let start = due.isAbsent ? now : max(due, now)
    due = Timestamp(nanoseconds: start.nanoseconds + interval)
  }

  /// The clock was set back by so much.
  mutating func shift(back nanoseconds: Int64) {
    if !due.isAbsent { due = Timestamp(nanoseconds: due.nanoseconds - nanoseconds) }
  }
}
