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

extension Recorder {
  /// The outbox was removed, or another file put in its place, while it is open: it is written again, with
  /// all that is owed. On the recorder's thread. An error leaves it as it is, and is said once a kind: alerts
  /// are committed to the open file and delivered from there, as long as the process lives.
  func putBack(_ outbox: Outbox) {
    if outbox.isInPlace { return health.isInPlace() }
    // First of all: a large file takes a while, and a watchdog that ends us now takes all of it along.
    let known = health.misplaced(
      StoreError(.unavailable, "\(outbox.path) was removed under the daemon and is being written again"))
    do throws(StoreError) {
      let done = try outbox.putBack(now: SystemClock.now)
      health.isInPlace()
      if done.wasWhole {
        let what = "muttd.lock was removed under the daemon; it is back, and keeps a second one out again"
        return sinks.notices(Notice(.error, "outbox", what, [("path", .text(outbox.path))]))
      }
      sinks.notices(
        Notice(
          .error, "outbox",
          "the outbox was removed or replaced under the daemon; it was written again, and nothing is lost",
          [("path", .text(outbox.path))] + (done.replaced.map { [("replaced", .text($0))] } ?? [])
            + [("do", .text("find out who removes files of the state directory: none may while muttd runs"))]
        ))
    } catch {
      health.misplaced(error)
      if known?.code == error.code { return }
      sinks.notices(
        Notice(
          .error, "outbox",
          "the outbox was removed under the daemon and cannot be written again; its end loses what is owed",
          [
            ("err", .text(error.message)), ("path", .text(outbox.path)),
            ("do", .text("do not end it; make room, and the directory writable: it tries again")),
          ]))
    }
  }
}
