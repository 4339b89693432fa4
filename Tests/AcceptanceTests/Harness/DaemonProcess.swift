import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What one test's daemon is told. Everything lives on loopback and under one temporary directory.
struct DaemonSettings {
  /// The rules file that governs; nil leaves the rules to the command line.
  var rules: String?
  /// Destination name → URL; further keys by `destinationKeys`.
  var destinations: [(name: String, url: String)] = []
  var destinationKeys = """
        rate: null
        retry: {initial: 50ms, max: 500ms}
        breaker: {failures: 5, open: 200ms, close: 1}

    """
  var auditEvents = "all"
  /// How often the store is read in any case.
  var rulesRefresh = "30s"
  /// Further lines of YAML at the top level.
  var extra = ""
}

/// One `muttd run`, and what can be asked of it from outside.
final class DaemonProcess: Sendable {
  let child: Child
  let place: DaemonPlace

  fileprivate init(child: Child, place: DaemonPlace) {
    self.child = child
    self.place = place
  }

  var pid: pid_t { child.pid }
  var log: String { child.errors }
  /// The objects of the log, in order; lines that are no JSON are left out.
  var logLines: [JSON] { log.split(separator: "\n").compactMap { JSON($0) } }

  /// SIGTERM, and the way it ended.
  func stop(within limit: Duration = .seconds(30)) async throws -> Ending {
    child.signal(SIGTERM)
    return try await child.wait(within: limit)
  }

  /// SIGKILL, and collected.
  func kill() async { await child.destroy() }

  func scrape() async throws -> Metrics {
    guard let answer = try await HTTPAnswer.get("/metrics", port: place.httpPort), answer.status == 200
    else { throw HarnessError("no metrics; the log says:\n\(log.suffix(4000))") }
    return Metrics(answer.body)
  }

  func readiness() async throws -> (status: Int, body: JSON)? {
    guard let answer = try await HTTPAnswer.get("/readyz", port: place.httpPort) else { return nil }
    return (answer.status, JSON(answer.body) ?? .null)
  }

  /// Waits until the daemon says it is ready; throws with its log when it ends instead.
  func waitUntilReady(within limit: Duration = .seconds(60)) async throws {
    try await eventually("the daemon is ready; its log:\n\(log)", within: limit, from: .milliseconds(10)) {
      if let ending = child.poll() { throw HarnessError("muttd ended: \(ending)\n\(log)") }
      return try await readiness()?.status == 200
    }
  }

  /// The accounting line, as the last one in the log.
  var accounting: Accounting? {
    let lines = log.split(separator: "\n").reversed().lazy.compactMap { JSON($0) }
    return lines.first { $0["audit_set_aside"] != .null && $0["datagrams"] != .null }.map(Accounting.init)
  }
}

/// The directory, ports and configuration of a daemon that may be started, killed and started again.
struct DaemonPlace {
  let workspace: Workspace
  let syslogPort: Int
  let trapPort: Int
  let httpPort: Int
  let configFile: String
  /// A command that is to run the daemon.
  var prefix: [String] = []
  var state: String { workspace.file("state") }
  var auditDatabase: String { state + "/muttd.db" }
  var outboxDatabase: String { state + "/outbox.db" }

  init(_ workspace: Workspace, _ settings: DaemonSettings) throws {
    self.workspace = workspace
    syslogPort = try FreePort.datagram()
    trapPort = try FreePort.datagram()
    httpPort = try FreePort.stream()
    try workspace.makeDirectory("state")
    if let rules = settings.rules { try workspace.write(rules, to: "rules.yaml") }
    configFile = try workspace.write(
      DaemonPlace.yaml(
        settings, state: workspace.file("state"), rules: workspace.file("rules.yaml"),
        ports: (syslogPort, trapPort, httpPort)), to: "muttd.yaml")
  }

  private static func yaml(
    _ settings: DaemonSettings, state: String, rules: String, ports: (syslog: Int, trap: Int, http: Int)
  ) -> String {
    var yaml = """
      state_directory: \(state)
      listen:
        syslog: ['udp://127.0.0.1:\(ports.syslog)']
        snmp: ['udp://127.0.0.1:\(ports.trap)']
      http: {listen: '127.0.0.1:\(ports.http)'}
      audit: {events: \(settings.auditEvents)}
      log: {level: info, format: json}
      rules: {file: \(settings.rules == nil ? "null" : rules), refresh: \(settings.rulesRefresh)}

      """
    if !settings.destinations.isEmpty { yaml += "destinations:\n" }
    for destination in settings.destinations {
      yaml += "  - name: \(destination.name)\n    url: '\(destination.url)'\n" + settings.destinationKeys
    }
    return yaml + settings.extra
  }

  /// Starts `muttd run` without waiting. Its log goes to a file of its own at each start.
  func launch(environment: [String: String] = [:]) async throws -> DaemonProcess {
    let stem = workspace.file("run-" + UUID().uuidString.prefix(8))
    let child = try await Child(
      prefix.first ?? Binary.path,
      prefix.dropFirst() + (prefix.isEmpty ? [] : [Binary.path]) + ["run", "--config", configFile],
      in: workspace.path, environment: environment,
      outputFile: stem + ".out", errorFile: stem + ".err")
    return DaemonProcess(child: child, place: self)
  }

  /// Starts it and waits until it is ready.
  func start(environment: [String: String] = [:]) async throws -> DaemonProcess {
    let daemon = try await launch(environment: environment)
    do { try await daemon.waitUntilReady() } catch {
      await daemon.kill()
      throw error
    }
    return daemon
  }

  /// A query on the audit.
  func audit(_ query: String) async throws -> [JSON] {
    try await Tool.sqlite(auditDatabase, query, in: workspace)
  }

  func auditColumn(_ query: String) async throws -> [Substring] {
    try await Tool.sqliteColumn(auditDatabase, query, in: workspace)
  }

  /// Another verb of the command line against the same configuration.
  func muttd(_ arguments: String...) async throws -> Tool.Result {
    try await Tool.run(Binary.path, arguments + ["--config", configFile], in: workspace)
  }
}

/// Runs `body` with a ready daemon, which is killed afterwards if it still runs, and its directory removed.
func withDaemon<Value>(
  _ name: String, _ settings: DaemonSettings, environment: [String: String] = [:],
  _ body: (DaemonProcess) async throws -> Value
) async throws -> Value {
  try await Workspace.with(name) { workspace in
    let daemon = try await DaemonPlace(workspace, settings).start(environment: environment)
    do {
      let value = try await body(daemon)
      await daemon.kill()
      return value
    } catch {
      let log = daemon.log.suffix(3000)
      await daemon.kill()
      throw HarnessError("\(error)\nthe daemon's log ends with:\n\(log)")
    }
  }
}
