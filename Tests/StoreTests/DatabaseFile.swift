import Glibc
import TestKit
import Testing

/// A database as somebody outside sees it: through the sqlite3 shell, and as bytes.
struct DatabaseFile {
  let path: String

  struct Failure: Error {
    var text: String
  }

  init(_ path: String) throws { self.path = path }

  /// Runs SQL in the shell; its output without the last line end. Throws what the shell says when it fails.
  @discardableResult
  func run(_ sql: String) throws -> String {
    let script = path + ".sql"
    try DatabaseFile.write(Array(sql.utf8), to: script)
    defer { unsafe _ = unlink(script) }
    let (status, text) = try Program.shell("sqlite3 -bail -cmd '.timeout 5000' '\(path)' < '\(script)'")
    if status != 0 { throw Failure(text: text) }
    return text
  }

  func value(_ sql: String) throws -> String { try run(sql) }

  // MARK: Damage

  /// Changes `count` bytes at `offset` into their opposite.
  func flip(at offset: Int, count: Int) throws {
    var bytes = try DatabaseFile.read(path)
    for index in offset..<min(offset + count, bytes.count) { bytes[index] = ~bytes[index] }
    try DatabaseFile.write(bytes, to: path)
  }

  /// Overwrites `count` bytes at `offset` with others that mean nothing, the same at every run.
  func scramble(at offset: Int, count: Int) throws {
    var bytes = try DatabaseFile.read(path)
    var state = UInt64(offset)
    for index in offset..<min(offset + count, bytes.count) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      bytes[index] = UInt8(truncatingIfNeeded: state >> 33)
    }
    try DatabaseFile.write(bytes, to: path)
  }

  func truncate(to size: Int) throws {
    try DatabaseFile.write(Array(try DatabaseFile.read(path).prefix(size)), to: path)
  }

  var size: Int { get throws { try DatabaseFile.read(path).count } }

  static func read(_ path: String) throws -> [UInt8] {
    guard let file = unsafe fopen(path, "r") else { throw Failure(text: "\(path) cannot be opened") }
    defer { unsafe _ = fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe part.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, file) }
      if count == 0 { return bytes }
      bytes += part[0..<count]
    }
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    guard let file = unsafe fopen(path, "w") else { throw Failure(text: "\(path) cannot be opened") }
    defer { unsafe _ = fclose(file) }
    let count = unsafe bytes.withUnsafeBytes { unsafe fwrite($0.baseAddress, 1, $0.count, file) }
    if count != bytes.count { throw Failure(text: "\(path) cannot be written") }
  }
}
