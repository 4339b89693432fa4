import Foundation
import Model

/// Which configuration a verb works with: `--config`, else the standard file where there is one, else the
/// defaults; with the flags of the command line over it.
package struct VerbSettings: Sendable {
  package static let standardPath = "/etc/muttd/muttd.yaml"

  package var path: String?
  package var overrides: [(key: String, value: String)]

  package init(path: String?, stateDirectory: String?, store: String?) {
    let isStandardThere = unsafe access(VerbSettings.standardPath, F_OK) == 0
    self.path = path ?? (isStandardThere ? VerbSettings.standardPath : nil)
    overrides = []
    if let stateDirectory { overrides.append(("state_directory", stateDirectory)) }
    if let store { overrides.append(("store.url", store)) }
  }

  /// For `run`, which reads it again on SIGHUP.
  package var source: RunningDaemon.Source { RunningDaemon.Source(path: path, overrides: overrides) }

  /// All problems at once when it cannot be loaded; warnings go to standard error.
  func load() throws(DaemonFailure) -> Config {
    let (config, problems) = read()
    guard let config else {
      throw DaemonFailure(.configuration, problems.map { "\($0)" }.joined(separator: "\n"))
    }
    for problem in problems { VerbOutput.remark("\(problem)") }
    return config
  }

  /// Where the daemon of this configuration keeps its state, whatever else is wrong with the file. For verbs
  /// that only ask the daemon: secrets and rules are its affair.
  func stateDirectory() throws(DaemonFailure) -> String {
    let (config, problems) = read()
    let environment = ProcessInfo.processInfo.environment
    if let directory = config?.stateDirectory
      ?? path.flatMap({ Config.stateDirectory(path: $0, environment: environment, overrides: overrides) })
    {
      return directory
    }
    throw DaemonFailure(.configuration, problems.map { "\($0)" }.joined(separator: "\n"))
  }

  func read() -> (Config?, [ConfigProblem]) {
    var overrides = overrides
    // The defaults listen for traps everywhere and would have to name communities: nothing that a verb
    // without a configuration file has to do with.
    if path == nil { overrides.append(("listen.snmp", "[]")) }
    return Config.load(path: path, environment: ProcessInfo.processInfo.environment, overrides: overrides)
  }
}
