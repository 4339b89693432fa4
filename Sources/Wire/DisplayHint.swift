import Model

/// Writes octet strings as a DISPLAY-HINT says (RFC 2579 §3.1): `1d.1d.1d.1d/2d`, `*1x:`, `2d-1d-1d`.
enum DisplayHint {
  /// One octet-format specification.
  private struct Part {
    var repeats = false
    var length = 0
    var format: UInt8 = 0
    /// 0: none.
    var separator: UInt8 = 0
    var terminator: UInt8 = 0
    /// Behind the specification.
    var end = 0
  }

  /// Appends `value` by the hint that stands in `text`; the last part is repeated while octets are left.
  /// False, with something written, when the hint is none, the value has no such form or the text would
  /// become too long.
  static func append(
    _ bytes: Span<UInt8>, _ value: ByteRange, hint: ByteRange, in text: [UInt8],
    to line: inout OutputSpan<UInt8>
  ) -> Bool {
    let most = line.count + VarbindText.limit(Int(value.count))
    var part = Part(end: hint.start)
    var at = value.start
    while at < value.end {
      if part.end < hint.end {
        guard let next = read(text, from: part.end, to: hint.end) else { return false }
        part = next
      }
      // The last part must eat something, or the end is never reached.
      guard part.length > 0 || part.end < hint.end else { return false }
      var rounds = 1
      if part.repeats {
        rounds = Int(bytes[at])
        at += 1
      }
      while rounds > 0, at < value.end || part.length == 0 {
        let end = min(at + part.length, value.end)
        guard line.count + 4 * (end - at) + 24 < most,
          append(bytes, ByteRange(at, end), part.format, to: &line)
        else { return false }
        at = end
        rounds -= 1
        if part.separator != 0, at < value.end, rounds > 0 || part.terminator == 0 {
          line.append(part.separator)
        }
      }
      if part.terminator != 0, at < value.end { line.append(part.terminator) }
    }
    return true
  }

  private static func read(_ text: [UInt8], from start: Int, to end: Int) -> Part? {
    var part = Part()
    var at = start
    if text[at] == UInt8(ascii: "*") {
      part.repeats = true
      at += 1
    }
    let digits = at
    while at < end, isDigit(text[at]), at - digits < 4 {
      part.length = part.length * 10 + Int(text[at] - UInt8(ascii: "0"))
      at += 1
    }
    guard at > digits, at < end else { return nil }
    part.format = text[at]
    at += 1
    if at < end, isSeparator(text[at]) {
      part.separator = text[at]
      at += 1
      if part.repeats, at < end, isSeparator(text[at]) {
        part.terminator = text[at]
        at += 1
      }
    }
    part.end = at
    return part
  }

  /// Neither a digit nor `*`; nothing that could break a line.
  private static func isSeparator(_ byte: UInt8) -> Bool {
    !isDigit(byte) && byte != UInt8(ascii: "*") && byte >= 0x20 && byte < 0x7F
  }

  private static func append(
    _ bytes: Span<UInt8>, _ value: ByteRange, _ format: UInt8, to line: inout OutputSpan<UInt8>
  ) -> Bool {
    switch format {
    case UInt8(ascii: "x"):
      for index in value.bounds { VarbindText.append(hexByte: bytes[index], to: &line) }
    case UInt8(ascii: "d"), UInt8(ascii: "o"):
      guard value.count <= 8 else { return false }
      let number = VarbindValue.unsigned(bytes, value)
      if format == UInt8(ascii: "d") {
        line.append(decimal: number)
      } else {
        append(octal: number, to: &line)
      }
    case UInt8(ascii: "a"), UInt8(ascii: "t"):
      guard VarbindValue.isPrintable(bytes.extracting(value.bounds)) else { return false }
      for index in value.bounds { line.append(max(bytes[index], 0x20)) }
    default: return false
    }
    return true
  }

  private static func append(octal number: UInt64, to line: inout OutputSpan<UInt8>) {
    var shift: UInt64 = 63
    while shift > 0, number >> shift == 0 { shift -= 3 }
    while true {
      line.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number >> shift) & 7)
      if shift == 0 { return }
      shift -= 3
    }
  }
}
