import Foundation
import Model
import NIOCore
import Synchronization
import Testing

@testable import Console

/// What strangers send is answered or closed, and those beside them are served.
@Suite struct HostileHTTPTests {
  /// Short ones, so that a test waits for what a daemon waits much longer for.
  private static let quick = ConnectionGuard.Limits(
    first: .milliseconds(300), request: .milliseconds(500), answer: .milliseconds(500))

  private static let unfinished =
    "POST /api/v1/explain HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    + "Content-Length: 9\r\n\r\nab"

  private static func status(_ answer: String) -> String { String(answer.dropFirst(9).prefix(3)) }

  @Test func theAPIAnswersByPathAndMethod() async throws {
    try await TestServer.with(TestServer.source()) { port in
      for (line, status) in [
        ("GET /api/v1/events", "200"), ("HEAD /api/v1/events", "200"), ("GET /api/v1/events/7", "200"),
        ("GET /api/v1/rules/..%2f..%2fetc%2fpasswd", "200"), ("GET /api/v1/", "404"), ("GET /api/v1", "404"),
        ("GET /api/v2/events", "404"), ("GET /api/v1/../v1/events", "404"), ("GET //api/v1/events", "404"),
        ("GET /api/v1/events/../events", "404"), ("GET /api/v1/%65vents", "404"),
        ("DELETE /api/v1/rules", "405"),
        ("POST /api/v1/events", "405"), ("PUT /api/v1/rules/a", "405"), ("OPTIONS /api/v1/events", "405"),
        ("PATCH /api/v1/explain", "405"),
        ("GET /api/v1/events?limit=x", "400"),
        ("GET /api/v1/events/x", "400"), ("GET /api/v1/rules/%ff", "400"),
      ] {
        let answer = try TestServer.ask(port, line)
        #expect(HostileHTTPTests.status(answer) == status, "\(line): \(answer.prefix(400))")
        let type = status == "200" ? "application/json" : "application/problem+json"
        #expect(answer.lowercased().contains("content-type: \(type)\r\n"), "\(line)")
        #expect(answer.lowercased().contains("x-content-type-options: nosniff\r\n"))
        #expect(!answer.contains("etc/passwd") || line.hasPrefix("GET /api/v1/rules/"))
      }
      let refused = try TestServer.ask(port, "PUT /api/v1/explain")
      #expect(refused.lowercased().contains("allow: get, head, post\r\n"))
    }
  }

  @Test func tokensAreAskedForInTheWayOfHTTP() async throws {
    let keeper = Doorkeeper(
      tokens: try TokenTable("a viewer \(SHA256.hex("secret"))"), clock: { .absent }, monotonic: { 0 },
      notices: { _ in })
    try await TestServer.with(TestServer.source(doorkeeper: keeper)) { port in
      let none = try TestServer.ask(port, "GET /api/v1/status")
      #expect(HostileHTTPTests.status(none) == "401")
      #expect(none.lowercased().contains("www-authenticate: bearer realm=\"muttd\"\r\n"))
      let right = try TestServer.ask(
        port, "GET /api/v1/status", ["Host: any.example", "Authorization: Bearer secret"])
      #expect(HostileHTTPTests.status(right) == "200")
      for wrong in ["secret2", String(repeating: "x", count: 4_000), "\u{1}", "${jndi:ldap://x}"] {
        let answer = try TestServer.ask(
          port, "GET /api/v1/status", ["Host: x", "Authorization: Bearer \(wrong)"])
        #expect(["400", "401"].contains(HostileHTTPTests.status(answer)), "\(wrong.prefix(20))")
        #expect(!answer.contains(wrong))
      }
      // What everybody may see needs none.
      for open in ["/healthz", "/readyz", "/metrics", "/api/v1/openapi.yaml"] {
        #expect(HostileHTTPTests.status(try TestServer.ask(port, "GET \(open)")) == "200", "\(open)")
      }
      // Nobody is near who comes under another name, or whom a proxy brings.
      for far in ["Host: evil.example", "Host: localhost\r\nX-Forwarded-For: 192.0.2.1"] {
        #expect(HostileHTTPTests.status(try TestServer.ask(port, "GET /metrics", [far])) == "401")
        #expect(try TestServer.ask(port, "GET /readyz", [far]).hasSuffix("{\"status\":\"degraded\"}\n"))
        let shown = [far, "Authorization: Bearer secret"]
        #expect(HostileHTTPTests.status(try TestServer.ask(port, "GET /metrics", shown)) == "200")
        #expect(try TestServer.ask(port, "GET /readyz", shown).contains("\"version\""))
      }
      for _ in 0..<FailureTable.burst {
        _ = try TestServer.ask(port, "GET /api/v1/status", ["Host: x", "Authorization: Bearer no"])
      }
      let limited = try TestServer.ask(port, "GET /api/v1/status", ["Host: x", "Authorization: Bearer no"])
      #expect(HostileHTTPTests.status(limited) == "429")
      #expect(limited.lowercased().contains("retry-after: "))
      let others = try TestServer.ask(
        port, "GET /api/v1/status", ["Host: x", "Authorization: Bearer secret"])
      #expect(HostileHTTPTests.status(others) == "200")
    }
  }

