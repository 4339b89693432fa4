/// So many events a second, in even portions: what does not fit is skipped, not queued.
package struct TapBudget: Sendable {
  private let rate: Int
  private var left: Int
  /// CLOCK_MONOTONIC nanoseconds up to which `left` has been filled.
  private var filled: Int64

  /// A second's worth is there at once. `rate`: 1...1,000,000.
  package init(rate: Int, now: Int64) {
    self.rate = rate
    left = rate
    filled = now
  }

  /// How many are left at `now` (CLOCK_MONOTONIC nanoseconds): a second's worth at the most.
  package mutating func available(_ now: Int64) -> Int {
    if now - filled >= 1_000_000_000 {
      left = rate
      filled = now
      return left
    }
    let fresh = Int(max(0, now - filled)) * rate / 1_000_000_000
    left = min(rate, left + fresh)
    // The part of an event that is over counts towards the next one.
    filled += Int64(fresh) * 1_000_000_000 / Int64(rate)
    return left
  }

  package mutating func spend(_ count: Int) { left = max(0, left - count) }

  package mutating func take(_ now: Int64) -> Bool {
    if available(now) == 0 { return false }
    left -= 1
    return true
  }
}
