/// Sixteen neighbouring bytes, looked at in one step: a scan for the end of a word costs some two
/// instructions a byte with it, six to eight without.
///
/// This file is the only one that reads more than a byte of a span at once; every read is checked against the
/// span's end. Comparisons are made of additions, because the vector comparisons of the standard library
/// compile to a loop over the lanes.
package struct ByteBlock: BitwiseCopyable {
  private let lanes: SIMD16<UInt8>

  package static var width: Int { 16 }

  /// The bytes from `at` on; all sixteen must lie in `bytes`.
  @inline(__always)
  package init(_ bytes: Span<UInt8>, _ at: Int) {
    precondition(at >= 0 && at <= bytes.count &- ByteBlock.width, "a block lies inside its bytes")
    lanes = unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: SIMD16<UInt8>.self)
  }

  /// The same where it is known that they do.
  @unsafe @inline(__always)
  fileprivate init(unchecked bytes: Span<UInt8>, _ at: Int) {
    lanes = unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: SIMD16<UInt8>.self)
  }

  /// The bytes from `at` on, behind which the span ends earlier than a block does: zeros follow them. At
  /// least sixteen bytes must lie in `bytes`.
  @inline(__always)
  package init(endOf bytes: Span<UInt8>, from at: Int) {
    let start = bytes.count &- ByteBlock.width
    precondition(start >= 0 && at >= start && at <= bytes.count, "a block lies inside its bytes")
    let all = unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: start, as: UInt128.self)
    let rest = UInt128(littleEndian: all) >> UInt128(truncatingIfNeeded: 8 &* (at &- start))
    lanes = unsafe unsafeBitCast(rest.littleEndian, to: SIMD16<UInt8>.self)
  }

  /// Writes the sixteen bytes to `target`, where there must be room for them.
  @unsafe @inline(__always)
  package func store(to target: UnsafeMutableRawPointer) {
    unsafe target.storeBytes(of: lanes, as: SIMD16<UInt8>.self)
  }

  /// The lanes that hold `byte`.
  @inline(__always)
  package func equal(_ byte: UInt8) -> ByteMarks {
    let difference = lanes ^ ByteBlock.splat(byte)
    return ByteMarks(((difference &+ ByteBlock.splat(0x7F)) | difference) ^ ByteBlock.splat(0xFF))
  }

  /// The lanes of 0x80 and above.
  @inline(__always)
  package var tops: ByteMarks { ByteMarks(lanes) }

  /// The lanes that hold `first...last`, both below 0x80. What a lane of 0x80 and above gives means nothing.
  @inline(__always)
  package func between(_ first: UInt8, _ last: UInt8) -> ByteMarks {
    ByteMarks((lanes &+ ByteBlock.splat(0x80 &- first)) ^ (lanes &+ ByteBlock.splat(0x7F &- last)))
  }

  /// The lanes that hold A-Z or a-z; of 0x80 and above as in `between`.
  @inline(__always)
  package var letters: ByteMarks {
    let folded = lanes | ByteBlock.splat(0x20)
    return ByteMarks((folded &+ ByteBlock.splat(0x80 &- 0x61)) ^ (folded &+ ByteBlock.splat(0x7F &- 0x7A)))
  }

  /// The lanes of 0x80 and above and those that are not among `marks`.
  @inline(__always)
  package func outside(_ marks: ByteMarks) -> ByteMarks {
    ByteMarks((marks.lanes ^ ByteBlock.splat(0xFF)) | lanes)
  }

  /// The lanes below 0x80 that are among `marks`.
  @inline(__always)
  package func inside(_ marks: ByteMarks) -> ByteMarks {
    ByteMarks(marks.lanes & (lanes ^ ByteBlock.splat(0xFF)))
  }

  /// The lanes outside `first...last` and those that hold `one` or `other`, all four below 0x80: what
  /// `outside` and `equal` say together, in two thirds of their steps.
  @inline(__always)
  package func outside(_ first: UInt8, _ last: UInt8, or one: UInt8, _ other: UInt8) -> ByteMarks {
    let range = (lanes &+ ByteBlock.splat(0x80 &- first)) ^ (lanes &+ ByteBlock.splat(0x7F &- last))
    let others = (lanes ^ ByteBlock.splat(one)) &+ ByteBlock.splat(0x7F)
    let rest = (lanes ^ ByteBlock.splat(other)) &+ ByteBlock.splat(0x7F)
    return ByteMarks(((range & others & rest) ^ ByteBlock.splat(0xFF)) | lanes)
  }

  /// `byte` in every lane, as one constant: `SIMD16(repeating:)` puts it together lane by lane.
  @inline(__always)
  private static func splat(_ byte: UInt8) -> SIMD16<UInt8> {
    let word = UInt64(byte) &* 0x0101_0101_0101_0101
    return unsafe unsafeBitCast((word, word), to: SIMD16<UInt8>.self)
  }
}

