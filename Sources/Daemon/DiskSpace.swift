import Glibc
import Intake
import Synchronization

/// How much room is left where the state lies, looked at once a second at the most. Whoever writes for the
/// audit asks here first, so that the audit never takes the room that alerts need (DESIGN §2, *When things
/// break*).
package final class DiskSpace: Sendable {
  private let directory: String
  private let kept: Atomic<Int64>
  private let free = Atomic<Int64>(.max)
  private let lookedAt = Atomic<Int64>(.min)

  private static let interval: Int64 = 1_000_000_000

  package init(directory: String, reserve: Int64) {
    self.directory = directory
    kept = Atomic(reserve)
  }

  /// `outbox.reserve`, bytes.
  package var reserve: Int64 {
    get { kept.load(ordering: .relaxed) }
    set { kept.store(newValue, ordering: .relaxed) }
  }

  /// Of a file system, bytes.
  package struct Extent: Sendable, Equatable {
    /// What the daemon may still write.
    package var free: Int64
    package var size: Int64

    package init(free: Int64, size: Int64) {
      self.free = free
      self.size = size
    }
  }

  /// Nil when the file system does not tell.
  package static func extent(at directory: String) -> Extent? {
    var info = statvfs()
    guard unsafe statvfs(directory, &info) == 0 else { return nil }
    let block = Int64(info.f_frsize)
    return Extent(free: Int64(info.f_bavail) * block, size: Int64(info.f_blocks) * block)
  }

  /// Bytes the daemon may still write; nil when the file system does not tell.
  package static func free(at directory: String) -> Int64? { extent(at: directory)?.free }

  private var current: Int64 {
    let now = SystemClock.monotonic
    let last = lookedAt.load(ordering: .relaxed)
    if last == .min || now - last > DiskSpace.interval {
      lookedAt.store(now, ordering: .relaxed)
      free.store(DiskSpace.free(at: directory) ?? .max, ordering: .relaxed)
    }
    return free.load(ordering: .relaxed)
  }

  /// The store on this disk may be written. `freeInside`: what its file has free, bytes. Rows that go there
  /// take nothing of the disk but their log, and a file that has filled a disk never becomes smaller: judged
  /// by the disk alone its audit would have ended for good.
  package func allowsAudit(freeInside: @autoclosure () -> Int64) -> Bool {
    let reserve = reserve
    return current >= reserve || allowsSpool && freeInside() > reserve / DiskSpace.leastInside
  }

  /// Less than this part of the reserve may be used up before somebody looks again.
  private static let leastInside: Int64 = 32

  /// The spool may grow. The lower half of the reserve belongs to alerts alone.
  package var allowsSpool: Bool { current >= reserve / 2 }
}
