import Intake
import Testing

@Suite struct ReceivePaceTests {
  private let breath = ReceivePace.breath

  @Test func whatComesNowAndThenIsTakenAtOnce() {
    var pace = ReceivePace()
    var now: Int64 = 1_000_000_000
    for _ in 0..<10 {
      pace.note(1, room: 256, at: now)
      #expect(pace.rest(at: now + 1_000) == 0)
      now += 2 * breath
    }
  }

  @Test func whatKeepsComingIsGathered() {
    var pace = ReceivePace()
    pace.note(1, room: 256, at: 1_000_000_000)
    pace.note(2, room: 256, at: 1_000_020_000)
    #expect(pace.rest(at: 1_000_030_000) == breath - 10_000)
    // What deciding took is part of it, and longer than it nobody waits.
    #expect(pace.rest(at: 1_000_020_000 + breath) == 0)
    #expect(pace.rest(at: 1_000_020_000 + 5 * breath) == 0)
    // An empty look changes nothing; silence ends it.
    pace.note(0, room: 256, at: 1_000_020_000 + breath)
    #expect(pace.rest(at: 1_000_030_000) == breath - 10_000)
    pace.note(3, room: 256, at: 1_000_020_000 + 3 * breath)
    #expect(pace.rest(at: 1_000_020_000 + 3 * breath) == 0)
  }

  @Test func massesAreNotWaitedFor() {
    var pace = ReceivePace()
    pace.note(256, room: 256, at: 1_000_000_000)
    #expect(pace.hasMore)
    pace.note(128, room: 256, at: 1_000_100_000)
    #expect(pace.rest(at: 1_000_100_000) == 0)
    pace.note(127, room: 256, at: 1_000_200_000)
    #expect(!pace.hasMore)
    #expect(pace.rest(at: 1_000_200_000) == breath)
  }
}
