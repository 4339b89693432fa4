import Model

/// `<PRI>[seq: ][session: ][host: ][seq: ][SLOT n: ][*|.]STAMP[ ZONE]: %FAC-SEV-MNEMONIC: text`, each part as
/// the device's `service timestamps`, `service sequence-numbers`, `logging origin-id` and `logging host …
/// session-id` have it.
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
    event.host = header.origin(bytes)
    event.structuredData = header.session
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
  @inline(__always)
  static func stampEnd(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, _ signs: CiscoZone.Signs
  ) -> Int {
    var at = start
    guard at < end else { return 0 }
    if bytes[at] == UInt8(ascii: " ") {
      at &+= 1
      guard at < end, CiscoZone.mayStart(bytes[at], signs) else { return 0 }
      at = CiscoZone.end(bytes, at, end, &stamp, signs)
      if at == 0 { return 0 }
    }
    guard bytes[at] == UInt8(ascii: ":"), at &+ 1 == end || bytes[at &+ 1] == UInt8(ascii: " ") else {
      return 0
    }
    return at &+ 1
  }

  /// The signs that the stamp from `start` on gives itself: NX-OS alone among devices writes the year first
  /// and a space behind it.
  @inline(__always)
  static func signs(of stamp: Stamp, _ bytes: Span<UInt8>, _ start: Int) -> CiscoZone.Signs {
    stamp.hasFraction || isDigit(bytes[start]) && bytes[start &+ 4] == UInt8(ascii: " ") ? .some : .none
  }

  /// Everything before the message but the stamp.
  struct Header: BitwiseCopyable {
    var host: ByteRange = .absent
    var mnemonic: ByteRange = .absent
    /// Where the message starts; 0 when there is no header.
    var next = 0
    /// A card stands before the stamp, as IOS-XR writes it: `RP/0/RSP0/CPU0:`.
    var hasNode = false
    /// `[syslog@9 s_id="core1:514"]`.
    var session: ByteRange = .absent
    /// Something stands before the stamp that only a Cisco has there.
    private var isSure = false

    init(next: Int = 0) { self.next = next }

    static var absent: Header { Header() }
    var isAbsent: Bool { next == 0 }

    /// Parts that are neither sequence number, host nor up-time end the search: no device writes more.
    private static var partLimit: Int { 7 }

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
          header.isSure = true
          continue
        }
        let hasMark = mark == UInt8(ascii: "*") || mark == UInt8(ascii: ".")
        let stampEnd = stamp.read(bytes, hasMark ? at &+ 1 : at, end)
        if stampEnd != 0 {
          stamp.isDoubtful = mark == UInt8(ascii: "*")
          let isSure = numbers > 0 || hasMark || header.isSure || header.hasNode || !header.host.isAbsent
          let signs = isSure ? .sure : CiscoIOS.signs(of: stamp, bytes, at)
          let next = CiscoIOS.stampEnd(bytes, stampEnd, end, &stamp, signs)
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
      if bytes[start] == UInt8(ascii: "[") { return readSession(bytes, start, end) }
      let nodeStart = SyslogToken.skipSpaces(bytes, wordEnd, end)
      if SyslogToken.starts(bytes, start, end, with: "SLOT ") { return readSlot(bytes, nodeStart, end) }
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

    /// The line card of a 12000, `SLOT 1:`, behind which a space may be missing.
    private mutating func readSlot(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
      var at = start
      // A number, or numbers with a slash.
      while at < end, at &- start < 8, isDigit(bytes[at]) || bytes[at] == UInt8(ascii: "/") { at &+= 1 }
      guard at > start, at < end, bytes[at] == UInt8(ascii: ":") else { return false }
      next = at &+ 1
      isSure = true
      return true
    }

    /// `logging host … session-id` and `sequence-num-session`: `[syslog@9 s_sn="7" s_id="core1:514"]: `.
    private mutating func readSession(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
      guard session.isAbsent, SyslogToken.starts(bytes, start, end, with: "[syslog@") else { return false }
      let stop = RFC5424.elementEnd(bytes, start, end)
      guard stop != 0, stop < end, bytes[stop] == UInt8(ascii: ":") else { return false }
      session = ByteRange(start, stop)
      next = stop &+ 1
      isSure = true
      return true
    }

    /// The host before the stamp, else the one that the session names before its port.
    func origin(_ bytes: Span<UInt8>) -> ByteRange {
      host.isAbsent && !session.isAbsent ? sessionHost(bytes) : host
    }

    @inline(never)
    private func sessionHost(_ bytes: Span<UInt8>) -> ByteRange {
      var at = session.start
      while !SyslogToken.starts(bytes, at, session.end, with: " s_id=\"") {
        at &+= 1
        if at == session.end { return .absent }
      }
      let first = at &+ 7
      var last = first
      var colon = 0
      while last < session.end, bytes[last] != UInt8(ascii: "\"") {
        if bytes[last] == UInt8(ascii: ":") { colon = last }
        last &+= 1
      }
      if colon > first, SyslogToken.areDigits(bytes, colon &+ 1, last) { last = colon }
      return SyslogToken.isHost(bytes, first, last) ? ByteRange(first, last) : .absent
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
