package import Model

extension Outbox {
  /// Keeps `catalog` as the last good one, in place of the one before.
  package func saveSnapshot(_ catalog: Catalog, at time: Timestamp) throws(StoreError) {
    try use { session throws(StoreError) in try session.saveSnapshot(catalog, at: time) }
  }

  /// The last good catalog and when it was good; nil when none was ever kept.
  package func loadSnapshot() throws(StoreError) -> (Catalog, Timestamp)? {
    try use { session throws(StoreError) in try session.loadSnapshot() }
  }

  /// Keeps the compiled patterns of a snapshot, in place of those before.
  package func savePatterns(_ patterns: [UInt8]) throws(StoreError) {
    try use { session throws(StoreError) in try session.savePatterns(patterns) }
  }

  /// The compiled patterns that were kept last; nil when there are none.
  package func loadPatterns() throws(StoreError) -> [UInt8]? {
    try use { session throws(StoreError) in try session.loadPatterns() }
  }
}

extension Outbox.Session {
  private var tables: CatalogTables {
    var tables = CatalogTables(connection)
    tables.rules = "snapshot_rules"
    tables.hosts = "snapshot_hosts"
    tables.teams = "snapshot_teams"
    tables.devices = "snapshot_devices"
    return tables
  }

  func saveSnapshot(_ catalog: Catalog, at time: Timestamp) throws(StoreError) {
    let tables = tables
    try connection.transaction("keeping the snapshot") { () throws(StoreError) in
      try connection.execute(
        """
        DELETE FROM snapshot_rules; DELETE FROM snapshot_hosts; DELETE FROM snapshot_teams;
        DELETE FROM snapshot_devices
        """, "keeping the snapshot")
      for rule in catalog.rules {
        try tables.insert(rule)
        try tables.stamp(rule)
      }
      for host in catalog.developmentHosts { try tables.insertHost(host) }
      for team in catalog.deviceTeams { try tables.set(team, replacing: nil) }
      for device in catalog.devices { try tables.set(device, replacing: nil) }
      try set(.snapshotTime, time.nanoseconds)
      try set(.snapshotVersion, catalog.version)
    }
  }

  func loadSnapshot() throws(StoreError) -> (Catalog, Timestamp)? {
    try connection.reading("reading the snapshot") { () throws(StoreError) in
      guard let time = try number(.snapshotTime) else { return nil }
      var catalog = try tables.read { problem in notices(Notice(.error, "outbox", problem)) }
      catalog.version = try number(.snapshotVersion) ?? 0
      return (catalog, Timestamp(nanoseconds: time))
    }
  }

  func savePatterns(_ patterns: [UInt8]) throws(StoreError) {
    try connection.transaction("keeping the patterns") { () throws(StoreError) in
      let statement = try connection.prepare(
        "INSERT OR REPLACE INTO snapshot_patterns (id, patterns) VALUES (1, ?1)", "keeping the patterns")
      statement.bind(blob: patterns, 1)
      try statement.run()
    }
  }

  func loadPatterns() throws(StoreError) -> [UInt8]? {
    try connection.reading("reading the patterns") { () throws(StoreError) in
      let statement = try connection.prepare(
        "SELECT patterns FROM snapshot_patterns WHERE id = 1", "reading the patterns")
      return try statement.step() ? statement.bytes(0) : nil
    }
  }
}
