import Foundation
import Model

/// Bytes on their way to a descriptor, gathered in one block of memory that is written out when it is full:
/// what a verb that answers millions of lines prints with. The only file of the verbs with pointers.
@safe struct VerbBlock: ~Copyable {
  private let start: UnsafeMutableRawPointer
  private var count = 0
  private let capacity: Int
  private let descriptor: Int32
  /// Whose turn must have come before anything is written out.
  var turn: (VerbTurn, order: Int)?

  /// The most that one piece takes; a longer text goes in pieces.
  private static let piece = 4 << 10

  /// Usually a pipe's worth several times over, and little enough to stay in the cache.
  init(descriptor: Int32, capacity: Int = 256 << 10) {
    precondition(capacity >= VerbBlock.piece, "a block holds a piece")
    unsafe start = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
    self.capacity = capacity
    self.descriptor = descriptor
  }

  deinit {
    if count > 0 { turn?.0.wait(for: turn?.order ?? 0) }
    unsafe VerbOutput.write(UnsafeRawBufferPointer(start: start, count: count), to: descriptor)
    unsafe start.deallocate()
  }

  mutating func flush() {
    if let (turn, order) = turn { turn.wait(for: order) }
    unsafe VerbOutput.write(UnsafeRawBufferPointer(start: start, count: count), to: descriptor)
    count = 0
  }

  /// Room for `size` bytes more, at most a piece.
  @inline(__always)
  private mutating func makeRoom(_ size: Int) {
    precondition(size <= VerbBlock.piece, "a piece fits the block")
    if count > capacity &- size { flush() }
  }

  @inline(__always)
  mutating func write(_ byte: UInt8) {
    makeRoom(1)
    unsafe start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count &+= 1
  }

  @inline(__always)
  mutating func write(_ text: StaticString) {
    let size = text.utf8CodeUnitCount
    makeRoom(size)
    unsafe (start + count).copyMemory(from: text.utf8Start, byteCount: size)
    count &+= size
  }

  @inline(__always)
  mutating func write(_ bytes: Span<UInt8>) {
    let size = bytes.count
    if size > VerbBlock.piece { return writeLong(bytes) }
    makeRoom(size)
    unsafe bytes.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { unsafe (start + count).copyMemory(from: base, byteCount: size) }
    }
    count &+= size
  }

  @inline(never)
  private mutating func writeLong(_ bytes: Span<UInt8>) {
    var at = 0
    while at < bytes.count {
      let size = min(bytes.count - at, VerbBlock.piece)
      makeRoom(size)
      let part = bytes.extracting(at..<at + size)
      unsafe part.withUnsafeBytes {
        unsafe (start + count).copyMemory(from: $0.baseAddress!, byteCount: size)
      }
      count += size
      at += size
    }
  }

  @inline(__always)
  mutating func write(decimal value: Int64) {
    if value < 0 || value >= 100_000_000 { return writeLong(decimal: value) }
    makeRoom(8)
    let digits = ByteWord.digits(of: UInt64(value))
    unsafe start.storeBytes(of: digits.text.littleEndian, toByteOffset: count, as: UInt64.self)
    count &+= digits.count
  }

  @inline(never)
  private mutating func writeLong(decimal value: Int64) {
    makeRoom(20)
    var rest = value.magnitude
    if value < 0 { write(UInt8(ascii: "-")) }
    var digits = 1
    var limit: UInt64 = 10
    while digits < 19, rest >= limit {
      digits &+= 1
      limit &*= 10
    }
    var at = count &+ digits
    count = at
    for _ in 0..<digits {
      at &-= 1
      unsafe start.storeBytes(
        of: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10), toByteOffset: at, as: UInt8.self)
      rest /= 10
    }
  }

  /// A quoted JSON string, or `null` for an absent one.
  mutating func write(quoted bytes: Span<UInt8>, _ range: ByteRange) {
    if range.isAbsent { return write("null") }
    write(UInt8(ascii: "\""))
    var at = range.start
    let end = range.end
    while at < end {
      // Room for all of it at once, each byte of it with a backslash.
      let limit = min(end, at &+ (VerbBlock.piece &- ByteRow.width) / 2)
      makeRoom(2 &* (limit &- at) &+ ByteRow.width)
      at = copyPlain(bytes, from: at, to: limit)
      if at < limit { at = writeEscape(bytes, at: at, to: end) }
    }
    write(UInt8(ascii: "\""))
  }

  /// Copies up to the first byte that needs more than a backslash, or to `limit`; where it stopped. There is
  /// room for all of it and a row more: what a block brings too much is written over by what comes next.
  @inline(__always)
  private mutating func copyPlain(_ bytes: Span<UInt8>, from first: Int, to limit: Int) -> Int {
    var at = first
    var target = unsafe start + count
    let lastRow = min(bytes.count, limit) &- ByteRow.width
    while at <= lastRow {
      let row = ByteRow(bytes, at)
      unsafe row.store(to: target)
      guard row.hasNone({ JSONText.needsCare($0) }) else { break }
      at &+= ByteRow.width
      unsafe target += ByteRow.width
    }
    let lastBlock = bytes.count &- ByteBlock.width
    while at < limit, at <= lastBlock {
      let block = ByteBlock(bytes, at)
      unsafe block.store(to: target)
      let plain = min(JSONText.needsCare(block).first, limit &- at)
      at &+= plain
      unsafe target += plain
      if plain == ByteBlock.width || at == limit { continue }
      let byte = bytes[at]
      guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { break }
      unsafe target.storeBytes(of: UInt8(ascii: "\\"), as: UInt8.self)
      unsafe target.storeBytes(of: byte, toByteOffset: 1, as: UInt8.self)
      at &+= 1
      unsafe target += 2
    }
    unsafe count = target - start
    return at > lastBlock ? copyBytes(bytes, from: at, to: limit) : at
  }

  /// The same byte by byte: what stands near the end of everything.
  @inline(never)
  private mutating func copyBytes(_ bytes: Span<UInt8>, from first: Int, to limit: Int) -> Int {
    var at = first
    while at < limit, !JSONText.needsCare(bytes[at]) {
      unsafe start.storeBytes(of: bytes[at], toByteOffset: count, as: UInt8.self)
      count &+= 1
      at &+= 1
    }
    return at
  }

  /// What stands for the byte at `at`, or for the sequence that starts there; the index behind it.
  @inline(never)
  private mutating func writeEscape(_ bytes: Span<UInt8>, at: Int, to end: Int) -> Int {
    switch bytes[at] {
    case UInt8(ascii: "\""):
      write("\\\"")
      return at &+ 1
    case UInt8(ascii: "\\"):
      write("\\\\")
      return at &+ 1
    default:
      var text: [UInt8] = []
      // A sequence that the end of the text cuts is none.
      let next = JSONText.appendEscape(bytes.extracting(..<end), at: at, to: &text)
      write(text.span)
      return next
    }
  }
}
