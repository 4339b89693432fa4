import Delivery
import Foundation
import Glibc
import TestKit
import Testing

@Suite("Lines on standard output")
struct LineTransportTests {
  /// A pipe: what is written to `writeEnd` can be read here.
  private final class Pipe: Sendable {
    let readEnd: Int32
    let writeEnd: Int32
    init() {
      let pipe = PrivatePipe()
      (readEnd, writeEnd) = (pipe.reading, pipe.writing)
    }
    func read(_ limit: Int) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: limit)
      let count = unsafe Glibc.read(readEnd, &bytes, limit)
      return Array(bytes.prefix(max(0, count)))
    }
    /// On a thread of its own: tests share few threads, and a read blocks.
    func reading<T: Sendable>(_ body: @escaping @Sendable (Pipe) -> T) -> Task<T, Never> {
      Task {
        await withCheckedContinuation { continuation in
          Thread.detachNewThread { continuation.resume(returning: body(self)) }
        }
      }
    }
    func readLines(_ count: Int) -> [String] {
      var bytes: [UInt8] = []
      while bytes.filter({ $0 == 10 }).count < count {
        let more = read(65_536)
        if more.isEmpty { break }
        bytes += more
      }
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
  }

  private func send(
    _ transport: LineTransport, _ body: String, timeoutMs: Int = 600_000
  ) async -> DeliveryError.Code? {
    do throws(DeliveryError) {
      let answer = try await transport.send(
        WebhookRequest(url: "stdout:", headers: [], body: Array(body.utf8), timeoutMs: timeoutMs))
      #expect(answer == WebhookResponse(status: 200))
      return nil
    } catch {
      return error.code
    }
  }

  @Test("whole lines in their order, longer than the pipe too")
  func lines() async throws {
    let pipe = Pipe()
    let transport = try LineTransport(descriptor: pipe.writeEnd)
    let long = "{\"a\":\"\(String(repeating: "y", count: 300_000))\"}"
    let reader = pipe.reading { $0.readLines(3) }
    for body in ["{\"n\":1}", long, "{\"n\":3}"] { #expect(await send(transport, body) == nil) }
    #expect(await reader.value == ["{\"n\":1}", long, "{\"n\":3}"])
    transport.shutdown()
    #expect(await send(transport, "{}") == .cancelled)
    close(pipe.readEnd)
    close(pipe.writeEnd)
  }

  @Test("many at once do not mix")
  func parallel() async throws {
    let pipe = Pipe()
    let transport = try LineTransport(descriptor: pipe.writeEnd)
    let reader = pipe.reading { $0.readLines(64) }
    await withDiscardingTaskGroup { group in
      for index in 0..<64 {
        group.addTask { _ = await send(transport, String(repeating: "\(index) ", count: 3_000)) }
      }
    }
    let lines = await reader.value
    #expect(Set(lines) == Set((0..<64).map { String(repeating: "\($0) ", count: 3_000) }))
    transport.shutdown()
    close(pipe.readEnd)
    close(pipe.writeEnd)
  }

  @Test("a closed pipe is an error; the process lives")
  func closed() async throws {
    let pipe = Pipe()
    let transport = try LineTransport(descriptor: pipe.writeEnd)
    close(pipe.readEnd)
    #expect(await send(transport, "{}") == .closed)
    #expect(await send(transport, "{}") == .closed)
    transport.shutdown()
    close(pipe.writeEnd)
  }

  @Test("nobody reads: sends wait, can be cancelled, and do not keep a stop from ending")
  func blocked() async throws {
    let pipe = Pipe()
    let transport = try LineTransport(descriptor: pipe.writeEnd)
    let line = String(repeating: "z", count: 1 << 20)
    let first = Task { await send(transport, line) }
    // The first has begun when the pipe holds something; tasks start in any order.
    #expect(await pipe.reading { $0.read(1) }.value == [UInt8(ascii: "z")])
    let second = Task { await send(transport, "{}") }
    second.cancel()
    #expect(await second.value == .cancelled)
    first.cancel()
    #expect(await first.value == .cancelled)
    let third = Task { await send(transport, "{}") }
    transport.shutdown()
    #expect(await third.value == .cancelled)
    close(pipe.readEnd)
    close(pipe.writeEnd)
  }

  @Test(
    "nobody reads: what has not begun in its time fails and is never written, what has begun is",
    .timeLimit(.minutes(2)))
  func late() async throws {
    let pipe = Pipe()
    let transport = try LineTransport(descriptor: pipe.writeEnd)
    let line = String(repeating: "z", count: 1 << 20)
    let first = Task { await send(transport, line, timeoutMs: 1) }
    #expect(await pipe.reading { $0.read(1) }.value == [UInt8(ascii: "z")])
    #expect(await send(transport, "{\"n\":1}", timeoutMs: 5) == .timeout)
    let reader = pipe.reading { $0.readLines(2) }
    #expect(await first.value == nil)
    #expect(await send(transport, "{\"n\":2}") == nil)
    #expect(await reader.value == [String(line.dropFirst()), "{\"n\":2}"])
    // Alone, and nothing of it was written yet.
    var block = [UInt8](repeating: UInt8(ascii: "-"), count: 4_096)
    _ = fcntl(pipe.writeEnd, F_SETFL, O_NONBLOCK)
    while unsafe write(pipe.writeEnd, &block, block.count) > 0 {}
    #expect(await send(transport, "{\"n\":3}", timeoutMs: 5) == .timeout)
    transport.shutdown()
    close(pipe.readEnd)
    close(pipe.writeEnd)
  }
}
