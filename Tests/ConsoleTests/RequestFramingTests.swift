import Foundation
import Testing

@testable import Console

/// Where a request ends, and for whom it is, is not open to two readings: what could be is refused, and the
/// connection with it. Otherwise a proxy in front that reads it the other way takes what one client sends for
/// another's request.
@Suite struct RequestFramingTests {
  private static let get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
  private static let post = "POST /api/v1/explain HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
  private static let chunked = post + "Transfer-Encoding: chunked\r\n\r\n"
  /// What is behind each request: to be answered only where it is a request of its own.
  private static let next = "GET /api/v1/events/7 HTTP/1.1\r\nHost: localhost\r\n\r\n"
  private static let last = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

  static let lengths: [String] = [
    "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nContent-Length: 5",
    "Content-Length: 5, 5", "Content-Length: 5, 6", "Content-Length: 5 6", "Content-Length: +5",
    "Content-Length: -5", "Content-Length: 0x5", "Content-Length: 5.0", "Content-Length: ", "Content-Length",
    "Content-Length : 5", "Content-Length\t: 5", " Content-Length: 5", "Content-Length:\r\n 5",
    "Content-Length: 5\rX: y", "Content-Length: 5\nX: y", "Content-Length: 18446744073709551621",
    "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: identity, chunked", "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: gzip", "Transfer-Encoding: identity",
    "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked,", "Transfer-Encoding: ,chunked",
    "Transfer-Encoding: chunked;q=1", "Transfer-Encoding: \u{B}chunked", "Transfer-Encoding:",
    "Transfer-Encoding : chunked", "Transfer-Encoding:\r\n\tchunked", "X: y\nTransfer-Encoding: chunked",
    "X: y\rTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
  ]

  static let chunks: [String] = [
    "5x", "0x5", "+5", "-5", "5 ", " 5", "", "5\n", "5;a\n", "5;a\rb", "5;a\nb", "10000000000000005",
    "g", "5,5",
  ]

