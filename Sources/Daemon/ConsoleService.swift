import Console
import Foundation
import Model
import ServiceLifecycle

/// The HTTP face as a service: on its port, and on a socket for commands on this machine. A port that cannot
/// be had at the start ends the daemon with its exit code.
struct ConsoleService: Service {
  /// Seconds that answers under way have at a stop, which is to be over in ten.
  private static let patience: Int64 = 5

  private let door: ConsoleDoor
  private let first: Config.Endpoint?
  private let socket: ConsoleServer
  private let place: APISocket
  private let notices: NoticeSink

  /// - Parameter first: where the door opens; nil: nowhere, until a reload says so.
  init(
    _ door: ConsoleDoor, at first: Config.Endpoint?, stateDirectory: String, _ notices: @escaping NoticeSink
  ) {
    self.door = door
    self.first = first
    place = APISocket(stateDirectory: stateDirectory, environment: ProcessInfo.processInfo.environment)
    socket = ConsoleServer(.socket(path: place.path), source: door.source, notices: notices)
    self.notices = notices
  }

  func run() async throws {
    door.begin(try await door.prepare(first))
    await withGracefulShutdownHandler {
      await withDiscardingTaskGroup { group in
        group.addTask { await serveSocket() }
        for await listener in door.starts { group.addTask { await serve(listener) } }
      }
    } onGracefulShutdown: {
      door.close()
    }
  }

  private func serve(_ listener: ConsoleListener) async {
    await withGracefulShutdownHandler {
      await listener.run()
    } onGracefulShutdown: {
      listener.stop(within: ConsoleService.patience)
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
      let listener = try await socket.bind()
      place.open()
      await serve(listener)
      place.close()
    } catch {
      notices(Notice(.error, "console", "\(error)", [("path", .text(place.path))]))
    }
  }
}
