import Model

/// The small pieces that syslog headers are made of.
enum SyslogToken {
  /// Index of the first space at or after `start`, or `end`.
  @inline(__always)
  static func end(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end, bytes[at] != UInt8(ascii: " ") { at &+= 1 }
    return at
  }

  @inline(__always)
  static func skipSpaces(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end, bytes[at] == UInt8(ascii: " ") { at &+= 1 }
    return at
  }

  /// True for what can be a host's name or address: letters, digits, `.`, `-`, `_`, first a letter or a
  /// digit; with colons only an IPv6 address. At most 255 bytes (RFC 5424 §6.2.4).
  static func isHost(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    hostEnd(bytes, start, end) == end && end > start
  }

  /// The end of the host that starts at `start`, `start` when there is none.
  static func hostEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    let limit = min(end, start &+ 255)
    var at = start
    var hasColon = false
    while at < limit {
      let byte = bytes[at]
      guard isIn(byte, 0x07FF_6000_0000_0000, 0x07FF_FFFE_87FF_FFFE) else { break }
      if byte == UInt8(ascii: ":") { hasColon = true }
      at &+= 1
    }
    if hasColon { return IPAddress(bytes.extracting(start..<at)) == nil ? start : at }
    return at > start && isWordByte(bytes[start]) ? at : start
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

  static func areDigits(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    for index in start..<end where !isDigit(bytes[index]) { return false }
    return end > start
  }
}

/// `app:` or `app[pid]:` before a message (RFC 3164 §4.1.3, as syslog(3) writes it).
struct SyslogTag: BitwiseCopyable {
  var name: ByteRange
  /// Absent when there are no brackets or nothing in them.
  var pid: ByteRange
  /// The index behind the tag and one space.
  var next: Int

  /// Longer words with a colon are text; the longest a sender here writes is 48 (RFC 5424's APP-NAME), and a
  /// path to a script may be more.
  private static var nameLimit: Int { 128 }
  private static var pidLimit: Int { 128 }

  static func read(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> SyslogTag? {
    let limit = min(end, start &+ nameLimit &+ 1)
    var at = start
    // Letters, digits and `. - _ / ( ) @ + # ~`: program names, paths, `postfix/smtpd`, `(systemd)`.
    while at < limit, SyslogToken.isIn(bytes[at], 0x03FF_EB08_0000_0000, 0x47FF_FFFE_87FF_FFFF) { at &+= 1 }
    guard at > start, at < limit else { return nil }
    if isDigit(bytes[start]), SyslogToken.areDigits(bytes, start, at) { return nil }
    let name = ByteRange(start, at)
    if bytes[at] == UInt8(ascii: ":") {
      at &+= 1
      if at == end { return SyslogTag(name: name, pid: .absent, next: at) }
      guard bytes[at] == UInt8(ascii: " ") else { return nil }
      return SyslogTag(name: name, pid: .absent, next: at &+ 1)
    }
    guard bytes[at] == UInt8(ascii: "[") else { return nil }
    return readPID(bytes, name, at &+ 1, end)
  }

  private static func readPID(
    _ bytes: Span<UInt8>, _ name: ByteRange, _ start: Int, _ end: Int
  ) -> SyslogTag? {
    let limit = min(end, start &+ pidLimit &+ 1)
    var at = start
    while at < limit, bytes[at] > 0x20, bytes[at] != UInt8(ascii: "]") { at &+= 1 }
    guard at < limit, bytes[at] == UInt8(ascii: "]") else { return nil }
    let pid = at == start ? ByteRange.absent : ByteRange(start, at)
    at &+= 1
    if at < end, bytes[at] == UInt8(ascii: ":") {
      at &+= 1
    } else if at < end, bytes[at] != UInt8(ascii: " ") {
      return nil
    }
    if at < end, bytes[at] == UInt8(ascii: " ") { at &+= 1 }
    return SyslogTag(name: name, pid: pid, next: at)
  }
}

/// Cisco's `%FACILITY-SEVERITY-MNEMONIC:`.
enum Mnemonic {
  /// The longest that Cisco documents is below 64, with a facility in parts (`%PKT_INFRA-LINK-3-UPDOWN`).
  private static var limit: Int { 128 }

  /// The part between `%` and `:` when there is one at `start`, else absent. IOS-XR puts a space before the
  /// colon.
  static func read(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> ByteRange {
    guard start < end, bytes[start] == UInt8(ascii: "%") else { return .absent }
    let stop = min(end, start &+ limit)
    var at = start &+ 1
    var hasSeverity = false
    while at < stop {
      let byte = bytes[at]
      if byte == UInt8(ascii: "-") {
        if at &+ 2 < stop, bytes[at &+ 1] &- UInt8(ascii: "0") < 8, bytes[at &+ 2] == UInt8(ascii: "-"),
          at > start &+ 1
        {
          hasSeverity = true
        }
      } else if !SyslogToken.isWordByte(byte), byte != UInt8(ascii: "_"), byte != UInt8(ascii: "/") {
        break
      }
      at &+= 1
    }
    guard hasSeverity, at < stop, bytes[at &- 1] != UInt8(ascii: "-") else { return .absent }
    let isEnded =
      bytes[at] == UInt8(ascii: ":")
      || bytes[at] == UInt8(ascii: " ") && at &+ 1 < end && bytes[at &+ 1] == UInt8(ascii: ":")
    return isEnded ? ByteRange(start &+ 1, at) : .absent
  }
}
