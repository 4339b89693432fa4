package import Model

extension Outbox {
  /// Does all of `work` in one transaction, or nothing. After an error the same work may be written again:
  /// also when a crash between shows that it had been done, nothing is doubled by it.
  package func write(_ work: Work) throws(StoreError) -> WorkResult {
    try use { session throws(StoreError) in
      let result = try session.write(work)
      noteSize(session.usedBytes)
      return result
    }
  }

  /// Where a shift goes on.
  package struct ShiftPlace: Sendable, Equatable {
    fileprivate var time: Timestamp
    fileprivate var id: Int64
  }

  /// The clock was set back: pending deliveries of `destination` that wait for a time after `now` become due
  /// so many nanoseconds earlier, in the order of their times. At most `limit` of them, in one transaction;
  /// says where the others begin, nil when those were all. What has moved lies before that place, so that
  /// nothing moves twice.
  package func shift(
    destination: String, back nanoseconds: Int64, now: Timestamp, from place: ShiftPlace? = nil,
    limit: Int = 1_000
  ) throws(StoreError) -> ShiftPlace? {
    try changeWaits(
      of: destination, from: place ?? ShiftPlace(time: now, id: .max), limit,
      "UPDATE deliveries SET next_attempt_at = next_attempt_at - ?2 WHERE id = ?1",
      "moving waits with the clock"
    ) { $0.bind(nanoseconds, 2) }
  }

  /// Pending deliveries of `destination` that wait for a time after `now` become due then; without those that
  /// were answered 429, unless `throttled`. At most `limit` are looked at, in one transaction; says where the
  /// others begin, nil when those were all.
  package func hasten(
    destination: String, throttled: Bool, now: Timestamp, from place: ShiftPlace? = nil, limit: Int = 1_000
  ) throws(StoreError) -> ShiftPlace? {
    try changeWaits(
      of: destination, from: place ?? ShiftPlace(time: now, id: .max), limit,
      "UPDATE deliveries SET next_attempt_at = ?2 WHERE id = ?1 AND (?3 OR last_status <> 429)",
      "ending waits"
    ) {
      $0.bind(now.nanoseconds, 2)
      $0.bind(throttled, 3)
    }
  }

  /// Runs `update` for each of the next `limit` waiting deliveries, ?1 being its id, in one transaction.
  private func changeWaits(
    of destination: String, from place: ShiftPlace, _ limit: Int, _ update: String, _ doing: String,
    _ bind: (SQLiteStatement) -> Void
  ) throws(StoreError) -> ShiftPlace? {
    try use { session throws(StoreError) in
      try session.connection.transaction(doing) { () throws(StoreError) in
        let rows = try session.waiting(destination, from: place, limit: limit)
        let each = try session.statement(update, doing)
        for row in rows {
          each.bind(row.id, 1)
          bind(each)
          try each.run()
        }
        return rows.count < limit ? nil : rows.last
      }
    }
  }

  /// Of these, the pending deliveries of `destination`.
  package func owed(to destination: String, among ids: some Sequence<Int64>) throws(StoreError) -> Set<Int64>
  {
    let ids = Array(ids)
    return try use { session throws(StoreError) in
      let row = try session.statement(
        "SELECT 1 FROM deliveries WHERE id = ?1 AND destination = ?2 AND state = 0", "looking for deliveries")
      var found: Set<Int64> = []
      for id in ids {
        row.bind(id, 1)
        row.bind(destination, 2)
        if try row.step() { found.insert(id) }
        row.reset()
      }
      return found
    }
  }
}

extension Outbox.Session {
  fileprivate func waiting(
    _ destination: String, from place: Outbox.ShiftPlace, limit: Int
  ) throws(StoreError) -> [Outbox.ShiftPlace] {
    let row = try statement(
      """
      SELECT next_attempt_at, id FROM deliveries INDEXED BY deliveries_due
      WHERE destination = ?1 AND state = 0 AND (next_attempt_at, id) > (?2, ?3)
      ORDER BY next_attempt_at, id LIMIT ?4
      """, "looking for what waits")
    row.bind(destination, 1)
    row.bind(place.time.nanoseconds, 2)
    row.bind(place.id, 3)
    row.bind(limit, 4)
    var found: [Outbox.ShiftPlace] = []
    while try row.step() {
      found.append(Outbox.ShiftPlace(time: Timestamp(nanoseconds: row.int64(0)), id: row.int64(1)))
    }
    return found
  }

