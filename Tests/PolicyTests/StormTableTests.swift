import Model
import Testing

@testable import Policy

/// Buckets, storms and what is told of them, by clocks that the tests move.
@Suite struct StormTableTests {
  private static let second: Int64 = 1_000_000_000

  /// A table and its two clocks.
  private struct Rig: ~Copyable {
    var table: StormTable
    var monotonic: Int64 = 5_000 * second
    var wall = Timestamp(seconds: 1_795_227_245)

    init(_ rate: String = "10/s", burst: Int = 20, capacity: Int = 64) throws {
      let rate = try #require(Rate(rate))
      table = StormTable(StormLimit(rate: rate, burst: burst), capacity: capacity, seed: 77)
      table.begin(monotonic: monotonic, now: wall)
    }

    mutating func pass(_ nanoseconds: Int64) {
      monotonic += nanoseconds
      wall = Timestamp(nanoseconds: wall.nanoseconds + nanoseconds)
      table.begin(monotonic: monotonic, now: wall)
    }

    /// Sends at the time of now, and says how many passed.
    mutating func send(_ count: Int, from peer: IPAddress = Rig.peer(1), host: UInt64 = 0) -> Int {
      var passed = 0
      for _ in 0..<count where table.judge(peer, host: host, arrival: wall) == .passes { passed += 1 }
      return passed
    }

    /// What the sweep and the news say now.
    mutating func told() -> (began: Int, ended: [StormTable.Storm], untold: StormNews.Untold?) {
      _ = table.sweep(monotonic: monotonic)
      let (told, untold) = table.takeNews()
      return (told.count { $0.begins }, told.filter { !$0.begins }.map(\.storm), untold)
    }

    static func peer(_ number: Int) -> IPAddress { IPAddress(v4: 0x0A00_0000 + UInt32(number)) }
  }

  @Test func theBurstAtOnceThenTheRate() throws {
    var rig = try Rig()
    #expect(rig.send(100) == 20)
    for _ in 0..<50 {
      rig.pass(Self.second)
      #expect(rig.send(100) == 10)
    }
    // Full again, and never more than full.
    rig.pass(3_600 * Self.second)
    #expect(rig.send(100) == 20)
  }

  @Test(
    arguments: [("1/h", 3_600_000_000_000), ("60/m", 1_000_000_000), ("1000000/s", 1_000)]
      as [(String, Int64)])
  func everyUnitOfARate(rate: String, interval: Int64) throws {
    #expect(try #require(Rate(rate)).interval == interval)
    var rig = try Rig(rate, burst: 3)
    #expect(rig.send(5) == 3)
    rig.pass(interval - 1)
    #expect(rig.send(5) == 0)
    rig.pass(1)
    #expect(rig.send(5) == 1)
    rig.pass(2 * interval)
    #expect(rig.send(5) == 2)
  }

