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
}
