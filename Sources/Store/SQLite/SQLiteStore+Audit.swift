package import Model

extension SQLiteStore {
  package func auditEvents(_ query: AuditQuery) throws(StoreError) -> AuditPage {
    try use { session throws(StoreError) in try session.auditEvents(query) }
  }

  package func auditEvent(id: EventID) throws(StoreError) -> AuditEvent? {
    try use { session throws(StoreError) in try session.auditEvent(id) }
  }
}

/// The conditions of a query as SQL, with their values in order.
struct AuditConditions {
  private(set) var sql = ""
  private var values: [Value] = []

  private enum Value {
    case text(String)
    case number(Int64)
  }

  /// `condition` ends where its value belongs.
  mutating func add(_ condition: String, _ text: String) { add(condition, .text(text)) }
  mutating func add(_ condition: String, _ number: Int64) { add(condition, .number(number)) }

  private mutating func add(_ condition: String, _ value: Value) {
    values.append(value)
    sql += (sql.isEmpty ? " WHERE " : " AND ") + condition + "?\(values.count)"
  }

  mutating func addLike(_ column: String, _ part: String) {
    var pattern = "%"
    for character in part.unicodeScalars {
      if character == "%" || character == "_" || character == "\\" { pattern += "\\" }
      pattern.unicodeScalars.append(character)
    }
    add("\(column) LIKE ", pattern + "%")
    continueCondition(" ESCAPE '\\'")
  }

  /// What stands behind the value of the condition that was added last.
  mutating func continueCondition(_ text: String) { sql += text }

  /// Ends a condition that began with a parenthesis.
  mutating func close() { continueCondition(")") }

  func bind(to statement: SQLiteStatement) {
    for (index, value) in values.enumerated() {
      switch value {
      case .text(let text): statement.bind(text, Int32(index + 1))
      case .number(let number): statement.bind(number, Int32(index + 1))
      }
    }
  }

  /// The parameter of the condition that was added last.
  var last: Int32 { Int32(values.count) }
}

extension SQLiteStore.Session {
  private static let columns = """
    SELECT e.id, e.event_timestamp, e.received_at, e.hostname, e.matched_rule_id, r.name, e.rule_version,
      e.handling_decision, e.forwarded_to_moog, e.raw_message, e.source, e.source_addr, e.severity,
      e.environment, e.team_assignment, e.device_team, e.parse, e.host_from, e.clock, e.attrs
    FROM event_audit_log e LEFT JOIN alert_rules r ON r.id = e.matched_rule_id
    """

  func auditEvents(_ query: AuditQuery) throws(StoreError) -> AuditPage {
    let limit = min(max(query.limit, 1), AuditQuery.maxLimit)
    var events = try connection.reading("reading the audit") { () throws(StoreError) in
      try auditEvents(query, atMost: limit + 1)
    }
    guard events.count > limit else { return AuditPage(events: events, next: nil) }
    events.removeLast()
    return AuditPage(events: events, next: events.last?.id)
  }

  private func auditEvents(_ query: AuditQuery, atMost count: Int) throws(StoreError) -> [AuditEvent] {
    var rule = query.ruleID
    if let name = query.ruleName {
      guard let named = try ruleID(name), rule == nil || rule == named else { return [] }
      rule = named
    }
    var conditions = AuditConditions()
    if let rule { conditions.add("e.matched_rule_id = ", rule) }
    if let handling = query.handling { conditions.add("e.handling_decision COLLATE NOCASE = ", handling) }
    if let since = query.since { conditions.add("e.event_timestamp >= ", since.rfc3339(digits: 6)) }
    if let until = query.until { conditions.add("e.event_timestamp < ", until.rfc3339(digits: 6)) }
    if let text = query.text, !text.isEmpty { conditions.addLike("e.raw_message", text) }
    guard let ids = try ids(of: query) else { return [] }
    guard let host = query.host else { return try rows(conditions, ids, atMost: count) }
    return try rows(ofHost: host, rule: rule, conditions, ids, atMost: count)
  }

  private func ruleID(_ name: String) throws(StoreError) -> Int64? {
    let row = try connection.prepare("SELECT id FROM alert_rules WHERE name = ?1", "looking up a rule")
    row.bind(name, 1)
    return try row.step() ? row.int64(0) : nil
  }

