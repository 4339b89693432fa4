import Model

/// `<PRI>STAMP HOST TAG: message` (RFC 3164 §4.1), with or without the host, and with an ISO stamp, as
/// rsyslog forwards it.
enum RFC3164 {
  /// False when there is no stamp; what stands in `stamp` means nothing then.
  static func decode(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, into event: inout Event
  ) -> Bool {
    let first = SyslogToken.skipSpaces(bytes, start, end)
    let at = stamp.read(bytes, first, end)
    return at != 0 && readBehind(bytes, first, at, end, &stamp, into: &event)
  }

  /// The same for the rarer stamps.
  @inline(never)
  static func decodeRare(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, into event: inout Event
  ) -> Bool {
    var first = SyslogToken.skipSpaces(bytes, start, end)
    var at = stamp.readRare(bytes, first, end)
    if at == 0, end &- first > 2, bytes[first] == UInt8(ascii: "1"), bytes[first &+ 1] == UInt8(ascii: " ") {
      // Meraki: RFC 5424's version, and seconds since 1970 for its time.
      first &+= 2
      stamp = .absent
      at = stamp.readEpoch(bytes, first, end)
    }
    return at != 0 && readBehind(bytes, first, at, end, &stamp, into: &event)
  }

  @inline(__always)
  private static func readBehind(
    _ bytes: Span<UInt8>, _ start: Int, _ stampEnd: Int, _ end: Int, _ stamp: inout Stamp,
    into event: inout Event
  ) -> Bool {
    var at = stampEnd
    let signs = CiscoIOS.signs(of: stamp, bytes, start)
    let header = CiscoIOS.stampEnd(bytes, at, end, &stamp, signs)
    if header != 0 {
      CiscoIOS.readMessage(bytes, header, end, into: &event)
    } else {
      if at < end, bytes[at] != UInt8(ascii: " ") { at = stamp.readTail(bytes, at, end) }
      if at == end {
        event.message = ByteRange(end, end)
      } else if bytes[at] == UInt8(ascii: " ") {
        readHostAndContent(bytes, SyslogToken.skipSpaces(bytes, at &+ 1, end), end, &stamp, into: &event)
      } else {
        return false
      }
    }
    event.parse = .rfc3164
    return true
  }

  @inline(__always)
  private static func readHostAndContent(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, into event: inout Event
  ) {
    let tokenEnd = SyslogToken.hostEnd(bytes, start, end)
    guard tokenEnd > start, tokenEnd < end, bytes[tokenEnd] == UInt8(ascii: " ") else {
      if !SyslogContent.readFramed(bytes, start, end, into: &event) {
        OddContent.readWithoutHost(bytes, start, end, &stamp, into: &event)
      }
      return
    }
    let next = SyslogToken.skipSpaces(bytes, tokenEnd, end)
    // Short words of capitals may be a zone's name.
    let isWord = tokenEnd &- start <= 4 && bytes[start] &- UInt8(ascii: "A") < 26
    if !isWord, SyslogContent.readFramed(bytes, next, end, into: &event) {
      event.host = ByteRange(start, tokenEnd)
    } else {
      OddContent.read(bytes, ByteRange(start, tokenEnd), next, end, &stamp, into: &event)
    }
  }

  /// What follows a stamp, for the rarer paths: a host and its content.
  @inline(never)
  static func readRest(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, into event: inout Event
  ) {
    readHostAndContent(bytes, start, end, &stamp, into: &event)
  }
}
