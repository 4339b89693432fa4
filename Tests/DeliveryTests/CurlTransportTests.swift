import Delivery
import Glibc
import Model
import Testing

@Suite("Webhooks over libcurl")
struct CurlTransportTests {
  /// What came of one request to a receiver with this script.
  private func exchange(
    timeoutMs: Int = 60_000, body: [UInt8] = Array("{}".utf8), _ steps: [Receiver.Step]
  ) async throws -> (Result<WebhookResponse, DeliveryError>, Receiver.Request?) {
    let receiver = try Receiver { _, _ in steps }
    defer { receiver.stop() }
    let transport = try CurlTransport(connections: 4)
    defer { transport.shutdown() }
    let result = await send(transport, receiver.url, body: body, timeoutMs: timeoutMs)
    return (result, receiver.requests.first)
  }

  private func send(
    _ transport: CurlTransport, _ url: String, headers: [(name: String, value: String)] = [],
    body: [UInt8] = Array("{}".utf8), timeoutMs: Int = 60_000
  ) async -> Result<WebhookResponse, DeliveryError> {
    do throws(DeliveryError) {
      return .success(
        try await transport.send(
          WebhookRequest(url: url, headers: headers, body: body, timeoutMs: timeoutMs)))
    } catch {
      return .failure(error)
    }
  }

  private func code(_ result: Result<WebhookResponse, DeliveryError>) -> DeliveryError.Code? {
    if case .failure(let error) = result { return error.code }
    return nil
  }

  @Test(
    "every status comes back as it is",
    arguments: [200, 201, 202, 204, 301, 400, 401, 404, 429, 500, 503, 999])
  func statuses(status: Int) async throws {
    let steps: [Receiver.Step] =
      status == 204 ? [.send("HTTP/1.1 204 No Content\r\n\r\n")] : Receiver.answer(status, "why")
    let (result, _) = try await exchange(steps)
    let expected = WebhookResponse(status: status, bodyStart: status == 204 ? [] : Array("why".utf8))
    #expect(result == .success(expected))
  }

  @Test("the request: one POST with its headers and the body byte for byte, and no Expect")
  func request() async throws {
    let receiver = try Receiver { _, _ in Receiver.answer(200) }
    defer { receiver.stop() }
    let transport = try CurlTransport()
    defer { transport.shutdown() }
    let body = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let result = await send(
      transport, receiver.url,
      headers: [("Content-Type", "application/json"), ("Idempotency-Key", "42"), ("X-Empty", "")], body: body)
    #expect(result == .success(WebhookResponse(status: 200)))
    let request = try #require(receiver.requests.first)
    #expect(request.line == "POST /events HTTP/1.1")
    #expect(request.body == body)
    #expect(request.headers["content-type"] == "application/json")
    #expect(request.headers["idempotency-key"] == "42")
    #expect(request.headers["x-empty"] == "")
    #expect(request.headers["expect"] == nil)
    #expect(request.headers["accept-encoding"] == nil)
  }

  @Test("a connection is used again")
  func keepAlive() async throws {
    let receiver = try Receiver { _, number in Receiver.answer(number == 3 ? 500 : 200, "some answer") }
    defer { receiver.stop() }
    let transport = try CurlTransport()
    defer { transport.shutdown() }
    for _ in 0..<20 { _ = await send(transport, receiver.url) }
    #expect(receiver.requests.count == 20)
    // On a machine that stands still for minutes one may have become too old to be used again.
    #expect(receiver.connections <= 3)
  }

  @Test("no more connections than allowed, and all requests go through")
  func connectionCap() async throws {
    let receiver = try Receiver { _, _ in [.pause(milliseconds: 2)] + Receiver.answer(200) }
    defer { receiver.stop() }
    let transport = try CurlTransport(connections: 3)
    defer { transport.shutdown() }
    let url = receiver.url
    let answered = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<60 { group.addTask { code(await send(transport, url)) == nil } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(answered == 60)
    #expect(receiver.connections <= 3)
  }

  @Test("redirects are answers, not orders")
  func redirect() async throws {
    let receiver = try Receiver { _, _ in Receiver.answer(302, headers: "Location: /elsewhere\r\n") }
    defer { receiver.stop() }
    let transport = try CurlTransport()
    defer { transport.shutdown() }
    #expect(await send(transport, receiver.url) == .success(WebhookResponse(status: 302)))
    #expect(receiver.requests.count == 1)
  }

  @Test("ten megabytes: the status counts, four kilobytes are kept, the rest is not read")
  func hugeAnswer() async throws {
    let size = 10 << 20
    let (result, _) = try await exchange([
      .send("HTTP/1.1 503 X\r\nContent-Length: \(size)\r\n\r\n"), .fill(size),
    ])
    let answer = try result.get()
    #expect(answer.status == 503)
    #expect(answer.bodyStart == [UInt8](repeating: UInt8(ascii: "x"), count: WebhookResponse.bodyLimit))
  }

  @Test("answers in all shapes that HTTP allows")
  func shapes() async throws {
    let chunked = "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    #expect(
      try await exchange([.send(chunked)]).0.get()
        == WebhookResponse(status: 200, bodyStart: Array("abcde".utf8)))
    #expect(
      try await exchange([.send("HTTP/1.0 201 X\r\n\r\nto the end"), .close]).0.get()
        == WebhookResponse(status: 201, bodyStart: Array("to the end".utf8)))
    #expect(
      try await exchange([.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 X\r\nContent-Length: 0\r\n\r\n")])
        .0.get()
        == WebhookResponse(status: 202))
  }

