package import Model

extension Outbox {
  /// Keeps `catalog` as the last good one, in place of the one before.
  package func saveSnapshot(_ catalog: Catalog, at time: Timestamp) throws(StoreError) {
    try use { session throws(StoreError) in try session.saveSnapshot(catalog, at: time) }
  }

  /// Whether a last good catalog is kept.
  package func hasSnapshot() throws(StoreError) -> Bool {
    try use { session throws(StoreError) in try session.number(.snapshotTime) != nil }
  }

  /// The last good catalog and when it was good; nil when none was ever kept.
  package func loadSnapshot() throws(StoreError) -> (Catalog, Timestamp)? {
    try use { session throws(StoreError) in try session.loadSnapshot() }
  }

  /// How many rules the last good catalog has that are not retired; none when none was ever kept.
  package func countSnapshotRules() throws(StoreError) -> Int {
    try use { session throws(StoreError) in
      Int(
        try session.connection.number(
          "SELECT count(*) FROM snapshot_rules WHERE is_active", "counting the snapshot's rules"))
    }
  }

  /// Remembers that the store was made equal to a rules file, in place of the one before.
  package func saveAppliedFile(_ file: AppliedFile) throws(StoreError) {
    try use { session throws(StoreError) in try session.saveAppliedFile(file) }
  }

  /// The rules file the store was last made equal to; nil when there was none.
  package func loadAppliedFile() throws(StoreError) -> AppliedFile? {
    try use { session throws(StoreError) in try session.loadAppliedFile() }
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

/// A rules file and the catalog that came of it.
package struct AppliedFile: Sendable, Equatable {
  /// What tells the file from any other: its path, a digest of its text, the version that read it.
  package var file: String
  /// `Catalog.fingerprint` of the store once it was equal to the file.
  package var catalog: Int64

  package init(file: String, catalog: Int64) {
    self.file = file
    self.catalog = catalog
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
    let fingerprint = catalog.fingerprint
    try connection.transaction("keeping the snapshot") { () throws(StoreError) in
      try set(.snapshotTime, time.nanoseconds)
      try set(.snapshotVersion, catalog.version)
      // After a restart it is most often the one that is there.
      if try number(.snapshotFingerprint) == fingerprint { return }
      try set(.snapshotFingerprint, fingerprint)
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

  func saveAppliedFile(_ file: AppliedFile) throws(StoreError) {
    let row = try statement(
      "INSERT OR REPLACE INTO applied_file (id, file, catalog) VALUES (1, ?1, ?2)", "keeping a file's digest")
    row.bind(file.file, 1)
    row.bind(file.catalog, 2)
    try row.run()
  }

  func loadAppliedFile() throws(StoreError) -> AppliedFile? {
    let row = try statement("SELECT file, catalog FROM applied_file WHERE id = 1", "reading a file's digest")
    defer { row.reset() }
    return try row.step() ? AppliedFile(file: row.text(0) ?? "", catalog: row.int64(1)) : nil
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
