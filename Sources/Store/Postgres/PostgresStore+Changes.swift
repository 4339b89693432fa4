import Model

extension PostgresStore {
  package func configChanges(_ query: ChangeQuery) throws(StoreError) -> ChangePage {
    try read { session throws(StoreError) in try session.configChanges(query) }
  }
}

extension PostgresStore.Session {
  func configChanges(_ query: ChangeQuery) throws(StoreError) -> ChangePage {
    let limit = min(max(query.limit, 1), ChangeQuery.maxLimit)
    let conditions = changeConditions(query)
    let rows = try connection.query(
      """
      SELECT c.id, \(PostgresStore.utc("c.changed_at")), c.changed_by, c.operation, c.table_name, c.record_id,
        c.record_key, c.old_values, c.new_values, c.reason, c.correlation_id
      FROM config_audit_log c\(conditions.sql) ORDER BY c.id DESC LIMIT \(limit + 1)
      """, conditions.values, "reading the audit of changes")
    return ChangePage((0..<rows.count).map { change(rows, $0) }, limit: limit)
  }

  private func change(_ rows: PostgresResult, _ row: Int) -> ConfigChange {
    var change = ConfigChange(
      id: rows.int64(row, 0) ?? 0, changedAt: rows.time(row, 1) ?? .absent,
      changedBy: rows.text(row, 2) ?? "",
      operation: rows.text(row, 3) ?? "", table: rows.text(row, 4) ?? "")
    change.recordID = rows.int64(row, 5)
    change.recordKey = rows.text(row, 6)
    change.oldValues = rows.text(row, 7).map { PostgresJSON.compact($0) }
    change.newValues = rows.text(row, 8).map { PostgresJSON.compact($0) }
    change.reason = rows.text(row, 9)
    change.correlationID = rows.text(row, 10)
    return change
  }

  private func changeConditions(_ query: ChangeQuery) -> PostgresConditions {
    var conditions = PostgresConditions()
    if let table = query.table { conditions.add("c.table_name = ?", .text(table)) }
    switch (query.key, query.recordID) {
    case (let key?, let id?):
      conditions.add(
        "(c.record_id = ?::bigint OR lower(c.record_key) = lower(?))", .number(id), .text(key))
    case (let key?, nil): conditions.add("lower(c.record_key) = lower(?)", .text(key))
    case (nil, let id?): conditions.add("c.record_id = ?::bigint", .number(id))
    case (nil, nil): break
    }
    if let actor = query.actor { conditions.add("c.changed_by = ?", .text(actor)) }
    if let operation = query.operation { conditions.add("c.operation = upper(?)", .text(operation)) }
    if let correlation = query.correlationID { conditions.add("c.correlation_id = ?", .text(correlation)) }
    if let since = query.since {
      conditions.add("c.changed_at >= ?::timestamptz", .text(since.rfc3339(digits: 6)))
    }
    if let until = query.until {
      conditions.add("c.changed_at < ?::timestamptz", .text(until.rfc3339(digits: 6)))
    }
    if let holds = query.holds {
      // Both sides have a GIN index.
      conditions.add("(c.old_values @> ?::jsonb OR c.new_values @> ?::jsonb)", .text(holds), .text(holds))
    }
    if let before = query.before { conditions.add("c.id < ?::bigint", .number(before)) }
    return conditions
  }
}
