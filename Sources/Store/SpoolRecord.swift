import Model

/// The audit rows of one batch as one value of the spool. A record per row, little-endian:
///
///     id 8 | time 8 | arrival 8 | peer 16 | rule id 8 | rule version 4
///     source 1 | parse 1 | clock 1 | host from 1 | environment 1 | severity 1 | forwards 1 | truncated 1
///     8 lengths of 4 (0xFFFFFFFF: absent) | the texts themselves, in the order of the lengths
///
/// What a trap's `snmp` says of the varbinds, `raw` and `labels` say again: those are left out (0xFFFFFFFE),
/// and told from it when the row is read back, which is seldom: the store mostly takes rows from memory.
///
/// One value per batch instead of a row per event: the spool is written and removed a batch at a time, and a
/// row each would cost as much again as the audit itself.
enum SpoolRecord {
  /// Of this layout; stands beside each value, so that a newer muttd can read what an older one left.
  static let format = 2
  /// The same without texts that are told from others.
  private static let oldestFormat = 1
  private static let fixedBytes = 60 + 8 * 4
  private static let absent = UInt32.max
  private static let repeated = UInt32.max - 1

  static func isKnown(_ format: Int) -> Bool { format >= oldestFormat && format <= self.format }

  /// Appends the matched rows of `batch` and says how many they are and the id of the first.
  static func encode(_ batch: EventBatch, to target: inout [UInt8]) -> (count: Int, first: EventID?) {
    var count = 0
    var first: EventID?
    for row in batch.rows where row.isMatched {
      if first == nil { first = row.id }
      count += 1
      append(row, batch.bytes.span, to: &target)
    }
    return (count, first)
  }

  /// One row, matched or not.
  static func encode(_ row: EventRow, of batch: EventBatch) -> [UInt8] {
    var bytes: [UInt8] = []
    append(row, batch.bytes.span, to: &bytes)
    return bytes
  }

  private static func append(_ row: EventRow, _ text: Span<UInt8>, to target: inout [UInt8]) {
    let ranges = texts(row)
    var size = fixedBytes
    for index in 0..<8 { size &+= Int(ranges[index].count) }
    target.append(addingCapacity: size) { record in
      record.write { pen in
        pen.append(word: UInt64(bitPattern: row.id.rawValue))
        pen.append(word: UInt64(bitPattern: row.time.nanoseconds))
        pen.append(word: UInt64(bitPattern: row.arrival.nanoseconds))
        pen.append(word: row.peer.high)
        pen.append(word: row.peer.low)
        pen.append(word: UInt64(bitPattern: row.ruleID))
        pen.append(half: UInt32(bitPattern: row.ruleVersion))
        pen.append(row.source.rawValue)
        pen.append(row.parse.rawValue)
        pen.append(row.clock.rawValue)
        pen.append(row.hostFrom.rawValue)
        pen.append(row.environment.rawValue)
        pen.append(UInt8(bitPattern: row.severity))
        pen.append(row.forwards ? 1 : 0)
        pen.append(row.isTruncated ? 1 : 0)
        for index in 0..<8 { pen.append(half: length(ranges[index], isRepeated(row, index))) }
        for index in 0..<8 where !ranges[index].isAbsent && !isRepeated(row, index) {
          pen.append(text, ranges[index])
        }
      }
    }
  }

  /// Whether the text at this place is told from another.
  @inline(__always)
  private static func isRepeated(_ row: EventRow, _ index: Int) -> Bool {
    index == 1 ? row.rawRepeats : index == 6 ? row.labelsRepeat : false
  }

  @inline(__always)
  private static func length(_ range: ByteRange, _ isRepeated: Bool) -> UInt32 {
    range.isAbsent ? absent : isRepeated ? repeated : range.count
  }

  private static func texts(_ row: EventRow) -> [8 of ByteRange] {
    [row.host, row.raw, row.handling, row.team, row.deviceTeam, row.ruleName, row.labels, row.snmp]
  }

  /// Appends the rows of `bytes` to `batch`. False when they end or contradict themselves in the middle; the
  /// rows before that are appended.
  static func decode(_ bytes: [UInt8], into batch: inout EventBatch) -> Bool {
    var at = 0
    let source = bytes.span
    while at < source.count {
      guard let row = decode(source, &at, into: &batch.bytes) else { return false }
      batch.rows.append(row)
    }
    return true
  }

  private static func decode(_ source: Span<UInt8>, _ at: inout Int, into target: inout [UInt8]) -> EventRow?
  {
    guard source.count - at >= fixedBytes else { return nil }
    func word(_ offset: Int, _ count: Int) -> UInt64 {
      var value: UInt64 = 0
      for index in 0..<count { value |= UInt64(source[at + offset + index]) << UInt64(8 * index) }
      return value
    }
    guard let origin = EventSource(rawValue: source[at + 52]),
      let parse = ParseStatus(rawValue: source[at + 53]),
      let clock = ClockSource(rawValue: source[at + 54]),
      let hostFrom = HostSource(rawValue: source[at + 55]),
      let environment = Environment(rawValue: source[at + 56])
    else { return nil }
    var row = EventRow(
      id: EventID(rawValue: Int64(bitPattern: word(0, 8))),
      time: Timestamp(nanoseconds: Int64(bitPattern: word(8, 8))),
      arrival: Timestamp(nanoseconds: Int64(bitPattern: word(16, 8))),
      peer: IPAddress(high: word(24, 8), low: word(32, 8)))
    row.ruleID = Int64(bitPattern: word(40, 8))
    row.ruleVersion = Int32(bitPattern: UInt32(word(48, 4)))
    row.source = origin
    row.parse = parse
    row.clock = clock
    row.hostFrom = hostFrom
    row.environment = environment
    row.severity = Int8(bitPattern: source[at + 57])
    row.forwards = source[at + 58] != 0
    row.isTruncated = source[at + 59] != 0
    var from = at + fixedBytes
    var ranges: [8 of ByteRange] = .init(repeating: .absent)
    for index in 0..<8 {
      let length = UInt32(word(60 + 4 * index, 4))
      if length == absent { continue }
      if length == repeated {
        guard index == 1 || index == 6 else { return nil }
        if index == 1 { row.rawRepeats = true } else { row.labelsRepeat = true }
        continue
      }
      guard Int(length) <= source.count - from else { return nil }
      ranges[index] = target.append(source, ByteRange(from, from + Int(length)))
      from += Int(length)
    }
    at = from
    if row.rawRepeats || row.labelsRepeat {
      guard let snmp = SpooledTrap(target.span, ranges[7]) else { return nil }
      var told: [UInt8] = []
      if row.rawRepeats { ranges[1] = snmp.appendRaw(from: target.span, to: &told) }
      if row.labelsRepeat { ranges[6] = snmp.appendLabels(from: target.span, to: &told) }
      if row.rawRepeats { ranges[1] = ranges[1].shifted(by: target.count) }
      if row.labelsRepeat { ranges[6] = ranges[6].shifted(by: target.count) }
      target += told
    }
    row.host = ranges[0]
    row.raw = ranges[1]
    row.handling = ranges[2]
    row.team = ranges[3]
    row.deviceTeam = ranges[4]
    row.ruleName = ranges[5]
    row.labels = ranges[6]
    row.snmp = ranges[7]
    return row
  }
}

extension [UInt8] {
  /// Appends the low `bytes` bytes of `word`, lowest first.
  mutating func append(word: UInt64, bytes: Int) {
    for index in 0..<bytes { append(UInt8(truncatingIfNeeded: word >> UInt64(8 * index))) }
  }
}
