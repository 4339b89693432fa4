package import Model

// Who sends and is no device, as the workers tell it.
extension Outbox {
  /// Senders that are kept; beyond, who was heard longest ago goes.
  package static var sightingLimit: Int { 10_000 }
  /// How long one is kept that is not heard any more, nanoseconds.
  private static var sightingMemory: Int64 { 30 * 86_400_000_000_000 }

  /// Adds what was heard to what is known.
  package func add(_ sightings: [Sighting], now: Timestamp) throws(StoreError) {
    try use { session throws(StoreError) in
      try session.add(
        sightings, limit: Outbox.sightingLimit, since: now.nanoseconds - Outbox.sightingMemory)
    }
  }

  /// All of them, the most recently heard first.
  package func sightings() throws(StoreError) -> [Sighting] {
    try use { session throws(StoreError) in try session.sightings() }
  }
}

extension Outbox.Session {
  fileprivate func add(_ sightings: [Sighting], limit: Int, since oldest: Int64) throws(StoreError) {
    try connection.transaction("keeping who sends") { () throws(StoreError) in
      let row = try statement(
        """
        INSERT INTO sightings (address, host, syslog, traps, first_seen, last_seen)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (address, host) DO UPDATE SET
          syslog = syslog + excluded.syslog, traps = traps + excluded.traps,
          first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)
        """, "keeping who sends")
      for sighting in sightings {
        row.bind("\(sighting.address)", 1)
        row.bind(sighting.host, 2)
        row.bind(Int(clamping: sighting.syslog), 3)
        row.bind(Int(clamping: sighting.traps), 4)
        row.bind(sighting.firstSeen.nanoseconds, 5)
        row.bind(sighting.lastSeen.nanoseconds, 6)
        try row.run()
      }
      let excess = try statement(
        """
        DELETE FROM sightings WHERE last_seen < ?1
        OR id IN (SELECT id FROM sightings ORDER BY last_seen DESC LIMIT -1 OFFSET ?2)
        """, "forgetting who has not sent for long")
      excess.bind(oldest, 1)
      excess.bind(limit, 2)
      try excess.run()
    }
  }

  fileprivate func sightings() throws(StoreError) -> [Sighting] {
    let row = try statement(
      """
      SELECT address, host, syslog, traps, first_seen, last_seen FROM sightings
      ORDER BY last_seen DESC, address, host
      """, "reading who sends")
    defer { row.reset() }
    var found: [Sighting] = []
    while try row.step() {
      guard let address = IPAddress(row.text(0) ?? "") else { continue }
      found.append(
        Sighting(
          address: address, host: row.text(1) ?? "", syslog: UInt64(clamping: row.int64(2)),
          traps: UInt64(clamping: row.int64(3)), firstSeen: Timestamp(nanoseconds: row.int64(4)),
          lastSeen: Timestamp(nanoseconds: row.int64(5))))
    }
    return found
  }
}
