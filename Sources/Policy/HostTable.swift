import Model

/// A name in somebody's bytes, without the dot that roots it, hashed once for all that it is looked up in.
struct HashedName: BitwiseCopyable {
  var range: ByteRange = .absent
  var hash: UInt32 = 0
  /// Where the first dot stands; -1: there is none.
  private var dot: Int32 = -1

  init() {}

  /// Eight bytes at a time, in lower case.
  init(_ text: Span<UInt8>, _ range: ByteRange) {
    let range = range.withoutRoot(in: text)
    self.range = range
    let end = range.bounds.upperBound
    var at = range.bounds.lowerBound
    var state = Mixer.seed ^ UInt64(range.count)
    while at < end {
      let word = text.word(at: at, below: end)
      if dot < 0 {
        let mark = ByteWord.firstDot(word)
        if mark < 8 { dot = Int32(truncatingIfNeeded: at &+ mark) }
      }
      state = Mixer.mix(ByteWord.lowered(word) ^ 0xA076_1D64_78BD_642F, state)
      at &+= 8
    }
    hash = UInt32(truncatingIfNeeded: state ^ state &>> 32)
  }

  /// One that nothing is looked up by: its hash is not made, nor its dot looked for.
  init(unhashed text: Span<UInt8>, _ range: ByteRange) { self.range = range.withoutRoot(in: text) }

  var hasShort: Bool { dot >= 0 }

  /// The name cut at its first dot; absent when there is none.
  func short(in text: Span<UInt8>) -> HashedName {
    dot < 0 ? HashedName() : HashedName(text, ByteRange(range.start, Int(dot)))
  }
}

extension ByteWord {
  /// The first byte of `word` that is a dot; 8 when none is.
  @inline(__always)
  fileprivate static func firstDot(_ word: UInt64) -> Int {
    let differences = word ^ 0x2E2E_2E2E_2E2E_2E2E
    let zeros = (differences &- 0x0101_0101_0101_0101) & ~differences & tops
    return zeros == 0 ? 8 : zeros.trailingZeroBitCount &>> 3
  }

  /// A-Z to a-z in each byte.
  @inline(__always)
  fileprivate static func lowered(_ word: UInt64) -> UInt64 {
    let low = word & ~tops
    let fromA = low &+ 0x3F3F_3F3F_3F3F_3F3F
    let beyondZ = low &+ 0x2525_2525_2525_2525
    let capitals = (fromA ^ beyondZ) & ~word & tops
    return word | capitals &>> 2
  }
}

/// What people keep by host: which device it is, whose it is, whether it is one for development. Found in one
/// look-up.
struct HostFacts: BitwiseCopyable, Hashable, Sendable {
  /// -1: no device.
  var device: Int32 = -1
  /// Index of the team's name; -1: nobody's.
  var team: Int32 = -1
  var isDevelopment = false

  /// Takes what is not known yet.
  @inline(__always)
  mutating func fill(from other: HostFacts) {
    if device < 0 { device = other.device }
    fillOwner(from: other)
  }

  /// The same, whatever device the other is.
  @inline(__always)
  mutating func fillOwner(from other: HostFacts) {
    if team < 0 { team = other.team }
    if other.isDevelopment { isDevelopment = true }
  }
}

/// Names and what is kept by them, whatever their case: open addressing over one run of bytes, so that a
/// look-up makes no `String` and allocates nothing.
struct NameTable: Sendable {
  private struct Slot: BitwiseCopyable, Sendable {
    var hash: UInt32 = 0
    var key: ByteRange = .absent
    var facts = HostFacts()
  }

  private var slots: [Slot] = []
  /// The names in lower case, with room behind the last for a word to be read.
  private var keys: [UInt8] = []

  init() {}

  var isEmpty: Bool { slots.isEmpty }

  /// Of equal names the first that says something stays.
  init(_ entries: [(name: String, facts: HostFacts)]) {
    if entries.isEmpty { return }
    slots = Array(repeating: Slot(), count: tableSize(entries.count))
    keys.reserveCapacity(entries.reduce(8) { $0 + $1.name.utf8.count })
    for entry in entries where !entry.name.isEmpty {
      let start = keys.count
      for byte in entry.name.utf8 { keys.append(lowered(byte)) }
      let name = HashedName(keys.span, ByteRange(start, keys.count))
      let place = self.place(of: name, in: keys.span)
      if slots[place].key.isAbsent {
        slots[place] = Slot(hash: name.hash, key: name.range, facts: entry.facts)
      } else {
        slots[place].facts.fill(from: entry.facts)
        keys.removeSubrange(start...)
      }
    }
    for _ in 0..<8 { keys.append(0) }
  }

  /// What is kept by a name that stands in `text`; nothing when it is unknown or absent.
  @inline(__always)
  func facts(of name: HashedName, in text: Span<UInt8>) -> HostFacts {
    if slots.isEmpty || name.range.count == 0 { return HostFacts() }
    return slots[place(of: name, in: text)].facts
  }

  /// The slot that holds the name, or the free one where it would go. The table is at most half full, so
  /// there is one.
  private func place(of name: HashedName, in text: Span<UInt8>) -> Int {
    let mask = slots.count &- 1
    var at = Int(name.hash) & mask
    while !slots[at].key.isAbsent {
      if slots[at].hash == name.hash, isEqual(slots[at].key, text, name.range) { return at }
      at = (at &+ 1) & mask
    }
    return at
  }

  private func isEqual(_ key: ByteRange, _ text: Span<UInt8>, _ range: ByteRange) -> Bool {
    guard key.count == range.count else { return false }
    let keys = keys.span
    var step = 0
    while step < Int(range.count) {
      let known = keys.word(at: key.start &+ step, below: key.end)
      let given = text.word(at: range.start &+ step, below: range.end)
      if known != ByteWord.lowered(given) { return false }
      step &+= 8
    }
    return true
  }
}

/// Addresses and what is kept by them. IPv4 and IPv4-mapped addresses are the same `IPAddress`.
struct AddressTable: Sendable {
  private struct Slot: BitwiseCopyable, Sendable {
    /// Unspecified: the slot is free.
    var address: IPAddress = .unspecified
    var facts = HostFacts()
  }

  private var slots: [Slot] = []

  init() {}

  var isEmpty: Bool { slots.isEmpty }

  /// Of equal addresses the first that says something stays. An unspecified one stands for "no address" and
  /// is not taken.
  init(_ entries: [(address: IPAddress, facts: HostFacts)]) {
    if entries.isEmpty { return }
    slots = Array(repeating: Slot(), count: tableSize(entries.count))
    for entry in entries where entry.address != .unspecified {
      let place = self.place(of: entry.address)
      slots[place].address = entry.address
      slots[place].facts.fill(from: entry.facts)
    }
  }

  /// What is kept by an address; nothing when it is unknown.
  @inline(__always)
  func facts(of address: IPAddress) -> HostFacts {
    slots.isEmpty ? HostFacts() : slots[place(of: address)].facts
  }

  private func place(of address: IPAddress) -> Int {
    let mask = slots.count &- 1
    var mixed = (address.high &* 0x9E37_79B9_7F4A_7C15) ^ address.low
    mixed = (mixed ^ mixed &>> 32) &* 0xD6E8_FEB8_6659_FD93
    var at = Int(truncatingIfNeeded: mixed &>> 32) & mask
    while slots[at].address != .unspecified, slots[at].address != address { at = (at &+ 1) & mask }
    return at
  }
}

/// A power of two that leaves at least half of the slots free.
private func tableSize(_ count: Int) -> Int {
  var size = 4
  while size < count * 2 { size *= 2 }
  return size
}
