import Model

/// The texts of audit rows that stand in no batch: times, the peer's address, `attrs`. Written for a whole
/// batch into one buffer that is kept from batch to batch, so that rows are bound without a `String` each.
struct AuditTexts {
  struct Row: BitwiseCopyable {
    var index: Int
    var time: ByteRange
    var arrival: ByteRange
    var address: ByteRange
    var attributes: ByteRange
  }

  private(set) var bytes: [UInt8] = []
  private(set) var rows: [Row] = []
  private var cachedSecond = Int64.min
  private var cachedText: [19 of UInt8] = .init(repeating: 0)

  /// Writes the texts of the rows in scope; `rows` then says which those are.
  mutating func fill(_ batch: borrowing EventBatch, matchedOnly: Bool) {
    bytes.removeAll(keepingCapacity: true)
    rows.removeAll(keepingCapacity: true)
    let text = batch.bytes.span
    for index in batch.rows.indices {
      let row = batch.rows[index]
      if matchedOnly && !row.isMatched { continue }
      let time = append(row.time)
      let arrival = append(row.arrival)
      var start = bytes.count
      bytes.append(address: row.peer)
      let address = row.peer == .unspecified ? ByteRange.absent : ByteRange(start, bytes.count)
      start = bytes.count
      AuditTexts.appendAttributes(row, text, rule: .absent, to: &bytes)
      let attributes = bytes.count == start ? ByteRange.absent : ByteRange(start, bytes.count)
      rows.append(
        Row(index: index, time: time, arrival: arrival, address: address, attributes: attributes))
    }
  }

  /// `{"labels":…,"trap":…,"rule":…}`, only what there is; nothing at all when there is nothing.
  static func appendAttributes(
    _ row: EventRow, _ text: Span<UInt8>, rule: ByteRange, to target: inout [UInt8]
  ) {
    var mark = UInt8(ascii: "{")
    func open(_ name: StaticString) {
      target.append(mark)
      mark = UInt8(ascii: ",")
      target.append(ascii: name)
    }
    // An event without captures carries `{}`, which says nothing.
    if row.labels.count > 2 {
      open("\"labels\":")
      target.append(text, row.labels)
    }
    if row.snmp.count > 2 {
      open("\"trap\":")
      target.append(text, row.snmp)
    }
    if !rule.isAbsent {
      open("\"rule\":")
      JSONText.append(text, rule, to: &target)
    }
    if mark == UInt8(ascii: ",") { target.append(UInt8(ascii: "}")) }
  }

  /// `2026-11-21T02:14:05.913000Z`. Events of one second share all but the fraction.
  private mutating func append(_ time: Timestamp) -> ByteRange {
    let start = bytes.count
    let second = time.seconds
    if second == cachedSecond {
      for index in 0..<19 { bytes.append(cachedText[index]) }
      bytes.append(UInt8(ascii: "."))
      bytes.append(decimal: Int((time.nanoseconds &- second &* 1_000_000_000) / 1_000), width: 6)
      bytes.append(UInt8(ascii: "Z"))
    } else {
      bytes.append(rfc3339: time, digits: 6)
      cachedSecond = second
      for index in 0..<19 { cachedText[index] = bytes[start + index] }
    }
    return ByteRange(start, bytes.count)
  }
}
