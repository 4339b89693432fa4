import Model

/// The small pieces that syslog headers are made of.
enum SyslogToken {
  /// Index of the first space at or after `start`, or `end`.
  @inline(__always)
  static func end(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    bytes.firstIndex(
      from: start, to: end, block: { $0.equal(UInt8(ascii: " ")) }, byte: { $0 == UInt8(ascii: " ") })
  }

  @inline(__always)
  static func skipSpaces(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end, bytes[at] == UInt8(ascii: " ") { at &+= 1 }
    return at
  }

  /// True for what can be a host's name or address: letters, digits, `.`, `-`, `_`, first a letter or a
  /// digit; with colons only an IPv6 address. At most 255 bytes (RFC 5424 §6.2.4).
  @inline(__always)
  static func isHost(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    hostEnd(bytes, start, end) == end && end > start
  }

  /// The end of the host that starts at `start`, `start` when there is none.
  @inline(__always)
  static func hostEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    let limit = min(end, start &+ hostLimit)
    let at = nameEnd(bytes, start, limit)
    if at < limit, bytes[at] == UInt8(ascii: ":") { return addressEnd(bytes, start, at, limit) }
    return at > start && isWordByte(bytes[start]) ? at : start
  }

  static var hostLimit: Int { 255 }

  /// The marks of `nameEnd`.
  @inline(__always)
  static func nameEnds(_ block: ByteBlock) -> ByteMarks {
    block.outside(
      block.letters | block.between(0x30, 0x39) | block.between(0x2D, 0x2E) | block.between(0x5F, 0x5F))
  }

  /// The first byte that is no letter, digit, `.`, `-` or `_`.
  @inline(__always)
  static func nameEnd(_ bytes: Span<UInt8>, _ start: Int, _ limit: Int) -> Int {
    bytes.firstIndex(
      from: start, to: limit, block: { nameEnds($0) },
      byte: { !isIn($0, 0x03FF_6000_0000_0000, 0x07FF_FFFE_87FF_FFFE) })
  }

  /// The same for a word that has a colon at `colon`.
  @inline(never)
  private static func addressEnd(_ bytes: Span<UInt8>, _ start: Int, _ colon: Int, _ limit: Int) -> Int {
    var at = colon
    while at < limit, isIn(bytes[at], 0x07FF_6000_0000_0000, 0x07FF_FFFE_87FF_FFFE) { at &+= 1 }
    return IPAddress(bytes.extracting(start..<at)) == nil ? start : at
  }

  /// True when the set of 7-bit bytes, one bit each (`low` 0x00-0x3F, `high` 0x40-0x7F), has `byte`.
  @inline(__always)
  static func isIn(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
    byte < 0x80 && (byte < 0x40 ? low : high) &>> UInt64(byte) & 1 == 1
  }

  /// A letter A-Z, a-z or a digit.
  @inline(__always)
  static func isWordByte(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26 || isDigit(byte)
  }

  /// A-Z or a-z.
  @inline(__always)
  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

  /// True when the bytes from `at` on are `text`. For the rarer paths.
  static func starts(_ bytes: Span<UInt8>, _ at: Int, _ end: Int, with text: StaticString) -> Bool {
    let stop = at &+ text.utf8CodeUnitCount
    return stop <= end && bytes.equalsASCII(ByteRange(at, stop), text)
  }

  /// True when the word is an IPv4 or IPv6 address.
  @inline(never)
  static func isAddress(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    end > start && IPAddress(bytes.extracting(start..<end)) != nil
  }

  @inline(__always)
  static func areDigits(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    for index in start..<end where !isDigit(bytes[index]) { return false }
    return end > start
  }
}

/// `app:` or `app[pid]:` before a message (RFC 3164 §4.1.3, as syslog(3) writes it).
struct SyslogTag: BitwiseCopyable {
  var name: ByteRange = .absent
  /// Absent when there are no brackets or nothing in them.
  var pid: ByteRange = .absent
  /// The index behind the tag and one space; 0 when there is no tag.
  var next = 0

  static var absent: SyslogTag { SyslogTag() }
  var isAbsent: Bool { next == 0 }