/// Lanes of a block, marked in their top bit; the other bits mean nothing.
package struct ByteMarks: BitwiseCopyable {
  fileprivate let lanes: SIMD16<UInt8>

  @inline(__always)
  fileprivate init(_ lanes: SIMD16<UInt8>) { self.lanes = lanes }

  @inline(__always)
  package static func | (left: ByteMarks, right: ByteMarks) -> ByteMarks {
    ByteMarks(left.lanes | right.lanes)
  }

  /// No lane is marked.
  @inline(__always)
  package var isEmpty: Bool {
    let halves = unsafe unsafeBitCast(lanes, to: (UInt64, UInt64).self)
    return (halves.0 | halves.1) & ByteWord.tops == 0
  }

  /// The first marked lane; 16 when none is.
  @inline(__always)
  package var first: Int {
    let halves = unsafe unsafeBitCast(lanes, to: (UInt64, UInt64).self)
    let low = UInt64(littleEndian: halves.0) & ByteWord.tops
    if low != 0 { return low.trailingZeroBitCount &>> 3 }
    let high = UInt64(littleEndian: halves.1) & ByteWord.tops
    return high != 0 ? 8 &+ high.trailingZeroBitCount &>> 3 : ByteBlock.width
  }
}

/// Four blocks, one behind the other: a long text is read in steps of them.
package struct ByteRow: BitwiseCopyable {
  private let first: ByteBlock
  private let second: ByteBlock
  private let third: ByteBlock
  private let fourth: ByteBlock

  package static var width: Int { 4 * ByteBlock.width }

  /// The bytes from `at` on; all 64 must lie in `bytes`.
  @inline(__always)
  package init(_ bytes: Span<UInt8>, _ at: Int) {
    precondition(at >= 0 && at <= bytes.count &- ByteRow.width, "a row lies inside its bytes")
    first = unsafe ByteBlock(unchecked: bytes, at)
    second = unsafe ByteBlock(unchecked: bytes, at &+ ByteBlock.width)
    third = unsafe ByteBlock(unchecked: bytes, at &+ 2 &* ByteBlock.width)
    fourth = unsafe ByteBlock(unchecked: bytes, at &+ 3 &* ByteBlock.width)
  }

  /// Writes the 64 bytes to `target`, where there must be room for them.
  @unsafe @inline(__always)
  package func store(to target: UnsafeMutableRawPointer) {
    unsafe first.store(to: target)
    unsafe second.store(to: target + ByteBlock.width)
    unsafe third.store(to: target + 2 * ByteBlock.width)
    unsafe fourth.store(to: target + 3 * ByteBlock.width)
  }

  /// No byte is marked.
  @inline(__always)
  package func hasNone(_ marks: (ByteBlock) -> ByteMarks) -> Bool {
    ((marks(first) | marks(second)) | (marks(third) | marks(fourth))).isEmpty
  }
}

