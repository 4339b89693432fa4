import Delivery
import Intake
import Model
import Store
import Synchronization

/// Looks how long the oldest alert waits for every destination that does not get on: `oldest_s` of `/readyz`.
/// Asked for ahead, once a second, so that no page waits for the outbox; where all get on, nothing is asked.
final class OldestWatch: Sendable {
  private let recorder: Recorder
  private let watch: DeliveryWatch
  private let ledger: Ledger
  private let health: RecorderHealth
  private let isAsking = Atomic<Bool>(false)

  init(recorder: Recorder, watch: DeliveryWatch, ledger: Ledger, health: RecorderHealth) {
    self.recorder = recorder
    self.watch = watch
    self.ledger = ledger
    self.health = health
  }

  /// Called once a second; returns at once. What is not answered yet is not asked again.
  func look() {
    let states = watch.current
    let working = Set(states.filter { $0.condition.kind == .works }.map(\.name))
    let names = ledger.snapshot.destinations.filter { $0.pending > 0 && !working.contains($0.name) }.map(
      \.name)
    if names.isEmpty { return health.noteOldest([:]) }
    if isAsking.exchange(true, ordering: .relaxed) { return }
    recorder.post { [self] outbox in
      health.noteOldest(recorder.oldestOwed(to: names, outbox))
      isAsking.store(false, ordering: .relaxed)
    }
  }
}

extension Recorder {
  /// On the recorder's thread. What stands in memory alone counts too; a file that cannot be read says
  /// nothing here.
  func oldestOwed(to names: [String], _ outbox: Outbox) -> [String: Timestamp] {
    var found: [String: Timestamp] = [:]
    for name in names {
      var oldest = memory.oldestPending(name)
      let stored = attempt(
        { outbox throws(StoreError) in try outbox.oldestPending(destination: name) }, outbox)
      if case .success(let time?) = stored { oldest = min(oldest ?? time, time) }
      found[name] = oldest
    }
    return found
  }
}
