package import Model

/// What workers tell about unmatched events: how many of each kind came since they last told.
package struct TemplateReport: Sendable {
  /// One (host, template). Texts are ranges of `bytes`, as they were sent.
  package struct Record: BitwiseCopyable, Sendable {
    package var key: UInt64
    package var template: UInt64
    package var peer = IPAddress.unspecified
    package var host = ByteRange.absent
    package var line = ByteRange.absent
    /// Where the message stands in `line`.
    package var messageStart = 0
    package var trapOID = ByteRange.absent
    package var count: UInt32 = 1
    /// Where the tally keeps its number.
    fileprivate var place: UInt32
    /// What the tally finds it by.
    fileprivate var mark: UInt64
    package var source = EventSource.syslog
    package var severity: Int8 = -1
  }

  package fileprivate(set) var records: [Record] = []
  package var bytes: [UInt8] = []

  package init() {}

  package mutating func clear() {
    records.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }
}

/// Counts the unmatched events of one worker by host and template until they are told. Of each kind a sample
/// is taken once a report, so that whoever adds the reports up needs to remember nothing of it.
///
/// Open addressing over the numbers of the records: one look for an event of a kind that is there already.
package struct TemplateTally: ~Copyable {
  /// Records of a report.
  package static var standardCapacity: Int { 4_096 }
  /// Bytes of samples after which a report is full.
  private static var textLimit: Int { 1 << 20 }
  /// A slab can come on top of a report that is not full yet.
  private static var slack: Int { 256 }
  /// Bytes that a worker's tally takes at most, samples of a slab and host names included.
  package static var size: Int {
    standardCapacity * (8 + MemoryLayout<TemplateReport.Record>.stride) + textLimit
      + slack * (UnmatchedKind.lineLimit + 512)
  }

  private let capacity: Int
  /// Number of the record and one; 0: free. Twice as many as records.
  private var slots: [UInt32]
  package private(set) var report = TemplateReport()
  /// Events that found no room.
  package private(set) var lost: UInt64 = 0

  /// - Parameter capacity: records of a report, a power of two; 0: nothing is counted.
  package init(capacity: Int) {
    precondition(capacity == 0 || capacity & (capacity - 1) == 0)
    self.capacity = capacity
    slots = Array(repeating: 0, count: 2 * capacity)
  }

  package var isOn: Bool { capacity > 0 }
  package var isEmpty: Bool { report.records.isEmpty }
  /// It should be told now: the next slab may find no room.
  package var isFull: Bool {
    report.records.count > max(0, capacity &- TemplateTally.slack)
      || report.bytes.count >= TemplateTally.textLimit
  }

  /// Counts one event. True when it is the first of its kind in this report, which then wants a sample.
  ///
  /// - Parameter likeness: tells kinds apart at least as finely as `template` does; then one kind may have
  ///   several records, of one key. 0: there is none.
  @inline(__always)
  package mutating func count(host: UInt64, template: UInt64, likeness: UInt64 = 0) -> Bool {
    let key = TemplateTally.key(host, template)
    let mark = likeness == 0 ? key : TemplateTally.key(host, likeness)
    let (place, number) = find(mark)
    if number == 0 { return begin(key, template, mark, at: place) }
    report.records[number &- 1].count &+= 1
    return false
  }

  /// Counts one more event of what this report has already; false when it has none: it wants the template.
  @inline(__always)
  package mutating func count(host: UInt64, likeness: UInt64) -> Bool {
    let number = find(TemplateTally.key(host, likeness)).number
    if number == 0 { return false }
    report.records[number &- 1].count &+= 1
    return true
  }

  @inline(__always)
  private static func key(_ host: UInt64, _ template: UInt64) -> UInt64 {
    Mixer.mix(host ^ 0x5899_65CC_7537_4CC3, template ^ 0x1D8E_4E27_C47D_124F)
  }

  /// The record's number and one, 0 when there is none, and its slot or the one where it would go.
  @inline(__always)
  private func find(_ mark: UInt64) -> (place: Int, number: Int) {
    let mask = slots.count &- 1
    var place = Int(truncatingIfNeeded: mark) & mask
    while true {
      let number = Int(slots[place])
      if number == 0 || report.records[number &- 1].mark == mark { return (place, number) }
      place = (place &+ 1) & mask
    }
  }

  @inline(never)
  private mutating func begin(_ key: UInt64, _ template: UInt64, _ mark: UInt64, at place: Int) -> Bool {
    guard report.records.count < capacity else {
      lost &+= 1
      return false
    }
    report.records.append(.init(key: key, template: template, place: UInt32(place), mark: mark))
    slots[place] = UInt32(report.records.count)
    return true
  }

  /// Says what the kind that has just begun looks like. `body` appends texts to the report's bytes.
  package mutating func describeLast(_ body: (inout TemplateReport.Record, inout [UInt8]) -> Void) {
    let last = report.records.count &- 1
    body(&report.records[last], &report.bytes)
  }

  /// The report for an empty one.
  package mutating func exchange(_ empty: consuming TemplateReport) -> TemplateReport {
    for index in 0..<report.records.count { slots[Int(report.records[index].place)] = 0 }
    let full = report
    report = empty
    return full
  }

  /// What found no room since the last call.
  package mutating func takeLost() -> UInt64 {
    defer { lost = 0 }
    return lost
  }
}
