import Model

/// Rows of the audit with a hash of their host: what an entry of `event_audit_blocks` and its parts in
/// `event_audit_hosts` are written from (`database/sqlite/0003_audit_hosts.sql`).
struct HostBlock {
  private struct Row: BitwiseCopyable {
    var id: Int64
    var hash: UInt32
    /// An event without a host counts, but no query by host asks for it.
    var hasHost: Bool
  }

  /// Events of a part, on average; beyond 2^`maxBits` parts more.
  private static let rowsPerPart = 64
  private static let maxBits = 8

  private var rows: [Row] = []
  private var isSorted = true

  var count: Int { rows.count }
  /// The lowest and the highest id; only after `sort`.
  var first: Int64 { rows.first?.id ?? .max }
  var last: Int64 { rows.last?.id ?? .min }

  @inline(__always)
  mutating func add(_ id: Int64, host: Span<UInt8>) {
    add(Row(id: id, hash: HostBlock.hash(host), hasHost: true))
  }

  @inline(__always)
  mutating func addWithoutHost(_ id: Int64) { add(Row(id: id, hash: 0, hasHost: false)) }

  @inline(__always)
  private mutating func add(_ row: Row) {
    if let newest = rows.last, newest.id > row.id { isSorted = false }
    rows.append(row)
  }

  mutating func add(_ other: HostBlock) {
    for index in other.rows.indices { add(other.rows[index]) }
  }

  mutating func removeAll() {
    rows.removeAll(keepingCapacity: true)
    isSorted = true
  }

  mutating func sort() {
    if !isSorted { rows.sort { $0.id < $1.id } }
    isSorted = true
  }

  /// Takes out the rows with the lowest ids.
  mutating func takeFirst(_ count: Int) -> HostBlock {
    sort()
    var taken = HostBlock()
    taken.rows = Array(rows.prefix(count))
    rows.removeFirst(taken.count)
    return taken
  }

  // MARK: Parts

  /// FNV-1a over the lower-case bytes, its bits mixed so that the upper ones spread hosts evenly. Stored:
  /// another hash would need another table.
  @inline(__always)
  static func hash(_ host: Span<UInt8>) -> UInt32 {
    var hash: UInt32 = 0x811c_9dc5
    for index in 0..<host.count { hash = (hash ^ UInt32(lowered(host[index]))) &* 0x0100_0193 }
    hash ^= hash >> 16
    hash = hash &* 0x85eb_ca6b
    hash ^= hash >> 13
    hash = hash &* 0xc2b2_ae35
    return hash ^ hash >> 16
  }

  /// How many upper bits of the hash say which part: parts of few rows are not worth their place.
  var bits: Int {
    var bits = 0
    while bits < HostBlock.maxBits, count >> bits > HostBlock.rowsPerPart { bits += 1 }
    return bits
  }

  /// The key of the part in which a host's events of a block stand.
  static func part(_ hash: UInt32, block: Int64, bits: Int) -> Int64 {
    block << Int64(maxBits) | Int64(part(hash, bits))
  }

  /// The keys of all parts of a block.
  static func parts(of block: Int64) -> ClosedRange<Int64> {
    part(0, block: block, bits: 0)...part(0, block: block + 1, bits: 0) - 1
  }

  @inline(__always)
  private static func part(_ hash: UInt32, _ bits: Int) -> Int { Int(UInt64(hash) >> UInt64(32 - bits)) }

  /// Hands every part that is not empty to `body`, ascending.
  func forEachPart(block: Int64, _ body: (Int64, [UInt8]) throws(StoreError) -> Void) throws(StoreError) {
    let bits = bits
    var events: [UInt8] = []
    var open: Int64?
    for place in placesByPart(bits) {
      let row = rows[place]
      let part = HostBlock.part(row.hash, block: block, bits: bits)
      if let open, open != part {
        try body(open, events)
        events.removeAll(keepingCapacity: true)
      }
      open = part
      events.append(littleEndian: UInt64(row.hash), bytes: 4)
      events.append(littleEndian: UInt64(bitPattern: row.id), bytes: 8)
    }
    if let open { try body(open, events) }
  }

  /// Rows with a host, sorted by counting: within a part they keep their order.
  private func placesByPart(_ bits: Int) -> [Int] {
    var next = [Int](repeating: 0, count: (1 << bits) + 1)
    for row in rows where row.hasHost { next[HostBlock.part(row.hash, bits) + 1] += 1 }
    for part in 0..<(1 << bits) { next[part + 1] += next[part] }
    var places = [Int](repeating: 0, count: next[1 << bits])
    for index in rows.indices where rows[index].hasHost {
      let part = HostBlock.part(rows[index].hash, bits)
      places[next[part]] = index
      next[part] += 1
    }
    return places
  }

  /// Adds the ids in a part whose host has this hash.
  static func appendIDs(in events: Span<UInt8>, of hash: UInt32, to ids: inout [Int64]) {
    var at = 0
    while at + 12 <= events.count {
      if events.littleEndian(at: at, bytes: 4) == UInt64(hash) {
        ids.append(Int64(bitPattern: events.littleEndian(at: at + 4, bytes: 8)))
      }
      at += 12
    }
  }

  /// Takes the events out of a part whose rows are gone; false: all of them are still there.
  static func keep(_ ids: Set<Int64>, in events: inout [UInt8]) -> Bool {
    var kept: [UInt8] = []
    var at = 0
    while at + 12 <= events.count {
      let id = Int64(bitPattern: events.span.littleEndian(at: at + 4, bytes: 8))
      if ids.contains(id) { kept += events[at..<at + 12] }
      at += 12
    }
    if kept.count == events.count { return false }
    events = kept
    return true
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: UInt64, bytes: Int) {
    for step in 0..<bytes { append(UInt8(truncatingIfNeeded: value >> UInt64(8 * step))) }
  }
}

extension Span<UInt8> {
  fileprivate func littleEndian(at start: Int, bytes: Int) -> UInt64 {
    var value: UInt64 = 0
    for step in 0..<bytes { value |= UInt64(self[start + step]) << UInt64(8 * step) }
    return value
  }
}