  /// Longer words with a colon are text; the longest a sender here writes is 48 (RFC 5424's APP-NAME), and a
  /// path to a script may be more.
  private static var nameLimit: Int { 128 }
  private static var pidLimit: Int { 128 }

  /// What the usual names do not hold: anything but letters, digits and `. - _ /`.
  @inline(__always)
  static func usualEnds(_ block: ByteBlock) -> ByteMarks {
    block.outside(block.letters | block.between(0x2D, 0x39) | block.between(0x5F, 0x5F))
  }

  @inline(__always)
  static func read(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> SyslogTag {
    let limit = min(end, start &+ nameLimit &+ 1)
    var at = bytes.firstIndex(
      from: start, to: limit, block: { usualEnds($0) }, byte: { !isNameByte($0) })
    guard at < limit else { return .absent }
    if bytes[at] != UInt8(ascii: ":"), bytes[at] != UInt8(ascii: "[") {
      // The rarer ones, which a block does not look for.
      while isNameByte(bytes[at]) {
        at &+= 1
        if at == limit { return .absent }
      }
      guard bytes[at] == UInt8(ascii: ":") || bytes[at] == UInt8(ascii: "[") else { return .absent }
    }
    if at == start { return .absent }
    let mark = bytes[at]
    // A number is no name, and an address is the sender's.
    if isDigit(bytes[start]),
      SyslogToken.areDigits(bytes, start, at) || SyslogToken.isAddress(bytes, start, at)
    {
      return .absent
    }
    var tag = SyslogTag(name: ByteRange(start, at))
    at &+= 1
    if mark == UInt8(ascii: "[") {
      tag.readPID(bytes, at, end)
    } else if at == end {
      tag.next = at
    } else if bytes[at] == UInt8(ascii: " ") {
      tag.next = at &+ 1
    }
    return tag
  }

  /// Letters, digits and `. - _ / ( ) @ + # ~`: program names, paths, `postfix/smtpd`, `(systemd)`.
  @inline(__always)
  private static func isNameByte(_ byte: UInt8) -> Bool {
    SyslogToken.isIn(byte, 0x03FF_EB08_0000_0000, 0x47FF_FFFE_87FF_FFFF)
  }

  @inline(__always)
  private mutating func readPID(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
    let limit = min(end, start &+ SyslogTag.pidLimit &+ 1)
    var at = bytes.firstIndex(
      from: start, to: limit,
      block: { $0.inside($0.between(0, 0x20)) | $0.equal(UInt8(ascii: "]")) },
      byte: { $0 <= 0x20 || $0 == UInt8(ascii: "]") })
    guard at < limit, bytes[at] == UInt8(ascii: "]") else { return }
    pid = at == start ? ByteRange.absent : ByteRange(start, at)
    at &+= 1
    if at < end, bytes[at] == UInt8(ascii: ":") {
      at &+= 1
    } else if at < end, bytes[at] != UInt8(ascii: " ") {
      return
    }
    if at < end, bytes[at] == UInt8(ascii: " ") { at &+= 1 }
    next = at
  }
}

/// Cisco's `%FACILITY-SEVERITY-MNEMONIC:`.
enum Mnemonic {
  /// The longest that Cisco documents is below 64, with a facility in parts (`%PKT_INFRA-LINK-3-UPDOWN`).
  private static var limit: Int { 128 }

