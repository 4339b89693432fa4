package import Model

/// What waits for a destination that is shut goes over to the one that takes over.
extension Outbox {
  /// Up to where the pending deliveries of a destination were looked at: pages first, both by event.
  package struct DiversionPlace: Sendable, Equatable {
    fileprivate var pages: Int64 = .min
    fileprivate var others: Int64 = .min
    /// Signatures of which one was under way when it was passed: what follows it waits with it, also when it
    /// has ended since, or it would come after them.
    fileprivate var busy: Set<ExactKey> = []

    package init() {}

    package var busyCount: Int { busy.count }
  }

  package struct Diversion: Sendable {
    package var from: String
    package var to: String
    /// Both write the same bodies: one that carries none for `to` goes with its own.
    package var isAlike: Bool
    /// Under way, or ended and not recorded: they stay, and with them what follows under their signatures.
    package var except: Set<Int64>
    package var after = DiversionPlace()
    /// Deliveries that are looked at, 1 or more, and those of them that go.
    package var limit: Int
    package var most: Int
    package var now: Timestamp

    package init(
      from: String, to: String, isAlike: Bool, except: Set<Int64>, limit: Int, most: Int? = nil,
      now: Timestamp
    ) {
      self.from = from
      self.to = to
      self.isAlike = isAlike
      self.except = except
      self.limit = limit
      self.most = most ?? limit
      self.now = now
    }
  }

  /// One that has gone over, as far as it matters for who is sent clears.
  package struct Moved: Sendable, Equatable {
    package var signature: String
    package var isClear: Bool

    package init(_ delivery: Delivery) {
      signature = delivery.signature
      isClear = delivery.isClear
    }
  }

  /// What one step of a diversion came to.
  package struct Diverted: Sendable, Equatable {
    package var gone: [Moved] = []
    /// With `sendHome`: who they are.
    package var ids: [Int64] = []
    package var moved: Int { gone.count }
    /// Of them, those that page.
    package var pages = 0
    /// They may not go there.
    package var stayed = 0
    /// They wait for one of `except` of the same signature.
    package var heldBack = 0
    package var place = DiversionPlace()
    /// There may be more behind `place`.
    package var isCut = false

    package init() {}
  }

  /// Makes over, in one transaction, up to `limit` pending deliveries that were routed to `to` and stand
  /// here. None that is a clear: what `to` has raised since, it would end; no raise of which the clear is not
  /// awaited any more: `to` has had that; and none that follows one of `except` under its signature.
  package func sendHome(_ diversion: Diversion) throws(StoreError) -> Diverted {
    try use { session throws(StoreError) in
      var ids: [Int64] = []
      for rank in [0, 1] { ids += try session.absent(diversion, rank) }
      if ids.isEmpty { return Diverted() }
      return try session.connection.transaction("handing alerts back") { () throws(StoreError) in
        try session.sendHome(ids, diversion)
      }
    }
  }

  /// Looks at the next `limit` pending deliveries, whether due or not, and makes over those that may go, in
  /// one transaction. One of an event that goes bars the destination to the event's others: nobody gets it
  /// twice.
  package func divert(_ diversion: Diversion) throws(StoreError) -> Diverted {
    try use { session throws(StoreError) in
      try session.connection.transaction("handing alerts to a fallback") { () throws(StoreError) in
        try session.divert(diversion)
      }
    }
  }
}

extension Outbox.Session {
  fileprivate func divert(_ diversion: Outbox.Diversion) throws(StoreError) -> Outbox.Diverted {
    var result = Outbox.Diverted()
    result.place = diversion.after
    result.place.busy.formUnion(try signatures(of: diversion.except))
    var looked = 0
    for rank in [0, 1] {
      let after = rank == 0 ? diversion.after.pages : diversion.after.others
      let found = try waiting(diversion, rank, after: after, limit: diversion.limit - looked)
      looked += found.count
      for delivery in found where result.moved < diversion.most {
        if rank == 0 {
          result.place.pages = delivery.eventID.rawValue
        } else {
          result.place.others = delivery.eventID.rawValue
        }
        if diversion.except.contains(delivery.id) { continue }
        if result.place.busy.contains(ExactKey(delivery.signature)) {
          result.heldBack += 1
          continue
        }
        let moved = try makeOver(delivery, &result) {
          $0.goOver(to: diversion.to, isAlike: diversion.isAlike, now: diversion.now)
        }
        if let moved { try note(moved, now: diversion.now) }
      }
    }
    result.isCut = looked >= diversion.limit
    return result
  }

  /// Those of the first two thousand of a rank that belong elsewhere: as many are looked at in a moment.
  fileprivate func absent(_ diversion: Outbox.Diversion, _ rank: Int) throws(StoreError) -> [Int64] {
    let row = try statement(
      """
      SELECT id, detour, signature FROM deliveries WHERE id IN (
        SELECT id FROM deliveries INDEXED BY deliveries_order
        WHERE destination = ?1 AND state = 0 AND rank = ?2 ORDER BY event_id LIMIT 2000)
      AND is_clear = 0 AND detour IS NOT NULL AND (signature = ''
        OR EXISTS (SELECT 1 FROM stand_ins
          WHERE stand_ins.signature = deliveries.signature AND stand_ins.destination = ?1)
        AND NOT EXISTS (SELECT 1 FROM deliveries AS later INDEXED BY deliveries_clears
          WHERE later.destination = ?1 AND later.signature = deliveries.signature AND later.state = 0
          AND later.is_clear = 1 AND later.event_id > deliveries.event_id))
      ORDER BY event_id
      """, "looking for what belongs elsewhere")
    defer { row.reset() }
    let busy = try signatures(of: diversion.except)
    row.bind(diversion.from, 1)
    row.bind(rank, 2)
    var found: [Int64] = []
    while try row.step() {
      if diversion.except.contains(row.int64(0)) { continue }
      if let signature = row.text(2), !signature.isEmpty, busy.contains(ExactKey(signature)) { continue }
      if DetourRecord.decode(row.bytes(1))?.home == diversion.to { found.append(row.int64(0)) }
    }
    return found
  }

