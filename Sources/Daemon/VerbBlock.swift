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

  mutating func write(_ bytes: Span<UInt8>) {
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

  mutating func write(decimal value: Int64) {
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
    let lastBlock = bytes.count &- ByteBlock.width
    while at < end {
      if at > lastBlock {
        at = writeByte(bytes, at: at, to: end)
        continue
      }
      // All sixteen are written; what comes next is written over those that do not belong there.
      let block = ByteBlock(bytes, at)
      makeRoom(ByteBlock.width)
      unsafe block.store(to: start + count)
      let clean = min(JSONText.needsCare(block).first, end &- at)
      count &+= clean
      at &+= clean
      if clean < ByteBlock.width, at < end { at = writeEscape(bytes, at: at, to: end) }
    }
    write(UInt8(ascii: "\""))
  }

  @inline(never)
  private mutating func writeByte(_ bytes: Span<UInt8>, at: Int, to end: Int) -> Int {
    if JSONText.needsCare(bytes[at]) { return writeEscape(bytes, at: at, to: end) }
    write(bytes[at])
    return at &+ 1
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
