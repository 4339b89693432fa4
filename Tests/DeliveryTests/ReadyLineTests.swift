import Delivery
import Model
import Testing

@Suite("Who leaves first")
struct ReadyLineTests {
  private static let now = Samples.start
  private static let staleBefore = now.adding(seconds: -1_800)

  private func order(_ deliveries: [Delivery]) -> [Int64] {
    Array(ReadyLine(deliveries, staleBefore: Self.staleBefore).ids)
  }

  @Test("pages, then fresh before stale, then by time")
  func ranks() {
    let old = Self.now.adding(seconds: -1_801)
    let edge = Self.staleBefore
    let all = [
      Samples.delivery(1, rank: 1, createdAt: old), Samples.delivery(2, rank: 0, createdAt: old),
      Samples.delivery(3, rank: 1, createdAt: edge), Samples.delivery(4, rank: 1),
      Samples.delivery(5, rank: 0), Samples.delivery(6, rank: 0, attempts: 3),
    ]
    #expect(order(all) == [5, 6, 2, 3, 4, 1])
    #expect(order(all.reversed()) == [5, 6, 2, 3, 4, 1])
  }

  /// A `String` of combining marks is hashed in a time that grows with the square of their number.
  @Test(
    "signatures are told apart by their bytes, however long and whatever they are", .timeLimit(.minutes(1)))
  func marks() {
    let old = Self.now.adding(seconds: -4_000)
    let forms = [
      Samples.delivery(1, signature: "\u{E9}", createdAt: old), Samples.delivery(2, signature: "e\u{301}"),
    ]
    // One signature would keep the order of time.
    #expect(order(forms) == [2, 1])
    let marks = String(repeating: "\u{301}\u{323}", count: 16_000)
    let all = (1...200).map { Samples.delivery(Int64($0), signature: "\($0 % 20)" + marks) }
    #expect(order(all) == Array(1...200))
  }

  @Test("first attempts of one signature keep their time order where freshness or rank would turn it")
  func signatures() {
    let old = Self.now.adding(seconds: -4_000)
    let all = [
      Samples.delivery(1, signature: "a", createdAt: old),
      Samples.delivery(2, signature: "b", createdAt: old),
      Samples.delivery(3, signature: "a"), Samples.delivery(4, signature: "c"),
    ]
    // By freshness alone: 3 4 1 2. The places of a's two stay, 1 goes first.
    #expect(order(all) == [1, 4, 3, 2])
    var retried = all
    retried[0].attempts = 1
    #expect(order(retried) == [3, 4, 1, 2])
  }

  @Test("taking leaves the rest in order")
  func takes() {
    var line = ReadyLine([1, 2, 3, 4].map { Samples.delivery($0) }, staleBefore: Self.staleBefore)
    #expect(line.take { $0 % 2 == 0 } == 2)
    #expect(line.take { _ in false } == nil)
    #expect(line.take { _ in true } == 1)
    #expect(Array(line.ids) == [3, 4])
    #expect(line.count == 2)
  }

  @Test("waits double up to the limit, jitter is full, Retry-After is a lower bound")
  func waits() {
    let schedule = RetrySchedule(initialMs: 1_000, maxMs: 60_000)
    let bounds = (1...9).map { schedule.waitMs(attempts: $0, retryAfterSeconds: nil, random: 1) }
    #expect(bounds == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    #expect(schedule.waitMs(attempts: .max, retryAfterSeconds: nil, random: 0.5) == 30_000)
    #expect(schedule.waitMs(attempts: 9, retryAfterSeconds: nil, random: 0) == 0)
    #expect(schedule.waitMs(attempts: 9, retryAfterSeconds: 10, random: 1) == 60_000)
    #expect(schedule.waitMs(attempts: 9, retryAfterSeconds: -10, random: 0.5) == 30_000)
    let odd = RetrySchedule(initialMs: 0, maxMs: .max)
    #expect(odd.waitMs(attempts: 200, retryAfterSeconds: nil, random: 1) > 0)
  }
}