  @Test("once the head is complete the answer counts, whatever becomes of the body")
  func cutBodies() async throws {
    let head = "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nstart"
    let expected = WebhookResponse(status: 200, bodyStart: Array("start".utf8))
    #expect(try await exchange([.send(head), .close]).0.get() == expected)
    // A machine that stands still needs longer until the head is there.
    for limit in [300, 3_000, 30_000] {
      let answer = try await exchange(timeoutMs: limit, [.send(head), .hang]).0
      if case .failure = answer, limit < 30_000 { continue }
      #expect(try answer.get() == expected)
      break
    }
    let endless = "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n"
    #expect(try await exchange([.send(endless), .fill(1 << 20), .hang]).0.get().status == 200)
  }

  @Test(
    "no answer is an error with its reason",
    arguments: [
      ([.close], .broken), ([.reset], .broken), ([.send("HTTP/1.1 200 X\r\nContent-"), .close], .broken),
      ([.send("SSH-2.0-OpenSSH_9.2\r\n"), .close], .broken), ([.hang], .timeout),
      ([.send("HTTP/1.1 200 X\r\n"), .hang], .timeout),
      ([.send("HTTP/1.1 100 Continue\r\n\r\n"), .hang], .timeout),
      ([.send("HTTP/1.1 200 X\r\nA: "), .fill(1 << 20), .hang], .broken),
    ] as [([Receiver.Step], DeliveryError.Code)])
  func failures(steps: [Receiver.Step], expected: DeliveryError.Code) async throws {
    let (result, _) = try await exchange(timeoutMs: expected == .timeout ? 300 : 60_000, steps)
    #expect(code(result) == expected)
  }

  @Test("an endless head ends the exchange")
  func endlessHead() async throws {
    let line = "X-Filler: \(String(repeating: "y", count: 1_000))\r\n"
    let (result, _) = try await exchange([
      .send("HTTP/1.1 200 X\r\n" + String(repeating: line, count: 500)), .hang,
    ])
    #expect(code(result) == .broken)
  }

  @Test("Retry-After in seconds and as a date, and what is none")
  func retryAfter() async throws {
    func asked(_ value: String) async throws -> Int? {
      try await exchange(Receiver.answer(429, headers: "Retry-After: \(value)\r\n")).0.get().retryAfterSeconds
    }
    #expect(try await asked("120") == 120)
    #expect(try await asked("Wed, 21 Oct 2015 07:28:00 GMT") == 0)
    let far = try #require(try await asked("Wed, 21 Oct 2065 07:28:00 GMT"))
    #expect(far > 86_400)
    #expect(try await exchange(Receiver.answer(429)).0.get().retryAfterSeconds == nil)
  }

  @Test("nobody listens, no such name, no such scheme, no such header")
  func unreachable() async throws {
    let receiver = try Receiver { _, _ in [] }
    let closed = receiver.url
    receiver.stop()
    let transport = try CurlTransport()
    defer { transport.shutdown() }
    let refused = await send(transport, closed.replacing("http://", with: "http://user:geheim@"))
    #expect(code(refused) == .connect)
    if case .failure(let error) = refused {
      #expect(error.message.hasSuffix("cannot connect: Connection refused"))
      #expect(!error.message.contains("geheim"))
    }
    #expect(code(await send(transport, "http://name.invalid/")) == .resolve)
    #expect(code(await send(transport, "file:///etc/passwd")) == .invalid)
    #expect(code(await send(transport, "ftp://127.0.0.1/")) == .invalid)
    #expect(code(await send(transport, "http://")) == .invalid)
    #expect(code(await send(transport, "http://127.0.0.1/\r\nX: y")) == .invalid)
    for header in [("A b", "c"), ("", "c"), ("A", "b\r\nC: d"), ("A", "b\0c"), ("A:", "b")] {
      let result = await send(transport, closed, headers: [(name: header.0, value: header.1)])
      #expect(code(result) == .invalid)
    }
  }

  @Test("TLS needs a certificate that the system trusts")
  func plainOnTLS() async throws {
    let receiver = try Receiver { _, _ in [] }
    defer { receiver.stop() }
    let transport = try CurlTransport()
    defer { transport.shutdown() }
    let url = receiver.url.replacing("http://", with: "https://")
    // The receiver speaks no TLS: it waits for a head that never comes, until the time is over.
    #expect(code(await send(transport, url, timeoutMs: 300)) == .timeout)
  }

  @Test("a hanging receiver delays no other")
  func noHeadOfLine() async throws {
    let hanging = try Receiver { _, _ in [.hang] }
    defer { hanging.stop() }
    let fine = try Receiver { _, _ in Receiver.answer(200) }
    defer { fine.stop() }
    let transport = try CurlTransport(connections: 16)
    let stuck = (0..<8).map { _ in
      Task { [url = hanging.url] in code(await send(transport, url, timeoutMs: 600_000)) }
    }
    while hanging.requests.count < 8 { try await Task.sleep(for: .milliseconds(1)) }
    for _ in 0..<50 { #expect(code(await send(transport, fine.url)) == nil) }
    // Cancelling ends one of them, shutting down the others; none waits for its ten minutes.
    stuck[0].cancel()
    #expect(await stuck[0].value == .cancelled)
    transport.shutdown()
    for task in stuck { #expect(await task.value == .cancelled) }
    transport.shutdown()
    #expect(code(await send(transport, fine.url)) == .cancelled)
  }

  @Test("cancelled before it began")
  func cancelledEarly() async throws {
    let receiver = try Receiver { _, _ in Receiver.answer(200) }
    defer { receiver.stop() }
    let transport = try CurlTransport()
    defer { transport.shutdown() }
    let task = Task { [url = receiver.url] in
      while !Task.isCancelled { await Task.yield() }
      return code(await send(transport, url))
    }
    task.cancel()
    #expect(await task.value == .cancelled)
    #expect(code(await send(transport, receiver.url)) == nil)
    #expect(receiver.requests.count == 1)
  }
}
