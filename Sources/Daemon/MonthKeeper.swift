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
  private let settings: Config.Audit
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
    server: StoreServer, settings: Config.Audit, health: MonthHealth, notices: @escaping NoticeSink
  ) {
    self.server = server
    self.settings = settings
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

  private func round() throws(StoreError) {
    let months = try PostgresMonths(server.address(), patience: patience)
    let yesterday = Timestamp(nanoseconds: SystemClock.now.nanoseconds - MonthKeeper.lookBack)
    // One more than asked for on the first of a month, when yesterday is still the month before.
    let made =
      try months.make(from: yesterday, ahead: 0)
      + months.make(
        from: SystemClock.now, ahead: settings.precreateMonths)
    if made > 0 {
      notices(Notice(.info, "store", "months were made for the audit", [("months", .number(Int64(made)))]))
    }
    let found = try months.strays()
    for stray in found where try months.settle(stray) {
      notices(
        Notice(
          .warning, "store", "rows without a month were moved into their own",
          [("month", .text(String(stray.firstDay.prefix(7)))), ("rows", .number(stray.rows))]))
    }
    let mayNotDrop = try !dropOld(months)
    let now = SystemClock.now
    let ahead = try months.list().filter { $0.begin > now }.count
    // Counted again only where something was found: with years of rows that takes its time.
    let strays = found.isEmpty ? 0 : try months.strays().reduce(0) { $0 + $1.rows }
    health.set {
      $0.ahead = ahead
      $0.strays = strays
      $0.failure = nil
      $0.mayNotDrop = mayNotDrop
    }
  }

  /// False when this role may not.
  private func dropOld(_ months: PostgresMonths) throws(StoreError) -> Bool {
    let kept = settings.retentionMonths
    if kept == 0 { return true }
    guard try months.mayDrop() else {
      if !health.current.mayNotDrop {
        notices(
          Notice(
            .warning, "store", "this role may not drop old months, and audit.retention_months asks for it",
            [("do", .text(MonthKeeper.grant))]))
      }
      return false
    }
    let dropped = try months.drop(keeping: kept, isDryRun: false)
    if !dropped.isEmpty {
      notices(
        Notice(
          .info, "store", "old months of the audit were dropped",
          [("months", .list(dropped)), ("retention_months", .number(Int64(kept)))]))
    }
    return true
  }

  static let grant =
    "GRANT mutt_retention to the daemon's role, or set audit.retention_months: 0 and let somebody else run "
    + "muttd db retention --apply"
}
