import Model

/// `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]` (RFC 5424 §6).
///
/// Lengths of the fields are not enforced, and a stamp without a zone is accepted. A header whose structured
/// data cannot be read (senders leave it out) keeps its fields; the rest is the message and `parse` is loose.
enum RFC5424 {
  static func decode(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ clock: DeviceClock, into event: inout Event
  ) -> Bool {
    guard end &- start >= 3, bytes[start] == UInt8(ascii: "1"), bytes[start &+ 1] == UInt8(ascii: " ") else {
      return false
    }
    let stampStart = start &+ 2
    let stampEnd = SyslogToken.end(bytes, stampStart, end)
    let stamp = Stamp.iso(bytes, stampStart, stampEnd)
    let hasNoStamp = stampEnd == stampStart &+ 1 && bytes[stampStart] == UInt8(ascii: "-")
    guard hasNoStamp || stamp?.end == stampEnd else { return false }

    var at = stampEnd
    guard let host = field(bytes, &at, end), let app = field(bytes, &at, end),
      let procid = field(bytes, &at, end), let msgid = field(bytes, &at, end)
    else { return false }
    event.host = host
    event.app = app
    event.procid = procid
    event.msgid = msgid
    if let stamp { clock.place(stamp, into: &event) }
    readRest(bytes, at, end, into: &event)
    if event.msgid.isAbsent {
      event.msgid = Mnemonic.read(bytes, event.message.start, event.message.end)
    }
    return true
  }

  private static func readRest(_ bytes: Span<UInt8>, _ at: Int, _ end: Int, into event: inout Event) {
    let dataStart = min(at &+ 1, end)
    let dataEnd = structuredDataEnd(bytes, dataStart, end)
    if dataEnd == 0 {
      event.parse = .loose
      event.message = ByteRange(dataStart, end)
      return
    }
    if bytes[dataStart] != UInt8(ascii: "-") { event.structuredData = ByteRange(dataStart, dataEnd) }
    guard dataEnd == end || bytes[dataEnd] == UInt8(ascii: " ") else {
      event.parse = .loose
      event.message = ByteRange(dataEnd, end)
      return
    }
    event.parse = .rfc5424
    var message = min(dataEnd &+ 1, end)
    if end &- message >= 3, bytes[message] == 0xEF, bytes[message &+ 1] == 0xBB, bytes[message &+ 2] == 0xBF {
      message &+= 3
    }
    // rsyslog's %msg% brings the space that stood before it in the older layout: two spaces in all.
    if message < end, bytes[message] == UInt8(ascii: " ") { message &+= 1 }
    event.message = ByteRange(message, end)
  }

  /// The token behind one space; absent for `-`, nil when there is none.
  @inline(__always)
  private static func field(_ bytes: Span<UInt8>, _ at: inout Int, _ end: Int) -> ByteRange? {
    let start = at &+ 1
    guard start < end else { return nil }
    at = SyslogToken.end(bytes, start, end)
    if at == start { return nil }
    if at == start &+ 1, bytes[start] == UInt8(ascii: "-") { return .absent }
    return ByteRange(start, at)
  }

  /// The end of `-` or of one or more `[id name="value" …]`; 0 when this is neither.
  private static func structuredDataEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    guard start < end else { return 0 }
    if bytes[start] == UInt8(ascii: "-") { return start &+ 1 }
    var at = start
    while at < end, bytes[at] == UInt8(ascii: "[") {
      at = elementEnd(bytes, at, end)
      if at == 0 { return 0 }
    }
    return at == start ? 0 : at
  }

  private static func elementEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    guard let nameEnd = nameEnd(bytes, start &+ 1, end) else { return 0 }
    var at = nameEnd
    while at < end {
      at = SyslogToken.skipSpaces(bytes, at, end)
      guard at < end else { return 0 }
      if bytes[at] == UInt8(ascii: "]") { return at &+ 1 }
      guard let equals = self.nameEnd(bytes, at, end), end &- equals >= 3,
        bytes[equals] == UInt8(ascii: "="), bytes[equals &+ 1] == UInt8(ascii: "\"")
      else { return 0 }
      at = equals &+ 2
      while at < end, bytes[at] != UInt8(ascii: "\"") {
        // A backslash keeps the byte behind it from ending the value; what it escapes does not matter here.
        at &+= bytes[at] == UInt8(ascii: "\\") ? 2 : 1
      }
      at &+= 1
    }
    return 0
  }

  /// The end of an SD-NAME: printable, none of `=`, space, `]`, `"`. Nil when it is empty.
  private static func nameEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
    var at = start
    while at < end {
      let byte = bytes[at]
      if byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "=") || byte == UInt8(ascii: "]")
        || byte == UInt8(ascii: "\"")
      {
        break
      }
      at &+= 1
    }
    return at > start ? at : nil
  }
}
