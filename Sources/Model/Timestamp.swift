/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time).
/// Range 1677 to 2262. A value without a clock; whoever needs "now" is handed it.
package struct Timestamp: BitwiseCopyable, Hashable, Comparable, Sendable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  package init(seconds: Int64, nanoseconds: Int64 = 0) {
    self.nanoseconds = seconds &* 1_000_000_000 &+ nanoseconds
  }
  package init(milliseconds: Int64) { self.nanoseconds = milliseconds &* 1_000_000 }
  package init(microseconds: Int64) { self.nanoseconds = microseconds &* 1_000 }

  /// No time was given.
  package static var absent: Timestamp { Timestamp(nanoseconds: .min) }
  package var isAbsent: Bool { nanoseconds == .min }

  package var seconds: Int64 { floorDivide(nanoseconds, 1_000_000_000) }
  package var milliseconds: Int64 { floorDivide(nanoseconds, 1_000_000) }
  package var microseconds: Int64 { floorDivide(nanoseconds, 1_000) }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

  /// Nanoseconds from `earlier` to here, saturating.
  package func since(_ earlier: Timestamp) -> Int64 {
    let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
    return overflow ? (nanoseconds < earlier.nanoseconds ? .min : .max) : difference
  }

  package func adding(seconds: Int64) -> Timestamp {
    Timestamp(nanoseconds: nanoseconds &+ seconds &* 1_000_000_000)
  }
  package func adding(milliseconds: Int64) -> Timestamp {
    Timestamp(nanoseconds: nanoseconds &+ milliseconds &* 1_000_000)
  }
}

@inline(__always)
package func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient - 1 : quotient
}

