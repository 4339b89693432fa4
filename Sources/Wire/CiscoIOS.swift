import Model

/// `<PRI>[seq: ][seq: ][host: ][*|.]STAMP[ ZONE]: %FAC-SEV-MNEMONIC: text`, each part as the device's
/// `service timestamps`, `service sequence-numbers` and `logging origin-id` have it.
///
/// RFC 3164 in its parts, so `parse` says rfc3164 where there is a stamp; without one it is loose.
enum CiscoIOS {
  static func decode(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ clock: DeviceClock, into event: inout Event
  ) -> Bool {
    guard let header = Header.read(bytes, start, end) else { return false }
    event.parse = header.stamp == nil ? .loose : .rfc3164
    event.host = header.host
    if let stamp = header.stamp { clock.place(stamp, into: &event) }
    readMessage(bytes, header.next, end, into: &event)
    return true
  }

  /// The message from `start` on, and its mnemonic as msgid.
  static func readMessage(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event) {
    let at = SyslogToken.skipSpaces(bytes, start, end)
    event.message = ByteRange(at, end)
    event.msgid = Mnemonic.read(bytes, at, end)
  }

  /// Takes the `: ` or ` ZONE: ` that ends a Cisco stamp; false when something else follows it. `isMarked`:
  /// other signs of a Cisco header were seen, so any word may be a zone (`clock timezone` takes any).
  static func readStampEnd(
    _ bytes: Span<UInt8>, _ end: Int, _ stamp: inout Stamp, isMarked: Bool
  ) -> Bool {
    var at = stamp.end
    guard at < end else { return false }
    if bytes[at] == UInt8(ascii: " "), stamp.offset == Stamp.noZone {
      let word = at &+ 1
      at = word
      while at < end, at &- word < 7, bytes[at] &- UInt8(ascii: "A") < 26 { at &+= 1 }
      guard at < end, at &- word >= 2, bytes[at] == UInt8(ascii: ":") else { return false }
      let isUTC =
        bytes.equalsASCII(ByteRange(word, at), "UTC") || bytes.equalsASCII(ByteRange(word, at), "GMT")
      guard isUTC || isMarked || isZoneWord(bytes, word, at) else { return false }
      if isUTC { stamp.offset = 0 }
    }
    guard bytes[at] == UInt8(ascii: ":"), at &+ 1 == end || bytes[at &+ 1] == UInt8(ascii: " ") else {
      return false
    }
    stamp.end = at &+ 1
    return true
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

  /// Everything before the message.
  struct Header: BitwiseCopyable {
    var host: ByteRange = .absent
    var stamp: Stamp?
    /// Where the message starts, perhaps behind spaces.
    var next: Int

    /// Parts that are neither sequence number, host nor up-time end the search: no device writes more.
    private static var partLimit: Int { 5 }

    /// Nil unless a stamp or a mnemonic follows.
    static func read(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Header? {
      var header = Header(next: start)
      var numbers = 0
      for _ in 0..<partLimit {
        let at = SyslogToken.skipSpaces(bytes, header.next, end)
        guard at < end else { return nil }
        header.next = at
        if bytes[at] == UInt8(ascii: "%") {
          return Mnemonic.read(bytes, at, end).isAbsent ? nil : header
        }
        if let done = header.readStamp(bytes, at, end, isMarked: numbers > 0) { return done ? header : nil }
        guard header.readPart(bytes, at, end, &numbers) else { return nil }
      }
      return nil
    }

    /// Nil when there is no stamp here; false when what follows the stamp is not Cisco's.
    private mutating func readStamp(
      _ bytes: Span<UInt8>, _ start: Int, _ end: Int, isMarked: Bool
    ) -> Bool? {
      let mark = bytes[start]
      let hasMark = mark == UInt8(ascii: "*") || mark == UInt8(ascii: ".")
      let at = hasMark ? start &+ 1 : start
      guard var stamp = Stamp.read(bytes, at, end) else { return nil }
      stamp.isDoubtful = mark == UInt8(ascii: "*")
      let isMarked = isMarked || hasMark || stamp.hasFraction
      guard CiscoIOS.readStampEnd(bytes, end, &stamp, isMarked: isMarked) else { return false }
      self.stamp = stamp
      next = stamp.end
      return true
    }

    /// Steps over one word that ends in `: `: a sequence number, the host, an up-time (`1d02h:`), or nothing
    /// but the colon.
    private mutating func readPart(
      _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ numbers: inout Int
    ) -> Bool {
      let wordEnd = SyslogToken.end(bytes, start, end)
      guard wordEnd < end, bytes[wordEnd &- 1] == UInt8(ascii: ":") else { return false }
      let word = ByteRange(start, wordEnd &- 1)
      next = wordEnd
      if word.isEmpty { return true }
      if numbers < 2, SyslogToken.areDigits(bytes, word.start, word.end) {
        numbers &+= 1
        return true
      }
      if Header.isUptime(bytes, word) { return true }
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
