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

  /// The text of the time before, whose second most times share. Devices' clocks and ours differ, so each
  /// of the two has its own.
  private struct LastTime {
    var second = Int64.min
    var time = Timestamp.absent
    var range = ByteRange.absent
    var text: [UInt8] = []
  }

  private(set) var bytes: [UInt8] = []
  private(set) var rows: [Row] = []
  private var lastTime = LastTime()
  private var lastArrival = LastTime()

  /// Writes the texts of the rows in scope; `rows` then says which those are.
  mutating func fill(_ batch: borrowing EventBatch, matchedOnly: Bool) {
    bytes.removeAll(keepingCapacity: true)
    rows.removeAll(keepingCapacity: true)
    lastTime.range = .absent
    lastArrival.range = .absent
    var peer = IPAddress.unspecified
    var address = ByteRange.absent
    let text = batch.bytes.span
    for index in batch.rows.indices {
      let row = batch.rows[index]
      if matchedOnly && !row.isMatched { continue }
      let time = AuditTexts.append(row.time, &lastTime, to: &bytes)
      let arrival = AuditTexts.append(row.arrival, &lastArrival, to: &bytes)
      if row.peer != peer {
        peer = row.peer
        let start = bytes.count
        bytes.append(address: peer)
        address = peer == .unspecified ? .absent : ByteRange(start, bytes.count)
      }
      let start = bytes.count
      AuditTexts.appendAttributes(row, text, rule: .absent, to: &bytes)
      let attributes = bytes.count == start ? ByteRange.absent : ByteRange(start, bytes.count)
      rows.append(
        Row(index: index, time: time, arrival: arrival, address: address, attributes: attributes))
    }
  }

  /// `{"labels":…,"trap":…,"rule":…,"truncated":true}`, only what there is; nothing
  /// at all when there is nothing.
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
    if row.isTruncated {
      open("\"truncated\":")
      target.append(ascii: "true")
    }
    if mark == UInt8(ascii: ",") { target.append(UInt8(ascii: "}")) }
  }

  /// `2026-11-21T02:14:05.913000Z`. Events of one second share all but the fraction; a time that comes twice
  /// running stands there once.
  private static func append(_ time: Timestamp, _ last: inout LastTime, to bytes: inout [UInt8]) -> ByteRange
  {
    if time == last.time, !last.range.isAbsent { return last.range }
    let start = bytes.count
    let second = time.seconds
    if second == last.second {
      var micros = (time.nanoseconds &- second &* 1_000_000_000) / 1_000
      let point = last.text.count - 8
      for place in stride(from: point + 6, to: point, by: -1) {
        last.text[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: micros % 10)
        micros /= 10
      }
      bytes.append(contentsOf: last.text)
    } else {
      bytes.append(rfc3339: time, digits: 6)
      last.second = second
      last.text.removeAll(keepingCapacity: true)
      for place in start..<bytes.count { last.text.append(bytes[place]) }
    }
    last.time = time
    last.range = ByteRange(start, bytes.count)
    return last.range
  }
}
