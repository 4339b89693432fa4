/// The beginning of a text with room around it, so that it is read 8 and 16 bytes at a time, and a little
/// before and behind its ends, without a check: spaces stand in front, NUL behind.
///
/// Lives on the stack while a closure runs. Debug builds check every access.
@safe
struct PaddedText {
  /// Bytes of a text that are taken.
  static var limit: Int { 960 }
  private static var front: Int { 16 }
  private static var back: Int { 48 }
  // As much as a temporary allocation may have to be made on the stack.
  private static var room: Int { front + limit + back }

  private let base: UnsafePointer<UInt8>
  let count: Int

  private init(_ base: UnsafePointer<UInt8>, _ count: Int) {
    unsafe self.base = unsafe base
    self.count = count
  }

  /// - Parameter isValue: an equals sign stands before the text and belongs to it.
  @inline(__always)
  static func with<T>(_ text: Span<UInt8>, isValue: Bool = false, _ body: (PaddedText) -> T) -> T {
    let lead = isValue ? 1 : 0
    let count = min(text.count &+ lead, limit)
    return unsafe withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: 16) { room in
      let start = unsafe room.baseAddress.unsafelyUnwrapped
      unsafe start.storeBytes(of: SIMD16<UInt8>(repeating: 0x20), as: SIMD16<UInt8>.self)
      unsafe text.withUnsafeBytes { source in
        if let address = source.baseAddress {
          unsafe (start + front + lead).copyMemory(from: address, byteCount: count &- lead)
        }
      }
      if isValue { unsafe (start + front).storeBytes(of: UInt8(ascii: "="), as: UInt8.self) }
      for step in 0..<back / 16 {
        unsafe (start + front + count + 16 * step).storeBytes(of: SIMD16<UInt8>(), as: SIMD16<UInt8>.self)
      }
      let bytes = unsafe UnsafePointer((start + front).assumingMemoryBound(to: UInt8.self))
      return unsafe body(PaddedText(bytes, count))
    }
  }

  @inline(__always)
  subscript(_ index: Int) -> UInt8 {
    check(index, 1)
    return unsafe base[index]
  }

  /// The 8 bytes at `index`, the first in the lowest byte.
  @inline(__always)
  func word(at index: Int) -> UInt64 {
    check(index, 8)
    return unsafe UInt64(
      littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
  }

  @inline(__always)
  func block(at index: Int) -> TextBlock {
    check(index, 16)
    return unsafe TextBlock(
      bytes: UnsafeRawPointer(base + index).loadUnaligned(as: SIMD16<UInt8>.self))
  }

  @inline(__always)
  private func check(_ index: Int, _ size: Int) {
    assert(index >= -PaddedText.front && index + size <= count + PaddedText.back, "outside the padded text")
  }

  /// Where `byte`, which is not NUL, stands first from `index` on; nil when it does not.
  func firstIndex(of byte: UInt8, from index: Int) -> Int? {
    var at = index
    while at < count {
      let found = TextBlock(bytes: block(at: at).bytes ^ SIMD16(repeating: byte)).zeros
      if !found.isEmpty { return at &+ found.first }
      at &+= 16
    }
    return nil
  }
}

extension Span where Element == UInt8 {
  /// The 8 bytes at `index`, of which only those below `end` count: NUL stands for the others.
  @inline(__always)
  func word(at index: Int, below end: Int) -> UInt64 {
    let left = end &- index
    guard index &+ 8 <= count else {
      var word: UInt64 = 0
      for step in 0..<min(left, 8) { word |= UInt64(self[index &+ step]) << UInt64(8 &* step) }
      return word
    }
    // Checks its bounds; unsafe only because not every type may be loaded from any bytes.
    let word = unsafe UInt64(
      littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
    return left >= 8 ? word : word & ((1 &<< UInt64(truncatingIfNeeded: 8 &* left)) &- 1)
  }
}

/// 16 bytes of text, looked at together. A test leaves a byte's high bit clear where it holds: comparing
/// vectors would be done byte by byte, and sums are not.
struct TextBlock {
  let bytes: SIMD16<UInt8>

  /// Digits and quotes, `"` and `'`; and also `#` and `&`, which differ from quotes in the same two bits.
  @inline(__always)
  var digitsAndQuotes: Lanes {
    let digit = bytes ^ SIMD16(repeating: 0x30)
    let quote = (bytes | SIMD16(repeating: 0x05)) ^ SIMD16(repeating: 0x27)
    let isNoDigit = (digit &+ SIMD16(repeating: 0x76)) | digit
    let isNoQuote = (quote &+ SIMD16(repeating: 0x7F)) | quote
    return Lanes(highBitsClear: isNoDigit & isNoQuote)
  }

  /// What is no printable character of ASCII, and quotes.
  @inline(__always)
  var oddsAndQuotes: Lanes {
    let double = bytes ^ SIMD16(repeating: 0x22)
    let single = bytes ^ SIMD16(repeating: 0x27)
    let isNoQuote =
      ((double &+ SIMD16(repeating: 0x7F)) | double) & ((single &+ SIMD16(repeating: 0x7F)) | single)
    let isOdd = ~(bytes &+ SIMD16(repeating: 0x60)) | (bytes &+ SIMD16(repeating: 0x01)) | bytes
    return Lanes(highBitsClear: isNoQuote & ~isOdd)
  }

  @inline(__always)
  var zeros: Lanes { Lanes(highBitsClear: (bytes &+ SIMD16(repeating: 0x7F)) | bytes) }

  /// Some of the 16 bytes.
  struct Lanes {
    private let low: UInt64
    private let high: UInt64

    @inline(__always)
    init(highBitsClear bytes: SIMD16<UInt8>) {
      let words = unsafe unsafeBitCast(bytes, to: SIMD2<UInt64>.self)
      low = ~UInt64(littleEndian: words[0]) & 0x8080_8080_8080_8080
      high = ~UInt64(littleEndian: words[1]) & 0x8080_8080_8080_8080
    }

    @inline(__always)
    var isEmpty: Bool { low | high == 0 }

    /// The first of them; there must be one.
    @inline(__always)
    var first: Int {
      low != 0 ? low.trailingZeroBitCount &>> 3 : 8 &+ high.trailingZeroBitCount &>> 3
    }
  }
}
