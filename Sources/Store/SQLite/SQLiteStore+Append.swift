package import Model

extension SQLiteStore {
  package func append(_ batch: borrowing EventBatch, matchedOnly: Bool, afterDoubt: Bool) throws(StoreError)
    -> AppendResult
  {
    // The arrays are shared, not copied: a closure cannot borrow a parameter.
    let batch = copy batch
    return try use { session throws(StoreError) in
      defer { session.writeBack.begin() }
      return try session.append(batch, matchedOnly: matchedOnly, afterDoubt: afterDoubt)
    }
  }

  package func markDelivered(_ marks: [DeliveredMark]) throws(StoreError) -> [DeliveredMark] {
    if marks.isEmpty { return [] }
    return try use { session throws(StoreError) in
      defer { session.writeBack.begin() }
      return try session.markDelivered(marks)
    }
  }
}

extension SQLiteStore.Session {
  func append(_ batch: EventBatch, matchedOnly: Bool, afterDoubt: Bool) throws(StoreError) -> AppendResult {
    texts.fill(batch, matchedOnly: matchedOnly)
    if texts.rows.isEmpty { return AppendResult() }
    let single = try statement(afterDoubt ? AuditInsert.oneIfAbsent : AuditInsert.one, "writing audit rows")
    // After a doubt it matters which rows are there already: then they are asked one by one.
    let asksEach = afterDoubt || texts.rows.count < AuditInsert.manyRows
    let many = asksEach ? nil : try statement(AuditInsert.many, "writing audit rows")
    do throws(StoreError) {
      return try connection.transaction("writing audit rows") { () throws(StoreError) in
        var run = AuditRun(batch, by: single, many, newestInBlocks: try lastInBlocks())
        try run.write(texts, on: connection, afterDoubt: afterDoubt)
        try keepBlocks(added: run.added, late: run.late)
        return run.result
      }
    } catch {
      openHosts.dataVersion = nil
      throw error
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

/// One batch on its way into the table.
private struct AuditRun {
  private let batch: EventBatch
  private var single: AuditInsert
  private var many: AuditInsert?
  private let newestInBlocks: Int64
  private(set) var result = AppendResult()
  /// Rows that were written above the newest block of hosts, and below it.
  private(set) var added = HostBlock()
  private(set) var late = HostBlock()

  init(_ batch: EventBatch, by single: SQLiteStatement, _ many: SQLiteStatement?, newestInBlocks: Int64) {
    self.batch = batch
    self.single = AuditInsert(single, rows: 1)
    self.many = many.map { AuditInsert($0, rows: AuditInsert.manyRows) }
    self.newestInBlocks = newestInBlocks
  }

  mutating func write(_ texts: AuditTexts, on connection: SQLiteConnection, afterDoubt: Bool)
    throws(StoreError)
  {
    let batch = batch
    // One address for the batch's text and one for ours, for as long as rows are bound from them.
    try unsafe batch.bytes.withUnsafeBufferPointer { bytes throws(StoreError) in
      try unsafe texts.bytes.withUnsafeBufferPointer { own throws(StoreError) in
        var next = 0
        while next < texts.rows.count {
          let end = next + AuditInsert.manyRows
          if many != nil, end <= texts.rows.count {
            if unsafe try writeMany(texts.rows, from: next, bytes, own) {
              next = end
              continue
            }
          }
          // A row among them is refused, or they are the last few.
          for index in next..<min(end, texts.rows.count) {
            unsafe single.bind(batch.rows[texts.rows[index].index], bytes, texts.rows[index], own, at: 0)
            try write(batch.rows[texts.rows[index].index], on: connection, afterDoubt: afterDoubt)
          }
          next = end
        }
      }
    }
  }

  /// False: none of them was written, since the table refuses at least one.
  @unsafe
  private mutating func writeMany(
    _ rows: [AuditTexts.Row], from start: Int, _ bytes: UnsafeBufferPointer<UInt8>,
    _ own: UnsafeBufferPointer<UInt8>
  ) throws(StoreError) -> Bool {
    for place in 0..<AuditInsert.manyRows {
      let text = rows[start &+ place]
      unsafe many!.bind(batch.rows[text.index], bytes, text, own, at: place)
    }
    guard case .done = try many!.statement.tryRow() else { return false }
    result.written += AuditInsert.manyRows
    for place in 0..<AuditInsert.manyRows { note(batch.rows[rows[start &+ place].index]) }
    return true
  }

  @inline(__always)
  private mutating func note(_ row: EventRow) {
    let isLate = row.id.rawValue <= newestInBlocks
    if row.host.isAbsent {
      if isLate { late.addWithoutHost(row.id.rawValue) } else { added.addWithoutHost(row.id.rawValue) }
      return
    }
    let batch = batch
    let host = batch.bytes.span.extracting(row.host.bounds)
    if isLate { late.add(row.id.rawValue, host: host) } else { added.add(row.id.rawValue, host: host) }
  }

  private mutating func write(_ row: EventRow, on connection: SQLiteConnection, afterDoubt: Bool)
    throws(StoreError)
  {
    var outcome = try single.statement.tryRow()
    if case .foreignKey = outcome {
      // The rule went between the decision and now: the row keeps its name instead of its id.
      var attributes: [UInt8] = []
      AuditTexts.appendAttributes(row, batch.bytes.span, rule: row.ruleName, to: &attributes)
      single.rebindWithoutRule(attributes: attributes)
      outcome = try single.statement.tryRow()
    }
    switch outcome {
    case .done, .row:
      if afterDoubt && connection.changes == 0 {
        result.alreadyThere += 1
      } else {
        result.written += 1
        note(row)
      }
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
}
