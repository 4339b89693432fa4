package import Model

/// What a file of the store takes, bytes.
package struct StoreRoom: Sendable, Equatable {
  /// Pages that hold something.
  package var used: Int64
  /// Pages that hold nothing any more: they are written again before the file grows.
  package var free: Int64
  /// The write-ahead log beside it, which is as long as the longest that somebody kept reading.
  package var log: Int64

  package init(used: Int64, free: Int64, log: Int64) {
    self.used = used
    self.free = free
    self.log = log
  }
}

/// Which rows of the audit may go.
package struct TrimChoice: Sendable, Equatable {
  /// Only those that no rule took.
  package var unmatchedOnly = false
  /// Ids above this one; where the last step ended.
  package var after = Int64.min
  /// Ids up to this one.
  package var through = Int64.max
  /// Only events of before this time; nil: of any. Ids hold the time of arrival, but not those of rows that
  /// somebody wrote by hand.
  package var before: Timestamp?

  package init(unmatchedOnly: Bool = false, before: Timestamp? = nil) {
    self.unmatchedOnly = unmatchedOnly
    self.before = before
    if let before { through = SQLiteStore.id(atMilliseconds: before.milliseconds).rawValue - 1 }
  }
}

/// Rows of the audit, counted.
package struct TrimCount: Sendable, Equatable {
  package var unmatched: Int64 = 0
  package var matched: Int64 = 0
  /// The lowest and the highest id among them.
  package var first: EventID?
  package var last: EventID?

  package init() {}

  package var total: Int64 { unmatched + matched }

  package mutating func add(_ id: EventID, isUnmatched: Bool) {
    if isUnmatched { unmatched += 1 } else { matched += 1 }
    first = min(first ?? id, id)
    last = max(last ?? id, id)
  }

  package mutating func add(_ other: TrimCount) {
    unmatched += other.unmatched
    matched += other.matched
    if let begin = other.first { first = min(first ?? begin, begin) }
    if let end = other.last { last = max(last ?? end, end) }
  }
}

/// What one step looked at and found.
package struct TrimStep: Sendable, Equatable {
  package var found = TrimCount()
  /// The last row that was looked at; nil: there was none.
  package var last: Int64?
  /// No row is left behind it.
  package var isLast = false
  /// How long it had the store for itself, nanoseconds.
  package var held: Int64 = 0

  mutating func ends(since begin: ContinuousClock.Instant) {
    let (seconds, fraction) = (ContinuousClock.now - begin).components
    held = seconds * 1_000_000_000 + fraction / 1_000_000_000
  }
}

extension SQLiteStore {
  package func room() throws(StoreError) -> StoreRoom {
    try use { session throws(StoreError) in
      let size = try session.pragma("page_size")
      // In one view: between the two somebody may write.
      let (pages, free) = try session.connection.reading("looking at its size") { () throws(StoreError) in
        (try session.pragma("page_count"), try session.pragma("freelist_count"))
      }
      return StoreRoom(
        used: (pages - free) * size, free: free * size, log: StateFile.size(session.connection.path + "-wal"))
    }
  }

  /// Looks at the next `limit` rows, oldest first, and counts those that may go.
  package func countTrim(_ choice: TrimChoice, limit: Int) throws(StoreError) -> TrimStep {
    try use { session throws(StoreError) in
      let begin = ContinuousClock.now
      var step = try session.look(choice, limit: limit).step
      step.ends(since: begin)
      return step
    }
  }

  /// Removes of the next `limit` rows, oldest first, those that may go: one short transaction.
  package func trim(_ choice: TrimChoice, limit: Int) throws(StoreError) -> TrimStep {
    try use { session throws(StoreError) in
      defer { session.writeBack.begin() }
      let begin = ContinuousClock.now
      var step = try session.trim(choice, limit: limit)
      step.ends(since: begin)
      return step
    }
  }

  /// Takes rows that are gone out of the oldest block of hosts that ends after `id` and up to `last`; where
  /// that block ends, nil: there is none.
  package func tidyBlock(after id: Int64, through last: Int64) throws(StoreError) -> Int64? {
    try use { session throws(StoreError) in
      defer { session.writeBack.begin() }
      return try session.connection.transaction("tidying a block of hosts") { () throws(StoreError) in
        try session.tidyBlock(after: id, through: last)
      }
    }
  }

