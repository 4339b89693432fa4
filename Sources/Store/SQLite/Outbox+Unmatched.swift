package import Model

/// Kinds of unmatched events and what people want to hear of none of them: kept so that a restart forgets
/// nothing, and so that the command line can show them.
extension Outbox {
  /// A kind, or a template on whatever host, that raises no alert.
  package struct Ignored: Sendable, Equatable {
    package var key: UInt64
    /// `key` is the template's, and holds for all hosts.
    package var isEverywhere: Bool
    /// What it looked like, for people.
    package var host: String
    package var template: String
    package var since: Timestamp
    package var by: String
    package var reason: String?

    package init(
      key: UInt64, isEverywhere: Bool, host: String, template: String, since: Timestamp, by: String,
      reason: String?
    ) {
      self.key = key
      self.isEverywhere = isEverywhere
      self.host = host
      self.template = template
      self.since = since
      self.by = by
      self.reason = reason
    }
  }

  /// More of them are a network nobody wants to hear of.
  package static var ignoredLimit: Int { 10_000 }

  /// Keeps `kinds` in place of what was kept under their keys, and forgets `removed`.
  package func saveUnmatched(_ kinds: [UnmatchedKind], removed: [UInt64]) throws(StoreError) {
    if kinds.isEmpty, removed.isEmpty { return }
    try use { session throws(StoreError) in try session.saveUnmatched(kinds, removed: removed) }
  }

  /// All kinds that are kept, and how many could not be read; those are forgotten with the next that is saved
  /// under their key.
  package func unmatchedKinds() throws(StoreError) -> (kinds: [UnmatchedKind], unreadable: Int) {
    try use { session throws(StoreError) in try session.unmatchedKinds() }
  }

  /// By when they were ignored.
  package func ignored() throws(StoreError) -> [Ignored] {
    try use { session throws(StoreError) in try session.ignored() }
  }

  /// Grows with every change of what is ignored.
  package func ignoredVersion() throws(StoreError) -> Int64 {
    try use { session throws(StoreError) in try session.number(.ignoredVersion) ?? 0 }
  }

  package func ignore(_ one: Ignored) throws(StoreError) {
    try use { session throws(StoreError) in
      try session.changeIgnored { () throws(StoreError) in
        let count = try session.connection.number("SELECT count(*) FROM unmatched_ignored", "counting them")
        guard count < Int64(Outbox.ignoredLimit) else {
          throw StoreError(
            .conflict, "\(path): \(count) kinds are ignored already. Take some back, or write rules.",
            path: path)
        }
        try session.insert(one)
      }
    }
  }

  /// False when it was not ignored.
  package func unignore(key: UInt64, isEverywhere: Bool) throws(StoreError) -> Bool {
    try use { session throws(StoreError) in
      let row = try session.statement(
        "DELETE FROM unmatched_ignored WHERE key = ?1 AND everywhere = ?2 RETURNING key", "taking it back")
      var isThere = false
      try session.changeIgnored { () throws(StoreError) in
        row.bind(Int64(bitPattern: key), 1)
        row.bind(isEverywhere, 2)
        while try row.step() { isThere = true }
        row.reset()
      }
      return isThere
    }
  }
}

extension Outbox.Session {
  fileprivate func changeIgnored(_ body: () throws(StoreError) -> Void) throws(StoreError) {
    try connection.transaction("changing what is ignored") { () throws(StoreError) in
      try body()
      try set(.ignoredVersion, (try number(.ignoredVersion) ?? 0) + 1)
    }
  }

  fileprivate func insert(_ one: Outbox.Ignored) throws(StoreError) {
    let row = try statement(
      """
      INSERT OR REPLACE INTO unmatched_ignored (key, everywhere, host, template, since, changed_by, reason)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """, "ignoring a kind")
    row.bind(Int64(bitPattern: one.key), 1)
    row.bind(one.isEverywhere, 2)
    row.bind(one.host, 3)
    row.bind(one.template, 4)
    row.bind(one.since.nanoseconds, 5)
    row.bind(one.by, 6)
    row.bind(one.reason, 7)
    try row.run()
  }

  func ignored() throws(StoreError) -> [Outbox.Ignored] {
    let row = try statement(
      """
      SELECT key, everywhere, host, template, since, changed_by, reason FROM unmatched_ignored
      ORDER BY since, key
      """, "reading what is ignored")
    defer { row.reset() }
    var found: [Outbox.Ignored] = []
    while try row.step() {
      found.append(
        Outbox.Ignored(
          key: UInt64(bitPattern: row.int64(0)), isEverywhere: row.bool(1), host: row.text(2) ?? "",
          template: row.text(3) ?? "", since: Timestamp(nanoseconds: row.int64(4)), by: row.text(5) ?? "",
          reason: row.text(6)))
    }
    return found
  }

