import Model

extension SQLiteStore {
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
      let values = JSONList.text(counts)
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
