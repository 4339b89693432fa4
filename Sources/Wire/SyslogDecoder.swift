package import Model

/// Reads what syslog devices send (RFC 5424, RFC 3164 and the layouts that grew around it) into an `Event`
/// of ranges. Never fails: what cannot be read is kept as the message, and `parse` says so.
///
/// One file per format; each takes the datagram, where to start and where to end, fills the event and the
/// stamp, and answers whether this was its format. `end` is the end of the datagram without trailing NUL, CR,
/// LF and spaces.
package struct SyslogDecoder: Sendable {
  let clock: DeviceClock
  /// Stamps without a zone of these are read in another one.
  package let sources: SourceClocks
  private let hasSources: Bool
  private var day = CurrentDay()

  /// `defaultZone` is where a stamp without a zone is read (`syslog.default_timezone`), unless its source is
  /// one of `zones` (`syslog.timezones`).
  package init(defaultZone: Zone = .utc, zones: [SourceZone] = []) {
    clock = DeviceClock(zone: defaultZone)
    sources = SourceClocks(zones)
    hasSources = !zones.isEmpty
  }

  /// Fills a fresh `event`, which comes with peer, arrival and time = arrival; the ranges point into
  /// `datagram`. An arrival that is `Timestamp.absent` means that no clock is known: then a stamp with year
  /// and zone is taken as it is, and any other gives no time.
  package func decode(_ datagram: Span<UInt8>, into event: inout Event) {
    event.source = .syslog
    let end = SyslogDecoder.trimmedEnd(datagram)
    let start = SyslogDecoder.readPriority(datagram, end, into: &event)
    if start == 0 { return HeaderlessSyslog.decode(datagram, end, self, into: &event) }
    decodeAny(datagram, start, end, into: &event)
  }

  /// The same for messages that arrive one after the other: of those with a usual header only the clock of
  /// their stamps is read, since the day is known.
  package mutating func decodeArriving(_ datagram: Span<UInt8>, into event: inout Event) {
    event.source = .syslog
    let end = SyslogDecoder.trimmedEnd(datagram)
    let start = SyslogDecoder.readPriority(datagram, end, into: &event)
    // The first says so to the reader, the second to the compiler.
    guard end >= UsualSyslog.least, datagram.count >= UsualSyslog.least, start > 0 else {
      return decodeOther(datagram, start, end, into: &event)
    }
    if !day.holds(event.arrival) { change(to: event.arrival) }
    let first = datagram[start]
    if SyslogToken.isLetter(first) {
      if UsualSyslog.read(datagram, start, end, day, into: &event) {
        event.parse = .rfc3164
        if datagram[event.message.start] == 0xEF { dropOrderMark(datagram, into: &event) }
        return
      }
    } else if first == UInt8(ascii: "1"), datagram[start &+ 1] == UInt8(ascii: " ") {
      let at = UsualSyslog.readRFC5424(datagram, start &+ 2, end, day, into: &event)
      if at != 0 {
        RFC5424.readRest(datagram, at, end, into: &event)
        let message = event.message.start
        if message < end, datagram[message] == 0xEF { dropOrderMark(datagram, into: &event) }
        return
      }
    } else if isDigit(first),
      UsualSyslog.readCisco(datagram, start, end, day, into: &event, isDay: { day.isText($0) })
    {
      event.parse = .rfc3164
      return
    }
    decodeAny(datagram, start, end, into: &event)
  }

  /// The same as `decode` for recorded messages that are read one after the other, without a clock: no header
  /// of today's is known, but mostly the day is that of the message before.
  package mutating func decodeRecorded(_ datagram: Span<UInt8>, into event: inout Event) {
    if !event.arrival.isAbsent { return decodeArriving(datagram, into: &event) }
    event.source = .syslog
    let end = SyslogDecoder.trimmedEnd(datagram)
    let start = SyslogDecoder.readPriority(datagram, end, into: &event)
    guard end >= UsualSyslog.least, datagram.count >= UsualSyslog.least, start > 0 else {
      return decodeOther(datagram, start, end, into: &event)
    }
    let first = datagram[start]
    if SyslogToken.isLetter(first) {
      _ = learn(ByteWord.load(datagram, start))
      if UsualSyslog.read(datagram, start, end, day, into: &event) {
        event.parse = .rfc3164
        if datagram[event.message.start] == 0xEF { dropOrderMark(datagram, into: &event) }
        return
      }
    } else if isDigit(first),
      UsualSyslog.readCisco(datagram, start, end, CurrentDay(), into: &event, isDay: { learn($0) })
    {
      event.parse = .rfc3164
      return
    }
    decodeAny(datagram, start, end, into: &event)
  }

  /// Takes the day that a stamp names for that of the messages at hand; false when it names none.
  @inline(__always)
  private mutating func learn(_ word: UInt64) -> Bool {
    if day.isText(word) { return true }
    day = CurrentDay(stamp: word)
    return day.isText(word)
  }

  @inline(never)
  private func decodeOther(_ datagram: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event) {
    if start == 0 { return HeaderlessSyslog.decode(datagram, end, self, into: &event) }
    decodeAny(datagram, start, end, into: &event)
  }

  @inline(never)
  private mutating func change(to arrival: Timestamp) {
    day = arrival.isAbsent ? CurrentDay() : CurrentDay(arrival, zone: hasSources ? nil : clock.zone)
  }

  /// Format by format.
  @inline(never)
  private func decodeAny(_ datagram: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event) {
    var stamp = Stamp.absent
    if !isRead(datagram, start, end, &stamp, into: &event) {
      readOther(datagram, start, end, &stamp, into: &event)
    }
    if event.message.start < end, datagram[event.message.start] == 0xEF {
      dropOrderMark(datagram, into: &event)
    }
    let first = event.message.start
    if first < end, event.host.isAbsent, datagram[first] != UInt8(ascii: "%") {
      SyslogBody.complete(datagram, &stamp, into: &event)
    }
    place(stamp, datagram, into: &event)
  }

  /// Sets the event's time where there is a stamp that can be believed.
  @inline(__always)
  func place(_ stamp: Stamp, _ bytes: Span<UInt8>, into event: inout Event) {
    if stamp.isAbsent { return }
    if !hasSources { return clock.place(stamp, into: &event) }
    placeBySource(stamp, bytes, into: &event)
  }

  /// None of the usual headers.
  @inline(never)
  private func readOther(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, into event: inout Event
  ) {
    stamp = .absent
    if RFC3164.decodeRare(bytes, start, end, &stamp, into: &event) { return }
    stamp = .absent
    LooseSyslog.decode(bytes, start, end, into: &event)
  }

  /// A byte order mark is for RFC 5424 alone, and some send it behind the older headers too, or behind one
  /// more space. What follows is read as if it were not there.
  @inline(never)
  private func dropOrderMark(_ bytes: Span<UInt8>, into event: inout Event) {
    let start = event.message.start
    let end = event.message.end
    guard end &- start >= 3, bytes[start &+ 1] == 0xBB, bytes[start &+ 2] == 0xBF else { return }
    event.message = ByteRange(start &+ 3, end)
    if event.parse == .rfc3164, SyslogContent.readBehindMark(bytes, into: &event) { return }
    if event.msgid.isAbsent { event.msgid = Mnemonic.read(bytes, start &+ 3, end) }
  }

  /// The same where sources have zones of their own: whose the stamp is stands in the header.
  @inline(never)
  private func placeBySource(_ stamp: Stamp, _ bytes: Span<UInt8>, into event: inout Event) {
    let own = stamp.offset == Stamp.noZone ? sources.index(of: event, in: bytes) : -1
    if own < 0 { clock.place(stamp, into: &event) } else { sources.clocks[own].place(stamp, into: &event) }
  }

  /// False when it is none of the formats with a header.
  @inline(__always)
  private func isRead(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, into event: inout Event
  ) -> Bool {
    if RFC5424.isVersioned(bytes, start, end) {
      if RFC5424.decode(bytes, start &+ 2, end, &stamp, into: &event) { return true }
      stamp = .absent
    }
    if RFC3164.decode(bytes, start, end, &stamp, into: &event) { return true }
    stamp = .absent
    return CiscoIOS.decode(bytes, start, end, &stamp, into: &event)
  }

  /// `FAC-SEV-MNEMONIC` of a message that starts with Cisco's `%FAC-SEV-MNEMONIC:`, else absent.
  package static func mnemonicRange(_ bytes: Span<UInt8>, _ message: ByteRange) -> ByteRange {
    Mnemonic.read(bytes, message.bounds.lowerBound, message.bounds.upperBound)
  }

  @inline(__always)
  private static func trimmedEnd(_ bytes: Span<UInt8>) -> Int {
    var end = bytes.count
    while end > 0 {
      let byte = bytes[end &- 1]
      guard byte == 0x20 || byte == 0x0A || byte == 0 || byte == 0x0D else { break }
      end &-= 1
    }
    return end
  }

  /// `<` 0-191 without leading zeros `>` (RFC 5424 §6.2.1); the index behind it, 0 when there is none.
  @inline(__always)
  private static func readPriority(_ bytes: Span<UInt8>, _ end: Int, into event: inout Event) -> Int {
    guard end >= 5 else { return readShortPriority(bytes, end, into: &event) }
    guard bytes[0] == UInt8(ascii: "<") else { return 0 }
    let first = UInt32(bytes[1]) &- 0x30
    let second = UInt32(bytes[2]) &- 0x30
    let third = UInt32(bytes[3]) &- 0x30
    // `>` less the zero.
    let bracket: UInt32 = 0x3E - 0x30
    var value = first
    var next = 3
    if third == bracket, first &- 1 < 9, second < 10 {
      value = first &* 10 &+ second
      next = 4
    } else if first == 1, second < 10, third < 10, bytes[4] == UInt8(ascii: ">") {
      value = 100 &+ second &* 10 &+ third
      if value > 191 { return 0 }
      next = 5
    } else if second != bracket || first > 9 {
      return 0
    }
    event.facility = Int8(truncatingIfNeeded: value &>> 3)
    event.severity = Int8(truncatingIfNeeded: value & 7)
    return next
  }

  /// The same for a datagram that may end within: nothing fits behind `<9>` and `<99>` then.
  @inline(never)
  private static func readShortPriority(_ bytes: Span<UInt8>, _ end: Int, into event: inout Event) -> Int {
    guard end >= 3, bytes[0] == UInt8(ascii: "<"), isDigit(bytes[1]) else { return 0 }
    var value = bytes[1] &- UInt8(ascii: "0")
    var at = 2
    if end == 4, value > 0, isDigit(bytes[2]) {
      value = value &* 10 &+ bytes[2] &- UInt8(ascii: "0")
      at = 3
    }
    guard bytes[at] == UInt8(ascii: ">") else { return 0 }
    event.facility = Int8(truncatingIfNeeded: value &>> 3)
    event.severity = Int8(truncatingIfNeeded: value & 7)
    return at &+ 1
  }
}
