import Intake
package import Model
import Store
import Synchronization

/// What is known about the months of an audit on a server, for `/readyz` and the metrics.
package final class MonthHealth: Sendable {
  package struct State: Sendable, Equatable {
    /// Months made beyond the current one; nil: not looked yet.
    package var ahead: Int?
    /// Rows in the default partition.
    package var strays: Int64 = 0
    /// Why the last round could not be finished; nil: it was.
    package var failure: String?
    /// Old months may not be dropped by this role.
    package var mayNotDrop = false
    /// Since when one of these is so.
    package var since = Timestamp.absent
  }
  private let state = Mutex(State())

  package init() {}
  package var current: State { state.withLock { $0 } }

  func set(_ change: (inout State) -> Void) {
    state.withLock {
      let before = $0.hasProblem
      change(&$0)
      if $0.hasProblem, !before { $0.since = SystemClock.now }
    }
  }
}

extension MonthHealth.State {
  fileprivate var hasProblem: Bool { strays > 0 || failure != nil || mayNotDrop }
}

/// Keeps the months of an audit on a server, on its own thread: makes them ahead, empties the default
/// partition into the months of its rows, and drops those that are older than they are kept. Daemons at one
/// database do it one after the other, and whoever comes second finds nothing to do.
package final class MonthKeeper: @unchecked Sendable {
  private let bell = StopBell()
  private let server: StoreServer
  private let currentSettings: @Sendable () -> Config.Audit
  private let health: MonthHealth
  private let notices: NoticeSink
  private let patience = PostgresPatience()
  /// Only touched on the keeper's thread.
  private var failures = 0

  /// Between two rounds, seconds: how long rows may stand in the default partition before somebody looks.
  private static let interval: Double = 600
  private static let retryInterval: Double = 60
  /// A round that others' locks hold up is no problem before it has failed so often.
  private static let busyLimit = 5
  /// Events of a day ago still take their own time (DESIGN §2): their month is needed too, nanoseconds.
  private static let lookBack: Int64 = 86_400_000_000_000

  package init(
    server: StoreServer, settings: @escaping @Sendable () -> Config.Audit, health: MonthHealth,
    notices: @escaping NoticeSink
  ) {
    self.server = server
    currentSettings = settings
    self.health = health
    self.notices = notices
  }

  package func stop() {
    bell.ring()
    patience.end(in: 1_000_000_000)
  }

  package func run() {
    var pause: Double = 0
    while !bell.wait(seconds: pause) {
      do throws(StoreError) {
        try round()
        failures = 0
        pause = MonthKeeper.interval
      } catch {
        failures += 1
        failed(error)
        pause = MonthKeeper.retryInterval
      }
    }
  }

  /// The store's own health says that it is away: twice would be noise.
  private func failed(_ error: StoreError) {
    if error.code == .unavailable || error.code == .busy && failures < MonthKeeper.busyLimit { return }
    if health.current.failure == nil {
      notices(
        Notice(
          .error, "store", "the months of the audit could not be looked after",
          [("err", .text(error.message)), ("do", .text("muttd db partitions"))]))
    }
    health.set { $0.failure = error.message }
  }

  /// What a round could not do: one month that is in the way holds up no other.
  private struct Troubles {
    var errors: [StoreError] = []
    /// The one to tell of: a lock that somebody holds may be gone the next time.
    var worst: StoreError? {
      guard var error = errors.first(where: { $0.code != .busy }) ?? errors.first else { return nil }
      if errors.count > 1 { error.message += " (one of \(errors.count) problems)" }
      return error
    }

    /// Nil when it went wrong; without a server nothing else is tried.
    mutating func attempt<T>(_ step: () throws(StoreError) -> T) throws(StoreError) -> T? {
      do throws(StoreError) {
        return try step()
      } catch {
        if error.code == .unavailable { throw error }
        errors.append(error)
        return nil
      }
    }
  }

  private var settings: Config.Audit { currentSettings() }

  /// One look after all of it, by the settings that hold now.
  func round() throws(StoreError) {
    let months = try PostgresMonths(server.address(), patience: patience)
    var troubles = Troubles()
    // What stands in the default partition is read through whenever a month is made: it goes first.
    let strays = try settle(months, &troubles)
    try make(months, &troubles)
    let mayNotDrop = try troubles.attempt { () throws(StoreError) in try !mayDrop(months) } ?? false
    if settings.retentionMonths > 0, !mayNotDrop { try dropOld(months, &troubles) }
    let now = SystemClock.now
    let ahead = try troubles.attempt { () throws(StoreError) in
      try months.list().filter { $0.begin > now }.count
    }
    health.set {
      $0.ahead = ahead ?? $0.ahead
      $0.strays = strays ?? $0.strays
      if troubles.errors.isEmpty { $0.failure = nil }
      $0.mayNotDrop = mayNotDrop
    }
    if let error = troubles.worst { throw error }
  }

  /// Rows that are left in the default partition; nil: not known.
  private func settle(_ months: PostgresMonths, _ troubles: inout Troubles) throws(StoreError) -> Int64? {
    guard let found = try troubles.attempt({ () throws(StoreError) in try months.strays() }) else {
      return nil
    }
    for stray in found {
      let isMade = try troubles.attempt { () throws(StoreError) in try months.settle(stray) }
      guard isMade == true, stray.rows > 0 else { continue }
      notices(
        Notice(
          .warning, "store", "rows without a month were moved into their own",
          [("month", .text(String(stray.firstDay.prefix(7)))), ("rows", .number(stray.rows))]))
    }
    // Counted again only where something was found: with years of rows that takes its time.
    if found.isEmpty { return 0 }
    return try troubles.attempt { () throws(StoreError) in try months.strays().reduce(0) { $0 + $1.rows } }
  }

  private func make(_ months: PostgresMonths, _ troubles: inout Troubles) throws(StoreError) {
    let now = SystemClock.now
    // One more than asked for on the first of a month, when yesterday is still the month before.
    let yesterday = Timestamp(nanoseconds: now.nanoseconds - MonthKeeper.lookBack)
    var made = 0
    if try troubles.attempt({ () throws(StoreError) in try months.make(from: yesterday) }) == true {
      made += 1
    }
    for later in 0...max(0, settings.precreateMonths) {
      let isMade = try troubles.attempt { () throws(StoreError) in
        try months.make(from: now, later: later)
      }
      if isMade == true { made += 1 }
    }
    if made > 0 {
      notices(Notice(.info, "store", "months were made for the audit", [("months", .number(Int64(made)))]))
    }
  }

  /// False when this role may not, and would have to.
  private func mayDrop(_ months: PostgresMonths) throws(StoreError) -> Bool {
    if settings.retentionMonths == 0 { return true }
    if try months.mayDrop() { return true }
    if !health.current.mayNotDrop {
      notices(
        Notice(
          .warning, "store", "this role may not drop old months, and audit.retention_months asks for it",
          [("do", .text(MonthKeeper.grant))]))
    }
    return false
  }

  private func dropOld(_ months: PostgresMonths, _ troubles: inout Troubles) throws(StoreError) {
    let kept = settings.retentionMonths
    let old = try troubles.attempt { () throws(StoreError) in try months.old(keeping: kept) } ?? []
    var dropped: [String] = []
    for month in old {
      let isGone = try troubles.attempt { () throws(StoreError) in
        if let obstacle = try months.drop(month, keeping: kept) {
          throw StoreError(
            .conflict,
            "\(month) is older than audit.retention_months and cannot be dropped: \(obstacle). "
              + "Drop what hangs on it.")
        }
        return true
      }
      if isGone == true { dropped.append(month) }
    }
    if dropped.isEmpty { return }
    notices(
      Notice(
        .info, "store", "old months of the audit were dropped",
        [("months", .list(dropped)), ("retention_months", .number(Int64(kept)))]))
  }

  static let grant =
    "GRANT mutt_retention to the daemon's role, or set audit.retention_months: 0 and let somebody else run "
    + "muttd db retention --apply"
}