/// Eight neighbouring bytes as a number, the first byte lowest.
package enum ByteWord {
  /// The top bit of each byte.
  package static var tops: UInt64 { 0x8080_8080_8080_8080 }

  /// The bytes from `at` on; all eight must lie in `bytes`.
  @inline(__always)
  package static func load(_ bytes: Span<UInt8>, _ at: Int) -> UInt64 {
    precondition(at >= 0 && at <= bytes.count &- 8, "a word lies inside its bytes")
    let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt64.self)
    return UInt64(littleEndian: word)
  }

  /// Where `byte` first stands in the word, 0...7; 8 when it does not.
  @inline(__always)
  package static func first(_ byte: UInt8, in word: UInt64) -> Int {
    let differences = word ^ (UInt64(byte) &* 0x0101_0101_0101_0101)
    // A borrow only reaches bytes behind the first that is zero.
    return (((differences &- 0x0101_0101_0101_0101) & ~differences) & tops).trailingZeroBitCount &>> 3
  }

  /// How many digits the word starts with, 0...8.
  @inline(__always)
  package static func digits(_ word: UInt64) -> Int {
    let values = word ^ 0x3030_3030_3030_3030
    // A carry only reaches bytes behind the first that is none.
    let others = (values | (values &+ 0x0606_0606_0606_0606)) & 0xF0F0_F0F0_F0F0_F0F0
    return others.trailingZeroBitCount &>> 3
  }

  /// The number that eight digits write, each byte holding the value of its digit, the first the most
  /// significant.
  @inline(__always)
  package static func decimal(_ digits: UInt64) -> UInt64 {
    let pairs = digits &* 10 &+ (digits &>> 8)
    let outer = (pairs & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
    let inner = ((pairs &>> 16) & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
    return (outer &+ inner) &>> 32
  }
}

extension ByteWord {
  /// The digits of a number below 100,000,000, the most significant lowest, and how many there are.
  @inline(__always)
  package static func digits(of value: UInt64) -> (text: UInt64, count: Int) {
    // Halves of four digits, quarters of two, then single ones: each step divides all parts at once, by a
    // multiplication that is exact for what they can hold.
    let halves = value / 10_000 | (value % 10_000) &<< 32
    let hundreds = ((halves &* 10_486) &>> 20) & 0x0000_007F_0000_007F
    let quarters = hundreds | (halves &- hundreds &* 100) &<< 16
    let tens = ((quarters &* 103) &>> 10) & 0x000F_000F_000F_000F
    let singles = tens | (quarters &- tens &* 10) &<< 8
    // Zero is one digit.
    let zeros = min(singles.trailingZeroBitCount &>> 3, 7)
    return ((singles | 0x3030_3030_3030_3030) &>> UInt64(truncatingIfNeeded: zeros &<< 3), 8 &- zeros)
  }
}

/// 24 neighbouring bytes as three numbers, the first byte lowest.
package struct ByteTriple: BitwiseCopyable {
  package var first: UInt64
  package var second: UInt64
  package var third: UInt64

  package static var width: Int { 24 }

  package init(_ first: UInt64, _ second: UInt64, _ third: UInt64) {
    self.first = first
    self.second = second
    self.third = third
  }

  /// The bytes from `at` on; sixteen must lie in `bytes`, and what lies behind them reads as zeros.
  @inline(__always)
  package init(_ bytes: Span<UInt8>, _ at: Int) {
    precondition(at >= 0 && at <= bytes.count &- 16, "a triple lies inside its bytes")
    first = ByteTriple.load(bytes, at)
    second = ByteTriple.load(bytes, at &+ 8)
    let beyond = max(0, at &+ ByteTriple.width &- bytes.count)
    third = ByteTriple.load(bytes, at &+ 16 &- beyond) >> UInt64(truncatingIfNeeded: 8 &* beyond)
  }

  /// Eight bytes from inside `bytes`, unchecked.
  @inline(__always)
  private static func load(_ bytes: Span<UInt8>, _ at: Int) -> UInt64 {
    let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt64.self)
    return UInt64(littleEndian: word)
  }

  /// The bits of the other.
  @inline(__always)
  package static func & (left: ByteTriple, right: ByteTriple) -> ByteTriple {
    ByteTriple(left.first & right.first, left.second & right.second, left.third & right.third)
  }

  /// The same bytes where `mask` has bits.
  @inline(__always)
  package func equals(_ other: ByteTriple, mask: ByteTriple) -> Bool {
    (first ^ other.first) & mask.first | (second ^ other.second) & mask.second
      | (third ^ other.third) & mask.third == 0
  }
}