  fileprivate func saveUnmatched(_ kinds: [UnmatchedKind], removed: [UInt64]) throws(StoreError) {
    try connection.transaction("keeping unmatched counts") { () throws(StoreError) in
      let away = try statement("DELETE FROM unmatched WHERE key = ?1", "forgetting a kind")
      for key in removed {
        away.bind(Int64(bitPattern: key), 1)
        try away.run()
      }
      try keep(kinds)
    }
  }

  /// Within a transaction.
  func keep(_ kinds: [UnmatchedKind]) throws(StoreError) {
    if kinds.isEmpty { return }
    let row = try statement(
      """
      INSERT OR REPLACE INTO unmatched (key, template, host, source, severity, peer, line, message_start,
        trap_oid, slices, slice, slice_length, total, first_at, last_at, state, state_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
      """, "keeping unmatched counts")
    for kind in kinds {
      bind(kind, row)
      try row.run()
    }
  }

  private func bind(_ kind: UnmatchedKind, _ row: SQLiteStatement) {
    row.bind(Int64(bitPattern: kind.key), 1)
    row.bind(Int64(bitPattern: kind.template), 2)
    row.bind(kind.host, 3)
    row.bind(Int(kind.source.rawValue), 4)
    row.bind(Int(kind.severity), 5)
    row.bind("\(kind.peer)", 6)
    row.bind(kind.line, 7)
    row.bind(kind.messageStart, 8)
    row.bind(kind.trapOID, 9)
    var slices: [UInt8] = []
    for lane in 0..<UnmatchedKind.sliceCount {
      for step: UInt32 in 0..<4 { slices.append(UInt8(truncatingIfNeeded: kind.slices[lane] >> (8 * step))) }
    }
    row.bind(blob: slices, 10)
    row.bind(kind.slice, 11)
    row.bind(kind.sliceLength, 12)
    row.bind(kind.total, 13)
    row.bind(kind.firstAt.nanoseconds, 14)
    row.bind(kind.lastAt.nanoseconds, 15)
    row.bind(kind.state.rawValue, 16)
    row.bind(kind.stateAt.nanoseconds, 17)
  }

  fileprivate func unmatchedKinds() throws(StoreError) -> (kinds: [UnmatchedKind], unreadable: Int) {
    let row = try statement(Self.unmatchedQuery, "reading unmatched counts")
    defer { row.reset() }
    var kinds: [UnmatchedKind] = []
    var unreadable = 0
    while try row.step() {
      if let kind = kind(of: row) { kinds.append(kind) } else { unreadable += 1 }
    }
    return (kinds, unreadable)
  }

  static let unmatchedQuery = """
    SELECT key, template, host, source, severity, peer, line, message_start, trap_oid, slices, slice,
      slice_length, total, first_at, last_at, state, state_at FROM unmatched
    """

  /// Counts of 32 bits, the low byte first; nil: they are none.
  static func slices(_ bytes: [UInt8]) -> [24 of UInt32]? {
    guard bytes.count == 4 * UnmatchedKind.sliceCount else { return nil }
    var slices: [24 of UInt32] = .init(repeating: 0)
    for lane in 0..<UnmatchedKind.sliceCount {
      for step in 0..<4 { slices[lane] |= UInt32(bytes[4 * lane + step]) << UInt32(8 * step) }
    }
    return slices
  }

  /// A row of `unmatchedQuery`; nil: it cannot be read.
  func kind(of row: SQLiteStatement) -> UnmatchedKind? {
    guard let slices = Self.slices(row.bytes(9)),
      let source = UInt8(exactly: row.int64(3)).flatMap(EventSource.init(rawValue:)),
      let severity = Int8(exactly: row.int64(4)), let state = UnmatchedKind.State(rawValue: row.int(15)),
      row.int64(10) >= 0, row.int64(11) > 0, row.int64(12) >= 0
    else { return nil }
    var kind = UnmatchedKind(
      key: UInt64(bitPattern: row.int64(0)), template: UInt64(bitPattern: row.int64(1)))
    kind.host = row.text(2) ?? ""
    kind.source = source
    kind.severity = severity
    kind.peer = row.text(5).flatMap { IPAddress($0) } ?? .unspecified
    kind.line = row.text(6) ?? ""
    kind.messageStart = min(max(0, row.int(7)), kind.line.utf8.count)
    kind.trapOID = row.text(8)
    kind.slices = slices
    kind.slice = row.int64(10)
    kind.sliceLength = row.int64(11)
    kind.total = row.int64(12)
    kind.firstAt = Timestamp(nanoseconds: row.int64(13))
    kind.lastAt = Timestamp(nanoseconds: row.int64(14))
    kind.state = state
    kind.stateAt = Timestamp(nanoseconds: row.int64(16))
    return kind
  }
}
