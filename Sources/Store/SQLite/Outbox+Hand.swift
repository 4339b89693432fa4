import Glibc
package import Model

/// What people do to deliveries by hand, beside a daemon or without one.
extension Outbox {
  package enum HandChange: Sendable, Equatable {
    /// Dead ones become pending again: the same id, a new attempt at once.
    case replay
    /// Pending ones that wait for their retry are due now.
    case hasten
    /// They leave the outbox for good.
    case purge
  }

  /// What was done to the deliveries of one destination.
  package struct HandWork: Sendable, Equatable {
    package var destination: String
    package var replayed = 0
    /// Pending before and after: the daemon's books have nothing of it.
    package var hastened = 0
    package var purgedPending = 0
    package var purgedDead = 0

    package init(destination: String) { self.destination = destination }
  }

  /// Rows of one transaction: a purge of millions must not keep the daemon from writing.
  private static var slice: Int { 1_000 }

  /// How many deliveries of each destination `change` would touch. `id`: of a delivery or an event, over the
  /// filter; its page and limit do not count.
  package func preview(
    _ change: HandChange, _ filter: OutboxFilter, id: Int64? = nil, now: Timestamp
  ) throws(StoreError) -> [HandWork] {
    try use { session throws(StoreError) in
      try session.chosen(change, filter, id, limit: .max, now: now).work
    }
  }

  /// Does it, a slice at a time, and leaves word for the daemon's books. What was done is added to `done`,
  /// also where an error ends it half-way. `between`: called after each slice but the last.
  package func change(
    _ change: HandChange, _ filter: OutboxFilter, id: Int64? = nil, now: Timestamp,
    between: () -> Void = Outbox.giveWay, done: inout [HandWork]
  ) throws(StoreError) {
    saveDamagedLog()
    // Where the last slice ended: what is pending stays so when it is made due, and all before it would be
    // read again for each.
    var last: Int64 = 0
    while true {
      try requirePlace()
      let (ids, work) = try use { session throws(StoreError) in
        try session.changeSlice(change, filter, id, after: last, limit: Outbox.slice, now: now)
      }
      for one in work { Outbox.add(one, to: &done) }
      guard let end = ids.last, ids.count == Outbox.slice else { break }
      last = end
      between()
    }
    try requirePlace()
  }

  /// A file that was removed meanwhile is written again by its daemon, without what is changed in it here.
  private func requirePlace() throws(StoreError) {
    if isInPlace { return }
    throw StoreError(
      .unavailable, "\(path) was removed or replaced meanwhile. See /readyz, then do it again.", path: path)
  }

  /// SQLite looks every now and then whether a lock is gone, and queues nobody: a daemon that waits for one
  /// would not find the moment between two slices.
  package static func giveWay() { usleep(10_000) }

  /// What was done by hand since the last call; for the daemon, which enters it into its books.
  package func takeHandWork() throws(StoreError) -> [HandWork] {
    try use { session throws(StoreError) in try session.takeHandWork() }
  }

  fileprivate static func add(_ work: HandWork, to total: inout [HandWork]) {
    guard let index = total.firstIndex(where: { $0.destination == work.destination }) else {
      return total.append(work)
    }
    total[index].replayed += work.replayed
    total[index].hastened += work.hastened
    total[index].purgedPending += work.purgedPending
    total[index].purgedDead += work.purgedDead
  }
}

