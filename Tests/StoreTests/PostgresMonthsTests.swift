import Foundation
import Model
import Synchronization
import TestKit
import Testing

@testable import Store

@Suite struct PostgresMonthsTests {
  private static let january = Timestamp(seconds: 1_926_000_000)  // 2031-01-12

  @Test func monthsAreMadeFilledAndDropped() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await PostgreSQLCluster.offPool {
      let months = try PostgresMonths(PostgresAddress(database.daemonURL))
      #expect(try months.make(from: Self.january, ahead: 2) == 3)
      #expect(try months.make(from: Self.january, ahead: 2) == 0)
      let march = try #require(try months.list().first { $0.name == "event_audit_log_2031_03" })
      #expect(march.begin.rfc3339(digits: 0) == "2031-03-01T00:00:00Z")
      #expect(march.end.rfc3339(digits: 0) == "2031-04-01T00:00:00Z")
      #expect(march.bytes > 0 && march.rows == nil)

      try database.run(
        """
        INSERT INTO event_audit_log (event_timestamp, hostname) VALUES
          ('2032-05-01 00:00:00Z', 'a'), ('2032-05-31 23:59:59.999999Z', 'b'), ('2032-06-01 00:00:00Z', 'c');
        SELECT create_monthly_partition('2020-01-01');
        """)
      let strays = try months.strays()
      #expect(
        strays == [StrayMonth(firstDay: "2032-05-01", rows: 2), StrayMonth(firstDay: "2032-06-01", rows: 1)])
      #expect(try months.settle(strays[0]))
      #expect(try !months.settle(strays[0]))
      #expect(try months.strays() == [strays[1]])
      #expect(try database.run("SELECT count(*) FROM event_audit_log_2032_05") == "2")
      #expect(try database.run("SELECT count(*) FROM event_audit_log") == "3")

      #expect(try months.mayDrop())
      #expect(try months.drop(keeping: 12, isDryRun: true) == ["event_audit_log_2020_01"])
      #expect(try months.list().first?.name == "event_audit_log_2020_01")
      #expect(try months.drop(keeping: 12, isDryRun: false) == ["event_audit_log_2020_01"])
      #expect(try months.drop(keeping: 12, isDryRun: false) == [])
      #expect(try months.list().first?.name != "event_audit_log_2020_01")
    }
  }

  /// Many rows without a month go in parts; what was begun by one who was killed is finished by the next.
  @Test func manyRowsAreSettledInParts() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await PostgreSQLCluster.offPool {
      let months = try PostgresMonths(PostgresAddress(database.daemonURL))
      try database.run(
        """
        INSERT INTO event_audit_log (event_timestamp, hostname)
        SELECT '2032-05-01Z'::timestamptz + n * interval '1 hour', 'h' FROM generate_series(0, 99) n
        """)
      #expect(try database.run("SELECT move_default_rows('2032-05-17', 30)", user: "muttd") == "30")
      #expect(try months.strays() == [StrayMonth(firstDay: "2032-05-01", rows: 70)])
      // One was written again meanwhile.
      try database.run(
        """
        INSERT INTO event_audit_log SELECT * FROM event_audit_log_moving_2032_05
        ORDER BY event_timestamp LIMIT 1
        """)
      let again = try PostgresMonths(PostgresAddress(database.daemonURL))
      #expect(try again.settle(try again.strays()[0], atOnce: 20))
      #expect(try again.strays() == [])
      #expect(try database.run("SELECT count(*), count(DISTINCT id) FROM event_audit_log") == "100|100")
      #expect(try database.run("SELECT count(*) FROM event_audit_log_2032_05") == "100")
      // All were moved, none is left in the default partition: the month is found all the same.
      try database.run(
        "INSERT INTO event_audit_log (event_timestamp) SELECT '2033-05-02Z' FROM generate_series(1, 3)")
      #expect(try database.run("SELECT move_default_rows('2033-05-01', 30)", user: "muttd") == "3")
      #expect(try again.strays() == [StrayMonth(firstDay: "2033-05-01", rows: 0)])
      #expect(try again.settle(try again.strays()[0]))
      #expect(try again.strays() == [])
      #expect(try database.run("SELECT count(*) FROM event_audit_log") == "103")
    }
  }

  /// Who edits rules holds up the making of a month, but not the audit behind it.
  @Test func aMonthThatWaitsForRulesHoldsUpNobody() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await PostgreSQLCluster.offPool {
      try database.run("INSERT INTO event_audit_log (event_timestamp) VALUES ('2031-01-02')")
      let editor = try PostgresConnection(database.address())
      try editor.execute("BEGIN; LOCK TABLE alert_rules IN SHARE ROW EXCLUSIVE MODE", "editing")
      let isMade = Mutex(false)
      let thread = Thread {
        _ = try? database.run("SELECT create_monthly_partition('2031-01-01')")
        isMade.withLock { $0 = true }
      }
      thread.start()
      let blocked = """
        SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'alert_rules'::regclass
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
      while try database.run(blocked) == "0" { usleep(20_000) }
      try database.run(
        "SET lock_timeout = 1000; INSERT INTO event_audit_log (event_timestamp) VALUES ('2031-01-03')")
      try editor.execute("COMMIT", "editing")
      while !isMade.withLock({ $0 }) { usleep(20_000) }
      #expect(try database.run("SELECT count(*) FROM event_audit_log_2031_01") == "2")
    }
  }

  @Test func theDaemonsRoleAloneDropsNothing() async throws {
    let database = try await PostgreSQLDatabase.make()
    let role = "\(database.name)_only"
    try await PostgreSQLCluster.offPool {
      try database.run("CREATE ROLE \(role) LOGIN IN ROLE mutt_daemon")
      do {
        let months = try PostgresMonths(PostgresAddress(database.cluster.url(database.name, user: role)))
        #expect(try months.make(from: Self.january, ahead: 0) == 1)
        #expect(try !months.mayDrop())
        let refusal = #expect(throws: StoreError.self) { try months.drop(keeping: 1, isDryRun: true) }
        #expect(refusal?.code == .permission)
      }
      try database.run("DROP ROLE \(role)")
    }
  }

  @Test func daemonsAtOnceMakeEveryMonthOnce() async throws {
    let database = try await PostgreSQLDatabase.make()
    let made = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          try await PostgreSQLCluster.offPool {
            try PostgresMonths(PostgresAddress(database.daemonURL)).make(from: Self.january, ahead: 11)
          }
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(made == 12)
  }

  /// A month needs the whole table for a moment: who would wait for long gives up, since everybody behind
  /// him waits too.
  @Test func aTableThatSomebodyHoldsIsLeftAlone() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await PostgreSQLCluster.offPool {
      let other = try PostgresConnection(database.address())
      try other.execute("BEGIN; LOCK TABLE event_audit_log IN ACCESS SHARE MODE", "holding the table")
      let months = try PostgresMonths(PostgresAddress(database.daemonURL))
      let refusal = #expect(throws: StoreError.self) { try months.make(from: Self.january, ahead: 0) }
      #expect(refusal?.code == .busy)
      try other.execute("COMMIT", "letting go")
      #expect(try months.make(from: Self.january, ahead: 0) == 1)
    }
  }
}
