import Model

/// What follows the header of the older layouts: a tag and a message, or a Cisco message.
enum SyslogContent {
  /// Takes everything from `start` on; what has no frame is the message as it is.
  static func read(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event) {
    if !readFramed(bytes, start, end, into: &event) { event.message = ByteRange(start, end) }
  }

  /// Takes `%FAC-SEV-MNEMONIC: …`, `app[pid]: …`, or a Cisco header that a relay has left inside; false when
  /// there is none of them. A word before a Cisco message is the device that sent it.
  static func readFramed(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event) -> Bool {
    guard start < end else { return false }
    if let tag = SyslogTag.read(bytes, start, end) {
      if tag.pid.isAbsent, readCisco(bytes, tag.next, end, into: &event) {
        if event.host.isAbsent, SyslogToken.isHost(bytes, tag.name.start, tag.name.end) {
          event.host = tag.name
        }
        return true
      }
      event.app = tag.name
      event.procid = tag.pid
      event.message = ByteRange(tag.next, end)
      return true
    }
    return readCisco(bytes, start, end, into: &event)
  }

  private static func readCisco(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    let at = SyslogToken.skipSpaces(bytes, start, end)
    guard at < end else { return false }
    let byte = bytes[at]
    guard
      byte == UInt8(ascii: "%") || isDigit(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "*")
        || byte == UInt8(ascii: ".")
    else { return false }
    // Only with a mnemonic: programs that write their own time into their text look the same without it.
    guard let header = CiscoIOS.Header.read(bytes, at, end),
      !Mnemonic.read(bytes, SyslogToken.skipSpaces(bytes, header.next, end), end).isAbsent
    else { return false }
    CiscoIOS.readMessage(bytes, header.next, end, into: &event)
    return true
  }
}
