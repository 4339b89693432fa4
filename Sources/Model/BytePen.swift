/// Writes into room that was made before: what is usual in a line, without looking at the room's end and
/// writing down its own place with every byte.
///
/// Like `ByteBlock` one of the few files that touch memory directly; every write is checked against the end.
@safe package struct BytePen: ~Copyable {
  private let base: UnsafeMutableRawPointer
  private let end: Int
  private var at: Int

  @unsafe @inline(__always)
  fileprivate init(_ base: UnsafeMutableRawPointer, at: Int, end: Int) {
    unsafe self.base = base
    self.at = at
    self.end = end
  }

  /// Appends the first `count` bytes of `block`, 0...16; there must be room for all sixteen.
  @inline(__always)
  package mutating func append(_ block: ByteBlock, count: Int) {
    precondition(at <= end &- ByteBlock.width && count >= 0 && count <= ByteBlock.width, "a block has room")
    unsafe block.store(to: base + at)
    at &+= count
  }

  /// Appends `count` bytes of `bytes` from `at` on, block by block: a block must lie in `bytes` from each
  /// sixteenth byte on.
  @inline(__always)
  package mutating func append(_ bytes: Span<UInt8>, from start: Int, count: Int) {
    var start = start
    var left = count
    while left > ByteBlock.width {
      append(ByteBlock(bytes, start), count: ByteBlock.width)
      start &+= ByteBlock.width
      left &-= ByteBlock.width
    }
    append(ByteBlock(bytes, start), count: left)
  }

  /// The same of an array.
  @inline(__always)
  package mutating func append(_ bytes: [UInt8], from start: Int, count: Int) {
    append(bytes.span, from: start, count: count)
  }

  /// Appends a part of `bytes`, wherever it lies in them.
  @inline(__always)
  package mutating func append(_ bytes: Span<UInt8>, _ range: ByteRange) {
    precondition(!range.isAbsent && range.end <= bytes.count, "a part lies inside its bytes")
    precondition(Int(range.count) <= end &- at, "a part has room")
    unsafe bytes.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      unsafe (base + at).copyMemory(from: start + range.start, byteCount: Int(range.count))
    }
    at &+= Int(range.count)
  }

  /// Appends what it wrote from `start` on, up to here, once more.
  @inline(__always)
  package mutating func repeatOwn(from start: Int, count: Int) {
    precondition(start >= 0 && count >= 0 && start <= at &- count, "a pen repeats what it wrote")
    precondition(count <= end &- at, "a part has room")
    unsafe (base + at).copyMemory(from: base + start, byteCount: count)
    at &+= count
  }

  /// Appends a text that stands in the program.
  @inline(__always)
  package mutating func append(ascii text: StaticString) {
    let size = text.utf8CodeUnitCount
    precondition(size <= end &- at, "a text has room")
    unsafe (base + at).copyMemory(from: text.utf8Start, byteCount: size)
    at &+= size
  }

  @inline(__always)
  package mutating func append(_ byte: UInt8) {
    precondition(at < end, "a byte has room")
    unsafe base.storeBytes(of: byte, toByteOffset: at, as: UInt8.self)
    at &+= 1
  }

  /// Appends the eight bytes of `word`, or the four of `half`, lowest first.
  @inline(__always)
  package mutating func append(word: UInt64) {
    precondition(at <= end &- 8, "a word has room")
    unsafe base.storeBytes(of: word.littleEndian, toByteOffset: at, as: UInt64.self)
    at &+= 8
  }
  @inline(__always)
  package mutating func append(half: UInt32) {
    precondition(at <= end &- 4, "half a word has room")
    unsafe base.storeBytes(of: half.littleEndian, toByteOffset: at, as: UInt32.self)
    at &+= 4
  }

  /// Appends up to twenty digits.
  package mutating func append(decimal value: UInt64) {
    var count = 1
    var bound: UInt64 = 10
    while count < 20, value >= bound {
      count &+= 1
      bound = count == 20 ? .max : bound &* 10
    }
    precondition(count <= end &- at, "digits have room")
    var rest = value
    var place = at &+ count
    while place > at {
      place &-= 1
      let next = rest / 10
      let digit = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest &- next &* 10)
      unsafe base.storeBytes(of: digit, toByteOffset: place, as: UInt8.self)
      rest = next
    }
    at &+= count
  }

  /// How many bytes have been written, those before the pen's own included, and how many more there can be.
  @inline(__always)
  package var count: Int { at }
  @inline(__always)
  package var left: Int { end &- at }

  /// Takes back what was written behind `count`.
  @inline(__always)
  package mutating func back(to count: Int) {
    precondition(count >= 0 && count <= at, "a pen goes back")
    at = count
  }
}

extension OutputSpan where Element == UInt8 {
  /// Lets `body` append bytes.
  @inline(__always)
  package mutating func write(_ body: (inout BytePen) -> Void) {
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      var pen = unsafe BytePen(UnsafeMutableRawPointer(base), at: initialized, end: buffer.count)
      body(&pen)
      initialized = pen.count
    }
  }
}
