import Model

/// The events that no block has yet, as the connection that appends them remembers them.
struct OpenHosts {
  struct Size {
    /// Events of a block. A look-up reads one part of every block, and the events that no block has yet one
    /// by one: twice as many in a block halve the former and double the latter.
    var block: Int
    /// Events kept out of a block while they are the newest, so that batches that overtook each other are
    /// not late.
    var newest: Int

    static let standard = Size(block: 16_384, newest: 4_096)
  }

  let size: Size
  var rows = HostBlock()
  /// `PRAGMA data_version` when they were all: with another number somebody else has written since.
  var dataVersion: Int64?

  init(_ size: Size) { self.size = size }

  var isDue: Bool { rows.count >= size.block + size.newest }
  /// How many are read from the table at most: what makes a block due, and as much again.
  var limit: Int { 2 * (size.block + size.newest) }
  var areAll: Bool { rows.count < limit }
}

// Which rows a host has (`database/sqlite/0003_audit_hosts.sql`). Every row stands in a block, or above the
// last id of all blocks, where it is found by reading; both are settled in the transaction that writes the
// row, so it holds after a kill and for a second writer. That an entry's row is gone, or its hash another
// host's, does no harm: the row itself is asked.
extension SQLiteStore.Session {
  /// Blocks written per append: what the largest batch fills, and more to catch up with a table without any.
  private static let blocksPerAppend = 4
  private static let removalsPerBlock = 16

  /// Rows up to here are late: no block to come will look at them.
  func lastInBlocks() throws(StoreError) -> Int64 {
    let row = try statement("SELECT max(last_id) FROM event_audit_blocks", "reading the blocks of hosts")
    defer { row.reset() }
    return try row.step() ? row.optionalInt64(0) ?? .min : .min
  }

  /// After rows were `added` above the newest block and some `late` ones below it; inside their transaction.
  func keepBlocks(added: HostBlock, late: HostBlock) throws(StoreError) {
    if late.count > 0 {
      var late = late
      late.sort()
      try write(late)
    }
    let version = try dataVersion()
    if openHosts.dataVersion == version {
      openHosts.rows.add(added)
    } else {
      try readOpenRows()
    }
    for _ in 0..<SQLiteStore.Session.blocksPerAppend where openHosts.isDue {
      let wereAll = openHosts.areAll
      try write(openHosts.rows.takeFirst(openHosts.size.block))
      try removeOldBlocks()
      if !wereAll { try readOpenRows() }
    }
    openHosts.dataVersion = openHosts.areAll ? version : nil
  }

  private func dataVersion() throws(StoreError) -> Int64 {
    let row = try statement("PRAGMA data_version", "asking for changes")
    defer { row.reset() }
    return try row.step() ? row.int64(0) : 0
  }

  private func readOpenRows() throws(StoreError) {
    let row = try statement(
      "SELECT id, hostname FROM event_audit_log WHERE id > ?1 ORDER BY id LIMIT ?2", "reading new rows")
    row.bind(try lastInBlocks(), 1)
    row.bind(openHosts.limit, 2)
    openHosts.rows.removeAll()
    while try row.step() {
      let id = row.int64(0)
      if row.isNull(1) {
        openHosts.rows.addWithoutHost(id)
      } else {
        row.withBytes(1) { openHosts.rows.add(id, host: $0) }
      }
    }
  }

  /// Writes rows that are sorted.
  private func write(_ block: HostBlock) throws(StoreError) {
    let head = try statement(
      "INSERT INTO event_audit_blocks (first_id, last_id, bits) VALUES (?1, ?2, ?3)",
      "writing a block of hosts")
    head.bind(block.first, 1)
    head.bind(block.last, 2)
    head.bind(block.bits, 3)
    try head.run()
    let part = try statement(
      "INSERT OR REPLACE INTO event_audit_hosts (part, events) VALUES (?1, ?2)", "writing a block of hosts")
    try block.forEachPart(block: connection.lastInsertID) { key, events throws(StoreError) in
      part.bind(key, 1)
      part.bind(blob: events, 2)
      try part.run()
    }
  }

  /// Blocks all of whose rows have left the table.
  private func removeOldBlocks() throws(StoreError) {
    let old = try statement(
      """
      SELECT block FROM event_audit_blocks WHERE last_id < (SELECT min(id) FROM event_audit_log) LIMIT ?1
      """, "removing old blocks of hosts")
    old.bind(SQLiteStore.Session.removalsPerBlock, 1)
    var blocks: [Int64] = []
    while try old.step() { blocks.append(old.int64(0)) }
    for block in blocks {
      try removeParts(of: block)
      try removeHead(of: block)
    }
  }

  func removeParts(of block: Int64) throws(StoreError) {
    let keys = HostBlock.parts(of: block)
    let parts = try statement(
      "DELETE FROM event_audit_hosts WHERE part BETWEEN ?1 AND ?2", "removing old blocks of hosts")
    parts.bind(keys.lowerBound, 1)
    parts.bind(keys.upperBound, 2)
    try parts.run()
  }

  func removeHead(of block: Int64) throws(StoreError) {
    let head = try statement(
      "DELETE FROM event_audit_blocks WHERE block = ?1", "removing old blocks of hosts")
    head.bind(block, 1)
    try head.run()
  }
}
