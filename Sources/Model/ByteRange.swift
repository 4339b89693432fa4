/// A part of a byte buffer that somebody else holds: a datagram's slot, a batch's text, a rendered line.
///
/// Decoders and batches store ranges instead of copies; 8 bytes, trivially copied. `absent` differs from
/// empty: an RFC 5424 `-` is absent, `""` is empty.
package struct ByteRange: BitwiseCopyable, Hashable, Sendable {
  package var offset: UInt32
  package var count: UInt32

  package static var absent: ByteRange { ByteRange(offset: .max, count: 0) }

  package init(offset: UInt32, count: UInt32) {
    self.offset = offset
    self.count = count
  }

  package init(_ start: Int, _ end: Int) {
    self.offset = UInt32(truncatingIfNeeded: start)
    self.count = UInt32(truncatingIfNeeded: end &- start)
  }

  package var isAbsent: Bool { offset == .max }

  /// The same bytes where `offset` others stand in front of them.
  package func shifted(by offset: Int) -> ByteRange {
    isAbsent ? self : ByteRange(start &+ offset, end &+ offset)
  }
  package var isEmpty: Bool { count == 0 }
  package var start: Int { Int(offset) }
  package var end: Int { Int(offset) &+ Int(count) }

  /// The indices to read; empty for an absent range.
  package var bounds: Range<Int> { isAbsent ? 0..<0 : start..<end }
}

extension Span where Element == UInt8 {
  /// The bytes as a `String`, invalid UTF-8 repaired. For the cold edge only: it allocates.
  package func text(_ range: ByteRange) -> String? {
    if range.isAbsent { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(range.count))
    for index in range.bounds { bytes.append(self[index]) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The same bytes, as many.
  @inline(__always)
  package func isSame(as other: Span<UInt8>) -> Bool {
    if count != other.count { return false }
    for index in indices where self[index] != other[index] { return false }
    return true
  }

  package func equalsASCII(_ range: ByteRange, _ text: StaticString) -> Bool {
    guard !range.isAbsent, Int(range.count) == text.utf8CodeUnitCount else { return false }
    return text.withUTF8Buffer { other in
      for index in 0..<other.count where unsafe self[range.start + index] != other[index] { return false }
      return true
    }
  }
}
