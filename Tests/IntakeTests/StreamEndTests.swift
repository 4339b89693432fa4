import Intake
import Model
import Testing

/// How connections end that do not end themselves: at a stop, and when they hold their place with nothing.
@Suite struct StreamEndTests {
  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// What the end brings, however small the slab is.
  private func finish(_ bench: StreamBench) -> [String] {
    var found: [String] = []
    while true {
      bench.source.finish(into: &bench.slab)
      if bench.slab.count == 0 { return found }
      for index in 0..<bench.slab.count {
        found.append(unsafe String(decoding: bench.slab.bytes(index), as: UTF8.self))
      }
    }
  }

  @Test(arguments: [1, 64])
  func whatWasBegunIsAMessageAtTheStop(slots: Int) throws {
    let bench = try StreamBench(slots: slots)
    let starts = ["<13>a\n<13>half a line", "5 <13>a8 <13>of", "<13>a\n", "<13>a\n<13>\r"]
    for start in starts { try bench.connect().send(Self.bytes(start)) }
    let whole = try bench.turns("the whole ones") { $0.count == starts.count }
    #expect(whole == Array(repeating: "<13>a", count: starts.count))
    bench.source.refuse()
    #expect(finish(bench).sorted() == ["<13>", "<13>half a line", "<13>of"])
    #expect(bench.counts.closed[ClosingReason.stop.rawValue] == UInt64(starts.count))
    #expect(bench.counts.open == 0)
    #expect(bench.notices.isEmpty)
  }

  @Test func whatNobodyReadIsCountedAndTold() throws {
    let bench = try StreamBench(slots: 64)
    let (flood, quiet) = (try bench.connect(), try bench.connect())
    try quiet.send(Self.bytes("<13>quiet\n"))
    _ = try bench.turns("the quiet one") { $0.count == 1 }
    try flood.send(Self.bytes(String(repeating: "<13>fast\n", count: 12_000)))
    // One read has at most 64 KiB; the rest waits in the kernel.
    let found = try bench.turns("a part of one read") { !$0.isEmpty }
    let last = finish(bench)
    #expect((found + last).allSatisfy { "<13>fast".hasPrefix($0) })
    #expect(found.count + last.count <= 65_536 / 9 + 1)
    #expect(bench.counts.closed[ClosingReason.unread.rawValue] == 1)
    #expect(bench.counts.closed[ClosingReason.stop.rawValue] == 1)
    #expect(
      bench.notices == [
        "a connection was closed at the stop with bytes that nobody read: the time was over"
      ])
  }

  @Test func whoWaitsIsLetInAndNobodyAfterwards() throws {
    let bench = try StreamBench()
    for number in 0..<100 { try bench.connect().send(Self.bytes("<13>\(number)\n")) }
    bench.source.refuse()
    #expect(bench.counts.accepted == 100)
    #expect(throws: IntakeError.self) { _ = try StreamSender(to: bench.source.address) }
    let frames = try bench.turns("all who waited") { $0.count == 100 }
    #expect(Set(frames) == Set((0..<100).map { "<13>\($0)" }))
  }

  private func flood(_ bench: StreamBench, _ text: String) -> StreamSending {
    let address = bench.source.address
    let chunk = Self.bytes(String(repeating: text, count: 60_000))
    return StreamSending { () throws(IntakeError) in
      let sender = try StreamSender(to: address)
      // Until the other side has closed.
      while true { try sender.send(chunk) }
    }
  }

  /// Bytes wait in the kernel whenever somebody looks.
  @Test func aLineWithoutAnEndIsClosed() throws {
    let bench = try StreamBench {
      $0.patience = 300_000_000
      $0.idle = 120_000_000_000
    }
    let sending = flood(bench, "x")
    let frames = try bench.turns("the close") { _ in
      bench.counts.closed[ClosingReason.slow.rawValue] == 1 && sending.isDone
    }
    #expect(frames == [String(repeating: "x", count: 256)])
    #expect(bench.counts.open == 0)
  }

  @Test(arguments: ["\n", "\r\n", "\0"])
  func fillerIsNoSignOfLife(filler: String) throws {
    let bench = try StreamBench { $0.idle = 300_000_000 }
    // One floods, one sends some now and then.
    let sending = flood(bench, filler)
    let client = try bench.connect()
    let frames = try bench.turns("both closes") { _ in
      try? client.send(Self.bytes(filler))
      return bench.counts.closed[ClosingReason.idle.rawValue] == 2 && sending.isDone
    }
    #expect(frames.isEmpty)
  }

  @Test func aProbeOfALoadBalancerIsNoFault() throws {
    let bench = try StreamBench {
      $0.proxies = NetworkSet([Network(address: IPAddress(v4: 127, 0, 0, 1), prefix: 128)])
    }
    for _ in 0..<3 { try bench.connect().hangUp() }
    _ = try bench.turns("three ends") { _ in bench.counts.closed[ClosingReason.peer.rawValue] == 3 }
    #expect(bench.counts.refused[RefusalReason.proxyHeader.rawValue] == 0)
    #expect(bench.notices.isEmpty)
    // Half a header is one.
    let half = try bench.connect()
    try half.send(Self.bytes("PROXY TCP4"))
    half.hangUp()
    _ = try bench.turns("the refusal") { _ in bench.counts.refused[RefusalReason.proxyHeader.rawValue] == 1 }
    #expect(bench.notices.count == 1)
  }
}
