import Model

/// A time as a device wrote it: perhaps without a year, perhaps without a zone.
struct Stamp: BitwiseCopyable {
  /// 0 when none was written.
  var year: Int32 = 0
  /// 1...12.
  var month: Int32 = 0
  /// 1...31; whether the month has it is for the clock to say.
  var day: Int32 = 0
  /// 0...86,400: a leap second is read as the second after it.
  var secondOfDay: Int32 = 0
  var nanosecond: Int32 = 0
  /// Seconds east of UTC; `noZone` when none was written.
  var offset: Int32 = Stamp.noZone
  /// The device says itself that its clock is not set (Cisco's `*`).
  var isDoubtful = false
  /// Digits behind the dot were written.
  var hasFraction = false
  /// Words behind the clock that were read as a part of it: `PM`, `CET`.
  var words: UInt8 = 0

  static var noZone: Int32 { .min }
  /// No stamp was written or none could be read.
  static var absent: Stamp { Stamp() }
  var isAbsent: Bool { month == 0 }

  /// Reads either form below from `start` on and says where it ends; 0 when there is none, and then what
  /// stands in the stamp means nothing. Wants a stamp that is absent.
  @inline(__always)
  mutating func read(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    if end &- start >= 15 {
      let date = ByteWord.load(bytes, start)
      if Stamp.hasColumns(date) {
        let stop = readColumns(bytes, start, end, date)
        if stop != 0 { return stop }
      }
    } else if end &- start < 14 {
      return 0
    }
    if isDigit(bytes[start]) {
      // A sequence number or an address is told from a year by what follows the fourth digit.
      let behind = bytes[start &+ 4]
      guard behind == UInt8(ascii: "-") || behind == UInt8(ascii: " ") else { return 0 }
    } else {
      // Behind the name of a month.
      guard bytes[start &+ 3] == UInt8(ascii: " ") else { return 0 }
    }
    return readForms(bytes, start, end)
  }

  @inline(never)
  private mutating func readForms(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    self = .absent
    let stop = readISO(bytes, start, end)
    if stop != 0 { return stop }
    self = .absent
    return readBSD(bytes, start, end)
  }

  /// RFC 3339 as RFC 5424 §6.2.3 profiles it, and as laxer senders write it: a space for the `T`, a comma
  /// for the dot, no zone, an offset without its colon.
  @inline(__always)
  mutating func readISO(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    guard end &- start >= 19 else { return 0 }
    let separator = bytes[start &+ 10]
    guard separator | 0x20 == UInt8(ascii: "t") || separator == UInt8(ascii: " ") else { return 0 }
    // `yyyy-mm-`, each byte less what it must be: digits are 0...9 then, and the dashes 0.
    let date = ByteWord.load(bytes, start) ^ 0x2D30_302D_3030_3030
    guard (date | (date &+ 0x0006_0600_0606_0606)) & 0xFFF0_F0FF_F0F0_F0F0 == 0 else { return 0 }
    let pairs = date &* 10 &+ (date &>> 8)
    year = Int32(truncatingIfNeeded: (pairs & 0xFF) &* 100 &+ (pairs &>> 16) & 0xFF)
    month = Int32(truncatingIfNeeded: (pairs &>> 40) & 0xFF)
    day = Stamp.twoDigits(bytes, start &+ 8)
    guard month >= 1, month <= 12, day >= 1, day <= 31 else { return 0 }
    let stop = readClock(bytes, start &+ 11, end)
    return stop == 0 ? 0 : readOffset(bytes, stop, end)
  }

  /// A date `yyyy-mm-dd` and a clock `hh:mm:ss` that stand apart; false when they are none.
  mutating func readDateAndClock(_ bytes: Span<UInt8>, _ date: Int, _ clock: Int, _ end: Int) -> Bool {
    year = Stamp.yearNumber(bytes, date)
    month = Stamp.twoDigits(bytes, date &+ 5)
    day = Stamp.twoDigits(bytes, date &+ 8)
    guard year > 0, month >= 1, month <= 12, day >= 1, day <= 31, bytes[date &+ 4] == UInt8(ascii: "-"),
      bytes[date &+ 7] == UInt8(ascii: "-")
    else { return false }
    return readClock(bytes, clock, end) == end
  }

  /// `Nov 21 02:14:05` in its fifteen columns, as nearly everybody writes it. `date` is the first word.
  @inline(__always)
  private mutating func readColumns(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ date: UInt64
  ) -> Int {
    guard setDay(date) else { return 0 }
    let stop = readClock(bytes, start &+ 7, end)
    return stop == 0 ? 0 : readTrailingYear(bytes, stop, end)
  }

