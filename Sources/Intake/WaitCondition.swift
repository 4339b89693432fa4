import Glibc

/// A lock and a condition whose waits end by the monotonic clock. Foundation's end at a time of day, and last
/// an hour longer when the clock is set back by one.
@safe
package final class WaitCondition: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  package init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe condition = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe condition.initialize(to: pthread_cond_t())
    unsafe pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(condition, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  package func lock() { _ = unsafe pthread_mutex_lock(mutex) }
  package func unlock() { _ = unsafe pthread_mutex_unlock(mutex) }
  package func signal() { _ = unsafe pthread_cond_signal(condition) }
  package func broadcast() { _ = unsafe pthread_cond_broadcast(condition) }

  /// Waits for a signal, with the lock held; may return without one.
  package func wait() { _ = unsafe pthread_cond_wait(condition, mutex) }

  /// The same for `seconds` at the most; false when they are over.
  package func wait(seconds: Double) -> Bool {
    var end = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &end)
    // A year is for ever, and fits.
    let nanoseconds = end.tv_nsec + Int(min(max(0, seconds), 31_536_000) * 1e9)
    end.tv_sec += nanoseconds / 1_000_000_000
    end.tv_nsec = nanoseconds % 1_000_000_000
    return unsafe pthread_cond_timedwait(condition, mutex, &end) != ETIMEDOUT
  }
}
