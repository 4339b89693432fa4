package import Model
package import Store

extension Recorder {
  /// What hangs on a committed transaction.
  package struct Sinks: Sendable {
    /// New deliveries by destination (index of the router), under the ids they have; none of a destination
    /// that has some: they have to be asked for.
    package var deliveriesCommitted: @Sendable ([Int: [Delivery]]) -> Void
    /// Rows for the store, in order, with the key under which those of matched events are spooled.
    package var rowsCommitted: @Sendable (EventBatch, _ spoolKey: EventID?) -> Void
    /// Delivered marks wait to be applied.
    package var marksWaiting: @Sendable () -> Void
    /// A committed batch whose senders wait for an acknowledgement.
    package var acknowledge: @Sendable (borrowing EventBatch) -> Void
    /// Informs whose events are lost, and the worker that is to take them for new the next time.
    package var forget: @Sendable ([UInt64], _ post: Int) -> Void
    /// A committed alert, for the log.
    package var alert: @Sendable (EventRow, EventBatch, _ destinations: [String]) -> Void
    /// An alert that nobody will have had: neither disk nor memory took it. To be logged in full.
    package var lost: @Sendable (Delivery) -> Void
    /// The file turned out to be damaged; called once.
    package var damaged: @Sendable (StoreError) -> Void
    /// The template of this destination could not write an alert's body.
    package var templateFailed: @Sendable (String) -> Void
    package var notices: NoticeSink

    package init(
      deliveriesCommitted: @escaping @Sendable ([Int: [Delivery]]) -> Void,
      rowsCommitted: @escaping @Sendable (EventBatch, EventID?) -> Void,
      marksWaiting: @escaping @Sendable () -> Void,
      acknowledge: @escaping @Sendable (borrowing EventBatch) -> Void,
      forget: @escaping @Sendable ([UInt64], Int) -> Void = { _, _ in },
      alert: @escaping @Sendable (EventRow, EventBatch, [String]) -> Void,
      lost: @escaping @Sendable (Delivery) -> Void = { _ in },
      damaged: @escaping @Sendable (StoreError) -> Void = { _ in },
      templateFailed: @escaping @Sendable (String) -> Void = { _ in },
      notices: @escaping NoticeSink
    ) {
      self.deliveriesCommitted = deliveriesCommitted
      self.rowsCommitted = rowsCommitted
      self.marksWaiting = marksWaiting
      self.acknowledge = acknowledge
      self.forget = forget
      self.alert = alert
      self.lost = lost
      self.damaged = damaged
      self.templateFailed = templateFailed
      self.notices = notices
    }
  }
}
