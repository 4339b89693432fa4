import Model

/// The rarer ways in which devices write a time, looked at only when the usual ones are not there.
///
/// Numbers: `2026/11/21`, `2026:11:21`, `11/21/2026`, `21.11.2026`, `21-Nov-2026`, `26-11-21`, behind it a
/// space, `T`, `-` or `:` and the clock. Two numbers before a year are month and day with slashes unless the
/// first is above twelve, day and month with any other mark. Of two digits alone the year comes first with
/// dashes (`26-11-21`), last otherwise. Words: `Sat Nov 21 02:14:05 2026`, `21 Nov 2026`. Seconds since 1970:
/// `1795227245`, with a fraction or as milliseconds.
extension Stamp {
  /// Where the stamp ends; 0 when there is none, and then what stands in the stamp means nothing. Wants a
  /// stamp that is absent.
  @inline(never)
  mutating func readRare(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    guard end &- start >= 10 else { return 0 }
    if !isDigit(bytes[start]) { return readWords(bytes, start, end) }
    let first = SmallNumber(bytes, start, end)
    guard first.end < end else { return 0 }
    if first.digits == 10 || first.digits == 13 { return readEpoch(bytes, first, end) }
    let mark = bytes[first.end]
    guard first.digits <= 2 || first.digits == 4, Stamp.isDateMark(mark) else { return 0 }
    if first.end &+ 1 < end, SyslogToken.isLetter(bytes[first.end &+ 1]) {
      return readDayFirst(bytes, first, mark, end)
    }
    let second = SmallNumber(bytes, first.end &+ 1, end)
    guard mark != UInt8(ascii: " "), second.digits == 2 || second.digits == 1, second.end < end,
      bytes[second.end] == mark
    else { return 0 }
    let third = SmallNumber(bytes, second.end &+ 1, end)
    guard setDate(first, second, third, mark), third.end < end else { return 0 }
    let separator = bytes[third.end]
    guard
      separator == UInt8(ascii: " ") || separator | 0x20 == UInt8(ascii: "t")
        || separator == UInt8(ascii: "-") || separator == UInt8(ascii: ":")
    else { return 0 }
    return readLaxClock(bytes, third.end &+ 1, end)
  }

  /// Seconds or milliseconds since 1970 alone.
  mutating func readEpoch(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    let number = SmallNumber(bytes, start, end)
    guard number.digits == 10 || number.digits == 13, number.end < end else { return 0 }
    return readEpoch(bytes, number, end)
  }

