import Console
import Intake
import Model

/// The tokens of the API: read at start, again at every reload.
struct TokenKeeper: Sendable {
  let doorkeeper: Doorkeeper
  private let path: String?

  init(config: Config, notices: @escaping NoticeSink) throws(DaemonFailure) {
    path = config.http.tokens
    doorkeeper = Doorkeeper(
      tokens: try path.map { path throws(DaemonFailure) in try TokenKeeper.read(path) },
      clock: { SystemClock.now }, notices: notices)
  }

  /// The reason when the file cannot be taken any more; what was read before goes on.
  func reread() -> String? {
    guard let path else { return nil }
    do throws(DaemonFailure) {
      doorkeeper.replace(try TokenKeeper.read(path))
      return nil
    } catch {
      return error.message
    }
  }

  /// Bytes; a thousand lines stay far below.
  private static let fileLimit = 1 << 20

  static func read(_ path: String) throws(DaemonFailure) -> TokenTable {
    let text: String
    do throws(ConfigFile.Failure) {
      text = try ConfigFile.readText(path, limit: fileLimit)
    } catch {
      throw DaemonFailure(.configuration, "http.tokens: \(path) \(error.message)")
    }
    do throws(TokenFileProblem) {
      return try TokenTable(text)
    } catch {
      let place = error.line == 0 ? path : "\(path):\(error.line)"
      throw DaemonFailure(.configuration, "http.tokens: \(place) \(error.reason)")
    }
  }
}
