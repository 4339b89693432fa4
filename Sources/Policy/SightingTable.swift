package import Model

/// Who sends and is no device, as one worker has heard it.
///
/// A hash table of fixed size, in sets of eight; what is new takes the place of who was heard longest ago in
/// its set. An event costs a look at eight bytes of hashes, at one entry and at when that was heard, and
/// allocates nothing. What has changed is taken now and then and kept elsewhere, so that who had to go is
/// only forgotten when it had not been taken yet.
package struct SightingTable: ~Copyable {
  /// Entries of a worker's table, 500 KiB.
  package static var standardCapacity: Int { 4_096 }
  package static var entrySize: Int {
    MemoryLayout<Entry>.stride + MemoryLayout<Int64>.stride + nameLimit + 1
  }
  /// Bytes of a name that are kept.
  package static var nameLimit: Int { 64 }

  private static var ways: Int { 8 }
  /// Who is new is told after this, what else has changed after that, nanoseconds.
  private static var newcomerWait: Int64 { 2_000_000_000 }
  private static var changeWait: Int64 { 60_000_000_000 }
  /// And after that, where more senders came than the table would hold until then: invented names, or those
  /// of a very large network without a list of devices. What is counted of them is not the whole anyway, and
  /// the outbox is not given a full table every other second.
  private static var floodWait: Int64 { 30_000_000_000 }

  private struct Entry: BitwiseCopyable {
    var address: IPAddress = .unspecified
    /// Hash of the name; 0: none.
    var host: UInt64 = 0
    /// The first of what was not taken yet.
    var firstSeen: Int64 = 0
    /// Not taken yet.
    var syslog: UInt32 = 0
    var traps: UInt32 = 0
    var nameCount: UInt8 = 0

    @inline(__always)
    mutating func count(isTrap: Bool, at now: Int64) {
      if syslog == 0, traps == 0 { firstSeen = now }
      if isTrap {
        traps &+= traps == .max ? 0 : 1
      } else {
        syslog &+= syslog == .max ? 0 : 1
      }
    }
  }

  private let seed: UInt64
  private var entries: [Entry]
  /// When each was heard last, nanoseconds since 1970; 0: the entry is free. By themselves, so that who was
  /// heard longest ago in a set is found in a line or two of the cache.
  private var heard: [Int64]
  /// A byte of the hash of each entry, a set in a word, the first lowest; 0: the entry is free. Of the
  /// entries of a set, most of them in other lines of the cache, only those are read that it lets through.
  private var tags: [UInt64]
  private var names: [UInt8]
  private var hasNewcomers = false
  private var hasChanges = false
  private var takenAt: Int64 = .min
  private var newcomerWait = SightingTable.newcomerWait
  private var countedEvictions: UInt64 = 0
  /// Entries that had to go before they were taken.
  package private(set) var evictions: UInt64 = 0

  /// - Parameters:
  ///   - capacity: a power of two of at least eight; 0: nothing is noted.
  ///   - seed: makes it unknown who shares a set.
  package init(capacity: Int, seed: UInt64) {
    precondition(capacity == 0 || capacity >= SightingTable.ways && capacity & (capacity - 1) == 0)
    self.seed = seed
    entries = Array(repeating: Entry(), count: capacity)
    heard = Array(repeating: 0, count: capacity)
    tags = Array(repeating: 0, count: capacity / SightingTable.ways)
    names = Array(repeating: 0, count: capacity * SightingTable.nameLimit)
  }

  package var isOn: Bool { !entries.isEmpty }

  /// Notes an event of `address`, which calls itself what stands in `bytes` at `name`; absent: nothing.
  /// `host` is the hash of that (`Matcher.hash`), which others need too.
  package mutating func note(
    _ address: IPAddress, _ bytes: Span<UInt8>, name: ByteRange, host: UInt64, isTrap: Bool,
    at time: Timestamp
  ) {
    if entries.isEmpty || address.isUnspecified { return }
    let hash = Mixer.mix(address.high ^ host ^ seed, address.low ^ 0xA076_1D64_78BD_642F ^ seed &>> 7)
    let set = Int(truncatingIfNeeded: hash) & (tags.count &- 1)
    let tag = max(1, hash &>> 56)
    let place = find(set, tag, address, host) ?? replace(set, tag, address, host, bytes, name)
    let now = max(1, time.nanoseconds)
    entries[place].count(isTrap: isTrap, at: now)
    heard[place] = max(heard[place], now)
    hasChanges = true
  }

  /// Where it stands in its set.
  @inline(__always)
  private func find(_ set: Int, _ tag: UInt64, _ address: IPAddress, _ host: UInt64) -> Int? {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let differences = tags[set] ^ (ones &* tag)
    // The highest bit of each byte that is zero, and at worst of some above it.
    var hits = (differences &- ones) & ~differences & (ones &<< 7)
    while hits != 0 {
      let place = set &* SightingTable.ways &+ hits.trailingZeroBitCount &>> 3
      if entries[place].address == address, entries[place].host == host { return place }
      hits &= hits &- 1
    }
    return nil
  }

  @inline(never)
  private mutating func replace(
    _ set: Int, _ tag: UInt64, _ address: IPAddress, _ host: UInt64, _ bytes: Span<UInt8>, _ name: ByteRange
  ) -> Int {
    let first = set &* SightingTable.ways
    var oldest = first
    var age = heard[first]
    for place in first &+ 1..<first &+ SightingTable.ways where heard[place] < age {
      oldest = place
      age = heard[place]
    }
    if entries[oldest].syslog > 0 || entries[oldest].traps > 0 { evictions &+= 1 }
    let kept = name.isAbsent ? 0..<0 : name.start..<min(name.end, name.start + SightingTable.nameLimit)
    entries[oldest] = Entry(address: address, host: host, nameCount: UInt8(kept.count))
    heard[oldest] = 0
    let shift = UInt64(oldest &- first) &* 8
    tags[set] = tags[set] & ~(0xFF &<< shift) | tag &<< shift
    names.overwrite(from: oldest &* SightingTable.nameLimit, with: bytes.extracting(kept))
    hasNewcomers = true
    return oldest
  }

  /// Something is to be taken: newcomers after two seconds, in a flood of them after thirty, everything after
  /// a minute.
  package func isDue(monotonic: Int64) -> Bool {
    guard hasChanges else { return false }
    if takenAt == .min { return true }
    return monotonic &- takenAt >= (hasNewcomers ? newcomerWait : SightingTable.changeWait)
  }

  /// What has changed since the last call.
  package mutating func take(monotonic: Int64) -> [Sighting] {
    let since = takenAt
    takenAt = monotonic
    guard hasChanges else { return [] }
    (hasChanges, hasNewcomers) = (false, false)
    var taken: [Sighting] = []
    for place in 0..<entries.count where entries[place].syslog > 0 || entries[place].traps > 0 {
      let entry = entries[place]
      let at = place * SightingTable.nameLimit
      taken.append(
        Sighting(
          address: entry.address,
          host: String(decoding: names[at..<at + Int(entry.nameCount)], as: UTF8.self),
          syslog: UInt64(entry.syslog), traps: UInt64(entry.traps),
          firstSeen: Timestamp(nanoseconds: entry.firstSeen),
          lastSeen: Timestamp(nanoseconds: heard[place])))
      entries[place].syslog = 0
      entries[place].traps = 0
    }
    noteRate(taken.count, from: since, to: monotonic)
    return taken
  }

  /// How many came since the last call, who had to go among them, says how soon who is new is told next.
  private mutating func noteRate(_ told: Int, from since: Int64, to now: Int64) {
    let gone = evictions &- countedEvictions
    countedEvictions = evictions
    if since == .min { return }
    let senders = Double(told) + Double(gone)
    let share = Double(SightingTable.newcomerWait) / Double(max(1, now &- since))
    newcomerWait =
      senders * share > Double(entries.count) ? SightingTable.floodWait : SightingTable.newcomerWait
  }
}
