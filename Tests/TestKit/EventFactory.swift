package import Model

/// Makes rows for batches: everything set, numbered, at a fixed time.
package struct EventFactory {
  /// 2026-11-21T02:14:05Z.
  package static let start = Timestamp(seconds: 1_795_227_245)

  private var ids = EventIDGenerator(node: 3, floor: nil)
  private var number = 0

  package init() {}

  /// One row, appended to `batch`; its id.
  @discardableResult
  package mutating func add(
    to batch: inout EventBatch, host: String = "core1", raw: String? = nil, rule: (id: Int64, name: String)?,
    labels: String? = nil, snmp: String? = nil, handling: String? = nil
  ) -> EventID {
    let arrival = EventFactory.start.adding(milliseconds: Int64(number))
    let id = ids.next(now: arrival.milliseconds)
    var row = EventRow(
      id: id, time: arrival.adding(seconds: -2), arrival: arrival, peer: IPAddress(v4: 192, 0, 2, 1))
    row.source = snmp == nil ? .syslog : .trap
    row.parse = snmp == nil ? .rfc3164 : .trap
    row.clock = .device
    row.hostFrom = .devices
    row.severity = snmp == nil ? 3 : -1
    row.host = batch.add(host)
    row.raw = batch.add(raw ?? "<187>message number \(number)")
    row.handling = batch.add(handling ?? (rule == nil ? "unmatched" : "Page_and_ticket"))
    row.team = batch.add("NETO")
    row.deviceTeam = batch.add("SITE-AMS")
    if let rule {
      row.ruleID = rule.id
      row.ruleVersion = 7
      row.forwards = true
      row.ruleName = batch.add(rule.name)
    }
    if let labels { row.labels = batch.add(labels) }
    if let snmp { row.snmp = batch.add(snmp) }
    batch.rows.append(row)
    number += 1
    return id
  }

  /// A delivery of an event to `destination`.
  package static func delivery(_ id: EventID, to destination: String, rank: Int = 0) -> Delivery {
    var delivery = Delivery(
      eventID: id, eventTime: start, destination: destination, host: "core1", rule: "link-down",
      handling: "Page_and_ticket", signature: "core1::link-down", body: Array("{}".utf8), createdAt: start)
    delivery.rank = rank
    return delivery
  }
}

extension EventBatch {
  /// Appends a text and says where it stands.
  package mutating func add(_ text: String) -> ByteRange {
    let start = bytes.count
    bytes.append(text: text)
    return ByteRange(start, bytes.count)
  }
}
