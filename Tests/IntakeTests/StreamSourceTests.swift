import Intake
import Model
import Testing

/// A stream listener on loopback, read from the test's own thread.
@Suite struct StreamSourceTests {
  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
  func framesArriveWithTheirPeer(address: String) throws {
    let bench = try StreamBench(address)
    let before = SystemClock.now
    let (lines, octets) = (try bench.connect(), try bench.connect())
    try lines.send(Self.bytes("<13>one\n<13>two"))
    try octets.send(Self.bytes("8 <13>four"))
    let first = try bench.turns("two frames") { $0.count == 2 }
    #expect(first.sorted() == ["<13>four", "<13>one"])
    let about = bench.slab[0]
    #expect(about.peer == bench.source.address.address)
    #expect(about.port != 0 && !about.isTruncated)
    #expect(about.arrival.since(before) >= 0)
    #expect(bench.counts.open == 2 && bench.counts.accepted == 2)
    try lines.send(Self.bytes("!\n"))
    let second = try bench.turns("the end of a line") { $0.count == 1 }
    #expect(second == ["<13>two!"])
  }

  @Test func theLastLineNeedsNoEnd() throws {
    let bench = try StreamBench()
    let sender = try bench.connect()
    try sender.send(Self.bytes("<13>a\n<13>last"))
    sender.hangUp()
    let frames = try bench.turns("both lines") { $0.count == 2 }
    #expect(frames == ["<13>a", "<13>last"])
    _ = try bench.turns("the close") { _ in bench.counts.open == 0 }
    #expect(bench.counts.closed[ClosingReason.peer.rawValue] == 1)
    #expect(bench.notices.isEmpty)
  }

  @Test func aFullSlabLosesNothing() throws {
    let bench = try StreamBench(slots: 3)
    let sender = try bench.connect()
    let sent = (0..<100).map { "<13>message \($0)" }
    try sender.send(Self.bytes(sent.joined(separator: "\n") + "\n"))
    try sender.send(Self.bytes("<13>and a half"))
    var largest = 0
    let frames = try bench.turns("all of them") { found in
      largest = max(largest, bench.slab.count)
      return found.count == 100
    }
    #expect(frames == sent)
    #expect(largest <= 3)
  }

  @Test func oneFastSenderDoesNotKeepOthersWaiting() throws {
    let bench = try StreamBench(slots: 16)
    let (fast, slow) = (try bench.connect(), try bench.connect())
    let flood = Self.bytes(String(repeating: "<13>fast\n", count: 12_000))
    try fast.send(flood)
    try slow.send(Self.bytes("<13>slow\n"))
    var before = 0
    _ = try bench.turns("the slow one") { found in
      before = found.count
      return found.contains("<13>slow")
    }
    // At most one read of the fast one may come first.
    #expect(before <= 65_536 / 9 + 17)
  }

  @Test func longFramesAreCutAndCounted() throws {
    let bench = try StreamBench()
    let (lines, octets) = (try bench.connect(), try bench.connect())
    let long = "<13>" + String(repeating: "x", count: 700)
    try lines.send(Self.bytes(long + "\n<13>next\n"))
    try octets.send(Self.bytes("704 " + long + "9 <13>other"))
    let frames = try bench.turns("four frames") { $0.count == 4 }
    #expect(frames.filter { $0 == String(long.prefix(256)) }.count == 2)
    #expect(frames.contains("<13>next") && frames.contains("<13>other"))
    #expect(bench.counts.oversized == 2)
    #expect(bench.notices.contains { $0.contains("max_frame") })
  }

  @Test func aBadCountEndsTheConnectionAndLosesNothing() throws {
    let bench = try StreamBench()
    let sender = try bench.connect()
    try sender.send(Self.bytes("5 <13>aoops <14>b"))
    let frames = try bench.turns("both") { $0.count == 2 && bench.counts.open == 0 }
    #expect(frames == ["<13>a", "oops <14>b"])
    #expect(bench.counts.closed[ClosingReason.framing.rawValue] == 1)
    #expect(bench.notices.contains { $0.contains("counts octets") })
  }