  /// The part between `%` and `:` when there is one at `start`, else absent. IOS-XR puts a space before the
  /// colon.
  @inline(__always)
  static func read(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> ByteRange {
    guard start < end, bytes[start] == UInt8(ascii: "%") else { return .absent }
    return readMarked(bytes, start, end)
  }

  /// The same, also behind the name of a unit.
  @inline(__always)
  static func find(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> ByteRange {
    guard start < end, bytes[start] == UInt8(ascii: "%") else { return .absent }
    let mnemonic = readMarked(bytes, start, end)
    return mnemonic.isAbsent ? readBehindUnit(bytes, start, end) : mnemonic
  }

  /// How many bytes `readUsual` looks at.
  static var usualWidth: Int { 34 }

  /// The part between the `%` at `start` and its colon when both and the level are where they mostly are;
  /// absent when not, which says nothing yet. `usualWidth` bytes from `start` on must be there.
  @inline(__always)
  static func readUsual(_ bytes: Span<UInt8>, _ start: Int) -> ByteRange {
    let colon = bytes.firstIndex(ofTwoFrom: start &+ 1) { ends($0) }
    var dash = start &+ 2 &+ ByteWord.first(UInt8(ascii: "-"), in: ByteWord.load(bytes, start &+ 2))
    if dash == start &+ 10 {
      dash &+= ByteWord.first(UInt8(ascii: "-"), in: ByteWord.load(bytes, start &+ 10))
    }
    guard bytes[colon] == UInt8(ascii: ":"), dash &+ 2 < colon, bytes[dash &+ 2] == UInt8(ascii: "-"),
      bytes[dash &+ 1] &- UInt8(ascii: "0") < 8, bytes[colon &- 1] != UInt8(ascii: "-")
    else { return .absent }
    return ByteRange(start &+ 1, colon)
  }

  /// What no mnemonic holds: colons, spaces, controls, and everything beyond ASCII.
  @inline(__always)
  private static func ends(_ block: ByteBlock) -> ByteMarks {
    block.outside(block.between(0x21, 0x7E)) | block.equal(UInt8(ascii: ":"))
  }

  private static func readMarked(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> ByteRange {
    let stop = min(end, start &+ limit)
    let at = bytes.firstIndex(
      from: start &+ 1, to: stop, block: { ends($0) },
      byte: { $0 <= 0x20 || $0 >= 0x7F || $0 == UInt8(ascii: ":") })
    guard at < stop, bytes[at &- 1] != UInt8(ascii: "-") else { return .absent }
    // ACI has a fault's code in brackets instead of the colon.
    let isEnded =
      bytes[at] == UInt8(ascii: ":")
      || bytes[at] == UInt8(ascii: " ") && at &+ 1 < end
        && (bytes[at &+ 1] == UInt8(ascii: ":") || bytes[at &+ 1] == UInt8(ascii: "["))
    return isEnded && hasSeverity(bytes, start &+ 1, at) ? ByteRange(start &+ 1, at) : .absent
  }

  /// The mnemonic behind what names a part of the device: `%$ VDC-1 %$ %ETHPORT-5-…` (NX-OS),
  /// `%STKUNIT0-M:CP %IFMGR-5-…` (Dell). Absent when there is none.
  @inline(never)
  static func readBehindUnit(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> ByteRange {
    let stop = min(end &- 1, start &+ unitLimit)
    var at = start &+ 1
    while at < stop {
      if bytes[at] == UInt8(ascii: " "), bytes[at &+ 1] == UInt8(ascii: "%") {
        let mnemonic = read(bytes, at &+ 1, end)
        if !mnemonic.isAbsent { return mnemonic }
      }
      at &+= 1
    }
    return .absent
  }

  /// The longest such part known has 19 bytes.
  private static var unitLimit: Int { 40 }

  /// Small Business switches write the level as a letter: alert, critical, error, warning, notice,
  /// informational, debugging, emergency (`F`).
  private static func isLevelLetter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A"), UInt8(ascii: "C"), UInt8(ascii: "D"), UInt8(ascii: "E"), UInt8(ascii: "F"),
      UInt8(ascii: "I"), UInt8(ascii: "N"), UInt8(ascii: "W"):
      true
    default: false
    }
  }

  /// `-0-` to `-7-` behind the first byte of the facility, or a letter for the level.
  @inline(__always)
  private static func hasSeverity(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    var at = start &+ 1
    while true {
      at = bytes.firstIndex(
        from: at, to: end, block: { $0.equal(UInt8(ascii: "-")) }, byte: { $0 == UInt8(ascii: "-") })
      guard at &+ 2 < end else { return false }
      let level = bytes[at &+ 1]
      if bytes[at &+ 2] == UInt8(ascii: "-"), level &- UInt8(ascii: "0") < 8 || isLevelLetter(level) {
        return true
      }
      at &+= 1
    }
  }
}
