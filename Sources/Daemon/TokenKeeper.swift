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
      clock: { SystemClock.now }, monotonic: { SystemClock.monotonic }, notices: notices)
  }

  /// The file read again, for `take`; nil without one.
  func read() throws(DaemonFailure) -> TokenTable? {
    try path.map { path throws(DaemonFailure) in try TokenKeeper.read(path) }
  }

  func take(_ tokens: TokenTable) { doorkeeper.replace(tokens) }

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