  @Test func oneConnectionMoreIsRefused() throws {
    let bench = try StreamBench { $0.connections = 2 }
    let (one, two) = (try bench.connect(), try bench.connect())
    try one.send(Self.bytes("<13>1\n"))
    try two.send(Self.bytes("<13>2\n"))
    _ = try bench.turns("two") { $0.count == 2 }
    _ = try bench.connect()
    _ = try bench.turns("the refusal") { _ in bench.counts.refused[RefusalReason.limit.rawValue] == 1 }
    #expect(bench.counts.open == 2)
    #expect(bench.notices.contains { $0.contains("listen.tcp.connections") })
    // Who is in is heard, and a place that gets free is given again.
    try one.send(Self.bytes("<13>3\n"))
    let third = try bench.turns("the third") { $0.count == 1 }
    #expect(third == ["<13>3"])
    #expect(bench.counts.accepted == 3)
  }

  @Test func aPlaceThatGetsFreeIsGivenAgain() throws {
    let bench = try StreamBench { $0.connections = 1 }
    for round in 0..<5 {
      let sender = try bench.connect()
      try sender.send(Self.bytes("<13>\(round)\n"))
      let frames = try bench.turns("round \(round)") { $0.count == 1 }
      #expect(frames == ["<13>\(round)"])
      sender.hangUp()
      _ = try bench.turns("the close") { _ in bench.counts.open == 0 }
    }
    #expect(bench.counts.refused[RefusalReason.limit.rawValue] == 0)
  }

  @Test func addressesCanBeRefused() throws {
    let bench = try StreamBench { $0.admits = { !$0.isLoopback } }
    let sender = try bench.connect()
    try? sender.send(Self.bytes("<13>a\n"))
    let frames = try bench.turns("the refusal") { _ in
      bench.counts.refused[RefusalReason.address.rawValue] == 1
    }
    #expect(frames.isEmpty)
    #expect(bench.counts.open == 0)
  }

  @Test func whoIsQuietIsClosed() throws {
    let bench = try StreamBench { $0.idle = 200_000_000 }
    let quiet = try bench.connect()
    try quiet.send(Self.bytes("<13>a\n"))
    let frames = try bench.turns("the close") { _ in bench.counts.closed[ClosingReason.idle.rawValue] == 1 }
    #expect(frames == ["<13>a"])
    #expect(bench.counts.open == 0)
  }

  @Test func whoSpeaksStays() throws {
    let bench = try StreamBench {
      $0.idle = 2_000_000_000
      $0.patience = 2_000_000_000
    }
    let sender = try bench.connect()
    let start = SystemClock.monotonic
    var sent = 0
    while SystemClock.monotonic - start < 3_000_000_000 {
      try sender.send(Self.bytes("<13>a\n"))
      sent += 1
      _ = try bench.turn(wait: 10)
    }
    #expect(bench.counts.closed[ClosingReason.idle.rawValue] == 0)
    #expect(bench.counts.closed[ClosingReason.slow.rawValue] == 0)
  }

  /// A byte now and then keeps no connection open: the message must end.
  @Test func whoNeverFinishesIsClosedAndHeard() throws {
    let bench = try StreamBench {
      $0.idle = 60_000_000_000
      $0.patience = 300_000_000
    }
    let sender = try bench.connect()
    try sender.send(Self.bytes("<13>"))
    let frames = try bench.turns("the close") { _ in
      try? sender.send(Self.bytes("."))
      return bench.counts.closed[ClosingReason.slow.rawValue] == 1
    }
    #expect(frames.count == 1 && frames[0].hasPrefix("<13>."))
    #expect(bench.notices.contains { $0.contains("not finished in time") })
  }

