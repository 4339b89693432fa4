package import Model
package import Store
import Synchronization

/// `EventStore` in plain Swift: what the compatibility suite compares SQLite with, and the store of tests
/// that need none. `fail` makes the next calls throw.
package final class MemoryStore: EventStore, Sendable {
  fileprivate struct State {
    var catalog = Catalog(version: 1)
    var events: [EventID: AuditEvent] = [:]
    /// Of all events, newest first; nil until somebody asks for pages.
    var newest: [EventID]?
    var nextRule: Int64 = 1
    var failures: [StoreError] = []
    var outboxChanges: [String] = []
    var changes: [ConfigChange] = []
    var appends = 0
    var written: [EventID] = []
    var appendsBeforeMarks: Int?
    var markCalls = 0
    var isTrimmed = false
    var heard: [[DeviceSighting]] = []
    var busyDevices: [String] = []
    var isClosed = false
  }

  private let state = Mutex(State())

  package init() {}

  /// Each of `errors` is thrown by one of the next calls, in order.
  package func fail(_ errors: [StoreError]) {
    state.withLock { $0.failures += errors }
  }

  private func use<T: Sendable>(_ body: (inout State) throws(StoreError) -> T) throws(StoreError) -> T {
    try state.withLock { (state) throws(StoreError) -> T in
      if state.isClosed { throw StoreError(.unavailable, "The store was closed. Open it again.") }
      if !state.failures.isEmpty { throw state.failures.removeFirst() }
      return try body(&state)
    }
  }

  /// As the daemon removes old rows: from now on the oldest row says what will not come any more.
  package func remove(before id: EventID) {
    state.withLock {
      $0.events = $0.events.filter { $0.key >= id }
      $0.newest = nil
      $0.isTrimmed = true
    }
  }

  package func oldestEvent() throws(StoreError) -> EventID? {
    try use { state throws(StoreError) in state.isTrimmed ? state.events.keys.min() : nil }
  }

  package func close() { state.withLock { $0.isClosed = true } }

  package func catalogVersion() throws(StoreError) -> Int64 {
    try use { state throws(StoreError) in state.catalog.version }
  }

  package func loadCatalog() throws(StoreError) -> Catalog {
    try use { state throws(StoreError) in state.catalog }
  }

  package func hasRules() throws(StoreError) -> Bool {
    try use { state throws(StoreError) in !state.catalog.rules.isEmpty }
  }

  package func apply(_ edits: [CatalogEdit], by actor: EditActor) throws(StoreError) -> CatalogChange {
    try use { state throws(StoreError) in
      let plan = try CatalogPlan(edits, on: state.catalog)
      return state.take(plan, by: actor)
    }
  }

  package func replaceCatalog(with desired: Catalog, by actor: EditActor) throws(StoreError)
    -> CatalogChange
  {
    try use { state throws(StoreError) in
      let plan = try CatalogPlan(from: state.catalog, to: desired)
      return state.take(plan, by: actor)
    }
  }

  package func append(_ batch: borrowing EventBatch, matchedOnly: Bool, afterDoubt: Bool) throws(StoreError)
    -> AppendResult
  {
    let batch = copy batch
    return try use { state throws(StoreError) in
      var result = AppendResult()
      var events = state.events
      var written: [EventID] = []
      for row in batch.rows where row.isMatched || !matchedOnly {
        if events[row.id] != nil {
          if !afterDoubt { throw StoreError(.conflict, "Event \(row.id.rawValue) is in the audit already.") }
          result.alreadyThere += 1
          continue
        }
        let known = state.catalog.rules.contains { $0.id == row.ruleID }
        events[row.id] = AuditEvent(row, of: batch, ruleIsKnown: known)
        written.append(row.id)
        result.written += 1
      }
      state.events = events
      state.newest = nil
      state.written += written
      state.appends += 1
      return result
    }
  }

  /// How many batches have been appended.
  package var appends: Int { state.withLock { $0.appends } }

  /// All rows in the order in which they were written.
  package var written: [EventID] { state.withLock { $0.written } }

  /// How many batches had been appended when the first marks came; nil: none have come.
  package var appendsBeforeMarks: Int? { state.withLock { $0.appendsBeforeMarks } }

  /// How often marks have come.
  package var markCalls: Int { state.withLock { $0.markCalls } }

  package func markDelivered(_ marks: [DeliveredMark]) throws(StoreError) -> [DeliveredMark] {
    try use { state throws(StoreError) in
      state.markCalls += 1
      if state.appendsBeforeMarks == nil { state.appendsBeforeMarks = state.appends }
      var found: [DeliveredMark] = []
      for mark in marks where state.events[mark.eventID] != nil {
        state.events[mark.eventID]?.isForwarded = true
        found.append(mark)
      }
      return found
    }
  }

  package func noteHeard(_ devices: [DeviceSighting]) throws(StoreError) -> [String] {
    try use { state throws(StoreError) in
      state.heard.append(devices)
      for heard in devices {
        guard let index = state.catalog.devices.firstIndex(where: { $0.hostname == heard.hostname }) else {
          continue
        }
        let known = state.catalog.devices[index]
        if known.firstSeenAt.isAbsent { state.catalog.devices[index].firstSeenAt = heard.first }
        if known.lastSeenAt.isAbsent || known.lastSeenAt < heard.last {
          state.catalog.devices[index].lastSeenAt = heard.last
        }
      }
      return state.busyDevices
    }
  }

  /// What each call of `noteHeard` was given.
  package var heard: [[DeviceSighting]] { state.withLock { $0.heard } }

  /// Devices that somebody else is changing.
  package func setBusy(_ devices: [String]) { state.withLock { $0.busyDevices = devices } }

  /// What was noted of the outbox, each as `purge` or `replay` with the choice.
  package var outboxChanges: [String] { state.withLock { $0.outboxChanges } }

  package func noteOutboxChange(
    isPurge: Bool, choice: String, counts: [(destination: String, count: Int)], by actor: EditActor
  ) throws(StoreError) {
    try use { state throws(StoreError) in
      state.outboxChanges.append("\(isPurge ? "purge" : "replay") \(choice)")
    }
  }

  package func auditEvents(_ query: AuditQuery) throws(StoreError) -> AuditPage {
    try use { state throws(StoreError) in
      let limit = min(max(query.limit, 1), AuditQuery.maxLimit)
      var found: [AuditEvent] = []
      let newest = state.newest ?? state.events.keys.sorted(by: >)
      state.newest = newest
      for id in newest {
        guard let named = state.events[id].map({ state.named($0) }) else { continue }
        if named.satisfies(query) { found.append(named) }
        if found.count > limit { break }
      }
      guard found.count > limit else { return AuditPage(events: found, next: nil) }
      found.removeLast()
      return AuditPage(events: found, next: found.last?.id)
    }
  }

  package func configChanges(_ query: ChangeQuery) throws(StoreError) -> ChangePage {
    try use { state throws(StoreError) in
      let limit = min(max(query.limit, 1), ChangeQuery.maxLimit)
      return ChangePage(state.changes.reversed().filter { $0.satisfies(query) }, limit: limit)
    }
  }

  package func ruleUses() throws(StoreError) -> [Int64: RuleUse] {
    try use { state throws(StoreError) in
      var uses: [Int64: RuleUse] = [:]
      for event in state.events.values {
        guard let rule = event.ruleID else { continue }
        let known = uses[rule]
        uses[rule] = RuleUse(count: (known?.count ?? 0) + 1, last: max(known?.last ?? event.id, event.id))
      }
      return uses
    }
  }

  package func auditEvent(id: EventID) throws(StoreError) -> AuditEvent? {
    try use { state throws(StoreError) in state.events[id].map { state.named($0) } }
  }
}

