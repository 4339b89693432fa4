package import Model

/// Who took a raise in another's place, and has not been sent its clear.
extension Outbox {
  package struct StandIn: Sendable, Equatable {
    package var signature: String
    package var destination: String
    package var since: Timestamp

    package init(signature: String, destination: String, since: Timestamp) {
      self.signature = signature
      self.destination = destination
      self.since = since
    }
  }

  package enum StandInChange: Sendable, Equatable {
    case took(StandIn)
    case cleared(signature: String, destination: String)
    /// Those of this time and earlier ones.
    case forgotten(through: Timestamp)
  }

  /// Oldest first.
  package func standIns() throws(StoreError) -> [StandIn] {
    try use { session throws(StoreError) in
      let row = try session.statement(
        "SELECT signature, destination, since FROM stand_ins ORDER BY since", "reading who stood in")
      var found: [StandIn] = []
      while try row.step() {
        found.append(
          StandIn(
            signature: row.text(0) ?? "", destination: row.text(1) ?? "",
            since: Timestamp(nanoseconds: row.int64(2))))
      }
      return found
    }
  }
}

extension Outbox.Session {
  func apply(_ change: Outbox.StandInChange) throws(StoreError) {
    switch change {
    case .took(let one):
      let row = try statement(
        "INSERT OR REPLACE INTO stand_ins (signature, destination, since) VALUES (?1, ?2, ?3)",
        "noting who stood in")
      row.bind(one.signature, 1)
      row.bind(one.destination, 2)
      row.bind(one.since.nanoseconds, 3)
      try row.run()
    case .cleared(let signature, let destination):
      let row = try statement(
        "DELETE FROM stand_ins WHERE signature = ?1 AND destination = ?2", "noting who stood in")
      row.bind(signature, 1)
      row.bind(destination, 2)
      try row.run()
    case .forgotten(let time):
      let row = try statement("DELETE FROM stand_ins WHERE since <= ?1", "noting who stood in")
      row.bind(time.nanoseconds, 1)
      try row.run()
    }
  }
}
