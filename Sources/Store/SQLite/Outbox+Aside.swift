package import Model

/// Rows that the store refused, or that could not be read back from the spool: kept until people decide. The
/// books have counted them, and know no more of them.
extension Outbox {
  package struct Aside: Sendable {
    package var id: EventID
    /// Why, in the store's words.
    package var reason: String
    /// The row; several when they could not be read back together. Empty: they still cannot.
    package var batch: EventBatch
  }

  /// Oldest first, at most `limit`, those after `after`.
  package func aside(after: EventID? = nil, limit: Int) throws(StoreError) -> [Aside] {
    try use { session throws(StoreError) in try session.aside(after, limit) }
  }

  /// How many of `ids` were there.
  package func removeAside(_ ids: [EventID]) throws(StoreError) -> Int {
    saveDamagedLog()
    return try use { session throws(StoreError) in
      try session.connection.transaction("removing rows set aside") { () throws(StoreError) in
        let row = try session.statement(
          "DELETE FROM set_aside WHERE event_id = ?1 RETURNING 1", "removing rows set aside")
        var count = 0
        for id in ids {
          row.bind(id.rawValue, 1)
          if try row.step() { count += 1 }
          row.reset()
        }
        return count
      }
    }
  }
}

extension Outbox.Session {
  fileprivate func aside(_ after: EventID?, _ limit: Int) throws(StoreError) -> [Outbox.Aside] {
    let row = try statement(
      """
      SELECT event_id, reason, format, row FROM set_aside WHERE event_id > ?1 ORDER BY event_id LIMIT ?2
      """, "reading rows set aside")
    row.bind(after?.rawValue ?? .min, 1)
    row.bind(limit, 2)
    defer { row.reset() }
    var found: [Outbox.Aside] = []
    while try row.step() {
      var batch = EventBatch()
      let isWhole = SpoolRecord.isKnown(row.int(2)) && SpoolRecord.decode(row.bytes(3), into: &batch)
      if !isWhole { batch.clear() }
      found.append(
        Outbox.Aside(id: EventID(rawValue: row.int64(0)), reason: row.text(1) ?? "", batch: batch))
    }
    return found
  }
}
