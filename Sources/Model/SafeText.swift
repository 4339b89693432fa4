/// Makes bytes from the network fit to leave the process: valid UTF-8 without NUL.
///
/// PostgreSQL refuses both, JSON needs the first, and one bad row must not poison a batch
/// (DESIGN §2, *Never throw a message away*). Offending bytes become U+FFFD; everything else is kept.
package enum SafeText {
  /// True when `bytes` needs no repair: no NUL, valid UTF-8.
  package static func isClean(_ bytes: Span<UInt8>) -> Bool { isClean(bytes, 0, bytes.count) }

  /// The same of a part, read block by block even where it is short.
  private static func isClean(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    var index = start
    while true {
      // ASCII but for NUL needs no closer look.
      index = bytes.firstIndex(
        from: index, to: end, block: { $0.outside($0.between(1, 0x7F)) }, byte: { $0 &- 1 >= 0x7F })
      if index == end { return true }
      let length = bytes[index] == 0 ? 0 : sequenceLength(bytes.extracting(..<end), at: index)
      if length == 0 { return false }
      index &+= length
    }
  }

  /// Appends `bytes`, repaired where needed, and says where they now stand.
  @discardableResult
  package static func append(_ bytes: Span<UInt8>, _ range: ByteRange, to target: inout [UInt8]) -> ByteRange
  {
    if range.isAbsent { return .absent }
    let part = bytes.extracting(range.bounds)
    let start = target.count
    if isClean(bytes, range.start, range.end) {
      unsafe part.withUnsafeBufferPointer { unsafe target.append(contentsOf: $0) }
    } else {
      repair(part, to: &target)
    }
    return ByteRange(start, target.count)
  }

  private static func repair(_ bytes: Span<UInt8>, to target: inout [UInt8]) {
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      let length = byte == 0 ? 0 : (byte < 0x80 ? 1 : sequenceLength(bytes, at: index))
      if length == 0 {
        target.append(0xEF)
        target.append(0xBF)
        target.append(0xBD)
        index += 1
      } else {
        for offset in 0..<length { target.append(bytes[index + offset]) }
        index += length
      }
    }
  }

  /// Length of the well-formed multi-byte sequence at `index` (Unicode 15, table 3-7), 0 when there is none.
  package static func sequenceLength(_ bytes: Span<UInt8>, at index: Int) -> Int {
    let first = bytes[index]
    let left = bytes.count &- index
    switch first {
    case 0xC2...0xDF:
      return left > 1 && isContinuation(bytes[index + 1]) ? 2 : 0
    case 0xE0...0xEF:
      guard left > 2 else { return 0 }
      let second = bytes[index + 1]
      let low: UInt8 = first == 0xE0 ? 0xA0 : 0x80
      let high: UInt8 = first == 0xED ? 0x9F : 0xBF
      return second >= low && second <= high && isContinuation(bytes[index + 2]) ? 3 : 0
    case 0xF0...0xF4:
      guard left > 3 else { return 0 }
      let second = bytes[index + 1]
      let low: UInt8 = first == 0xF0 ? 0x90 : 0x80
      let high: UInt8 = first == 0xF4 ? 0x8F : 0xBF
      return second >= low && second <= high && isContinuation(bytes[index + 2])
        && isContinuation(bytes[index + 3]) ? 4 : 0
    default:
      return 0
    }
  }

  /// How many bytes of a text that was cut are whole characters: all but the first bytes of one that the cut
  /// has split. What is no UTF-8 stays as it is.
  package static func wholeCount(_ bytes: Span<UInt8>) -> Int {
    var start = bytes.count
    while start > 0, bytes.count &- start < 3 {
      start &-= 1
      let first = bytes[start]
      if isContinuation(first) { continue }
      let kept = bytes.count &- start
      let length = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 1
      if kept >= length { return bytes.count }
      if kept == 1 { return start }
      let second = bytes[start + 1]
      let isBegun =
        switch first {
        case 0xE0: second >= 0xA0
        case 0xED: second <= 0x9F
        case 0xF0: second >= 0x90
        case 0xF4: second <= 0x8F
        default: true
        }
      return isBegun ? start : bytes.count
    }
    return bytes.count
  }

  @inline(__always)
  private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  /// Appends `text` for a terminal or a text log: besides NUL and broken UTF-8 also ESC and the other C0
  /// controls except tab, DEL, C1 and the bidirectional controls become U+FFFD (CWE-117, CWE-1007).
  package static func appendForTerminal(_ text: String, to target: inout String) {
    for scalar in text.unicodeScalars {
      target.unicodeScalars.append(isTerminalControl(scalar) ? "\u{FFFD}" : scalar)
    }
  }

  /// What a terminal may obey instead of showing it, but for the tab.
  package static func isTerminalControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 9: false
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
