package import Model

extension PostgresStore {
  package func auditEvents(_ query: AuditQuery) throws(StoreError) -> AuditPage {
    try read { session throws(StoreError) in try session.auditEvents(query) }
  }

  package func auditEvent(id: EventID) throws(StoreError) -> AuditEvent? {
    try read { session throws(StoreError) in
      let rows = try session.connection.query(
        PostgresStore.Session.select + " WHERE e.id = $1::bigint ORDER BY e.event_timestamp LIMIT 1",
        [.number(id.rawValue)], "reading event \(id.rawValue)")
      return rows.count == 0 ? nil : session.event(rows, 0)
    }
  }

  /// The id, from which its time is read. Those that MUTT's sequence gave hold none: the first four minutes
  /// of 2020, if at all.
  private static var timedID: String {
    """
    CASE WHEN id >= 1::bigint << 40 THEN id ELSE
      greatest(floor(extract(epoch FROM event_timestamp) * 1000)::bigint - \(EventID.epoch), 0) << 22 END
    """
  }

  /// By the index of rules and times, rule by rule: years of audit are not counted for a list of rules.
  package func ruleUses() throws(StoreError) -> [Int64: RuleUse] {
    try read { session throws(StoreError) in
      let rows = try session.connection.query(
        """
        SELECT r.id, (
          SELECT count(*) FROM (
            SELECT FROM event_audit_log e WHERE e.matched_rule_id = r.id LIMIT \(RuleUse.countLimit + 1)
          ) counted), last.id
        FROM alert_rules r
        CROSS JOIN LATERAL (
          SELECT \(PostgresStore.timedID) AS id FROM event_audit_log e WHERE e.matched_rule_id = r.id
          ORDER BY e.event_timestamp DESC, e.id DESC LIMIT 1
        ) last
        """, [], "counting the events of rules")
      var uses: [Int64: RuleUse] = [:]
      for row in 0..<rows.count {
        guard let id = rows.int64(row, 0), let count = rows.int(row, 1), let last = rows.int64(row, 2) else {
          continue
        }
        uses[id] = RuleUse(count: count, last: EventID(rawValue: last))
      }
      return uses
    }
  }
}

/// Conditions with their values in order.
struct PostgresConditions {
  private(set) var sql = ""
  private(set) var values: [PostgresValue] = []

  /// Every `?` of `condition` stands for the next of `added`.
  mutating func add(_ condition: String, _ added: PostgresValue...) {
    sql += sql.isEmpty ? " WHERE " : " AND "
    var index = 0
    for part in condition {
      if part == "?" {
        values.append(added[index])
        index += 1
        sql += "$\(values.count)"
      } else {
        sql.append(part)
      }
    }
  }
}

extension PostgresStore.Session {
  static let select = """
    SELECT e.id, \(PostgresStore.utc("e.event_timestamp")), \(PostgresStore.utc("e.received_at")), e.hostname,
      e.matched_rule_id, r.name, e.rule_version, e.handling_decision, e.forwarded_to_moog, e.raw_message,
      e.source, host(e.source_addr), e.severity, e.environment, e.team_assignment, e.device_team, e.parse,
      e.host_from, e.clock, e.attrs -> 'labels', e.attrs -> 'trap', e.attrs -> 'rule',
      e.attrs - '{labels,trap,rule}'::text[]
    FROM event_audit_log e LEFT JOIN alert_rules r ON r.id = e.matched_rule_id
    """

  /// Newest first by the time of the event, as the months and the indexes are.
  func auditEvents(_ query: AuditQuery) throws(StoreError) -> AuditPage {
    let limit = min(max(query.limit, 1), AuditQuery.maxLimit)
    guard let conditions = try conditions(of: query) else { return AuditPage(events: [], next: nil) }
    let rows = try connection.query(
      PostgresStore.Session.select + conditions.sql
        + " ORDER BY e.event_timestamp DESC, e.id DESC LIMIT \(limit + 1)", conditions.values,
      "reading the audit")
    let events = (0..<min(rows.count, limit)).map { event(rows, $0) }
    return AuditPage(events: events, next: rows.count > limit ? events.last?.id : nil)
  }