  func write(_ work: Outbox.Work) throws(StoreError) -> Outbox.WorkResult {
    do throws(StoreError) {
      return try connection.transaction("writing the outbox") { () throws(StoreError) in
        var result = Outbox.WorkResult()
        for batch in work.batches { try spool(batch, &result) }
        for delivery in work.deliveries { try add(delivery, &result) }
        for outcome in work.outcomes { try record(outcome, &result) }
        for key in work.removedSpool { try unspool(key, &result) }
        for row in work.setAside { try setAside(row) }
        for mark in work.addedMarks { try add(mark) }
        for mark in work.removedMarks { try remove(mark) }
        for change in work.standIns { try apply(change) }
        try keep(work.told)
        if let ceiling = work.idCeiling, ceiling > idCeiling ?? .min {
          try set(.idCeiling, ceiling)
          idCeiling = ceiling
        }
        result.marksWaiting = marksWaiting
        return result
      }
    } catch {
      // What was counted on the way was rolled back.
      try recall()
      throw error
    }
  }

  // MARK: Spool

  private func spool(_ batch: EventBatch, _ result: inout Outbox.WorkResult) throws(StoreError) {
    buffer.removeAll(keepingCapacity: true)
    let (count, first) = SpoolRecord.encode(batch, to: &buffer)
    result.spoolKeys.append(first)
    guard let first else { return }
    let insert = try statement(
      "INSERT INTO spool (first_id, count, format, rows) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
      "spooling audit rows")
    insert.bind(first.rawValue, 1)
    insert.bind(count, 2)
    insert.bind(SpoolRecord.format, 3)
    try insert.run(blob: buffer, 4)
    if connection.changes == 1 {
      spooledRows += count
      result.spooledRows += count
    }
  }

  private func unspool(_ key: EventID, _ result: inout Outbox.WorkResult) throws(StoreError) {
    let delete = try statement("DELETE FROM spool WHERE first_id = ?1 RETURNING count", "clearing the spool")
    delete.bind(key.rawValue, 1)
    while try delete.step() {
      spooledRows -= delete.int(0)
      result.unspooledRows += delete.int(0)
    }
  }

  private func setAside(_ row: Outbox.SetAside) throws(StoreError) {
    let insert = try statement(
      "INSERT OR REPLACE INTO set_aside (event_id, reason, format, row) VALUES (?1, ?2, ?3, ?4)",
      "setting a row aside")
    insert.bind(row.eventID.rawValue, 1)
    insert.bind(row.reason, 2)
    insert.bind(SpoolRecord.format, 3)
    insert.bind(blob: row.record, 4)
    try insert.run()
  }

  // MARK: Deliveries

  private func add(_ delivery: Delivery, _ result: inout Outbox.WorkResult) throws(StoreError) {
    let insert = try statement(
      """
      INSERT INTO deliveries (event_id, event_time, destination, state, rank, host, rule, handling, signature,
        body, created_at, attempts, next_attempt_at, last_status, last_error, detour, came_from, is_clear)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
      ON CONFLICT DO NOTHING
      """, "storing deliveries")
    insert.bind(delivery.eventID.rawValue, 1)
    insert.bind(delivery.eventTime.nanoseconds, 2)
    insert.bind(delivery.destination, 3)
    insert.bind(delivery.state.rawValue, 4)
    insert.bind(delivery.rank, 5)
    insert.bind(delivery.host, 6)
    insert.bind(delivery.rule, 7)
    insert.bind(delivery.handling, 8)
    insert.bind(delivery.signature, 9)
    insert.bind(delivery.createdAt.nanoseconds, 11)
    insert.bind(delivery.attempts, 12)
    insert.bind(delivery.nextAttemptAt.nanoseconds, 13)
    insert.bind(delivery.lastStatus, 14)
    insert.bind(delivery.lastError, 15)
    if let detour = delivery.detour {
      insert.bind(blob: DetourRecord.encode(detour), 16)
    } else {
      insert.bindNull(16)
    }
    insert.bind(delivery.cameFrom, 17)
    insert.bind(delivery.isClear, 18)
    try insert.run(blob: delivery.body, 10)
    if connection.changes == 1 {
      result.deliveryIDs.append(connection.lastInsertID)
      result.count(delivery.destination) { $0.created += 1 }
    } else {
      result.deliveryIDs.append(try stored(delivery))
      result.knownDeliveries += 1
    }
  }

