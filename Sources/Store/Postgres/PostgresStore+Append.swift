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
  /// Rows are set aside for words too that may be about the table: it took others.
  private var dividesSuspects = false

  private static let doing = "writing audit rows"
  /// So often a batch is refused with a word that may be about one of its rows before that row is looked for:
  /// what is wrong with the table is mostly mended in the seconds of a few tries.
  private static let patience = 3
  /// Rows that are tried one by one.
  private static let samples = 8

  init(_ batch: EventBatch, session: PostgresStore.Session, afterDoubt: Bool) {
    self.batch = batch
    self.session = session
    self.afterDoubt = afterDoubt
  }

  /// All in one statement, which is a transaction by itself; when the server refuses a row, in as many parts
  /// as it takes to find it, in one transaction.
  mutating func write(_ rows: [Int]) throws(StoreError) {
    var answer = try attempt(rows[...])
    if let refusal = answer, refusal.isOfCopy, session.copies, !afterDoubt {
      // A table with row security takes no COPY, whatever the rows: they go by INSERT, now and from now on.
      session.copies = false
      answer = try attempt(rows[...])
    }
    guard let refusal = answer else {
      session.suspicion.count = 0
      return
    }
    if !isOfARow(refusal) {
      guard suspects(refusal) else { throw failure(refusal) }
    }
    let run = self
    result = try session.connection.transaction(PostgresAppend.doing) { () throws(StoreError) in
      var run = run
      if !run.isOfARow(refusal), try !run.takesOthers(rows) { throw run.failure(refusal) }
      run.dividesSuspects = true
      try run.divide(rows[...])
      return run.result
    }
    session.suspicion.count = 0
  }

  /// An id that is there already is let pass after a doubt: what is told of then is somebody else's UNIQUE.
  private func isOfARow(_ refusal: PostgresRefusal) -> Bool {
    refusal.isOfARow || afterDoubt && refusal.state == "23505"
  }

  /// Whether `refusal`, which may be about one row, has come often enough to look for that row.
  private func suspects(_ refusal: PostgresRefusal) -> Bool {
    guard refusal.mayBeOfARow else { return false }
    if session.suspicion.state != refusal.state { session.suspicion = (refusal.state, 0) }
    session.suspicion.count += 1
    return session.suspicion.count >= PostgresAppend.patience
  }

  /// Whether the table takes a row that is empty but for its time, in all the columns that rows have, or one
  /// of these. When it takes none of them it is not rows that are wrong, and none is set aside.
  private func takesOthers(_ rows: [Int]) throws(StoreError) -> Bool {
    let row = batch.rows[rows[0]]
    let empty = try isTaken { () throws(StoreError) in
      try session.connection.attempt(
        PostgresRows.emptySQL, [.number(row.id.rawValue), .text(row.time.rfc3339(digits: 6))],
        PostgresAppend.doing)
    }
    if empty { return true }
    let step = max(1, rows.count / PostgresAppend.samples)
    for place in stride(from: 0, to: rows.count, by: step) {
      let isTaken = try isTaken { () throws(StoreError) in
        try session.connection.attempt(
          PostgresRows.insertSQL, session.rows.arrays(rows[place...place], of: batch), PostgresAppend.doing)
      }
      if isTaken { return true }
    }
    return false
  }

  /// Tries `insert` and takes it back.
  private func isTaken(_ insert: () throws(StoreError) -> PostgresConnection.Answer) throws(StoreError)
    -> Bool
  {
    try session.connection.execute("SAVEPOINT trial", PostgresAppend.doing)
    let answer = try insert()
    try session.connection.execute(
      "ROLLBACK TO SAVEPOINT trial; RELEASE SAVEPOINT trial", PostgresAppend.doing)
    switch answer {
    case .rows: return true
    case .refused(let refusal):
      guard isOfARow(refusal) || refusal.mayBeOfARow else { throw failure(refusal) }
      return false
    }
  }

  /// What the server refuses; nil: the rows are written.
  private mutating func attempt(_ rows: ArraySlice<Int>) throws(StoreError) -> PostgresRefusal? {
    let answer: PostgresConnection.Answer
    if afterDoubt {
      answer = try session.connection.attempt(
        PostgresRows.insertSQL, session.rows.arrays(rows, of: batch), PostgresAppend.doing)
    } else if !session.copies {
      answer = try session.connection.attempt(
        PostgresRows.freshSQL, session.rows.arrays(rows, of: batch), PostgresAppend.doing)
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
    guard isOfARow(refusal) || dividesSuspects && refusal.mayBeOfARow else { throw failure(refusal) }
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
