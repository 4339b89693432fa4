import Glibc
import Intake
import Model

/// The log of `outbox.db`, as whoever looks for what people did by hand watches it: an idle daemon does not
/// wake the recorder for nothing.
struct OutboxStamp {
  /// What a write changes about it; our own do too, but then we are not idle.
  private struct Stamp: Equatable {
    var size: Int64 = 0
    var seconds = 0
    var nanoseconds = 0
  }

  private let path: String
  private var stamp = Stamp()
  private var nextLook: Int64 = 0

  /// Looked at in any case so often, nanoseconds: two writes within a tick of the file system's clock may
  /// look like one, and damage is found by reading.
  private static let interval: Int64 = 10_000_000_000

  init(of outbox: String) { path = outbox + "-wal" }

  /// Whether somebody may have written since this was asked last. What is written from here on is new again.
  /// - Parameter now: monotonic nanoseconds.
  mutating func mayHaveGrown(_ now: Int64 = SystemClock.monotonic) -> Bool {
    let current = stampNow()
    if current == stamp, now < nextLook { return false }
    stamp = current
    nextLook = now + OutboxStamp.interval
    return true
  }

  private func stampNow() -> Stamp {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return Stamp() }
    return Stamp(
      size: Int64(status.st_size), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
  }
}
