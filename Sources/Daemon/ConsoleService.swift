import Console
import Delivery
import Foundation
import Intake
import Model
import Policy
import ServiceLifecycle

/// The HTTP face as a service: on its port, and on a socket in the state directory for commands on this
/// machine. A port that cannot be had ends the daemon with its exit code.
struct ConsoleService: Service {
  /// Name of the socket in the state directory.
  static let socketName = "api.sock"
  /// Bytes of a path that a socket address holds, unix(7).
  private static let longestPath = 107

  private let server: ConsoleServer
  private let socket: ConsoleServer
  private let socketPath: String
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
    let path = "\(vitals.stateDirectory)/\(ConsoleService.socketName)"
    socketPath = path
    // Who may open the database files may ask about them.
    socket = ConsoleServer(
      .socket(path: path), source: source, notices: notices, onBound: { _ in _ = unsafe chmod(path, 0o660) })
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
    guard socketPath.utf8.count <= ConsoleService.longestPath else {
      return notices(
        Notice(
          .warning, "console", "the path of the state directory is too long for a socket: no top, no tap",
          [("path", .text(socketPath))]))
    }
    do throws(ConsoleError) {
      try await socket.run()
      _ = unsafe unlink(socketPath)
    } catch {
      notices(Notice(.error, "console", "\(error)", [("path", .text(socketPath))]))
    }
  }
}

extension Vitals {
  /// What `/metrics` shows, put together from the vitals at every request.
  var metrics: MetricsInput {
    let policy = self.policy()
    var input = MetricsInput(
      accounts: accounts(), rulesActive: policy.active, rulesQuarantined: policy.quarantined.count,
      rulesReloadedAt: policy.loadedAt, rulesReloadFailures: policy.failures, storeIsUp: store.current.isUp)
    let storms = listeners.map(\.gauge.storms.state)
    input.stormsActive = storms.reduce(0) { $0 + $1.active }
    input.stormsBegun = storms.reduce(0) { $0 + $1.begun }
    input.ruleMatches = activity.matches.map { ($0.rule, $0.count) }
    input.destinations = deliveryStates().map { ($0.name, $0.condition.gauge) }
    input.auditMonths = months.flatMap { health in
      let state = health.current
      return state.ahead.map { (ahead: UInt64($0), strays: UInt64(clamping: state.strays)) }
    }
    input.ruleExhaustions = activity.exhaustions.map { ($0.rule, $0.count) }
    return input
  }

  /// 503 only for what makes it wrong to send datagrams here; everything else is `degraded`.
  var readiness: Readiness {
    let policy = self.policy()
    let accounts = self.accounts()
    var findings = Findings()
    checkIntake(&findings)
    checkStorms(&findings)
    checkRules(policy, &findings)
    checkWriters(&findings)
    checkMonths(&findings)
    checkDestinations(accounts, &findings)
    var readiness = Readiness(
      status: findings.status, version: Version.text, node: node, uptime: uptimeSeconds)
    readiness.problems = findings.problems
    readiness.intake.isOK = stalledWorkers.isEmpty
    readiness.intake.kernelDropped = accounts.kernelDropped
    readiness.rules.active = policy.active
    readiness.rules.quarantined = policy.quarantined.count
    readiness.rules.generation = policy.generation
    if let origin = policy.origin {
      readiness.rules.age = policy.confirmedAt.isAbsent ? nil : Vitals.age(of: policy.confirmedAt)
      readiness.rules.from = origin == .cache ? "snapshot" : "store"
    }
    readiness.store.isUp = store.current.isUp
    readiness.store.auditPending = accounts.auditPending
    readiness.store.auditShed = accounts.auditShed
    readiness.outbox.bytes = UInt64(clamping: outboxBytes())
    readiness.outbox.pending = accounts.pending
    readiness.outbox.dead = accounts.dead
    readiness.outbox.unrouted = accounts.unrouted
    readiness.disk.freeBytes = UInt64(clamping: diskFree ?? 0)
    readiness.disk.isOK = diskFree.map { $0 >= Int64(limits.reserve) } ?? true
    if !readiness.disk.isOK {
      readiness.problems.append(
        .init(
          check: "disk", name: stateDirectory, state: "low",
          reason: "less than outbox.reserve is free: the audit waits, so that alerts can be stored",
          do: "free space where state_directory lies: df -h \(stateDirectory)"))
      if readiness.status == .ok { readiness.status = .degraded }
    }
    return readiness
  }

  private static func age(of time: Timestamp) -> Int64 {
    max(0, SystemClock.now.since(time) / 1_000_000_000)
  }

  private struct Findings {
    var problems: [Readiness.Problem] = []
    var status = Readiness.Status.ok

    mutating func add(_ problem: Readiness.Problem, fails: Bool = false) {
      problems.append(problem)
      if fails { status = .failed } else if status == .ok { status = .degraded }
    }
  }

  private func checkIntake(_ findings: inout Findings) {
    for worker in stalledWorkers {
      findings.add(
        .init(
          check: "intake", name: worker, state: "stalled",
          reason: "its loop has not turned for 10 s: the outbox does not take its rows, or a bug",
          do: "see the outbox problem beside this one; else: systemctl restart muttd"),
        fails: true)
    }
  }

  private func checkStorms(_ findings: inout Findings) {
    let states = listeners.map(\.gauge.storms.state)
    let active = states.reduce(0) { $0 + $1.active }
    guard let largest = states.compactMap(\.largest).max(by: { $0.shed < $1.shed }), active > 0 else {
      return
    }
    let others = active == 1 ? "" : "; \(active - 1) other sources storm too"
    findings.add(
      .init(
        check: "storm", name: StormNotice.name(of: largest), state: "shedding", since: largest.since,
        reason: "it sends more than storm.rate: \(largest.shed) events shed\(others)",
        do:
          "quieten it, or raise storm.rate and storm.burst; muttd audit events shows what still gets through")
    )
  }

