import Store
import Synchronization
import TestKit
import Testing

@testable import Daemon

@Suite struct MonthKeeperTests {
  private final class Settings: Sendable {
    let audit = Mutex(Config.Audit())
  }

  /// A reload exchanges the configuration beside a keeper that runs: its next round goes by the new one.
  @Test func whatAReloadChangesHoldsFromTheNextRound() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await offPool {
      let settings = Settings()
      settings.audit.withLock {
        $0.precreateMonths = 4
        $0.retentionMonths = 0
      }
      let health = MonthHealth()
      let server = StoreServer(written: database.daemonURL, file: nil, environment: [:], shown: "")
      let keeper = MonthKeeper(
        server: server, settings: { settings.audit.withLock { $0 } }, health: health, notices: { _ in })
      try database.run("SELECT create_monthly_partition('2020-01-01')")
      let old = "SELECT to_regclass('event_audit_log_2020_01') IS NOT NULL"
      try keeper.round()
      #expect(health.current.ahead == 4)
      #expect(try database.run(old) == "t", "0 keeps every month")

      settings.audit.withLock { $0.precreateMonths = 7 }
      try keeper.round()
      #expect(health.current.ahead == 7)
      #expect(try database.run(old) == "t")

      settings.audit.withLock {
        $0.precreateMonths = 1
        $0.retentionMonths = 12
      }
      try keeper.round()
      #expect(health.current.ahead == 7, "what was made ahead stays")
      #expect(try database.run(old) == "f")
      #expect(health.current.failure == nil && !health.current.mayNotDrop)
    }
  }
}
