import Model

/// A name in somebody's bytes, hashed once for all the tables it is looked up in.
struct HashedName: BitwiseCopyable {
  var range: ByteRange = .absent
  var hash: UInt32 = 0
  /// The part before the first dot; absent when the name has no dot.
  var shortRange: ByteRange = .absent
  var shortHash: UInt32 = 0

  init() {}

  /// FNV-1a over the name in lower case.
  init(_ text: Span<UInt8>, _ range: ByteRange) {
    self.range = range
    hash = 2_166_136_261
    for index in range.bounds {
      let byte = text[index]
      if byte == UInt8(ascii: "."), shortRange.isAbsent {
        shortRange = ByteRange(range.start, index)
        shortHash = hash
      }
      hash = (hash ^ UInt32(lowered(byte))) &* 16_777_619
    }
  }

  /// The name cut at its first dot; absent when there is none.
  var short: HashedName {
    var name = HashedName()
    name.range = shortRange
    name.hash = shortHash
    return name
  }
}

/// Names to numbers, whatever their case: open addressing over one run of bytes, so that a look-up makes no
/// `String` and allocates nothing.
struct NameTable: Sendable {
  private struct Slot: BitwiseCopyable, Sendable {
    var hash: UInt32 = 0
    var key: ByteRange = .absent
    var value: Int32 = -1
  }

  private var slots: [Slot] = []
  private var keys: [UInt8] = []

  init() {}

  /// The first of equal names stays.
  init(_ entries: [(name: String, value: Int32)]) {
    if entries.isEmpty { return }
    slots = Array(repeating: Slot(), count: tableSize(entries.count))
    keys.reserveCapacity(entries.reduce(0) { $0 + $1.name.utf8.count })
    for entry in entries {
      let start = keys.count
      for byte in entry.name.utf8 { keys.append(lowered(byte)) }
      let key = ByteRange(start, keys.count)
      let name = HashedName(keys.span, key)
      let place = self.place(of: name, in: keys.span)
      if slots[place].key.isAbsent {
        slots[place] = Slot(hash: name.hash, key: key, value: entry.value)
      } else {
        keys.removeSubrange(start...)
      }
    }
  }

  /// The number of a name that stands in `text`; -1 when it is unknown.
  func value(of name: HashedName, in text: Span<UInt8>) -> Int32 {
    if slots.isEmpty || name.range.count == 0 { return -1 }
    return slots[place(of: name, in: text)].value
  }

  /// The slot that holds the name, or the free one where it would go. The table is at most half full, so
  /// there is one.
  private func place(of name: HashedName, in text: Span<UInt8>) -> Int {
    let mask = slots.count - 1
    var at = Int(name.hash) & mask
    while !slots[at].key.isAbsent {
      if slots[at].hash == name.hash, isEqual(slots[at].key, text, name.range) { return at }
      at = (at + 1) & mask
    }
    return at
  }

  private func isEqual(_ key: ByteRange, _ text: Span<UInt8>, _ range: ByteRange) -> Bool {
    guard key.count == range.count else { return false }
    for step in 0..<Int(range.count) where keys[key.start + step] != lowered(text[range.start + step]) {
      return false
    }
    return true
  }
}

/// Addresses to numbers. IPv4 and IPv4-mapped addresses are the same `IPAddress`.
struct AddressTable: Sendable {
  private struct Slot: BitwiseCopyable, Sendable {
    var address: IPAddress = .unspecified
    var value: Int32 = -1
  }

  private var slots: [Slot] = []

  init() {}

  /// The first of equal addresses stays; values are 0 or more.
  init(_ entries: [(address: IPAddress, value: Int32)]) {
    if entries.isEmpty { return }
    slots = Array(repeating: Slot(), count: tableSize(entries.count))
    for entry in entries {
      let place = self.place(of: entry.address)
      if slots[place].value < 0 { slots[place] = Slot(address: entry.address, value: entry.value) }
    }
  }

  /// The number of an address; -1 when it is unknown.
  func value(of address: IPAddress) -> Int32 {
    slots.isEmpty ? -1 : slots[place(of: address)].value
  }

  private func place(of address: IPAddress) -> Int {
    let mask = slots.count - 1
    var mixed = (address.high &* 0x9E37_79B9_7F4A_7C15) ^ address.low
    mixed = (mixed ^ mixed >> 32) &* 0xD6E8_FEB8_6659_FD93
    var at = Int(truncatingIfNeeded: mixed >> 32) & mask
    while slots[at].value >= 0, slots[at].address != address { at = (at + 1) & mask }
    return at
  }
}

/// A power of two that leaves at least half of the slots free.
private func tableSize(_ count: Int) -> Int {
  var size = 4
  while size < count * 2 { size *= 2 }
  return size
}

/// One of the tables that people keep by host name: an entry may be a name or an address.
struct HostTable: Sendable {
  let names: NameTable
  let addresses: AddressTable

  init(_ entries: [(name: String, value: Int32)] = []) {
    var named: [(name: String, value: Int32)] = []
    var addressed: [(address: IPAddress, value: Int32)] = []
    for entry in entries {
      if let address = IPAddress(entry.name) {
        // Unspecified stands for "no address" and must find nothing.
        if !address.isUnspecified { addressed.append((address, entry.value)) }
      } else {
        named.append(entry)
      }
    }
    names = NameTable(named)
    addresses = AddressTable(addressed)
  }
}
