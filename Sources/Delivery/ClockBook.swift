package import Model
import Synchronization

/// Tells a clock that was set from time that passed, by a clock that nobody sets. Pure.
struct LeapFinder: Sendable {
  private var last: (wall: Timestamp, steady: Int64)?

  /// What is shorter ages nobody to speak of, and a thread may stand still between the two; nanoseconds.
  private static let least: Int64 = 10_000_000_000

  /// By how much the clock was set since the last look, nanoseconds, below zero when it was set back; nil: it
  /// was not.
  mutating func look(_ wall: Timestamp, _ steady: Int64) -> Int64? {
    defer { last = (wall, steady) }
    guard let last else { return nil }
    let step = wall.since(last.wall) - (steady - last.steady)
    return abs(step) >= LeapFinder.least ? step : nil
  }
}

/// What was done to the clock while alerts waited, for all destinations of a daemon: whoever looks first
/// finds it, and who begins later, in this run or another, knows it too.
package final class ClockBook: Sendable {
  private struct State {
    var finder = LeapFinder()
    var leaps: ClockLeaps
    var version = 1
  }

  private let state: Mutex<State>
  private let clock: @Sendable () -> Timestamp
  private let steady: @Sendable () -> Int64
  private let changed: @Sendable (ClockLeaps) -> Void

  /// - Parameters:
  ///   - leaps: of earlier runs.
  ///   - steady: nanoseconds of a clock that nobody sets.
  ///   - changed: to be stored; must not wait, nor ask the book.
  package init(
    _ leaps: ClockLeaps = ClockLeaps(), clock: @escaping @Sendable () -> Timestamp,
    steady: @escaping @Sendable () -> Int64, changed: @escaping @Sendable (ClockLeaps) -> Void = { _ in }
  ) {
    state = Mutex(State(leaps: leaps))
    self.clock = clock
    self.steady = steady
    self.changed = changed
  }

  /// Nil: nothing is new to who knows `version`, 0 at first.
  package func look(since version: inout Int) -> ClockLeaps? {
    let (leaps, now) = state.withLock { state -> (ClockLeaps, Int) in
      let wall = clock()
      guard let step = state.finder.look(wall, steady()) else { return (state.leaps, state.version) }
      let before = state.leaps
      if step > 0 { state.leaps.add(step, now: wall) } else { state.leaps.takeBack(-step) }
      if state.leaps != before {
        state.version += 1
        // Under the lock, so that what is stored last is what was found last.
        changed(state.leaps)
      }
      return (state.leaps, state.version)
    }
    if version == now { return nil }
    version = now
    return leaps
  }
}
