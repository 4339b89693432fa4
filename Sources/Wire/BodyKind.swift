import Model

/// The layouts that a message's body may have, told by its first bytes.
enum BodyKind {
  case none
  /// `{"key": …}`, perhaps behind the cookie `@cee:`.
  case json
  /// `CEF:0|…`
  case cef
  /// `LEEF:1.0|…`
  case leef
  /// `key=value key="value" …`
  case pairs

  @inline(never)
  static func of(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> BodyKind {
    guard end &- start >= 6 else { return .none }
    switch bytes[start] {
    case UInt8(ascii: "{"):
      let next = SyslogToken.skipSpaces(bytes, start &+ 1, end)
      return next < end && bytes[next] == UInt8(ascii: "\"") ? .json : .none
    case UInt8(ascii: "@"):
      return SyslogToken.starts(bytes, start, end, with: "@cee:") ? .json : .none
    case UInt8(ascii: "C"):
      if SyslogToken.starts(bytes, start, end, with: "CEF:"), isDigit(bytes[start &+ 4]) { return .cef }
    case UInt8(ascii: "L"):
      if SyslogToken.starts(bytes, start, end, with: "LEEF:"), isDigit(bytes[start &+ 5]) { return .leef }
    default: break
    }
    let stop = pairNameEnd(bytes, start, end)
    return stop &- start >= 2 && stop < end && bytes[stop] == UInt8(ascii: "=") ? .pairs : .none
  }

  /// Names of pairs: letters, digits, `_`, `.` and `-`; none known is longer than forty.
  private static func pairNameEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    guard SyslogToken.isLetter(bytes[start]) else { return start }
    return SyslogToken.nameEnd(bytes, start, min(end, start &+ 40))
  }
}
