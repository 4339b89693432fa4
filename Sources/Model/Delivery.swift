/// One (event, destination): a webhook call that is owed. The body is fixed when the event is decided and
/// stays the same from attempt to attempt under the same `Idempotency-Key`, the event's id.
package struct Delivery: Sendable, Equatable {
  package enum State: Int, Sendable {
    case pending = 0
    case dead = 1
  }

  /// Row id in the outbox; 0 before it is stored.
  package var id: Int64 = 0
  package var eventID: EventID
  package var eventTime: Timestamp
  package var destination: String
  package var state: State = .pending
  /// 0 paging handlings, 1 the other forwarded ones: pages leave first.
  package var rank: Int = 1
  package var host: String
  package var rule: String
  package var handling: String
  package var signature: String
  /// It ends what earlier ones of its signature have raised.
  package var isClear = false
  /// The payload, JSON.
  package var body: [UInt8]
  package var createdAt: Timestamp
  package var attempts: Int = 0
  package var nextAttemptAt: Timestamp
  /// HTTP status of the last answer; 0: none was had.
  package var lastStatus: Int = 0
  /// Why the last attempt failed, for people; nil before the first.
  package var lastError: String?
  /// The destination it went over from last, and what had become of it there, for people; nil: it has always
  /// stood where it stands.
  package var cameFrom: String?
  /// Nil: nobody takes over, or everybody writes the same body. Not read with every delivery.
  package var detour: Detour?

  package init(
    eventID: EventID, eventTime: Timestamp, destination: String, host: String, rule: String, handling: String,
    signature: String, body: [UInt8], createdAt: Timestamp
  ) {
    self.eventID = eventID
    self.eventTime = eventTime
    self.destination = destination
    self.host = host
    self.rule = rule
    self.handling = handling
    self.signature = signature
    self.body = body
    self.createdAt = createdAt
    self.nextAttemptAt = createdAt
  }
}

/// How one attempt ended, to be recorded in the outbox.
package struct DeliveryOutcome: Sendable, Equatable {
  package enum Verdict: Sendable, Equatable {
    /// A 2xx. `marks`: the audit row's `forwarded_to_moog` becomes true (never for `stdout:`).
    case delivered(marks: Bool)
    case retry(at: Timestamp)
    case dead
  }

  /// `Delivery.id`.
  package var id: Int64
  package var verdict: Verdict
  package var status: Int
  package var error: String?
  /// Of one that was delivered and marks: its row may be gone by the time this is recorded.
  package var mark: DeliveredMark?

  package init(id: Int64, verdict: Verdict, status: Int, error: String?, mark: DeliveredMark? = nil) {
    self.id = id
    self.verdict = verdict
    self.status = status
    self.error = error
    self.mark = mark
  }
}

/// The audit row whose `forwarded_to_moog` is to become true.
package struct DeliveredMark: Sendable, Hashable {
  package var eventID: EventID
  package var eventTime: Timestamp

  package init(eventID: EventID, eventTime: Timestamp) {
    self.eventID = eventID
    self.eventTime = eventTime
  }
}
