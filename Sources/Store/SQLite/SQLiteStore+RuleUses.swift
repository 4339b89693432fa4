import Model

extension SQLiteStore {
  /// Answered from the partial index on the rule alone.
  package func ruleUses() throws(StoreError) -> [Int64: RuleUse] {
    try use { session throws(StoreError) in
      let row = try session.statement(
        """
        SELECT matched_rule_id, count(*), max(id) FROM event_audit_log
        WHERE matched_rule_id IS NOT NULL GROUP BY matched_rule_id
        """, "counting the events of rules")
      defer { row.reset() }
      var uses: [Int64: RuleUse] = [:]
      while try row.step() {
        uses[row.int64(0)] = RuleUse(count: row.int(1), last: EventID(rawValue: row.int64(2)))
      }
      return uses
    }
  }
}