  /// Gives the room of the write-ahead log back to the disk, unless somebody reads.
  package func cutLog() throws(StoreError) {
    try use { session throws(StoreError) in try session.connection.cutLog() }
  }

  /// The oldest row; nil: there is none.
  package func oldestEvent() throws(StoreError) -> EventID? {
    try use { session throws(StoreError) in
      let row = try session.statement("SELECT min(id) FROM event_audit_log", "looking for the oldest event")
      defer { row.reset() }
      return try row.step() ? row.optionalInt64(0).map { EventID(rawValue: $0) } : nil
    }
  }
}

extension SQLiteStore.Session {
  func pragma(_ name: String) throws(StoreError) -> Int64 {
    let row = try statement("PRAGMA \(name)", "looking at its size")
    defer { row.reset() }
    return try row.step() ? row.int64(0) : 0
  }

  /// A row whose rule is gone has no rule's id either, but its handling; so has a meta-alert of ours.
  private static let isUnmatched = "matched_rule_id IS NULL AND handling_decision IS 'unmatched'"
  private static let isOld = "coalesce(received_at, event_timestamp) < ?3"

  /// Rows that stay between others.
  struct Kept {
    var rows: Int64 = 0
    var bytes: Int64 = 0

    /// Too many of them stay for SQLite to join their pages, and not too much to be moved.
    func isSparse(beside removed: Int64) -> Bool { rows * 10 > (rows + removed) * 3 && bytes <= 4 << 20 }
  }

  func look(_ choice: TrimChoice, limit: Int) throws(StoreError) -> (step: TrimStep, kept: Kept) {
    let row = try statement(
      """
      SELECT id, \(SQLiteStore.Session.isUnmatched), \(SQLiteStore.Session.isOld),
        coalesce(length(CAST(raw_message AS BLOB)), 0) + coalesce(length(CAST(attrs AS BLOB)), 0)
      FROM event_audit_log WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?4
      """, "looking for old rows")
    defer { row.reset() }
    row.bind(choice.after, 1)
    row.bind(choice.through, 2)
    row.bind(choice.before?.rfc3339(digits: 6), 3)
    row.bind(limit, 4)
    var step = TrimStep()
    var kept = Kept()
    var seen = 0
    while try row.step() {
      seen += 1
      let id = EventID(rawValue: row.int64(0))
      let isUnmatched = row.bool(1)
      let isOld = choice.before == nil || row.bool(2)
      if isOld, isUnmatched || !choice.unmatchedOnly {
        step.found.add(id, isUnmatched: isUnmatched)
      } else if step.found.total > 0 {
        kept.rows += 1
        kept.bytes += row.int64(3)
      }
      step.last = id.rawValue
    }
    step.isLast = seen < limit
    return (step, kept)
  }

  func trim(_ choice: TrimChoice, limit: Int) throws(StoreError) -> TrimStep {
    // Where nothing goes nothing is locked.
    let (step, kept) = try look(choice, limit: limit)
    guard let first = step.found.first, let last = step.found.last else { return step }
    var text = "DELETE FROM event_audit_log WHERE id BETWEEN ?1 AND ?2"
    if choice.unmatchedOnly { text += " AND " + SQLiteStore.Session.isUnmatched }
    if choice.before != nil { text += " AND " + SQLiteStore.Session.isOld }
    let delete = try statement(text, "removing old rows")
    delete.bind(first.rawValue, 1)
    delete.bind(last.rawValue, 2)
    if let before = choice.before { delete.bind(before.rfc3339(digits: 6), 3) }
    func remove(packs: Bool) throws(StoreError) {
      try connection.transaction("removing old rows") { () throws(StoreError) in
        try delete.run()
        if packs { try pack(first.rawValue...last.rawValue) }
      }
    }
    do throws(StoreError) {
      try remove(packs: kept.isSparse(beside: step.found.total))
    } catch {
      // A row that somebody wrote with a rule that there is not stays as it is: it cannot be written again.
      guard error.code == .constraint else { throw error }
      try remove(packs: false)
    }
    return step
  }