  /// True for `Nov 21 0`: spaces fourth and seventh.
  @inline(__always)
  static func hasColumns(_ date: UInt64) -> Bool {
    date & 0x00FF_0000_FF00_0000 == 0x0020_0000_2000_0000
  }

  /// Month and day of `Nov 21 `; false when they are none.
  @inline(__always)
  mutating func setDay(_ date: UInt64) -> Bool {
    month = Stamp.monthNumber(UInt32(truncatingIfNeeded: date))
    let tens = UInt8(truncatingIfNeeded: date &>> 32)
    let ones = UInt8(truncatingIfNeeded: date &>> 40) &- UInt8(ascii: "0")
    guard month > 0, ones < 10, isDigit(tens) || tens == UInt8(ascii: " ") else { return false }
    // The low bits of a space are those of a zero.
    day = Int32(tens & 0x0F) &* 10 &+ Int32(ones)
    return day >= 1 && day <= 31
  }

  /// `Nov 21 02:14:05`, the day with one digit or two, a fraction, and a year before the month, before the
  /// clock or behind it.
  private mutating func readBSD(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    guard end &- start >= 14 else { return 0 }
    var at = start
    year = Stamp.leadingYear(bytes, at, end)
    if year > 0 { at &+= 5 }
    guard end &- at >= 14 else { return 0 }
    month = Stamp.monthNumber(
      UInt32(bytes[at]) | UInt32(bytes[at &+ 1]) << 8 | UInt32(bytes[at &+ 2]) << 16)
    guard month > 0, bytes[at &+ 3] == UInt8(ascii: " ") else { return 0 }
    at &+= 4
    if bytes[at] == UInt8(ascii: " ") { at &+= 1 }
    guard isDigit(bytes[at]) else { return 0 }
    day = Int32(bytes[at] &- UInt8(ascii: "0"))
    at &+= 1
    if isDigit(bytes[at]) {
      day = day &* 10 &+ Int32(bytes[at] &- UInt8(ascii: "0"))
      at &+= 1
    }
    guard day >= 1, day <= 31, bytes[at] == UInt8(ascii: " ") else { return 0 }
    at &+= 1
    if year == 0 {
      year = Stamp.leadingYear(bytes, at, end)
      if year > 0 { at &+= 5 }
    }
    let stop = readClock(bytes, at, end)
    if stop == 0 || year > 0 { return stop }
    return readTrailingYear(bytes, stop, end)
  }

  /// `hh:mm:ss`, perhaps with a fraction; where it ends, 0 when it is none.
  @inline(__always)
  private mutating func readClock(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    guard end &- start >= 8, setClock(ByteWord.load(bytes, start)) else { return 0 }
    let stop = start &+ 8
    guard stop < end, bytes[stop] == UInt8(ascii: ".") || bytes[stop] == UInt8(ascii: ",") else {
      return stop
    }
    return readFraction(bytes, stop, end)
  }

  /// The eight bytes of `hh:mm:ss`; false when they are none.
  @inline(__always)
  mutating func setClock(_ word: UInt64) -> Bool {
    let seconds = Stamp.secondOfDay(word)
    secondOfDay = Int32(truncatingIfNeeded: seconds)
    return seconds >= 0
  }

  /// 0...86,400 for the eight bytes of `hh:mm:ss`; -1 when they are none.
  @inline(__always)
  static func secondOfDay(_ word: UInt64) -> Int64 {
    // Each byte less what it must be: digits are 0...9 then, and the colons 0.
    let clock = word ^ 0x3030_3A30_303A_3030
    guard (clock | (clock &+ 0x0606_0006_0600_0606)) & 0xF0F0_FFF0_F0FF_F0F0 == 0 else { return -1 }
    let pairs = clock &* 10 &+ (clock &>> 8)
    // 23, 59 and 60 at most: what is above makes the top bit of its byte.
    guard (pairs &+ 0x0043_0000_4400_0068) & 0x0080_0000_8000_0080 == 0 else { return -1 }
    let hour = Int64(truncatingIfNeeded: pairs & 0xFF)
    let minute = Int64(truncatingIfNeeded: (pairs &>> 24) & 0xFF)
    let second = Int64(truncatingIfNeeded: (pairs &>> 48) & 0xFF)
    return hour &* 3_600 &+ minute &* 60 &+ second
  }