  private func checkRules(_ policy: PolicyHealth, _ findings: inout Findings) {
    if policy.origin == nil {
      findings.add(
        .init(
          check: "rules", name: "snapshot", state: "missing",
          reason: policy.problem ?? "not loaded yet", do: "muttd check"),
        fails: true)
      return
    }
    if let fault = Snapshot.engineFault {
      findings.add(
        .init(
          check: "rules", name: "engine", state: "faulty", reason: fault,
          do: "apt-get install libhyperscan5, then: systemctl restart muttd"))
    }
    if policy.origin == .cache {
      findings.add(
        .init(
          check: "rules", name: "snapshot", state: "old", since: policy.confirmedAt,
          reason: "the store could not be read; the last good snapshot decides", do: "muttd db status"))
    }
    if let problem = policy.problem ?? policy.fileProblem {
      findings.add(
        .init(
          check: "rules", name: policy.isGuarded ? "guard" : "reload",
          state: policy.isGuarded ? "guarded" : "failed", reason: problem,
          do: policy.isGuarded ? "muttd rules list, then: muttd reload --force" : "muttd check"))
    }
    for rule in policy.quarantined {
      findings.add(
        .init(
          check: "rules", name: rule.name, state: "quarantined", reason: rule.reason,
          do: "muttd rules show \(rule.name)"))
    }
  }

  private func checkWriters(_ findings: inout Findings) {
    if let failure = recorder.failure {
      findings.add(
        .init(
          check: "outbox", name: "outbox.db", state: "unwritable", reason: failure,
          do: "df -h \(stateDirectory); fuser -v \(stateDirectory)/outbox.db"),
        fails: true)
    }
    if isOutboxLarge {
      findings.add(
        .init(
          check: "outbox", name: "outbox.db", state: "large",
          reason: "it holds more than outbox.warn_size: alerts wait, dead ones too, or rows for the store",
          do: "muttd outbox list; the destinations and the store beside this say what waits"))
    }
    let store = self.store.current
    if !store.isUp {
      findings.add(
        .init(
          check: "store", name: storeName, state: store.isNodeTaken ? "node taken" : "down",
          since: store.since, reason: store.reason,
          do: store.isNodeTaken
            ? "give every daemon its own node, then: systemctl restart muttd" : "muttd db status"),
        fails: store.isNodeTaken)
    } else if store.isSpooling {
      findings.add(
        .init(
          check: "store", name: "spool", state: "behind",
          reason: "rows of matched events are read back from the spool", do: "muttd audit events --limit 1"))
    }
  }

  private func checkMonths(_ findings: inout Findings) {
    guard let months = months?.current else { return }
    if let failure = months.failure {
      findings.add(
        .init(
          check: "store", name: "months", state: "failing", since: months.since, reason: failure,
          do: "muttd db partitions"))
    } else if months.strays > 0 {
      findings.add(
        .init(
          check: "store", name: "event_audit_log_default", state: "filling", since: months.since,
          reason: "\(months.strays) rows have no month of their own and could not be moved",
          do: "muttd db partitions"))
    }
    if months.mayNotDrop {
      findings.add(
        .init(
          check: "store", name: "retention", state: "not permitted", since: months.since,
          reason: "audit.retention_months asks for old months to be dropped, and this role may not",
          do: MonthKeeper.grant))
    }
  }

  private static func remedy(for state: DeliveryWatch.State) -> String {
    let list = "muttd outbox list --destination \(state.name)"
    guard state.condition.kind == .held else { return list }
    return switch state.condition.status {
    case 401, 403, 407: "renew the secret of \(state.name), then: muttd reload"
    case 300...399, 404, 405: "correct the url of \(state.name), then: systemctl restart muttd"
    default: "\(list); correct \(state.name) under destinations, then: systemctl restart muttd"
    }
  }

  private func checkDestinations(_ accounts: Accounts, _ findings: inout Findings) {
    for state in deliveryStates() where state.condition.kind != .works {
      let pending = accounts.destinations.first { $0.name == state.name }?.pending ?? 0
      findings.add(
        .init(
          check: "destination", name: state.name, state: "\(state.condition.kind)",
          since: state.condition.since, reason: state.condition.reason, pending: pending,
          oldestAge: Vitals.age(of: state.condition.since), do: Vitals.remedy(for: state)))
    }
    for destination in accounts.destinations where destination.dead > 0 {
      findings.add(
        .init(
          check: "destination", name: destination.name, state: "dead",
          reason: "\(destination.dead) deliveries were given up and are kept",
          do: "muttd outbox list --destination \(destination.name) --state dead"))
    }
    let configured = Set(deliveryStates().map(\.name))
    for destination in accounts.destinations
    where destination.pending > 0 && !configured.contains(destination.name) {
      findings.add(
        .init(
          check: "destination", name: destination.name, state: "unconfigured",
          reason: "deliveries wait for a destination that is not in the configuration",
          pending: destination.pending,
          do: "put \(destination.name) back under destinations: and restart; "
            + "muttd outbox list --destination \(destination.name)"))
    }
    if accounts.unrouted > 0 {
      findings.add(
        .init(
          check: "destination", name: "unrouted", state: "unrouted",
          reason: "\(accounts.unrouted) alerts were taken by no destination",
          do: "add a destination, or widen match: in the configuration"))
    }
  }
}
