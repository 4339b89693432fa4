import Model

/// `<PRI>STAMP HOST TAG: message` (RFC 3164 §4.1), with or without the host, and with an ISO stamp, as
/// rsyslog forwards it.
enum RFC3164 {
  /// False when there is no stamp; what stands in `stamp` means nothing then.
  static func decode(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, into event: inout Event
  ) -> Bool {
    let at = stamp.read(bytes, SyslogToken.skipSpaces(bytes, start, end), end)
    if at == 0 { return false }
    let header = CiscoIOS.stampEnd(bytes, at, end, &stamp, isMarked: stamp.hasFraction)
    if header != 0 {
      CiscoIOS.readMessage(bytes, header, end, into: &event)
    } else if at == end {
      event.message = ByteRange(end, end)
    } else if bytes[at] == UInt8(ascii: " ") {
      readHostAndContent(bytes, SyslogToken.skipSpaces(bytes, at &+ 1, end), end, into: &event)
    } else {
      return false
    }
    event.parse = .rfc3164
    return true
  }

  @inline(__always)
  private static func readHostAndContent(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event
  ) {
    let tokenEnd = SyslogToken.hostEnd(bytes, start, end)
    guard tokenEnd > start, tokenEnd < end, bytes[tokenEnd] == UInt8(ascii: " ") else {
      SyslogContent.read(bytes, start, end, into: &event)
      return
    }
    let next = SyslogToken.skipSpaces(bytes, tokenEnd, end)
    let isFramed = SyslogContent.readFramed(bytes, next, end, into: &event)
    if isFramed || !isProse(bytes, start, tokenEnd, next, end) {
      event.host = ByteRange(start, tokenEnd)
      if !isFramed { event.message = ByteRange(next, end) }
    } else {
      event.message = ByteRange(start, end)
    }
  }

  /// A message without host and tag: `last message repeated 3 times`, `Interface Gi0/1 down`. A word of
  /// letters only that starts with a capital one is taken for text, not for a host's name, when no tag
  /// follows it.
  private static func isProse(
    _ bytes: Span<UInt8>, _ start: Int, _ tokenEnd: Int, _ next: Int, _ end: Int
  ) -> Bool {
    if bytes[start] == UInt8(ascii: "l"), end &- next > 16 {
      return bytes.equalsASCII(ByteRange(start, tokenEnd), "last")
        && bytes.equalsASCII(ByteRange(next, next &+ 16), "message repeated")
    }
    guard bytes[start] &- UInt8(ascii: "A") < 26, tokenEnd &- start >= 2 else { return false }
    for index in start &+ 1..<tokenEnd where bytes[index] &- UInt8(ascii: "a") >= 26 { return false }
    return true
  }
}
