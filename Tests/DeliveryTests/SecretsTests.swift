import Delivery
import Foundation
import Model
import Synchronization
import TestKit
import Testing

@Suite("Secrets of a destination")
struct SecretsTests {
  @Test(
    "HMAC-SHA-256 (RFC 4231)",
    arguments: [
      (
        [UInt8](repeating: 0x0B, count: 20), "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
    ])
  func hmac(_ key: [UInt8], _ text: String, _ digest: String) {
    #expect(SHA256.hex(of: SHA256.authentication(of: Array(text.utf8), key: key)) == digest)
  }

  @Test("the signature covers the body as it is sent, routing key included, which the outbox never holds")
  func signed() async throws {
    var settings = DestinationSettings(name: "pager", url: "http://h/")
    settings.format = .pagerduty
    settings.routingKey = "R0UT1NG"
    settings.hmac = "secret"
    let transport = RecordingTransport()
    let queue = MemoryQueue([Samples.delivery(1, destination: "pager")])
    let forwarder = Forwarder(
      settings: settings, queue: queue, transport: transport, clock: { Samples.start }, notices: { _ in })
    let task = Task { await forwarder.run() }
    while queue.pending > 0 { try await Task.sleep(for: .milliseconds(1)) }
    task.cancel()
    await task.value
    let request = try #require(transport.requests.first)
    #expect(String(decoding: request.body, as: UTF8.self) == "{\"routing_key\":\"R0UT1NG\",\"id\":1}")
    let digest = SHA256.hex(of: SHA256.authentication(of: request.body, key: Array("secret".utf8)))
    #expect(request.headers.contains { $0 == ("Mutt-Signature", "sha256=\(digest)") })
  }

  /// Until nothing is pending: with `old` settings, and `renewed` ones whenever secrets are read again.
  private func deliver(
    _ queue: MemoryQueue, _ transport: RecordingTransport, _ old: DestinationSettings,
    renewed: DestinationSettings
  ) async throws {
    let clock = ManualClock(Samples.start)
    let forwarder = Forwarder(
      settings: old, queue: queue, transport: transport, clock: { clock.now }, random: { 0.5 },
      notices: { _ in }, sleep: { await clock.sleep(nanoseconds: $0) }, refresh: { $0(renewed) })
    let task = Task { await forwarder.run() }
    while queue.pending > 0 {
      clock.advance(milliseconds: 100)
      try await Task.sleep(for: .milliseconds(1))
    }
    task.cancel()
    await task.value
  }

  @Test("a 401 reads the secrets again: a renewed one needs no command, and kills no alert")
  func renewed() async throws {
    let transport = RecordingTransport { request, _ in
      request.headers.contains { $0.value == "Bearer new" } ? .status(200) : .status(401)
    }
    let queue = MemoryQueue((1...20).map { Samples.delivery($0) })
    let old = DestinationSettings(name: "moog", url: "http://h/", headers: [("Authorization", "Bearer old")])
    let new = DestinationSettings(name: "moog", url: "http://h/", headers: [("Authorization", "Bearer new")])
    try await deliver(queue, transport, old, renewed: new)
    #expect(queue.rows.isEmpty)
  }

  @Test("the secret that the first 401 finds is used at once, also where nobody else waits")
  func renewedAtOnce() async throws {
    let transport = RecordingTransport { request, _ in
      request.headers.contains { $0.value == "Bearer new" } ? .status(200) : .status(401)
    }
    let queue = MemoryQueue([Samples.delivery(1)])
    let old = DestinationSettings(name: "moog", url: "http://h/", headers: [("Authorization", "Bearer old")])
    let new = DestinationSettings(name: "moog", url: "http://h/", headers: [("Authorization", "Bearer new")])
    let kinds = Mutex<[DestinationCondition.Kind]>([])
    let forwarder = Forwarder(
      settings: old, queue: queue, transport: transport, clock: { Samples.start }, random: { 0.5 },
      notices: { _ in }, sleep: { _ in try? await Task.sleep(for: .seconds(60)) },
      report: { condition in kinds.withLock { $0.append(condition.kind) } }, refresh: { $0(new) })
    let task = Task { await forwarder.run() }
    // The clock stands still: who waits would wait for good.
    for _ in 0..<5_000 where queue.pending > 0 { try await Task.sleep(for: .milliseconds(1)) }
    task.cancel()
    await task.value
    #expect(queue.rows.isEmpty && transport.requests.count == 2)
    #expect(kinds.withLock { $0 }.isEmpty)
  }

  @Test("while a file cannot be had it is read by one, and holds up nothing; then its secret is taken")
  func hangingFile() async throws {
    let clock = ManualClock(Samples.start)
    let transport = RecordingTransport { request, _ in
      request.headers.contains { $0.value == "Bearer new" } ? .status(200) : .status(401)
    }
    let waiting = Mutex<[@Sendable (DestinationSettings?) -> Void]>([])
    let old = DestinationSettings(name: "moog", url: "http://h/", headers: [("Authorization", "Bearer old")])
    let new = DestinationSettings(name: "moog", url: "http://h/", headers: [("Authorization", "Bearer new")])
    let queue = MemoryQueue((1...3).map { Samples.delivery($0) })
    let forwarder = Forwarder(
      settings: old, queue: queue, transport: transport, clock: { clock.now }, random: { 0.5 },
      notices: { _ in }, sleep: { await clock.sleep(nanoseconds: $0) },
      refresh: { use in waiting.withLock { $0.append(use) } })
    let task = Task { await forwarder.run() }
    // Trials leave all the while, further apart than the files would be read.
    while transport.requests.count < 6 {
      clock.advance(milliseconds: 1_000)
      try await Task.sleep(for: .milliseconds(1))
    }
    #expect(waiting.withLock { $0.count } == 1)
    waiting.withLock { $0.removeFirst() }(new)
    while queue.pending > 0 {
      clock.advance(milliseconds: 100)
      try await Task.sleep(for: .milliseconds(1))
    }
    task.cancel()
    await task.value
    #expect(queue.rows.isEmpty)
  }

  @Test("what is read again is secrets: nothing else of an edited destination is taken before a reload")
  func onlySecrets() async throws {
    let transport = RecordingTransport { request, _ in
      request.headers.contains { $0.value == "Bearer new" } ? .status(200) : .status(401)
    }
    let queue = MemoryQueue([Samples.delivery(1), Samples.delivery(2)])
    let old = DestinationSettings(name: "moog", url: "http://h/", headers: [("Authorization", "Bearer old")])
    var new = DestinationSettings(name: "moog", url: "http://h/", headers: [("Authorization", "Bearer new")])
    new.timeoutSeconds = 99
    new.tls.ca = "/elsewhere"
    new.format = .cloudevents
    try await deliver(queue, transport, old, renewed: new)
    #expect(transport.requests.allSatisfy { $0.timeoutMs == 10_000 && $0.tls.ca == nil })
    #expect(
      transport.requests.allSatisfy { $0.headers.contains { $0 == ("Content-Type", "application/json") } })
  }

