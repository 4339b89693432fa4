import Console
import Foundation
import Model
import ServiceLifecycle

/// The HTTP face as a service: on its port, and on a socket for commands on this machine. A port that cannot
/// be had ends the daemon with its exit code.
struct ConsoleService: Service {
  private let server: ConsoleServer
  private let socket: ConsoleServer
  private let place: APISocket
  private let notices: NoticeSink

  init(
    _ settings: Config.HTTP, _ vitals: Vitals, _ desk: APIDesk, _ doorkeeper: Doorkeeper,
    _ notices: @escaping NoticeSink
  ) {
    let source = ConsoleSource(
      metrics: { [vitals, doorkeeper] in
        var input = vitals.metrics
        input.httpRefused = doorkeeper.refused
        return input
      }, readiness: { [vitals] in vitals.readiness }, api: { [desk] in await desk.answer($0) },
      doorkeeper: doorkeeper)
    server = ConsoleServer(
      .port(host: "\(settings.listen.address)", Int(settings.listen.port)), source: source,
      notices: notices,
      onBound: { notices(Notice(.info, "console", "listening", [("port", .number(Int64($0)))])) })
    let place = APISocket(
      stateDirectory: vitals.stateDirectory, environment: ProcessInfo.processInfo.environment)
    self.place = place
    socket = ConsoleServer(
      .socket(path: place.path), source: source, notices: notices, onBound: { _ in place.open() })
    self.notices = notices
  }

  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await serveSocket() }
      group.addTask {
        do throws(ConsoleError) {
          try await server.run()
        } catch {
          throw DaemonFailure(error.code == .notPermitted ? .permission : .unavailable, "\(error)")
        }
      }
      try await group.waitForAll()
    }
  }

  /// Without it alerts go their way all the same: only `muttd top` and `muttd tap` miss it.
  private func serveSocket() async {
    guard place.path.utf8.count <= APISocket.longestPath else {
      return notices(
        Notice(
          .warning, "console",
          "the path of the state directory is too long for a socket: no top, no tap, no answer to a reload",
          [("path", .text(place.path))]))
    }
    place.clear()
    do throws(ConsoleError) {
      try await socket.run()
      place.close()
    } catch {
      notices(Notice(.error, "console", "\(error)", [("path", .text(place.path))]))
    }
  }
}