extension MemoryStore.State {
  func named(_ event: AuditEvent) -> AuditEvent {
    var event = event
    event.ruleName = catalog.rules.first { $0.id == event.ruleID }?.name
    return event
  }

  mutating func take(_ plan: CatalogPlan, by actor: EditActor) -> CatalogChange {
    for step in plan.steps {
      catalog.version += 1
      let before = catalog
      take(step, by: actor)
      changes.append(ConfigChange(step, from: before, to: catalog, by: actor, id: Int64(changes.count + 1)))
    }
    catalog.rules.sort { $0.id < $1.id }
    catalog.developmentHosts.sort()
    catalog.deviceTeams.sort { $0.hostname < $1.hostname }
    catalog.devices.sort { $0.hostname < $1.hostname }
    var change = plan.change
    change.version = catalog.version
    return change
  }

  private mutating func take(_ step: CatalogPlan.Step, by actor: EditActor) {
    switch step {
    case .insertRule(var rule):
      if rule.id == 0 { rule.id = nextRule }
      nextRule = max(nextRule, rule.id + 1)
      rule.version = 1
      rule.updatedAt = Timestamp(seconds: 1_795_000_000)
      rule.updatedBy = actor.name
      catalog.rules.append(rule)
    case .updateRule(var rule):
      rule.updatedBy = actor.name
      if let index = catalog.rules.firstIndex(where: { ExactKey($0.name) == ExactKey(rule.name) }) {
        rule.id = catalog.rules[index].id
        rule.version = catalog.rules[index].version + 1
        rule.updatedAt = catalog.rules[index].updatedAt
        catalog.rules[index] = rule
      }
    case .insertDevelopmentHost(let host): catalog.developmentHosts.append(host)
    case .deleteDevelopmentHost(let host):
      catalog.developmentHosts.removeAll { ExactKey($0) == ExactKey(host) }
    case .setTeam(let team, let stored):
      catalog.deviceTeams.removeAll { ExactKey($0.hostname) == stored.map(ExactKey.init) }
      catalog.deviceTeams.append(team)
    case .deleteTeam(let host): catalog.deviceTeams.removeAll { ExactKey($0.hostname) == ExactKey(host) }
    case .setDevice(let device, let stored):
      catalog.devices.removeAll { ExactKey($0.hostname) == stored.map(ExactKey.init) }
      catalog.devices.append(device)
    case .deleteDevice(let host): catalog.devices.removeAll { ExactKey($0.hostname) == ExactKey(host) }
    }
  }
}