  static let heads: [String] = [
    // No line ends but CR LF, no folded lines, nothing in a name that does not belong there.
    "GET /healthz HTTP/1.1\nHost: localhost\n\n", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\n",
    "GET /healthz HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n", get + "X: a\r\n b\r\n\r\n",
    get + "X: a\r\n\tb\r\n\r\n", "GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n", get + "X : y\r\n\r\n",
    get + "X Y: z\r\n\r\n", get + ": y\r\n\r\n", get + "X\r\n\r\n", get + "X\0: y\r\n\r\n",
    get + "X: a\0b\r\n\r\n", get + "X: a\u{1}b\r\n\r\n", get + "X\u{FC}: y\r\n\r\n",
    // One host, and one that is a host.
    "GET /healthz HTTP/1.1\r\n\r\n", "GET /healthz HTTP/1.1\r\nX-Host: localhost\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: evil.example\r\nhost: localhost\r\n\r\n",
    "GET /healthz HTTP/1.0\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: localhost evil.example\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: localhost:x@evil.example\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: localhost:80:81\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: localhost/evil.example\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: [::1\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: [::1]x\r\n\r\n",
    // Request lines.
    "GET\t/healthz\tHTTP/1.1\r\nHost: localhost\r\n\r\n", " GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /healthz x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /healthz\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /healthz HTTP/1.2\r\nHost: localhost\r\n\r\n", "GET /healthz HTTP/2.0\r\nHost: localhost\r\n\r\n",
    "GET /healthz HTTP/01.1\r\nHost: localhost\r\n\r\n", "GET /healthz http/1.1\r\nHost: localhost\r\n\r\n",
    "GET /healthz\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "CONNECT /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET https://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET ftp://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET http:///healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET http://a@localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET http://localhost/healthz HTTP/1.1\r\n\r\n",
    // HTTP/1.0 knows no chunks.
    "POST /api/v1/explain HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  ]

  /// Every request that can be read in two ways, with what it holds.
  private static var refused: [String] {
    let body = "5\r\nhello\r\n0\r\n\r\n"
    return lengths.map { "\(post)\($0)\r\n\r\n\(body)" }
      + chunks.map { "\(chunked)\($0)\r\nhello\r\n0\r\n\r\n" }
      + [
        "\(chunked)5\r\nhelloxx0\r\n\r\n", "\(chunked)5\nhello\n0\n\n",
        "\(chunked)5\r\nhello\r\n0\r\nX : y\r\n\r\n",
        "\(chunked)5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n",
      ] + heads
  }

  /// Those that are one request, though they look odd, with what they are answered before the next one is.
  private static var taken: [(request: String, status: String)] {
    let inner = next.utf8.count
    return [
      (post + "Content-Length: 5 \r\n\r\nhello", "200"), (post + "Content-Length: 05\r\n\r\nhello", "200"),
      (post + "Content-Length:5\r\n\r\nhello", "200"), (post + "Content-Length: 0\r\n\r\n", "400"),
      (chunked + "5;a=b\r\nhello\r\n0\r\n\r\n", "200"), (chunked + "05\r\nhello\r\n0\r\nX: y\r\n\r\n", "200"),
      (post + "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "200"),
      // Not a field that says where a body ends, whatever it may be to a gateway.
      (post + "Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello", "200"),
      // A request within a body is part of the body, whether it is read or not.
      (post + "Content-Length: \(inner)\r\n\r\n\(next)", "200"),
      (get + "Content-Length: \(inner)\r\n\r\n\(next)", "200"),
      (chunked + "\(String(inner, radix: 16))\r\n\(next)\r\n0\r\n\r\n", "200"),
      (get + "Transfer-Encoding: chunked\r\n\r\n\(String(inner, radix: 16))\r\n\(next)\r\n0\r\n\r\n", "200"),
      // §2.2 and §3 let a server read these: empty lines before a request, and more blanks than one.
      ("\r\n\r\n\(get)\r\n", "200"), ("GET  /healthz  HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"),
      (get + "X: a\u{FC}b\r\n\r\n", "200"), ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
      ("GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", "200"),
      ("GET /healthz HTTP/1.1\r\nHost: [::1]:9162\r\n\r\n", "200"),
      // Of a URL its own host counts.
      ("GET http://localhost/api/v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n", "200"),
      ("GET HTTP://127.0.0.1:80?x HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
      ("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "200"),
    ]
  }

  private static func statuses(_ answers: String) -> [String] {
    answers.components(separatedBy: "HTTP/1.1 ").dropFirst().map { String($0.prefix(3)) }
  }

  @Test(arguments: TestServer.Transport.allCases)
  func whatCanBeReadInTwoWaysEndsTheConnection(transport: TestServer.Transport) async throws {
    let source = TestServer.source()
    try await TestServer.with(source, over: transport) { place in
      for request in Self.refused {
        for before in ["", Self.get + "\r\n"] {
          let connection = try RawConnection(place)
          connection.send(before + request + Self.next + Self.last)
          let answers = connection.receive()
          let expected = before.isEmpty ? ["400"] : ["200", "400"]
          #expect(Self.statuses(answers) == expected, "\(request.debugDescription): \(answers.suffix(200))")
          let isClosed = connection.isClosed()
          #expect(isClosed, "\(request.debugDescription)")
        }
      }
    }
    let count = source.doorkeeper.refused.first { $0.reason == "malformed" }?.count
    #expect(count == UInt64(2 * Self.refused.count))
  }

  @Test(arguments: TestServer.Transport.allCases)
  func whatIsOneRequestIsAnsweredOnce(transport: TestServer.Transport) async throws {
    try await TestServer.with(TestServer.source(), over: transport) { place in
      for (request, status) in Self.taken {
        let connection = try RawConnection(place)
        connection.send(request + Self.next + Self.last)
        let answers = connection.receive()
        #expect(Self.statuses(answers) == [status, "200", "200"], "\(request.debugDescription): \(answers)")
        #expect(answers.components(separatedBy: "event(7)").count == 2, "\(request.debugDescription)")
      }
    }
  }

  @Test func aHostInTheTargetIsTheHost() async throws {
    try await TestServer.with(TestServer.source(), over: .port) { place in
      let connection = try RawConnection(place)
      connection.send("GET http://evil.example/api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n" + Self.last)
      #expect(Self.statuses(connection.receive()) == ["421", "200"])
    }
  }

  /// Whatever ends a connection: nothing behind it is answered, and nothing of it is read, let alone kept.
  @Test(arguments: [
    (get + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "200"),
    (post + "Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: 5\r\n\r\nhello", "200"),
    (get + "Connection: close\r\n\r\n", "200"), (get + "Connection: Close, x\r\n\r\n", "200"),
    ("GET /healthz HTTP/1.0\r\n\r\n", "200"), ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("GET /healthz HTTP/1.1\r\n\r\n", "400"),
  ])
  func whatIsBehindTheLastRequestIsNotRead(request: String, status: String) async throws {
    try await TestServer.with(TestServer.source(), over: .port) { place in
      let connection = try RawConnection(place)
      connection.send(request + Self.next)
      let answers = connection.receive()
      #expect(Self.statuses(answers) == [status], "\(answers)")
      #expect(answers.lowercased().contains("connection: close\r\n"), "\(answers)")
      // More than the kernel holds of one connection on either side.
      let limit = 128 << 20
      let sent = connection.flood(limit)
      #expect(sent < limit / 2, "\(sent) bytes were taken")
    }
  }

  /// While an answer goes on for as long as its client wants, what cannot be read ends the reading.
  @Test func junkBehindAnEndlessAnswerIsNotRead() async throws {
    let source = TestServer.source(api: { _ in
      let (parts, _) = AsyncStream.makeStream(of: [UInt8].self)
      return .stream(
        type: "text/plain",
        APIStream(
          next: {
            for await part in parts { return part }
            return nil
          }, end: {}))
    })
    try await TestServer.with(source, over: .port) { place in
      let connection = try RawConnection(place)
      connection.send("GET /api/v1/tap HTTP/1.1\r\nHost: localhost\r\n\r\nJUNK\r\n\r\n")
      #expect(Self.statuses(connection.receive(until: "\r\n\r\n")) == ["200"])
      let limit = 128 << 20
      let sent = connection.flood(limit)
      #expect(sent < limit / 2, "\(sent) bytes were taken")
    }
  }

  @Test func authorities() {
    for text in ["", "a", "a.b:80", "a:", "[::1]", "[::1]:80", "127.0.0.1:9162", "a%20b", "xn--a_b", "fe80"] {
      #expect(RequestFraming.isAuthority(text), "\(text)")
    }
    for text in [
      "a b", "a@b", "a/b", "a:b", "a:1:2", "[", "[]x", "[a b]", "::1", "a\"", "é", "a\\b", "a?", "a#",
    ] {
      #expect(!RequestFraming.isAuthority(text), "\(text)")
    }
  }
}
