/// How soon a receiver asks its socket again. One that is kept busy waits a moment, so that what comes
/// meanwhile is taken by one system call and one turn of the loop instead of waking it up one by one: at
/// 60,000 datagrams a second, fifteen at a time. What comes now and then is taken at once, and what comes in
/// masses without a pause.
package struct ReceivePace: BitwiseCopyable, Sendable {
  /// The shortest time from one batch to the next, nanoseconds. What it delays an event by at most is a
  /// small part of what its commit takes, and a socket buffer of the kernel's standard size holds what comes
  /// in it at half a million a second.
  package static var breath: Int64 { 250_000 }

  /// Monotonic time of the last batch.
  private var cameAt: Int64 = 0
  package private(set) var isBusy = false
  /// There may be more where the last batch came from.
  package private(set) var hasMore = false

  package init() {}

  /// A batch of `count` was received, where `room` would have fitted.
  package mutating func note(_ count: Int, room: Int, at now: Int64) {
    hasMore = count >= room / 2
    if count == 0 { return }
    isBusy = now - cameAt < 2 * ReceivePace.breath && !hasMore
    cameAt = now
  }

  /// How long to wait before the socket is asked again, nanoseconds.
  package func rest(at now: Int64) -> Int64 {
    isBusy ? max(0, ReceivePace.breath - (now - cameAt)) : 0
  }
}
