/// JSON written straight into bytes (RFC 8259). The one escaper of the project.
package enum JSONText {
  /// Appends `bytes[range]` as a quoted string; invalid UTF-8 and NUL become U+FFFD. `null` when absent.
  package static func append(_ bytes: Span<UInt8>, _ range: ByteRange, to target: inout [UInt8]) {
    if range.isAbsent {
      target.append(ascii: "null")
      return
    }
    target.append(UInt8(ascii: "\""))
    appendEscaped(bytes.extracting(range.bounds), to: &target)
    target.append(UInt8(ascii: "\""))
  }

  package static func append(_ text: String?, to target: inout [UInt8]) {
    guard let text else {
      target.append(ascii: "null")
      return
    }
    target.append(UInt8(ascii: "\""))
    let bytes = Array(text.utf8)
    appendEscaped(bytes.span, to: &target)
    target.append(UInt8(ascii: "\""))
  }

  /// The inside of a JSON string, without its quotes.
  package static func appendEscaped(_ bytes: Span<UInt8>, to target: inout [UInt8]) {
    var index = 0
    let end = bytes.count
    while index < end {
      // Most of a text stands as it is.
      let stop = bytes.firstIndex(
        from: index, to: end, block: { needsCare($0) }, byte: { needsCare($0) })
      target.append(bytes, ByteRange(index, stop))
      if stop == end { return }
      index = appendEscape(bytes, at: stop, to: &target)
    }
  }

  /// The bytes of a JSON string that are not written as they are: controls, the quote, the backslash, DEL,
  /// and what has to be looked at as UTF-8.
  @inline(__always)
  package static func needsCare(_ block: ByteBlock) -> ByteMarks {
    block.outside(0x20, 0x7E, or: UInt8(ascii: "\""), UInt8(ascii: "\\"))
  }

  @inline(__always)
  package static func needsCare(_ byte: UInt8) -> Bool {
    byte &- 0x20 >= 0x5F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  /// The bytes of `range` are written as they are.
  package static func isPlain(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
    bytes.firstIndex(
      from: range.start, to: range.end, block: { needsCare($0) }, byte: { needsCare($0) }) == range.end
  }

  /// Appends what stands in quotes as it reads, where nothing but quotes and backslashes has a backslash
  /// before it, and says where.
  package static func appendUnquoted(
    _ bytes: Span<UInt8>, _ range: ByteRange, to target: inout [UInt8]
  ) -> ByteRange {
    let start = target.count
    var isEscaped = false
    for index in range.bounds {
      isEscaped = bytes[index] == UInt8(ascii: "\\") && !isEscaped
      if !isEscaped { target.append(bytes[index]) }
    }
    return ByteRange(start, target.count)
  }

  /// Appends what stands for the byte at `index`, or for the sequence that starts there; the index behind it.
  package static func appendEscape(_ bytes: Span<UInt8>, at index: Int, to target: inout [UInt8]) -> Int {
    let byte = bytes[index]
    switch byte {
    case 0x80...: return index &+ appendMultiByte(bytes, at: index, to: &target)
    case UInt8(ascii: "\""): target.append(ascii: "\\\"")
    case UInt8(ascii: "\\"): target.append(ascii: "\\\\")
    case 0x0A: target.append(ascii: "\\n")
    case 0x0D: target.append(ascii: "\\r")
    case 0x09: target.append(ascii: "\\t")
    case 0: appendReplacement(to: &target)
    case 1..<0x20, 0x7F:
      target.append(ascii: "\\u00")
      target.append(hexByte: byte)
    default: target.append(byte)
    }
    return index &+ 1
  }

  private static func appendMultiByte(_ bytes: Span<UInt8>, at index: Int, to target: inout [UInt8]) -> Int {
    let length = SafeText.sequenceLength(bytes, at: index)
    if length == 0 {
      appendReplacement(to: &target)
      return 1
    }
    for offset in 0..<length { target.append(bytes[index + offset]) }
    return length
  }

  private static func appendReplacement(to target: inout [UInt8]) {
    target.append(0xEF)
    target.append(0xBF)
    target.append(0xBD)
  }
}
