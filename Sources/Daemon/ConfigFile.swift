import Glibc

/// Reads small files whole: configuration, rules, secrets, zones.
enum ConfigFile {
  struct Failure: Error, Equatable {
    /// A sentence part for people: `cannot be read: No such file or directory`; without its line.
    var reason: String
    /// There is no such file.
    var isMissing = false
    /// From 1; 0 when it belongs to no line.
    var line = 0

    /// The reason with its line, for who names the file alone.
    var message: String { line == 0 ? reason : "\(reason) (line \(line))" }
  }

  /// The bytes of `path`; a file above `limit` bytes, a directory or a device is refused.
  static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure("cannot be read", errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure("cannot be read", errno) }
    guard status.st_mode & S_IFMT == S_IFREG || status.st_mode & S_IFMT == S_IFIFO else {
      throw Failure(reason: "is not a file")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("cannot be read", errno) }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
      guard bytes.count <= limit else {
        throw Failure(reason: "is larger than \(limit) bytes")
      }
    }
  }

  /// The text of `path`; anything but UTF-8 is refused, with the line where it breaks.
  static func readText(_ path: String, limit: Int) throws(Failure) -> String {
    var bytes = try read(path, limit: limit)
    // A byte order mark, as editors on Windows begin files with, would be part of a secret.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(reason: "is not UTF-8 text", line: firstBadLine(bytes))
    }
    return text
  }

  /// `path` seen from the folder that holds `file`; absolute paths and paths without a file stay.
  static func resolve(_ path: String, besides file: String?) -> String {
    guard let file, !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
    return file[...slash] + path
  }

  private static func failure(_ what: String, _ code: Int32) -> Failure {
    var buffer = [CChar](repeating: 0, count: 256)
    let isKnown = unsafe strerror_r(code, &buffer, buffer.count) == 0
    let end = buffer.firstIndex(of: 0) ?? buffer.count
    let text = String(decoding: buffer[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
    return Failure(reason: "\(what): \(isKnown ? text : "error \(code)")", isMissing: code == ENOENT)
  }

  private static func firstBadLine(_ bytes: [UInt8]) -> Int {
    var line = 1
    for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if String(validating: part, as: UTF8.self) == nil { return line }
      line += 1
    }
    return line
  }
}
