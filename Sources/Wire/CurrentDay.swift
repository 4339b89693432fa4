import Model

/// The day on which messages arrive now, as stamps write it, and its midnight: of a stamp of today only the
/// clock has to be read.
struct CurrentDay: Sendable {
  /// `Nov 21 ` in the seven lower bytes; all ones when a stamp without a zone must be read the longer way.
  private(set) var text: UInt64 = .max
  /// `2026 ` in the five lower bytes.
  private(set) var year: UInt64 = .max
  /// `2026-11-`, and `21T` in the three lower bytes, in UTC.
  private(set) var date: UInt64 = .max
  private(set) var day: UInt64 = .max
  /// Nanoseconds since 1970, of the zone's midnight and of that in UTC.
  private(set) var midnight: Int64 = 0
  private(set) var midnightUTC: Int64 = 0
  /// The arrivals for which all of this holds: nanoseconds since 1970, and how many.
  private var from: Int64 = 0
  private var span: UInt64 = 0

  private static var fiveMinutes: Int64 { 300_000_000_000 }
  private static var oneDay: Int64 { 86_400_000_000_000 }
  private static let months = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)

  init() {}

  /// The day of `arrival` in `zone`, which is nil where it depends on the source.
  @inline(never)
  init(_ arrival: Timestamp, zone: Zone?) {
    let offset = zone?.offset(at: arrival.seconds) ?? 0
    let utc = CivilTime(utc: arrival)
    let local = CivilTime(utc: arrival.adding(seconds: Int64(offset)))
    // Outside of these there is no device.
    guard utc.year >= 1_970, local.year >= 1_970, utc.year <= 2_099, local.year <= 2_099 else { return }
    let startUTC = CivilTime(year: utc.year, month: utc.month, day: utc.day).timestamp()
    let start = CivilTime(year: local.year, month: local.month, day: local.day).timestamp(offset: offset)
    midnightUTC = startUTC.nanoseconds
    midnight = start.nanoseconds
    from = max(midnight, midnightUTC)
    span = UInt64(min(midnight, midnightUTC) &+ CurrentDay.oneDay &- from)
    setTextsUTC(utc)
    // On a day on which the clocks are changed each stamp is looked at.
    guard let zone, zone.offset(at: start.seconds - 3_600) == offset,
      zone.offset(at: start.seconds + 90_000) == offset
    else { return }
    setTexts(local)
  }

  /// A day that a stamp names, `Nov 21 ` in the lower seven bytes of `word`, of which nothing else is known:
  /// there was no clock, so no time is placed by it. As the default when it is no such day.
  init(stamp word: UInt64) {
    let text = word & 0x00FF_FFFF_FFFF_FFFF
    let month = UInt32(truncatingIfNeeded: text & 0xFF_FFFF)
    let tens = UInt8(truncatingIfNeeded: text >> 32)
    let ones = UInt8(truncatingIfNeeded: text >> 40)
    // Up to the 28th, which every month has.
    guard text >> 24 & 0xFF == 0x20, text >> 48 == 0x20, tens == 0x20 || tens == 0x31 || tens == 0x32,
      isDigit(ones), tens != 0x20 || ones != 0x30, tens != 0x32 || ones != 0x39
    else { return }
    // A capital and two small letters.
    if month & 0x20_2020 == 0x20_2000, Stamp.monthNumber(month) > 0 { self.text = text }
  }

  private mutating func setTextsUTC(_ civil: CivilTime) {
    var bytes: [UInt8] = []
    bytes.append(decimal: Int(civil.year), width: 4)
    bytes.append(UInt8(ascii: "-"))
    bytes.append(decimal: Int(civil.month), width: 2)
    bytes.append(UInt8(ascii: "-"))
    date = CurrentDay.word(bytes)
    bytes.removeAll()
    bytes.append(decimal: Int(civil.day), width: 2)
    bytes.append(UInt8(ascii: "T"))
    day = CurrentDay.word(bytes)
  }

  private mutating func setTexts(_ civil: CivilTime) {
    let month = Int(civil.month - 1) * 3
    var bytes = Array(CurrentDay.months[month..<month + 3])
    bytes.append(UInt8(ascii: " "))
    if civil.day < 10 { bytes.append(UInt8(ascii: " ")) }
    bytes.append(decimal: Int(civil.day))
    bytes.append(UInt8(ascii: " "))
    text = CurrentDay.word(bytes)
    bytes.removeAll()
    bytes.append(decimal: Int(civil.year), width: 4)
    bytes.append(UInt8(ascii: " "))
    year = CurrentDay.word(bytes)
  }

  /// At most eight bytes, the first lowest.
  private static func word(_ bytes: [UInt8]) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// True when this is the day of `arrival`.
  @inline(__always)
  func holds(_ arrival: Timestamp) -> Bool {
    UInt64(bitPattern: arrival.nanoseconds &- from) < span
  }

  /// `Nov 21 ` of today, in the lower seven bytes of `word`.
  @inline(__always)
  func isText(_ word: UInt64) -> Bool { word & 0x00FF_FFFF_FFFF_FFFF == text }

  /// `2026-11-`, and `21T` in the lower three bytes of the second word: today in UTC.
  @inline(__always)
  func isDate(_ word: UInt64, _ next: UInt64) -> Bool { word == date && next & 0xFF_FFFF == day }

  /// `2026 ` of today, in the lower five bytes of `word`.
  @inline(__always)
  func isYear(_ word: UInt64) -> Bool { word & 0xFF_FFFF_FFFF == year }

  /// Sets the time of an event that arrived today, if its clock can be believed: `time` after the zone's
  /// midnight, in nanoseconds.
  @inline(__always)
  func place(_ time: Int64, into event: inout Event) {
    let time = midnight &+ time
    let ahead = time &- event.arrival.nanoseconds
    guard UInt64(bitPattern: ahead &+ CurrentDay.fiveMinutes) <= UInt64(CurrentDay.fiveMinutes &* 2) else {
      return
    }
    event.time = Timestamp(nanoseconds: time)
    event.clock = .device
  }

  /// The same after the midnight of UTC, for a stamp that names its zone.
  @inline(__always)
  func placeUTC(_ time: Int64, into event: inout Event) {
    let time = midnightUTC &+ time
    let ahead = time &- event.arrival.nanoseconds
    guard
      UInt64(bitPattern: ahead &+ CurrentDay.oneDay) <= UInt64(CurrentDay.oneDay &+ CurrentDay.fiveMinutes)
    else { return }
    event.time = Timestamp(nanoseconds: time)
    event.clock = .device
  }
}
