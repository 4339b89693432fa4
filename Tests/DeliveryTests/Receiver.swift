import Dispatch
import Foundation
import Glibc
import Synchronization

/// An HTTP receiver on raw loopback sockets that does exactly what a script says, well-behaved or not.
final class Receiver: Sendable {
  struct Request: Sendable {
    /// Number of the connection it came over, from 0.
    var connection: Int
    var line: String
    /// Names in lower case.
    var headers: [String: String]
    var body: [UInt8]
  }

  enum Step: Sendable {
    case send(String)
    /// So many bytes of `x`.
    case fill(Int)
    case pause(milliseconds: UInt32)
    /// Says nothing until the other side goes away.
    case hang
    /// Waits until `open()`.
    case gate
    case reset
    case close
  }

  private struct State {
    var requests: [Request] = []
    var open: Set<Int32> = []
    var connections = 0
    var isOpen = false
    var isStopped = false
  }

  let port: UInt16
  private let listener: Int32
  private let script: @Sendable (Request, Int) -> [Step]
  private let state = Mutex(State())
  private let threads = DispatchGroup()

  struct Unavailable: Error {}

  /// `script` sees the request and its number, from 0.
  init(_ script: @escaping @Sendable (Request, Int) -> [Step]) throws {
    self.script = script
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(listener, address, size) == 0 && listen(listener, 64) == 0
          && getsockname(listener, address, &size) == 0
      }
    }
    guard bound else { throw Unavailable() }
    port = UInt16(bigEndian: address.sin_port)
    start { [self] in accept() }
  }

  deinit { close(listener) }

  var url: String { "http://127.0.0.1:\(port)/events" }
  var requests: [Request] { state.withLock { $0.requests } }
  var connections: Int { state.withLock { $0.connections } }

  /// Lets everything at a gate go on.
  func open() { state.withLock { $0.isOpen = true } }

  /// Ends all connections and waits for its threads.
  func stop() {
    let open = state.withLock { state in
      state.isStopped = true
      state.isOpen = true
      return state.open
    }
    _ = shutdown(listener, Int32(SHUT_RDWR))
    for connection in open { _ = shutdown(connection, Int32(SHUT_RDWR)) }
    threads.wait()
  }

  static func answer(_ status: Int, _ body: String = "", headers: String = "") -> [Step] {
    [.send("HTTP/1.1 \(status) X\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")]
  }

  private func start(_ body: @escaping @Sendable () -> Void) {
    threads.enter()
    Thread.detachNewThread { [threads] in
      body()
      threads.leave()
    }
  }

  private func accept() {
    while true {
      let connection = Glibc.accept(listener, nil, nil)
      if connection < 0 { return }
      let number = state.withLock { state -> Int? in
        if state.isStopped { return nil }
        state.open.insert(connection)
        state.connections += 1
        return state.connections - 1
      }
      guard let number else {
        close(connection)
        return
      }
      start { [self] in
        serve(connection, number)
        state.withLock { state in
          state.open.remove(connection)
          close(connection)
        }
      }
    }
  }

  private func serve(_ connection: Int32, _ number: Int) {
    var buffer: [UInt8] = []
    while let request = read(connection, number, &buffer) {
      let index = state.withLock { state in
        state.requests.append(request)
        return state.requests.count - 1
      }
      for step in script(request, index) where !run(step, connection) { return }
    }
  }

  /// False when the connection is over.
  private func run(_ step: Step, _ connection: Int32) -> Bool {
    switch step {
    case .send(let text): return write(connection, Array(text.utf8))
    case .fill(let count):
      let block = [UInt8](repeating: UInt8(ascii: "x"), count: 65_536)
      var left = count
      while left > 0 {
        if !write(connection, Array(block.prefix(left))) { return false }
        left -= block.count
      }
      return true
    case .pause(let milliseconds):
      usleep(milliseconds * 1_000)
      return true
    case .hang:
      var byte: UInt8 = 0
      while unsafe recv(connection, &byte, 1, 0) > 0 {}
      return false
    case .gate:
      while !state.withLock({ $0.isOpen }) { usleep(1_000) }
      return true
    case .reset:
      var linger = linger(l_onoff: 1, l_linger: 0)
      _ = unsafe setsockopt(
        connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
      return false
    case .close: return false
    }
  }

  private func write(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
    var at = 0
    while at < bytes.count {
      let sent = unsafe bytes.withUnsafeBytes { memory in
        unsafe send(connection, memory.baseAddress! + at, bytes.count - at, Int32(MSG_NOSIGNAL))
      }
      if sent <= 0 { return false }
      at += sent
    }
    return true
  }

  private func read(_ connection: Int32, _ number: Int, _ buffer: inout [UInt8]) -> Request? {
    let end = Array("\r\n\r\n".utf8)
    var head: Range<Int>?
    while head == nil {
      head = buffer.firstRange(of: end)
      if head == nil, !fill(connection, &buffer) { return nil }
    }
    guard let head else { return nil }
    let lines = String(decoding: buffer[..<head.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    let count = Int(headers["content-length"] ?? "") ?? 0
    while buffer.count < head.upperBound + count {
      if !fill(connection, &buffer) { return nil }
    }
    let body = Array(buffer[head.upperBound..<head.upperBound + count])
    buffer.removeFirst(head.upperBound + count)
    return Request(connection: number, line: lines[0], headers: headers, body: body)
  }

  private func fill(_ connection: Int32, _ buffer: inout [UInt8]) -> Bool {
    var block = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe recv(connection, &block, block.count, 0)
    if count <= 0 { return false }
    buffer.append(contentsOf: block[..<count])
    return true
  }
}