  fileprivate func sendHome(
    _ ids: [Int64], _ diversion: Outbox.Diversion
  ) throws(StoreError) -> Outbox.Diverted {
    var result = Outbox.Diverted()
    for id in ids where result.moved < diversion.limit {
      guard let delivery = try deliveries("WHERE id = ?1", { $0.bind(id, 1) }).first else { continue }
      let moved = try makeOver(delivery, &result) {
        $0.goHome(isAlike: diversion.isAlike, now: diversion.now)
      }
      if moved != nil { result.ids.append(id) }
    }
    result.isCut = result.moved >= diversion.limit
    return result
  }

  /// The delivery where `move` has brought it; nil: it may not go, and stays.
  private func makeOver(
    _ delivery: Delivery, _ result: inout Outbox.Diverted, _ move: (inout Delivery) -> Bool
  ) throws(StoreError) -> Delivery? {
    var delivery = delivery
    guard try readDetour(of: &delivery), move(&delivery), try replace(delivery) else {
      result.stayed += 1
      return nil
    }
    try bar(delivery.destination, to: delivery)
    result.gone.append(Outbox.Moved(delivery))
    if delivery.rank == 0 { result.pages += 1 }
    return delivery
  }

  private func waiting(
    _ diversion: Outbox.Diversion, _ rank: Int, after: Int64, limit: Int
  ) throws(StoreError) -> [Delivery] {
    if limit <= 0 { return [] }
    return try deliveries(
      """
      INDEXED BY deliveries_order WHERE destination = ?1 AND state = 0 AND rank = ?2 AND event_id > ?3
      ORDER BY event_id LIMIT ?4
      """
    ) {
      $0.bind(diversion.from, 1)
      $0.bind(rank, 2)
      $0.bind(after, 3)
      $0.bind(limit, 4)
    }
  }

  private func signatures(of ids: Set<Int64>) throws(StoreError) -> Set<ExactKey> {
    var found: Set<ExactKey> = []
    let row = try statement(
      "SELECT signature FROM deliveries WHERE id = ?1 AND state = 0", "looking at what is under way")
    for id in ids {
      row.bind(id, 1)
      while try row.step() { if let text = row.text(0) { found.insert(ExactKey(text)) } }
    }
    return found
  }

  /// False: what is stored there cannot be read.
  private func readDetour(of delivery: inout Delivery) throws(StoreError) -> Bool {
    let row = try statement("SELECT detour FROM deliveries WHERE id = ?1", "reading where an alert may go")
    defer { row.reset() }
    row.bind(delivery.id, 1)
    guard try row.step(), !row.isNull(0) else { return true }
    delivery.detour = DetourRecord.decode(row.bytes(0))
    return delivery.detour != nil
  }

  /// Its clear will follow it; or it is that.
  private func note(_ delivery: Delivery, now: Timestamp) throws(StoreError) {
    if delivery.signature.isEmpty { return }
    let (signature, destination) = (delivery.signature, delivery.destination)
    try apply(
      delivery.isClear
        ? .cleared(signature: signature, destination: destination)
        : .took(Outbox.StandIn(signature: signature, destination: destination, since: now)))
  }

  /// False: its destination has it already.
  private func replace(_ delivery: Delivery) throws(StoreError) -> Bool {
    let update = try statement(
      """
      UPDATE OR IGNORE deliveries SET destination = ?2, body = ?3, attempts = ?4, next_attempt_at = ?5,
        last_status = ?6, last_error = ?7, detour = ?8, came_from = ?9
      WHERE id = ?1
      """, "handing an alert to a fallback")
    update.bind(delivery.id, 1)
    update.bind(delivery.destination, 2)
    update.bind(blob: delivery.body, 3)
    update.bind(delivery.attempts, 4)
    update.bind(delivery.nextAttemptAt.nanoseconds, 5)
    update.bind(delivery.lastStatus, 6)
    update.bind(delivery.lastError, 7)
    bind(delivery.detour, update, 8)
    update.bind(delivery.cameFrom, 9)
    try update.run()
    return connection.changes == 1
  }

  private func bind(_ detour: Detour?, _ statement: SQLiteStatement, _ index: Int32) {
    if let detour {
      statement.bind(blob: DetourRecord.encode(detour), index)
    } else {
      statement.bindNull(index)
    }
  }

  /// The other deliveries of the event no longer go to `name`.
  private func bar(_ name: String, to delivery: Delivery) throws(StoreError) {
    let row = try statement(
      "SELECT id, detour FROM deliveries WHERE event_id = ?1 AND id <> ?2", "looking at an alert's others")
    row.bind(delivery.eventID.rawValue, 1)
    row.bind(delivery.id, 2)
    var others: [(id: Int64, detour: Detour?)] = []
    while try row.step() {
      others.append((row.int64(0), row.isNull(1) ? Detour() : DetourRecord.decode(row.bytes(1))))
    }
    let update = try statement("UPDATE deliveries SET detour = ?2 WHERE id = ?1", "marking an alert's others")
    for other in others {
      guard var detour = other.detour else { continue }
      detour.bar(name)
      update.bind(other.id, 1)
      bind(detour, update, 2)
      try update.run()
    }
  }
}
