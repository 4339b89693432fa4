import Model

/// `<PRI>STAMP HOST TAG: message` (RFC 3164 §4.1), with or without the host, and with an ISO stamp, as
/// rsyslog forwards it.
enum RFC3164 {
  static func decode(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ clock: DeviceClock, into event: inout Event
  ) -> Bool {
    let at = SyslogToken.skipSpaces(bytes, start, end)
    guard var stamp = Stamp.read(bytes, at, end) else { return false }
    guard stamp.end < end else {
      event.parse = .rfc3164
      event.message = ByteRange(stamp.end, end)
      clock.place(stamp, into: &event)
      return true
    }
    if CiscoIOS.readStampEnd(bytes, end, &stamp, isMarked: stamp.hasFraction) {
      event.parse = .rfc3164
      clock.place(stamp, into: &event)
      CiscoIOS.readMessage(bytes, stamp.end, end, into: &event)
      return true
    }
    guard bytes[stamp.end] == UInt8(ascii: " ") else { return false }
    event.parse = .rfc3164
    clock.place(stamp, into: &event)
    readHostAndContent(bytes, SyslogToken.skipSpaces(bytes, stamp.end, end), end, into: &event)
    return true
  }

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
