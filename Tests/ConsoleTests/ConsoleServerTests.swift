import Foundation
import Model
import Synchronization
import Testing

@testable import Console

@Suite struct ConsoleServerTests {
  private static func readiness(_ status: Readiness.Status) -> Readiness {
    Readiness(status: status, version: "0.1.0", node: 3, uptime: 5)
  }

  /// Runs a server on a free port while `body` talks to it.
  private func withServer(
    _ status: Readiness.Status = .ok, _ body: @escaping @Sendable (Int) throws -> Void
  ) async throws {
    try await TestServer.with(
      TestServer.source(readiness: { ConsoleServerTests.readiness(status) }), body)
  }

  private static func get(_ port: Int, _ path: String, method: String = "GET") throws -> String {
    let connection = try RawConnection(port: port)
    connection.send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    return connection.receive()
  }

  @Test func theThreePathsAnswer() async throws {
    try await withServer { port in
      let health = try ConsoleServerTests.get(port, "/healthz")
      #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(health.hasSuffix("\r\n\r\nok\n"))
      let ready = try ConsoleServerTests.get(port, "/readyz?verbose")
      #expect(ready.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(ready.lowercased().contains("content-type: application/json\r\n"))
      #expect(ready.contains("\r\n\r\n{\"status\":\"ok\",\"version\":\"0.1.0\",\"node\":3,\"uptime_s\":5,"))
      let metrics = try ConsoleServerTests.get(port, "/metrics")
      #expect(metrics.lowercased().contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"))
      #expect(
        metrics.hasSuffix(String(decoding: MetricsText.render(MetricsTextTests.input()), as: UTF8.self)))
    }
  }

  @Test(arguments: [
    (Readiness.Status.ok, "200 OK"), (.degraded, "200 OK"), (.failed, "503 Service Unavailable"),
  ])
  func readinessIsAStatusCode(status: Readiness.Status, expected: String) async throws {
    try await withServer(status) { port in
      let answer = try ConsoleServerTests.get(port, "/readyz")
      #expect(answer.hasPrefix("HTTP/1.1 \(expected)\r\n"))
    }
  }

  @Test func otherPathsAndMethodsAreRefused() async throws {
    try await withServer { port in
      for path in ["/", "/metrics/", "/../etc/passwd", "/%2e%2e/", "//healthz"] {
        let answer = try ConsoleServerTests.get(port, path)
        #expect(answer.hasPrefix("HTTP/1.1 404 "), "\(path)")
      }
      let post = try ConsoleServerTests.get(port, "/healthz", method: "POST")
      #expect(post.hasPrefix("HTTP/1.1 405 "))
      #expect(post.lowercased().contains("allow: get, head\r\n"))
      let head = try ConsoleServerTests.get(port, "/metrics", method: "HEAD")
      #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(head.hasSuffix("\r\n\r\n"))
    }
  }

  @Test func aConnectionServesMoreThanOneRequest() async throws {
    try await withServer { port in
      let connection = try RawConnection(port: port)
      for _ in 0..<3 {
        connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(connection.receive(until: "ok\n").hasSuffix("\r\n\r\nok\n"))
      }
    }
  }

  @Test func hostileRequestsEndTheirOwnConnectionOnly() async throws {
    try await withServer { port in
      let long = String(repeating: "x", count: 100_000)
      for request in [
        "\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET /healthz HTTP/9.9\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nX: \(long)\r\n\r\n", "GET /\(long) HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      ] {
        let connection = try RawConnection(port: port)
        connection.send(request)
        let answer = connection.receive(until: "\r\n\r\n")
        #expect(!answer.hasPrefix("HTTP/1.1 200"), "\(request.prefix(40))")
      }
      let answer = try ConsoleServerTests.get(port, "/healthz")
      #expect(answer.hasSuffix("ok\n"))
    }
  }

  @Test func manyConnectionsWaitTheirTurn() async throws {
    try await withServer { port in
      // More than are served at once; each gets its answer as others end.
      let answered = Atomic(0)
      DispatchQueue.concurrentPerform(iterations: 200) { _ in
        if let answer = try? ConsoleServerTests.get(port, "/healthz"), answer.hasSuffix("ok\n") {
          answered.add(1, ordering: .relaxed)
        }
      }
      #expect(answered.load(ordering: .relaxed) == 200)
    }
  }

  private func failure(_ host: String, _ port: Int) async -> ConsoleError? {
    let server = ConsoleServer(
      .port(host: host, port), source: TestServer.source(readiness: { ConsoleServerTests.readiness(.ok) }),
      notices: { _ in })
    do {
      _ = try await server.bind()
      return nil
    } catch {
      return error
    }
  }

  @Test func aTakenPortIsSaidAsSuch() async throws {
    let taken = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(taken) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(taken, address, length) + listen(taken, 1) + getsockname(taken, address, &length)
      }
    }
    try #require(result == 0)
    let port = Int(UInt16(bigEndian: address.sin_port))
    #expect(
      await failure("127.0.0.1", port)
        == ConsoleError(
          code: .portTaken, action: "listening on 127.0.0.1:\(port)",
          reason: "another process listens there; stop it or give http.listen another port"))
  }

  @Test func anAddressOfAnotherMachineIsSaidAsSuch() async {
    #expect(await failure("192.0.2.1", 0)?.code == .noSuchAddress)
  }
}