  /// SQLite joins pages that are less than a third full. What is left in fuller ones is written anew, one row
  /// behind the other, or half of the file would be gaps that nothing fills: ids only ascend. Inside a
  /// transaction.
  private func pack(_ ids: ClosedRange<Int64>) throws(StoreError) {
    // In memory, so that it needs no directory for temporary files. Each time: what fails takes it along.
    try connection.execute(
      """
      PRAGMA temp_store = MEMORY;
      CREATE TEMP TABLE IF NOT EXISTS kept AS SELECT * FROM event_audit_log WHERE 0
      """, "packing rows")
    for text in [
      "INSERT INTO temp.kept SELECT * FROM event_audit_log WHERE id BETWEEN ?1 AND ?2",
      "DELETE FROM event_audit_log WHERE id BETWEEN ?1 AND ?2",
      "INSERT INTO event_audit_log SELECT * FROM temp.kept WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
      "DELETE FROM temp.kept WHERE id BETWEEN ?1 AND ?2",
    ] {
      let statement = try statement(text, "packing rows")
      statement.bind(ids.lowerBound, 1)
      statement.bind(ids.upperBound, 2)
      try statement.run()
    }
  }

  /// Inside a transaction.
  func tidyBlock(after id: Int64, through last: Int64) throws(StoreError) -> Int64? {
    let row = try statement(
      """
      SELECT block, first_id, last_id, last_id = (SELECT max(last_id) FROM event_audit_blocks)
      FROM event_audit_blocks WHERE last_id > ?1 AND last_id <= ?2 ORDER BY last_id LIMIT 1
      """, "tidying a block of hosts")
    row.bind(id, 1)
    row.bind(last, 2)
    guard try row.step() else {
      row.reset()
      return nil
    }
    let (block, first, end, isNewest) = (row.int64(0), row.int64(1), row.int64(2), row.bool(3))
    row.reset()
    guard let left = try rowsLeft(first...end) else { return end }
    if left.isEmpty {
      try removeParts(of: block)
      // What the newest says holds on: rows up to there have their block.
      if !isNewest { try removeHead(of: block) }
    } else {
      try keepOnly(left, of: block)
    }
    return end
  }

  /// Nil: more rows than the largest block has, since others that came late lie in between. What of it is
  /// gone is taken out when all of it is.
  private func rowsLeft(_ ids: ClosedRange<Int64>) throws(StoreError) -> Set<Int64>? {
    let limit = openHosts.limit
    let row = try statement(
      "SELECT id FROM event_audit_log WHERE id BETWEEN ?1 AND ?2 LIMIT ?3", "tidying a block of hosts")
    defer { row.reset() }
    row.bind(ids.lowerBound, 1)
    row.bind(ids.upperBound, 2)
    row.bind(limit + 1, 3)
    var left: Set<Int64> = []
    while try row.step() { left.insert(row.int64(0)) }
    return left.count > limit ? nil : left
  }

  private func keepOnly(_ left: Set<Int64>, of block: Int64) throws(StoreError) {
    let parts = HostBlock.parts(of: block)
    let row = try statement(
      "SELECT part, events FROM event_audit_hosts WHERE part BETWEEN ?1 AND ?2", "tidying a block of hosts")
    row.bind(parts.lowerBound, 1)
    row.bind(parts.upperBound, 2)
    var changed: [(part: Int64, events: [UInt8])] = []
    while try row.step() {
      var events = row.bytes(1)
      if HostBlock.keep(left, in: &events) { changed.append((row.int64(0), events)) }
    }
    row.reset()
    let remove = try statement("DELETE FROM event_audit_hosts WHERE part = ?1", "tidying a block of hosts")
    let write = try statement(
      "UPDATE event_audit_hosts SET events = ?2 WHERE part = ?1", "tidying a block of hosts")
    for (part, events) in changed {
      let statement = events.isEmpty ? remove : write
      statement.bind(part, 1)
      if !events.isEmpty { statement.bind(blob: events, 2) }
      try statement.run()
    }
  }
}
