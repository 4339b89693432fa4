package import Model

// Clocks of SNMP engines, so that what was recorded before a restart is as old after it.
extension Outbox {
  /// Keeps these in place of what was known of them. Beyond `limit`, who was heard longest ago goes; nil:
  /// that is not looked at.
  package func note(_ engines: [EngineRecord], limit: Int?) throws(StoreError) {
    if engines.isEmpty { return }
    try use { session throws(StoreError) in try session.note(engines, limit: limit) }
  }

  /// At most `limit`, the most recently heard first.
  package func engines(limit: Int) throws(StoreError) -> [EngineRecord] {
    try use { session throws(StoreError) in try session.engines(limit: limit) }
  }

  /// Whoever knows better than its clock asks for an engine to be forgotten, of a running daemon or of the
  /// next; false: none with this id is kept, and a daemon may know it all the same.
  package func forgetEngine(_ id: [UInt8]) throws(StoreError) -> Bool {
    try use { session throws(StoreError) in try session.forgetEngine(id) }
  }

  /// The ids of engines that are to be forgotten, each once.
  package func takeForgottenEngines() throws(StoreError) -> [[UInt8]] {
    try use { session throws(StoreError) in try session.takeForgottenEngines() }
  }
}

extension Outbox.Session {
  // To be forgotten is who has fewer boots than none, and was heard later than anybody, so that nobody makes
  // it make room. A clock that a daemon writes meanwhile is what has to be forgotten, and does not take the
  // place of the wish.

  fileprivate func note(_ engines: [EngineRecord], limit: Int?) throws(StoreError) {
    try connection.transaction("keeping the clocks of engines") { () throws(StoreError) in
      let row = try statement(
        """
        INSERT INTO engines (engine, boots, time, heard_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (engine) DO UPDATE SET
          boots = excluded.boots, time = excluded.time, heard_at = excluded.heard_at WHERE boots >= 0
        """, "keeping the clocks of engines")
      for engine in engines {
        row.bind(blob: engine.id, 1)
        row.bind(Int64(engine.boots), 2)
        row.bind(Int64(engine.time), 3)
        row.bind(engine.heardAt.nanoseconds, 4)
        try row.run()
      }
      guard let limit else { return }
      let excess = try statement(
        """
        DELETE FROM engines WHERE id IN (SELECT id FROM engines ORDER BY heard_at DESC LIMIT -1 OFFSET ?1)
        """, "forgetting engines that have not spoken for long")
      excess.bind(limit, 1)
      try excess.run()
    }
  }

  fileprivate func engines(limit: Int) throws(StoreError) -> [EngineRecord] {
    let row = try statement(
      """
      SELECT engine, boots, time, heard_at FROM engines WHERE boots >= 0
      ORDER BY heard_at DESC, id DESC LIMIT ?1
      """, "reading the clocks of engines")
    defer { row.reset() }
    row.bind(limit, 1)
    var found: [EngineRecord] = []
    while try row.step() {
      found.append(
        EngineRecord(
          id: row.bytes(0), boots: UInt32(clamping: row.int64(1)), time: UInt32(clamping: row.int64(2)),
          heardAt: Timestamp(nanoseconds: row.int64(3))))
    }
    return found
  }

  fileprivate func forgetEngine(_ id: [UInt8]) throws(StoreError) -> Bool {
    try connection.transaction("forgetting an engine") { () throws(StoreError) in
      let look = try statement("SELECT EXISTS (SELECT 1 FROM engines WHERE engine = ?1)", "looking for it")
      look.bind(blob: id, 1)
      let isKept = try look.step() && look.bool(0)
      look.reset()
      let row = try statement(
        """
        INSERT INTO engines (engine, boots, time, heard_at) VALUES (?1, -1, 0, ?2)
        ON CONFLICT (engine) DO UPDATE SET boots = excluded.boots, heard_at = excluded.heard_at
        """, "forgetting an engine")
      row.bind(blob: id, 1)
      row.bind(Int64.max, 2)
      try row.run()
      return isKept
    }
  }

  fileprivate func takeForgottenEngines() throws(StoreError) -> [[UInt8]] {
    let look = try statement(
      "SELECT EXISTS (SELECT 1 FROM engines WHERE heard_at = ?1 AND boots < 0)",
      "looking for engines to forget")
    look.bind(Int64.max, 1)
    let isThere = try look.step() && look.bool(0)
    look.reset()
    guard isThere else { return [] }
    return try connection.transaction("forgetting engines") { () throws(StoreError) in
      let row = try statement(
        "DELETE FROM engines WHERE heard_at = ?1 AND boots < 0 RETURNING engine", "forgetting engines")
      row.bind(Int64.max, 1)
      defer { row.reset() }
      var ids: [[UInt8]] = []
      while try row.step() { ids.append(row.bytes(0)) }
      return ids
    }
  }
}
