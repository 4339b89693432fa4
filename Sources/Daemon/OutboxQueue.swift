import Delivery
import Intake
import Model
import Store

/// The outbox as forwarders see it: every question and every outcome goes through the recorder's thread, so
/// that `outbox.db` has one writer.
struct OutboxQueue: DeliveryQueue {
  let recorder: Recorder
  let watch: DeliveryWatch

  func due(
    destination: String, now: Timestamp, limit: Int, staleBefore: Timestamp
  ) async throws -> [Delivery] {
    try await recorder.perform { outbox throws(StoreError) in
      try outbox.due(destination: destination, now: now, limit: limit, staleBefore: staleBefore)
    }
  }

  func nextDue(destination: String) async throws -> Timestamp? {
    try await recorder.perform { outbox throws(StoreError) in
      try outbox.nextDue(destination: destination)
    }
  }

  func record(_ outcomes: [DeliveryOutcome], destination: String) async throws {
    watch.note(outcomes, destination: destination, at: SystemClock.now)
    try await recorder.record(outcomes, destination: destination)
  }
}
