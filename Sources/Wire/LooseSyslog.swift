import Model

/// A PRI and a message, without a time. A tag is taken where one stands, and a host where what follows it
/// leaves no doubt; nothing else is guessed.
enum LooseSyslog {
  @inline(never)
  static func decode(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event) {
    event.parse = .loose
    let at = SyslogToken.skipSpaces(bytes, start, end)
    event.message = ByteRange(at, end)
    if at == end || BodyKind.of(bytes, at, end) != .none { return }
    if readHost(bytes, at, end, into: &event) { return }
    SyslogContent.read(bytes, at, end, into: &event)
  }

  /// False when the first word is not surely a host.
  private static func readHost(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    if bytes[start] == UInt8(ascii: "[") {
      let wordEnd = SyslogToken.end(bytes, start, end)
      let next = SyslogToken.skipSpaces(bytes, wordEnd, end)
      return OddContent.readBracketed(bytes, start, wordEnd, next, end, into: &event)
    }
    var stop = SyslogToken.nameEnd(bytes, start, min(end, start &+ SyslogToken.hostLimit))
    guard stop > start, stop < end, SyslogToken.isWordByte(bytes[start]) else { return false }
    if bytes[stop] == UInt8(ascii: ":"), stop &+ 1 < end, bytes[stop &+ 1] != UInt8(ascii: " ") {
      stop = SyslogToken.hostEnd(bytes, start, end)
      if stop == start || stop < end && bytes[stop] == UInt8(ascii: "%") {
        return readAddress(bytes, start, end, into: &event)
      }
      guard stop < end else { return false }
    }
    let word = ByteRange(start, stop)
    let next = SyslogToken.skipSpaces(bytes, stop &+ 1, end)
    switch bytes[stop] {
    case UInt8(ascii: "\t"):
      // Snare, when its own header is all there is.
      guard SyslogToken.starts(bytes, stop &+ 1, end, with: "MSWinEventLog\t") else { return false }
      event.message = ByteRange(stop &+ 1, end)
    case UInt8(ascii: ":"):
      guard SyslogToken.starts(bytes, next, end, with: "NetScreen device_id=") else { return false }
      event.message = ByteRange(next, end)
    case UInt8(ascii: "/"):
      return OddHost.readContext(bytes, start, end, into: &event)
    case UInt8(ascii: " "):
      return readSpaced(bytes, word, next, end, into: &event)
    default: return false
    }
    event.host = word
    return true
  }

  private static func readAddress(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    let wordEnd = SyslogToken.end(bytes, start, end)
    let next = SyslogToken.skipSpaces(bytes, wordEnd, end)
    return OddHost.readAddress(bytes, start, wordEnd, next, end, into: &event)
  }

  /// An address, or a word before a mnemonic or before a tag with its number.
  private static func readSpaced(
    _ bytes: Span<UInt8>, _ word: ByteRange, _ next: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    guard next < end, !SyslogLevel.isWord(bytes, word.start, word.end) else { return false }
    if SyslogToken.isAddress(bytes, word.start, word.end) {
      SyslogContent.read(bytes, next, end, into: &event)
      event.host = word
      return true
    }
    let mark = bytes[next]
    if mark == UInt8(ascii: "%") || mark == UInt8(ascii: ":") {
      guard SyslogContent.readHeader(bytes, next, end, into: &event) else { return false }
    } else {
      let tag = SyslogTag.read(bytes, next, end)
      guard !tag.isAbsent, !tag.pid.isAbsent, !OddContent.isProse(bytes, word.start, word.end, next, end)
      else { return false }
      event.app = tag.name
      event.procid = tag.pid
      event.message = ByteRange(tag.next, end)
    }
    event.host = word
    return true
  }
}
