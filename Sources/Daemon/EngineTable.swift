import Intake
import Model

/// What is known of SNMP engines whose messages have proved to be authentic: their clocks and the keys of the
/// users they speak for. At most `limit`; the least recently heard of goes first.
struct EngineTable {
  /// An engine id, at most 32 bytes (RFC 3411 §5, SnmpEngineID).
  struct ID: Hashable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private var count: UInt8 = 0

    init(_ bytes: [UInt8]) { self.init(bytes.span, ByteRange(0, min(32, bytes.count))) }

    init(_ bytes: Span<UInt8>, _ range: ByteRange) {
      count = UInt8(truncatingIfNeeded: range.bounds.count)
      var index = 0
      for at in range.bounds {
        let value = UInt64(bytes[at]) << UInt64((index & 7) * 8)
        switch index >> 3 {
        case 0: words.0 |= value
        case 1: words.1 |= value
        case 2: words.2 |= value
        default: words.3 |= value
        }
        index += 1
      }
    }

    var bytes: [UInt8] {
      let all = [words.0, words.1, words.2, words.3].flatMap { word in
        stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
      }
      return Array(all.prefix(Int(count)))
    }

    static func == (left: ID, right: ID) -> Bool { left.words == right.words && left.count == right.count }

    func hash(into hasher: inout Hasher) {
      hasher.combine(words.0)
      hasher.combine(words.1)
      hasher.combine(words.2)
      hasher.combine(words.3)
      hasher.combine(count)
    }
  }

  /// The keys of one user at one engine.
  struct Keys {
    var user: Int
    var authentication: TrapKey
    var privacy: TrapKey?
  }

  /// An engine's clock as it was last heard (RFC 3414 §2.3): boots, the latest time, and when that came.
  struct Clock {
    var boots: UInt32
    var time: UInt32
    /// Monotonic nanoseconds.
    var heardAt: Int64

    /// Takes a message's time as the engine's, if it is not outside the window (RFC 3414 §3.2 (7b)).
    mutating func accept(boots: UInt32, time: UInt32, now: Int64) -> Bool {
      if boots > self.boots || (boots == self.boots && time > self.time) {
        self = Clock(boots: boots, time: time, heardAt: now)
      }
      if self.boots >= TrapSecurity.lastBoots || boots < self.boots { return false }
      let estimate = Int64(self.time) + (now - heardAt) / 1_000_000_000
      return Int64(time) >= estimate - TrapSecurity.window
    }
  }

  struct Entry {
    let id: ID
    var clock: Clock
    var keys: [Keys]
    /// It is among `moved`.
    fileprivate var hasMoved = false
    fileprivate var newer = -1
    fileprivate var older = -1
  }

  private var places: [ID: Int] = [:]
  private var entries: [Entry] = []
  private var newest = -1
  private var oldest = -1
  /// Places of clocks that have moved since they were taken, each once.
  private var moved: [Int] = []
  let limit: Int
  private(set) var evictions: UInt64 = 0

  init(limit: Int) { self.limit = limit }

  var count: Int { entries.count }

  subscript(place: Int) -> Entry {
    get { entries[place] }
    _modify { yield &entries[place] }
  }

  /// Where an engine stands, which is thereby not made more recent.
  func find(_ id: ID) -> Int? { places[id] }

  /// The engine at `place` was heard.
  mutating func touch(_ place: Int) {
    if place == newest { return }
    unlink(place)
    link(place)
  }

  /// Takes a message's time as that of the engine at `place`; false when it is not in time.
  mutating func accept(_ place: Int, boots: UInt32, time: UInt32, now: Int64) -> Bool {
    let before = entries[place].clock
    let isInTime = entries[place].clock.accept(boots: boots, time: time, now: now)
    let clock = entries[place].clock
    if clock.time != before.time || clock.boots != before.boots { noteMoved(place) }
    return isInTime
  }

  /// The clock of an engine has to be taken, again if need be.
  mutating func noteMoved(_ place: Int) {
    if entries[place].hasMoved { return }
    entries[place].hasMoved = true
    moved.append(place)
  }

  /// Engines whose clocks have moved, at most so many; those that have waited longest.
  mutating func takeMoved(_ most: Int) -> [Entry] {
    let taken = moved.prefix(most)
    moved.removeFirst(taken.count)
    return taken.map { place in
      entries[place].hasMoved = false
      return entries[place]
    }
  }

  /// Takes in an engine that is not there; the least recently heard of makes room. One whose clock is
  /// remembered from before has no keys yet.
  mutating func insert(_ id: ID, _ clock: Clock, _ keys: Keys?) -> Int {
    var entry = Entry(id: id, clock: clock, keys: keys.map { [$0] } ?? [])
    var place = entries.count
    if entries.count < limit {
      entries.append(entry)
    } else {
      place = oldest
      unlink(place)
      places[entries[place].id] = nil
      entry.hasMoved = entries[place].hasMoved
      entries[place] = entry
      evictions += 1
    }
    places[id] = place
    link(place)
    return place
  }

  /// The engine at `place` is taken at its next word, as one that is heard for the first time.
  mutating func forgetClock(_ place: Int, now: Int64) {
    entries[place].clock = Clock(boots: 0, time: 0, heardAt: now)
    if entries[place].hasMoved { moved.removeAll { $0 == place } }
    entries[place].hasMoved = false
  }

  /// Keys are made anew for who speaks for an engine next; its clock stays.
  mutating func forgetKeys() {
    for place in entries.indices { entries[place].keys = [] }
  }

  private mutating func link(_ place: Int) {
    entries[place].older = newest
    entries[place].newer = -1
    if newest >= 0 { entries[newest].newer = place }
    newest = place
    if oldest < 0 { oldest = place }
  }

  private mutating func unlink(_ place: Int) {
    let (newer, older) = (entries[place].newer, entries[place].older)
    if newer >= 0 { entries[newer].older = older } else { newest = older }
    if older >= 0 { entries[older].newer = newer } else { oldest = newer }
  }
}
