package import Model

/// Which rows of the audit, newest first. Conditions that are given all hold.
package struct AuditQuery: Sendable, Equatable {
  package static var maxLimit: Int { 1_000 }

  /// Without regard to case.
  package var host: String?
  package var ruleName: String?
  package var ruleID: Int64?
  /// Without regard to case; `unmatched` for events that no rule won.
  package var handling: String?
  /// `event_timestamp` from here on.
  package var since: Timestamp?
  /// `event_timestamp` before this.
  package var until: Timestamp?
  /// A part of `raw_message`, ASCII letters without regard to case.
  package var text: String?
  /// The page after this event: `AuditPage.next` of the page before.
  package var before: EventID?
  /// 1...`maxLimit`; values outside are brought in.
  package var limit: Int = 100

  package init() {}
}

/// One page, and where the next one starts.
package struct AuditPage: Sendable, Equatable {
  package var events: [AuditEvent]
  /// For `AuditQuery.before`; nil: this was the last page.
  package var next: EventID?

  package init(events: [AuditEvent], next: EventID?) {
    self.events = events
    self.next = next
  }
}

/// A row of `event_audit_log`, with the name its rule has now.
package struct AuditEvent: Sendable, Equatable {
  package var id: EventID
  package var eventTime: Timestamp
  package var receivedAt: Timestamp?
  package var host: String?
  package var ruleID: Int64?
  package var ruleName: String?
  package var ruleVersion: Int?
  package var handling: String?
  package var isForwarded: Bool
  package var raw: String?
  /// syslog, trap, internal.
  package var source: String?
  package var sourceAddress: String?
  /// Syslog severity 0...7; nil for traps and where no PRI was valid.
  package var severity: Int?
  package var environment: String?
  package var team: String?
  package var deviceTeam: String?
  package var parse: String?
  package var hostFrom: String?
  package var clock: String?
  /// A JSON object with `labels`, `trap` and `truncated`, as far as there are any.
  package var attributes: String?

  package init(id: EventID, eventTime: Timestamp, isForwarded: Bool) {
    self.id = id
    self.eventTime = eventTime
    self.isForwarded = isForwarded
  }
}
