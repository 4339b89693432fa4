import Model

/// An INSERT of one or many rows of `event_audit_log`, and what is bound to it.
///
/// Half of what a row costs is paid per step (opening the trees, finding their end) and per value that is
/// handed over. So many rows go at a step, and a value that this place of the statement already holds is
/// left as it is. Values are bound without a copy: an `AuditInsert` lives as long as its batch stays put.
struct AuditInsert {
  /// Rows of a statement for many; beyond this the steps no longer show.
  static let manyRows = 32
  static let one = sql(rows: 1)
  static let oneIfAbsent = sql(rows: 1) + " ON CONFLICT (id) DO NOTHING"
  static let many = sql(rows: manyRows)
  private static let columns: Int32 = 18

  /// What a place of the statement holds; nothing known at first.
  private struct Place {
    var time = AuditInsert.unbound
    var handling = AuditInsert.unbound
    var address = AuditInsert.unbound
    var team = AuditInsert.unbound
    var deviceTeam = AuditInsert.unbound
    var attributes = AuditInsert.unbound
    var ruleID: Int64 = -1
    var ruleVersion: Int32 = -1
    var severity: Int8 = .min
    var source: EventSource?
    var environment: Environment?
    var parse: ParseStatus?
    var hostFrom: HostSource?
    var clock: ClockSource?
  }
  /// A range that no text has.
  private static let unbound = ByteRange(offset: .max, count: 1)

  let statement: SQLiteStatement
  private var places: [Place]

  init(_ statement: SQLiteStatement, rows: Int) {
    self.statement = statement
    places = Array(repeating: Place(), count: rows)
  }

  private static func sql(rows: Int) -> String {
    var sql = """
      INSERT INTO event_audit_log (id, event_timestamp, hostname, matched_rule_id, handling_decision,
        raw_message, received_at, source, source_addr, severity, environment, team_assignment, device_team,
        rule_version, parse, host_from, clock, attrs) VALUES
      """
    for row in 0..<Int32(rows) {
      let marks = (1...columns).map { "?\(row * columns + $0)" }.joined(separator: ", ")
      sql += (row == 0 ? " (" : ", (") + marks + ")"
    }
    return sql
  }

  @unsafe @inline(__always)
  mutating func bind(
    _ row: EventRow, _ bytes: UnsafeBufferPointer<UInt8>, _ text: AuditTexts.Row,
    _ own: UnsafeBufferPointer<UInt8>, at place: Int
  ) {
    let first = Int32(truncatingIfNeeded: place) &* AuditInsert.columns
    var held = places[place]
    statement.bind(row.id.rawValue, first &+ 1)
    if text.time != held.time {
      unsafe statement.bind(own, text.time, first &+ 2)
      held.time = text.time
    }
    unsafe statement.bind(bytes, row.host, first &+ 3)
    unsafe bindText(row.handling, &held.handling, bytes, first &+ 5)
    unsafe statement.bind(bytes, row.raw, first &+ 6)
    unsafe statement.bind(own, text.arrival, first &+ 7)
    if text.address != held.address {
      unsafe statement.bind(own, text.address, first &+ 9)
      held.address = text.address
    }
    unsafe bindText(row.team, &held.team, bytes, first &+ 12)
    unsafe bindText(row.deviceTeam, &held.deviceTeam, bytes, first &+ 13)
    if text.attributes != held.attributes {
      unsafe statement.bind(own, text.attributes, first &+ 18)
      held.attributes = text.attributes
    }
    bindNumbers(row, &held, first)
    bindNames(row, &held, first)
    places[place] = held
  }

  /// Texts that come again and again stand anew in the batch for every row.
  @unsafe @inline(__always)
  private func bindText(
    _ range: ByteRange, _ held: inout ByteRange, _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int32
  ) {
    if range == held { return }
    if range.count == held.count, !range.isAbsent, held.offset != .max {
      precondition(range.end <= bytes.count, "a row's text lies outside its batch")
      var step = 0
      while step < Int(range.count),
        unsafe bytes[range.start &+ step] == bytes[held.start &+ step]
      { step &+= 1 }
      if step == Int(range.count) { return }
    }
    unsafe statement.bind(bytes, range, index)
    held = range
  }

  @inline(__always)
  private func bindNumbers(_ row: EventRow, _ held: inout Place, _ first: Int32) {
    if row.ruleID != held.ruleID {
      if row.ruleID == 0 { statement.bindNull(first &+ 4) } else { statement.bind(row.ruleID, first &+ 4) }
    }
    if row.ruleID != held.ruleID || row.ruleVersion != held.ruleVersion {
      if row.ruleID == 0 {
        statement.bindNull(first &+ 14)
      } else {
        statement.bind(Int64(row.ruleVersion), first &+ 14)
      }
      held.ruleID = row.ruleID
      held.ruleVersion = row.ruleVersion
    }
    if row.severity != held.severity {
      if row.severity < 0 {
        statement.bindNull(first &+ 10)
      } else {
        statement.bind(Int64(row.severity), first &+ 10)
      }
      held.severity = row.severity
    }
  }

  @inline(__always)
  private func bindNames(_ row: EventRow, _ held: inout Place, _ first: Int32) {
    if row.source != held.source {
      statement.bind(constant: row.source.name, first &+ 8)
      held.source = row.source
    }
    if row.environment != held.environment {
      statement.bind(constant: row.environment.name, first &+ 11)
      held.environment = row.environment
    }
    if row.parse != held.parse {
      statement.bind(constant: row.parse.name, first &+ 15)
      held.parse = row.parse
    }
    if row.hostFrom != held.hostFrom {
      statement.bind(constant: row.hostFrom.name, first &+ 16)
      held.hostFrom = row.hostFrom
    }
    if row.clock != held.clock {
      statement.bind(constant: row.clock.name, first &+ 17)
      held.clock = row.clock
    }
  }

  /// The row at the first place again, without its rule's id and with other `attrs`.
  mutating func rebindWithoutRule(attributes: [UInt8]) {
    statement.bindNull(4)
    statement.bind(attributes.isEmpty ? nil : String(decoding: attributes, as: UTF8.self), 18)
    places[0].ruleID = -1
    places[0].attributes = AuditInsert.unbound
  }
}
