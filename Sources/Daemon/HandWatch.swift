import Glibc
import Intake
import Model
import Store

/// Looks for what people did to the outbox by hand (`muttd outbox replay`, `purge`) and enters it into the
/// books. Asked once a second, it only wakes the recorder when its log was written since: an idle daemon is
/// not woken for nothing.
final class HandWatch: @unchecked Sendable {
  /// What a write changes about the log of `outbox.db`; our own do too, but then we are not idle.
  private struct Stamp: Equatable {
    var size: Int64 = 0
    var seconds = 0
    var nanoseconds = 0
  }

  private let log: String
  private let recorder: Recorder
  private let destinations: Destinations
  private let ledger: Ledger
  private let notices: NoticeSink
  // Only touched by who calls `look`.
  private var stamp = Stamp()
  private var nextLook: Int64 = 0

  /// Looked at in any case so often, nanoseconds: two writes within a tick of the file system's clock may
  /// look like one, and damage is found by reading.
  private static let interval: Int64 = 10_000_000_000

  init(
    outbox: String, recorder: Recorder, destinations: Destinations, ledger: Ledger,
    notices: @escaping NoticeSink
  ) {
    log = outbox + "-wal"
    self.recorder = recorder
    self.destinations = destinations
    self.ledger = ledger
    self.notices = notices
  }

  /// Called once a second, always by the same thread; returns at once.
  func look() {
    let now = SystemClock.monotonic
    let current = stampNow()
    if current == stamp, now < nextLook { return }
    // Before it is read: what is written from here on looks new again.
    stamp = current
    nextLook = now + HandWatch.interval
    recorder.post { [self] outbox in
      let body: (Outbox) throws(StoreError) -> [Outbox.HandWork] = { outbox throws(StoreError) in
        try outbox.takeHandWork()
      }
      // A stop has closed the outbox, or the recorder says what is wrong with it.
      guard case .success(let work) = recorder.attempt(body, outbox) else { return }
      for one in work { enter(one) }
    }
  }

  private func stampNow() -> Stamp {
    var status = stat()
    guard unsafe stat(log, &status) == 0 else { return Stamp() }
    return Stamp(
      size: Int64(status.st_size), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
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
