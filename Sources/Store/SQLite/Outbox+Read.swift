package import Model

extension Outbox {
  /// Pending and dead deliveries of one destination.
  package struct Level: Sendable, Equatable {
    package var destination: String
    package var pending: Int
    package var dead: Int

    package init(destination: String, pending: Int = 0, dead: Int = 0) {
      self.destination = destination
      self.pending = pending
      self.dead = dead
    }
  }

  /// Rows that wait for the store, in the order of their keys: whole batches until `limit` rows are reached.
  /// A value that cannot be read is set aside and said.
  package func spooled(after: EventID?, limit: Int) throws(StoreError) -> Spooled {
    try use { session throws(StoreError) in try session.spooled(after: after, limit: limit) }
  }

  /// The key of the oldest batch in the spool, which is the id of its oldest row; nil: it is empty.
  package func oldestSpooled() throws(StoreError) -> EventID? {
    try use { session throws(StoreError) in
      let row = try session.statement("SELECT min(first_id) FROM spool", "reading the spool")
      defer { row.reset() }
      return try row.step() ? row.optionalInt64(0).map { EventID(rawValue: $0) } : nil
    }
  }

  /// Marks that wait to be applied, oldest first; `after`: the page behind the mark of this event. Those of
  /// rows that are set aside wait with them.
  package func marks(after: EventID? = nil, limit: Int) throws(StoreError) -> [DeliveredMark] {
    try use { session throws(StoreError) in try session.marks(after, limit) }
  }

  /// Pending deliveries of `destination` whose time has come, in the order they leave: by rank, within it
  /// events that arrived at `staleBefore` or later first, then by event. Without the clears behind one of
  /// their signature that has failed and is tried again: they come when that has ended, or before the next of
  /// their signature. With those it may be a few more than `limit`. It ends with the one whose body brings
  /// all of them to `bytes`.
  package func due(
    destination: String, now: Timestamp, limit: Int, bytes: Int = .max, staleBefore: Timestamp
  ) throws(StoreError) -> [Delivery] {
    try use { session throws(StoreError) in
      try session.due(destination, now: now, limit: limit, bytes: bytes, staleBefore: staleBefore)
    }
  }

  /// When, after `now`, the next pending delivery of `destination` becomes due; nil: none does.
  package func nextDue(destination: String, after now: Timestamp) throws(StoreError) -> Timestamp? {
    try use { session throws(StoreError) in
      let row = try session.statement(
        """
        SELECT min(next_attempt_at) FROM deliveries
        WHERE destination = ?1 AND state = 0 AND next_attempt_at > ?2
        """, "looking for the next delivery")
      defer { row.reset() }
      row.bind(destination, 1)
      row.bind(now.nanoseconds, 2)
      return try row.step() ? row.optionalInt64(0).map { Timestamp(nanoseconds: $0) } : nil
    }
  }

  /// When the oldest event that is still owed to `destination` was taken in; nil: nothing is. Costs the same
  /// however many there are.
  package func oldestPending(destination: String) throws(StoreError) -> Timestamp? {
    try use { session throws(StoreError) in
      var oldest: Timestamp?
      for rank in [0, 1] {
        let row = try session.statement(
          """
          SELECT created_at FROM deliveries INDEXED BY deliveries_order
          WHERE destination = ?1 AND state = 0 AND rank = ?2 ORDER BY event_id LIMIT 1
          """, "looking for the oldest delivery")
        defer { row.reset() }
        row.bind(destination, 1)
        row.bind(rank, 2)
        guard try row.step() else { continue }
        let found = Timestamp(nanoseconds: row.int64(0))
        oldest = oldest.map { min($0, found) } ?? found
      }
      return oldest
    }
  }

  /// The event of the earliest pending delivery of `signature` that has failed and is tried again, due or
  /// not; of those without `ended`. Nil: there is none.
  package func firstRetried(
    destination: String, signature: String, except ended: Set<Int64>
  ) throws(StoreError) -> EventID? {
    try use { session throws(StoreError) in
      let row = try session.statement(
        """
        SELECT id, event_id FROM deliveries INDEXED BY deliveries_retried
        WHERE destination = ?1 AND signature = ?2 AND state = 0 AND attempts > 0 ORDER BY event_id
        """, "looking for what is tried again")
      defer { row.reset() }
      row.bind(destination, 1)
      row.bind(signature, 2)
      while try row.step() {
        if !ended.contains(row.int64(0)) { return EventID(rawValue: row.int64(1)) }
      }
      return nil
    }
  }

