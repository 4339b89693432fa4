import Glibc

/// A thread of its own for calls that wait. All signals are blocked on it: they belong to the main thread,
/// and a write to a closed pipe gives EPIPE instead of SIGPIPE.
@safe struct TransportThread: @unchecked Sendable {
  private let thread: pthread_t

  private final class Start {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Nil when the system gives no thread.
  init?(_ body: @escaping @Sendable () -> Void) {
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    let start = unsafe Unmanaged.passRetained(Start(body))
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        if let context = unsafe context {
          unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body()
        }
        return nil
      }, start.toOpaque())
    if code != 0 {
      unsafe start.release()
      return nil
    }
    self.thread = thread
  }

  /// Leaves the thread to itself; instead of `join`.
  func detach() { pthread_detach(thread) }

  /// Waits for the thread's end; once.
  func join() { pthread_join(thread, nil) }
}