  @Test(
    "an answer that echoes the request gives away nothing of the URL, nor of the proxy's",
    arguments: [
      "https://robot:hunter2hunter@h/x", "https://h/services/T0123ABCD/B0456EFGH/0ToKenOfTheHook",
      "https://h/x?token=0123456789abcdef&pretty=1", "https://h/hook/averylongwordthatisatoken",
      "https://robot:hunter%32hunter@h/x",
    ], [true, false])
  func echo(url: String, isProxy: Bool) async throws {
    let words = [
      "hunter2hunter", "hunter%32hunter", "cm9ib3Q6aHVudGVyMmh1bnRlcg==", "T0123ABCD", "B0456EFGH",
      "0ToKenOfTheHook", "0123456789abcdef", "averylongwordthatisatoken",
    ]
    let body = "the request was: \(url) " + words.joined(separator: " ") + " and: events"
    let transport = RecordingTransport { _, _ in .status(500, body: Array(body.utf8)) }
    var settings = DestinationSettings(name: "moog", url: isProxy ? "http://h/events" : url)
    settings.proxy = isProxy ? url : nil
    let trial = await DestinationTrial.attempt(
      Samples.delivery(1), settings, over: transport, now: Samples.start)
    // As it stands, and as it means.
    let meant = url + url.replacing("%32", with: "2")
    for word in words where meant.contains(word) { #expect(!trial.text.contains(word), "\(word)") }
    if url.contains("robot") { #expect(!trial.text.contains("cm9ib3Q6aHVudGVyMmh1bnRlcg==")) }
    #expect(trial.text.contains("the request was: ") && trial.text.contains("and: events"))
  }

  @Test("a fallback takes over while the first is shut; nobody gets it twice, and a circle ends")
  func fallback() throws {
    func destination(_ name: String, _ fallback: String?, _ match: RouteMatch = RouteMatch())
      -> DestinationSettings
    {
      var settings = DestinationSettings(name: name, url: "http://h/", match: match)
      settings.fallback = fallback
      return settings
    }
    let pages = RouteMatch(handling: ["Page_and_ticket"])
    let router = Router([
      destination("a", "b", pages), destination("b", "c"), destination("c", "a", pages),
    ])
    let draft = try Samples.linkDown()
    // b is somebody's fallback and matches nothing by itself.
    let routes = router.routes(for: draft.row, in: draft.batch)
    #expect(routes == [0, 2])
    #expect(router.detoured(routes, isShut: { _ in false }) == [0, 2])
    #expect(router.detoured(routes, isShut: { $0 == 0 }) == [1, 2])
    #expect(router.detoured(routes, isShut: { $0 < 2 }) == [2])
    #expect(router.detoured(routes, isShut: { _ in true }) == [0, 2])
    // What has not gone over yet goes first: who comes stands behind it.
    #expect(router.detoured(routes, isShut: { $0 == 0 }, isDrained: { $0 != 0 }) == [0, 2])
    #expect(router.detoured([0], isShut: { $0 < 2 }, isDrained: { $0 != 1 }) == [1])
    #expect((0..<3).map(router.chain) == [[1, 2], [2, 0], [0, 1]])
    #expect(router.refuge(for: 0, isShut: { $0 < 2 }, isDrained: { _ in true }) == 2)
    #expect(router.refuge(for: 0, isShut: { $0 < 2 }, isDrained: { $0 != 1 }) == 1)
    #expect(router.refuge(for: 2, isShut: { $0 == 0 }, isDrained: { _ in true }) == 1)
    #expect(router.refuge(for: 0, isShut: { _ in true }, isDrained: { _ in true }) == nil)
    #expect(router.place(of: "c") == 2 && router.place(of: "d") == nil)
  }
}
