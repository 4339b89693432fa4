import Delivery
import Intake
import Model
import Store

/// The outbox as forwarders see it: every question and every outcome goes through the recorder's thread, so
/// that `outbox.db` has one writer.
struct OutboxQueue: DeliveryQueue {
  let recorder: Recorder

  func due(
    destination: String, now: Timestamp, limit: Int, bytes: Int, staleBefore: Timestamp
  ) async throws -> [Delivery] {
    try await recorder.due(
      destination: destination, now: now, limit: limit, bytes: bytes, staleBefore: staleBefore)
  }

  func nextDue(destination: String, after now: Timestamp) async throws -> Timestamp? {
    try await recorder.nextDue(destination: destination, after: now)
  }

  func shift(destination: String, back nanoseconds: Int64, now: Timestamp) async throws {
    try await recorder.shift(destination: destination, back: nanoseconds, now: now)
  }

  func hasten(
    destination: String, throttled: Bool, isAgain: Bool, now: Timestamp
  ) async throws -> Bool {
    try await recorder.hasten(destination: destination, throttled: throttled, isAgain: isAgain, now: now)
  }

  func record(_ outcomes: [DeliveryOutcome], destination: String) async throws {
    try await recorder.record(outcomes, destination: destination)
  }

  func divert(
    destination: String, except: Set<Int64>, continues: Bool, now: Timestamp
  ) async throws -> Diverted {
    try await recorder.divert(destination: destination, except: except, continues: continues, now: now)
  }
}
