import Model
import Testing

@testable import Wire

/// A stamp, when it arrived, and the time that is believed; nil: the arrival's.
private struct ClockCase: CustomTestStringConvertible {
  var stamp: String
  var arrival: String
  var time: String?

  var testDescription: String { "\(stamp) at \(arrival)" }

  init(_ stamp: String, at arrival: String, is time: String?) {
    self.stamp = stamp
    self.arrival = arrival
    self.time = time
  }

  func check(zone: Zone = .utc) {
    let event = SyslogClockTests.decode(stamp, arrival: arrival, zone: zone)
    #expect(event.parse == .rfc3164, "\(stamp) is not read as a stamp")
    #expect(event.clock == (time == nil ? .arrival : .device), "\(testDescription)")
    #expect(event.time == Timestamp(rfc3339: time ?? arrival), "\(testDescription)")
  }
}

@Suite struct DeviceClockTests {
  @Test func aStampOfTheOldYearArrivesInTheNew() {
    ClockCase("Dec 31 23:59:58", at: "2027-01-01T00:00:03Z", is: "2026-12-31T23:59:58Z").check()
    ClockCase("Dec 31 23:55:00", at: "2027-01-01T00:00:00Z", is: "2026-12-31T23:55:00Z").check()
  }

  @Test func aStampOfTheNewYearArrivesInTheOld() {
    ClockCase("Jan  1 00:00:02", at: "2026-12-31T23:59:59Z", is: "2027-01-01T00:00:02Z").check()
    ClockCase("Jan  1 00:04:59", at: "2026-12-31T23:59:59Z", is: "2027-01-01T00:04:59Z").check()
  }

  @Test func aStampOfAnotherDayIsNotBelievedInAnyYear() {
    ClockCase("Jan  1 00:00:02", at: "2026-12-30T23:59:59Z", is: nil).check()
    ClockCase("Dec 31 23:59:58", at: "2027-01-02T00:00:03Z", is: nil).check()
    ClockCase("May 21 02:14:05", at: "2026-11-21T02:14:07Z", is: nil).check()
  }

  @Test func aLeapSecondIsTheSecondBehindIt() {
    ClockCase("Dec 31 23:59:60", at: "2027-01-01T00:00:01Z", is: "2027-01-01T00:00:00Z").check()
    ClockCase("2026-12-31T23:59:60Z", at: "2027-01-01T00:00:01Z", is: "2027-01-01T00:00:00Z").check()
    ClockCase("2027-01-01T01:59:60.5+02:00", at: "2027-01-01T00:00:01Z", is: "2027-01-01T00:00:00.5Z").check()
    ClockCase("Nov 21 02:13:60", at: "2026-11-21T02:14:07Z", is: "2026-11-21T02:14:00Z").check()
  }

  @Test func sixtyOneSecondsAreNoStamp() {
    let event = SyslogClockTests.decode("Dec 31 23:59:61", arrival: "2027-01-01T00:00:01Z")
    #expect(event.parse == .loose)
  }

  @Test func theLeapDayIsReadInLeapYearsAlone() {
    ClockCase("Feb 29 12:00:00", at: "2028-02-29T12:00:01Z", is: "2028-02-29T12:00:00Z").check()
    ClockCase("Feb 29 23:59:59", at: "2028-03-01T00:00:01Z", is: "2028-02-29T23:59:59Z").check()
    ClockCase("Feb 29 12:00:00", at: "2027-02-28T12:00:01Z", is: nil).check()
    ClockCase("Mar  1 00:00:00", at: "2028-02-29T23:59:59Z", is: "2028-03-01T00:00:00Z").check()
    ClockCase("2027-02-29T12:00:00Z", at: "2027-03-01T12:00:00Z", is: nil).check()
    ClockCase("2100-02-29T12:00:00Z", at: "2100-03-01T12:00:00Z", is: nil).check()
  }

  @Test func aClockThatStandsAt1970IsNotBelieved() {
    ClockCase("Jan  1 00:03:12", at: "2026-11-21T02:14:07Z", is: nil).check()
    ClockCase("1970-01-01T00:03:12Z", at: "2026-11-21T02:14:07Z", is: nil).check()
    ClockCase("Jan  1 1970 00:03:12", at: "2026-11-21T02:14:07Z", is: nil).check()
    ClockCase("1969-12-31T23:59:59Z", at: "2026-11-21T02:14:07Z", is: nil).check()
  }

  @Test func aClockThatStartsAgainBehind2038IsNotBelieved() {
    ClockCase("2038-01-19T03:14:08Z", at: "2026-11-21T02:14:07Z", is: nil).check()
    ClockCase("1901-12-13T20:45:52Z", at: "2038-01-19T03:14:08Z", is: nil).check()
    ClockCase("2106-02-07T06:28:16Z", at: "2026-11-21T02:14:07Z", is: nil).check()
  }

