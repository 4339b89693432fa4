import Model

/// Decides whether a device's clock can be believed (DESIGN §2, *Clock*): within -24 h … +5 min of arrival
/// when the zone is known, within ±5 min when it had to be assumed.
struct DeviceClock: Sendable {
  private let zone: Zone
  /// The zone's only offset; nil when it has several. Spares the look into the table for UTC.
  private let fixedOffset: Int32?

  private static var fiveMinutes: Int64 { 300_000_000_000 }
  private static var oneDay: Int64 { 86_400_000_000_000 }
  private static var halfYear: Int64 { 180 * 86_400_000_000_000 }

  init(zone: Zone) {
    self.zone = zone
    self.fixedOffset = zone.transitions.count == 1 ? zone.transitions[0].offset : nil
  }

  /// Sets `event.time` and `event.clock` when the stamp can be believed.
  func place(_ stamp: Stamp, into event: inout Event) {
    let hasZone = stamp.offset != Stamp.noZone
    if event.arrival.isAbsent {
      guard hasZone, stamp.civil.year > 0, stamp.civil.isValid else { return }
      event.time = stamp.civil.timestamp(offset: stamp.offset)
      event.clock = .device
      return
    }
    let time =
      stamp.civil.year > 0
      ? instant(stamp.civil, stamp) : nearest(stamp, to: event.arrival)
    if time.isAbsent { return }
    let ahead = time.since(event.arrival)
    let earliest = hasZone && !stamp.isDoubtful ? -DeviceClock.oneDay : -DeviceClock.fiveMinutes
    guard ahead >= earliest, ahead <= DeviceClock.fiveMinutes else { return }
    event.time = time
    event.clock = .device
  }

  /// The year that lands nearest to arrival. Absent when no year around has that day.
  private func nearest(_ stamp: Stamp, to arrival: Timestamp) -> Timestamp {
    // A mean year from the epoch: right except within a day of New Year, where it is off by one.
    let guess = Int32(truncatingIfNeeded: 1970 + floorDivide(arrival.nanoseconds, 31_556_952_000_000_000))
    var civil = stamp.civil
    civil.year = guess
    let first = instant(civil, stamp)
    if !first.isAbsent, first.since(arrival).magnitude < DeviceClock.halfYear.magnitude { return first }
    civil.year = guess - 1
    let before = instant(civil, stamp)
    civil.year = guess + 1
    return nearer(nearer(first, before, arrival), instant(civil, stamp), arrival)
  }

  private func nearer(_ one: Timestamp, _ other: Timestamp, _ arrival: Timestamp) -> Timestamp {
    if one.isAbsent { return other }
    if other.isAbsent { return one }
    return other.since(arrival).magnitude < one.since(arrival).magnitude ? other : one
  }

  /// Absent when the calendar has no such day. The reader has checked every range but the month's length,
  /// and 28 days every month has.
  @inline(__always)
  private func instant(_ civil: CivilTime, _ stamp: Stamp) -> Timestamp {
    guard civil.day <= 28 && civil.year >= 1_900 && civil.year < 2_100 || civil.isValid else {
      return .absent
    }
    if stamp.offset != Stamp.noZone { return civil.timestamp(offset: stamp.offset) }
    if let fixedOffset { return civil.timestamp(offset: fixedOffset) }
    return zone.instant(of: civil)
  }
}
