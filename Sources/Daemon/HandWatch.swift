import Model
import Store

/// Looks for what people did to the outbox by hand (`muttd outbox replay`, `purge`) and enters it into the
/// books.
final class HandWatch: @unchecked Sendable {
  private let recorder: Recorder
  private let destinations: Destinations
  private let ledger: Ledger
  private let notices: NoticeSink
  // Only touched by who calls `look`.
  private var log: OutboxStamp

  init(
    recorder: Recorder, destinations: Destinations, ledger: Ledger, notices: @escaping NoticeSink
  ) {
    log = OutboxStamp(of: recorder.outbox.path)
    self.recorder = recorder
    self.destinations = destinations
    self.ledger = ledger
    self.notices = notices
  }

  /// Called once a second, always by the same thread; returns at once.
  func look() {
    guard log.mayHaveGrown() else { return }
    recorder.post { [self] outbox in
      let result = recorder.attempt({ outbox throws(StoreError) in try outbox.takeHandWork() }, outbox)
      // A stop has closed the outbox, or the recorder says what is wrong with it.
      guard case .success(let work) = result else { return }
      for one in work { enter(one) }
    }
  }

  private func enter(_ work: Outbox.HandWork) {
    ledger.update { accounts in
      let index = accounts.destination(work.destination)
      let replayed = min(UInt64(work.replayed), accounts.destinations[index].dead)
      accounts.destinations[index].dead -= replayed
      accounts.destinations[index].pending += replayed
      let dead = min(UInt64(work.purgedDead), accounts.destinations[index].dead)
      accounts.destinations[index].dead -= dead
      let pending = min(UInt64(work.purgedPending), accounts.destinations[index].pending)
      accounts.destinations[index].pending -= pending
      accounts.destinations[index].purged += dead + pending
    }
    destinations.wake(work.destination)
    notices(
      Notice(
        .info, "delivery", "the outbox was changed by hand",
        [
          ("destination", .text(work.destination)), ("replayed", .number(Int64(work.replayed))),
          ("purged", .number(Int64(work.purgedPending + work.purgedDead))),
        ]))
  }
}