  @Test func aProxyNamesTheSender() throws {
    let bench = try StreamBench {
      $0.proxies = NetworkSet([Network(address: IPAddress(v4: 127, 0, 0, 0), prefix: 104)])
    }
    let header = Self.bytes("PROXY TCP4 192.0.2.7 127.0.0.1 4000 514\r\n")
    for split in 0...header.count {
      let sender = try bench.connect()
      try sender.send(Array(header[..<split]))
      _ = try bench.turn(wait: 1)
      try sender.send(Array(header[split...]) + Self.bytes("<13>a\n"))
      let frames = try bench.turns("split at \(split)") { $0.count == 1 }
      #expect(frames == ["<13>a"])
      #expect(bench.slab[0].peer == IPAddress(v4: 192, 0, 2, 7))
      #expect(bench.slab[0].port == 4_000)
    }
    // LOCAL: the proxy speaks for itself.
    let sender = try bench.connect()
    try sender.send(ProxyHeaderTests.v2(0x20, 0, []) + Self.bytes("<13>b\n"))
    let frames = try bench.turns("the proxy's own") { $0.count == 1 }
    #expect(frames == ["<13>b"])
    #expect(bench.slab[0].peer == bench.source.address.address)
  }

  @Test func aProxyMustNameTheSender() throws {
    let bench = try StreamBench {
      $0.proxies = NetworkSet([Network(address: IPAddress(v4: 127, 0, 0, 1), prefix: 128)])
      $0.patience = 300_000_000
      $0.admits = { $0 != IPAddress(v4: 192, 0, 2, 9) && !$0.isLoopback }
    }
    let plain = try bench.connect()
    try plain.send(Self.bytes("<13>a\n"))
    // The second says nothing.
    _ = try bench.connect()
    let unwanted = try bench.connect()
    try unwanted.send(Self.bytes("PROXY TCP4 192.0.2.9 127.0.0.1 4000 514\r\n<13>b\n"))
    let frames = try bench.turns("three ends") { _ in
      bench.counts.refused[RefusalReason.proxyHeader.rawValue] == 1
        && bench.counts.refused[RefusalReason.address.rawValue] == 1
        && bench.counts.closed[ClosingReason.slow.rawValue] == 1
    }
    #expect(frames.isEmpty)
    #expect(bench.counts.accepted == 3 && bench.counts.open == 0)
  }

  @Test func fromOthersAHeaderIsData() throws {
    let bench = try StreamBench {
      $0.proxies = NetworkSet([Network(address: IPAddress(v4: 192, 0, 2, 0), prefix: 120)])
    }
    let sender = try bench.connect()
    try sender.send(Self.bytes("PROXY TCP4 192.0.2.7 127.0.0.1 4000 514\r\n<13>a\n"))
    let frames = try bench.turns("two frames") { $0.count == 2 }
    #expect(frames == ["PROXY TCP4 192.0.2.7 127.0.0.1 4000 514", "<13>a"])
    #expect(bench.slab[0].peer == IPAddress(v4: 127, 0, 0, 1))
  }

  /// Nobody reads: the sender is held back by TCP, and then everything is there.
  @Test func whatIsNotReadWaits() throws {
    let bench = try StreamBench(slots: 256)
    let address = bench.source.address
    let count = 100_000
    let sending = StreamSending { () throws(IntakeError) in
      let sender = try StreamSender(to: address)
      for start in stride(from: 0, to: count, by: 1_000) {
        let lines = (start..<start + 1_000).map { "<13>message number \($0) of a flood\n" }.joined()
        try sender.send(Array(lines.utf8))
      }
      try sender.finish()
    }
    var next = 0
    _ = try bench.turns("the flood") { _ in
      for index in 0..<bench.slab.count {
        let text = unsafe String(decoding: bench.slab.bytes(index), as: UTF8.self)
        #expect(text == "<13>message number \(next) of a flood")
        next += 1
      }
      return next == count && sending.isDone
    }
    #expect(sending.error == nil)
  }

  @Test func aWaitEndsWhenWoken() throws {
    let bench = try StreamBench()
    bench.source.wake()
    let frames = try bench.turn(wait: -1)
    #expect(frames.isEmpty)
  }

  @Test func aTakenPortIsNamed() throws {
    let first = try StreamSocket(listening: ListenAddress(parsing: "127.0.0.1:0"))
    let address = first.address
    do throws(IntakeError) {
      let second = try StreamSocket(listening: address)
      Issue.record("bound \(second.address) twice")
    } catch {
      #expect(error.code == .portTaken)
      #expect(error.message.contains("tcp \(address)"))
    }
  }
}