extension Outbox.Session {
  fileprivate func chosen(
    _ change: Outbox.HandChange, _ filter: OutboxFilter, _ id: Int64?, after last: Int64 = 0, limit: Int,
    now: Timestamp
  ) throws(StoreError) -> (ids: [Int64], work: [Outbox.HandWork]) {
    let row = try statement(
      """
      SELECT id, destination, state FROM deliveries
      WHERE id > ?10 AND (?1 IS NULL OR id = ?1 OR event_id = ?1) AND (?2 IS NULL OR destination = ?2)
      AND (?3 IS NULL OR state = ?3) AND (?4 IS NULL OR host = ?4 COLLATE NOCASE)
      AND (?5 IS NULL OR rule = ?5) AND (?6 IS NULL OR last_status = ?6)
      AND (?7 IS NULL OR created_at < ?7) AND (?9 IS NULL OR next_attempt_at > ?9) ORDER BY id LIMIT ?8
      """, "choosing deliveries")
    defer { row.reset() }
    row.bind(id.map { Int($0) }, 1)
    row.bind(filter.destination, 2)
    let state: Delivery.State? =
      switch change {
      case .replay: .dead
      case .hasten: .pending
      case .purge: filter.state
      }
    row.bind(state?.rawValue, 3)
    row.bind(filter.host, 4)
    row.bind(filter.rule, 5)
    row.bind(filter.status, 6)
    row.bind(filter.before.map { Int($0.nanoseconds) }, 7)
    row.bind(limit, 8)
    row.bind(change == .hasten ? Int(now.nanoseconds) : nil, 9)
    row.bind(last, 10)
    var ids: [Int64] = []
    var work: [Outbox.HandWork] = []
    while try row.step() {
      ids.append(row.int64(0))
      var one = Outbox.HandWork(destination: row.text(1) ?? "")
      switch (change, row.int(2) == Delivery.State.dead.rawValue) {
      case (.replay, _): one.replayed = 1
      case (.hasten, _): one.hastened = 1
      case (.purge, true): one.purgedDead = 1
      case (.purge, false): one.purgedPending = 1
      }
      Outbox.add(one, to: &work)
    }
    return (ids, work)
  }

  fileprivate func changeSlice(
    _ change: Outbox.HandChange, _ filter: OutboxFilter, _ id: Int64?, after last: Int64, limit: Int,
    now: Timestamp
  ) throws(StoreError) -> ([Int64], [Outbox.HandWork]) {
    try connection.transaction("changing deliveries by hand") { () throws(StoreError) in
      let (ids, work) = try chosen(change, filter, id, after: last, limit: limit, now: now)
      let each = try statement(
        change == .purge
          ? "DELETE FROM deliveries WHERE id = ?1"
          : "UPDATE deliveries SET state = 0, next_attempt_at = ?2 WHERE id = ?1",
        "changing deliveries by hand")
      for id in ids {
        each.bind(id, 1)
        if change != .purge { each.bind(now.nanoseconds, 2) }
        try each.run()
      }
      for one in work { try leaveWord(one) }
      return (ids, work)
    }
  }

  private func leaveWord(_ work: Outbox.HandWork) throws(StoreError) {
    let row = try statement(
      "INSERT INTO by_hand (destination, replayed, purged_pending, purged_dead) VALUES (?1, ?2, ?3, ?4)",
      "leaving word of changed deliveries")
    row.bind(work.destination, 1)
    row.bind(work.replayed, 2)
    row.bind(work.purgedPending, 3)
    row.bind(work.purgedDead, 4)
    try row.run()
  }

  fileprivate func takeHandWork() throws(StoreError) -> [Outbox.HandWork] {
    let look = try statement("SELECT EXISTS (SELECT 1 FROM by_hand)", "looking for changes by hand")
    let isThere = try look.step() && look.bool(0)
    look.reset()
    guard isThere else { return [] }
    return try connection.transaction("taking over changes by hand") { () throws(StoreError) in
      let row = try statement(
        "DELETE FROM by_hand RETURNING destination, replayed, purged_pending, purged_dead",
        "taking over changes by hand")
      defer { row.reset() }
      var total: [Outbox.HandWork] = []
      while try row.step() {
        var one = Outbox.HandWork(destination: row.text(0) ?? "")
        one.replayed = row.int(1)
        one.purgedPending = row.int(2)
        one.purgedDead = row.int(3)
        Outbox.add(one, to: &total)
      }
      return total
    }
  }
}
