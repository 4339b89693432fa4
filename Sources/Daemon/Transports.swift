import Delivery
import Synchronization

/// The ways out: one HTTP engine for all webhooks, one writer for standard output; each made for the first
/// destination that needs it.
final class Transports: Sendable {
  /// Attempts that may be under way over HTTP, all destinations together: fewer would let one destination
  /// hold up another. Each costs a descriptor.
  private static let connections = 4_096

  private struct State {
    var curl: CurlTransport?
    var lines: LineTransport?
  }
  private let state = Mutex(State())

  func transport(for destination: DestinationSettings) throws(DaemonFailure) -> any WebhookTransport {
    let made: Result<any WebhookTransport, DeliveryError> = state.withLock { state in
      do throws(DeliveryError) {
        if destination.isStandardOutput {
          if let lines = state.lines { return .success(lines) }
          let lines = try LineTransport()
          state.lines = lines
          return .success(lines)
        }
        if let curl = state.curl { return .success(curl) }
        let curl = try CurlTransport(connections: Transports.connections)
        state.curl = curl
        return .success(curl)
      } catch {
        return .failure(error)
      }
    }
    do throws(DeliveryError) {
      return try made.get()
    } catch {
      throw DaemonFailure(error)
    }
  }

  func shutdown() {
    let (curl, lines) = state.withLock { ($0.curl, $0.lines) }
    curl?.shutdown()
    lines?.shutdown()
  }
}