  /// Counts of every destination that has deliveries here.
  package func counts() throws(StoreError) -> [Level] {
    try use { session throws(StoreError) in try session.counts() }
  }

  package func list(_ filter: OutboxFilter) throws(StoreError) -> [Delivery] {
    try use { session throws(StoreError) in try session.list(filter) }
  }

  package func delivery(id: Int64) throws(StoreError) -> Delivery? {
    try use { session throws(StoreError) in
      try session.deliveries("WHERE id = ?1") { $0.bind(id, 1) }.first
    }
  }

  package func deliveries(eventID: EventID) throws(StoreError) -> [Delivery] {
    try use { session throws(StoreError) in
      try session.deliveries("WHERE event_id = ?1 ORDER BY id") { $0.bind(eventID.rawValue, 1) }
    }
  }
}

extension Outbox.Session {
  func spooled(after: EventID?, limit: Int) throws(StoreError) -> Outbox.Spooled {
    var found = Outbox.Spooled()
    var unreadable: [(Int64, Int)] = []
    let row = try statement(
      "SELECT first_id, count, format, rows FROM spool WHERE first_id > ?1 ORDER BY first_id",
      "reading the spool")
    row.bind(after?.rawValue ?? .min, 1)
    defer { row.reset() }
    while try row.step() {
      if !found.batch.isEmpty && found.batch.rows.count + row.int(1) > max(limit, 1) { break }
      let whole = SpoolRecord.isKnown(row.int(2)) && SpoolRecord.decode(row.bytes(3), into: &found.batch)
      if whole {
        found.keys.append(EventID(rawValue: row.int64(0)))
      } else {
        unreadable.append((row.int64(0), row.int(1)))
      }
      if found.batch.rows.count >= limit { break }
    }
    row.reset()
    for (key, count) in unreadable {
      try putAside(key, count)
      found.unreadable += count
    }
    return found
  }

  /// A value of the spool that is no list of rows: kept, out of the way.
  private func putAside(_ key: Int64, _ count: Int) throws(StoreError) {
    notices(
      Notice(
        .error, "outbox", "spooled audit rows cannot be read and are set aside",
        [("first_event", .text(String(key))), ("rows", .number(Int64(count)))]))
    try connection.transaction("setting spooled rows aside") { () throws(StoreError) in
      try connection.execute(
        """
        INSERT OR REPLACE INTO set_aside (event_id, reason, format, row)
        SELECT first_id, 'the spooled value cannot be read', format, rows FROM spool WHERE first_id = \(key);
        DELETE FROM spool WHERE first_id = \(key)
        """, "setting spooled rows aside")
    }
    spooledRows -= count
  }

  func marks(_ after: EventID?, _ limit: Int) throws(StoreError) -> [DeliveredMark] {
    let row = try statement(
      """
      SELECT event_id, event_time FROM marks m WHERE event_id > ?2
      AND NOT EXISTS (SELECT 1 FROM set_aside s WHERE s.event_id = m.event_id) ORDER BY event_id LIMIT ?1
      """, "reading marks")
    row.bind(limit, 1)
    row.bind(after?.rawValue ?? .min, 2)
    var found: [DeliveredMark] = []
    while try row.step() {
      found.append(
        DeliveredMark(
          eventID: EventID(rawValue: row.int64(0)), eventTime: Timestamp(nanoseconds: row.int64(1))))
    }
    return found
  }