extension OutputSpan where Element == UInt8 {
  /// Appends the first `count` bytes of `block`; there must be room for all sixteen.
  @inline(__always)
  package mutating func append(_ block: ByteBlock, count: Int) {
    precondition(
      freeCapacity >= ByteBlock.width && count >= 0 && count <= ByteBlock.width, "a block has room")
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      let end = unsafe UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped) + initialized
      unsafe block.store(to: end)
      initialized &+= count
    }
  }

  /// Appends `count` bytes of `bytes` from `at` on, block by block where both sides allow it.
  @inline(__always)
  package mutating func append(_ bytes: Span<UInt8>, from at: Int, count: Int) {
    var at = at
    var left = count
    while left > 0, at &+ ByteBlock.width <= bytes.count, freeCapacity >= ByteBlock.width {
      append(ByteBlock(bytes, at), count: Swift.min(left, ByteBlock.width))
      at &+= ByteBlock.width
      left &-= ByteBlock.width
    }
    if left > 0 { appendSingly(bytes, from: at, count: left) }
  }

  /// The same of an array.
  @inline(__always)
  package mutating func append(_ bytes: [UInt8], from at: Int, count: Int) {
    append(bytes.span, from: at, count: count)
  }

  /// Appends a text that stands in the program.
  @inline(__always)
  package mutating func append(ascii text: StaticString) {
    let size = text.utf8CodeUnitCount
    precondition(freeCapacity >= size, "a text has room")
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      let end = unsafe UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped) + initialized
      unsafe end.copyMemory(from: text.utf8Start, byteCount: size)
      initialized &+= size
    }
  }

  @inline(never)
  private mutating func appendSingly(_ bytes: Span<UInt8>, from at: Int, count: Int) {
    for index in at..<at &+ count { append(bytes[index]) }
  }

  /// Appends up to twenty digits.
  @inline(__always)
  package mutating func append(decimal value: UInt64) {
    if value < 10 {
      append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value))
    } else if value < 100 {
      // A tenth, by a multiplication that is exact up to here.
      let tens = (value &* 205) &>> 11
      append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: tens))
      append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value &- tens &* 10))
    } else {
      appendDigits(value)
    }
  }

  @inline(never)
  private mutating func appendDigits(_ value: UInt64) {
    var count = 3
    var bound: UInt64 = 1_000
    while count < 20, value >= bound {
      count &+= 1
      bound = count == 20 ? .max : bound &* 10
    }
    precondition(freeCapacity >= count, "digits have room")
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      var rest = value
      var at = initialized &+ count
      while at > initialized {
        at &-= 1
        let next = rest / 10
        unsafe buffer.baseAddress.unsafelyUnwrapped[at] =
          UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest &- next &* 10)
        rest = next
      }
      initialized &+= count
    }
  }
}

extension Span where Element == UInt8 {
  /// The first index from `start` on that is marked by `stop`, of 32; the one behind them when none is. They
  /// must all be there.
  @inline(__always)
  package func firstIndex(ofTwoFrom start: Int, block stops: (ByteBlock) -> ByteMarks) -> Int {
    let step = stops(ByteBlock(self, start)).first
    if step < ByteBlock.width { return start &+ step }
    let next = start &+ ByteBlock.width
    return next &+ stops(ByteBlock(self, next)).first
  }

  /// The first index from `start` on that is marked by `stop` or `limit`; `stop` says the same of a block and
  /// of a single byte. `limit` lies inside the span.
  @inline(__always)
  package func firstIndex(
    from start: Int, to limit: Int, block stops: (ByteBlock) -> ByteMarks, byte isStop: (UInt8) -> Bool
  ) -> Int {
    var at = start
    let lastBlock = Swift.min(limit &- 1, count &- ByteBlock.width)
    while at <= lastBlock {
      let step = stops(ByteBlock(self, at)).first
      at &+= step
      if step < ByteBlock.width { return Swift.min(at, limit) }
    }
    return at < limit ? firstIndex(from: at, to: limit, byte: isStop) : limit
  }

  /// The same byte by byte: the last few of a datagram.
  @inline(never)
  private func firstIndex(from start: Int, to limit: Int, byte isStop: (UInt8) -> Bool) -> Int {
    var at = start
    while at < limit, !isStop(self[at]) { at &+= 1 }
    return at
  }
}
