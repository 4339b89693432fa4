import Model

/// The headers that nearly every line has, of today, decided by a few words of bytes: month, day and clock in
/// their columns and a host behind them; Cisco's number, host and stamp; RFC 5424 in UTC. Whatever is unusual
/// about a line, a short one too, is left to the readers of the single formats, which read these headers as
/// well and give the same.
///
/// Each answers false for anything else, and the event is as it was then. Wanted are `least` bytes before the
/// end, and an arrival for which `day` holds.
enum UsualSyslog {
  /// A constant, because the compiler can tell then that most of the reads lie inside.
  static var least: Int { 64 }

  private static var second: Int64 { 1_000_000_000 }

  /// `Nov 21 02:14:05 host app[77]: text`, `Nov 21 2026 02:14:05 fw1 : %ASA-6-302013: text`.
  @inline(__always)
  static func read(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ day: CurrentDay, into event: inout Event
  ) -> Bool {
    guard day.isText(ByteWord.load(bytes, start)) else { return false }
    var clock = ByteWord.load(bytes, start &+ 7)
    var names = start &+ 16
    if day.isYear(clock) {
      clock = ByteWord.load(bytes, start &+ 12)
      names &+= 5
    }
    let seconds = Stamp.secondOfDay(clock)
    guard seconds >= 0, bytes[names &- 1] == UInt8(ascii: " "), readNames(bytes, names, end, into: &event)
    else { return false }
    day.place(seconds &* second, into: &event)
    return true
  }

  @inline(__always)
  private static func readNames(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    let hostEnd = bytes.firstIndex(ofTwoFrom: start) { SyslogToken.nameEnds($0) }
    // Four digits may be a year, and short words of capitals a zone.
    guard bytes[hostEnd] == UInt8(ascii: " "),
      bytes[start] &- UInt8(ascii: "a") < 26
        || hostEnd &- start > 4 && SyslogToken.isWordByte(bytes[start]), end &- hostEnd >= 40
    else { return false }
    // Postfix and others have a slash in their names.
    let tagEnd = bytes.firstIndex(ofTwoFrom: hostEnd &+ 1) { SyslogTag.usualEnds($0) }
    let hasTag = tagEnd > hostEnd &+ 1
    var message = tagEnd
    if bytes[tagEnd] == UInt8(ascii: "[") {
      guard hasTag, end &- tagEnd >= 16 else { return false }
      message &+= 1 &+ ByteWord.digits(ByteWord.load(bytes, tagEnd &+ 1))
      guard message > tagEnd &+ 1, bytes[message] == UInt8(ascii: "]"),
        bytes[message &+ 1] == UInt8(ascii: ":"), bytes[message &+ 2] == UInt8(ascii: " "),
        !isDigit(bytes[hostEnd &+ 1])
      else { return false }
      event.procid = ByteRange(tagEnd &+ 1, message)
      message &+= 3
      if bytes[message] == UInt8(ascii: "%") { event.msgid = Mnemonic.read(bytes, message, end) }
    } else {
      if bytes[tagEnd] == UInt8(ascii: ":") {
        guard bytes[tagEnd &+ 1] == UInt8(ascii: " ") else { return false }
        message &+= 2
      }
      if !hasTag { return readMnemonic(bytes, message, end, host: ByteRange(start, hostEnd), into: &event) }
      // Behind a tag: not the signs that may begin a header of Cisco's, which has none before it.
      let first = bytes[message]
      guard message > tagEnd, first > UInt8(ascii: ":") || first == UInt8(ascii: "("),
        !isDigit(bytes[hostEnd &+ 1])
      else { return false }
    }
    event.host = ByteRange(start, hostEnd)
    event.app = ByteRange(hostEnd &+ 1, tagEnd)
    event.message = ByteRange(message, end)
    return true
  }

  /// `%FAC-SEV-MNEMONIC: …` at `start`.
  @inline(__always)
  private static func readMnemonic(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, host: ByteRange, into event: inout Event
  ) -> Bool {
    guard bytes[start] == UInt8(ascii: "%"), end &- start >= Mnemonic.usualWidth else { return false }
    let mnemonic = Mnemonic.readUsual(bytes, start)
    if mnemonic.isAbsent { return false }
    event.host = host
    event.msgid = mnemonic
    event.message = ByteRange(start, end)
    return true
  }