  /// The kernel says which user of this machine asks; the network has no users.
  @Test func theAPIKnowsWhoAsks() async throws {
    let source = TestServer.source(callers: { _, caller in .json(Array("\"\(caller)\"".utf8)) })
    try await TestServer.withBoth(source) { port, path in
      #expect(try TestServer.ask(port, "GET /api/v1/status").hasSuffix("\"network\""))
      let near = try RawConnection(.socket(path))
      near.send("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
      #expect(near.receive().hasSuffix("\"user(\(getuid()))\""))
    }
  }

  @Test func bodiesAreOfBoundedSize() async throws {
    let largest = Atomic(0)
    let source = TestServer.source(api: { request in
      if case .explain(.line(let bytes, _, _)) = request { largest.store(bytes.count, ordering: .relaxed) }
      return .json(Array("{}".utf8))
    })
    try await TestServer.with(source) { port in
      let limit = ConsoleAnswers.bodyLimit
      for (size, status) in [(1, "200"), (limit, "200"), (limit + 1, "413"), (50_000_000, "413")] {
        let connection = try RawConnection(port: port)
        connection.send(
          "POST /api/v1/explain HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
            + "Content-Length: \(size)\r\nConnection: close\r\n\r\n")
        if size <= limit { connection.send(String(repeating: "x", count: size)) }
        #expect(HostileHTTPTests.status(connection.receive(until: "\r\n\r\n")) == status, "\(size)")
      }
      // Chunked, its size is only known as it comes.
      let connection = try RawConnection(port: port)
      connection.send(
        "POST /api/v1/explain HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
          + "Transfer-Encoding: chunked\r\n\r\n")
      for _ in 0..<40 { connection.send("1000\r\n\(String(repeating: "y", count: 4_096))\r\n") }
      #expect(HostileHTTPTests.status(connection.receive(until: "\r\n\r\n")) == "413")
      #expect(largest.load(ordering: .relaxed) == limit)
    }
  }

  /// Who waits to be told sends the body then; who is refused is not asked for it first.
  @Test func aBodyIsAskedForOnce() async throws {
    try await TestServer.with(TestServer.source()) { port in
      let head = "POST /api/v1/explain HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
      let waits = "Expect: 100-Continue\r\nContent-Length: "
      let connection = try RawConnection(port: port)
      // Behind another request: the answer to that one comes first.
      connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n\(head)\(waits)5\r\nConnection: close\r\n\r\n")
      let first = connection.receive(until: "100 Continue\r\n\r\n")
      #expect(HostileHTTPTests.status(first) == "200" && first.hasSuffix("100 Continue\r\n\r\n"), "\(first)")
      connection.send("hello")
      let second = connection.receive()
      #expect(HostileHTTPTests.status(second) == "200" && !second.contains("100 Continue"), "\(second)")

      for (rest, status) in [
        ("\(waits)\(ConsoleAnswers.bodyLimit + 1)", "413"), ("Content-Encoding: gzip\r\n\(waits)5", "415"),
      ] {
        let refused = try RawConnection(port: port)
        refused.send("\(head)\(rest)\r\nConnection: close\r\n\r\n")
        #expect(HostileHTTPTests.status(refused.receive(until: "\r\n\r\n")) == status, "\(rest)")
      }
      // HTTP/1.0 has no interim answers.
      let old = try RawConnection(port: port)
      old.send("\(head.replacing("HTTP/1.1", with: "HTTP/1.0"))\(waits)5\r\n\r\nhello")
      #expect(HostileHTTPTests.status(old.receive()) == "200")
    }
  }

  @Test(arguments: [
    "",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    unfinished,
    "POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab",
  ])
  func whoDoesNotComeToTheEndIsClosed(request: String) async throws {
    try await TestServer.with(TestServer.source(), limits: HostileHTTPTests.quick) { port in
      let connection = try RawConnection(port: port)
      connection.send(request)
      let isClosed = connection.isClosed()
      #expect(isClosed)
      #expect(try HostileHTTPTests.isAnswered(port))
    }
  }

  @Test func aTricklingHeadIsClosedThoughBytesCome() async throws {
    try await TestServer.with(TestServer.source(), limits: HostileHTTPTests.quick) { port in
      let connection = try RawConnection(port: port)
      connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n")
      // Far more often than the limit allows; the last of them meet a closed connection.
      for index in 0..<40 {
        connection.send("X-\(index): y\r\n")
        Thread.sleep(forTimeInterval: 0.02)
      }
      let isClosed = connection.isClosed()
      #expect(isClosed)
    }
  }

  @Test func whoDoesNotTakeHisAnswerIsClosed() async throws {
    let source = TestServer.source(api: { _ in .json([UInt8](repeating: 0x20, count: 16 << 20)) })
    try await TestServer.with(source, limits: HostileHTTPTests.quick) { port in
      // What the server had sent before it gave up is all there is; a slow machine gives up later.
      var isCut = false
      for pause in [2.0, 5, 15, 40] where !isCut {
        let connection = try RawConnection(port: port)
        connection.send("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        Thread.sleep(forTimeInterval: pause)
        isCut = connection.receive().utf8.count < 16 << 20
      }
      #expect(isCut)
      #expect(try TestServer.ask(port, "GET /healthz").hasSuffix("ok\n"))
    }
  }

  @Test func aPageOfAnotherNameSeesNoMetrics() async throws {
    try await TestServer.with(TestServer.source()) { port in
      for (host, status) in [("evil.example", "421"), ("127.0.0.1:\(port)", "200"), ("localhost", "200")] {
        let answer = try TestServer.ask(port, "GET /metrics", ["Host: \(host)"])
        #expect(HostileHTTPTests.status(answer) == status, "\(host)")
        let ready = try TestServer.ask(port, "GET /readyz", ["Host: \(host)"])
        #expect(HostileHTTPTests.status(ready) == "200")
        #expect(ready.contains("\"version\"") == (status == "200"))
      }
      // Without tokens everybody on loopback is let in, and with him whom he brings.
      let brought = try TestServer.ask(port, "GET /metrics", ["Host: localhost", "Via: 1.1 proxy"])
      #expect(HostileHTTPTests.status(brought) == "200")
    }
  }

  /// Nobody is closed but to make room.
  private static let patient = ConnectionGuard.Limits(
    first: .hours(1), request: .hours(1), answer: .hours(1), idle: .hours(1))

  /// They may be silent for ever: the oldest of them make room.
  @Test(arguments: ["", "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", unfinished])
  func silentConnectionsDoNotKeepOthersOut(start: String) async throws {
    // However many come in a moment, all are silent.
    var limits = HostileHTTPTests.patient
    limits.silence = .zero
    try await TestServer.with(TestServer.source(), limits: limits) { port in
      // One that has spoken stays.
      let speaker = try RawConnection(port: port)
      speaker.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(speaker.receive(until: "ok\n").hasSuffix("ok\n"))
      // More than are served at once.
      let silent = try (0..<300).map { _ in
        let connection = try HeldConnection(port: port)
        connection.send(start)
        return connection
      }
      #expect(try HostileHTTPTests.isAnswered(port))
      speaker.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(speaker.receive(until: "ok\n").hasSuffix("ok\n"))
      #expect(silent.count == 300)
    }
  }

  /// They have had their answers and keep their connections.
  @Test func restingConnectionsDoNotKeepOthersOut() async throws {
    try await TestServer.with(TestServer.source(), limits: HostileHTTPTests.patient) { port in
      var resting: [HeldConnection] = []
      for _ in 0..<300 {
        let connection = try HeldConnection(port: port)
        connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(connection.receive(until: "ok\n").hasSuffix("ok\n"))
        resting.append(connection)
      }
      #expect(try HostileHTTPTests.isAnswered(port))
      // The last ones stay, and may ask again.
      resting[299].send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(resting[299].receive(until: "ok\n").hasSuffix("ok\n"))
      #expect(resting[0].isClosed())
    }
  }

  /// They ask for more than they take, one request behind the other: for so much that the server stops
  /// writing, and for so little more than the kernel holds that it need not.
  @Test(arguments: [20, -1]) func whoTakesNothingDoesNotKeepOthersOut(more: Int) async throws {
    let asked = Atomic(0)
    let source = TestServer.source(api: { _ in
      asked.wrappingAdd(1, ordering: .relaxed)
      return .json([UInt8](repeating: 0x20, count: 2 << 10))
    })
    // There the kernel keeps little for somebody who reads nothing.
    try await TestServer.with(source, over: .socket, limits: HostileHTTPTests.patient) { place in
      func ask(_ count: Int) throws -> HeldConnection {
        let connection = try HeldConnection(place)
        connection.send(
          String(repeating: "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n", count: count))
        return connection
      }
      /// Once nobody takes any more.
      func answers() -> Int {
        var before = 0
        while asked.load(ordering: .relaxed) != before {
          before = asked.load(ordering: .relaxed)
          Thread.sleep(forTimeInterval: 1)
        }
        return before
      }
      let first = try ask(1_000)
      // On a busy machine none may be made in the first second.
      try TestServer.until { asked.load(ordering: .relaxed) > 20 }
      let limit = answers()
      try #require(limit < 1_000)
      let greedy = try (0..<280).map { _ in try ask(limit + more) }
      _ = answers()
      let other = try RawConnection(place)
      // Thousands may be asked before him.
      other.limitPatience(seconds: 120)
      other.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(other.receive(until: "ok\n").hasSuffix("ok\n"), "\(limit) answers")
      withExtendedLifetime((first, greedy)) {}
    }
  }

  /// On a busy machine one asker may give up before his turn comes.
  private static func isAnswered(_ port: Int) throws -> Bool {
    for _ in 0..<20 where try TestServer.ask(port, "GET /healthz").hasSuffix("ok\n") { return true }
    return false
  }

  @Test func manyRequestsOnOneConnectionAreAnsweredInTurn() async throws {
    try await TestServer.with(TestServer.source()) { port in
      let connection = try RawConnection(port: port)
      let one = "GET /api/v1/events/7 HTTP/1.1\r\nHost: localhost\r\n\r\n"
      connection.send(String(repeating: one, count: 200))
      connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      let answers = connection.receive()
      #expect(answers.components(separatedBy: "event(7)").count == 201)
      #expect(answers.hasSuffix("ok\n"))
    }
  }
}
