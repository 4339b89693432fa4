package import Model

/// How often each (host, template) came within the last 24 hours, as far as memory for them goes.
///
/// A hash table of fixed size, in sets of four: what is new takes the place of what was seen longest ago in
/// its set. The window moves in steps of three hours and never reaches back further than 24: of events that
/// lie more than 21 hours apart the older ones may count no more.
package struct TemplateTable: ~Copyable {
  /// Entries of a worker's table, 4 MiB: 100,000 kinds and some room, since sets fill up unevenly.
  package static var standardCapacity: Int { 131_072 }
  package static var entrySize: Int { MemoryLayout<Entry>.stride }

  private static var ways: Int { 4 }
  private static var sliceCount: Int { 8 }
  /// Length of a slice of the window, nanoseconds.
  package static var slice: Int64 { 10_800 * 1_000_000_000 }
  /// Low bits of a stamp: the order of looks within a slice of time. 17 million million of them last longer
  /// than the machine.
  private static var tickBits: UInt64 { 44 }

  private struct Entry: BitwiseCopyable {
    /// 0: free.
    var key: UInt64 = 0
    /// The slice of time and the tick of the last event: orders by age.
    var stamp: UInt64 = 0
    /// Events by slice of time, a ring; each stops at its largest number.
    var slices: [8 of UInt16] = .init(repeating: 0)
  }

  private var entries: [Entry]
  private var tick: UInt64 = 0
  private var sweepAt = 0

  /// Entries in use: pairs that came within the window, and those whose time is up until they are swept out.
  package private(set) var occupied = 0
  /// Pairs that had to go while their time was not up.
  package private(set) var evictions: UInt64 = 0

  /// - Parameter capacity: entries, a power of two of at least four; 0: nothing is counted.
  package init(capacity: Int) {
    precondition(capacity == 0 || capacity >= TemplateTable.ways && capacity & (capacity - 1) == 0)
    entries = Array(repeating: Entry(), count: capacity)
  }

  package var isEmpty: Bool { entries.isEmpty }

  /// Counts one event and says how many of its kind came within the window, itself included.
  @discardableResult
  package mutating func count(host: UInt64, template: UInt64, now: Timestamp) -> Int {
    let mixed = Mixer.mix(host ^ 0x5899_65CC_7537_4CC3, template ^ 0x1D8E_4E27_C47D_124F)
    let key = mixed == 0 ? 1 : mixed
    tick &+= 1
    let slice = TemplateTable.slice(of: now)
    let stamp = slice << TemplateTable.tickBits | tick & (1 << TemplateTable.tickBits - 1)
    let (count, before) = TemplateTable.count(&entries, key: key, slice: slice, stamp: stamp)
    switch before {
    case .same: break
    case .free: occupied += 1
    case .over: break
    case .alive: evictions += 1
    }
    return count
  }

  /// What stood where an event is counted.
  private enum Before { case same, free, over, alive }

  @inline(__always)
  private static func count(
    _ entries: inout [Entry], key: UInt64, slice: UInt64, stamp: UInt64
  ) -> (Int, Before) {
    let first = Int(truncatingIfNeeded: key) & (entries.count - 1) & ~(ways - 1)
    var table = entries.mutableSpan
    var oldest = first
    for place in first..<first + ways {
      if table[place].key == key { return (add(to: &table[place], slice: slice, stamp: stamp), .same) }
      // A free entry's stamp is 0: older than any.
      if table[place].stamp < table[oldest].stamp { oldest = place }
    }
    let before: Before =
      table[oldest].key == 0 ? .free : isOver(table[oldest].stamp, at: slice) ? .over : .alive
    table[oldest] = Entry(key: key, stamp: stamp)
    return (add(to: &table[oldest], slice: slice, stamp: stamp), before)
  }

  @inline(__always)
  private static func add(to entry: inout Entry, slice: UInt64, stamp: UInt64) -> Int {
    let last = entry.stamp >> tickBits
    // A clock that goes back counts into the slice where the entry stands.
    let current = max(slice, last)
    if current != last { clear(&entry, after: last, upTo: current) }
    entry.stamp = max(stamp, entry.stamp)
    let lane = Int(truncatingIfNeeded: current) & (sliceCount - 1)
    if entry.slices[lane] != .max { entry.slices[lane] &+= 1 }
    var sum = 0
    for index in 0..<sliceCount { sum &+= Int(entry.slices[index]) }
    return sum
  }

  private static func clear(_ entry: inout Entry, after last: UInt64, upTo current: UInt64) {
    let steps = min(current - last, UInt64(sliceCount))
    for step in 0..<steps {
      entry.slices[Int(truncatingIfNeeded: current - step) & (sliceCount - 1)] = 0
    }
  }

  /// Frees entries whose time is up, a few sets at a call: once around the table is many batches, and a batch
  /// pays next to nothing.
  package mutating func sweep(now: Timestamp) {
    if entries.isEmpty { return }
    let slice = TemplateTable.slice(of: now)
    let end = min(sweepAt + 8 * TemplateTable.ways, entries.count)
    for index in sweepAt..<end
    where entries[index].key != 0 && TemplateTable.isOver(entries[index].stamp, at: slice) {
      entries[index] = Entry()
      occupied -= 1
    }
    sweepAt = end == entries.count ? 0 : end
  }

  @inline(__always)
  private static func slice(of time: Timestamp) -> UInt64 {
    UInt64(max(0, time.nanoseconds) / slice)
  }

  /// Nothing of an entry lies within the window any more.
  @inline(__always)
  private static func isOver(_ stamp: UInt64, at slice: UInt64) -> Bool {
    slice >= (stamp >> tickBits) + UInt64(sliceCount)
  }
}