  /// The ids among which the rows of a query are; nil: there can be none.
  private func ids(of query: AuditQuery) throws(StoreError) -> ClosedRange<Int64>? {
    var low = Int64.min
    var high = Int64.max
    if let since = query.since { low = SQLiteStore.firstID(since: since).rawValue }
    if let until = query.until, let last = try lastID(until: until) { high = last.rawValue - 1 }
    if let before = query.before {
      if before.rawValue <= low { return nil }
      high = min(high, before.rawValue - 1)
    }
    return low <= high ? low...high : nil
  }

  /// Rows with ids in a range, newest first.
  func rows(_ conditions: AuditConditions, _ ids: ClosedRange<Int64>, atMost count: Int) throws(StoreError)
    -> [AuditEvent]
  {
    var conditions = conditions
    if ids.lowerBound > .min { conditions.add("e.id >= ", ids.lowerBound) }
    if ids.upperBound < .max { conditions.add("e.id <= ", ids.upperBound) }
    let statement = try connection.prepare(
      SQLiteStore.Session.columns + conditions.sql + " ORDER BY e.id DESC LIMIT \(count)", "reading the audit"
    )
    conditions.bind(to: statement)
    var events: [AuditEvent] = []
    while try statement.step() { events.append(event(statement)) }
    return events
  }

  /// For rows one by one: bind the id to the parameter, step, read, reset.
  func row(_ conditions: AuditConditions) throws(StoreError) -> (statement: SQLiteStatement, id: Int32) {
    var conditions = conditions
    conditions.add("e.id = ", 0)
    let statement = try connection.prepare(
      SQLiteStore.Session.columns + conditions.sql, "reading the audit")
    conditions.bind(to: statement)
    return (statement, conditions.last)
  }

  func auditEvent(_ id: EventID) throws(StoreError) -> AuditEvent? {
    let statement = try connection.prepare(
      SQLiteStore.Session.columns + " WHERE e.id = ?1", "reading event \(id.rawValue)")
    statement.bind(id.rawValue, 1)
    return try statement.step() ? event(statement) : nil
  }

  /// An id above every event whose time lies before `until`; nil where no such bound can be trusted.
  ///
  /// Ids hold the time of arrival, and an event's time lies at most a day before that. Ids run ahead of the
  /// clock after it was set back: a day more is allowed, and no bound at all while the newest row is ahead.
  private func lastID(until: Timestamp) throws(StoreError) -> EventID? {
    let newest = try connection.prepare(
      "SELECT id, received_at FROM event_audit_log ORDER BY id DESC LIMIT 1", "reading the newest event")
    guard try newest.step(), let text = newest.text(1), let arrival = Timestamp(rfc3339: text) else {
      return nil
    }
    let ahead = EventID(rawValue: newest.int64(0)).milliseconds - arrival.milliseconds
    if abs(ahead) > 3_600_000 { return nil }
    let bound = until.milliseconds + 48 * 3_600_000
    return bound <= EventID.epoch ? nil : SQLiteStore.id(atMilliseconds: bound)
  }

  func event(_ row: SQLiteStatement) -> AuditEvent {
    var event = AuditEvent(
      id: EventID(rawValue: row.int64(0)),
      eventTime: row.text(1).flatMap { Timestamp(rfc3339: $0) } ?? .absent, isForwarded: row.bool(8))
    event.receivedAt = row.text(2).flatMap { Timestamp(rfc3339: $0) }
    event.host = row.text(3)
    event.ruleID = row.optionalInt64(4)
    event.ruleName = row.text(5)
    event.ruleVersion = row.optionalInt(6)
    event.handling = row.text(7)
    event.raw = row.text(9)
    event.source = row.text(10)
    event.sourceAddress = row.text(11)
    event.severity = row.optionalInt(12)
    event.environment = row.text(13)
    event.team = row.text(14)
    event.deviceTeam = row.text(15)
    event.parse = row.text(16)
    event.hostFrom = row.text(17)
    event.clock = row.text(18)
    event.attributes = row.text(19)
    return event
  }
}

extension SQLiteStore {
  /// An id at or below every event whose time is `since` or later: a device's clock is believed up to five
  /// minutes ahead of arrival. Rows with ids of another making (below any time) are not found by time.
  static func firstID(since: Timestamp) -> EventID {
    id(atMilliseconds: since.milliseconds - 5 * 60_000 - 1)
  }

  /// The lowest id of a millisecond since 1970, kept inside the range of ids.
  static func id(atMilliseconds milliseconds: Int64) -> EventID {
    let limit = EventID.epoch + ((1 << 41) - 1)
    return EventID(milliseconds: min(max(milliseconds, EventID.epoch), limit), node: 0, sequence: 0)
  }
}
