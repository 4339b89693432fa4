import Foundation

/// Runs blocking work on a thread of its own: the pool that runs the tests has as many threads as the
/// machine has cores, and must not wait. What is expected within it counts for the test that asked.
package func offPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
  // A task, since a bare thread knows no test: what fails on it would have no name.
  try await Task(executorPreference: OwnThread()) { try work() }.value
}

/// Each job gets a thread, which may wait for as long as it likes.
private final class OwnThread: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    Thread { [self] in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }.start()
  }
}
