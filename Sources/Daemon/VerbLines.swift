import Foundation
import Model

/// Lines of a file, or of standard input (`-`), read piece by piece; whatever bytes they hold. The lines
/// stand in one buffer that is used over and over, so that a file of any size takes the same memory.
struct VerbLines: ~Copyable {
  let name: String
  private(set) var number = 0
  /// Where `line` stands until the next one is asked for.
  private(set) var buffer: [UInt8]
  private(set) var line = 0..<0
  /// Bytes read so far.
  private(set) var bytesRead = 0

  private let descriptor: Int32
  /// What was read and not given out yet.
  private var at = 0
  private var filled = 0
  /// No line feed stands before this.
  private var searched = 0
  private var isAtEnd = false
  /// The rest of a line that was cut is stepped over.
  private var isSkipping = false

  /// Of a longer line the rest is left out: the longest datagram in hexadecimal is half of it.
  private static let lineLimit = 256 << 10
  /// As much is read at once at least.
  private static let chunk = 256 << 10

  init(_ file: String) throws(DaemonFailure) {
    name = file == "-" ? "stdin" : file
    buffer = [UInt8](repeating: 0, count: VerbLines.lineLimit + VerbLines.chunk)
    if file == "-" {
      descriptor = 0
      return
    }
    descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw VerbLines.failure(file) }
  }

  deinit { if descriptor > 0 { close(descriptor) } }

  private static func failure(_ name: String) -> DaemonFailure {
    let number = errno
    let reason = unsafe String(cString: strerror(number))
    return DaemonFailure(number == EACCES ? .permission : .io, "\(name) cannot be read: \(reason)")
  }

  /// The next line without its LF, as bytes of its own; nil at the end.
  mutating func next() throws(DaemonFailure) -> [UInt8]? {
    while true {
      if advance() { return Array(buffer[line]) }
      if try !fill() { return nil }
    }
  }

  /// Takes the next line, without its LF, into `line`; false when more has to be read first.
  mutating func advance() -> Bool {
    while let end = lineFeed() {
      let start = at
      at = end + 1
      searched = at
      // The start of this line was given out already.
      let isRest = isSkipping
      isSkipping = false
      if isRest { continue }
      take(start..<min(end, start + VerbLines.lineLimit))
      return true
    }
    searched = filled
    if isSkipping {
      at = filled
      return false
    }
    let isWhole = isAtEnd && at < filled
    guard isWhole || filled - at >= VerbLines.lineLimit else { return false }
    isSkipping = !isWhole
    take(at..<min(filled, at + VerbLines.lineLimit))
    at = filled
    return true
  }

  private mutating func take(_ range: Range<Int>) {
    number += 1
    line = range
  }

  private func lineFeed() -> Int? {
    if searched == filled { return nil }
    return unsafe buffer.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress,
        let found = unsafe memchr(start + searched, 0x0A, filled - searched)
      else { return nil }
      return unsafe UnsafeRawPointer(found) - start
    }
  }

  /// Reads what there is, waiting for the first byte of it; false at the end of everything. `line` means
  /// nothing afterwards.
  mutating func fill() throws(DaemonFailure) -> Bool {
    if isAtEnd { return false }
    if at > 0 {
      unsafe buffer.withUnsafeMutableBytes { bytes in
        if let start = bytes.baseAddress { unsafe _ = memmove(start, start + at, filled - at) }
      }
      filled -= at
      searched -= at
      at = 0
    }
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe read(descriptor, bytes.baseAddress! + filled, bytes.count - filled)
      }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw VerbLines.failure(name) }
      if count == 0 { isAtEnd = true }
      filled += count
      bytesRead += count
      return true
    }
  }
}

enum VerbHex {
  /// Hexadecimal with or without spaces, colons and a leading 0x; nil for anything else.
  static func bytes(_ text: [UInt8]) -> [UInt8]? {
    var rest = text[...]
    while let last = rest.last, last == 0x0D || last == 0x20 { rest.removeLast() }
    if rest.starts(with: Array("0x".utf8)) { rest = rest.dropFirst(2) }
    var bytes: [UInt8] = []
    var high: UInt8?
    for byte in rest {
      if byte == UInt8(ascii: " ") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "\t") { continue }
      guard let digit = digit(byte) else { return nil }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return high == nil && !bytes.isEmpty ? bytes : nil
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch lowered(byte) {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: lowered(byte) - 0x61 + 10
    default: nil
    }
  }
}
