import Foundation
import Model
import NIOCore
import Synchronization
import TestKit
import Testing

@testable import Console

/// A connection to the loopback: what a client sends and gets, byte by byte.
struct RawConnection: ~Copyable {
  private let descriptor: Int32

  init(port: Int) throws {
    descriptor = RawConnection.open(port)
    try #require(descriptor >= 0)
  }

  init(_ place: TestServer.Place) throws {
    switch place {
    case .port(let port): descriptor = RawConnection.open(port)
    case .socket(let path): descriptor = RawConnection.open(path)
    }
    try #require(descriptor >= 0)
  }

  /// -1: nobody listens there.
  private static func open(_ path: String) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return -1 }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    limitPatience(descriptor)
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if result == 0 { return descriptor }
    close(descriptor)
    return -1
  }

  /// How long it waits for something to come; 30 s unless told.
  func limitPatience(seconds: Int) { RawConnection.limitPatience(descriptor, seconds) }

  private static func limitPatience(_ descriptor: Int32, _ seconds: Int = 30) {
    var timeout = timeval(tv_sec: seconds, tv_usec: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
  }

  /// -1: nobody listens there.
  private static func open(_ port: Int) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    limitPatience(descriptor)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if result == 0 { return descriptor }
    close(descriptor)
    return -1
  }

  /// Whether nobody listens there any more. Programs that other tests start have what is open here for a
  /// moment, so this may have to be asked more than once.
  static func isRefused(port: Int) -> Bool {
    let descriptor = open(port)
    if descriptor >= 0 { close(descriptor) }
    return descriptor < 0
  }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// Sends up to `limit` bytes, as long as the other side takes some every other second; gives how many it
  /// took.
  func flood(_ limit: Int) -> Int {
    var timeout = timeval(tv_sec: 2, tv_usec: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
    var sent = 0
    while sent < limit {
      let count = unsafe Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      if count <= 0 { break }
      sent += count
    }
    return sent
  }

  /// What comes until the server closes, or until `end` has come.
  func receive(until end: String? = nil) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
      if count <= 0 { break }
      bytes += chunk[..<count]
      if let end, String(decoding: bytes, as: UTF8.self).contains(end) { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether the server ends the connection; an answer that comes before is read and dropped.
  func isClosed() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
      // Zero: ended in order; less: reset, or, by EAGAIN, still open when our own patience ran out.
      if count <= 0 { return count == 0 || errno != EAGAIN }
    }
  }

  /// Keeps what comes in the kernel's buffer, which is made small.
  func neverRead() {
    var size: Int32 = 4_096
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close(descriptor) }
}

/// One of many that are open at a time.
final class HeldConnection {
  private let connection: RawConnection

  init(port: Int) throws { connection = try RawConnection(port: port) }
  init(_ place: TestServer.Place) throws { connection = try RawConnection(place) }

  func send(_ text: String) { connection.send(text) }
  func receive(until end: String) -> String { connection.receive(until: end) }
  func isClosed() -> Bool { connection.isClosed() }
}

/// A server on a free port of the loopback, for as long as somebody talks to it.
enum TestServer {
  enum Transport: CaseIterable { case port, socket }

  /// Where a server is reached.
  enum Place: Sendable {
    case port(Int)
    case socket(String)
  }

  /// What is asked of the API is answered with what was asked.
  static func source(
    readiness: @escaping @Sendable () -> Readiness = {
      Readiness(status: .degraded, version: "0.1.0", node: 3, uptime: 5)
    },
    doorkeeper: Doorkeeper = Doorkeeper(clock: { .absent }, monotonic: { 0 }, notices: { _ in }),
    api: @escaping @Sendable (APIRequest) async -> APIAnswer = { .json(Array("\($0)".utf8)) }
  ) -> ConsoleSource {
    source(readiness: readiness, doorkeeper: doorkeeper, callers: { request, _ in await api(request) })
  }

  /// The same for an API that asks who asks.
  static func source(
    readiness: @escaping @Sendable () -> Readiness = {
      Readiness(status: .degraded, version: "0.1.0", node: 3, uptime: 5)
    },
    doorkeeper: Doorkeeper = Doorkeeper(clock: { .absent }, monotonic: { 0 }, notices: { _ in }),
    callers api: @escaping @Sendable (APIRequest, APICaller) async -> APIAnswer
  ) -> ConsoleSource {
    ConsoleSource(
      metrics: { MetricsTextTests.input() }, readiness: readiness, api: api, doorkeeper: doorkeeper,
      clock: { Timestamp(seconds: 784_111_777) })
  }

  static func with(
    _ source: ConsoleSource, over transport: Transport,
    limits: ConnectionGuard.Limits = ConnectionGuard.Limits(),
    _ body: @escaping @Sendable (Place) throws -> Void
  ) async throws {
    switch transport {
    case .port: try await with(source, limits: limits) { port in try body(.port(port)) }
    case .socket:
      let directory = TemporaryDirectory()
      let path = directory.file("api.sock")
      let server = ConsoleServer(.socket(path: path), source: source, limits: limits, notices: { _ in })
      try await serve(try await server.bind()) { _ in try body(.socket(path)) }
    }
  }

  static func with(
    _ source: ConsoleSource, limits: ConnectionGuard.Limits = ConnectionGuard.Limits(),
    _ body: @escaping @Sendable (Int) throws -> Void
  ) async throws {
    let server = ConsoleServer(.port(host: "127.0.0.1", 0), source: source, limits: limits, notices: { _ in })
    let listener = try await server.bind()
    #expect(listener.port > 0)
    try await serve(listener, body)
  }

  /// At a port and at a socket, as the daemon does.
  static func withBoth(
    _ source: ConsoleSource, _ body: @escaping @Sendable (_ port: Int, _ path: String) throws -> Void
  ) async throws {
    let directory = TemporaryDirectory()
    let path = directory.file("api.sock")
    let near = try await ConsoleServer(.socket(path: path), source: source, notices: { _ in }).bind()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await near.run() }
      try await with(source) { port in try body(port, path) }
      group.cancelAll()
      try await group.waitForAll()
    }
  }

  private static func serve(
    _ listener: ConsoleListener, _ body: @escaping @Sendable (Int) throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await listener.run() }
      try await offPool { try body(listener.port) }
      group.cancelAll()
      try await group.waitForAll()
    }
  }

  /// Waits until it is so, a minute at most.
  static func until(_ holds: () -> Bool) throws {
    let end = Date.now + 60
    while !holds() {
      try #require(Date.now < end)
      Thread.sleep(forTimeInterval: 0.01)
    }
  }

  /// One request and its whole answer.
  static func ask(
    _ port: Int, _ line: String, _ headers: [String] = ["Host: localhost"], body: String = ""
  ) throws -> String {
    let connection = try RawConnection(port: port)
    let lines = ["\(line) HTTP/1.1"] + headers + ["Connection: close", "", body]
    connection.send(lines.joined(separator: "\r\n"))
    return connection.receive()
  }
}
