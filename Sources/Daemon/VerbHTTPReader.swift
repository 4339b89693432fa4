import Foundation

/// An HTTP answer as it comes in pieces: status, then the body without its chunks (RFC 9112 §7.1).
struct VerbHTTPReader {
  /// 0: its head is not there yet.
  private(set) var status = 0
  private(set) var isDone = false
  /// The body of an answer that is none of what was asked for, up to some KiB.
  private(set) var refusal: [UInt8] = []

  private var head: [UInt8] = []
  private var isChunked = false
  private var bodyLeft: Int?
  /// Of a chunk's size line.
  private var sizeLine: [UInt8] = []
  private var chunkLeft = 0

  /// What of `bytes` belongs to the body.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var rest = bytes
    if status == 0 {
      head += rest
      guard let end = head.firstRange(of: Array("\r\n\r\n".utf8)) else {
        if head.count > 65_536 { isDone = true }
        return []
      }
      readHead(String(decoding: head[..<end.lowerBound], as: UTF8.self))
      rest = head[end.upperBound...]
      head = []
    }
    let body = isChunked ? unchunk(rest) : plain(rest)
    if status != 200, refusal.count < 16_384 { refusal += body }
    return body
  }

  private mutating func readHead(_ text: String) {
    let lines = text.components(separatedBy: "\r\n")
    status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 500
    for line in lines.dropFirst() {
      let field = line.lowercased()
      if field.hasPrefix("transfer-encoding:"), field.contains("chunked") { isChunked = true }
      if field.hasPrefix("content-length:") {
        bodyLeft = Int(field.dropFirst(15).trimmingCharacters(in: .whitespaces))
      }
    }
  }

  private mutating func plain(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    guard let left = bodyLeft else { return Array(bytes) }
    bodyLeft = left - min(left, bytes.count)
    isDone = bodyLeft == 0
    return Array(bytes.prefix(left))
  }

  private mutating func unchunk(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var body: [UInt8] = []
    var rest = bytes
    while !rest.isEmpty, !isDone {
      if chunkLeft > 0 {
        let part = rest.prefix(chunkLeft)
        body += part
        chunkLeft -= part.count
        rest = rest.dropFirst(part.count)
        continue
      }
      let byte = rest.removeFirst()
      if byte != UInt8(ascii: "\n") {
        if sizeLine.count < 64 { sizeLine.append(byte) }
        continue
      }
      // The line end behind a chunk is an empty line here.
      let digits = sizeLine.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: ";") }
      sizeLine = []
      if digits.isEmpty { continue }
      chunkLeft = Int(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0
      if chunkLeft == 0 { isDone = true }
    }
    return body
  }
}