  func due(
    _ destination: String, now: Timestamp, limit: Int, bytes: Int, staleBefore: Timestamp
  ) throws(StoreError) -> [Delivery] {
    let bound = SQLiteStore.id(atMilliseconds: staleBefore.milliseconds).rawValue
    var found: [Delivery] = []
    var left = bytes
    var unread: [(rank: Int, events: Range<Int64>)] = []
    for rank in [0, 1] {
      for events in [bound..<Int64.max, Int64.min..<bound] {
        guard found.count < limit, left > 0 else {
          unread.append((rank, events))
          continue
        }
        let most = limit - found.count
        let part = try deliveries(
          """
          INDEXED BY deliveries_order WHERE destination = ?1 AND state = 0 AND rank = ?2
          AND next_attempt_at <= ?3 AND event_id >= ?4 AND event_id < ?5 AND (is_clear = 0 OR NOT EXISTS (
            SELECT 1 FROM deliveries AS earlier INDEXED BY deliveries_retried
            WHERE earlier.destination = deliveries.destination AND earlier.signature = deliveries.signature
            AND earlier.event_id < deliveries.event_id AND earlier.state = 0 AND earlier.attempts > 0
            AND earlier.signature <> ''))
          ORDER BY event_id LIMIT ?6
          """, bytes: left
        ) {
          $0.bind(destination, 1)
          $0.bind(rank, 2)
          $0.bind(now.nanoseconds, 3)
          $0.bind(events.lowerBound, 4)
          $0.bind(events.upperBound, 5)
          $0.bind(most, 6)
        }
        found += part
        left -= part.reduce(0) { $0 + $1.body.count }
        if let last = part.last?.eventID.rawValue, part.count >= most || left <= 0 {
          unread.append((rank, last + 1..<events.upperBound))
        }
      }
    }
    // Of what was not read, stale or of a lower rank, an earlier one of a signature may be missing.
    let newest = found.map(\.eventID.rawValue).max() ?? .min
    for part in unread where try waits(destination, part.rank, part.events, before: newest) {
      found = try with(.untried, before: found, destination, now, limit: limit, bytes: bytes)
      break
    }
    if found.allSatisfy(\.isClear) { return found }
    if try !hasClears(destination) { return found }
    return try with(.clears, before: found, destination, now, limit: limit, bytes: bytes)
  }

  /// Whether any delivery of these events is older than `newest`.
  private func waits(
    _ destination: String, _ rank: Int, _ events: Range<Int64>, before newest: Int64
  ) throws(StoreError) -> Bool {
    let look = try statement(
      """
      SELECT EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_order
        WHERE destination = ?1 AND state = 0 AND rank = ?2 AND event_id >= ?3 AND event_id < ?4)
      """, "looking for older deliveries")
    defer { look.reset() }
    look.bind(destination, 1)
    look.bind(rank, 2)
    look.bind(events.lowerBound, 3)
    look.bind(min(newest, events.upperBound), 4)
    return try look.step() && look.bool(0)
  }

  /// What leaves before a delivery of its signature although it was not found by itself.
  private enum Earlier {
    /// First attempts: they leave in order.
    case untried
    /// Clears that are kept back: a raise lets them go before it, for one that came behind it would end what
    /// it has just raised.
    case clears

    var condition: String {
      switch self {
      case .untried: "INDEXED BY deliveries_untried WHERE attempts = 0 AND signature <> ''"
      case .clears: "INDEXED BY deliveries_clears WHERE is_clear = 1"
      }
    }

    func goes(before delivery: Delivery) -> Bool {
      if delivery.signature.isEmpty { return false }
      return self == .clears ? !delivery.isClear : delivery.attempts == 0
    }
  }

  /// How many a delivery lets go before it at once. Where a device flapped while the destination was away
  /// there are thousands of one signature: these go alone, and the delivery comes with the last of them.
  private static let earlierAtOnce = 32

  /// At most `limit` more than there are, and `bytes` more.
  private func with(
    _ earlier: Earlier, before found: [Delivery], _ destination: String, _ now: Timestamp, limit: Int,
    bytes: Int
  ) throws(StoreError) -> [Delivery] {
    var all: [Delivery] = []
    var taken: Set<Int64> = []
    // Up to which event the earlier ones of a signature stand in `all`, and from which on nothing of it may.
    var upTo: [ExactKey: Int64] = [:]
    var cut: [ExactKey: Int64] = [:]
    var room = bytes
    for delivery in found {
      let (key, event) = (ExactKey(delivery.signature), delivery.eventID.rawValue)
      if let first = cut[key], event >= first { continue }
      if earlier.goes(before: delivery) {
        let most = all.count < 2 * limit ? Outbox.Session.earlierAtOnce + 1 : 1
        let others = try deliveries(
          """
          \(earlier.condition) AND destination = ?1 AND state = 0
          AND signature = ?2 AND event_id < ?3 AND event_id > ?4 AND next_attempt_at <= ?5
          ORDER BY event_id LIMIT ?6
          """, bytes: max(room, 1)
        ) {
          $0.bind(destination, 1)
          $0.bind(delivery.signature, 2)
          $0.bind(event, 3)
          $0.bind(upTo[key] ?? .min, 4)
          $0.bind(now.nanoseconds, 5)
          $0.bind(most, 6)
        }
        all += others.filter { taken.insert($0.id).inserted }
        room -= others.reduce(0) { $0 + $1.body.count }
        if others.count >= most || room <= 0 && !others.isEmpty {
          cut[key] = event
          continue
        }
        upTo[key] = max(upTo[key] ?? .min, event)
      }
      if taken.insert(delivery.id).inserted { all.append(delivery) }
    }
    return all
  }

