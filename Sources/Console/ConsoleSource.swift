package import Model

/// What the console shows, asked for at every request. `metrics` and `readiness` run on the server's threads:
/// they copy a consistent set of values and do not wait.
package struct ConsoleSource: Sendable {
  package var metrics: @Sendable () -> MetricsInput
  package var readiness: @Sendable () -> Readiness
  /// Answers what the API was asked; may take its time, but holds up no thread of the server.
  package var api: @Sendable (APIRequest, APICaller) async -> APIAnswer
  package var doorkeeper: Doorkeeper
  /// What time it is.
  package var clock: @Sendable () -> Timestamp
  /// One for all places where this is shown.
  let room = ConsoleRoom()

  package init(
    metrics: @escaping @Sendable () -> MetricsInput, readiness: @escaping @Sendable () -> Readiness,
    api: @escaping @Sendable (APIRequest, APICaller) async -> APIAnswer, doorkeeper: Doorkeeper,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.metrics = metrics
    self.readiness = readiness
    self.api = api
    self.doorkeeper = doorkeeper
    self.clock = clock
  }
}

/// What `/metrics` is rendered from: the books of the process, and the state of rules and store.
package struct MetricsInput: Sendable {
  package var accounts: Accounts
  /// Usable rules of the snapshot that decides; 0 before the first.
  package var rulesActive: Int
  package var rulesQuarantined: Int
  /// When the snapshot that decides was taken; absent before the first.
  package var rulesReloadedAt: Timestamp
  /// Snapshots that were not taken: unreadable, refused by the guard.
  package var rulesReloadFailures: UInt64
  /// What was read last, of the store or the file, is not what decides.
  package var areRulesHeldBack = false
  package var storeIsUp: Bool
  /// Months of the audit on a server that were made ahead, and rows in its default partition; nil: there is
  /// no server, or it was not looked yet.
  package var auditMonths: (ahead: UInt64, strays: UInt64)?
  /// Rows that were removed from the embedded audit, by the bound that asked for it; empty on a server.
  package var auditRemoved: [(reason: String, matched: UInt64, unmatched: UInt64)] = []
  /// What the file of the embedded store holds, and what of it is free to be written again.
  package var storeBytes: (used: UInt64, free: UInt64)?
  /// 0 closed, 1 trials are under way, 2 open, 3 held, by destination.
  package var destinations: [(name: String, breaker: UInt64)] = []
  /// Alerts of which a destination's template made no JSON, by destination.
  package var templateFailures: [(String, UInt64)] = []
  /// Storms under way, and those that have begun since the start.
  package var stormsActive = 0
  package var stormsBegun: UInt64 = 0
  /// Events won since the start, by rule; bounded by whoever counts.
  package var ruleMatches: [(rule: String, count: UInt64)] = []
  /// How often PCRE2 gave up on a rule's regex since the start.
  package var ruleExhaustions: [(rule: String, reason: String, count: UInt64)] = []
  /// Requests that were not let in, by `Doorkeeper.Refusal`.
  package var httpRefused: [(reason: String, count: UInt64)] = []
  /// Lines of the log that stderr did not take.
  package var logDropped: UInt64 = 0
  /// What `/readyz` says; nil: nobody was asked.
  package var readiness: Readiness?
  /// The last reload that was asked for was taken; true before the first.
  package var lastReloadSucceeded = true
  /// What may still be written where the state lies; nil when the file system does not tell.
  package var diskFree: (directory: String, bytes: UInt64)?

  package init(
    accounts: Accounts, rulesActive: Int = 0, rulesQuarantined: Int = 0,
    rulesReloadedAt: Timestamp = .absent, rulesReloadFailures: UInt64 = 0, storeIsUp: Bool = false
  ) {
    self.accounts = accounts
    self.rulesActive = rulesActive
    self.rulesQuarantined = rulesQuarantined
    self.rulesReloadedAt = rulesReloadedAt
    self.rulesReloadFailures = rulesReloadFailures
    self.storeIsUp = storeIsUp
  }
}
