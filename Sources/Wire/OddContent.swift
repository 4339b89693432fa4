import Model

/// What follows the stamp where no ordinary tag does: the habits of single makers, looked at in their turn,
/// and at last the question whether the first word is a host or text.
enum OddContent {
  /// `word` may be a host; what starts at `next` behind it has no frame, or the word may be a zone.
  @inline(never)
  static func read(
    _ bytes: Span<UInt8>, _ word: ByteRange, _ next: Int, _ end: Int, _ stamp: inout Stamp,
    into event: inout Event
  ) {
    let behind = stamp.readWord(bytes, word.start, word.end, end)
    if behind != 0, behind < end {
      // Each word is behind the one before it, so this comes to an end.
      return RFC3164.readRest(bytes, behind, end, &stamp, into: &event)
    }
    if SyslogContent.readFramed(bytes, next, end, into: &event) {
      event.host = word
      return
    }
    if readForwarded(bytes, word, next, end, into: &event) { return }
    event.message = ByteRange(next, end)
    if isMaker(bytes, next, end, into: &event) || !isProse(bytes, word.start, word.end, next, end) {
      event.host = word
    } else {
      event.message = ByteRange(word.start, end)
    }
  }

  /// The first word behind the stamp is no host's name, and there is no tag.
  @inline(never)
  static func readWithoutHost(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, into event: inout Event
  ) {
    event.message = ByteRange(start, end)
    guard start < end else { return }
    let wordEnd = SyslogToken.end(bytes, start, end)
    let next = SyslogToken.skipSpaces(bytes, wordEnd, end)
    switch bytes[start] {
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      // Barracuda: the zone behind a space.
      if wordEnd &- start == 1, bytes[start] == UInt8(ascii: "-") {
        // A host that is nil, as RFC 5424 writes it.
        _ = SyslogContent.readFramed(bytes, next, end, into: &event)
        return
      }
      let behind = stamp.readWord(bytes, start, wordEnd, end)
      if behind != 0, behind < end { RFC3164.readRest(bytes, behind, end, &stamp, into: &event) }
      return
    case UInt8(ascii: "["):
      if readBracketed(bytes, start, wordEnd, next, end, into: &event) { return }
    case UInt8(ascii: "("):
      // UniFi: `("U7PG2,788a20aabbcc,v4.0.66") hostapd: …`.
      if bytes[wordEnd &- 1] == UInt8(ascii: ")"), SyslogContent.readFramed(bytes, next, end, into: &event) {
        return
      }
    case UInt8(ascii: ":"):
      // FTOS: no host, and the colon that would follow it.
      if wordEnd &- start == 1 { event.message = ByteRange(next, end) }
      return
    default: break
    }
    if BodyKind.of(bytes, start, end) != .none { return }
    if isUniFi(bytes, start, wordEnd), SyslogContent.readFramed(bytes, next, end, into: &event) { return }
    if OddHost.readAddress(bytes, start, wordEnd, next, end, into: &event) { return }
    if OddHost.readPath(bytes, start, wordEnd, next, end, into: &event) { return }
    OddHost.readName(bytes, start, wordEnd, next, end, into: &event)
  }

  /// NetApp's `[node:wafl.vol.full:notice]: …`, and hosts that stand in brackets.
  @inline(never)
  static func readBracketed(
    _ bytes: Span<UInt8>, _ start: Int, _ wordEnd: Int, _ next: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    if OddHost.readAddress(bytes, start, wordEnd, next, end, into: &event) { return true }
    // Node, perhaps a process, event and level; the event is what its documentation calls the message.
    var colons: [3 of Int] = [0, 0, 0]
    var count = 0
    var at = start &+ 1
    while at < end, at &- start < 160, bytes[at] != UInt8(ascii: "]") {
      if bytes[at] == UInt8(ascii: ":") {
        if count == 3 { return false }
        colons[count] = at
        count &+= 1
      }
      at &+= 1
    }
    guard count >= 2, at &+ 1 < end, bytes[at] == UInt8(ascii: "]"), bytes[at &+ 1] == UInt8(ascii: ":"),
      SyslogToken.isHost(bytes, start &+ 1, colons[0])
    else { return false }
    let name = SyslogToken.skipSpaces(bytes, colons[count &- 2] &+ 1, end)
    guard SyslogToken.isHost(bytes, name, colons[count &- 1]) else { return false }
    event.host = ByteRange(start &+ 1, colons[0])
    event.msgid = ByteRange(name, colons[count &- 1])
    event.message = ByteRange(SyslogToken.skipSpaces(bytes, at &+ 2, end), end)
    return true
  }

