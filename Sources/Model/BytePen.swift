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
