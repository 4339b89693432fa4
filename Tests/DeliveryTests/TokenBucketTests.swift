import Delivery
import Model
import Testing

@Suite("The token bucket")
struct TokenBucketTests {
  /// Takes whenever it may, looking every `step` nanoseconds; the times of the takes.
  private static func takes(_ rate: Rate, seconds: Int64, step: Int64) -> [Int64] {
    var bucket = TokenBucket(rate)
    var taken: [Int64] = []
    var now: Int64 = 0
    while now < seconds * 1_000_000_000 {
      let time = Samples.start.adding(milliseconds: 0).nanoseconds + now
      while bucket.readyAt.nanoseconds <= time {
        bucket.take(now: Timestamp(nanoseconds: time))
        taken.append(now)
      }
      now += step
    }
    return taken
  }

  @Test(
    "a burst leaves at the rate, within 5 % over any ten seconds",
    arguments: [1_000_000, 7_777_777, 50_000_000])
  func rate(step: Int64) {
    let taken = Self.takes(Rate(50, per: .second), seconds: 60, step: step)
    for start in Int64(0)..<50 {
      let window = (start * 1_000_000_000)..<((start + 10) * 1_000_000_000)
      let count = taken.count { window.contains($0) }
      #expect((475...525).contains(count), "\(count) from second \(start)")
    }
  }

  @Test("after a pause a tenth of a second's worth leaves at once, at least one")
  func burst() {
    for (rate, expected) in [
      (Rate(50, per: .second), 5), (Rate(1_000, per: .second), 100), (Rate(5, per: .second), 1),
      (Rate(1, per: .hour), 1),
    ] {
      var bucket = TokenBucket(rate)
      for now in [Samples.start, Samples.start.adding(seconds: 90_000)] {
        var count = 0
        while bucket.readyAt <= now, count < 1_000 {
          bucket.take(now: now)
          count += 1
        }
        #expect(count == expected, "\(rate)")
      }
    }
  }
}
