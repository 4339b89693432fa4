import Console
import Model
import Synchronization

/// The port of the HTTP face. There is one at a time: a reload binds another place while the one in use goes
/// on, and ends that when the other has taken over.
final class ConsoleDoor: Sendable {
  private struct State {
    /// Nil: switched off, or not yet open.
    var current: ConsoleListener?
    /// The one before, which may not have closed yet.
    var former: ConsoleListener?
    var hasBegun = false
  }

  /// What a reload will change.
  struct Change: Sendable {
    /// Nil: there will be none.
    fileprivate var listener: ConsoleListener?
    fileprivate var endpoint: Config.Endpoint?
  }

  /// Seconds that answers under way have when the place changes: what reads files takes ten at the most.
  private static let patience: Int64 = 15
  /// Most listeners that wait to be served: there is no reload before the last is.
  private static let startLimit = 64

  /// Listeners to be served, in order.
  let starts: AsyncStream<ConsoleListener>
  private let starter: AsyncStream<ConsoleListener>.Continuation
  private let state = Mutex(State())
  let source: ConsoleSource
  private let notices: NoticeSink

  init(_ source: ConsoleSource, _ notices: @escaping NoticeSink) {
    self.source = source
    self.notices = notices
    (starts, starter) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(ConsoleDoor.startLimit))
  }

  /// Binds a place of the configuration, nil for none. Who connects there waits until it is taken; when that
  /// never happens, it closes with the change.
  func prepare(_ endpoint: Config.Endpoint?) async throws(DaemonFailure) -> Change {
    guard let endpoint else { return Change() }
    let (current, former) = state.withLock { ($0.current, $0.former) }
    await former?.untilClosed()
    let server = ConsoleServer(
      .port(host: "\(endpoint.address)", Int(endpoint.port)), source: source, notices: notices)
    do throws(ConsoleError) {
      return Change(listener: try await server.bind(beside: current), endpoint: endpoint)
    } catch {
      throw DaemonFailure(error.code == .notPermitted ? .permission : .unavailable, "\(error)")
    }
  }

  /// The same for a thread that may wait.
  func prepareBlocking(_ endpoint: Config.Endpoint?) throws(DaemonFailure) -> Change {
    let done = BlockingResult<Change, DaemonFailure>()
    Task {
      do throws(DaemonFailure) {
        done.set(.success(try await prepare(endpoint)))
      } catch {
        done.set(.failure(error))
      }
    }
    return try done.wait().get()
  }

  /// The first, unless a reload came before it.
  func begin(_ first: Change) {
    if state.withLock({ !$0.hasBegun }) { take(first) }
  }

  /// Lets in who connects at the new place, and nobody any more at the one before.
  func take(_ change: Change) {
    let former = state.withLock { state in
      state.hasBegun = true
      state.former = state.current
      state.current = change.listener
      return state.former
    }
    if let listener = change.listener {
      let address = change.endpoint.map { "\(Config.Endpoint($0.address, UInt16(listener.port)))" } ?? ""
      notices(
        Notice(
          .info, "console", "listening",
          [("address", .text(address)), ("port", .number(Int64(listener.port)))]))
      // After the daemon was told to stop nobody takes it up, and it closes.
      starter.yield(listener)
    }
    if let former {
      former.stop(within: ConsoleDoor.patience)
      notices(Notice(.info, "console", "no longer listening", [("port", .number(Int64(former.port)))]))
    }
  }

  /// There will be no others.
  func close() { starter.finish() }
}