/// A civil date and time in the proleptic Gregorian calendar, without a zone.
package struct CivilTime: BitwiseCopyable, Hashable, Sendable {
  package var year: Int32
  /// 1...12.
  package var month: Int32
  /// 1...31.
  package var day: Int32
  package var hour: Int32
  package var minute: Int32
  /// 0...60: a leap second is read as the second after it.
  package var second: Int32
  package var nanosecond: Int32

  package init(
    year: Int32, month: Int32, day: Int32, hour: Int32 = 0, minute: Int32 = 0, second: Int32 = 0,
    nanosecond: Int32 = 0
  ) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
    self.nanosecond = nanosecond
  }

  /// The civil time at `time` in UTC.
  package init(utc time: Timestamp) {
    let seconds = time.seconds
    let days = floorDivide(seconds, 86_400)
    let rest = Int32(truncatingIfNeeded: seconds &- days &* 86_400)
    // Howard Hinnant's days algorithm: eras of 400 years, years starting in March.
    let shifted = days &+ 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted &- era &* 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    self.day = Int32(truncatingIfNeeded: dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    self.month = Int32(truncatingIfNeeded: shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
    self.year = Int32(truncatingIfNeeded: yearOfEra + era * 400 + (month <= 2 ? 1 : 0))
    self.hour = rest / 3_600
    self.minute = rest % 3_600 / 60
    self.second = rest % 60
    self.nanosecond = Int32(truncatingIfNeeded: time.nanoseconds &- seconds &* 1_000_000_000)
  }

  /// True when month, day of that month, hour, minute, second and fraction are in range.
  package var isValid: Bool {
    month >= 1 && month <= 12 && day >= 1 && day <= CivilTime.days(inMonth: month, year: year)
      && hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 60
      && nanosecond >= 0 && nanosecond < 1_000_000_000 && year >= 1_678 && year <= 2_261
  }

  package static func isLeap(_ year: Int32) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  package static func days(inMonth month: Int32, year: Int32) -> Int32 {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Seconds since 1970 if this civil time is read as UTC.
  package var secondsAsUTC: Int64 {
    let shiftedYear = Int64(year) - (month <= 2 ? 1 : 0)
    let era = floorDivide(shiftedYear, 400)
    let yearOfEra = shiftedYear - era * 400
    let shiftedMonth = Int64(month > 2 ? month - 3 : month + 9)
    let dayOfYear = (153 * shiftedMonth + 2) / 5 + Int64(day) - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    return days * 86_400 + Int64(hour) * 3_600 + Int64(minute) * 60 + Int64(second)
  }

  /// The instant of this civil time in a zone `offset` seconds east of UTC.
  package func timestamp(offset: Int32 = 0) -> Timestamp {
    Timestamp(seconds: secondsAsUTC - Int64(offset), nanoseconds: Int64(nanosecond))
  }
}

extension [UInt8] {
  /// Appends `time` as RFC 3339 in UTC, `2026-11-21T02:14:05.913Z`; `digits` of the second are kept (0...9).
  package mutating func append(rfc3339 time: Timestamp, digits: Int = 3) {
    let civil = CivilTime(utc: time)
    append(decimal: Int(civil.year), width: 4)
    append(UInt8(ascii: "-"))
    append(decimal: Int(civil.month), width: 2)
    append(UInt8(ascii: "-"))
    append(decimal: Int(civil.day), width: 2)
    append(UInt8(ascii: "T"))
    append(decimal: Int(civil.hour), width: 2)
    append(UInt8(ascii: ":"))
    append(decimal: Int(civil.minute), width: 2)
    append(UInt8(ascii: ":"))
    append(decimal: Int(civil.second), width: 2)
    if digits > 0 {
      append(UInt8(ascii: "."))
      var fraction = Int(civil.nanosecond)
      for _ in digits..<9 { fraction /= 10 }
      append(decimal: fraction, width: digits)
    }
    append(UInt8(ascii: "Z"))
  }
}

extension Timestamp {
  /// RFC 3339 in UTC with `digits` of the second, for people and logs; the hot path appends to bytes.
  package func rfc3339(digits: Int = 3) -> String {
    var bytes: [UInt8] = []
    bytes.append(rfc3339: self, digits: digits)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads RFC 3339 (`T` or a space between date and time; `Z` or an offset, UTC when it is missing;
  /// a bare date is its midnight). Nil when `text` is anything else.
  package init?(rfc3339 text: String) {
    let bytes = Array(text.utf8)
    guard let parsed = parseRFC3339(bytes.span) else { return nil }
    self = parsed
  }
}

/// A stored or typed RFC 3339 time, from bytes; see `Timestamp.init(rfc3339:)`.
package func parseRFC3339(_ bytes: Span<UInt8>) -> Timestamp? {
  func number(_ from: Int, _ count: Int) -> Int32? {
    guard from + count <= bytes.count else { return nil }
    var value: Int32 = 0
    for index in from..<from + count {
      guard isDigit(bytes[index]) else { return nil }
      value = value * 10 + Int32(bytes[index] - UInt8(ascii: "0"))
    }
    return value
  }
  guard bytes.count >= 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
    let year = number(0, 4), let month = number(5, 2), let day = number(8, 2)
  else { return nil }
  var civil = CivilTime(year: year, month: month, day: day)
  if bytes.count == 10 { return civil.isValid ? civil.timestamp() : nil }
  let separator = bytes[10]
  guard separator == UInt8(ascii: "T") || separator == UInt8(ascii: "t") || separator == UInt8(ascii: " "),
    bytes.count >= 19, bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
    let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2)
  else { return nil }
  civil.hour = hour
  civil.minute = minute
  civil.second = second
  var at = 19
  if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
    at += 1
    let start = at
    var scale: Int32 = 100_000_000
    while at < bytes.count, isDigit(bytes[at]) {
      civil.nanosecond += Int32(bytes[at] - UInt8(ascii: "0")) * scale
      scale /= 10
      at += 1
    }
    if at == start { return nil }
  }
  var offset: Int32 = 0
  if at < bytes.count {
    let sign = bytes[at]
    if sign == UInt8(ascii: "Z") || sign == UInt8(ascii: "z") {
      at += 1
    } else if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
      guard let hours = number(at + 1, 2) else { return nil }
      at += 3
      if at < bytes.count, bytes[at] == UInt8(ascii: ":") { at += 1 }
      guard let minutes = number(at, 2), hours <= 23, minutes <= 59 else { return nil }
      at += 2
      offset = (hours * 3_600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }
  }
  guard at == bytes.count, civil.isValid else { return nil }
  return civil.timestamp(offset: offset)
}
