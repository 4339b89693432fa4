import Glibc
import Intake
import Model
import Synchronization

/// The ten seconds a stop may take, shared by all who take part in it. It begins with the first of them.
package final class StopDeadline: Sendable {
  /// Parts of a stop stop trying this long after its begin, nanoseconds.
  private static let softLimit: Int64 = 7_500_000_000
  /// What could not be done is said from then on, nanoseconds.
  private static let lastWordsLimit: Int64 = 5_500_000_000
  /// After this the process ends, drained or not, nanoseconds.
  private static let hardLimit: Int64 = 9_300_000_000

  private let begun = Atomic<Int64>(0)

  package init() {}

  /// The stop begins now; later calls change nothing.
  package func begin() {
    _ = begun.compareExchange(expected: 0, desired: SystemClock.monotonic, ordering: .relaxed)
  }

  /// Nobody should begin anything any more.
  package var isPast: Bool { isPast(StopDeadline.softLimit) }

  /// Whoever has much to say about what it could not do had better begin.
  package var isNear: Bool { isPast(StopDeadline.lastWordsLimit) }

  private func isPast(_ limit: Int64) -> Bool {
    let begun = begun.load(ordering: .relaxed)
    return begun != 0 && SystemClock.monotonic - begun > limit
  }

  /// Watches on a thread of its own, and when the time is up runs `last` and ends the process: a lock that
  /// somebody else holds, or a dead disk, must not keep a stopped daemon alive. What was not written is in
  /// the outbox, or in the last accounting line.
  func watch(_ last: @escaping @Sendable () -> Void) {
    DaemonThread(name: "stop").start { [self] in
      while !isPast(StopDeadline.hardLimit) { DaemonThread.pause(milliseconds: 100) }
      last()
      _exit(DaemonFailure.Exit.io.rawValue)
    }
  }
}