  /// `4512: core1: Nov 21 02:14:05.913: %LINK-3-UPDOWN: text`, the host perhaps missing, the fraction too.
  /// `isDay` says whether a word begins with the day, `day` if none else is.
  @inline(__always)
  static func readCisco(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ day: CurrentDay, into event: inout Event,
    isDay: (UInt64) -> Bool
  ) -> Bool {
    var at = start &+ ByteWord.digits(ByteWord.load(bytes, start))
    guard bytes[at] == UInt8(ascii: ":"), bytes[at &+ 1] == UInt8(ascii: " ") else { return false }
    at &+= 2
    var host = ByteRange.absent
    if bytes[at &+ 3] != UInt8(ascii: " ") {
      let colon = bytes.firstIndex(ofTwoFrom: at) { SyslogToken.nameEnds($0) }
      guard bytes[colon] == UInt8(ascii: ":"), bytes[colon &+ 1] == UInt8(ascii: " "),
        SyslogToken.isLetter(bytes[at])
      else { return false }
      host = ByteRange(at, colon)
      at = colon &+ 2
    }
    // The day, the clock, and a fraction of up to seven digits.
    guard end &- at >= 28, isDay(ByteWord.load(bytes, at)) else { return false }
    var time = Stamp.secondOfDay(ByteWord.load(bytes, at &+ 7)) &* second
    at &+= 15
    if bytes[at] == UInt8(ascii: ".") {
      let fraction = Stamp.fraction(ByteWord.load(bytes, at &+ 1))
      time &+= fraction.nanoseconds
      if fraction.digits == 0 { return false }
      at &+= fraction.digits &+ 1
    }
    guard time >= 0, bytes[at] == UInt8(ascii: ":"), bytes[at &+ 1] == UInt8(ascii: " "),
      readMnemonic(bytes, at &+ 2, end, host: host, into: &event)
    else { return false }
    day.place(time, into: &event)
    return true
  }

  /// `2026-11-21T02:14:05.913Z host app 77 ID47 …`, also with `+00:00`, `start` being where the stamp begins;
  /// the index of the space before the structured data, 0 for anything else.
  @inline(__always)
  static func readRFC5424(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ day: CurrentDay, into event: inout Event
  ) -> Int {
    guard day.isDate(ByteWord.load(bytes, start), ByteWord.load(bytes, start &+ 8)) else { return 0 }
    var time = Stamp.secondOfDay(ByteWord.load(bytes, start &+ 11)) &* second
    var at = start &+ 19
    if bytes[at] == UInt8(ascii: ".") {
      let fraction = Stamp.fraction(ByteWord.load(bytes, at &+ 1))
      if fraction.digits == 0 { return 0 }
      time &+= fraction.nanoseconds
      at &+= fraction.digits &+ 1
    }
    let isPlain = bytes[at] == UInt8(ascii: "Z")
    if !isPlain, ByteWord.load(bytes, at) & 0xFFFF_FFFF_FFFF != 0x3030_3A30_302B { return 0 }
    at &+= isPlain ? 1 : 6
    guard time >= 0, bytes[at] == UInt8(ascii: " ") else { return 0 }
    let host = readField(bytes, &at, end)
    let app = readField(bytes, &at, end)
    let procid = readField(bytes, &at, end)
    let msgid = readField(bytes, &at, end)
    // Without a host the body is asked.
    if at > end || host.isAbsent { return 0 }
    event.host = host
    event.app = app
    event.procid = procid
    event.msgid = msgid
    day.placeUTC(time, into: &event)
    return at
  }

  /// The word behind the space at `at`, which moves to the space behind the word; beyond the end when there
  /// is none, or it is long, or the end is near.
  @inline(__always)
  private static func readField(_ bytes: Span<UInt8>, _ at: inout Int, _ end: Int) -> ByteRange {
    let start = at &+ 1
    guard end &- start >= 33 else {
      at = end &+ 1
      return .absent
    }
    at = bytes.firstIndex(ofTwoFrom: start) { $0.equal(UInt8(ascii: " ")) }
    if at == start || bytes[at] != UInt8(ascii: " ") {
      at = end &+ 1
      return .absent
    }
    return at == start &+ 1 && bytes[start] == UInt8(ascii: "-") ? .absent : ByteRange(start, at)
  }
}