  private func stored(_ delivery: Delivery) throws(StoreError) -> Int64 {
    let find = try statement(
      "SELECT id FROM deliveries WHERE event_id = ?1 AND destination = ?2", "looking for a delivery")
    defer { find.reset() }
    find.bind(delivery.eventID.rawValue, 1)
    find.bind(delivery.destination, 2)
    return try find.step() ? find.int64(0) : 0
  }

  /// An outcome of a delivery that is gone (purged by hand meanwhile) or dead changes no books: they have it
  /// where it is, and a replay goes out under the same key. But its receiver has it, and the audit says so.
  private func record(_ outcome: DeliveryOutcome, _ result: inout Outbox.WorkResult) throws(StoreError) {
    switch outcome.verdict {
    case .delivered(let marks): try delivered(outcome, marks: marks, &result)
    case .retry(let time):
      if let name = try failed(outcome, state: .pending, next: time) {
        result.count(name) { $0.retried += 1 }
      }
    case .dead:
      if let name = try failed(outcome, state: .dead, next: nil) { result.count(name) { $0.dead += 1 } }
    }
  }

  private func delivered(
    _ outcome: DeliveryOutcome, marks: Bool, _ result: inout Outbox.WorkResult
  ) throws(StoreError) {
    let delete = try statement(
      """
      DELETE FROM deliveries WHERE id = ?1 AND state = 0
      RETURNING destination, event_id, event_time, marked
      """,
      "recording a delivery")
    delete.bind(outcome.id, 1)
    guard try delete.step() else {
      if marks, let mark = outcome.mark { try add(mark) }
      return
    }
    let name = delete.text(0) ?? ""
    let mark = DeliveredMark(
      eventID: EventID(rawValue: delete.int64(1)), eventTime: Timestamp(nanoseconds: delete.int64(2)))
    let isMarked = delete.bool(3)
    while try delete.step() {}
    result.count(name) { $0.delivered += 1 }
    if marks && !isMarked { try add(mark) }
  }

  /// Keeps the mark, and tells the event's other deliveries that it is made.
  private func add(_ mark: DeliveredMark) throws(StoreError) {
    let insert = try statement(
      "INSERT INTO marks (event_id, event_time) VALUES (?1, ?2) ON CONFLICT DO NOTHING", "keeping a mark")
    insert.bind(mark.eventID.rawValue, 1)
    insert.bind(mark.eventTime.nanoseconds, 2)
    try insert.run()
    marksWaiting += connection.changes
    let siblings = try statement("UPDATE deliveries SET marked = 1 WHERE event_id = ?1", "keeping a mark")
    siblings.bind(mark.eventID.rawValue, 1)
    try siblings.run()
  }

  private func remove(_ mark: DeliveredMark) throws(StoreError) {
    let delete = try statement("DELETE FROM marks WHERE event_id = ?1", "removing a mark")
    delete.bind(mark.eventID.rawValue, 1)
    try delete.run()
    marksWaiting -= connection.changes
  }

  /// The destination of the pending delivery that was changed; nil when there is none.
  private func failed(_ outcome: DeliveryOutcome, state: Delivery.State, next: Timestamp?)
    throws(StoreError) -> String?
  {
    let update = try statement(
      """
      UPDATE deliveries SET state = ?2, next_attempt_at = coalesce(?3, next_attempt_at),
        attempts = attempts + 1, last_status = ?4, last_error = ?5
      WHERE id = ?1 AND state = 0 RETURNING destination
      """, "recording an attempt")
    update.bind(outcome.id, 1)
    update.bind(state.rawValue, 2)
    if let next { update.bind(next.nanoseconds, 3) } else { update.bindNull(3) }
    update.bind(outcome.status, 4)
    update.bind(outcome.error, 5)
    var name: String?
    while try update.step() { name = update.text(0) }
    return name
  }
}

extension Outbox.WorkResult {
  fileprivate mutating func count(_ destination: String, _ change: (inout Count) -> Void) {
    if let index = counts.firstIndex(where: { $0.destination == destination }) {
      change(&counts[index])
      return
    }
    var count = Count(destination: destination)
    change(&count)
    counts.append(count)
  }
}
