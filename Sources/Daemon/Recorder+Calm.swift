import Intake
import Model
import Store

/// What is committed stands in the log of the outbox at first (`outbox.db-wal`), where one damaged place
/// takes all behind it along. A busy daemon fills the log and folds it back; a calm one would keep hours
/// there.
struct Calm: Sendable {
  /// From one look to the next, nanoseconds.
  var interval: Int64 = 60_000_000_000
  /// How long no alert may have come: one that comes while the log is folded back waits for it.
  private static let pause: Int64 = 1_000_000_000

  private var lookedAt: Int64
  private var alertAt = Int64.min / 2

  init(now: Int64) { lookedAt = now }

  mutating func alerts(at now: Int64) { alertAt = now }
  mutating func looked(at now: Int64) { lookedAt = now }

  /// Monotonic nanoseconds.
  var dueAt: Int64 { max(lookedAt + interval, alertAt + Calm.pause) }
}

extension Recorder {
  /// On the recorder's thread, between two turns: cheap where nothing is to be folded back, and bounded by
  /// the length at which the log is folded back anyhow.
  func foldBackIfCalm() {
    let now = SystemClock.monotonic
    if now < calm.dueAt { return }
    calm.looked(at: now)
    if outOfSpaceUntil != nil { return }
    health.beat(now)
    if case .failure(let error) = attempt({ outbox throws(StoreError) in try outbox.foldBack() }, outbox) {
      sinks.notices(
        Notice(
          .warning, "outbox", "the log of the outbox cannot be folded back; it grows",
          [("err", .text(error.message))]))
    }
  }
}
