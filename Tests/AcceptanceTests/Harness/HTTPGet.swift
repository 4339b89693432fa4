import Foundation
import TestKit

/// The answer to a plain GET.
struct HTTPAnswer: Sendable {
  let status: Int
  /// Of the content.
  let type: String
  let body: String

  /// nil while nobody answers at the port.
  static func get(_ path: String, port: Int) async throws -> HTTPAnswer? {
    try await ask("GET", path, port: port)
  }

  /// nil while nobody answers at the port. `headers` in addition to Host and Connection.
  static func ask(
    _ method: String, _ path: String, port: Int, headers: [String] = [], body: String? = nil
  ) async throws -> HTTPAnswer? {
    try await ask(
      method, Array(path.utf8), port: port, headers: headers, body: body.map { Array($0.utf8) })
  }

  /// The same, of bytes that need not be text.
  static func ask(
    _ method: String, _ path: [UInt8], port: Int, headers: [String] = [], body: [UInt8]? = nil
  ) async throws -> HTTPAnswer? {
    try await offPool {
      let socket = try LoopbackSocket(.stream)
      do { try socket.connect(port: port) } catch { return nil }
      socket.limitReads(seconds: 60)
      var lines = [" HTTP/1.1", "Host: 127.0.0.1", "Connection: close"] + headers
      if let body { lines.append("Content-Length: \(body.count)") }
      let head = Array("\(method) ".utf8) + path + Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
      guard socket.sendAll(head + (body ?? [])) else { return nil }
      var bytes: [UInt8] = []
      while true {
        let part = socket.receive()
        if part.isEmpty { break }
        bytes += part
      }
      return HTTPAnswer(bytes: bytes)
    }
  }

  private init?(bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let head = text[..<end.lowerBound]
    let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
    guard words.count >= 2, let status = Int(words[1]) else { return nil }
    self.status = status
    let fields = head.components(separatedBy: "\r\n").dropFirst()
    let field = fields.first { $0.lowercased().hasPrefix("content-type:") }
    type = field.map { $0.dropFirst(13).trimmingCharacters(in: .whitespaces) } ?? ""
    let rest = String(text[end.upperBound...])
    body = head.lowercased().contains("transfer-encoding: chunked") ? HTTPAnswer.unchunk(rest) : rest
  }

  private static func unchunk(_ text: String) -> String {
    var body: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let end = rest.firstIndex(of: 13) {
      let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16) ?? 0
      if size == 0 { break }
      let start = end + 2
      body += rest[start..<min(start + size, rest.endIndex)]
      rest = rest[min(start + size + 2, rest.endIndex)...]
    }
    return String(decoding: body, as: UTF8.self)
  }
}
