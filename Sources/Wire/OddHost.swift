import Model

/// The first word behind a stamp when it is a host but no plain name: an address with a scope, a port or
/// brackets, a path, a name with a letter that names do not have.
enum OddHost {
  /// `192.0.2.1:`, `192.0.2.1:514`, `fe80::1%eth0`, `[2001:db8::1]`, `[2001:db8::1]:514`, and a colon behind
  /// each. The host is the address alone: a scope means nothing outside of its sender.
  @inline(never)
  static func readAddress(
    _ bytes: Span<UInt8>, _ start: Int, _ wordEnd: Int, _ next: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    guard wordEnd &- start >= 3, wordEnd &- start <= SyslogToken.hostLimit else { return false }
    let hasColon = bytes[wordEnd &- 1] == UInt8(ascii: ":")
    var first = start
    var stop = hasColon ? wordEnd &- 1 : wordEnd
    var hasPort = false
    if bytes[start] == UInt8(ascii: "[") {
      first = start &+ 1
      let bracket = firstIndex(of: UInt8(ascii: "]"), bytes, first, stop)
      guard bracket < stop, bracket &+ 1 == stop || isPort(bytes, bracket &+ 1, stop) else { return false }
      stop = bracket
    } else if !SyslogToken.isAddress(bytes, first, stop) {
      let colon = firstIndex(of: UInt8(ascii: ":"), bytes, first, stop)
      hasPort = isPort(bytes, colon, stop)
      if hasPort { stop = colon }
    }
    stop = scopeStart(bytes, first, stop)
    guard SyslogToken.isAddress(bytes, first, stop) else { return false }
    if hasColon {
      CiscoIOS.readMessage(bytes, next, end, into: &event)
    } else if !SyslogContent.readFramed(bytes, next, end, into: &event) {
      // A peer and its port begin a text as well: `192.0.2.1:51022 connected`.
      if hasPort { return false }
      event.message = ByteRange(next, end)
    }
    event.host = ByteRange(first, stop)
    return true
  }

  /// `:514`.
  private static func isPort(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    end &- start >= 2 && end &- start <= 6 && bytes[start] == UInt8(ascii: ":")
      && SyslogToken.areDigits(bytes, start &+ 1, end)
  }

  /// The index of the `%` before the name of an interface (RFC 4007 §11); `end` when there is none.
  private static func scopeStart(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    let mark = firstIndex(of: UInt8(ascii: "%"), bytes, start, end)
    guard mark &+ 1 < end, firstIndex(of: UInt8(ascii: ":"), bytes, start, mark) < mark else { return end }
    for index in mark &+ 1..<end {
      let byte = bytes[index]
      // Letters, digits and `-./:_`.
      guard SyslogToken.isIn(byte, 0x07FF_E000_0000_0000, 0x07FF_FFFE_87FF_FFFE) else { return end }
    }
    return mark
  }

  private static func firstIndex(of byte: UInt8, _ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end, bytes[at] != byte { at &+= 1 }
    return at
  }

  /// Hosts with a path: F5's `slot1/bigip1`, syslog-ng's chain `source@web1/relay1`, an ASA's
  /// `fw1/context : %ASA-…`. False when what follows is not what a host writes.
  static func readPath(
    _ bytes: Span<UInt8>, _ start: Int, _ wordEnd: Int, _ next: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    guard wordEnd < end, wordEnd &- start <= SyslogToken.hostLimit else { return false }
    let host = inPath(bytes, start, wordEnd)
    guard !host.isAbsent, readBehind(bytes, next, end, into: &event) else { return false }
    event.host = host
    return true
  }

  /// What hosts write; the event keeps its message when it is anything else.
  private static func readBehind(
    _ bytes: Span<UInt8>, _ next: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    if SyslogContent.readFramed(bytes, next, end, into: &event) { return true }
    let message = event.message
    event.message = ByteRange(next, end)
    if OddContent.isMaker(bytes, next, end, into: &event) { return true }
    event.message = message
    return false
  }

  /// The host in a word that may be one or a path; absent when it is neither.
  static func inPath(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> ByteRange {
    guard SyslogToken.isWordByte(bytes[start]), !CiscoIOS.Header.isNode(bytes, start, bytes.count) else {
      return .absent
    }
    var slash = end
    var first = start
    for index in start..<end {
      if bytes[index] == UInt8(ascii: "/"), slash == end { slash = index }
      if bytes[index] == UInt8(ascii: "@"), slash == end { first = index &+ 1 }
    }
    var host = ByteRange(first, slash)
    if SyslogToken.starts(bytes, start, slash, with: "slot"), slash &+ 1 < end {
      host = ByteRange(slash &+ 1, end)
    }
    return SyslogToken.isHost(bytes, host.start, host.end) ? host : .absent
  }

  /// The context of an ASA without a time: `fw1/context : %ASA-…`.
  static func readContext(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event) -> Bool {
    let wordEnd = SyslogToken.end(bytes, start, end)
    let next = SyslogToken.skipSpaces(bytes, wordEnd, end)
    guard wordEnd &- start <= SyslogToken.hostLimit, next < end,
      bytes[next] == UInt8(ascii: ":") || bytes[next] == UInt8(ascii: "%")
    else { return false }
    let host = inPath(bytes, start, wordEnd)
    guard !host.isAbsent, SyslogContent.readHeader(bytes, next, end, into: &event) else { return false }
    event.host = host
    return true
  }

  /// A name with letters beyond ASCII or marks that names do not have, before a tag, a mnemonic or what else
  /// a host writes: `sw1#bldg2 app[7]: …`, `münchen-sw1 app: …`.
  static func readName(
    _ bytes: Span<UInt8>, _ start: Int, _ wordEnd: Int, _ next: Int, _ end: Int, into event: inout Event
  ) {
    guard next < end, wordEnd &- start <= SyslogToken.hostLimit, isName(bytes, start, wordEnd) else { return }
    if isSentence(bytes, start, wordEnd) {
      let tag = SyslogTag.read(bytes, next, end)
      if tag.isAbsent || tag.pid.isAbsent { return }
    }
    if readBehind(bytes, next, end, into: &event) { event.host = ByteRange(start, wordEnd) }
  }

  /// First a letter or a digit; further on also `# $ & ( ) + / @ ^ ~`. Not what makes a sentence: quotes,
  /// other brackets, `,`, `;`, `=`, `!`, `?`, `%`. Beyond ASCII whatever is printable UTF-8.
  private static func isName(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard SyslogToken.isWordByte(bytes[start]) || bytes[start] >= 0x80 else { return false }
    var at = start
    while at < end {
      let byte = bytes[at]
      if byte < 0x80 {
        guard SyslogToken.isIn(byte, 0x03FF_EB58_0000_0000, 0x47FF_FFFE_C7FF_FFFF) else { return false }
        at &+= 1
      } else {
        let length = SafeText.sequenceLength(bytes.extracting(start..<end), at: at &- start)
        // The controls from U+0080 to U+009F.
        guard length > 0, byte != 0xC2 || bytes[at &+ 1] >= 0xA0 else { return false }
        at &+= length
      }
    }
    return true
  }

  /// `Connection(s)`, `Größe`: a capital letter in front and small ones behind it begin a sentence sooner
  /// than they name a host.
  private static func isSentence(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard bytes[start] &- UInt8(ascii: "A") < 26 || bytes[start] >= 0x80 else { return false }
    for index in start &+ 1..<end {
      let byte = bytes[index]
      let isSmall = byte &- UInt8(ascii: "a") < 26 || byte >= 0x80
      guard isSmall || byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") else { return false }
    }
    return true
  }
}
