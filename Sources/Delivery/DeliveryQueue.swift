package import Model

/// The deliveries that are owed, as one forwarder sees them. A row stays `pending` until an outcome for it
/// has been recorded; handing it out changes nothing.
package protocol DeliveryQueue: Sendable {
  /// Pending deliveries whose `nextAttemptAt` is not after `now`, at most `limit`: paging ones (`rank`)
  /// first, then those created at or after `staleBefore`, then by event id.
  func due(
    destination: String, now: Timestamp, limit: Int, staleBefore: Timestamp
  ) async throws -> [Delivery]

  /// Earliest `nextAttemptAt` after `now` of the pending deliveries; nil when there are none.
  func nextDue(destination: String, after now: Timestamp) async throws -> Timestamp?

  /// Makes the outcomes durable in one step. Retry and dead count as an attempt more. Ids that are gone are
  /// passed over.
  func record(_ outcomes: [DeliveryOutcome], destination: String) async throws

  /// The clock was set back: pending deliveries whose `nextAttemptAt` is after `now` become due
  /// `nanoseconds` earlier.
  func shift(destination: String, back nanoseconds: Int64, now: Timestamp) async throws
}
