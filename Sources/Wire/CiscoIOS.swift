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
    if header.mnemonic.isAbsent { _ = readProcess(bytes, header, end, into: &event) }
    return true
  }

  /// IOS-XR names the process before the mnemonic: `config[65710]: %MGBL-CONFIG-6-DB_COMMIT : …`. The card
  /// it runs on stands left of the stamp, so the process is an ordinary tag. False when there is none.
  @inline(never)
  static func readProcess(
    _ bytes: Span<UInt8>, _ header: Header, _ end: Int, into event: inout Event
  ) -> Bool {
    let tag = SyslogTag.read(bytes, header.next, end)
    if tag.isAbsent { return false }
    let mnemonic = Mnemonic.read(bytes, tag.next, end)
    guard header.hasNode || !mnemonic.isAbsent else { return false }
    event.app = tag.name
    event.procid = tag.pid
    event.msgid = mnemonic
    event.message = ByteRange(tag.next, end)
    return true
  }

  /// The message from `start` on, and its mnemonic as msgid.
  static func readMessage(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event) {
    let at = SyslogToken.skipSpaces(bytes, start, end)
    event.message = ByteRange(at, end)
    event.msgid = Mnemonic.find(bytes, at, end)
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
      guard at < end, bytes[at] &- UInt8(ascii: "A") < 26 || isMarked && bytes[at] == UInt8(ascii: ":")
      else { return 0 }
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
    // IOS-XR without a zone: a space and the colon.
    if bytes[start] == UInt8(ascii: ":") { return start }
    var at = start
    while at < end, at &- start < 7, bytes[at] &- UInt8(ascii: "A") < 26 { at &+= 1 }
    if at &- start == 2, at < end, bytes[start &+ 1] == UInt8(ascii: "M") {
      let next = stamp.readWord(bytes, start, at, end)
      if next != 0 {
        return bytes[at] == UInt8(ascii: ":") ? at : zoneEnd(bytes, next, end, &stamp, isMarked: isMarked)
      }
    }
    guard at < end, at &- start >= 2, bytes[at] == UInt8(ascii: ":"), stamp.offset == Stamp.noZone else {
      return 0
    }
    let isUTC = isUTC(bytes, start, at)
    guard isUTC || isMarked || isZoneWord(bytes, start, at) else { return 0 }
    if isUTC { stamp.offset = 0 }
    return at
  }

  static func isUTC(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    bytes.equalsASCII(ByteRange(start, end), "UTC") || bytes.equalsASCII(ByteRange(start, end), "GMT")
  }

  /// True for a word that is a zone's name and hardly a host's.
  static func isZone(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    isUTC(bytes, start, end) || isZoneWord(bytes, start, end)
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
    case 0x4E5A_5354, 0x4E5A_4454, 0x44_5354: true  // NZST NZDT, and DST behind an offset
    default: false
    }
  }

  /// Everything before the message but the stamp.
  struct Header: BitwiseCopyable {
    var host: ByteRange = .absent
    var mnemonic: ByteRange = .absent
    /// Where the message starts; 0 when there is no header.
    var next = 0
    /// A card stands before the stamp, as IOS-XR writes it: `RP/0/RSP0/CPU0:`.
    var hasNode = false

    static var absent: Header { Header() }
    var isAbsent: Bool { next == 0 }

    /// Parts that are neither sequence number, host nor up-time end the search: no device writes more.
    private static var partLimit: Int { 6 }

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
          header.mnemonic = Mnemonic.find(bytes, at, end)
          return header.mnemonic.isAbsent ? .absent : header
        }
        // NX-OS and IOS have a colon of its own, the EMBLEM format one that is glued to what follows.
        if mark == UInt8(ascii: ":") {
          header.next = at &+ 1
          continue
        }
        let hasMark = mark == UInt8(ascii: "*") || mark == UInt8(ascii: ".")
        let stampEnd = stamp.read(bytes, hasMark ? at &+ 1 : at, end)
        if stampEnd != 0 {
          stamp.isDoubtful = mark == UInt8(ascii: "*")
          let isMarked = numbers > 0 || hasMark || stamp.hasFraction || header.hasNode
          let next = CiscoIOS.stampEnd(bytes, stampEnd, end, &stamp, isMarked: isMarked)
          if next == 0 { return .absent }
          header.next = SyslogToken.skipSpaces(bytes, next, end)
          header.mnemonic = Mnemonic.find(bytes, header.next, end)
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
      guard wordEnd < end else { return false }
      let nodeStart = SyslogToken.skipSpaces(bytes, wordEnd, end)
      if readNode(bytes, start, end) { return true }
      if host.isAbsent, SyslogToken.isHost(bytes, start, wordEnd), readNode(bytes, nodeStart, end) {
        host = ByteRange(start, wordEnd)
        return true
      }
      guard bytes[wordEnd &- 1] == UInt8(ascii: ":") else { return false }
      next = wordEnd
      // AireOS names its task, `*spamApTask7: `, an access point its address, `AP:70db.98aa.bb01: `.
      if bytes[start] == UInt8(ascii: "*") { return wordEnd &- start > 2 }
      if SyslogToken.starts(bytes, start, wordEnd, with: "AP:") { return true }
      let word = ByteRange(start, wordEnd &- 1)
      if isDigit(bytes[start]), isNumber(bytes, word, &numbers) { return true }
      guard host.isAbsent, SyslogToken.isHost(bytes, word.start, word.end) else { return false }
      host = word
      return true
    }

    /// `RP/0/RSP0/CPU0:`, `LC/0/3/CPU0:`, `0/RP0/CPU0:`: capital letters, digits, at least two slashes.
    private mutating func readNode(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
      let stop = Header.nodeEnd(bytes, start, end)
      if stop == 0 { return false }
      next = stop
      hasNode = true
      return true
    }

    static func isNode(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
      nodeEnd(bytes, start, end) != 0
    }

    private static func nodeEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
      var at = start
      var slashes = 0
      while at < end, at &- start < 24 {
        let byte = bytes[at]
        if byte == UInt8(ascii: "/") {
          slashes &+= 1
        } else if !isDigit(byte), byte &- UInt8(ascii: "A") >= 26 {
          break
        }
        at &+= 1
      }
      return slashes >= 2 && at < end && bytes[at] == UInt8(ascii: ":") ? at &+ 1 : 0
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