  @Test(arguments: ["", "500", "0/s", "-1/s", "500/d", "500/", "/s", "1.5/s", "1000001/s", "5/s/s", "+5/s"])
  func whatIsNoRate(text: String) { #expect(Rate(text) == nil) }

  @Test func sourcesDoNotShare() throws {
    var rig = try Rig()
    #expect(rig.send(1_000) == 20)
    #expect(rig.send(20, from: Rig.peer(2)) == 20)
    // Hosts behind a relay are sources of their own, and so is the relay itself.
    #expect(rig.send(20, host: 7) == 20)
    #expect(rig.send(20, host: 8) == 20)
    #expect(rig.send(20, host: 8) == 0)
    let v6 = try #require(IPAddress("2001:db8::1"))
    #expect(rig.send(30, from: v6) == 20)
  }

  @Test func aStormAtTheEdgeIsOneStorm() throws {
    var rig = try Rig()
    _ = rig.send(21)
    #expect(rig.told().began == 1)
    // Around the rate for ten minutes: now something is shed, now nothing.
    var shed = 1
    for step in 0..<600 {
      rig.pass(Self.second)
      let count = step % 3 == 0 ? 12 : 9
      shed += count - rig.send(count)
      let told = rig.told()
      #expect(told.began == 0 && told.ended.isEmpty)
    }
    #expect(rig.table.active == 1 && rig.table.begun == 1)
    // Just over half: goes on. Under half: over after ten seconds.
    for _ in 0..<60 {
      rig.pass(Self.second)
      #expect(rig.send(6) == 6)
      #expect(rig.told().ended.isEmpty)
    }
    var quiet = 0
    var ended: [StormTable.Storm] = []
    while ended.isEmpty, quiet < 30 {
      rig.pass(Self.second)
      quiet += 1
      #expect(rig.send(4) == 4)
      ended = rig.told().ended
    }
    #expect((10...12).contains(quiet))
    #expect(ended.map(\.shed) == [UInt64(shed)])
    #expect(ended[0].peer == Rig.peer(1) && ended[0].since == Timestamp(seconds: 1_795_227_245))
    #expect((655...665).contains(ended[0].length / Self.second))
    #expect(rig.table.active == 0)
    // The next is another.
    rig.pass(60 * Self.second)
    #expect(rig.send(30) == 20)
    #expect(rig.told().began == 1)
    #expect(rig.table.begun == 2)
  }

  @Test func aSourceThatFallsSilentEndsItsStorm() throws {
    var rig = try Rig()
    _ = rig.send(500)
    _ = rig.told()
    rig.pass(9 * Self.second)
    #expect(rig.told().ended.isEmpty)
    rig.pass(Self.second)
    let ended = rig.told().ended
    #expect(ended.map(\.shed) == [480] && ended.map(\.arrived) == [480])
  }

  /// A rate of one a minute: ten seconds between two events are no calm.
  @Test func slowRatesNeedLongerCalm() throws {
    var rig = try Rig("1/m", burst: 1)
    _ = rig.send(2)
    #expect(rig.told().began == 1)
    for _ in 0..<40 {
      rig.pass(30 * Self.second)
      _ = rig.send(1)
      let told = rig.told()
      #expect(told.began == 0 && told.ended.isEmpty)
    }
    rig.pass(240 * Self.second)
    #expect(rig.told().ended.count == 1)
  }

  /// What had to wait in the kernel counts when it arrived.
  @Test func waitingInTheKernelIsNoStorm() throws {
    var rig = try Rig()
    let before = rig.wall
    rig.pass(10 * Self.second)
    var passed = 0
    for number in 0..<100 {
      let arrival = Timestamp(nanoseconds: before.nanoseconds + Int64(number) * Self.second / 10)
      if rig.table.judge(Rig.peer(1), arrival: arrival) == .passes { passed += 1 }
    }
    #expect(passed == 100)
    #expect(rig.table.begun == 0)
  }

  /// The wall clock jumps, the bucket does not care.
  @Test(arguments: [-86_400, -3, 3, 86_400] as [Int64])
  func aClockThatJumpsNeitherStarvesNorFloods(seconds: Int64) throws {
    var rig = try Rig()
    #expect(rig.send(100) == 20)
    rig.pass(Self.second)
    #expect(rig.send(100) == 10)
    // What has arrived before the jump is read after it.
    let arrival = rig.wall
    rig.wall = rig.wall.adding(seconds: seconds)
    rig.table.begin(monotonic: rig.monotonic, now: rig.wall)
    var passed = 0
    for _ in 0..<100 where rig.table.judge(Rig.peer(1), arrival: arrival) == .passes { passed += 1 }
    #expect(passed == 0)
    #expect(rig.table.judge(Rig.peer(2), arrival: arrival) == .passes)
    for _ in 0..<20 {
      rig.pass(Self.second)
      #expect(rig.send(100) == 10)
    }
    // Even a monotonic clock that went back.
    rig.table.begin(monotonic: rig.monotonic - 500 * Self.second, now: rig.wall)
    #expect(rig.send(10) == 0)
    rig.pass(Self.second)
    #expect(rig.send(100) == 10)
  }

  /// A million sources that send once each beside one that storms and one that keeps within its rate.
  @Test func aMillionSpoofedSourcesTakeThePlacesOfEachOther() throws {
    var rig = try Rig("500/s", burst: 50, capacity: 1_024)
    let honest = try #require(IPAddress("192.0.2.1"))
    let flood = try #require(IPAddress("192.0.2.2"))
    var passedOfHonest = 0
    var passedOfFlood = 0
    for number in 0..<1_000_000 {
      // 200,000 a second.
      if number % 200 == 0 { rig.pass(Self.second / 1_000) }
      #expect(rig.table.judge(Rig.peer(number), arrival: rig.wall) == .passes)
      if number % 1_000 == 0 { passedOfHonest += rig.send(1, from: honest) }
      if number % 10 == 0 { passedOfFlood += rig.send(1, from: flood) }
    }
    #expect(passedOfHonest == 1_000)
    // Never forgotten: its burst once, then its rate for five seconds.
    #expect((2_540...2_560).contains(passedOfFlood))
    #expect(rig.table.active == 1 && rig.table.begun == 1)
    _ = rig.told()
    rig.pass(20 * Self.second)
    #expect(rig.told().ended.map(\.shed) == [UInt64(100_000 - passedOfFlood)])
  }

  /// More storms than there are records: all are limited, and the log stays short.
  @Test func moreStormsThanRecords() throws {
    var rig = try Rig("10/s", burst: 2, capacity: 8_192)
    var shed: UInt64 = 0
    for source in 0..<3_000 { shed += UInt64(5 - rig.send(5, from: Rig.peer(source))) }
    #expect(shed == 9_000)
    #expect(rig.table.active == StormTable.stormLimit)
    let first = rig.told()
    #expect(first.began == StormNews.limit && first.untold == nil)
    rig.pass(StormNews.window)
    let later = rig.told()
    #expect(later.began == 0 && rig.table.active == 0)
    #expect(later.untold?.began == UInt64(StormTable.stormLimit - StormNews.limit))
    // Every event shed is told: of storms that ended, one by one or in the sum, and of those without a
    // record.
    rig.pass(StormNews.window)
    let last = rig.told()
    let told = (first.ended + later.ended + last.ended).reduce(0) { $0 + $1.shed }
    #expect(told + (later.untold?.shed ?? 0) + (last.untold?.shed ?? 0) == shed)
  }

  @Test func stormsGiveWayOnlyToStorms() throws {
    var rig = try Rig("10/s", burst: 2, capacity: 8)
    for source in 0..<8 { _ = rig.send(5, from: Rig.peer(source)) }
    #expect(rig.table.active == 8)
    #expect(rig.send(5, from: Rig.peer(100)) == 2)
    #expect(rig.table.active == 8)
    let told = rig.told()
    #expect(told.began == 9 && told.ended.map(\.shed) == [3])
  }

  @Test func atTheEndAllIsTold() throws {
    var rig = try Rig()
    _ = rig.send(50)
    rig.table.endAll()
    let (told, _) = rig.table.takeNews()
    #expect(told.map(\.begins) == [true, false] && told[1].storm.shed == 30)
    #expect(rig.table.active == 0 && rig.table.largest == nil && !rig.table.hasNews)
  }

  @Test func offIsOff() {
    let table = StormTable(nil, seed: 0)
    #expect(!table.isOn && table.active == 0 && !table.hasNews)
  }
}
