package import Model

/// Which rows of `config_audit_log`, newest first. Conditions that are given all hold.
package struct ChangeQuery: Sendable, Equatable {
  package static var maxLimit: Int { 1_000 }

  /// `alert_rules`, `development_hosts`, `device_teams`, `devices`, `outbox`.
  package var table: String?
  /// Name of a rule or a host, without regard to case.
  package var key: String?
  /// Id of a rule; with `key` too either of them is enough.
  package var recordID: Int64?
  package var actor: String?
  /// CREATE, UPDATE or DELETE; without regard to case.
  package var operation: String?
  package var correlationID: String?
  /// `changed_at` from here on.
  package var since: Timestamp?
  /// `changed_at` before this.
  package var until: Timestamp?
  /// A JSON object that the values before or after the change contain. In PostgreSQL as `@>` has it; in the
  /// embedded store each of its keys must be there with exactly its value.
  package var holds: String?
  /// The page after this change: `ChangePage.next` of the page before.
  package var before: Int64?
  /// 1...`maxLimit`; values outside are brought in.
  package var limit: Int = 100

  package init() {}
}

/// One page, and where the next one starts.
package struct ChangePage: Sendable, Equatable {
  package var changes: [ConfigChange]
  /// For `ChangeQuery.before`; nil: this was the last page.
  package var next: Int64?

  package init(changes: [ConfigChange], next: Int64?) {
    self.changes = changes
    self.next = next
  }

  /// Of `found`, asked for with one row more than `limit`.
  package init(_ found: [ConfigChange], limit: Int) {
    changes = Array(found.prefix(limit))
    next = found.count > limit ? changes.last?.id : nil
  }
}

/// A row of `config_audit_log`: what somebody changed, and why.
package struct ConfigChange: Sendable, Equatable {
  package var id: Int64
  package var changedAt: Timestamp
  package var changedBy: String
  /// CREATE, UPDATE or DELETE.
  package var operation: String
  package var table: String
  /// Id of a rule; nil for hosts.
  package var recordID: Int64?
  /// Name of the rule or host; nil in rows that MUTT wrote.
  package var recordKey: String?
  /// JSON objects, in the store's own order of keys; nil: there was, or is, nothing.
  package var oldValues: String?
  package var newValues: String?
  package var reason: String?
  package var correlationID: String?

  package init(id: Int64, changedAt: Timestamp, changedBy: String, operation: String, table: String) {
    self.id = id
    self.changedAt = changedAt
    self.changedBy = changedBy
    self.operation = operation
    self.table = table
  }
}
