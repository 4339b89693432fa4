package import Model

/// Reads what syslog devices send (RFC 5424, RFC 3164 and the layouts that grew around it) into an `Event`
/// of ranges. Never fails: what cannot be read is kept as the message, and `parse` says so.
///
/// One file per format; each takes the datagram, where to start and where to end, fills the event, and
/// answers whether this was its format. `end` is always the end of the datagram without trailing NUL, CR,
/// LF and spaces.
package struct SyslogDecoder: Sendable {
  let clock: DeviceClock

  /// `defaultZone` is where a stamp without a zone is read (`syslog.default_timezone`).
  package init(defaultZone: Zone = .utc) {
    clock = DeviceClock(zone: defaultZone)
  }

  /// Fills a fresh `event`, which comes with peer, arrival and time = arrival; the ranges point into
  /// `datagram`. An arrival that is `Timestamp.absent` means that no clock is known: then a stamp with year
  /// and zone is taken as it is, and any other gives no time.
  package func decode(_ datagram: Span<UInt8>, into event: inout Event) {
    event.source = .syslog
    let end = SyslogDecoder.trimmedEnd(datagram)
    let start = SyslogDecoder.readPriority(datagram, end, into: &event)
    if start == 0 {
      event.parse = .unparsed
      event.message = ByteRange(0, end)
      return
    }
    if RFC5424.decode(datagram, start, end, clock, into: &event) { return }
    if RFC3164.decode(datagram, start, end, clock, into: &event) { return }
    if CiscoIOS.decode(datagram, start, end, clock, into: &event) { return }
    LooseSyslog.decode(datagram, start, end, into: &event)
  }

  /// `FAC-SEV-MNEMONIC` of a message that starts with Cisco's `%FAC-SEV-MNEMONIC:`, else absent.
  package static func mnemonicRange(_ bytes: Span<UInt8>, _ message: ByteRange) -> ByteRange {
    Mnemonic.read(bytes, message.bounds.lowerBound, message.bounds.upperBound)
  }

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
  private static func readPriority(_ bytes: Span<UInt8>, _ end: Int, into event: inout Event) -> Int {
    guard end >= 3, bytes[0] == UInt8(ascii: "<"), isDigit(bytes[1]) else { return 0 }
    var value = Int(bytes[1] &- UInt8(ascii: "0"))
    var at = 2
    while at < end, at < 4, isDigit(bytes[at]) {
      if value == 0 { return 0 }
      value = value &* 10 &+ Int(bytes[at] &- UInt8(ascii: "0"))
      at &+= 1
    }
    guard at < end, bytes[at] == UInt8(ascii: ">"), value <= 191 else { return 0 }
    event.facility = Int8(truncatingIfNeeded: value >> 3)
    event.severity = Int8(truncatingIfNeeded: value & 7)
    return at &+ 1
  }
}