extension AuditEvent {
  /// The row that a store makes of an event.
  package init(_ row: EventRow, of batch: EventBatch, ruleIsKnown: Bool) {
    func cut(_ time: Timestamp) -> Timestamp { Timestamp(microseconds: time.microseconds) }
    self.init(id: row.id, eventTime: cut(row.time), isForwarded: false)
    receivedAt = cut(row.arrival)
    host = batch.text(row.host)
    ruleID = ruleIsKnown ? row.ruleID : nil
    ruleVersion = row.ruleID == 0 ? nil : Int(row.ruleVersion)
    handling = batch.text(row.handling)
    raw = batch.text(row.raw)
    source = "\(row.source.name)"
    sourceAddress = row.peer == .unspecified ? nil : row.peer.description
    severity = row.severity < 0 ? nil : Int(row.severity)
    environment = "\(row.environment.name)"
    team = batch.text(row.team)
    deviceTeam = batch.text(row.deviceTeam)
    parse = "\(row.parse.name)"
    hostFrom = "\(row.hostFrom.name)"
    clock = "\(row.clock.name)"
    var parts: [String] = []
    if let labels = batch.text(row.labels), labels != "{}" { parts.append("\"labels\":\(labels)") }
    if let trap = batch.text(row.snmp), trap != "{}" { parts.append("\"trap\":\(trap)") }
    if row.ruleID != 0, !ruleIsKnown, let name = batch.text(row.ruleName) {
      parts.append("\"rule\":\"\(name)\"")
    }
    if row.isTruncated { parts.append("\"truncated\":true") }
    attributes = parts.isEmpty ? nil : "{\(parts.joined(separator: ","))}"
  }

  fileprivate func satisfies(_ query: AuditQuery) -> Bool {
    func same(_ left: String?, _ right: String) -> Bool {
      left.map { HostKey.of($0) == HostKey.of(right) } ?? false
    }
    if let host = query.host, !same(self.host, host) { return false }
    if let rule = query.ruleID, ruleID != rule { return false }
    if let name = query.ruleName, ruleName != name { return false }
    if let handling = query.handling, !same(self.handling, handling) { return false }
    if let since = query.since, eventTime < since { return false }
    if let until = query.until, eventTime >= until { return false }
    if let text = query.text, !HostKey.of(raw ?? "").text.contains(HostKey.of(text).text) { return false }
    if let before = query.before, id >= before { return false }
    return true
  }
}
