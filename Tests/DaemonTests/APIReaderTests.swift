import Console
import Foundation
import Intake
import Store
import Synchronization
import Testing

@testable import Daemon

/// Files are read for few at a time, and for whoever is on this machine whatever the network asks.
@Suite struct APIReaderTests {
  /// Holds up those who come until it is opened.
  private final class Gate: Sendable {
    private let condition = WaitCondition()
    private let state = Mutex((isOpen: false, waiting: 0))

    var waiting: Int { state.withLock { $0.waiting } }

    func pass() {
      condition.lock()
      defer { condition.unlock() }
      state.withLock { $0.waiting += 1 }
      while !state.withLock({ $0.isOpen }) { condition.wait() }
    }

    func open() {
      condition.lock()
      state.withLock { $0.isOpen = true }
      condition.broadcast()
      condition.unlock()
    }
  }

  private func with(_ body: (APIReader) async throws -> Void) async throws {
    let reader = APIReader(
      openStore: { () throws(StoreError) -> any EventStore in preconditionFailure("nothing is read") },
      openOutbox: { () throws(StoreError) -> Outbox in preconditionFailure("nothing is read") })
    for _ in 0..<APIReader.threads { Thread.detachNewThread { reader.run() } }
    defer { reader.stop() }
    try await body(reader)
  }

  private func until(_ holds: () -> Bool) async throws {
    for _ in 0..<6_000 where !holds() { try await Task.sleep(for: .milliseconds(10)) }
    try #require(holds())
  }

  @Test(.timeLimit(.minutes(2))) func theNetworkLeavesAThreadToTheSocket() async throws {
    try await with { reader in
      let gate = Gate()
      defer { gate.open() }
      try await withThrowingTaskGroup(of: Void.self) { group in
        // On a busy machine some are told that it took too long.
        func ask(_ count: Int) {
          for _ in 0..<count {
            group.addTask { _ = try? await reader.read(for: .network) { _ in gate.pass() } }
          }
        }
        ask(APIReader.networkThreads)
        try await until { gate.waiting == APIReader.networkThreads }
        ask(APIReader.queueLimit)
        try await until { reader.waiting == APIReader.queueLimit }
        #expect(gate.waiting == APIReader.networkThreads)
        // One more of the network has no place; who comes over the socket is answered, again and again.
        await #expect(throws: Problem.self) { try await reader.read(for: .network) { _ in } }
        for number in 0..<50 {
          #expect(try await reader.read(for: .user(1000)) { _ in number } == number)
        }
        #expect(gate.waiting == APIReader.networkThreads)
        gate.open()
        try await group.waitForAll()
      }
    }
  }
}
