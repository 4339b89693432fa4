import Console
import Intake
import Model

/// The tokens of the API: read at start, again at every reload.
struct TokenKeeper: Sendable {
  let doorkeeper: Doorkeeper
  private let notices: NoticeSink

  init(config: Config, notices: @escaping NoticeSink) throws(DaemonFailure) {
    let tokens = try TokenKeeper.read(config)
    self.notices = notices
    doorkeeper = Doorkeeper(
      tokens: tokens, clock: { SystemClock.now }, monotonic: { SystemClock.monotonic }, notices: notices)
    warn(tokens)
  }

  /// The file that `config` names, for `take`; nil: it names none.
  static func read(_ config: Config) throws(DaemonFailure) -> TokenTable? {
    try config.http.tokens.map { path throws(DaemonFailure) in try read(path) }
  }

  /// From now on these let in; nil: everyone does who comes over loopback.
  func take(_ tokens: TokenTable?) {
    doorkeeper.replace(tokens)
    warn(tokens)
  }

  private func warn(_ tokens: TokenTable?) {
    guard let tokens, let problem = TokenKeeper.problem(tokens, now: SystemClock.now) else { return }
    notices(Notice(.warning, "console", "http.tokens: \(problem)"))
  }

  /// Their end is worth a warning so long before it, nanoseconds.
  private static let renewal: Int64 = 7 * 86_400_000_000_000

  /// What is wrong with the time of all of them, as a sentence; nil: somebody is let in for a while.
  static func problem(_ tokens: TokenTable, now: Timestamp) -> String? {
    guard let end = tokens.end, end.since(now) < renewal else { return nil }
    let remedy = "muttd token NAME --append makes another, then: muttd reload"
    let time = end.rfc3339(digits: 0)
    return end <= now
      ? "every token has expired, the last at \(time), and nobody is let in: \(remedy)"
      : "the last token that holds expires at \(time): \(remedy)"
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