  /// Nil: nothing can fulfil them.
  private func conditions(of query: AuditQuery) throws(StoreError) -> PostgresConditions? {
    var rule = query.ruleID
    if let name = query.ruleName {
      let row = try connection.query(
        "SELECT id FROM alert_rules WHERE name = $1", [.text(name)], "looking up a rule")
      guard row.count > 0, let named = row.int64(0, 0), rule == nil || rule == named else { return nil }
      rule = named
    }
    var conditions = PostgresConditions()
    if let rule {
      guard let id = Int32(exactly: rule) else { return nil }
      conditions.add("e.matched_rule_id = ?", .number(id))
    }
    if let host = query.host { conditions.add("lower(e.hostname) = lower(?)", .text(host)) }
    if let handling = query.handling {
      conditions.add("lower(e.handling_decision) = lower(?)", .text(handling))
    }
    if let since = query.since {
      conditions.add("e.event_timestamp >= ?::timestamptz", .text(since.rfc3339(digits: 6)))
    }
    if let until = query.until {
      conditions.add("e.event_timestamp < ?::timestamptz", .text(until.rfc3339(digits: 6)))
    }
    if let text = query.text, !text.isEmpty {
      conditions.add("e.raw_message ILIKE ?", .text(PostgresStore.Session.pattern(text)))
    }
    if let before = query.before {
      let time = try time(of: before)
      conditions.add(
        "(e.event_timestamp, e.id) < (?::timestamptz, ?::bigint)", .text(time), .number(before.rawValue))
      // The same said of the time alone, which the server understands: later months are not looked at.
      conditions.add("e.event_timestamp <= ?::timestamptz", .text(time))
    }
    return conditions
  }

  /// The time at which a page ended. An event that is gone meanwhile is looked for at its arrival.
  private func time(of id: EventID) throws(StoreError) -> String {
    let row = try connection.query(
      "SELECT \(PostgresStore.utc("event_timestamp")) FROM event_audit_log WHERE id = $1::bigint LIMIT 1",
      [.number(id.rawValue)], "reading event \(id.rawValue)")
    if row.count > 0, let text = row.text(0, 0) { return text }
    return Timestamp(milliseconds: id.milliseconds).rfc3339(digits: 6)
  }

  /// `text` anywhere, for LIKE.
  private static func pattern(_ text: String) -> String {
    var pattern = "%"
    for scalar in text.unicodeScalars {
      if scalar == "%" || scalar == "_" || scalar == "\\" { pattern += "\\" }
      pattern.unicodeScalars.append(scalar)
    }
    return pattern + "%"
  }

  func event(_ rows: PostgresResult, _ row: Int) -> AuditEvent {
    var event = AuditEvent(
      id: EventID(rawValue: rows.int64(row, 0) ?? 0), eventTime: rows.time(row, 1) ?? .absent,
      isForwarded: rows.bool(row, 8))
    event.receivedAt = rows.time(row, 2)
    event.host = rows.text(row, 3)
    event.ruleID = rows.int64(row, 4)
    event.ruleName = rows.text(row, 5)
    event.ruleVersion = rows.int(row, 6)
    event.handling = rows.text(row, 7)
    event.raw = rows.text(row, 9)
    event.source = rows.text(row, 10)
    event.sourceAddress = rows.text(row, 11)
    event.severity = rows.int(row, 12)
    event.environment = rows.text(row, 13)
    event.team = rows.text(row, 14)
    event.deviceTeam = rows.text(row, 15)
    event.parse = rows.text(row, 16)
    event.hostFrom = rows.text(row, 17)
    event.clock = rows.text(row, 18)
    event.attributes = PostgresJSON.attributes(
      labels: rows.text(row, 19), trap: rows.text(row, 20), rule: rows.text(row, 21),
      others: rows.text(row, 22))
    return event
  }
}
