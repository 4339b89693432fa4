package import Model

/// What the daemon has said of its own accord, kept in the transaction of the alerts that say it: after a
/// kill nothing is said twice, and the end of what was said before it is said too.
extension Outbox {
  package struct Told: Sendable {
    /// Kinds of unmatched events, as they stand with their alerts.
    package var kinds: [UnmatchedKind] = []
    /// All kinds that are kept as waiting, since then or earlier, were part of a summary; nil: there is none.
    package var summedAt: Timestamp?
    package var troubles: [TroubleChange] = []

    package init(
      kinds: [UnmatchedKind] = [], summedAt: Timestamp? = nil, troubles: [TroubleChange] = []
    ) {
      self.kinds = kinds
      self.summedAt = summedAt
      self.troubles = troubles
    }

    package var isEmpty: Bool { kinds.isEmpty && summedAt == nil && troubles.isEmpty }

    /// What was said after this.
    package mutating func append(_ later: Told) {
      kinds += later.kinds
      if let time = later.summedAt { summedAt = max(time, summedAt ?? time) }
      for change in later.troubles {
        troubles.removeAll { $0.place == change.place }
        troubles.append(change)
      }
    }
  }

  /// A trouble of the daemon's own that a destination was told, and not yet that it is over.
  package struct OpenTrouble: Sendable, Equatable {
    package var destination: String
    package var subject: String
    package var state: String
    package var reason: String
    package var remedy: String
    package var severity: Int8
    package var level: UInt64
    package var since: Timestamp

    package init(
      destination: String, subject: String, state: String, reason: String, remedy: String, severity: Int8,
      level: UInt64, since: Timestamp
    ) {
      self.destination = destination
      self.subject = subject
      self.state = state
      self.reason = reason
      self.remedy = remedy
      self.severity = severity
      self.level = level
      self.since = since
    }
  }

  package enum TroubleChange: Sendable, Equatable {
    case told(OpenTrouble)
    case over(destination: String, subject: String)

    fileprivate var place: [String] {
      switch self {
      case .told(let one): [one.destination, one.subject]
      case .over(let destination, let subject): [destination, subject]
      }
    }
  }

  /// A trouble is of a destination, a listener or a part of the daemon; of more, who was told under former
  /// names among them, the oldest are forgotten.
  package static var openTroubleLimit: Int { 1_000 }

  /// What `destination` was told and not that it is over, oldest first.
  package func openTroubles(of destination: String) throws(StoreError) -> [OpenTrouble] {
    try use { session throws(StoreError) in try session.openTroubles(of: destination) }
  }

  /// See `Told.summedAt`; nil: there was never a summary.
  package func unmatchedSummedAt() throws(StoreError) -> Timestamp? {
    try use { session throws(StoreError) in
      try session.number(.unmatchedSummedAt).map { Timestamp(nanoseconds: $0) }
    }
  }
}

extension Outbox.Session {
  /// Within a transaction.
  func keep(_ told: Outbox.Told) throws(StoreError) {
    try keep(told.kinds)
    if let time = told.summedAt { try set(.unmatchedSummedAt, time.nanoseconds) }
    for change in told.troubles {
      switch change {
      case .told(let one): try keep(one)
      case .over(let destination, let subject):
        let row = try statement(
          "DELETE FROM troubles WHERE destination = ?1 AND subject = ?2", "forgetting a trouble")
        row.bind(destination, 1)
        row.bind(subject, 2)
        try row.run()
      }
    }
  }

  private func keep(_ one: Outbox.OpenTrouble) throws(StoreError) {
    let row = try statement(
      """
      INSERT OR REPLACE INTO troubles (destination, subject, state, reason, remedy, severity, level, since)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
      """, "keeping a trouble")
    row.bind(one.destination, 1)
    row.bind(one.subject, 2)
    row.bind(one.state, 3)
    row.bind(one.reason, 4)
    row.bind(one.remedy, 5)
    row.bind(Int(one.severity), 6)
    row.bind(Int64(bitPattern: one.level), 7)
    row.bind(one.since.nanoseconds, 8)
    try row.run()
    let excess = try statement(
      "DELETE FROM troubles WHERE id IN (SELECT id FROM troubles ORDER BY id DESC LIMIT -1 OFFSET ?1)",
      "forgetting old troubles")
    excess.bind(Outbox.openTroubleLimit, 1)
    try excess.run()
  }

  fileprivate func openTroubles(of destination: String) throws(StoreError) -> [Outbox.OpenTrouble] {
    let row = try statement(
      """
      SELECT subject, state, reason, remedy, severity, level, since FROM troubles WHERE destination = ?1
      ORDER BY id
      """, "reading what is open")
    defer { row.reset() }
    row.bind(destination, 1)
    var found: [Outbox.OpenTrouble] = []
    while try row.step() {
      found.append(
        Outbox.OpenTrouble(
          destination: destination, subject: row.text(0) ?? "", state: row.text(1) ?? "",
          reason: row.text(2) ?? "", remedy: row.text(3) ?? "", severity: Int8(clamping: row.int64(4)),
          level: UInt64(bitPattern: row.int64(5)), since: Timestamp(nanoseconds: row.int64(6))))
    }
    return found
  }
}
