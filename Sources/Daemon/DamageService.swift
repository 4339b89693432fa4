import ServiceLifecycle
import Store
import Synchronization

/// Ends the daemon in order when its outbox turns out to be damaged: alerts that are owed lie in it where
/// nobody finds them, and the start that follows (systemd's `Restart=on-failure`) saves all that can be read.
/// Going on from memory would deliver what is new, and lose all of it with the next end.
final class DamageService: Service {
  private let end = EndSignal()
  private let failure = Mutex<StoreError?>(nil)

  /// From any thread.
  func note(_ error: StoreError) {
    failure.withLock { if $0 == nil { $0 = error } }
    end.give()
  }

  func run() async throws {
    await withTaskCancellationOrGracefulShutdownHandler {
      await end.wait()
    } onCancelOrGracefulShutdown: { [end] in
      end.give()
    }
    if let error = failure.withLock({ $0 }) {
      throw DaemonFailure(
        .io,
        error.message
          + " Start muttd again: it takes what can be read into a fresh file and keeps this one aside.")
    }
  }
}
