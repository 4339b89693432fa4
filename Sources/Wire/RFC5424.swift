import Model

/// `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]` (RFC 5424 §6).
///
/// Lengths of the fields are not enforced, and a stamp without a zone is accepted. A header whose structured
/// data cannot be read (senders leave it out) keeps its fields; the rest is the message and `parse` is loose.
enum RFC5424 {
  /// True for the `1 ` that leads the header.
  @inline(__always)
  static func isVersioned(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    end &- start >= 3 && bytes[start] == UInt8(ascii: "1") && bytes[start &+ 1] == UInt8(ascii: " ")
  }

  /// `start` is where the TIMESTAMP begins. False when this is no such header; what stands in `stamp` means
  /// nothing then.
  static func decode(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, into event: inout Event
  ) -> Bool {
    var at = start &+ 1
    let hasNoStamp = bytes[start] == UInt8(ascii: "-") && (at == end || bytes[at] == UInt8(ascii: " "))
    if !hasNoStamp {
      at = stamp.readISO(bytes, start, end)
      // A stamp with a space inside is no TIMESTAMP.
      guard at != 0, bytes[start &+ 10] != UInt8(ascii: " "),
        at == end || bytes[at] == UInt8(ascii: " ")
      else { return false }
    }
    let host = field(bytes, &at, end)
    let app = field(bytes, &at, end)
    let procid = field(bytes, &at, end)
    let msgid = field(bytes, &at, end)
    guard at <= end else { return false }
    event.host = host
    event.app = app
    event.procid = procid
    event.msgid = msgid
    readRest(bytes, at, end, into: &event)
    return true
  }

  /// The structured data and the message behind the space at `at`.
  @inline(__always)
  static func readRest(_ bytes: Span<UInt8>, _ at: Int, _ end: Int, into event: inout Event) {
    readData(bytes, at, end, into: &event)
    if event.msgid.isAbsent {
      event.msgid = Mnemonic.read(bytes, event.message.start, event.message.end)
    }
  }

  @inline(__always)
  private static func readData(_ bytes: Span<UInt8>, _ at: Int, _ end: Int, into event: inout Event) {
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

  /// The token behind one space; absent for `-`. Moves `at` beyond `end` when there is none.
  @inline(__always)
  private static func field(_ bytes: Span<UInt8>, _ at: inout Int, _ end: Int) -> ByteRange {
    let start = at &+ 1
    guard start < end else {
      at = end &+ 1
      return .absent
    }
    let first = bytes[start]
    at = SyslogToken.end(bytes, start, end)
    if at == start {
      at = end &+ 1
      return .absent
    }
    return at == start &+ 1 && first == UInt8(ascii: "-") ? .absent : ByteRange(start, at)
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

  /// The end of one `[id name="value" …]`; 0 when this is none.
  static func elementEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    var at = nameEnd(bytes, start &+ 1, end)
    if at == start &+ 1 { return 0 }
    while at < end {
      at = SyslogToken.skipSpaces(bytes, at, end)
      guard at < end else { return 0 }
      if bytes[at] == UInt8(ascii: "]") { return at &+ 1 }
      let equals = nameEnd(bytes, at, end)
      guard equals > at, end &- equals >= 3, bytes[equals] == UInt8(ascii: "="),
        bytes[equals &+ 1] == UInt8(ascii: "\"")
      else { return 0 }
      at = valueEnd(bytes, equals &+ 2, end) &+ 1
    }
    return 0
  }

  /// The quote that ends a PARAM-VALUE. A backslash keeps the byte behind it from ending the value; what it
  /// escapes does not matter here.
  @inline(__always)
  private static func valueEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    var at = start
    while true {
      at = bytes.firstIndex(
        from: at, to: end, block: { $0.equal(UInt8(ascii: "\"")) | $0.equal(UInt8(ascii: "\\")) },
        byte: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") })
      guard at < end, bytes[at] == UInt8(ascii: "\\") else { return at }
      at = min(at &+ 2, end)
    }
  }

  /// The end of an SD-NAME: printable, none of `=`, space, `]`, `"`. `start` when it is empty.
  @inline(__always)
  private static func nameEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    let at = bytes.firstIndex(
      from: start, to: end,
      block: { block in
        block.outside(block.between(0x21, 0x7E)) | block.equal(UInt8(ascii: "="))
          | block.equal(UInt8(ascii: "]")) | block.equal(UInt8(ascii: "\""))
      },
      byte: { byte in
        byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "=") || byte == UInt8(ascii: "]")
          || byte == UInt8(ascii: "\"")
      })
    return at
  }
}
