import Foundation
import Intake
import Model
import Policy
import ServiceLifecycle
import UnixSignals
import Wire

/// `muttd run`: from the configuration to the last accounting line.
package enum RunningDaemon {
  /// Where the configuration comes from; read again on SIGHUP.
  package struct Source: Sendable {
    package var path: String?
    package var overrides: [(key: String, value: String)]

    package init(path: String?, overrides: [(key: String, value: String)] = []) {
      self.path = path
      self.overrides = overrides
    }
  }

  /// Longest a stop may take before what still runs is cut, seconds; systemd and people expect ten.
  private static let stopLimit = 9

  /// Runs until SIGTERM or SIGINT has drained it.
  package static func run(_ source: Source) async throws(DaemonFailure) {
    // A reader of ours that goes away (a pipe, a socket) is an error of that write, not our end.
    signal(SIGPIPE, SIG_IGN)
    let config = try load(source)
    warmUp()
    let log = Log(config.log)
    let notify = Notify(environment: ProcessInfo.processInfo.environment)
    log.sink(start(config))
    let tls = try TLSKeeper(config: config, notices: log.sink)
    let tokens = try TokenKeeper(config: config, notices: log.sink)
    let topology = try Topology(
      config: config, tls: tls, inherited: try inheritedSockets(), tokens: tokens, log: log, notify: notify,
      read: { read(source) })
    var failure: DaemonFailure?
    do throws(DaemonFailure) {
      try await serve(topology, config: config, log: log, notify: notify)
    } catch {
      failure = error
    }
    // Closed stores fold their write-ahead logs back: a copy of the files is then complete.
    topology.files.close()
    topology.vitals.lastWords(log)
    // What other libraries tear down at an exit, a thread that was left compiling would still use.
    if topology.reloader.isLeft {
      if let failure { VerbOutput.remark("muttd: \(failure.message)") }
      _exit(failure?.exit.rawValue ?? 0)
    }
    if let failure { throw failure }
  }

  /// Tables that are made at their first use are made while the files are opened.
  private static func warmUp() {
    DaemonThread(name: "warm-up").start { withExtendedLifetime(ObjectNames.builtIn) {} }
  }

  private static func inheritedSockets() throws(DaemonFailure) -> InheritedSockets {
    do throws(IntakeError) {
      return try InheritedSockets(environment: ProcessInfo.processInfo.environment)
    } catch {
      throw DaemonFailure(error)
    }
  }

  private static func load(_ source: Source) throws(DaemonFailure) -> Config {
    let (config, problems) = Config.load(
      path: source.path, environment: ProcessInfo.processInfo.environment, overrides: source.overrides)
    guard let config else {
      throw DaemonFailure(.configuration, problems.map { "\($0)" }.joined(separator: "\n"))
    }
    for problem in problems { FileHandle.standardError.write(Data("\(problem)\n".utf8)) }
    return config
  }

  private static func start(_ config: Config) -> Notice {
    Notice(
      .info, "daemon", "muttd starts",
      [
        ("version", .text(Version.text)), ("pid", .number(Int64(getpid()))),
        ("node", .number(Int64(config.node))), ("state_directory", .text(config.stateDirectory)),
        ("destinations", .list(config.destinations.map(\.name))),
      ])
  }

  private static func serve(
    _ topology: Topology, config: Config, log: Log, notify: Notify
  ) async throws(DaemonFailure) {
    var services = topology.services
    services.insert(
      SignalService(reloader: topology.reloader, stateDirectory: config.stateDirectory),
      at: services.count - 2)
    var configuration = ServiceGroupConfiguration(
      services: services.map {
        .init(
          service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup, serviceName: name(of: $0))
      },
      gracefulShutdownSignals: [.sigterm, .sigint], logger: log.logger("services"))
    configuration.maximumGracefulShutdownDuration = .seconds(stopLimit)
    let group = ServiceGroup(configuration: configuration)
    do {
      try await group.run()
    } catch let failure as DaemonFailure {
      throw failure
    } catch {
      throw DaemonFailure(.software, "the daemon stopped: \(error)")
    }
    notify.stopping()
  }

  /// For the log. Without one the group prints each service with all it holds, which takes as long as opening
  /// the files.
  private static func name(of service: any Service) -> String {
    (service as? ThreadService)?.name ?? "\(type(of: service))"
  }

  /// The configuration as it stands now.
  private static func read(_ source: Source) -> Result<Config, ReloadRefusal> {
    let (next, problems) = Config.load(
      path: source.path, environment: ProcessInfo.processInfo.environment, overrides: source.overrides)
    guard let next else {
      return .failure(ReloadRefusal(problems.map { "\($0)" }.joined(separator: "; ")))
    }
    return .success(next)
  }
}
