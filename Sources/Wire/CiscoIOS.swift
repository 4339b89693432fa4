import Model

/// `<PRI>[seq: ][seq: ][host: ][*|.]STAMP[ ZONE]: %FAC-SEV-MNEMONIC: text`, each part as the device's
/// `service timestamps`, `service sequence-numbers` and `logging origin-id` have it.
///
/// RFC 3164 in its parts, so `parse` says rfc3164 where there is a stamp; without one it is loose.
enum CiscoIOS {
  /// False when this is no such header; what stands in `stamp` means nothing then.
  static func decode(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, into event: inout Event
  ) -> Bool {
    let header = Header.read(bytes, start, end, &stamp)
    if header.isAbsent { return false }
    event.parse = stamp.isAbsent ? .loose : .rfc3164
    event.host = header.host
    event.message = ByteRange(header.next, end)
    event.msgid = header.mnemonic
    return true
  }

  /// The message from `start` on, and its mnemonic as msgid.
  static func readMessage(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event) {
    let at = SyslogToken.skipSpaces(bytes, start, end)
    event.message = ByteRange(at, end)
    event.msgid = Mnemonic.read(bytes, at, end)
  }

  /// The index behind the `: ` or ` ZONE: ` that ends a Cisco stamp; 0 when something else follows it.
  /// `isMarked`: other signs of a Cisco header were seen, so any word may be a zone (`clock timezone` takes
  /// any).
  @inline(__always)
  static func stampEnd(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, isMarked: Bool
  ) -> Int {
    var at = start
    guard at < end else { return 0 }
    if bytes[at] == UInt8(ascii: " ") {
      at &+= 1
      guard at < end, bytes[at] &- UInt8(ascii: "A") < 26, stamp.offset == Stamp.noZone else { return 0 }
      at = zoneEnd(bytes, at, end, &stamp, isMarked: isMarked)
      if at == 0 { return 0 }
    }
    guard bytes[at] == UInt8(ascii: ":"), at &+ 1 == end || bytes[at &+ 1] == UInt8(ascii: " ") else {
      return 0
    }
    return at &+ 1
  }

  /// The index of the colon behind a zone's name; 0 when this is none.
  @inline(never)
  private static func zoneEnd(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, isMarked: Bool
  ) -> Int {
    var at = start
    while at < end, at &- start < 7, bytes[at] &- UInt8(ascii: "A") < 26 { at &+= 1 }
    guard at < end, at &- start >= 2, bytes[at] == UInt8(ascii: ":") else { return 0 }
    let isUTC =
      bytes.equalsASCII(ByteRange(start, at), "UTC") || bytes.equalsASCII(ByteRange(start, at), "GMT")
    guard isUTC || isMarked || isZoneWord(bytes, start, at) else { return 0 }
    if isUTC { stamp.offset = 0 }
    return at
  }

  /// Words that are zones and hardly hosts. Their offsets are not used: IST alone has three.
  private static func isZoneWord(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard end &- start <= 4 else { return false }
    var word: UInt32 = 0
    for index in start..<end { word = word << 8 | UInt32(bytes[index]) }
    return switch word {
    case 0x43_4554, 0x4345_5354, 0x45_4554, 0x4545_5354: true  // CET CEST EET EEST
    case 0x57_4554, 0x5745_5354, 0x42_5354, 0x4D_534B: true  // WET WEST BST MSK
    case 0x49_5354, 0x4A_5354, 0x4B_5354, 0x5341_5354: true  // IST JST KST SAST
    case 0x45_5354, 0x45_4454, 0x43_5354, 0x43_4454: true  // EST EDT CST CDT
    case 0x4D_5354, 0x4D_4454, 0x50_5354, 0x50_4454: true  // MST MDT PST PDT
    case 0x4145_5354, 0x4145_4454, 0x4143_5354, 0x4157_5354: true  // AEST AEDT ACST AWST
    case 0x4E5A_5354, 0x4E5A_4454: true  // NZST NZDT
    default: false
    }
  }

  /// Everything before the message but the stamp.
  struct Header: BitwiseCopyable {
    var host: ByteRange = .absent
    var mnemonic: ByteRange = .absent
    /// Where the message starts; 0 when there is no header.
    var next = 0

