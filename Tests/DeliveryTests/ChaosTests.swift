import Delivery
import Foundation
import Model
import Testing

/// A receiver that does anything at all: every alert ends delivered or dead with its reason, always under its
/// own key with its own body, and the destination beside it does not notice.
@Suite("Chaos")
struct ChaosTests {
  private static let statuses = [
    100, 200, 201, 202, 204, 301, 302, 400, 401, 403, 404, 408, 409, 410, 413, 415, 422, 424, 425, 429, 451,
    500, 502, 503, 504, 599,
  ]

  private static func misbehave(_ number: Int, _ seed: UInt64) -> [Receiver.Step] {
    var state = (UInt64(number) &+ seed &* 7_919) &* 0x9E37_79B9_7F4A_7C15
    state ^= state >> 29
    state = state &* 0xBF58_476D_1CE4_E5B9
    let dice = Int((state >> 33) % 100)
    switch dice {
    case 0: return [.hang]
    case 1...3: return [.reset]
    case 4...6: return [.close]
    case 7...9: return [.send("HTTP/1.1 500 X\r\nContent-Length: 100\r\n\r\nhalf"), .close]
    case 10: return [.send("HTTP/1.1 200 X\r\nContent-Length: 10485760\r\n\r\n"), .fill(10_485_760)]
    case 11...12: return [.send("220 mail.example ESMTP\r\n\r\n"), .close]
    case 13: return [.send("HTTP/1.1 200 X\r\nX: "), .fill(400_000), .close]
    case 14...15:
      return Receiver.answer(302, headers: "Location: file:///etc/passwd\r\n")
    case 16...17: return Receiver.answer(503, headers: "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n")
    case 18...19: return Receiver.answer(429, headers: "Retry-After: 0\r\n")
    case 20...55: return Receiver.answer(statuses[Int((state >> 41) % UInt64(statuses.count))], "why")
    default: return Receiver.answer(200)
    }
  }

  private static func settings(_ name: String, _ url: String, timeout: Int) -> DestinationSettings {
    var settings = DestinationSettings(name: name, url: url, timeoutSeconds: timeout, concurrency: 8)
    settings.retryInitialMs = 1
    settings.retryMaxMs = 20
    settings.breaker = DeliveryGate.Limits(failures: 5, openMs: 20, close: 2)
    return settings
  }

  @Test(
    "everything ends delivered or dead with its reason; the neighbour is not held up",
    .timeLimit(.minutes(5)), arguments: [1, 2, 3] as [UInt64])
  func chaos(seed: UInt64) async throws {
    let bad = try Receiver { _, number in Self.misbehave(number, seed) }
    let good = try Receiver { _, _ in Receiver.answer(200) }
    let transport = try CurlTransport(connections: 16)
    let count: Int64 = 200
    // Nothing here is old: only an answer kills.
    let start = systemTime()
    let bads = MemoryQueue(
      (1...count).map {
        Samples.delivery(
          $0, destination: "bad", rank: Int($0 % 2), signature: "s\($0 % 9)", createdAt: start)
      })
    let goods = MemoryQueue(
      (1...count).map { Samples.delivery($0, destination: "good", createdAt: start) })
    // The good one is asked once for each, even by a machine that stands still for a while.
    let forwarders = [
      (Self.settings("bad", bad.url, timeout: 1), bads),
      (Self.settings("good", good.url, timeout: 60), goods),
    ].map {
      Forwarder(
        settings: $0.0, queue: $0.1, transport: transport, clock: systemTime, notices: { _ in },
        graceSeconds: 0)
    }
    let tasks = forwarders.map { forwarder in Task { await forwarder.run() } }
    while goods.pending > 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(good.requests.count == Int(count))
    while bads.pending > 0 { try await Task.sleep(for: .milliseconds(5)) }
    for task in tasks {
      task.cancel()
      await task.value
    }
    transport.shutdown()
    let requests = bad.requests
    bad.stop()
    good.stop()

    let delivered = Set(bads.outcomes.filter { $0.verdict == .delivered(marks: true) }.map(\.id))
    let dead = bads.rows.filter { $0.state == .dead }
    #expect(delivered.count + dead.count == Int(count))
    #expect(delivered.isDisjoint(with: dead.map(\.id)))
    #expect(dead.allSatisfy { $0.lastError?.isEmpty == false && $0.lastStatus != 0 })
    // The key says which alert; the body under it never changes.
    for request in requests {
      let key = try #require(request.headers["idempotency-key"])
      #expect(String(decoding: request.body, as: UTF8.self) == "{\"id\":\(key)}")
    }
    #expect(Set(requests.compactMap { $0.headers["idempotency-key"] }).count == Int(count))
  }
}