  /// Nanoseconds are kept, further digits stepped over. A dot without digits is not part of the stamp.
  @inline(__always)
  mutating func readFraction(_ bytes: Span<UInt8>, _ dot: Int, _ end: Int) -> Int {
    let start = dot &+ 1
    guard end &- start >= 8 else { return readDigits(bytes, dot, end) }
    let word = ByteWord.load(bytes, start) ^ 0x3030_3030_3030_3030
    let others = (word | (word &+ 0x0606_0606_0606_0606)) & 0xF0F0_F0F0_F0F0_F0F0
    if others == 0 { return readDigits(bytes, dot, end) }
    // The first byte that is no digit; a carry out of it only reaches those behind.
    let bits = others.trailingZeroBitCount & ~7
    if bits == 0 { return dot }
    nanosecond = Int32(truncatingIfNeeded: ByteWord.decimal(word & (1 &<< UInt64(bits) &- 1)) &* 10)
    hasFraction = true
    return start &+ bits &>> 3
  }

  /// One to seven digits of a second, `word` being what stands behind the dot: nanoseconds, and how many
  /// digits; 0 when there are none or more.
  @inline(__always)
  static func fraction(_ word: UInt64) -> (nanoseconds: Int64, digits: Int) {
    let digits = ByteWord.digits(word)
    guard digits > 0, digits < 8 else { return (0, 0) }
    let values = (word ^ 0x3030_3030_3030_3030) & (1 &<< UInt64(digits &<< 3) &- 1)
    return (Int64(truncatingIfNeeded: ByteWord.decimal(values) &* 10), digits)
  }

  /// The same for more than seven digits, or near the end of the datagram.
  @inline(never)
  mutating func readDigits(_ bytes: Span<UInt8>, _ dot: Int, _ end: Int) -> Int {
    var at = dot &+ 1
    var scale: Int32 = 100_000_000
    while at < end, isDigit(bytes[at]) {
      nanosecond &+= Int32(bytes[at] &- UInt8(ascii: "0")) &* scale
      scale /= 10
      at &+= 1
    }
    if at == dot &+ 1 { return dot }
    hasFraction = true
    return at
  }

  /// `Z`, `+01:00` or `+0100`; none is fine. Where the stamp ends, 0 for an offset that is none.
  @inline(__always)
  mutating func readOffset(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    guard start < end else { return start }
    let sign = bytes[start]
    if sign | 0x20 == UInt8(ascii: "z") {
      offset = 0
      return start &+ 1
    }
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return start }
    let hasColon = end &- start >= 6 && bytes[start &+ 3] == UInt8(ascii: ":")
    let minutesAt = start &+ (hasColon ? 4 : 3)
    guard end &- minutesAt >= 2 else { return 0 }
    let hours = Stamp.twoDigits(bytes, start &+ 1)
    let minutes = Stamp.twoDigits(bytes, minutesAt)
    guard hours | minutes >= 0, hours <= 23, minutes <= 59 else { return 0 }
    let seconds = hours &* 3_600 &+ minutes &* 60
    offset = sign == UInt8(ascii: "-") ? 0 &- seconds : seconds
    return minutesAt &+ 2
  }

  /// `Nov 21 02:14:05 2026`: a year only when nothing else is glued to it. Where the stamp ends.
  @inline(__always)
  mutating func readTrailingYear(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    guard end &- start >= 5, bytes[start] == UInt8(ascii: " "), isDigit(bytes[start &+ 1]) else {
      return start
    }
    let year = Stamp.yearNumber(bytes, start &+ 1)
    let after = start &+ 5
    guard year > 0 else { return start }
    if after < end, bytes[after] != UInt8(ascii: " ") {
      // `2001:db8::1` is a host.
      guard bytes[after] == UInt8(ascii: ":") else { return start }
      guard after &+ 1 == end || bytes[after &+ 1] == UInt8(ascii: " ") else { return start }
    }
    self.year = year
    return after
  }

  /// A year and a space at `at`; 0 when there is none.
  @inline(__always)
  private static func leadingYear(_ bytes: Span<UInt8>, _ at: Int, _ limit: Int) -> Int32 {
    guard limit &- at >= 5, isDigit(bytes[at]), bytes[at &+ 4] == UInt8(ascii: " ") else { return 0 }
    return yearNumber(bytes, at)
  }

  /// 1900...2099, else 0: four digits that are no such year belong to something else.
  static func yearNumber(_ bytes: Span<UInt8>, _ at: Int) -> Int32 {
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

  /// 1...12 for an English month of three letters in any case, else 0; the first letter in the lowest byte,
  /// the fourth byte is not looked at.
  @inline(__always)
  static func monthNumber(_ letters: UInt32) -> Int32 {
    switch letters & 0xFF_FFFF | 0x20_2020 {
    case 0x6E_616A: 1
    case 0x62_6566: 2
    case 0x72_616D: 3
    case 0x72_7061: 4
    case 0x79_616D: 5
    case 0x6E_756A: 6
    case 0x6C_756A: 7
    case 0x67_7561: 8
    case 0x70_6573: 9
    case 0x74_636F: 10
    case 0x76_6F6E: 11
    case 0x63_6564: 12
    default: 0
    }
  }
}
