package import Model
import Synchronization

/// How fast the counters have grown of late: a sample every second, of which the last ten seconds count.
package final class RateMeter: Sendable {
  /// What is counted, as it is named in `/api/v1/status`.
  static let names = [
    "datagrams", "frames", "received", "discarded", "kernel_dropped", "matched", "unmatched", "audited",
    "delivered", "retried",
  ]
  private static let length = 11

  private struct Sample {
    /// CLOCK_MONOTONIC nanoseconds.
    var time: Int64
    var counts: [UInt64]
  }

  private let samples = Mutex<[Sample]>([])

  package init() {}

  package func note(_ accounts: Accounts, monotonic: Int64) {
    let counts = [
      accounts.datagrams, accounts.frames, accounts.received, accounts.discardedTotal, accounts.kernelDropped,
      accounts.matched, accounts.unmatched, accounts.audited, accounts.delivered,
      accounts.destinations.reduce(0) { $0 + $1.retried },
    ]
    samples.withLock { samples in
      if samples.count == RateMeter.length { samples.removeFirst() }
      samples.append(Sample(time: monotonic, counts: counts))
    }
  }

  /// Per second, in the order of `names`, and over how many seconds; zeros before the second sample.
  var current: (seconds: Int64, rates: [Int64]) {
    samples.withLock { samples in
      guard let first = samples.first, let last = samples.last, last.time > first.time else {
        return (0, RateMeter.names.map { _ in 0 })
      }
      let time = last.time - first.time
      let rates = zip(last.counts, first.counts).map { now, then in
        // In milliseconds, so that the product fits.
        Int64(clamping: now >= then ? now - then : 0) * 1_000 / max(1, time / 1_000_000)
      }
      return ((time + 500_000_000) / 1_000_000_000, rates)
    }
  }
}
