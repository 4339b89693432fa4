import ServiceLifecycle

/// Starts the deadline. The last service of the list: the first that a stop reaches.
struct StopDeadlineService: Service {
  let deadline: StopDeadline
  let last: @Sendable () -> Void

  func run() async throws {
    do {
      try await gracefulShutdown()
    } catch {
      // Cancelled instead of asked: the end has come all the same.
    }
    deadline.begin()
    deadline.watch(last)
  }
}
