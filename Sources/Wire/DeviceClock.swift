import Model

/// Decides whether a device's clock can be believed (DESIGN §2, *Clock*): within -24 h … +5 min of arrival
/// when the zone is known, because the stamp names it or the source has one of its own, within ±5 min when it
/// had to be assumed.
struct DeviceClock: Sendable {
  let zone: Zone
  /// The zone's only offset, seconds; `Stamp.noZone` when it has several. Spares the look into the table.
  private let fixedOffset: Int32
  /// The zone was configured for the source: as good as one that the stamp names.
  private let isConfigured: Bool

  private static var fiveMinutes: Int64 { 300_000_000_000 }
  private static var oneDay: Int64 { 86_400_000_000_000 }
  /// Further away than this, a stamp without a year belongs to another one.
  private static var nearlyAYear: Int64 { 300 * 86_400_000_000_000 }
  /// Arrivals that `place` reckons with itself: from 1970 to 2099, nanoseconds.
  private static var plainArrivals: UInt64 { 4_070_908_800_000_000_000 }

  init(zone: Zone, isConfigured: Bool = false) {
    self.zone = zone
    self.isConfigured = isConfigured
    self.fixedOffset = zone.transitions.count == 1 ? zone.transitions[0].offset : Stamp.noZone
  }

  /// Sets `event.time` and `event.clock` when the stamp can be believed.
  @inline(__always)
  func place(_ stamp: Stamp, into event: inout Event) {
    let hasZone = stamp.offset != Stamp.noZone
    let offset = hasZone ? stamp.offset : fixedOffset
    let arrival = event.arrival.nanoseconds
    let since1970 = UInt64(bitPattern: arrival)
    let year = stamp.year != 0 ? stamp.year : DeviceClock.year(since1970)
    // What is out of the ordinary (also the 29th to 31st, which not every month has) takes the longer way.
    guard since1970 < DeviceClock.plainArrivals, year &- 1901 >= 0, year < 2100, stamp.day <= 28,
      offset != Stamp.noZone
    else { return placeAnywhere(stamp, into: &event) }
    let wall = DeviceClock.days(year, stamp.month, stamp.day) &* 86_400 &+ Int64(stamp.secondOfDay)
    let time = Timestamp(seconds: wall &- Int64(offset), nanoseconds: Int64(stamp.nanosecond))
    let ahead = time.nanoseconds &- arrival
    if stamp.year == 0, ahead.magnitude > DeviceClock.nearlyAYear.magnitude {
      return placeAnywhere(stamp, into: &event)
    }
    let isSure = (hasZone || isConfigured) && !stamp.isDoubtful
    let earliest = isSure ? -DeviceClock.oneDay : -DeviceClock.fiveMinutes
    guard ahead >= earliest, ahead <= DeviceClock.fiveMinutes else { return }
    event.time = time
    event.clock = .device
  }

  @inline(never)
  private func placeAnywhere(_ stamp: Stamp, into event: inout Event) {
    let hasZone = stamp.offset != Stamp.noZone
    let arrival = event.arrival
    if arrival.isAbsent {
      guard hasZone, stamp.year > 0 else { return }
      let time = instant(stamp, year: stamp.year, near: arrival)
      if time.isAbsent { return }
      event.time = time
      event.clock = .device
      return
    }
    // A mean year counted from the epoch: right except within a day of New Year, where it is off by one. A
    // stamp that can be believed is then nearly a year away, and lands in the year beside.
    let guess = Int32(truncatingIfNeeded: 1970 &+ floorDivide(arrival.nanoseconds, 31_556_952_000_000_000))
    var time = instant(stamp, year: stamp.year > 0 ? stamp.year : guess, near: arrival)
    if time.isAbsent { return }
    var ahead = time.since(arrival)
    if stamp.year == 0, ahead.magnitude > DeviceClock.nearlyAYear.magnitude {
      time = instant(stamp, year: guess &+ (ahead > 0 ? -1 : 1), near: arrival)
      ahead = time.since(arrival)
    }
    let isSure = (hasZone || isConfigured) && !stamp.isDoubtful
    let earliest = isSure ? -DeviceClock.oneDay : -DeviceClock.fiveMinutes
    guard ahead >= earliest, ahead <= DeviceClock.fiveMinutes else { return }
    event.time = time
    event.clock = .device
  }

  /// The year of a time, or one beside it within a day of New Year.
  @inline(__always)
  private static func year(_ nanosecondsSince1970: UInt64) -> Int32 {
    1970 &+ Int32(truncatingIfNeeded: nanosecondsSince1970 / 31_556_952_000_000_000)
  }

  /// Days since 1970 of a day in 1901...2099, where every fourth year is a leap year.
  @inline(__always)
  private static func days(_ year: Int32, _ month: Int32, _ day: Int32) -> Int64 {
    // The days before the month if February had thirty, then what it lacks.
    let before = Int32(bitPattern: UInt32(bitPattern: 367 &* month &- 362) / 12)
    let lacking: Int32 = month <= 2 ? 0 : year & 3 == 0 ? 1 : 2
    let days = (year &- 1970) &* 365 &+ (year &- 1969) &>> 2 &+ before &- lacking &+ day &- 1
    return Int64(days)
  }

  /// Absent when the calendar has no such day. The reader has checked every range but the month's length.
  private func instant(_ stamp: Stamp, year: Int32, near arrival: Timestamp) -> Timestamp {
    let civil = CivilTime(
      year: year, month: stamp.month, day: stamp.day, nanosecond: stamp.nanosecond)
    if !civil.isValid { return .absent }
    // The second of the day may be the one after its last.
    var moment = civil
    moment.second = stamp.secondOfDay
    if stamp.offset != Stamp.noZone { return moment.timestamp(offset: stamp.offset) }
    return zone.instant(of: moment, near: arrival)
  }
}
