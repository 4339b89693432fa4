import Delivery
import Model

/// Rows and deliveries to try things on.
enum Samples {
  static let start = Timestamp(seconds: 1_795_227_245)

  static func delivery(
    _ id: Int64, event: Int64? = nil, destination: String = "moog", rank: Int = 1, signature: String? = nil,
    createdAt: Timestamp = start, attempts: Int = 0, nextAttemptAt: Timestamp? = nil
  ) -> Delivery {
    var delivery = Delivery(
      eventID: EventID(rawValue: event ?? id), eventTime: createdAt, destination: destination, host: "core1",
      rule: "link-down", handling: "Page_only", signature: signature ?? "core1::\(id)",
      body: Array("{\"id\":\(id)}".utf8), createdAt: createdAt)
    delivery.id = id
    delivery.rank = rank
    delivery.attempts = attempts
    if let nextAttemptAt { delivery.nextAttemptAt = nextAttemptAt }
    return delivery
  }

  /// A row under construction together with the text it points into.
  struct Draft {
    var row: EventRow
    var batch = EventBatch()

    init(id: Int64, time: String, arrival: String, peer: String) throws {
      row = EventRow(
        id: EventID(rawValue: id), time: try require(Timestamp(rfc3339: time)),
        arrival: try require(Timestamp(rfc3339: arrival)), peer: try require(IPAddress(peer)))
    }

    mutating func set(_ field: WritableKeyPath<EventRow, ByteRange>, _ text: String) {
      let start = batch.bytes.count
      batch.bytes.append(text: text)
      row[keyPath: field] = ByteRange(start, batch.bytes.count)
    }

    func payload(node: Int = 0, location: String = "collector1", includesRaw: Bool = true) -> String {
      var bytes: [UInt8] = []
      MuttPayload(node: node, agentLocation: location)
        .append(row, of: batch.bytes.span, includesRaw: includesRaw, to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  struct Missing: Error {}
  static func require<T>(_ value: T?) throws -> T {
    guard let value else { throw Missing() }
    return value
  }

  static func linkDown() throws -> Draft {
    let text = "%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down"
    var draft = try Draft(
      id: 911_801_623_435_542_545, time: "2026-11-21T02:14:05.913Z", arrival: "2026-11-21T02:14:07.482Z",
      peer: "192.0.2.1")
    draft.row.ruleID = 10
    draft.row.ruleVersion = 7
    draft.row.parse = .rfc3164
    draft.row.clock = .device
    draft.row.hostFrom = .devices
    draft.row.teamFrom = .rule
    draft.row.severityFrom = .rule
    draft.row.facility = 23
    draft.row.severity = 3
    draft.row.alertSeverity = 4
    draft.row.forwards = true
    draft.set(\.host, "core1")
    draft.set(\.headerHost, "core1")
    draft.set(\.message, text)
    draft.set(\.raw, "<187>4512: core1: Nov 21 02:14:05.913: \(text)")
    draft.set(\.handling, "Page_and_ticket")
    draft.set(\.team, "NETO")
    draft.set(\.ruleName, "link-down")
    draft.set(\.ruleReference, "https://wiki.example/link-down")
    draft.set(\.signature, "core1::link-down::GigabitEthernet0/1")
    draft.set(\.summary, "core1: GigabitEthernet0/1 down")
    draft.set(\.msgid, "LINK-3-UPDOWN")
    draft.set(\.labels, "{\"interface\":\"GigabitEthernet0/1\"}")
    draft.set(\.deviceAttributes, "{\"site\":\"ams1\"}")
    return draft
  }

  static func trap() throws -> Draft {
    var draft = try Draft(
      id: 911_801_623_435_542_546, time: "2026-11-21T02:14:07.482Z", arrival: "2026-11-21T02:14:07.482Z",
      peer: "192.0.2.7")
    draft.row.source = .trap
    draft.row.parse = .trap
    draft.row.hostFrom = .peer
    draft.row.teamFrom = .device
    draft.row.ruleID = 12
    draft.row.ruleVersion = 1
    draft.row.alertSeverity = 4
    draft.row.severityFrom = .rule
    draft.row.environment = .dev
    draft.set(\.host, "192.0.2.7")
    draft.set(\.message, "linkDown ifIndex.3=3 ifOperStatus.3=down(2)")
    draft.set(\.raw, "{\"version\":\"2c\",\"trap_oid\":\"1.3.6.1.6.3.1.1.5.3\"}")
    draft.set(\.handling, "Ticket_only")
    draft.set(\.team, "SITE-AMS")
    draft.set(\.ruleName, "trap-link-down")
    draft.set(\.signature, "192.0.2.7::trap-link-down")
    draft.set(\.trapOID, "1.3.6.1.6.3.1.1.5.3")
    draft.set(\.labels, "{\"ifIndex.3\":\"3\",\"ifOperStatus.3\":\"down(2)\"}")
    draft.set(
      \.snmp,
      """
      {"version":"2c","pdu":"trap","engine_id":null,"uptime_ticks":8640012,\
      "trap":{"oid":"1.3.6.1.6.3.1.1.5.3","name":"linkDown","address":"192.0.2.7","enterprise":null},\
      "varbinds":[{"oid":"1.3.6.1.2.1.2.2.1.1.3","name":"ifIndex.3","type":"integer","value":3,"text":"3"},\
      {"oid":"1.3.6.1.2.1.2.2.1.8.3","name":"ifOperStatus.3","type":"integer","value":2,"text":"down(2)"}]}
      """)
    return draft
  }
}
