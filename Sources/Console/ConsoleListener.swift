import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
import Synchronization

/// A place of the HTTP face that is bound: open from the moment it is made until it has ended, or nobody has
/// it any more.
package final class ConsoleListener: Sendable {
  private struct State {
    /// Connections that the kernel has handed over may still stand in front of `serving`.
    var isAccepting = true
    /// Whatever is under way is to end.
    var isCut = false
    var serving: Task<Void, Never>?
  }

  /// What it listens on; 0 for a socket in the file system.
  package let port: Int
  private let socket: NIOAsyncChannel<HTTP1Channel.Value, Never>
  private let connections: HTTP1Channel
  private let quiescing: ServerQuiescingHelper
  private let logger: Logger
  private let state = Mutex(State())

  init(
    _ socket: NIOAsyncChannel<HTTP1Channel.Value, Never>, _ connections: HTTP1Channel,
    _ quiescing: ServerQuiescingHelper, _ logger: Logger
  ) {
    self.socket = socket
    self.connections = connections
    self.quiescing = quiescing
    self.logger = logger
    port = socket.channel.localAddress?.port ?? 0
  }

  deinit { socket.channel.close(promise: nil) }

  /// Serves until `stop` has ended it, or its task is cancelled. Called once.
  package func run() async {
    // A task of its own: cancelled before the last connection was taken up, it would drop what waits.
    let serving = Task { await serve() }
    let isLate = state.withLock { state in
      state.serving = serving
      return state.isCut && !state.isAccepting
    }
    if isLate { serving.cancel() }
    await withTaskCancellationHandler {
      await serving.value
    } onCancel: {
      stop(within: 0)
    }
  }

  private func serve() async {
    await withDiscardingTaskGroup { group in
      do {
        try await socket.executeThenClose { incoming in
          try await socket.channel.setOption(.autoRead, value: true).get()
          for try await connection in incoming {
            group.addTask { [connections, logger] in
              await connections.handle(value: connection, logger: logger)
            }
          }
        }
      } catch {
        let wasStoppedBefore = error as? ChannelError == .ioOnClosedChannel
        if !wasStoppedBefore { logger.error("connections are no longer accepted: \(error)") }
      }
      let isCut = state.withLock { state in
        state.isAccepting = false
        return state.isCut
      }
      if isCut { group.cancelAll() }
    }
  }

  /// Nobody is let in any more. Idle connections close at once, others with their answer, and what is not
  /// done `within` so many seconds is cut off.
  package func stop(within seconds: Int64) {
    quiescing.initiateShutdown(promise: nil)
    if seconds == 0 { return cut() }
    socket.channel.eventLoop.scheduleTask(in: .seconds(seconds)) { [weak self] in self?.cut() }
  }

  /// Returns when the place is free for others.
  package func untilClosed() async {
    do {
      try await socket.channel.closeFuture.get()
    } catch {
      logger.warning("the end of a listener: \(error)")
    }
  }

  private func cut() {
    let serving = state.withLock { state in
      state.isCut = true
      return state.isAccepting ? nil : state.serving
    }
    serving?.cancel()
  }

  /// Whether another socket of ours may be bound where this one is.
  func share(_ shares: Bool) async throws {
    try await socket.channel.setOption(.socketOption(.sharedPort), value: shares ? 1 : 0).get()
  }
}
