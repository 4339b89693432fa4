package import Model

extension SQLiteStore {
  package func append(_ batch: borrowing EventBatch, matchedOnly: Bool, afterDoubt: Bool) throws(StoreError)
    -> AppendResult
  {
    // The arrays are shared, not copied: a closure cannot borrow a parameter.
    let batch = copy batch
    return try use { session throws(StoreError) in
      try session.append(batch, matchedOnly: matchedOnly, afterDoubt: afterDoubt)
    }
  }

  package func markDelivered(_ marks: [DeliveredMark]) throws(StoreError) -> [DeliveredMark] {
    if marks.isEmpty { return [] }
    return try use { session throws(StoreError) in try session.markDelivered(marks) }
  }
}

extension SQLiteStore.Session {
  private static let insertRow = """
    INSERT INTO event_audit_log (id, event_timestamp, hostname, matched_rule_id, handling_decision,
      raw_message, received_at, source, source_addr, severity, environment, team_assignment, device_team,
      rule_version, parse, host_from, clock, attrs)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
    """

  func append(_ batch: EventBatch, matchedOnly: Bool, afterDoubt: Bool) throws(StoreError) -> AppendResult {
    texts.fill(batch, matchedOnly: matchedOnly)
    if texts.rows.isEmpty { return AppendResult() }
    let insert = try statement(
      SQLiteStore.Session.insertRow + (afterDoubt ? " ON CONFLICT (id) DO NOTHING" : ""),
      "writing audit rows")
    return try connection.transaction("writing audit rows") { () throws(StoreError) in
      var result = AppendResult()
      // One address for the batch's text and one for ours, for as long as rows are bound from them.
      try unsafe batch.bytes.withUnsafeBufferPointer { bytes throws(StoreError) in
        try unsafe texts.bytes.withUnsafeBufferPointer { own throws(StoreError) in
          for text in texts.rows {
            let row = batch.rows[text.index]
            unsafe bind(row, bytes, text, own, to: insert)
            try write(row, of: batch, by: insert, afterDoubt: afterDoubt, into: &result)
          }
        }
      }
      return result
    }
  }

  @unsafe
  private func bind(
    _ row: EventRow, _ bytes: UnsafeBufferPointer<UInt8>, _ text: AuditTexts.Row,
    _ own: UnsafeBufferPointer<UInt8>, to insert: SQLiteStatement
  ) {
    insert.bind(row.id.rawValue, 1)
    unsafe insert.bind(own, text.time, 2)
    unsafe insert.bind(bytes, row.host, 3)
    if row.ruleID == 0 { insert.bindNull(4) } else { insert.bind(row.ruleID, 4) }
    unsafe insert.bind(bytes, row.handling, 5)
    unsafe insert.bind(bytes, row.raw, 6)
    unsafe insert.bind(own, text.arrival, 7)
    insert.bind(constant: row.source.name, 8)
    unsafe insert.bind(own, text.address, 9)
    if row.severity < 0 { insert.bindNull(10) } else { insert.bind(Int64(row.severity), 10) }
    insert.bind(constant: row.environment.name, 11)
    unsafe insert.bind(bytes, row.team, 12)
    unsafe insert.bind(bytes, row.deviceTeam, 13)
    if row.ruleID == 0 { insert.bindNull(14) } else { insert.bind(Int64(row.ruleVersion), 14) }
    insert.bind(constant: row.parse.name, 15)
    insert.bind(constant: row.hostFrom.name, 16)
    insert.bind(constant: row.clock.name, 17)
    unsafe insert.bind(own, text.attributes, 18)
  }

  private func write(
    _ row: EventRow, of batch: EventBatch, by insert: SQLiteStatement, afterDoubt: Bool,
    into result: inout AppendResult
  ) throws(StoreError) {
    var outcome = try insert.tryRow()
    if case .foreignKey = outcome {
      // The rule went between the decision and now: the row keeps its name instead of its id.
      var attributes: [UInt8] = []
      AuditTexts.appendAttributes(row, batch.bytes.span, rule: row.ruleName, to: &attributes)
      insert.bindNull(4)
      insert.bind(attributes.isEmpty ? nil : String(decoding: attributes, as: UTF8.self), 18)
      outcome = try insert.tryRow()
    }
    switch outcome {
    case .done, .row:
      if afterDoubt && connection.changes == 0 { result.alreadyThere += 1 } else { result.written += 1 }
    case .primaryKey:
      throw StoreError(
        .conflict,
        "\(connection.path): event \(row.id.rawValue) is in the audit already. Write the batch again "
          + "as one of which it is not known whether it arrived.", path: connection.path)
    case .foreignKey:
      result.setAside.append(.init(id: row.id, reason: "its rule does not exist"))
    case .refused(let reason):
      result.setAside.append(.init(id: row.id, reason: reason))
    }
  }

  func markDelivered(_ marks: [DeliveredMark]) throws(StoreError) -> [DeliveredMark] {
    let update = try statement(
      "UPDATE event_audit_log SET forwarded_to_moog = 1 WHERE id = ?1", "marking rows as forwarded")
    return try connection.transaction("marking rows as forwarded") { () throws(StoreError) in
      var found: [DeliveredMark] = []
      for mark in marks {
        update.bind(mark.eventID.rawValue, 1)
        try update.run()
        if connection.changes == 1 { found.append(mark) }
      }
      return found
    }
  }
}