  /// AIX: `Message forwarded from HOST: TAG: …`; the host of the header is not given.
  private static func readForwarded(
    _ bytes: Span<UInt8>, _ word: ByteRange, _ next: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    guard bytes.equalsASCII(word, "Message"), SyslogToken.starts(bytes, next, end, with: "forwarded from ")
    else { return false }
    let start = next &+ 15
    let stop = SyslogToken.nameEnd(bytes, start, min(end, start &+ SyslogToken.hostLimit))
    guard stop > start, stop < end, bytes[stop] == UInt8(ascii: ":") else { return false }
    event.host = ByteRange(start, stop)
    SyslogContent.read(bytes, SyslogToken.skipSpaces(bytes, stop &+ 1, end), end, into: &event)
    return true
  }

  /// A text of a kind that makers put behind a host; fills what it has besides, perhaps a host that the
  /// caller knows better.
  static func isMaker(
    _ bytes: Span<UInt8>, _ next: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    guard next < end else { return false }
    if BodyKind.of(bytes, next, end) != .none { return true }
    let wordEnd = SyslogToken.end(bytes, next, end)
    let behind = SyslogToken.skipSpaces(bytes, wordEnd, end)
    if isDigit(bytes[next]) {
      // PAN-OS: fields between commas, the first the number of the format, the second a date.
      if next &+ 3 < end, bytes[next &+ 1] == UInt8(ascii: ","), isDigit(bytes[next &+ 2]) { return true }
      if readProCurve(bytes, next, wordEnd, behind, end, into: &event) { return true }
    }
    if bytes[next] == UInt8(ascii: "[") {
      return readBracketed(bytes, next, wordEnd, behind, end, into: &event)
    }
    if bytes[next] == UInt8(ascii: "%") { return readComware(bytes, next, wordEnd, end, into: &event) }
    if SyslogLevel.isWord(bytes, next, wordEnd) {
      // F5: `notice mcpd[5678]: …`.
      let tag = SyslogTag.read(bytes, behind, end)
      // Without the number it may as well be text: `error opening: …`.
      if tag.isAbsent || tag.pid.isAbsent { return false }
      return SyslogContent.readFramed(bytes, behind, end, into: &event)
    }
    if isUniFi(bytes, next, wordEnd) { return SyslogContent.readFramed(bytes, behind, end, into: &event) }
    if CiscoIOS.Header.isNode(bytes, next, end) {
      return SyslogContent.readHeader(bytes, next, end, into: &event)
    }
    if behind < end, bytes[behind] == UInt8(ascii: "(") {
      return readWatchGuard(bytes, behind, end, into: &event)
    }
    return SyslogToken.starts(bytes, next, end, with: "MSWinEventLog\t") || isTopics(bytes, next, wordEnd)
  }

  /// ProCurve: `00077 ports: port A1 is now off-line`, the number of the event and the subsystem.
  private static func readProCurve(
    _ bytes: Span<UInt8>, _ start: Int, _ wordEnd: Int, _ behind: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    guard wordEnd &- start == 5, SyslogToken.areDigits(bytes, start, wordEnd) else { return false }
    let tag = SyslogTag.read(bytes, behind, end)
    if tag.isAbsent { return false }
    event.app = tag.name
    event.procid = tag.pid
    event.msgid = ByteRange(start, wordEnd)
    event.message = ByteRange(tag.next, end)
    return true
  }

