package import Model

extension PostgresStore {
  package func append(_ batch: borrowing EventBatch, matchedOnly: Bool, afterDoubt: Bool) throws(StoreError)
    -> AppendResult
  {
    // The arrays are shared, not copied: a closure cannot borrow a parameter.
    let batch = copy batch
    return try use { session throws(StoreError) in
      let rows = batch.rows.indices.filter { !matchedOnly || batch.rows[$0].isMatched }
      if rows.isEmpty { return AppendResult() }
      session.rows.goneRules.removeAll()
      var run = PostgresAppend(batch, session: session, afterDoubt: afterDoubt)
      try run.write(rows)
      return run.result
    }
  }

  package func markDelivered(_ marks: [DeliveredMark]) throws(StoreError) -> [DeliveredMark] {
    if marks.isEmpty { return [] }
    return try use { session throws(StoreError) in
      var ids = PostgresArray(.int8)
      var times = PostgresArray(.int8)
      for mark in marks {
        ids.append(mark.eventID.rawValue)
        times.append(mark.eventTime.microseconds)
      }
      // The time says which month; it is kept to the microsecond.
      let rows = try session.connection.query(
        """
        UPDATE event_audit_log e SET forwarded_to_moog = true
        FROM (SELECT id, timestamptz 'epoch' + us * interval '1 microsecond' AS time
              FROM unnest($1::int8[], $2::int8[]) AS m (id, us)) m
        WHERE e.id = m.id AND e.event_timestamp = m.time
        RETURNING e.id
        """, [.binary(ids.encoded()), .binary(times.encoded())], "marking rows as forwarded")
      let found = Set((0..<rows.count).compactMap { rows.int64($0, 0) })
      return marks.filter { found.contains($0.eventID.rawValue) }
    }
  }
}

/// One batch on its way into the table.
private struct PostgresAppend {
  private let batch: EventBatch
  private let session: PostgresStore.Session
  private let afterDoubt: Bool
  private(set) var result = AppendResult()

  private static let doing = "writing audit rows"

  init(_ batch: EventBatch, session: PostgresStore.Session, afterDoubt: Bool) {
    self.batch = batch
    self.session = session
    self.afterDoubt = afterDoubt
  }

  /// All in one statement, which is a transaction by itself; when the server refuses a row, in as many parts
  /// as it takes to find it, in one transaction.
  mutating func write(_ rows: [Int]) throws(StoreError) {
    guard let refusal = try attempt(rows[...]) else { return }
    guard refusal.code == .constraint else { throw failure(refusal) }
    let run = self
    result = try session.connection.transaction(PostgresAppend.doing) { () throws(StoreError) in
      var run = run
      try run.divide(rows[...])
      return run.result
    }
  }

  /// What the server refuses; nil: the rows are written.
  private mutating func attempt(_ rows: ArraySlice<Int>) throws(StoreError) -> PostgresRefusal? {
    let answer: PostgresConnection.Answer
    if afterDoubt {
      answer = try session.connection.attempt(
        PostgresRows.insertSQL, session.rows.arrays(rows, of: batch), PostgresAppend.doing)
    } else {
      let data = session.rows.copyData(rows, of: batch)
      answer = try session.connection.copy(PostgresRows.copySQL, data, PostgresAppend.doing)
      session.rows.keep(data)
    }
    switch answer {
    case .refused(let refusal): return refusal
    case .rows(let done):
      result.written += done.changes
      result.alreadyThere += rows.count - done.changes
      return nil
    }
  }

  private mutating func divide(_ rows: ArraySlice<Int>) throws(StoreError) {
    let connection = session.connection
    try connection.execute("SAVEPOINT part", PostgresAppend.doing)
    guard let refusal = try attempt(rows) else {
      return try connection.execute("RELEASE SAVEPOINT part", PostgresAppend.doing)
    }
    try connection.execute(
      "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part", PostgresAppend.doing)
    guard refusal.code == .constraint else { throw failure(refusal) }
    if refusal.isForeignKey, try findGoneRules(rows) { return try divide(rows) }
    guard rows.count > 1 else {
      result.setAside.append(
        AppendResult.SetAside(id: batch.rows[rows[rows.startIndex]].id, reason: refusal.text))
      return
    }
    let middle = rows.startIndex + rows.count / 2
    try divide(rows[..<middle])
    try divide(rows[middle...])
  }

  /// Looks up which rules of `rows` are gone; false when none is that was not known to be.
  private func findGoneRules(_ rows: ArraySlice<Int>) throws(StoreError) -> Bool {
    var asked = Set(rows.map { batch.rows[$0].ruleID })
    asked.remove(0)
    var ids = PostgresArray(.int8)
    for id in asked { ids.append(id) }
    let there = try session.connection.query(
      "SELECT id FROM alert_rules WHERE id = ANY ($1::int8[])", [.binary(ids.encoded())],
      "looking up rules")
    let gone = asked.subtracting((0..<there.count).compactMap { there.int64($0, 0) })
    if gone.isSubset(of: session.rows.goneRules) { return false }
    session.rows.goneRules.formUnion(gone)
    return true
  }

  private func failure(_ refusal: PostgresRefusal) -> StoreError {
    var error = session.connection.failure(refusal, PostgresAppend.doing)
    if error.code == .conflict {
      error.message += " Write the batch again as one of which it is not known whether it arrived."
    }
    return error
  }
}
