import Foundation
import Model

/// Whole lines of a file, as many as were read in one go; made once and read into over and over.
struct VerbPiece {
  /// The lines stand in the first `count` bytes, each but perhaps the last with its line feed.
  fileprivate(set) var buffer = [UInt8](repeating: 0, count: VerbPiece.capacity)
  fileprivate(set) var count = 0
  /// Its place among the pieces, from 0.
  fileprivate(set) var order = 0
  /// The number of its first line.
  fileprivate(set) var firstLine = 1
  /// Where its lines end, without their line feeds.
  fileprivate(set) var ends: [Int] = []
  /// Bytes read until its end.
  fileprivate(set) var bytesRead = 0

  /// Of a longer line the rest is left out: the longest datagram in hexadecimal is half of it.
  static let capacity = 256 << 10

  /// The first line feed of `bytes[start..<end]`.
  fileprivate static func lineFeed(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int? {
    if start >= end { return nil }
    return unsafe bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, let found = unsafe memchr(base + start, 0x0A, end - start) else {
        return nil
      }
      return unsafe UnsafeRawPointer(found) - base
    }
  }
}

/// Files, and standard input (`-`), as pieces of whole lines, numbered through: what several threads share
/// that read many lines. A line that is longer than a piece has one of its own and loses the rest.
struct VerbPieces: ~Copyable {
  private var files: ArraySlice<String>
  private var name = ""
  /// The file at hand; -1 when the next one is to be opened.
  private var descriptor: Int32 = -1
  /// What was read of the line behind the last piece.
  private var rest: [UInt8] = []
  /// The rest of a line that was cut is stepped over.
  private var isSkipping = false
  private var order = 0
  private var lines = 0
  private var bytesRead = 0

  init(_ files: [String]) { self.files = files[...] }

  deinit { if descriptor > 0 { _ = Foundation.close(descriptor) } }

  /// Reads the next lines: as many as there are at the moment, waiting for the first. False at the end of the
  /// last file.
  mutating func next(into piece: inout VerbPiece) throws(DaemonFailure) -> Bool {
    while true {
      if descriptor < 0 {
        guard let file = files.popFirst() else { return false }
        try open(file)
      }
      var filled = rest.count
      piece.buffer.replaceSubrange(..<filled, with: rest)
      rest.removeAll(keepingCapacity: true)
      let isAtEnd = try fill(&piece, &filled)
      if isAtEnd { close() }
      if cut(&piece, filled, isAtEnd: isAtEnd) { return true }
    }
  }

  private mutating func open(_ file: String) throws(DaemonFailure) {
    name = file == "-" ? "stdin" : file
    isSkipping = false
    descriptor = file == "-" ? 0 : unsafe Foundation.open(file, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw failure() }
  }

  private mutating func close() {
    if descriptor > 0 { _ = Foundation.close(descriptor) }
    descriptor = -1
  }

  private func failure() -> DaemonFailure {
    let number = errno
    let reason = unsafe String(cString: strerror(number))
    return DaemonFailure(number == EACCES ? .permission : .io, "\(name) cannot be read: \(reason)")
  }

  /// Reads until the piece is full, or holds a line and nothing more is there yet; true at the end.
  private mutating func fill(_ piece: inout VerbPiece, _ filled: inout Int) throws(DaemonFailure) -> Bool {
    var hasLine = false
    while filled < VerbPiece.capacity {
      if hasLine, !isReady() { return false }
      let count = unsafe piece.buffer.withUnsafeMutableBytes { bytes in
        unsafe read(descriptor, bytes.baseAddress! + filled, VerbPiece.capacity - filled)
      }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw failure() }
      if count == 0 { return true }
      bytesRead += count
      var start = filled
      filled += count
      if isSkipping {
        skip(&piece, &filled)
        start = 0
      }
      hasLine = hasLine || VerbPiece.lineFeed(piece.buffer, start, filled) != nil
    }
    return false
  }

  /// Drops what was read of a line that was given out already.
  private mutating func skip(_ piece: inout VerbPiece, _ filled: inout Int) {
    guard let end = VerbPiece.lineFeed(piece.buffer, 0, filled) else {
      filled = 0
      return
    }
    isSkipping = false
    piece.buffer.replaceSubrange(0..<filled - end - 1, with: Array(piece.buffer[end + 1..<filled]))
    filled -= end + 1
  }

  /// More can be read without waiting.
  private func isReady() -> Bool {
    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe Foundation.poll(&poll, 1, 0) != 0
  }

  /// Gives out the lines that are whole and keeps the rest; false when there are none.
  private mutating func cut(_ piece: inout VerbPiece, _ filled: Int, isAtEnd: Bool) -> Bool {
    var count = filled
    if !isAtEnd {
      let last = piece.buffer[..<filled].lastIndex(of: 0x0A)
      count = last.map { $0 + 1 } ?? 0
      if count == 0, filled == VerbPiece.capacity {
        // A line without an end in sight.
        count = filled
        isSkipping = true
      }
      rest.append(contentsOf: piece.buffer[count..<filled])
    }
    if count == 0 { return false }
    piece.count = count
    piece.order = order
    piece.firstLine = lines + 1
    piece.ends.removeAll(keepingCapacity: true)
    var at = 0
    while at < count {
      let end = VerbPiece.lineFeed(piece.buffer, at, count) ?? count
      piece.ends.append(end)
      at = end + 1
    }
    piece.bytesRead = bytesRead
    order += 1
    lines += piece.ends.count
    return true
  }
}