  /// VRP and Comware: `%%01IFNET/4/LINK_STATE(l)[512]:…`; module, level and name are the message id.
  private static func readComware(
    _ bytes: Span<UInt8>, _ start: Int, _ wordEnd: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    guard end &- start > 6, bytes[start &+ 1] == UInt8(ascii: "%"), isDigit(bytes[start &+ 2]),
      isDigit(bytes[start &+ 3])
    else { return false }
    var at = start &+ 4
    var slashes = 0
    while at < wordEnd,
      SyslogToken.isWordByte(bytes[at]) || bytes[at] == UInt8(ascii: "_")
        || bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "/")
    {
      if bytes[at] == UInt8(ascii: "/") { slashes &+= 1 }
      at &+= 1
    }
    guard slashes == 2, at < wordEnd,
      bytes[at] == UInt8(ascii: "(") || bytes[at] == UInt8(ascii: ":")
        || bytes[at] == UInt8(ascii: "[")
    else { return false }
    event.msgid = ByteRange(start &+ 4, at)
    return true
  }

  /// WatchGuard: `80B20E3A5B1C2 (2026-11-21T02:14:05) firewall: …`; the serial number and the time in UTC.
  private static func readWatchGuard(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event
  ) -> Bool {
    guard start &+ 22 < end, bytes[start &+ 5] == UInt8(ascii: "-"), bytes[start &+ 8] == UInt8(ascii: "-"),
      bytes[start &+ 11] == UInt8(ascii: "T"), bytes[start &+ 14] == UInt8(ascii: ":"),
      bytes[start &+ 17] == UInt8(ascii: ":"), SyslogToken.starts(bytes, start &+ 20, end, with: ") ")
    else { return false }
    // Each group of digits is behind an opening bracket or one of those marks.
    for offset in 1..<20 where offset < 5 || offset % 3 != 2 {
      guard isDigit(bytes[start &+ offset]) else { return false }
    }
    let next = SyslogToken.skipSpaces(bytes, start &+ 22, end)
    return SyslogContent.readFramed(bytes, next, end, into: &event)
  }

  /// UniFi: `788a20aabbcc,UAP-AC-Pro-Gen2-4.3.28+11361:` or `U7PG2,788a20aabbcc,v4.3.28.11361`; what the
  /// device is, but not its name.
  private static func isUniFi(_ bytes: Span<UInt8>, _ start: Int, _ wordEnd: Int) -> Bool {
    var hexadecimal = 0
    for index in start..<wordEnd {
      let byte = bytes[index]
      if byte == UInt8(ascii: ",") {
        if hexadecimal == 12 { return true }
        hexadecimal = 0
      } else {
        let isHex = isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 6
        hexadecimal = isHex && hexadecimal >= 0 ? hexadecimal &+ 1 : -1
      }
    }
    return false
  }

  /// MikroTik: `system,info,account`, small letters and commas.
  private static func isTopics(_ bytes: Span<UInt8>, _ start: Int, _ wordEnd: Int) -> Bool {
    var commas = 0
    for index in start..<wordEnd {
      if bytes[index] == UInt8(ascii: ",") {
        commas &+= 1
      } else if bytes[index] &- UInt8(ascii: "a") >= 26, bytes[index] != UInt8(ascii: "-") {
        return false
      }
    }
    return commas > 0 && bytes[wordEnd &- 1] != UInt8(ascii: ",")
  }

  /// A message without host and tag: `last message repeated 3 times`, `Interface Gi0/1 down`. A word of
  /// letters only that starts with a capital one is taken for text, not for a host's name, when no tag
  /// follows it.
  static func isProse(
    _ bytes: Span<UInt8>, _ start: Int, _ tokenEnd: Int, _ next: Int, _ end: Int
  ) -> Bool {
    let word = ByteRange(start, tokenEnd)
    if bytes.equalsASCII(word, "last") {
      return SyslogToken.starts(bytes, next, end, with: "message repeated")
    }
    if bytes.equalsASCII(word, "message") { return SyslogToken.starts(bytes, next, end, with: "repeated") }
    guard bytes[start] &- UInt8(ascii: "A") < 26, tokenEnd &- start >= 2 else { return false }
    for index in start &+ 1..<tokenEnd where bytes[index] &- UInt8(ascii: "a") >= 26 { return false }
    return true
  }
}
