import Model

/// What follows the header of the older layouts: a tag and a message, or a Cisco message.
enum SyslogContent {
  /// Takes everything from `start` on; what has no frame is the message as it is.
  static func read(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event) {
    if !readFramed(bytes, start, end, into: &event) { event.message = ByteRange(start, end) }
  }

  /// Takes `%FAC-SEV-MNEMONIC: …`, `app[pid]: …`, or a Cisco header that a relay has left inside; false when
  /// there is none of them. A word before a Cisco message is the device that sent it.
  @inline(__always)
  static func readFramed(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event) -> Bool {
    guard start < end else { return false }
    let tag = SyslogTag.read(bytes, start, end)
    if tag.isAbsent { return readCisco(bytes, start, end, into: &event) }
    let isKnown = !event.host.isAbsent
    if tag.pid.isAbsent, readCisco(bytes, tag.next, end, into: &event) {
      let host = isKnown ? ByteRange.absent : OddHost.inPath(bytes, tag.name.start, tag.name.end)
      if !host.isAbsent { event.host = host }
      return true
    }
    event.app = tag.name
    event.procid = tag.pid
    event.message = ByteRange(tag.next, end)
    if tag.next < end, bytes[tag.next] == UInt8(ascii: "%") {
      event.msgid = Mnemonic.read(bytes, tag.next, end)
    }
    return true
  }

  /// Reads the Cisco message that a byte order mark hid, as if the mark had not stood before it; false when
  /// there is none. The event's message begins behind the mark, and its app is the tag before it.
  static func readBehindMark(_ bytes: Span<UInt8>, into event: inout Event) -> Bool {
    guard event.procid.isAbsent, event.msgid.isAbsent else { return false }
    let isKnown = !event.host.isAbsent
    let tag = event.app
    guard readCisco(bytes, event.message.start, event.message.end, into: &event) else { return false }
    event.app = .absent
    if isKnown || tag.isAbsent { return true }
    let host = OddHost.inPath(bytes, tag.start, tag.end)
    if !host.isAbsent { event.host = host }
    return true
  }

  @inline(__always)
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
    return readHeader(bytes, at, end, into: &event)
  }

  @inline(never)
  static func readHeader(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    // The relay's own stamp counts, and the event has it already.
    var stamp = Stamp.absent
    let header = CiscoIOS.Header.read(bytes, start, end, &stamp)
    // Only with a mnemonic: programs that write their own time into their text look the same without it.
    if header.isAbsent { return false }
    if header.mnemonic.isAbsent {
      return header.hasNode && CiscoIOS.readProcess(bytes, header, end, into: &event)
    }
    if event.host.isAbsent { event.host = header.origin(bytes) }
    event.structuredData = header.session
    event.message = ByteRange(header.next, end)
    event.msgid = header.mnemonic
    return true
  }
}
