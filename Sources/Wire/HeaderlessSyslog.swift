import Model

/// A datagram that does not start with a valid PRI: what stands before it is stepped over (a byte order mark,
/// blanks, the octet count of RFC 6587), and a CEF, LEEF or JSON body is read without one. Everything else is
/// the message as it came, and unparsed.
enum HeaderlessSyslog {
  @inline(never)
  static func decode(
    _ bytes: Span<UInt8>, _ end: Int, _ decoder: SyslogDecoder, into event: inout Event
  ) {
    let prefix = prefixEnd(bytes, end)
    if prefix > 0 {
      let untouched = event
      decoder.decode(bytes.extracting(prefix..<bytes.count), into: &event)
      if event.parse != .unparsed { return shift(&event, by: prefix) }
      event = untouched
    }
    event.parse = .unparsed
    event.message = ByteRange(0, end)
    if end > 0 { readBody(bytes, end, decoder, into: &event) }
  }

  /// The index of the `<` behind what may stand before a PRI; 0 when there is none.
  private static func prefixEnd(_ bytes: Span<UInt8>, _ end: Int) -> Int {
    var at = 0
    if end > 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { at = 3 }
    // No octet count has more digits, and more blanks are no accident.
    let limit = min(end, at &+ 12)
    while at < limit, isDigit(bytes[at]) { at &+= 1 }
    while at < limit, bytes[at] <= 0x20 { at &+= 1 }
    return at < end && bytes[at] == UInt8(ascii: "<") ? at : 0
  }

  private static func shift(_ event: inout Event, by distance: Int) {
    let step = UInt32(truncatingIfNeeded: distance)
    func moved(_ range: ByteRange) -> ByteRange {
      range.isAbsent ? range : ByteRange(offset: range.offset &+ step, count: range.count)
    }
    event.host = moved(event.host)
    event.app = moved(event.app)
    event.procid = moved(event.procid)
    event.msgid = moved(event.msgid)
    event.structuredData = moved(event.structuredData)
    event.message = moved(event.message)
  }

  /// A body alone, or behind a time and a host.
  private static func readBody(
    _ bytes: Span<UInt8>, _ end: Int, _ decoder: SyslogDecoder, into event: inout Event
  ) {
    let whole = event
    var stamp = Stamp.absent
    if !isBody(bytes, 0, end) {
      var other = event
      guard RFC3164.decode(bytes, 0, end, &stamp, into: &other),
        isBody(bytes, other.message.start, end), other.app.isAbsent
      else { return }
      event = other
    }
    SyslogBody.complete(bytes, &stamp, into: &event)
    let isKnown =
      !event.host.isAbsent || event.severity >= 0 || bytes[event.message.start] != UInt8(ascii: "{")
    // Braces alone are a text as any other, and so is a time before them.
    guard isKnown else { return event = whole }
    event.parse = .loose
    decoder.place(stamp, bytes, into: &event)
  }

  private static func isBody(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    switch BodyKind.of(bytes, start, end) {
    case .cef, .leef, .json: true
    case .none, .pairs: false
    }
  }
}
