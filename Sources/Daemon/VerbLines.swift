import Model

/// Lines of a file, or of standard input (`-`), one after the other; whatever bytes they hold. They are read
/// in pieces, so that a file of any size takes the same memory.
struct VerbLines: ~Copyable {
  let name: String
  private(set) var number = 0

  private var pieces: VerbPieces
  private var piece = VerbPiece()
  /// How many lines of the piece were given out, and where the next one starts.
  private var given = 0
  private var start = 0

  init(_ file: String) {
    name = file == "-" ? "stdin" : file
    pieces = VerbPieces([file])
  }

  /// Bytes read so far.
  var bytesRead: Int { piece.bytesRead }

  /// More has to be read for the next line, and perhaps waited for.
  var isAtEndOfPiece: Bool { given == piece.ends.count }

  /// The next line without its LF, as bytes of its own; nil at the end.
  mutating func next() throws(DaemonFailure) -> [UInt8]? {
    if isAtEndOfPiece {
      guard try pieces.next(into: &piece) else { return nil }
      given = 0
      start = 0
    }
    let line = start..<piece.ends[given]
    start = line.upperBound + 1
    given += 1
    number += 1
    return Array(piece.buffer[line])
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
