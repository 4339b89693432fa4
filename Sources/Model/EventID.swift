/// 63 bits: 41 bits of milliseconds since 2020-01-01T00:00:00Z, 10 bits of node, 12 bits of sequence
/// (DESIGN §2). Sorts by time, needs no database, fits a signed 64-bit column.
package struct EventID: BitwiseCopyable, Hashable, Comparable, Sendable {
  package var rawValue: Int64

  package init(rawValue: Int64) { self.rawValue = rawValue }

  /// 2020-01-01T00:00:00Z in milliseconds since 1970.
  package static var epoch: Int64 { 1_577_836_800_000 }
  package static var sequenceBits: Int64 { 12 }
  package static var nodeBits: Int64 { 10 }
  /// Ids one node can give in one millisecond.
  package static var perMillisecond: Int64 { 1 << sequenceBits }

  package init(milliseconds: Int64, node: Int, sequence: Int64) {
    rawValue =
      (milliseconds - EventID.epoch) << (EventID.sequenceBits + EventID.nodeBits)
      | Int64(node) << EventID.sequenceBits | sequence
  }

  /// Milliseconds since 1970 of the time part.
  package var milliseconds: Int64 { rawValue >> (EventID.sequenceBits + EventID.nodeBits) + EventID.epoch }
  package var node: Int { Int(rawValue >> EventID.sequenceBits & 1023) }

  package static func < (left: EventID, right: EventID) -> Bool { left.rawValue < right.rawValue }
}

/// Gives ids that never repeat and never go back, also when the clock does.
///
/// Pure: the caller hands in the time. Whoever lets an id leave the process first persists a ceiling at or
/// above its time part (`Outbox`), and a start continues above the ceiling it finds.
package struct EventIDGenerator: Sendable {
  private let node: Int
  private var millisecond: Int64
  private var sequence: Int64

  /// `floor`: milliseconds since 1970 that ids were given up to by an earlier run; nil when there was none.
  package init(node: Int, floor: Int64?) {
    precondition(node >= 0 && node <= 1023, "node is 0...1023")
    self.node = node
    self.millisecond = max(floor ?? 0, EventID.epoch)
    self.sequence = EventID.perMillisecond
  }

  /// The next id at `now` (milliseconds since 1970): time = max(now, last); a full millisecond spills over.
  package mutating func next(now: Int64) -> EventID {
    if now > millisecond {
      millisecond = now
      sequence = 0
    } else if sequence >= EventID.perMillisecond {
      millisecond += 1
      sequence = 0
    }
    let id = EventID(milliseconds: millisecond, node: node, sequence: sequence)
    sequence += 1
    return id
  }

  /// A block of `count` ids (1...4096) of one millisecond; the block starts at the id returned and its
  /// ids are consecutive.
  package mutating func block(now: Int64, count: Int64) -> EventID {
    precondition(count >= 1 && count <= EventID.perMillisecond, "a block holds 1...4096 ids")
    if now > millisecond {
      millisecond = now
      sequence = 0
    } else if sequence + count > EventID.perMillisecond {
      millisecond += 1
      sequence = 0
    }
    let first = EventID(milliseconds: millisecond, node: node, sequence: sequence)
    sequence += count
    return first
  }
}