  /// What may stand between the numbers of a date.
  private static func isDateMark(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "/") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: ":") || byte == UInt8(ascii: " ")
  }

  /// 2000 to 2099 as seconds or milliseconds since 1970, behind it a space.
  private mutating func readEpoch(_ bytes: Span<UInt8>, _ number: SmallNumber, _ end: Int) -> Int {
    var seconds = number.value
    var at = number.end
    if number.digits == 13 {
      seconds = number.value / 1_000
      nanosecond = Int32(truncatingIfNeeded: number.value % 1_000 &* 1_000_000)
    } else if bytes[at] == UInt8(ascii: ".") {
      let fraction = SmallNumber(bytes, at &+ 1, end)
      guard fraction.digits >= 1, fraction.digits <= 9 else { return 0 }
      var scaled = fraction.value
      for _ in fraction.digits..<9 { scaled &*= 10 }
      nanosecond = Int32(truncatingIfNeeded: scaled)
      at = fraction.end
    }
    guard seconds >= 946_684_800, seconds < 4_102_444_800, at < end, bytes[at] == UInt8(ascii: " ") else {
      return 0
    }
    let civil = CivilTime(utc: Timestamp(seconds: seconds))
    year = civil.year
    month = civil.month
    day = civil.day
    secondOfDay = civil.hour &* 3_600 &+ civil.minute &* 60 &+ civil.second
    offset = 0
    return at
  }

  /// False when the three numbers are no date.
  private mutating func setDate(
    _ first: SmallNumber, _ second: SmallNumber, _ third: SmallNumber, _ mark: UInt8
  ) -> Bool {
    // Only behind a year: `12:34:56` is a clock.
    if mark == UInt8(ascii: ":"), first.digits != 4 { return false }
    var year = third
    var month = second
    var day = first
    if first.digits == 4 || third.digits == 2 && mark == UInt8(ascii: "-") {
      year = first
      day = third
    } else if mark == UInt8(ascii: "/"), first.value <= 12 {
      month = first
      day = second
    }
    guard day.digits >= 1, day.digits <= 2 else { return false }
    return setDay(year, Int32(truncatingIfNeeded: month.value), day)
  }

  private mutating func setDay(_ year: SmallNumber, _ month: Int32, _ day: SmallNumber) -> Bool {
    guard year.digits == 4 || year.digits == 2, day.value >= 1, day.value <= 31, month >= 1, month <= 12
    else { return false }
    let full = year.digits == 2 ? 2_000 &+ year.value : year.value
    guard full >= 1_900, full <= 2_199 else { return false }
    self.year = Int32(truncatingIfNeeded: full)
    self.month = month
    self.day = Int32(truncatingIfNeeded: day.value)
    return true
  }

  /// `21-Nov-2026 02:14:05`, `21 Nov 2026 02:14:05`.
  private mutating func readDayFirst(
    _ bytes: Span<UInt8>, _ day: SmallNumber, _ mark: UInt8, _ end: Int
  ) -> Int {
    let at = day.end &+ 1
    guard end &- at >= 12, bytes[at &+ 3] == mark else { return 0 }
    let year = SmallNumber(bytes, at &+ 4, end)
    guard setDay(year, Stamp.monthNumber(bytes, at), day), year.end < end,
      bytes[year.end] == UInt8(ascii: " ") || bytes[year.end] == UInt8(ascii: ":")
    else { return 0 }
    return readLaxClock(bytes, year.end &+ 1, end)
  }

  /// `Sat Nov 21 02:14:05 2026`, `Nov 21, 2026 2:14:05 AM`.
  private mutating func readWords(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    var at = start
    if Stamp.isWeekday(bytes, at) {
      at &+= bytes[at &+ 3] == UInt8(ascii: ",") ? 5 : 4
      guard end &- at >= 10 else { return 0 }
      if isDigit(bytes[at]) {
        let day = SmallNumber(bytes, at, end)
        guard day.end < end, bytes[day.end] == UInt8(ascii: " ") else { return 0 }
        return readDayFirst(bytes, day, UInt8(ascii: " "), end)
      }
    }
    month = Stamp.monthNumber(bytes, at)
    guard month > 0, bytes[at &+ 3] == UInt8(ascii: " ") else { return 0 }
    let number = SmallNumber(bytes, SyslogToken.skipSpaces(bytes, at &+ 4, end), end)
    guard number.digits >= 1, number.digits <= 2, number.value >= 1, number.value <= 31 else { return 0 }
    day = Int32(truncatingIfNeeded: number.value)
    at = number.end
    if at < end, bytes[at] == UInt8(ascii: ",") { at &+= 1 }
    at = SyslogToken.skipSpaces(bytes, at, end)
    let next = SmallNumber(bytes, at, end)
    if next.digits == 4 {
      guard setDay(next, month, number) else { return 0 }
      at = SyslogToken.skipSpaces(bytes, next.end, end)
    }
    let stop = readLaxClock(bytes, at, end)
    guard stop != 0, year == 0 else { return stop }
    return readTrailingYear(bytes, stop, end)
  }

  private static func isWeekday(_ bytes: Span<UInt8>, _ at: Int) -> Bool {
    guard bytes[at &+ 3] == UInt8(ascii: " ") || bytes[at &+ 3] == UInt8(ascii: ","),
      bytes[at &+ 3] == UInt8(ascii: " ") || bytes[at &+ 4] == UInt8(ascii: " ")
    else { return false }
    let word = ByteRange(at, at &+ 3)
    return bytes.equalsASCII(word, "Mon") || bytes.equalsASCII(word, "Tue") || bytes.equalsASCII(word, "Wed")
      || bytes.equalsASCII(word, "Thu") || bytes.equalsASCII(word, "Fri") || bytes.equalsASCII(word, "Sat")
      || bytes.equalsASCII(word, "Sun")
  }

  /// `2:14:05`, a fraction, and what may follow: see `readTail`.
  private mutating func readLaxClock(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    let hour = SmallNumber(bytes, start, end)
    let minute = SmallNumber(bytes, hour.end &+ 1, end)
    let second = SmallNumber(bytes, minute.end &+ 1, end)
    guard hour.digits == 1 || hour.digits == 2, minute.digits == 2, second.digits == 2,
      bytes[hour.end] == UInt8(ascii: ":"), bytes[minute.end] == UInt8(ascii: ":"),
      hour.value <= 23, minute.value <= 59, second.value <= 60
    else { return 0 }
    secondOfDay = Int32(truncatingIfNeeded: hour.value &* 3_600 &+ minute.value &* 60 &+ second.value)
    var at = second.end
    if at < end, bytes[at] == UInt8(ascii: ".") || bytes[at] == UInt8(ascii: ",") {
      at = readDigits(bytes, at, end)
    }
    let stop = readTail(bytes, at, end)
    return stop == end || bytes[stop] == UInt8(ascii: " ") || bytes[stop] == UInt8(ascii: ":") ? stop : 0
  }

  /// What some write behind the clock: milliseconds behind a colon and then the year (H3C), `+08:00`, `Z`.
  /// Where it ends; `start` when there is nothing of it.
  @inline(never)
  mutating func readTail(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    guard start < end else { return start }
    var at = start
    if bytes[at] == UInt8(ascii: ":") {
      let fraction = SmallNumber(bytes, at &+ 1, end)
      guard fraction.digits == 3 else { return start }
      nanosecond = Int32(truncatingIfNeeded: fraction.value &* 1_000_000)
      at = fraction.end
      return year == 0 ? readTrailingYear(bytes, at, end) : at
    }
    guard offset == Stamp.noZone else { return at }
    let stop = readOffset(bytes, at, end)
    return stop == 0 ? start : stop
  }

  /// A word behind a clock that belongs to it: `AM`, `PM`, the name of a zone and perhaps a year, `+0100`.
  /// Where the next word starts; 0 when it is none of them.
  @inline(never)
  mutating func readWord(_ bytes: Span<UInt8>, _ start: Int, _ wordEnd: Int, _ end: Int) -> Int {
    // One half of the day and one zone, so that a text of such words comes to an end.
    if words == 2 { return 0 }
    let word = ByteRange(start, wordEnd)
    let isAfternoon = bytes.equalsASCII(word, "PM")
    if isAfternoon || bytes.equalsASCII(word, "AM") {
      words &+= 1
      setHalf(isAfternoon: isAfternoon)
      return SyslogToken.skipSpaces(bytes, wordEnd, end)
    }
    if offset != Stamp.noZone {
      // VRP says behind the offset that it is one of summer.
      guard bytes.equalsASCII(word, "DST") else { return 0 }
      words &+= 1
      return SyslogToken.skipSpaces(bytes, wordEnd, end)
    }
    if bytes[start] == UInt8(ascii: "+") || bytes[start] == UInt8(ascii: "-") {
      guard readOffset(bytes, start, wordEnd) == wordEnd, offset != Stamp.noZone else {
        offset = Stamp.noZone
        return 0
      }
      return SyslogToken.skipSpaces(bytes, wordEnd, end)
    }
    guard CiscoZone.isZone(bytes, start, wordEnd) else { return 0 }
    words &+= 1
    if CiscoZone.isUTC(bytes, start, wordEnd) { offset = 0 }
    let stop = year == 0 ? readTrailingYear(bytes, wordEnd, end) : wordEnd
    return SyslogToken.skipSpaces(bytes, stop, end)
  }

  /// A clock of twelve hours: midnight and noon are twelve.
  mutating func setHalf(isAfternoon: Bool) {
    let isTwelve = secondOfDay >= 43_200 && secondOfDay < 46_800
    if isAfternoon, secondOfDay < 43_200 { secondOfDay &+= 43_200 }
    if !isAfternoon, isTwelve { secondOfDay &-= 43_200 }
  }

  /// 1...12 for the name of a month of three letters at `at`, else 0; three bytes must be there.
  static func monthNumber(_ bytes: Span<UInt8>, _ at: Int) -> Int32 {
    monthNumber(UInt32(bytes[at]) | UInt32(bytes[at &+ 1]) << 8 | UInt32(bytes[at &+ 2]) << 16)
  }
}

/// Digits from `start` on; more than eighteen count as none.
private struct SmallNumber {
  private(set) var value: Int64 = 0
  private(set) var digits = 0
  let end: Int

  init(_ bytes: Span<UInt8>, _ start: Int, _ limit: Int) {
    var at = start
    while at < limit, isDigit(bytes[at]), digits < 19 {
      value = value &* 10 &+ Int64(bytes[at] &- UInt8(ascii: "0"))
      digits &+= 1
      at &+= 1
    }
    if digits == 19 { digits = 0 }
    end = at
  }
}
