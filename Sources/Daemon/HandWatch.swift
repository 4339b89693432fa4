import Intake
import Model
import Store
import Synchronization

/// Looks for what people did to the outbox by hand (`muttd outbox replay`, `purge`) and enters it into the
/// books; and whether the file is still where it was.
final class HandWatch: @unchecked Sendable {
  private let recorder: Recorder
  private let destinations: Destinations
  private let ledger: Ledger
  private let notices: NoticeSink
  // Only touched by who calls `look`.
  private var log: OutboxStamp
  /// When a missing file is written again at the earliest, monotonic nanoseconds.
  private let nextPutBack = Atomic<Int64>(0)
  private let isPuttingBack = Atomic<Bool>(false)

  /// Between two attempts, nanoseconds, and at least so many times what the last one took: each writes all
  /// that is owed, and nothing is committed meanwhile.
  private static let patience: Int64 = 10_000_000_000
  private static let restFactor: Int64 = 9

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
    if !recorder.outbox.isInPlace { return putBack(at: SystemClock.monotonic) }
    nextPutBack.store(0, ordering: .relaxed)
    guard log.mayHaveGrown() else { return }
    recorder.post { [self] outbox in
      let result = recorder.attempt({ outbox throws(StoreError) in try outbox.takeHandWork() }, outbox)
      // A stop has closed the outbox, or the recorder says what is wrong with it.
      guard case .success(let work) = result else { return }
      for one in work { enter(one) }
    }
  }

  /// What is not done yet is not asked for again.
  private func putBack(at now: Int64) {
    if now < nextPutBack.load(ordering: .relaxed) { return }
    if isPuttingBack.exchange(true, ordering: .relaxed) { return }
    recorder.post { [self] outbox in
      let begin = SystemClock.monotonic
      recorder.putBack(outbox)
      let end = SystemClock.monotonic
      let rest = max(HandWatch.patience, HandWatch.restFactor * (end - begin))
      nextPutBack.store(end + rest, ordering: .relaxed)
      isPuttingBack.store(false, ordering: .relaxed)
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
    // Word of those that wait for a retry and are due now counts nobody.
    let isCounted = work != Outbox.HandWork(destination: work.destination)
    notices(
      Notice(
        .info, "delivery",
        isCounted ? "the outbox was changed by hand" : "what waits for a retry was made due by hand",
        [
          ("destination", .text(work.destination)), ("replayed", .number(Int64(work.replayed))),
          ("purged", .number(Int64(work.purgedPending + work.purgedDead))),
        ]))
  }
}