    static var absent: Header { Header() }
    var isAbsent: Bool { next == 0 }

    /// Parts that are neither sequence number, host nor up-time end the search: no device writes more.
    private static var partLimit: Int { 5 }

    /// Absent unless a stamp or a mnemonic follows. An absent `stamp` is filled where there is one.
    static func read(
      _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp
    ) -> Header {
      var header = Header(next: start)
      var numbers = 0
      for _ in 0..<partLimit {
        let at = SyslogToken.skipSpaces(bytes, header.next, end)
        guard at < end else { return .absent }
        header.next = at
        let mark = bytes[at]
        if mark == UInt8(ascii: "%") {
          stamp = .absent
          header.mnemonic = Mnemonic.read(bytes, at, end)
          return header.mnemonic.isAbsent ? .absent : header
        }
        let hasMark = mark == UInt8(ascii: "*") || mark == UInt8(ascii: ".")
        let stampEnd = stamp.read(bytes, hasMark ? at &+ 1 : at, end)
        if stampEnd != 0 {
          stamp.isDoubtful = mark == UInt8(ascii: "*")
          let isMarked = numbers > 0 || hasMark || stamp.hasFraction
          let next = CiscoIOS.stampEnd(bytes, stampEnd, end, &stamp, isMarked: isMarked)
          if next == 0 { return .absent }
          header.next = SyslogToken.skipSpaces(bytes, next, end)
          header.mnemonic = Mnemonic.read(bytes, header.next, end)
          return header
        }
        guard header.readPart(bytes, at, end, &numbers) else { return .absent }
      }
      return .absent
    }

    /// Steps over one word that ends in `: `: a sequence number, the host, an up-time (`1d02h:`), or nothing
    /// but the colon.
    @inline(__always)
    private mutating func readPart(
      _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ numbers: inout Int
    ) -> Bool {
      // Most often a number or a name, and its colon.
      let wordEnd = SyslogToken.nameEnd(bytes, start, min(end, start &+ SyslogToken.hostLimit))
      guard wordEnd &+ 1 < end, bytes[wordEnd] == UInt8(ascii: ":"),
        bytes[wordEnd &+ 1] == UInt8(ascii: " "), SyslogToken.isWordByte(bytes[start])
      else { return readWord(bytes, start, end, &numbers) }
      next = wordEnd &+ 1
      let word = ByteRange(start, wordEnd)
      if isDigit(bytes[start]), isNumber(bytes, word, &numbers) { return true }
      if !host.isAbsent { return false }
      host = word
      return true
    }

    /// True for a sequence number or an up-time.
    private func isNumber(_ bytes: Span<UInt8>, _ word: ByteRange, _ numbers: inout Int) -> Bool {
      if numbers < 2, SyslogToken.areDigits(bytes, word.start, word.end) {
        numbers &+= 1
        return true
      }
      return Header.isUptime(bytes, word)
    }

    @inline(never)
    private mutating func readWord(
      _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ numbers: inout Int
    ) -> Bool {
      let wordEnd = SyslogToken.end(bytes, start, end)
      guard wordEnd < end, bytes[wordEnd &- 1] == UInt8(ascii: ":") else { return false }
      next = wordEnd
      if wordEnd &- 1 == start { return true }
      let word = ByteRange(start, wordEnd &- 1)
      if isDigit(bytes[start]), isNumber(bytes, word, &numbers) { return true }
      guard host.isAbsent, SyslogToken.isHost(bytes, word.start, word.end) else { return false }
      host = word
      return true
    }

    /// `00:12:34`, `3d05h`, `1w2d`, `2y14w`.
    private static func isUptime(_ bytes: Span<UInt8>, _ word: ByteRange) -> Bool {
      guard isDigit(bytes[word.start]) else { return false }
      for index in word.bounds {
        switch bytes[index] {
        case 0x30...0x3A, UInt8(ascii: "."), UInt8(ascii: "y"), UInt8(ascii: "w"), UInt8(ascii: "d"),
          UInt8(ascii: "h"), UInt8(ascii: "m"), UInt8(ascii: "s"):
          continue
        default: return false
        }
      }
      // An IPv4 address is a host.
      return IPAddress(bytes.extracting(word.bounds)) == nil
    }
  }
}
