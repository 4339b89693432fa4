package import Model

/// What one source may send (`storm`): `burst` at once, and in the long run `rate`.
package struct StormLimit: Sendable, Equatable {
  package var rate: Rate
  /// 1...1,000,000.
  package var burst: Int

  package init(rate: Rate, burst: Int) {
    self.rate = rate
    self.burst = burst
  }
}

/// A token bucket for each source, as far as memory for them goes.
///
/// A hash table of fixed size, in sets of eight. A bucket is one number: the time from which it is full
/// again. What is new takes the place of the bucket that is full first in its set. Mostly that one is full
/// already, and then nothing is forgotten: it is as good as new. A source that storms gives way only to
/// another that does.
///
/// A storm begins with the first event that finds its bucket empty, and ends when the source has stayed under
/// half the rate for a while: one at the edge makes one storm, not many.
///
/// Times are monotonic nanoseconds. An event counts when it arrived, not when it was read: what had to wait
/// in the kernel came no quicker for that.
package struct StormTable: ~Copyable {
  /// Buckets of a worker's table, 1.3 MiB. A bucket of 500 a second is full again 2 ms after a lone event,
  /// so a million spoofed sources take the places of each other.
  package static var standardCapacity: Int { 32_768 }
  package static var entrySize: Int { MemoryLayout<Entry>.stride }
  /// Storms with a record of their own; the sources beyond are limited too, without one.
  package static var stormLimit: Int { 1_024 }
  package static var stormSize: Int { MemoryLayout<Storm>.stride + 300 }

  private static var ways: Int { 8 }
  /// Shortest time under half the rate that ends a storm, nanoseconds.
  package static var calm: Int64 { 10_000_000_000 }
  /// Longest wait in the kernel that is believed, nanoseconds: the wall clock may have jumped meanwhile.
  private static var longestWait: Int64 { 60_000_000_000 }

  private struct Entry: BitwiseCopyable {
    var high: UInt64 = 0
    var low: UInt64 = 0
    /// Hash of the host that a relay names; 0: the peer itself.
    var host: UInt64 = 0
    /// When the bucket is full again; 0: never used.
    var fullAt: Int64 = 0
    /// Index among `storms`; -1: none.
    var storm: Int32 = -1
  }

  /// A source that sends more than it may.
  package struct Storm: Sendable {
    package fileprivate(set) var peer: IPAddress
    fileprivate var hash: UInt64
    /// The host that a relay names; empty: the peer itself.
    package var host = ""
    /// The record is free for another.
    fileprivate var isOver = false
    package fileprivate(set) var since: Timestamp
    fileprivate var begunAt: Int64
    /// The last event above half the rate.
    fileprivate var hotAt: Int64
    /// When a bucket of half the rate is full again.
    fileprivate var halfFullAt: Int64
    package fileprivate(set) var shed: UInt64 = 0
    /// Shed and let through, since the storm began.
    package fileprivate(set) var arrived: UInt64 = 0

    /// From the first event shed to the last above half the rate, nanoseconds.
    package var length: Int64 { max(0, hotAt - begunAt) }
  }

  package enum Verdict: Sendable {
    case passes
    case sheds
    /// Shed, and the first of its storm: `nameLatest` may say who it is.
    case begins
  }

  private var interval: Int64 = 0
  /// How far ahead of the time a bucket may be full again and still hold a token.
  private var slack: Int64 = 0
  private var calm: Int64 = 0
  private let seed: UInt64
  private let capacity: Int
  private var entries: [Entry] = []
  private var storms: [Storm] = []
  private var free: [Int32] = []
  private var latest: Int32 = -1

  private var monotonic: Int64 = 0
  private var wall: Int64 = 0
  /// Time of the last event: they come in their order.
  private var time: Int64 = 0
  private var sweptAt: Int64 = .min

  /// Storms under way that have a record.
  package private(set) var active = 0
  /// Storms that have begun, those without a record not counted.
  package private(set) var begun: UInt64 = 0
  private var news = StormNews()

  /// - Parameters:
  ///   - limit: nil: everything passes, and nothing is kept.
  ///   - capacity: buckets, a power of two of at least eight.
  ///   - seed: makes it unknown which sources share a set.
  package init(_ limit: StormLimit?, capacity: Int = standardCapacity, seed: UInt64) {
    precondition(capacity >= StormTable.ways && capacity & (capacity - 1) == 0)
    self.seed = seed
    self.capacity = capacity
    exchange(limit)
  }

  /// Limits by `limit` from now on, every bucket full; nil: everything passes, and nothing is kept. Storms
  /// under way are over, and still to be told.
  package mutating func exchange(_ limit: StormLimit?) {
    endAll()
    (interval, slack, calm) = (0, 0, 0)
    (entries, storms, free, latest) = ([], [], [], -1)
    isOn = limit != nil
    guard let limit else { return }
    interval = limit.rate.interval
    slack = Int64(limit.burst - 1) * limit.rate.interval
    calm = max(StormTable.calm, 4 * limit.rate.interval)
    entries = Array(repeating: Entry(), count: capacity)
    storms.reserveCapacity(StormTable.stormLimit)
    free.reserveCapacity(StormTable.stormLimit)
  }

  /// Stored, so that who asks need not copy the table.
  package private(set) var isOn = false

  /// The time of the events that follow, on both clocks.
  package mutating func begin(monotonic: Int64, now: Timestamp) {
    if time == 0 { time = monotonic - StormTable.longestWait }
    self.monotonic = max(self.monotonic, monotonic)
    wall = now.nanoseconds
  }

  /// Takes a token for an event of `peer`. `host`: the hash of the host that it names, where the peer is a
  /// relay that speaks for many; 0: the peer itself.
  package mutating func judge(_ peer: IPAddress, host: UInt64 = 0, arrival: Timestamp) -> Verdict {
    let waited = min(max(wall &- arrival.nanoseconds, 0), StormTable.longestWait)
    time = max(time, monotonic &- waited)
    let place = find(peer, host)
    let entry = entries[place]
    let fullAt = max(entry.fullAt, time)
    if fullAt &- time <= slack {
      entries[place].fullAt = fullAt &+ interval
      if entry.storm >= 0 { StormTable.letThrough(&storms[Int(entry.storm)], time, interval) }
      return .passes
    }
    if entry.storm < 0 { return startStorm(at: place) }
    StormTable.shed(&storms[Int(entry.storm)], time)
    return .sheds
  }

  @inline(__always)
  private static func shed(_ storm: inout Storm, _ time: Int64) {
    storm.shed &+= 1
    storm.arrived &+= 1
    storm.hotAt = time
  }

  private static func letThrough(_ storm: inout Storm, _ time: Int64, _ interval: Int64) {
    storm.arrived &+= 1
    let halfFullAt = max(storm.halfFullAt, time)
    // A second's worth at once is no more than half the rate yet.
    if halfFullAt - time > max(2 * interval, 1_000_000_000) {
      storm.hotAt = time
    } else {
      storm.halfFullAt = halfFullAt + 2 * interval
    }
  }

  /// The bucket of a source, put first in its set: the next event mostly is of the same one.
  @inline(__always)
  private mutating func find(_ peer: IPAddress, _ host: UInt64) -> Int {
    let hash = Mixer.mix(peer.high ^ host ^ seed, peer.low ^ 0xA076_1D64_78BD_642F ^ seed &>> 7)
    let first = Int(truncatingIfNeeded: hash) & (entries.count &- 1) & ~(StormTable.ways &- 1)
    let head = entries[first]
    if head.low == peer.low, head.high == peer.high, head.host == host { return first }
    return findBehind(first, peer, host)
  }

  @inline(never)
  private mutating func findBehind(_ first: Int, _ peer: IPAddress, _ host: UInt64) -> Int {
    var victim = first
    for place in first..<first + StormTable.ways {
      let entry = entries[place]
      if entry.low == peer.low, entry.high == peer.high, entry.host == host {
        entries.swapAt(first, place)
        return first
      }
      let chosen = entries[victim]
      let yields = (entry.storm >= 0) == (chosen.storm >= 0) ? entry.fullAt < chosen.fullAt : entry.storm < 0
      if yields { victim = place }
    }
    if entries[victim].storm >= 0 { finish(Int(entries[victim].storm)) }
    entries[victim] = Entry(high: peer.high, low: peer.low, host: host)
    entries.swapAt(first, victim)
    return first
  }

  @inline(never)
  private mutating func startStorm(at place: Int) -> Verdict {
    let entry = entries[place]
    if free.isEmpty, storms.count == StormTable.stormLimit {
      news.addUnrecorded()
      return .sheds
    }
    var storm = Storm(
      peer: IPAddress(high: entry.high, low: entry.low), hash: entry.host, since: wallTime(of: time),
      begunAt: time, hotAt: time, halfFullAt: time)
    storm.shed = 1
    storm.arrived = 1
    if let index = free.popLast() {
      latest = index
      storms[Int(index)] = storm
    } else {
      latest = Int32(storms.count)
      storms.append(storm)
    }
    entries[place].storm = latest
    active += 1
    begun += 1
    news.add(storm, begins: true, monotonic)
    return .begins
  }

  /// Says which host the storm that has just begun is of.
  package mutating func nameLatest(_ host: String) {
    storms[Int(latest)].host = host
    news.nameLast(host)
  }

  /// A record is given back; what it says becomes news.
  private mutating func finish(_ index: Int) {
    storms[index].isOver = true
    free.append(Int32(index))
    active -= 1
    news.add(storms[index], begins: false, monotonic)
  }

  /// Ends the storms that are over, at most once a second; true when it looked.
  package mutating func sweep(monotonic: Int64) -> Bool {
    self.monotonic = max(self.monotonic, monotonic)
    guard self.monotonic - 1_000_000_000 >= sweptAt else { return false }
    sweptAt = self.monotonic
    if active > 0 { end { $0.hotAt } }
    return true
  }

  /// Ends them all: nothing more will come.
  package mutating func endAll() { end { _ in .min } }

  private mutating func end(_ hotAt: (Storm) -> Int64) {
    for index in 0..<storms.count {
      let storm = storms[index]
      if storm.isOver || hotAt(storm) > monotonic - calm { continue }
      // A bucket that storms leaves its set only with its storm.
      entries[find(storm.peer, storm.hash)].storm = -1
      finish(index)
    }
  }

  /// There is something to take.
  package var hasNews: Bool { news.isDue(monotonic) }

  /// What has happened since the last call, and how much more there was than is told.
  package mutating func takeNews() -> (told: [StormNews.Item], untold: StormNews.Untold?) {
    news.take(monotonic)
  }

  /// The storm under way that has shed most.
  package var largest: Storm? {
    storms.lazy.filter { !$0.isOver }.max { $0.shed < $1.shed }
  }

  private func wallTime(of time: Int64) -> Timestamp { Timestamp(nanoseconds: wall - (monotonic - time)) }
}
