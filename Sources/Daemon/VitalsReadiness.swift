import Console
import Delivery
import Foundation
import Intake
import Model
import Policy
import Store

extension Vitals {
  /// What `/metrics` shows, put together from the vitals at every request.
  var metrics: MetricsInput {
    let policy = self.policy()
    var input = MetricsInput(
      accounts: accounts(), rulesActive: policy.active, rulesQuarantined: policy.quarantined.count,
      rulesReloadedAt: policy.loadedAt, rulesReloadFailures: policy.failures, storeIsUp: store.current.isUp)
    // Without any, nothing decides that others could be held back from.
    input.areRulesHeldBack = policy.origin != nil && Vitals.refusedRules(policy) != nil
    let storms = listeners.map(\.gauge.storms.state)
    input.stormsActive = storms.reduce(0) { $0 + $1.active }
    input.stormsBegun = storms.reduce(0) { $0 + $1.begun }
    input.ruleMatches = activity.matches.map { ($0.rule, $0.count) }
    input.destinations = deliveryStates().map { ($0.name, $0.condition.gauge) }
    input.templateFailures = deliveryStates().map { ($0.name, $0.templateFailures) }
    input.auditMonths = months.flatMap { health in
      let state = health.current
      return state.ahead.map { (ahead: UInt64($0), strays: UInt64(clamping: state.strays)) }
    }
    if let rows = rows?.current {
      input.auditRemoved = TrimReason.allCases.map { reason in
        let count = rows.removed[reason.rawValue]
        return (reason.name, UInt64(clamping: count.matched), UInt64(clamping: count.unmatched))
      }
      input.storeBytes = rows.room.map { (UInt64(clamping: $0.used), UInt64(clamping: $0.free)) }
    }
    input.ruleExhaustions = activity.exhaustions
    input.readiness = readiness
    input.lastReloadSucceeded = policy.reload.refusal == nil
    input.diskFree = diskFree.map { (stateDirectory, UInt64(clamping: $0)) }
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
    checkReload(policy, &findings)
    checkOutbox(&findings)
    checkStore(&findings)
    checkMonths(&findings)
    checkRows(&findings)
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
    checkDisk(&readiness)
    return readiness
  }

