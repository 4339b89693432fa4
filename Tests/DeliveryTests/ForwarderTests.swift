import Delivery
import Model
import Synchronization
import TestKit
import Testing

@Suite("The forwarder of one destination")
struct ForwarderTests {
  private final class Seen<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    func append(_ value: Value) { values.withLock { $0.append(value) } }
    var all: [Value] { values.withLock { $0 } }
  }

  /// A forwarder between fakes, at work until `stop()`.
  private final class Rig: Sendable {
    let queue: MemoryQueue
    let clock = ManualClock(Samples.start)
    let notices = Seen<Notice>()
    let latencies = Seen<Int64>()
    let lateLatencies = Seen<Int64>()
    let forwarder: Forwarder
    let task: Task<Void, Never>

    init(
      _ transport: any WebhookTransport, _ deliveries: [Delivery] = [], url: String = "http://h/",
      headers: [(name: String, value: String)] = [], concurrency: Int = 4
    ) {
      let queue = MemoryQueue(deliveries)
      self.queue = queue
      let settings = DestinationSettings(
        name: "moog", url: url, headers: headers, concurrency: concurrency)
      forwarder = Forwarder(
        settings: settings, queue: queue, transport: transport, clock: { [clock] in clock.now },
        random: { 0.5 }, notices: { [notices] in notices.append($0) },
        graceSeconds: 5, sleep: { [clock] in await clock.sleep(nanoseconds: $0) },
        observe: { [latencies, lateLatencies] in ($1 ? latencies : lateLatencies).append($0) })
      task = Task { [forwarder] in await forwarder.run() }
    }

    func stop() async {
      task.cancel()
      await task.value
    }
  }

  /// Waits for what other tasks are about to do.
  private func until(_ isTrue: () -> Bool) async throws {
    while !isTrue() { try await Task.sleep(for: .milliseconds(1)) }
  }

  @Test("delivers what is there and what comes, marks it, and measures it")
  func delivers() async throws {
    let transport = RecordingTransport()
    let rig = Rig(transport, (1...3).map { Samples.delivery($0) })
    try await until { rig.queue.pending == 0 }
    rig.clock.advance(seconds: 2)
    rig.queue.add([Samples.delivery(4)])
    rig.forwarder.wake()
    try await until { rig.queue.pending == 0 }
    await rig.stop()
    #expect(Set(rig.queue.outcomes.map(\.id)) == [1, 2, 3, 4])
    #expect(rig.queue.outcomes.allSatisfy { $0.verdict == .delivered(marks: true) && $0.status == 200 })
    #expect(rig.latencies.all == [0, 0, 0, 2_000_000_000])
    #expect(rig.lateLatencies.all == [])
    #expect(rig.notices.all == [])
  }

  @Test("standard output never marks")
  func noMarks() async throws {
    let rig = Rig(RecordingTransport(), [Samples.delivery(1)], url: "stdout:")
    try await until { rig.queue.pending == 0 }
    await rig.stop()
    #expect(rig.queue.outcomes.map(\.verdict) == [.delivered(marks: false)])
  }

  @Test("from attempt to attempt the headers tell, and the body stays")
  func headers() async throws {
    let transport = RecordingTransport { _, number in
      number == 0 ? .status(500, body: Array("oops\u{1B}[31m".utf8)) : .status(202)
    }
    let rig = Rig(
      transport, [Samples.delivery(7, event: 911)],
      headers: [("Authorization", "Bearer hunter22"), ("mutt-attempt", "99"), ("User-Agent", "mine")])
    try await until { rig.clock.sleeperCount == 1 && rig.queue.records == 1 }
    #expect(rig.queue.rows[0].nextAttemptAt == Samples.start.adding(milliseconds: 500))
    #expect(rig.queue.rows[0].lastError == "status 500: oops\u{FFFD}[31m")
    rig.clock.advance(milliseconds: 499)
    #expect(transport.requests.count == 1)
    rig.clock.advance(milliseconds: 3_001)
    try await until { rig.queue.pending == 0 }
    await rig.stop()
    let all = transport.requests.map { request in request.headers.map { "\($0.name): \($0.value)" } }
    let fixed = ["Content-Type: application/json", "Authorization: Bearer hunter22", "User-Agent: mine"]
    #expect(all[0] == fixed + ["Idempotency-Key: 911", "Mutt-Attempt: 1", "Mutt-Delay-Seconds: 0"])
    #expect(all[1] == fixed + ["Idempotency-Key: 911", "Mutt-Attempt: 2", "Mutt-Delay-Seconds: 3"])
    #expect(transport.requests[0].body == transport.requests[1].body)
    #expect(transport.requests[0].timeoutMs == 10_000)
    let told = rig.notices.all.map(\.message)
    #expect(told == ["destination fails; its alerts wait in the outbox", "destination works again"])
    #expect(!"\(rig.notices.all)".contains("hunter22"))
  }

  @Test("a User-Agent of our own unless one is configured")
  func userAgent() async throws {
    let transport = RecordingTransport()
    let rig = Rig(transport, [Samples.delivery(1)])
    try await until { rig.queue.pending == 0 }
    await rig.stop()
    #expect(transport.requests[0].headers.contains { $0 == ("User-Agent", "muttd/\(Version.text)") })
  }

  @Test("first attempts of one signature leave in their order; others pass")
  func order() async throws {
    let transport = RecordingTransport()
    let deliveries = (1...60).map { Samples.delivery($0, signature: $0 % 3 == 0 ? "a" : "b\($0 % 2)") }
    let rig = Rig(transport, deliveries, concurrency: 8)
    try await until { rig.queue.pending == 0 }
    await rig.stop()
    let sent = transport.requests.compactMap { request in
      request.headers.first { $0.name == "Idempotency-Key" }.flatMap { Int($0.value) }
    }
    #expect(sent.count == 60)
    let inA = sent.filter { $0 % 3 == 0 }
    #expect(inA == inA.sorted())
    for parity in 0...1 {
      let inB = sent.filter { $0 % 3 != 0 && $0 % 2 == parity }
      #expect(inB == inB.sorted())
    }
    #expect(transport.mostUnderWay <= 3)
  }

  @Test("what hangs holds up neither the others nor, beyond the grace, the stop")
  func hangs() async throws {
    let transport = RecordingTransport { _, number in number == 0 ? .hang : .status(200) }
    let rig = Rig(transport, (1...20).map { Samples.delivery($0) }, concurrency: 2)
    try await until { rig.queue.pending == 1 }
    rig.task.cancel()
    // The grace sleeps. Before its end nothing is cut.
    try await until { rig.clock.sleeperCount == 1 }
    rig.clock.advance(seconds: 4)
    #expect(transport.underWay == 1)
    rig.clock.advance(seconds: 1)
    await rig.task.value
    #expect(transport.underWay == 0)
    #expect(rig.queue.pending == 1)
    #expect(rig.queue.rows[0].attempts == 0)
  }

  @Test("an attempt that ends within the grace is recorded")
  func grace() async throws {
    let transport = RecordingTransport { _, _ in .hang }
    let rig = Rig(transport, [Samples.delivery(1), Samples.delivery(2)])
    try await until { transport.underWay == 2 }
    rig.queue.add([Samples.delivery(3)])
    rig.task.cancel()
    rig.forwarder.wake()
    transport.release()
    await rig.task.value
    #expect(rig.queue.rows.map(\.id) == [3])
    #expect(transport.requests.count == 2)
  }

  @Test("a queue that refuses a record is asked again; nothing is sent twice meanwhile")
  func refusedRecord() async throws {
    let transport = RecordingTransport()
    let rig = Rig(transport)
    try await until { rig.queue.looks == 1 }
    rig.queue.refuse(2)
    rig.queue.add([Samples.delivery(1)])
    rig.forwarder.wake()
    while rig.queue.pending > 0 {
      rig.clock.advance(seconds: 1)
      rig.forwarder.wake()
      try await Task.sleep(for: .milliseconds(1))
    }
    await rig.stop()
    #expect(transport.requests.count == 1)
    #expect(rig.notices.all.count { $0.level == .error } == 2)
  }

  /// The clock goes two days ahead while the steady one stands still: the alert that waits is not given up.
  @Test("a clock set forward is no age")
  func clockSetForward() async throws {
    let transport = RecordingTransport { _, _ in .failure(DeliveryError(.connect, "cannot connect")) }
    let queue = MemoryQueue([Samples.delivery(1)])
    let clock = ManualClock(Samples.start)
    let stored = Seen<ClockLeaps>()
    func run(_ book: ClockBook) -> Task<Void, Never> {
      let forwarder = Forwarder(
        settings: DestinationSettings(name: "moog", url: "http://h/"), queue: queue, transport: transport,
        clock: { clock.now }, clockBook: book, random: { 0.5 }, notices: { _ in },
        sleep: { await clock.sleep(nanoseconds: $0) })
      return Task { await forwarder.run() }
    }
    let book = ClockBook(clock: { clock.now }, steady: { 0 }, changed: { stored.append($0) })
    var task = run(book)
    try await until { queue.records == 1 && clock.sleeperCount == 1 }
    clock.advance(seconds: 2 * 86_400)
    try await until { queue.records == 2 }
    #expect(queue.rows.map(\.state) == [.pending])
    task.cancel()
    await task.value
    // Who begins after it knows it too: in another run from what was stored, in this one from the book.
    let leaps = try #require(stored.all.last)
    #expect(leaps.leaps.map(\.by) == [2 * 86_400_000_000_000])
    for known in [ClockBook(leaps, clock: { clock.now }, steady: { 0 }), book] {
      let before = queue.records
      task = run(known)
      var tries = 0
      while queue.records == before, tries < 1_000 {
        tries += 1
        clock.advance(milliseconds: 5)
        try await Task.sleep(for: .milliseconds(1))
      }
      #expect(queue.records > before && queue.rows.map(\.state) == [.pending])
      task.cancel()
      await task.value
    }
  }

  @Test("dead after max_age, with a notice that says what to do")
  func dead() async throws {
    let transport = RecordingTransport { _, _ in .failure(DeliveryError(.connect, "cannot connect")) }
    let rig = Rig(transport, [Samples.delivery(1, createdAt: Samples.start.adding(seconds: -86_400))])
    try await until { rig.queue.records == 1 }
    await rig.stop()
    #expect(rig.queue.rows.map(\.state) == [.dead])
    #expect(rig.queue.rows[0].lastError == "older than max_age: cannot connect")
    let notice = try #require(rig.notices.all.first { $0.level == .error })
    #expect(
      notice.fields.contains {
        $0.0 == "do" && $0.1 == .text("muttd outbox list --destination moog --state dead")
      })
  }

  @Test("idle means idle: no look at the queue without a reason")
  func idle() async throws {
    let rig = Rig(RecordingTransport(), [Samples.delivery(1)])
    try await until { rig.queue.pending == 0 && rig.clock.sleeperCount == 0 }
    rig.clock.advance(seconds: 86_400)
    let looks = rig.queue.looks
    rig.forwarder.wake()
    try await until { rig.queue.looks > looks }
    await rig.stop()
    #expect(rig.queue.looks == looks + 1)
  }

  @Test("over the wire: 500, then 200; a thousand alerts over few connections; each once")
  func overTheWire() async throws {
    let receiver = try Receiver { _, number in Receiver.answer(number < 5 ? 500 : 200) }
    let transport = try CurlTransport(connections: 8)
    // Of today: what is older than max_age is not sent again.
    let queue = MemoryQueue(
      (1...1_000).map { Samples.delivery($0, signature: "s\($0 % 50)", createdAt: systemTime()) })
    var settings = DestinationSettings(name: "moog", url: receiver.url, concurrency: 8)
    settings.retryInitialMs = 1
    let forwarder = Forwarder(
      settings: settings, queue: queue, transport: transport, clock: systemTime, notices: { _ in })
    let task = Task { await forwarder.run() }
    try await until { queue.pending == 0 }
    task.cancel()
    await task.value
    transport.shutdown()
    let requests = receiver.requests
    receiver.stop()
    #expect(requests.count == 1_005)
    #expect(Set(requests.compactMap { $0.headers["idempotency-key"] }).count == 1_000)
    #expect(receiver.connections <= 8)
    #expect(queue.records < 1_005)
  }
}
