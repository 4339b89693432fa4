import Console
import Intake
import Model

/// The tokens of the API: read at start, again at every reload.
struct TokenKeeper: Sendable {
  let doorkeeper: Doorkeeper

  init(config: Config, notices: @escaping NoticeSink) throws(DaemonFailure) {
    doorkeeper = Doorkeeper(
      tokens: try TokenKeeper.read(config), clock: { SystemClock.now },
      monotonic: { SystemClock.monotonic }, notices: notices)
  }

  /// The file that `config` names, for `take`; nil: it names none.
  static func read(_ config: Config) throws(DaemonFailure) -> TokenTable? {
    try config.http.tokens.map { path throws(DaemonFailure) in try read(path) }
  }

  /// From now on these let in; nil: everyone does who comes over loopback.
  func take(_ tokens: TokenTable?) { doorkeeper.replace(tokens) }

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
