import Model

extension SQLiteStore {
  /// Writes into `config_audit_log` that deliveries are about to be replayed (`UPDATE`) or purged (`DELETE`):
  /// `choice` says which, `counts` how many, by destination.
  package func noteOutboxChange(
    isPurge: Bool, choice: String, counts: [(destination: String, count: Int)], by actor: EditActor
  ) throws(StoreError) {
    try use { session throws(StoreError) in
      let row = try session.statement(
        """
        INSERT INTO config_audit_log
          (changed_by, operation, table_name, record_key, old_values, new_values, reason, correlation_id)
        VALUES (?1, ?2, 'outbox', ?3, ?4, ?5, ?6, ?7)
        """, "auditing a change of the outbox")
      let values =
        "{" + counts.map { "\(quoted($0.destination)):\($0.count)" }.joined(separator: ",")
        + "}"
      row.bind(actor.name, 1)
      row.bind(isPurge ? "DELETE" : "UPDATE", 2)
      row.bind(choice, 3)
      row.bind(isPurge ? values : nil, 4)
      row.bind(isPurge ? nil : values, 5)
      row.bind(actor.reason, 6)
      row.bind(actor.correlationID, 7)
      try row.run()
    }
  }
}

private func quoted(_ text: String) -> String {
  var bytes: [UInt8] = []
  JSONText.append(text, to: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}
