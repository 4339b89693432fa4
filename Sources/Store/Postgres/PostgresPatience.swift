import Glibc
import Synchronization

/// When waiting for a server has to end at the latest, whatever it is doing: set by a stop, from any thread,
/// and seen by whoever waits within a tenth of a second.
package final class PostgresPatience: Sendable {
  private let end = Atomic<Int64>(.max)

  package init() {}

  /// Nothing waits beyond `nanoseconds` from now.
  package func end(in nanoseconds: Int64) { end.store(now &+ nanoseconds, ordering: .relaxed) }

  /// Waiting may take as long as it takes again.
  func renew() { end.store(.max, ordering: .relaxed) }

  var deadline: Int64 { end.load(ordering: .relaxed) }

  /// CLOCK_MONOTONIC, nanoseconds.
  var now: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
