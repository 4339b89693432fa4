import Model
import Testing

@Suite struct TimestampTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", Int64(0)), ("2026-11-21T02:14:05.913Z", 1_795_227_245_913),
    ("2000-02-29T23:59:59.999Z", 951_868_799_999), ("2024-12-31T23:59:60Z", 1_735_689_600_000),
    ("1969-12-31T23:59:59.5Z", -500), ("2026-11-21 02:14:05", 1_795_227_245_000),
    ("2026-11-21", 1_795_219_200_000), ("2026-11-21T04:14:05+02:00", 1_795_227_245_000),
    ("2026-11-20T20:44:05-0530", 1_795_227_245_000),
  ])
  func rfc3339IsRead(text: String, milliseconds: Int64) {
    #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
  }

  @Test(arguments: [
    "", "2026", "2026-13-01", "2026-02-29", "2026-11-21T", "2026-11-21T24:00:00Z", "2026-11-21T02:14:05.Z",
    "2026-11-21T02:14:05Zx", "2026-11-21T02:14:05+25:00", "0000-01-01", "20261121T021405Z",
  ])
  func whatIsNoTimeIsRefused(text: String) {
    #expect(Timestamp(rfc3339: text) == nil)
  }

  @Test func everyDayOfFourCenturiesRoundTrips() {
    var day = CivilTime(year: 1_900, month: 1, day: 1).secondsAsUTC
    let end = CivilTime(year: 2_261, month: 1, day: 1).secondsAsUTC
    var previous = CivilTime(utc: Timestamp(seconds: day - 86_400))
    while day < end {
      let civil = CivilTime(utc: Timestamp(seconds: day))
      #expect(civil.isValid && civil.secondsAsUTC == day)
      let isNext =
        civil.day == previous.day + 1 || (civil.day == 1 && civil.month == previous.month + 1)
        || (civil.day == 1 && civil.month == 1 && civil.year == previous.year + 1)
      #expect(isNext)
      previous = civil
      day += 86_400
    }
  }

  @Test(arguments: [
    (0, "2026-11-21T02:14:05Z"), (3, "2026-11-21T02:14:05.013Z"), (6, "2026-11-21T02:14:05.013070Z"),
  ])
  func digitsOfTheSecond(digits: Int, expected: String) {
    let time = Timestamp(seconds: 1_795_227_245, nanoseconds: 13_070_009)
    #expect(time.rfc3339(digits: digits) == expected)
  }

  @Test func differencesSaturate() {
    let early = Timestamp(nanoseconds: .min + 1)
    let late = Timestamp(nanoseconds: .max)
    #expect(late.since(early) == .max)
    #expect(early.since(late) == .min)
  }
}

@Suite struct ZoneTests {
  /// Europe/Vienna in 2026: +1, from 29 March 01:00 UTC +2, from 25 October 01:00 UTC +1.
  private let vienna = Zone(
    name: "Europe/Vienna",
    transitions: [
      .init(from: .min, offset: 3_600),
      .init(from: CivilTime(year: 2_026, month: 3, day: 29, hour: 1).secondsAsUTC, offset: 7_200),
      .init(from: CivilTime(year: 2_026, month: 10, day: 25, hour: 1).secondsAsUTC, offset: 3_600),
    ])

  /// Arrival, the reading, the instant.
  @Test(arguments: [
    // Winter, summer, and the hours beside the changes.
    ("2026-01-15T11:00:00Z", (1, 15, 12, 0), "2026-01-15T11:00:00Z"),
    ("2026-07-15T10:00:00Z", (7, 15, 12, 0), "2026-07-15T10:00:00Z"),
    ("2026-03-29T00:59:30Z", (3, 29, 1, 59), "2026-03-29T00:59:00Z"),
    ("2026-03-29T01:00:30Z", (3, 29, 3, 0), "2026-03-29T01:00:00Z"),
    ("2026-10-25T00:00:30Z", (10, 25, 1, 59), "2026-10-24T23:59:00Z"),
    ("2026-10-25T02:00:30Z", (10, 25, 3, 0), "2026-10-25T02:00:00Z"),
    ("2026-10-26T02:00:30Z", (10, 26, 3, 0), "2026-10-26T02:00:00Z"),
    // The skipped hour, whenever it arrives: a clock that was not put forward.
    ("2026-03-29T01:30:00Z", (3, 29, 2, 30), "2026-03-29T01:30:00Z"),
    ("2026-03-29T00:30:00Z", (3, 29, 2, 30), "2026-03-29T01:30:00Z"),
    // The repeated hour: what is nearest to the arrival, its edges included.
    ("2026-10-25T00:30:01Z", (10, 25, 2, 30), "2026-10-25T00:30:00Z"),
    ("2026-10-25T01:30:01Z", (10, 25, 2, 30), "2026-10-25T01:30:00Z"),
    ("2026-10-25T00:00:01Z", (10, 25, 2, 0), "2026-10-25T00:00:00Z"),
    ("2026-10-25T01:00:01Z", (10, 25, 2, 0), "2026-10-25T01:00:00Z"),
    ("2026-10-25T01:00:00Z", (10, 25, 2, 59), "2026-10-25T00:59:00Z"),
    ("2026-10-25T01:59:59Z", (10, 25, 2, 59), "2026-10-25T01:59:00Z"),
    ("2026-10-25T01:00:00Z", (10, 25, 2, 30), "2026-10-25T00:30:00Z"),
    // Late: the first of the two until it is over by half an hour, then the second.
    ("2026-10-25T00:59:59Z", (10, 25, 2, 30), "2026-10-25T00:30:00Z"),
    ("2026-10-25T20:00:00Z", (10, 25, 2, 30), "2026-10-25T01:30:00Z"),
  ])
  func wallClockReadings(arrival: String, reading: (Int32, Int32, Int32, Int32), expected: String) throws {
    let (month, day, hour, minute) = reading
    let civil = CivilTime(year: 2_026, month: month, day: day, hour: hour, minute: minute)
    let near = try #require(Timestamp(rfc3339: arrival))
    #expect(vienna.instant(of: civil, near: near).rfc3339(digits: 0) == expected)
  }

  /// Every half hour of two years, as it is shown and read again within some minutes.
  @Test func whatAClockShowsIsReadAsTheTimeItWas() {
    var seconds = CivilTime(year: 2_026, month: 1, day: 1).secondsAsUTC
    let end = CivilTime(year: 2_028, month: 1, day: 1).secondsAsUTC
    while seconds < end {
      let shown = CivilTime(utc: Timestamp(seconds: seconds + Int64(vienna.offset(at: seconds))))
      for delay in [-240, 0, 240, 1_500] as [Int64] {
        let read = vienna.instant(of: shown, near: Timestamp(seconds: seconds + delay))
        #expect(read.seconds == seconds, "\(read), \(delay) s")
      }
      seconds += 1_800
    }
  }
}
