import Delivery
import Foundation
import Intake
import Model
import Store
import TestKit
import Testing

@testable import Daemon

/// Whether the writer of the outbox gets on shows outside, however patient those are who wait for it.
@Suite struct RecorderPulseTests {
  private func wait(until holds: () -> Bool) async throws {
    while !holds() { try await Task.sleep(for: .milliseconds(5)) }
  }

  @Test(.timeLimit(.minutes(2)))
  func whatDoesNotEndIsSeenAndWhatRestsIsNot() async throws {
    let directory = TemporaryDirectory()
    let health = RecorderHealth()
    let recorder = Recorder(
      outbox: try Outbox(path: directory.file("outbox.db"), sync: .normal) { _ in }, idCeiling: nil,
      carried: 0, destinations: [], payloads: [], ledger: Ledger(),
      pool: BatchPool(limit: 4, largestText: 1 << 20), health: health, pressure: Pressure(),
      deadline: StopDeadline(),
      sinks: Recorder.Sinks(
        deliveriesCommitted: { _ in }, rowsCommitted: { _, _ in }, marksWaiting: {}, acknowledge: { _ in },
        alert: { _, _, _ in }, notices: { _ in }))
    let thread = DaemonThread(name: "recorder")
    thread.start { recorder.run() }
    let minute: Int64 = 60_000_000_000
    // A rest of a minute is no silence.
    try await wait { health.silence(at: SystemClock.monotonic + minute) == 0 }
    let door = DispatchSemaphore(value: 0)
    recorder.post { _ in door.wait() }
    try await wait { health.silence(at: SystemClock.monotonic + minute) >= minute }
    #expect(health.failure == nil)
    door.signal()
    try await wait { health.silence(at: SystemClock.monotonic + minute) == 0 }
    recorder.stop()
    await thread.join()
  }

  /// Alerts of a batch that is put behind new routes go there, also when one turn takes both.
  @Test(.timeLimit(.minutes(2)))
  func routesHoldForWhatIsPutBehindThem() async throws {
    let directory = TemporaryDirectory()
    let ledger = Ledger()
    let recorder = Recorder(
      outbox: try Outbox(path: directory.file("outbox.db"), sync: .normal) { _ in }, idCeiling: nil,
      carried: 0, destinations: [], payloads: [], ledger: ledger,
      pool: BatchPool(limit: 4, largestText: 1 << 20), health: RecorderHealth(), pressure: Pressure(),
      deadline: StopDeadline(),
      sinks: Recorder.Sinks(
        deliveriesCommitted: { _ in }, rowsCommitted: { _, _ in }, marksWaiting: {}, acknowledge: { _ in },
        alert: { _, _, _ in }, notices: { _ in }))
    let destination = DestinationSettings(name: "moog", url: "http://127.0.0.1:9/")
    var factory = EventFactory()
    var batch = EventBatch()
    factory.add(to: &batch, rule: (7, "link-down"))
    // Both before the first turn.
    recorder.exchange(
      RoutePlan(
        settings: [destination], payloads: [Payload(destination, node: 0, agentLocation: "here")],
        removed: []))
    recorder.put(batch, beat: {})
    let thread = DaemonThread(name: "recorder")
    thread.start { recorder.run() }
    recorder.stop()
    await thread.join()
    #expect(ledger.snapshot.routed == 1 && ledger.snapshot.unrouted == 0)
  }
}
