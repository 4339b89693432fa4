import Model
import Policy

/// One line of `muttd match`: the keys of DESIGN §4 in their order, absent as null.
struct VerbAnswer {
  /// The times of neighbouring lines are mostly the same; it is spelled once.
  private var time = Timestamp.absent
  private var timeText: [UInt8] = []
  /// So are their parse and time together, from one to the host: of lines without a time, all that came, by
  /// `parse`; of the others the last.
  private var timeless = [ByteRange](repeating: .absent, count: ParseStatus.allCases.count)
  private var timelessHeads: [UInt8] = []
  private var headTime = Timestamp.absent
  private var headParse: ParseStatus?
  private var head: [UInt8] = []
  /// And what follows from the decision, behind the message.
  private var tails = VerbTails()
  /// Of the host at hand, where it does not stand in the line.
  private var host: [UInt8] = []

  /// Writes the answer to a syslog line that was decided just now: byte for byte what is written for its row,
  /// of which the parts that nobody asked for are not made. The ranges of `event` are in `sent`.
  mutating func write(
    _ event: Event, _ decision: Decision, by snapshot: Snapshot, sent: Span<UInt8>,
    line number: Int, to block: inout VerbBlock
  ) {
    block.write("{\"line\":")
    block.write(decimal: Int64(number))
    if event.time.isAbsent {
      if timeless[Int(event.parse.rawValue)].isAbsent { spellTimeless(event.parse) }
      block.write(timelessHeads.span.extracting(timeless[Int(event.parse.rawValue)].bounds))
    } else {
      if event.time != headTime || event.parse != headParse { spellHead(event) }
      block.write(head.span)
    }
    let isNameless = decision.hostFrom == .peer && event.peer.isUnspecified
    if isNameless {
      block.write("null")
    } else if decision.deviceName.isNone, decision.hostAddress == .unspecified {
      block.write(quoted: sent, event.host.withoutRoot(in: sent))
    } else {
      host.removeAll(keepingCapacity: true)
      let range =
        decision.deviceName.isNone
        ? spellHost(decision.hostAddress) : snapshot.append(decision.deviceName, to: &host)
      block.write(quoted: host.span, range)
    }
    block.write(",\"app\":")
    block.write(quoted: sent, event.app)
    block.write(",\"severity\":")
    if event.severity < 0 {
      block.write("null")
    } else {
      block.write(UInt8(ascii: "0") &+ UInt8(bitPattern: event.severity))
    }
    block.write(",\"message\":")
    block.write(quoted: sent, event.message)
    let tail = tails.find(decision, snapshot)
    block.write(tails.bytes.span.extracting(tail.bounds))
  }

  @inline(never)
  private mutating func spellTimeless(_ parse: ParseStatus) {
    let start = timelessHeads.count
    VerbAnswer.append(parse, .absent, to: &timelessHeads)
    timeless[Int(parse.rawValue)] = ByteRange(start, timelessHeads.count)
  }

  @inline(never)
  private mutating func spellHead(_ event: Event) {
    (headTime, headParse) = (event.time, event.parse)
    head.removeAll(keepingCapacity: true)
    VerbAnswer.append(event.parse, event.time, to: &head)
  }

  /// From `parse` to the host.
  private static func append(_ parse: ParseStatus, _ time: Timestamp, to head: inout [UInt8]) {
    head.append(ascii: ",\"parse\":\"")
    head.append(ascii: parse.name)
    head.append(ascii: "\",\"event_timestamp\":")
    if time.isAbsent {
      head.append(ascii: "null")
    } else {
      head.append(UInt8(ascii: "\""))
      head.append(rfc3339: time, digits: VerbTime.digits(time))
      head.append(UInt8(ascii: "\""))
    }
    head.append(ascii: ",\"hostname\":")
  }

  private mutating func spellHost(_ address: IPAddress) -> ByteRange {
    host.append(address: address)
    return ByteRange(0, host.count)
  }

  /// Writes the answer to line `number`: what `row` says, its `app` and `message` in `sent`, its other ranges
  /// in `texts`. Bytes that are no event have no row, and nothing but the number is known of them.
  mutating func write(
    _ row: EventRow?, _ texts: Span<UInt8>, sent: Span<UInt8>, line number: Int, to block: inout VerbBlock
  ) {
    block.write("{\"line\":")
    block.write(decimal: Int64(number))
    guard let row else {
      block.write(
        ",\"parse\":null,\"event_timestamp\":null,\"hostname\":null,\"app\":null,\"severity\":null,")
      block.write("\"message\":null,\"trap_oid\":null,\"rule_id\":null,\"rule\":null,\"handling\":null,")
      block.write("\"forward\":null,\"environment\":null,\"team\":null}\n")
      return
    }
    block.write(",\"parse\":\"")
    block.write(row.parse.name)
    block.write("\",\"event_timestamp\":")
    write(row.time, to: &block)
    block.write(",\"hostname\":")
    // Not the address of a sender nobody named.
    let isNameless = row.hostFrom == .peer && row.peer.isUnspecified
    block.write(quoted: texts, isNameless ? .absent : row.host)
    block.write(",\"app\":")
    block.write(quoted: sent, row.app)
    block.write(",\"severity\":")
    if row.severity < 0 { block.write("null") } else { block.write(UInt8(ascii: "0") &+ UInt8(row.severity)) }
    block.write(",\"message\":")
    block.write(quoted: sent, row.message)
    block.write(",\"trap_oid\":")
    block.write(quoted: texts, row.trapOID)
    if row.isMatched {
      block.write(",\"rule_id\":")
      block.write(decimal: row.ruleID)
      block.write(",\"rule\":")
      block.write(quoted: texts, row.ruleName)
      block.write(",\"handling\":")
    } else {
      block.write(",\"rule_id\":null,\"rule\":null,\"handling\":")
    }
    block.write(quoted: texts, row.handling)
    if row.forwards { block.write(",\"forward\":true") } else { block.write(",\"forward\":false") }
    if row.environment == .dev {
      block.write(",\"environment\":\"dev\",\"team\":")
    } else {
      block.write(",\"environment\":\"prod\",\"team\":")
    }
    block.write(quoted: texts, row.team)
    block.write("}\n")
  }

  private mutating func write(_ time: Timestamp, to block: inout VerbBlock) {
    if time.isAbsent { return block.write("null") }
    if time != self.time {
      self.time = time
      timeText.removeAll(keepingCapacity: true)
      timeText.append(UInt8(ascii: "\""))
      timeText.append(rfc3339: time, digits: VerbTime.digits(time))
      timeText.append(UInt8(ascii: "\""))
    }
    block.write(timeText.span)
  }
}
