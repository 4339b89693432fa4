import Model

/// A time as a device wrote it: perhaps without a year, perhaps without a zone.
struct Stamp: BitwiseCopyable {
  /// `year` is 0 when none was written.
  var civil: CivilTime
  /// Seconds east of UTC; `noZone` when none was written.
  var offset: Int32 = Stamp.noZone
  /// The device says itself that its clock is not set (Cisco's `*`).
  var isDoubtful = false
  /// The index behind it.
  var end: Int

  static var noZone: Int32 { .min }

  /// Digits behind the dot were written.
  var hasFraction = false

  /// Either form below.
  static func read(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Stamp? {
    guard start < end else { return nil }
    let first = bytes[start]
    if isDigit(first) { return iso(bytes, start, end) ?? bsd(bytes, start, end) }
    // The initials of the months, in either case: A D F J M N O S.
    return SyslogToken.isIn(first, 0, 0x0008_E452_0008_E452) ? bsd(bytes, start, end) : nil
  }

  /// RFC 3339 as RFC 5424 §6.2.3 profiles it, and as laxer senders write it: a space for the `T`, a comma
  /// for the dot, no zone, an offset without its colon.
  static func iso(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Stamp? {
    guard end &- start >= 19, bytes[start &+ 4] == UInt8(ascii: "-"), bytes[start &+ 7] == UInt8(ascii: "-")
    else { return nil }
    let separator = bytes[start &+ 10]
    guard separator | 0x20 == UInt8(ascii: "t") || separator == UInt8(ascii: " ") else { return nil }
    let century = twoDigits(bytes, start)
    let years = twoDigits(bytes, start &+ 2)
    let month = twoDigits(bytes, start &+ 5)
    let day = twoDigits(bytes, start &+ 8)
    guard century | years | month | day >= 0, month >= 1, month <= 12, day >= 1, day <= 31 else { return nil }
    var stamp = Stamp(
      civil: CivilTime(year: century &* 100 &+ years, month: month, day: day), end: start &+ 11)
    guard stamp.readClock(bytes, end), stamp.readOffset(bytes, end) else { return nil }
    return stamp
  }

  /// `Nov 21 02:14:05`, the day with one digit or two, a fraction, and a year before the month, before the
  /// clock or behind it.
  static func bsd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Stamp? {
    guard end &- start >= 14 else { return nil }
    var at = start
    var year = leadingYear(bytes, at, end)
    if year > 0 { at &+= 5 }
    guard end &- at >= 14 else { return nil }
    let month = monthNumber(bytes, at)
    guard month > 0, bytes[at &+ 3] == UInt8(ascii: " ") else { return nil }
    at &+= 4
    if bytes[at] == UInt8(ascii: " ") { at &+= 1 }
    guard isDigit(bytes[at]) else { return nil }
    var day = Int32(bytes[at] &- UInt8(ascii: "0"))
    at &+= 1
    if isDigit(bytes[at]) {
      day = day &* 10 &+ Int32(bytes[at] &- UInt8(ascii: "0"))
      at &+= 1
    }
    guard day >= 1, day <= 31, bytes[at] == UInt8(ascii: " ") else { return nil }
    at &+= 1
    if year == 0 {
      year = leadingYear(bytes, at, end)
      if year > 0 { at &+= 5 }
    }
    var stamp = Stamp(civil: CivilTime(year: year, month: month, day: day), end: at)
    guard stamp.readClock(bytes, end) else { return nil }
    if year == 0 { stamp.readTrailingYear(bytes, end) }
    return stamp
  }

  /// `hh:mm:ss`, perhaps with a fraction, from `self.end` on.
  @inline(__always)
  private mutating func readClock(_ bytes: Span<UInt8>, _ limit: Int) -> Bool {
    let at = end
    guard limit &- at >= 8, bytes[at &+ 2] == UInt8(ascii: ":"), bytes[at &+ 5] == UInt8(ascii: ":") else {
      return false
    }
    let hour = Stamp.twoDigits(bytes, at)
    let minute = Stamp.twoDigits(bytes, at &+ 3)
    let second = Stamp.twoDigits(bytes, at &+ 6)
    guard hour | minute | second >= 0, hour <= 23, minute <= 59, second <= 60 else { return false }
    civil.hour = hour
    civil.minute = minute
    civil.second = second
    end = at &+ 8
    if end < limit, bytes[end] == UInt8(ascii: ".") || bytes[end] == UInt8(ascii: ",") {
      readFraction(bytes, limit)
    }
    return true
  }

  /// Nanoseconds are kept, further digits stepped over. A dot without digits is not part of the stamp.
  private mutating func readFraction(_ bytes: Span<UInt8>, _ limit: Int) {
    var at = end &+ 1
    var scale: Int32 = 100_000_000
    while at < limit, isDigit(bytes[at]) {
      civil.nanosecond &+= Int32(bytes[at] &- UInt8(ascii: "0")) &* scale
      scale /= 10
      at &+= 1
    }
    if at > end &+ 1 {
      end = at
      hasFraction = true
    }
  }

  /// `Z`, `+01:00` or `+0100`; none is fine.
  private mutating func readOffset(_ bytes: Span<UInt8>, _ limit: Int) -> Bool {
    guard end < limit else { return true }
    let sign = bytes[end]
    if sign | 0x20 == UInt8(ascii: "z") {
      offset = 0
      end &+= 1
      return true
    }
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return true }
    let hasColon = limit &- end >= 6 && bytes[end &+ 3] == UInt8(ascii: ":")
    let minutesAt = end &+ (hasColon ? 4 : 3)
    guard limit &- minutesAt >= 2 else { return false }
    let hours = Stamp.twoDigits(bytes, end &+ 1)
    let minutes = Stamp.twoDigits(bytes, minutesAt)
    guard hours | minutes >= 0, hours <= 23, minutes <= 59 else { return false }
    let seconds = hours &* 3_600 &+ minutes &* 60
    offset = sign == UInt8(ascii: "-") ? 0 &- seconds : seconds
    end = minutesAt &+ 2
    return true
  }

  /// `Nov 21 02:14:05 2026`: a year only when nothing else is glued to it.
  @inline(__always)
  private mutating func readTrailingYear(_ bytes: Span<UInt8>, _ limit: Int) {
    guard limit &- end >= 5, bytes[end] == UInt8(ascii: " "), isDigit(bytes[end &+ 1]) else { return }
    let year = Stamp.yearNumber(bytes, end &+ 1)
    let after = end &+ 5
    guard year > 0 else { return }
    if after < limit, bytes[after] != UInt8(ascii: " ") {
      // `2001:db8::1` is a host.
      guard bytes[after] == UInt8(ascii: ":") else { return }
      guard after &+ 1 == limit || bytes[after &+ 1] == UInt8(ascii: " ") else { return }
    }
    civil.year = year
    end = after
  }

  /// A year and a space at `at`; 0 when there is none.
  @inline(__always)
  private static func leadingYear(_ bytes: Span<UInt8>, _ at: Int, _ limit: Int) -> Int32 {
    guard limit &- at >= 5, isDigit(bytes[at]), bytes[at &+ 4] == UInt8(ascii: " ") else { return 0 }
    return yearNumber(bytes, at)
  }

  /// 1900...2099, else 0: four digits that are no such year belong to something else.
  private static func yearNumber(_ bytes: Span<UInt8>, _ at: Int) -> Int32 {
    let century = twoDigits(bytes, at)
    let years = twoDigits(bytes, at &+ 2)
    guard century == 19 || century == 20, years >= 0 else { return 0 }
    return century &* 100 &+ years
  }

  /// -1 unless there are two digits.
  @inline(__always)
  private static func twoDigits(_ bytes: Span<UInt8>, _ at: Int) -> Int32 {
    let tens = bytes[at] &- UInt8(ascii: "0")
    let ones = bytes[at &+ 1] &- UInt8(ascii: "0")
    return tens < 10 && ones < 10 ? Int32(tens) &* 10 &+ Int32(ones) : -1
  }

  /// 1...12 for an English month of three letters in any case, else 0.
  @inline(__always)
  private static func monthNumber(_ bytes: Span<UInt8>, _ at: Int) -> Int32 {
    let word = UInt32(bytes[at]) << 16 | UInt32(bytes[at &+ 1]) << 8 | UInt32(bytes[at &+ 2])
    switch word | 0x20_2020 {
    case 0x6A_616E: return 1
    case 0x66_6562: return 2
    case 0x6D_6172: return 3
    case 0x61_7072: return 4
    case 0x6D_6179: return 5
    case 0x6A_756E: return 6
    case 0x6A_756C: return 7
    case 0x61_7567: return 8
    case 0x73_6570: return 9
    case 0x6F_6374: return 10
    case 0x6E_6F76: return 11
    case 0x64_6563: return 12
    default: return 0
    }
  }
}