  private func hasClears(_ destination: String) throws(StoreError) -> Bool {
    let look = try statement(
      """
      SELECT EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_clears
        WHERE destination = ?1 AND state = 0 AND is_clear = 1)
      """, "looking for clears")
    defer { look.reset() }
    look.bind(destination, 1)
    return try look.step() && look.bool(0)
  }

  func counts() throws(StoreError) -> [Outbox.Level] {
    let row = try statement(
      "SELECT destination, state, count(*) FROM deliveries GROUP BY destination, state", "counting deliveries"
    )
    var found: [Outbox.Level] = []
    while try row.step() {
      let name = row.text(0) ?? ""
      if found.last?.destination != name { found.append(Outbox.Level(destination: name)) }
      if row.int(1) == Delivery.State.dead.rawValue {
        found[found.count - 1].dead = row.int(2)
      } else {
        found[found.count - 1].pending = row.int(2)
      }
    }
    return found
  }

  func list(_ filter: OutboxFilter) throws(StoreError) -> [Delivery] {
    let limit = min(max(filter.limit, 1), OutboxFilter.maxLimit)
    return try deliveries(
      """
      WHERE id > ?1 AND (?2 IS NULL OR destination = ?2) AND (?3 IS NULL OR state = ?3)
      AND (?4 IS NULL OR host = ?4 COLLATE NOCASE) AND (?5 IS NULL OR rule = ?5)
      AND (?7 IS NULL OR last_status = ?7) AND (?8 IS NULL OR created_at < ?8) ORDER BY id LIMIT ?6
      """
    ) {
      $0.bind(filter.status, 7)
      $0.bind(filter.before.map { Int($0.nanoseconds) }, 8)
      $0.bind(filter.after ?? 0, 1)
      $0.bind(filter.destination, 2)
      $0.bind(filter.state?.rawValue, 3)
      $0.bind(filter.host, 4)
      $0.bind(filter.rule, 5)
      $0.bind(limit, 6)
    }
  }

  /// Ends with the one whose body brings all of them to `bytes`.
  func deliveries(
    _ condition: String, bytes: Int = .max, _ bind: (SQLiteStatement) -> Void
  ) throws(StoreError) -> [Delivery] {
    let row = try statement(
      """
      SELECT id, event_id, event_time, destination, state, rank, host, rule, handling, signature, body,
        created_at, attempts, next_attempt_at, last_status, last_error, came_from, is_clear
      FROM deliveries \(condition)
      """, "reading deliveries")
    bind(row)
    defer { row.reset() }
    var found: [Delivery] = []
    var left = bytes
    while left > 0, try row.step() {
      var delivery = Delivery(
        eventID: EventID(rawValue: row.int64(1)), eventTime: Timestamp(nanoseconds: row.int64(2)),
        destination: row.text(3) ?? "", host: row.text(6) ?? "", rule: row.text(7) ?? "",
        handling: row.text(8) ?? "", signature: row.text(9) ?? "", body: row.bytes(10),
        createdAt: Timestamp(nanoseconds: row.int64(11)))
      delivery.id = row.int64(0)
      delivery.state = Delivery.State(rawValue: row.int(4)) ?? .pending
      delivery.rank = row.int(5)
      delivery.attempts = row.int(12)
      delivery.nextAttemptAt = Timestamp(nanoseconds: row.int64(13))
      delivery.lastStatus = row.int(14)
      delivery.lastError = row.text(15)
      delivery.cameFrom = row.text(16)
      delivery.isClear = row.bool(17)
      left -= delivery.body.count
      found.append(delivery)
    }
    return found
  }
}
