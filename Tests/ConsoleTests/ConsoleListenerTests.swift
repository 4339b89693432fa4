import Foundation
import Model
import Synchronization
import TestKit
import Testing

@testable import Console

/// A place that is bound, served and left, as a reload does it.
@Suite struct ConsoleListenerTests {
  private func server(
    _ host: String = "127.0.0.1", _ port: Int = 0, _ source: ConsoleSource = TestServer.source()
  ) -> ConsoleServer {
    ConsoleServer(.port(host: host, port), source: source, notices: { _ in })
  }

  /// Runs `listener` while `body` talks to it; returns when both have ended.
  private func serving(
    _ listener: ConsoleListener, _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await listener.run() }
      try await body()
      try await group.waitForAll()
    }
  }

  private static let health = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

  /// Asks until it is so.
  private func until(_ holds: @escaping @Sendable () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !offPool(holds) {
      try #require(ContinuousClock.now < deadline)
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  @Test func whoConnectsBeforeItIsServedIsAnswered() async throws {
    let listener = try await server().bind()
    let connection = try await offPool {
      let connection = try RawConnection(port: listener.port)
      connection.send(Self.health)
      return SharedConnection(connection)
    }
    try await serving(listener) {
      let answer = try await offPool { connection.receive() }
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("ok\n"))
      #expect(answer.lowercased().contains("date: sun, 06 nov 1994 08:49:37 gmt\r\n"))
      listener.stop(within: 60)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func oneThatNobodyServesGivesItsPlaceBack() async throws {
    // An address at which no other test takes a port that has become free.
    let host = "127.83.19.7"
    var listener: ConsoleListener? = try await server(host).bind()
    let port = try #require(listener?.port)
    let taken = await #expect(throws: ConsoleError.self) { try await server(host, port).bind() }
    #expect(taken?.code == .portTaken)
    listener = nil
    // It closes on a thread of its own.
    while true {
      do throws(ConsoleError) {
        _ = try await server(host, port).bind()
        return
      } catch {
        #expect(error.code == .portTaken)
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// From this machine to everybody and back, without a moment in between.
  @Test(arguments: [("127.0.0.1", "0.0.0.0"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "::")])
  func addressesOfOnePortMayOverlap(from: String, to: String) async throws {
    let first = try await server(from).bind()
    let refused = await #expect(throws: ConsoleError.self) { try await server(to, first.port).bind() }
    #expect(refused?.code == .portTaken)
    let second = try await server(to, first.port).bind(beside: first)
    #expect(second.port == first.port)
    for host in [from, to] {
      let third = await #expect(throws: ConsoleError.self) { try await server(host, first.port).bind() }
      #expect(third?.code == .portTaken)
    }
    try await serving(first) { first.stop(within: 60) }
    await first.untilClosed()
    try await serving(second) {
      try await until { try TestServer.ask(second.port, "GET /healthz").hasSuffix("ok\n") }
      second.stop(within: 60)
    }
    try await until { RawConnection.isRefused(port: second.port) }
  }

  @Test func aStopWaitsForAnswers() async throws {
    let (asked, ask) = AsyncStream.makeStream(of: Void.self)
    let (released, release) = AsyncStream.makeStream(of: Void.self)
    let source = TestServer.source(api: { _ in
      ask.yield()
      var iterator = released.makeAsyncIterator()
      _ = await iterator.next()
      return .json(Array("{\"late\":true}".utf8))
    })
    let listener = try await server("127.0.0.1", 0, source).bind()
    try await serving(listener) {
      // One that asked for nothing more, and one whose answer is being made.
      let idle = try await offPool {
        let connection = try RawConnection(port: listener.port)
        connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(connection.receive(until: "ok\n").hasSuffix("ok\n"))
        return SharedConnection(connection)
      }
      let waiting = try await offPool {
        let connection = try RawConnection(port: listener.port)
        connection.send("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return SharedConnection(connection)
      }
      var iterator = asked.makeAsyncIterator()
      _ = await iterator.next()
      listener.stop(within: 600)
      await listener.untilClosed()
      try await until { RawConnection.isRefused(port: listener.port) }
      #expect(try await offPool { idle.isClosed() })
      release.yield()
      let answer = try await offPool { waiting.receive() }
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("{\"late\":true}"))
    }
  }

  @Test func whatDoesNotEndIsCutOff() async throws {
    let source = TestServer.source(api: { _ in
      .stream(
        type: "application/x-ndjson",
        APIStream(
          next: {
            do {
              try await Task.sleep(for: .milliseconds(50))
              return Array("{}\n".utf8)
            } catch {
              return nil
            }
          }, end: {}))
    })
    let listener = try await server("127.0.0.1", 0, source).bind()
    try await serving(listener) {
      let tap = try await offPool {
        let connection = try RawConnection(port: listener.port)
        connection.send("GET /api/v1/tap HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(connection.receive(until: "{}\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
        return SharedConnection(connection)
      }
      listener.stop(within: 1)
      #expect(try await offPool { tap.isClosed() })
    }
  }
}

/// A connection that is handed from one thread to the next.
private final class SharedConnection: @unchecked Sendable {
  private let connection: RawConnection

  init(_ connection: consuming RawConnection) { self.connection = connection }

  func receive() -> String { connection.receive() }
  func isClosed() -> Bool { connection.isClosed() }
}
