import Foundation
import Model

/// Lines of a file, or of standard input (`-`), read piece by piece; whatever bytes they hold.
struct VerbLines: ~Copyable {
  let name: String
  private(set) var number = 0
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var at = 0
  private var isAtEnd = false
  private var isSkipping = false

  /// Of a longer line the rest is left out: the longest datagram in hexadecimal is half of it.
  private static let lineLimit = 256 << 10
  private static let chunk = 64 << 10

  /// All that was read has been given out.
  var needsReading: Bool { at == buffer.count }

  init(_ file: String) throws(DaemonFailure) {
    name = file == "-" ? "stdin" : file
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

  /// The next line without its LF; nil at the end.
  mutating func next() throws(DaemonFailure) -> [UInt8]? {
    var line: [UInt8] = []
    while true {
      if at == buffer.count {
        if isAtEnd {
          if line.isEmpty, !isSkipping { return nil }
          isSkipping = false
          number += 1
          return line
        }
        try fill()
        continue
      }
      let end = buffer[at...].firstIndex(of: UInt8(ascii: "\n")) ?? buffer.count
      let room = VerbLines.lineLimit - line.count
      line += buffer[at..<min(end, at + room)]
      if end - at > room { isSkipping = true }
      at = end
      if end < buffer.count {
        at = end + 1
        isSkipping = false
        number += 1
        return line
      }
    }
  }

  private mutating func fill() throws(DaemonFailure) {
    if buffer.count != VerbLines.chunk { buffer = [UInt8](repeating: 0, count: VerbLines.chunk) }
    while true {
      let count = unsafe read(descriptor, &buffer, VerbLines.chunk)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw VerbLines.failure(name) }
      at = 0
      if count == 0 { isAtEnd = true }
      buffer.removeLast(buffer.count - count)
      return
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
