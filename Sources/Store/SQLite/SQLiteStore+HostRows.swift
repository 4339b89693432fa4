import Model

/// What a query by host read.
struct HostLook: Equatable {
  /// Blocks of which a part was read.
  var blocks = 0
  /// Rows that were looked up because a block named them.
  var rows = 0
}

extension SQLiteStore {
  /// Of the last query by host.
  func hostLook() throws(StoreError) -> HostLook {
    try use { session throws(StoreError) in session.hostLook }
  }
}

extension SQLiteStore.Session {
  /// A host's rows, newest first: those that no block has are read one by one; then the blocks say which
  /// rows to look up, as far back as the page needs.
  func rows(
    ofHost host: String, rule: Int64?, _ conditions: AuditConditions, _ ids: ClosedRange<Int64>,
    atMost count: Int
  ) throws(StoreError) -> [AuditEvent] {
    hostLook = HostLook()
    var conditions = conditions
    conditions.add("e.hostname COLLATE NOCASE = ", host)
    let inBlocks = try lastInBlocks()
    var events: [AuditEvent] = []
    if inBlocks < ids.upperBound {
      let open = max(ids.lowerBound, inBlocks == .min ? .min : inBlocks + 1)...ids.upperBound
      events = try rows(conditions, open, atMost: count)
    }
    if inBlocks == .min || ids.lowerBound > inBlocks { return events }
    var walk = try HostWalk(connection, host: host, rule: rule, in: ids)
    let (row, parameter) = try row(conditions)
    while events.count < count, let id = try walk.next() {
      hostLook.rows += 1
      row.bind(id, parameter)
      if try row.step() { events.append(event(row)) }
      row.reset()
    }
    hostLook.blocks = walk.blocks
    return events
  }
}

/// Goes through the ids that the blocks name for a host, descending, each once. Blocks overlap where events
/// came late: an id is given only when no block that is left can hold a higher one.
private struct HostWalk {
  private let hash: UInt32
  private let rule: Int64?
  private let ids: ClosedRange<Int64>
  private let heads: SQLiteStatement
  private let parts: SQLiteStatement
  private let ofRule: SQLiteStatement
  /// The block that is next: nil at the end.
  private var head: (block: Int64, first: Int64, last: Int64, bits: Int)?
  /// Ascending.
  private var waiting: [Int64] = []
  private var given: Int64?
  private(set) var blocks = 0

  init(_ connection: SQLiteConnection, host: String, rule: Int64?, in ids: ClosedRange<Int64>)
    throws(StoreError)
  {
    hash = HostBlock.hash(Array(host.utf8).span)
    self.rule = rule
    self.ids = ids
    heads = try connection.prepare(
      """
      SELECT block, first_id, last_id, bits FROM event_audit_blocks
      WHERE last_id >= ?1 AND first_id <= ?2 ORDER BY last_id DESC
      """, "reading the blocks of hosts")
    heads.bind(ids.lowerBound, 1)
    heads.bind(ids.upperBound, 2)
    parts = try connection.prepare(
      "SELECT events FROM event_audit_hosts WHERE part = ?1", "reading the blocks of hosts")
    ofRule = try connection.prepare(
      """
      SELECT id FROM event_audit_log INDEXED BY event_audit_log_rule
      WHERE matched_rule_id = ?1 AND id BETWEEN ?2 AND ?3
      """, "reading the events of a rule")
    try advance()
  }

  private mutating func advance() throws(StoreError) {
    head = try heads.step() ? (heads.int64(0), heads.int64(1), heads.int64(2), heads.int(3)) : nil
  }

  mutating func next() throws(StoreError) -> Int64? {
    while true {
      if let head, waiting.last.map({ head.last >= $0 }) ?? true {
        try take(head)
        try advance()
        continue
      }
      guard let id = waiting.popLast() else { return nil }
      if id == given { continue }
      given = id
      return id
    }
  }

  private mutating func take(_ head: (block: Int64, first: Int64, last: Int64, bits: Int)) throws(StoreError)
  {
    let low = max(head.first, ids.lowerBound)
    let high = min(head.last, ids.upperBound)
    var wanted: Set<Int64>?
    if let rule {
      wanted = try idsOfRule(rule, low, high)
      if wanted!.isEmpty { return }
    }
    blocks += 1
    parts.bind(HostBlock.part(hash, block: head.block, bits: head.bits), 1)
    defer { parts.reset() }
    guard try parts.step() else { return }
    var found: [Int64] = []
    parts.withBytes(0) { HostBlock.appendIDs(in: $0, of: hash, to: &found) }
    waiting += found.filter { $0 >= low && $0 <= high && wanted?.contains($0) ?? true }
    waiting.sort()
  }

  /// From the index on the rule alone: at most as many as a block has events, or came late within its range.
  private func idsOfRule(_ rule: Int64, _ low: Int64, _ high: Int64) throws(StoreError) -> Set<Int64> {
    var found: Set<Int64> = []
    ofRule.bind(rule, 1)
    ofRule.bind(low, 2)
    ofRule.bind(high, 3)
    while try ofRule.step() { found.insert(ofRule.int64(0)) }
    return found
  }
}