  private func checkDisk(_ readiness: inout Readiness) {
    let free = diskFree
    readiness.disk.freeBytes = UInt64(clamping: free ?? 0)
    readiness.disk.isOK = free.map { $0 >= Int64(limits.reserve) } ?? false
    if readiness.disk.isOK { return }
    readiness.problems.append(
      free == nil
        ? .init(
          check: "disk", name: stateDirectory, state: "unknown",
          reason: "how much is free there cannot be asked: it was removed, moved or unmounted",
          do: "ls -ld \(stateDirectory); put it back; until muttd ends its files are whole")
        : .init(
          check: "disk", name: stateDirectory, state: "low",
          reason: "less than outbox.reserve is free: the audit waits, so that alerts can be stored",
          do: "free space where state_directory lies: df -h \(stateDirectory)"))
    if readiness.status == .ok { readiness.status = .degraded }
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
          reason: "its loop has not turned for 10 s: the machine gives it no time, or a bug",
          do: "top -H -p $(pidof muttd); if nothing keeps it busy: systemctl restart muttd"),
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
    if policy.origin == .cache, !policy.isGuarded {
      findings.add(
        .init(
          check: "rules", name: "snapshot", state: "old", since: policy.confirmedAt,
          reason: "the store could not be read; the last good snapshot decides", do: "muttd db status"))
    }
    if let refusal = Vitals.refusedRules(policy) { findings.add(refusal) }
    if policy.active == 0 {
      findings.add(
        .init(
          check: "rules", name: "rules", state: "none",
          reason: policy.quarantined.isEmpty
            ? "there are no rules: every event is unmatched"
            : "no rule can be used: every event is unmatched",
          do: policy.quarantined.isEmpty ? "muttd rules import FILE, or muttd rules add" : "muttd check"))
    }
    for rule in policy.quarantined {
      findings.add(
        .init(
          check: "rules", name: rule.name, state: "quarantined", reason: rule.reason,
          do: "muttd rules show \(rule.name)"))
    }
  }

  /// What was read last and does not decide.
  private static func refusedRules(_ policy: PolicyHealth) -> Readiness.Problem? {
    guard let reason = policy.problem ?? policy.fileProblem else { return nil }
    guard policy.problem == nil ? policy.isFileGuarded : policy.isGuarded else {
      return .init(check: "rules", name: "reload", state: "failed", reason: reason, do: "muttd check")
    }
    var problem = Readiness.Problem(
      check: "rules", name: "guard", state: "guarded", reason: reason,
      do: "muttd rules list, then: muttd reload --force")
    if policy.fileProblem != nil {
      problem.do = "correct rules.file, then: muttd reload; to take it as it is: muttd reload --force"
    } else if policy.origin == .cache {
      // Of an earlier run: the store may have lost what this has.
      problem.since = policy.confirmedAt
      problem.do =
        "muttd rules export --snapshot > rules.yaml && muttd rules import rules.yaml brings the rules back; "
        + "to take what the store has: muttd reload --force"
    }
    return problem
  }

  /// Rules that were refused are named as such; whatever they become, the configuration on disk is another
  /// than the one in force until a reload is taken.
  private func checkReload(_ policy: PolicyHealth, _ findings: inout Findings) {
    guard let refusal = policy.reload.refusal, refusal != policy.problem, refusal != policy.fileProblem else {
      return
    }
    findings.add(
      .init(
        check: "config", name: "reload", state: "refused", since: policy.reload.at, reason: refusal,
        do: "muttd check, then: muttd reload"))
  }

  private func checkOutbox(_ findings: inout Findings) {
    let silence = recorder.silence(at: SystemClock.monotonic)
    if let failure = recorder.failure {
      findings.add(
        .init(
          check: "outbox", name: "outbox.db", state: "unwritable", reason: failure.message,
          do: Vitals.remedy(for: failure, in: stateDirectory)),
        fails: true)
    } else if silence > Vitals.stallLimit {
      findings.add(
        .init(
          check: "outbox", name: "outbox.db", state: "stuck",
          reason: "what writes it has been at one step for \(silence / 1_000_000_000) s, and work waits: the "
            + "disk does not answer, or a bug",
          do: "dmesg | tail, and look at the disk of \(stateDirectory); then: systemctl restart muttd"),
        fails: true)
    }
    if let displaced = recorder.displaced {
      findings.add(
        .init(
          check: "outbox", name: "outbox.db", state: "removed",
          reason: "the file is gone; alerts go on from the one that is open, and end with the process: "
            + displaced.message,
          do: "do not end muttd; df -h \(stateDirectory); ls -la \(stateDirectory)"),
        fails: true)
    }
    if let lostAt = recorder.lostAt(now: SystemClock.now) {
      findings.add(
        .init(
          check: "outbox", name: "outbox.db", state: "lost", since: lostAt,
          reason: "it was not there at the start: alerts that were owed are lost with it",
          do: "muttd audit events: what was forwarded and not sent did not leave; look after it by hand"))
    }
    if isOutboxLarge {
      findings.add(
        .init(
          check: "outbox", name: "outbox.db", state: "large",
          reason: "it holds more than outbox.warn_size: alerts wait, dead ones too, or rows for the store",
          do: "muttd outbox list; the destinations and the store beside this say what waits"))
    }
  }

  private static func remedy(for failure: StoreError, in directory: String) -> String {
    switch failure.code {
    case .full: "free space where state_directory lies: df -h \(directory)"
    case .corrupt: "systemctl restart muttd: a start moves what can be read into a new file"
    case .permission, .readOnly: "ls -la \(directory); mount | grep ' ro[ ,]'"
    case .busy, .locked: "end whoever holds it: fuser -v \(directory)/outbox.db"
    default: "df -h \(directory); dmesg | tail; fuser -v \(directory)/outbox.db"
    }
  }

  private func checkStore(_ findings: inout Findings) {
    if !isStoreInPlace() {
      findings.add(
        .init(
          check: "store", name: storeName, state: "removed",
          reason: "the file was removed or replaced; rules and rows go to the open one, and end with muttd",
          do: Vitals.storeRemedy))
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

  static let storeRemedy =
    "copy it and its -wal while muttd runs (ls -l /proc/$(pidof muttd)/fd | grep muttd.db), stop muttd, put "
    + "both in place, start"

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

  private func checkRows(_ findings: inout Findings) {
    guard let rows = rows?.current else { return }
    if let failure = rows.failure {
      findings.add(
        .init(
          check: "store", name: "audit", state: "failing", since: failure.since,
          reason: "old rows could not be removed: \(failure.reason)", do: "muttd db status"))
    }
    for reason in TrimReason.allCases {
      if let announced = rows.announced[reason] {
        findings.add(
          .init(
            check: "store", name: reason.key, state: "announced", since: announced.said,
            reason:
              "\(announced.what): the oldest are removed from \(announced.begins.rfc3339(digits: 0)) on",
            do: reason.remedy))
      }
      if let since = rows.exhausted[reason] {
        findings.add(
          .init(
            check: "store", name: reason.key, state: "exceeded", since: since,
            reason: "nothing is left that may be removed from the audit, and the bound does not hold",
            do: reason.remedy))
      }
    }
  }

  /// A reload exchanges destinations, and secrets that come by `${file:}`. The service manager hands over
  /// credentials and the environment once, at the start.
  static func remedy(for state: DeliveryWatch.State) -> String {
    let list = "muttd outbox list --destination \(state.name)"
    guard state.condition.kind == .held else { return list }
    return switch state.condition.status {
    case 401, 403, 407:
      "renew the secret of \(state.name), then: muttd reload; when it comes by ${cred:} or ${env:}: "
        + "systemctl restart muttd"
    case 300...399, 404, 405: "correct the url of \(state.name), then: muttd reload"
    default: "\(list); correct \(state.name) under destinations, then: muttd reload"
    }
  }

  private func checkDestinations(_ accounts: Accounts, _ findings: inout Findings) {
    for state in deliveryStates() where state.condition.kind != .works {
      let pending = accounts.destinations.first { $0.name == state.name }?.pending ?? 0
      findings.add(
        .init(
          check: "destination", name: state.name, state: "\(state.condition.kind)",
          since: state.condition.since, reason: state.condition.reason, pending: pending,
          oldestAge: recorder.oldestOwed(to: state.name).map(Vitals.age), do: Vitals.remedy(for: state)))
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
          oldestAge: recorder.oldestOwed(to: destination.name).map(Vitals.age),
          do: "put \(destination.name) back under destinations, then: muttd reload; or "
            + "muttd outbox list --destination \(destination.name)"))
    }
    let unrouted = recorder.unrouted
    if unrouted.stands(at: SystemClock.now) {
      findings.add(
        .init(
          check: "destination", name: "unrouted", state: "unrouted", since: unrouted.since,
          reason: "\(unrouted.count) alerts were taken by no destination, the last by \(unrouted.last)",
          do: "add a destination, or widen match: in the configuration"))
    }
  }
}
