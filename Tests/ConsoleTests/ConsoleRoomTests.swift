import Foundation
import Model
import NIOCore
import Synchronization
import Testing

@testable import Console

/// Who asks and does not take the answer costs memory up to a bound, whatever others want.
@Suite struct ConsoleRoomTests {
  private static let page = 6 << 20
  private static let ask = "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"

  private static func status(_ answer: String) -> String { String(answer.dropFirst(9).prefix(3)) }

  @Test(.timeLimit(.minutes(5))) func deafReadersShareWhatThereIs() async throws {
    let made = Atomic(0)
    let source = TestServer.source(api: { request in
      if case .destinations = request { return .json(Array("{}".utf8)) }
      made.add(1, ordering: .relaxed)
      return .json([UInt8](repeating: 0x20, count: Self.page))
    })
    let room = source.room
    try await TestServer.withBoth(source) { port, path in
      // As many as fit; what the kernel takes of each is less than a page.
      let network = ConsoleRoom.limit - ConsoleRoom.forSocket
      let fits = network / Self.page
      var deaf: [DeafReader] = []
      for count in 1...fits {
        deaf.append(try DeafReader(port: port, asking: Self.ask))
        try TestServer.until { room.held == count * Self.page }
      }
      for _ in 0..<40 { deaf.append(try DeafReader(port: port, asking: Self.ask)) }
      // One more is told to come again.
      let refused = try TestServer.ask(port, "GET /api/v1/status")
      #expect(Self.status(refused) == "503")
      #expect(refused.lowercased().contains("retry-after: 5\r\n"))
      #expect(refused.contains("application/problem+json"))
      try TestServer.until { made.load(ordering: .relaxed) == fits + 41 }
      try TestServer.until { source.doorkeeper.refused.contains { $0 == ("busy", 41) } }
      #expect(room.held <= network)
      // Who asks over the socket has room all the same.
      let near = try RawConnection(.socket(path))
      near.send(Self.ask.replacing("\r\n\r\n", with: "\r\nConnection: close\r\n\r\n"))
      let answer = near.receive()
      #expect(Self.status(answer) == "200" && answer.utf8.count > Self.page)
      // Those who watch see that it is so.
      #expect(try TestServer.ask(port, "GET /healthz").hasSuffix("ok\n"))
      for path in ["/readyz", "/metrics", "/api/v1/destinations"] {
        #expect(Self.status(try TestServer.ask(port, "GET \(path)")) == "200", "\(path)")
      }
      // Those who go make room.
      deaf = []
      try TestServer.until { room.held == 0 }
      let whole = try TestServer.ask(port, "GET /api/v1/status")
      #expect(Self.status(whole) == "200")
      #expect(whole.components(separatedBy: "\r\n\r\n")[1].utf8.count == Self.page)
      try TestServer.until { room.held == 0 }
    }
  }

  /// Whether they go by themselves or not.
  @Test(.timeLimit(.minutes(5))) func whoIsCutOffMakesRoom() async throws {
    let limits = ConnectionGuard.Limits(
      first: .seconds(10), request: .seconds(10), answer: .milliseconds(500))
    let source = TestServer.source(api: { _ in .json([UInt8](repeating: 0x20, count: Self.page)) })
    let room = source.room
    try await TestServer.with(source, limits: limits) { port in
      let deaf = try DeafReader(port: port, asking: Self.ask)
      try TestServer.until { room.held == Self.page }
      try TestServer.until { room.held == 0 }
      withExtendedLifetime(deaf) {}
      // Nothing is held for who only wants to know how long it would be.
      let head = try TestServer.ask(port, "HEAD /api/v1/status")
      #expect(head.lowercased().contains("content-length: \(Self.page)\r\n"))
      #expect(head.hasSuffix("\r\n\r\n"))
      try TestServer.until { room.held == 0 }
    }
  }

  /// A body counts until it is answered, one in chunks as the longest there may be.
  @Test(.timeLimit(.minutes(5))) func bodiesCountWhileTheyAreLookedAt() async throws {
    let (asked, gate) = AsyncStream.makeStream(of: Void.self)
    let source = TestServer.source(api: { _ in
      for await _ in asked { break }
      return .json(Array("{}".utf8))
    })
    let room = source.room
    try await TestServer.with(source) { port in
      let head = "POST /api/v1/explain HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
      for (framing, body, held) in [
        ("Content-Length: 5", "hello", 0),
        ("Content-Length: 65536", String(repeating: "x", count: 65_536), 65_536),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n", ConsoleAnswers.bodyLimit),
      ] {
        let connection = try RawConnection(port: port)
        connection.send("\(head)\(framing)\r\nConnection: close\r\n\r\n\(body)")
        try TestServer.until { room.held == held }
        gate.yield()
        #expect(Self.status(connection.receive()) == "200", "\(framing)")
        try TestServer.until { room.held == 0 }
      }
    }
  }
}

/// A client that asks and reads nothing, until it is let go.
private final class DeafReader {
  private let connection: RawConnection

  init(port: Int, asking request: String) throws {
    connection = try RawConnection(port: port)
    connection.neverRead()
    connection.send(request)
  }
}
