/// How long a delivery waits after a failed attempt: doubling with full jitter, so that what failed together
/// does not come back together.
package struct RetrySchedule: Sendable, Equatable {
  package var initialMs: Int
  package var maxMs: Int

  /// A receiver may ask for this much and no more; one header must not park an alert for days.
  package static var retryAfterLimitSeconds: Int { 3_600 }

  /// A day: no wait is longer, whatever was configured.
  private static var longestMs: Int { 86_400_000 }

  package init(initialMs: Int, maxMs: Int) {
    self.initialMs = min(max(1, initialMs), RetrySchedule.longestMs)
    self.maxMs = min(max(1, maxMs), RetrySchedule.longestMs)
  }

  /// Milliseconds until the next attempt, after `attempts` (1 or more) of them. `random` in 0..<1.
  package func waitMs(attempts: Int, retryAfterSeconds: Int?, random: Double) -> Int64 {
    var bound = initialMs
    var step = 1
    while step < attempts, bound < maxMs {
      bound = bound > maxMs / 2 ? maxMs : bound * 2
      step += 1
    }
    let wait = Int64(Double(min(bound, maxMs)) * min(1, max(0, random)))
    guard let asked = retryAfterSeconds, asked > 0 else { return wait }
    return max(wait, Int64(min(asked, RetrySchedule.retryAfterLimitSeconds)) * 1_000)
  }
}
