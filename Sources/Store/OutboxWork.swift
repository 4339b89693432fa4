package import Model

/// When a commit of the outbox counts as done.
package enum Durability: String, Sendable, CaseIterable {
  /// On the disk: survives a power cut.
  case full
  /// With the kernel: survives a kill of the process, not of the machine.
  case normal
}

extension Outbox {
  /// What one transaction of the outbox does, in this order.
  package struct Work: Sendable {
    /// The rows of *matched* events are spooled; the others are not looked at.
    package var batches: [EventBatch] = []
    package var deliveries: [Delivery] = []
    package var outcomes: [DeliveryOutcome] = []
    /// Keys of spooled batches that the store has committed (`WorkResult.spoolKeys`, `Spooled.keys`).
    package var removedSpool: [EventID] = []
    /// Marks that the store has applied.
    package var removedMarks: [DeliveredMark] = []
    /// Marks of alerts that were delivered before they could be stored.
    package var addedMarks: [DeliveredMark] = []
    /// Rows that the store refused, to be kept where people find them.
    package var setAside: [SetAside] = []
    /// In this order.
    package var standIns: [StandInChange] = []
    /// What `batches` say of our own accord.
    package var told = Told()
    /// Milliseconds since 1970; never lowered.
    package var idCeiling: Int64?

    package init() {}

    package var isEmpty: Bool {
      batches.isEmpty && deliveries.isEmpty && outcomes.isEmpty && removedSpool.isEmpty
        && removedMarks.isEmpty && addedMarks.isEmpty && setAside.isEmpty && standIns.isEmpty
        && told.isEmpty && idCeiling == nil
    }
  }

  /// A refused row, without the batch that it came in.
  package struct SetAside: Sendable {
    package let eventID: EventID
    package let reason: String
    /// As `SpoolRecord` writes it.
    let record: [UInt8]

    /// - Parameter row: its position in `batch`.
    package init(batch: EventBatch, row: Int, reason: String) {
      eventID = batch.rows[row].id
      record = SpoolRecord.encode(batch.rows[row], of: batch)
      self.reason = reason
    }
  }

  /// What a transaction came to, for the books.
  package struct WorkResult: Sendable, Equatable {
    package struct Count: Sendable, Equatable {
      package var destination: String
      package var created = 0
      package var delivered = 0
      package var dead = 0
      package var retried = 0

      package init(destination: String) { self.destination = destination }
    }

    /// In the order of `Work.deliveries`. A delivery that is there already keeps its id.
    package var deliveryIDs: [Int64] = []
    /// Of them, those that were there already.
    package var knownDeliveries = 0
    /// In the order of `Work.batches`: the key under which a batch's matched rows wait; nil: it had none.
    package var spoolKeys: [EventID?] = []
    /// Rows that were spooled, and rows that left the spool.
    package var spooledRows = 0
    package var unspooledRows = 0
    package var counts: [Count] = []
    /// Marks in the outbox after the transaction.
    package var marksWaiting = 0

    package init() {}
  }

  /// Rows that wait for the store, whole batches at a time.
  package struct Spooled: Sendable {
    /// Complete as far as the audit goes; texts that only payload and log need are absent.
    package var batch = EventBatch()
    /// For `Work.removedSpool` once the store has committed `batch`; the last one is the next `after`.
    package var keys: [EventID] = []
    /// Rows that could not be read and were set aside by this look.
    package var unreadable = 0

    package init() {}
  }
}

/// Which deliveries to list, in the order of their events.
package struct OutboxFilter: Sendable, Equatable {
  package static var maxLimit: Int { 1_000 }

  package var destination: String?
  package var state: Delivery.State?
  package var host: String?
  package var rule: String?
  /// HTTP status of the last answer; 0: none was had.
  package var status: Int?
  /// Created before this.
  package var before: Timestamp?
  /// The page after the delivery of this id.
  package var after: Int64?
  /// 1...`maxLimit`; values outside are brought in.
  package var limit: Int = 100

  package init() {}
}
