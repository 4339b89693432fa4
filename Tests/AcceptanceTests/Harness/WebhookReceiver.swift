import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A real HTTP server on loopback that keeps what it was sent and answers as it is told.
final class WebhookReceiver: Sendable {
  struct Request: Sendable {
    let method: String
    let path: String
    /// Names in lower case.
    let headers: [String: String]
    let body: [UInt8]

    var key: String { headers["idempotency-key"] ?? "" }
    var json: JSON { JSON(bytes: body) ?? .null }
    /// What the message says after `n=`; see `NumberedMessage`. Read once: tests ask again and again.
    let number: Int?

    init(method: String, path: String, headers: [String: String], body: [UInt8]) {
      self.method = method
      self.path = path
      self.headers = headers
      self.body = body
      number = NumberedMessage.number(in: body)
    }
  }

  enum Answer: Sendable {
    case status(Int)
    /// With these further lines in its head.
    case answer(Int, [String])
    /// Closes without a word.
    case hangUp
    /// Whatever `body` does; false: the connection ends.
    case perform(@Sendable (_ connection: LoopbackSocket) -> Bool)
  }

  let port: Int
  var url: String { "http://127.0.0.1:\(port)/events" }

  private struct Kept {
    var requests: [Request] = []
    var numbers: Set<Int> = []
  }

  private let listener: LoopbackSocket
  private let kept = Mutex<Kept>(Kept())
  private let open = Mutex<Set<Int32>>([])
  private let closed = Atomic<Bool>(false)
  private let keeps: Bool
  private let answer: @Sendable (Request, _ index: Int) -> Answer

  /// - Parameters:
  ///   - keeps: false where there are too many requests to keep, and `answer` remembers what matters.
  ///   - answer: sees every request with its position, before it is answered.
  init(
    keeps: Bool = true,
    answer: @escaping @Sendable (Request, Int) -> Answer = { _, _ in .status(200) }
  ) throws {
    self.keeps = keeps
    self.answer = answer
    listener = try LoopbackSocket(.stream)
    try listener.bind()
    port = listener.port
    guard listen(listener.descriptor, 128) == 0 else { throw HarnessError("listen: errno \(errno)") }
    Thread { [self] in accept() }.start()
  }

  var received: [Request] { kept.withLock { $0.requests } }
  var count: Int { kept.withLock { $0.requests.count } }
  /// Of all that was received, each once.
  var numbers: Set<Int> { kept.withLock { $0.numbers } }

  /// Stops listening and cuts every connection; what was received stays readable.
  func stop() {
    closed.store(true, ordering: .releasing)
    shutdown(listener.descriptor, Int32(SHUT_RDWR))
    open.withLock { for descriptor in $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
  }

  private func accept() {
    while true {
      let descriptor = Glibc.accept(listener.descriptor, nil, nil)
      if closed.load(ordering: .acquiring) {
        if descriptor >= 0 { close(descriptor) }
        return
      }
      guard descriptor >= 0 else { continue }
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      open.withLock { _ = $0.insert(descriptor) }
      Thread { [self] in serve(LoopbackSocket(owning: descriptor)) }.start()
    }
  }

  private func serve(_ connection: LoopbackSocket) {
    defer { open.withLock { _ = $0.remove(connection.descriptor) } }
    var buffer: [UInt8] = []
    while let request = next(from: connection, &buffer) {
      let index = kept.withLock {
        if keeps {
          $0.requests.append(request)
          if let number = request.number { $0.numbers.insert(number) }
        }
        return $0.requests.count - 1
      }
      switch answer(request, index) {
      case .hangUp: return
      case .perform(let body): if !body(connection) { return }
      case .status(let status): guard say(status, [], connection) else { return }
      case .answer(let status, let lines): guard say(status, lines, connection) else { return }
      }
    }
  }

  private func say(_ status: Int, _ lines: [String], _ connection: LoopbackSocket) -> Bool {
    let more = lines.map { $0 + "\r\n" }.joined()
    let head = "HTTP/1.1 \(status) Said\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\(more)\r\nok"
    return connection.sendAll(Array(head.utf8))
  }

  /// nil at the end of the connection.
  private func next(from connection: LoopbackSocket, _ buffer: inout [UInt8]) -> Request? {
    let blank = Array("\r\n\r\n".utf8)
    while true {
      if let end = position(of: blank, in: buffer) {
        let lines = String(decoding: buffer[..<end], as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
          let parts = line.split(separator: ":", maxSplits: 1)
          guard parts.count == 2 else { continue }
          headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        if headers["expect"] != nil { _ = connection.sendAll(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        let bodyStart = end + blank.count
        let length = Int(headers["content-length"] ?? "0") ?? 0
        while buffer.count < bodyStart + length {
          let part = connection.receive()
          if part.isEmpty { return nil }
          buffer += part
        }
        let words = lines[0].split(separator: " ")
        let body = Array(buffer[bodyStart..<bodyStart + length])
        buffer.removeFirst(bodyStart + length)
        return Request(
          method: words.first.map(String.init) ?? "", path: words.count > 1 ? String(words[1]) : "",
          headers: headers, body: body)
      }
      let part = connection.receive()
      if part.isEmpty { return nil }
      buffer += part
    }
  }

  /// A carriage return ends most lines of a head, and nearly nothing else is one.
  private func position(of needle: [UInt8], in bytes: [UInt8]) -> Int? {
    var start = 0
    while let found = ByteSearch.first(needle[0], in: bytes, from: start) {
      if bytes.count - found < needle.count { return nil }
      if bytes[found..<found + needle.count].elementsEqual(needle) { return found }
      start = found + 1
    }
    return nil
  }
}
