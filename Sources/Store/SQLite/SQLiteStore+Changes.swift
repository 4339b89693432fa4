import Model

extension SQLiteStore {
  package func configChanges(_ query: ChangeQuery) throws(StoreError) -> ChangePage {
    try use { session throws(StoreError) in try session.configChanges(query) }
  }
}

extension SQLiteStore.Session {
  func configChanges(_ query: ChangeQuery) throws(StoreError) -> ChangePage {
    let limit = min(max(query.limit, 1), ChangeQuery.maxLimit)
    let conditions = try changeConditions(query)
    let row = try connection.prepare(
      """
      SELECT c.id, c.changed_at, c.changed_by, c.operation, c.table_name, c.record_id, c.record_key,
        c.old_values, c.new_values, c.reason, c.correlation_id
      FROM config_audit_log c\(conditions.sql) ORDER BY c.id DESC LIMIT \(limit + 1)
      """, "reading the audit of changes")
    conditions.bind(to: row)
    var found: [ConfigChange] = []
    while try row.step() {
      var change = ConfigChange(
        id: row.int64(0), changedAt: row.text(1).flatMap { Timestamp(rfc3339: $0) } ?? .absent,
        changedBy: row.text(2) ?? "", operation: row.text(3) ?? "", table: row.text(4) ?? "")
      change.recordID = row.optionalInt64(5)
      change.recordKey = row.text(6)
      change.oldValues = row.text(7)
      change.newValues = row.text(8)
      change.reason = row.text(9)
      change.correlationID = row.text(10)
      found.append(change)
    }
    return ChangePage(found, limit: limit)
  }

  private func changeConditions(_ query: ChangeQuery) throws(StoreError) -> AuditConditions {
    var conditions = AuditConditions()
    if let table = query.table { conditions.add("c.table_name = ", table) }
    switch (query.key, query.recordID) {
    case (let key?, let id?):
      conditions.add("(c.record_id = \(id) OR c.record_key COLLATE NOCASE = ", key)
      conditions.close()
    case (let key?, nil): conditions.add("c.record_key COLLATE NOCASE = ", key)
    case (nil, let id?): conditions.add("c.record_id = ", id)
    case (nil, nil): break
    }
    if let actor = query.actor { conditions.add("c.changed_by = ", actor) }
    if let operation = query.operation { conditions.add("c.operation COLLATE NOCASE = ", operation) }
    if let correlation = query.correlationID { conditions.add("c.correlation_id = ", correlation) }
    if let since = query.since { conditions.add("c.changed_at >= ", since.rfc3339(digits: 6)) }
    if let until = query.until { conditions.add("c.changed_at < ", until.rfc3339(digits: 6)) }
    if let holds = query.holds { try addContainment(holds, to: &conditions) }
    if let before = query.before { conditions.add("c.id < ", before) }
    return conditions
  }

  /// Every key of the object is there, with the same kind of value and the same value.
  private func addContainment(_ json: String, to conditions: inout AuditConditions) throws(StoreError) {
    let check = try connection.prepare(
      "SELECT json_valid(?1) AND json_type(CASE WHEN json_valid(?1) THEN ?1 ELSE '[]' END) = 'object'",
      "reading what the values must hold")
    check.bind(json, 1)
    guard try check.step(), check.bool(0) else {
      throw StoreError(.constraint, "\(json) is no JSON object. Write it like {\"priority\": 10}.")
    }
    conditions.add(
      """
      EXISTS (SELECT 1 FROM (SELECT c.old_values AS v UNION ALL SELECT c.new_values) AS side
        JOIN (SELECT 1) ON side.v IS NOT NULL WHERE NOT EXISTS (
          SELECT 1 FROM json_each(
      """, json)
    conditions.continueCondition(
      """
      ) AS want WHERE NOT EXISTS (
            SELECT 1 FROM json_each(side.v) AS has
            WHERE has.key = want.key AND has.type = want.type AND has.value IS want.value)))
      """)
  }
}
