import Delivery
import Testing

@Suite("What a status means")
struct StatusTableTests {
  @Test("every status from 100 to 999 has the meaning of the design's table")
  func all() {
    for status in 100...999 {
      let expected: StatusMeaning =
        switch status {
        case 200...299: .delivered
        case 408, 425: .retry
        case 429: .throttled
        case 400, 410, 413, 414, 415, 416, 422, 424, 451: .dead
        case 300...499: .hold
        default: .retry
        }
      #expect(StatusTable.meaning(of: status) == expected, "\(status)")
    }
  }
}