  @Test func timeGoesOnBehind2038And2106() {
    ClockCase("Jan 19 03:14:07", at: "2038-01-19T03:14:08Z", is: "2038-01-19T03:14:07Z").check()
    ClockCase("Jan 19 03:14:08", at: "2038-01-19T03:14:07Z", is: "2038-01-19T03:14:08Z").check()
    ClockCase("2038-01-19T03:14:08Z", at: "2038-01-19T03:14:09Z", is: "2038-01-19T03:14:08Z").check()
    ClockCase("Feb  7 06:28:16", at: "2106-02-07T06:28:17Z", is: "2106-02-07T06:28:16Z").check()
    ClockCase("2106-02-07T06:28:16Z", at: "2106-02-07T06:28:17Z", is: "2106-02-07T06:28:16Z").check()
    ClockCase("Mar  1 00:00:00", at: "2100-02-28T23:59:59Z", is: "2100-03-01T00:00:00Z").check()
  }

  @Test func secondsSince1970AreAStampWithAZone() {
    ClockCase("1795227245", at: "2026-11-21T02:14:07Z", is: "2026-11-21T02:14:05Z").check(
      zone: Self.amsterdam)
    ClockCase("1795227245.5", at: "2026-11-21T02:14:07Z", is: "2026-11-21T02:14:05.5Z").check()
    ClockCase("1795227245250", at: "2026-11-21T02:14:07Z", is: "2026-11-21T02:14:05.25Z").check()
    ClockCase("1795180000", at: "2026-11-21T02:14:07Z", is: "2026-11-20T13:06:40Z").check()
    ClockCase("1795000000", at: "2026-11-21T02:14:07Z", is: nil).check()
    ClockCase("2147483648", at: "2038-01-19T03:14:09Z", is: "2038-01-19T03:14:08Z").check()
  }

  @Test func secondsSince1970BeyondReasonAreText() {
    for text in ["0000000000", "0946684799", "4102444800", "9999999999", "12345678901"] {
      #expect(SyslogClockTests.decode(text, arrival: "2026-11-21T02:14:07Z").parse == .loose)
    }
  }

  /// Europe/Amsterdam, 2026 and 2027.
  private static let amsterdam = Zone(
    name: "Europe/Amsterdam",
    transitions: [
      .init(from: .min, offset: 3_600), .init(from: 1_774_746_000, offset: 7_200),
      .init(from: 1_792_890_000, offset: 3_600), .init(from: 1_806_195_600, offset: 7_200),
    ])

  @Test func anHourThatSummerTimeSkipsIsReadByTheOffsetBefore() {
    ClockCase("Mar 28 02:30:00", at: "2027-03-28T01:30:02Z", is: "2027-03-28T01:30:00Z")
      .check(zone: Self.amsterdam)
    ClockCase("Mar 28 01:59:59", at: "2027-03-28T01:00:01Z", is: "2027-03-28T00:59:59Z")
      .check(zone: Self.amsterdam)
    ClockCase("Mar 28 03:00:01", at: "2027-03-28T01:00:02Z", is: "2027-03-28T01:00:01Z")
      .check(zone: Self.amsterdam)
  }

  @Test func anHourThatIsThereTwiceIsTheOneNearArrival() {
    ClockCase("Oct 25 02:30:00", at: "2026-10-25T00:30:02Z", is: "2026-10-25T00:30:00Z")
      .check(zone: Self.amsterdam)
    ClockCase("Oct 25 02:30:00", at: "2026-10-25T01:30:02Z", is: "2026-10-25T01:30:00Z")
      .check(zone: Self.amsterdam)
    ClockCase("Oct 25 02:59:59", at: "2026-10-25T01:00:02Z", is: "2026-10-25T00:59:59Z")
      .check(zone: Self.amsterdam)
    ClockCase("Oct 25 03:00:00", at: "2026-10-25T02:00:02Z", is: "2026-10-25T02:00:00Z")
      .check(zone: Self.amsterdam)
  }

  @Test func aZoneInTheStampIsNotAskedForSummerTime() {
    ClockCase("2026-10-25T02:30:00+02:00", at: "2026-10-25T00:30:02Z", is: "2026-10-25T00:30:00Z")
      .check(zone: Self.amsterdam)
    ClockCase("2026-10-25T02:30:00+01:00", at: "2026-10-25T01:30:02Z", is: "2026-10-25T01:30:00Z")
      .check(zone: Self.amsterdam)
  }

  @Test func halvesOfTheDayAreReadByTheClockOfTwelve() {
    ClockCase("Nov 21 2026 12:00:00 AM", at: "2026-11-21T00:00:01Z", is: "2026-11-21T00:00:00Z").check()
    ClockCase("Nov 21 2026 12:00:00 PM", at: "2026-11-21T12:00:01Z", is: "2026-11-21T12:00:00Z").check()
    ClockCase("Nov 21 2026 01:00:00 PM", at: "2026-11-21T13:00:01Z", is: "2026-11-21T13:00:00Z").check()
    ClockCase("Nov 21 2026 11:59:59 PM UTC", at: "2026-11-22T00:00:01Z", is: "2026-11-21T23:59:59Z").check()
    ClockCase("Nov 21 2026 13:00:00 PM", at: "2026-11-21T13:00:01Z", is: "2026-11-21T13:00:00Z").check()
  }
}
