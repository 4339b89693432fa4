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
    try await offPool {
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
      #expect(try months.old(keeping: 12) == ["event_audit_log_2020_01"])
      #expect(try months.list().first?.name == "event_audit_log_2020_01")
      #expect(try months.drop("event_audit_log_2020_01", keeping: 12) == nil)
      #expect(try months.old(keeping: 12) == [])
      // Whatever name it is asked for, only old months go.
      #expect(try months.drop("event_audit_log_2032_05", keeping: 12) == nil)
      #expect(try months.list().contains { $0.name == "event_audit_log_2032_05" })
      #expect(try months.list().first?.name != "event_audit_log_2020_01")
    }
  }

  /// Many rows without a month go in parts and are found all the while; what was begun by one who was killed
  /// is finished by the next, whatever happened in between.
  @Test func manyRowsAreSettledInParts() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await offPool {
      let months = try PostgresMonths(PostgresAddress(database.daemonURL))
      try database.run(
        """
        INSERT INTO event_audit_log (event_timestamp, hostname)
        SELECT '2032-05-01Z'::timestamptz + n * interval '1 hour', 'h' FROM generate_series(0, 99) n
        """)
      #expect(try database.run("SELECT copy_default_rows('2032-05-17', 30)", user: "muttd") == "30")
      #expect(try months.strays() == [StrayMonth(firstDay: "2032-05-01", rows: 100)])
      let count = "SELECT count(*), count(DISTINCT id) FROM event_audit_log"
      #expect(try database.run(count) == "100|100")
      // One more behind those copied, one marked, one gone.
      try database.run(
        """
        INSERT INTO event_audit_log (event_timestamp, hostname) VALUES ('2032-05-01 00:30Z', 'late');
        UPDATE event_audit_log SET forwarded_to_moog = true WHERE event_timestamp = '2032-05-01Z';
        DELETE FROM event_audit_log WHERE event_timestamp = '2032-05-01 01:00Z';
        """)
      let again = try PostgresMonths(PostgresAddress(database.daemonURL))
      #expect(try again.settle(try again.strays()[0], atOnce: 20))
      #expect(try again.strays() == [])
      #expect(try database.run(count) == "100|100")
      #expect(
        try database.run(
          """
          SELECT count(*), count(*) FILTER (WHERE forwarded_to_moog),
            count(*) FILTER (WHERE hostname = 'late')
          FROM event_audit_log_2032_05
          """) == "100|1|1")
      // A copy whose rows are gone is found and taken away.
      try database.run(
        "INSERT INTO event_audit_log (event_timestamp) SELECT '2033-05-02Z' FROM generate_series(1, 3)")
      #expect(try database.run("SELECT copy_default_rows('2033-05-01', 30)", user: "muttd") == "3")
      try database.run("DELETE FROM event_audit_log WHERE event_timestamp = '2033-05-02Z'")
      #expect(try again.strays() == [StrayMonth(firstDay: "2033-05-01", rows: 0)])
      #expect(try again.settle(try again.strays()[0]))
      #expect(try again.strays() == [])
      #expect(try database.run(count) == "100|100")
      #expect(try database.run("SELECT count(*) FROM pg_tables WHERE tablename ~ '_copy_'") == "0")
    }
  }

  /// A month of which others have made parts gets all the rest, and not a row leaves the audit: two weeks at
  /// its begin, one in its middle, and a partition in another schema at its end.
  @Test func aMonthWithHolesIsFilled() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await offPool {
      try database.run(
        """
        CREATE SCHEMA attic;
        CREATE TABLE event_audit_log_w1 PARTITION OF event_audit_log
          FOR VALUES FROM ('2033-01-01Z') TO ('2033-01-08Z');
        CREATE TABLE event_audit_log_2033_01 PARTITION OF event_audit_log
          FOR VALUES FROM ('2033-01-08Z') TO ('2033-01-15Z');
        CREATE TABLE event_audit_log_2033_01_rest PARTITION OF event_audit_log
          FOR VALUES FROM ('2033-01-18Z') TO ('2033-01-20Z');
        CREATE TABLE attic.late PARTITION OF event_audit_log
          FOR VALUES FROM ('2033-01-30Z') TO (MAXVALUE);
        INSERT INTO event_audit_log (event_timestamp, hostname)
        SELECT '2033-01-01Z'::timestamptz + n * interval '1 hour', 'h' FROM generate_series(0, 799) n;
        """)
      let months = try PostgresMonths(PostgresAddress(database.daemonURL))
      #expect(try months.strays() == [StrayMonth(firstDay: "2033-01-01", rows: 312)])
      #expect(try database.run("SELECT copy_default_rows('2033-01-17', 30)", user: "muttd") == "30")
      // A part of the month is taken meanwhile: the copy for what was missing fits no more.
      try database.run(
        """
        BEGIN;
        CREATE TEMPORARY TABLE taken AS SELECT * FROM event_audit_log_default
          WHERE event_timestamp < '2033-01-16Z';
        DELETE FROM event_audit_log_default WHERE event_timestamp < '2033-01-16Z';
        CREATE TABLE event_audit_log_day PARTITION OF event_audit_log
          FOR VALUES FROM ('2033-01-15Z') TO ('2033-01-16Z');
        INSERT INTO event_audit_log SELECT * FROM taken;
        COMMIT;
        """)
      #expect(try months.settle(try months.strays()[0], atOnce: 20))
      #expect(try months.strays() == [])
      #expect(
        try database.run(
          """
          SELECT tableoid::regclass, count(*) FROM event_audit_log GROUP BY 1
          ORDER BY min(event_timestamp)
          """) == """
            event_audit_log_w1|168
            event_audit_log_2033_01|168
            event_audit_log_day|24
            event_audit_log_2033_01_rest2|48
            event_audit_log_2033_01_rest|48
            event_audit_log_2033_01_rest3|240
            attic.late|104
            """)
      #expect(try database.run("SELECT count(*) FROM pg_tables WHERE tablename ~ '_copy_'") == "0")
      #expect(try !months.settle(StrayMonth(firstDay: "2033-01-01", rows: 0)))
    }
  }

  /// Partitions that others made may have their columns in another order, and a check too many.
  @Test func columnsAreTakenByName() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await offPool {
      try database.run(
        """
        DROP TABLE event_audit_log_default;
        CREATE TABLE event_audit_log_default (LIKE event_audit_log INCLUDING DEFAULTS);
        ALTER TABLE event_audit_log_default DROP COLUMN hostname, ADD COLUMN hostname text;
        ALTER TABLE event_audit_log ATTACH PARTITION event_audit_log_default DEFAULT;
        INSERT INTO event_audit_log (event_timestamp, hostname, handling_decision)
          VALUES ('2031-05-02Z', 'core1', 'Page');
        SET DateStyle = 'SQL, DMY'; SET TimeZone = 'Asia/Kolkata';
        SELECT copy_default_rows('2031-05-01', 10), create_monthly_partition('2031-05-01');
        """)
      #expect(
        try database.run("SELECT hostname, handling_decision FROM event_audit_log_2031_05") == "core1|Page")
      #expect(
        try database.run(
          "SET DateStyle = 'SQL, DMY'; SELECT lower = '2031-05-01Z' FROM list_monthly_partitions() "
            + "WHERE partition ~ '2031'") == "t")
    }
  }

  /// A month on which something hangs stays, with the reason, and keeps no other.
  @Test func aMonthThatCannotBeDroppedKeepsNoOther() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await offPool {
      try database.run(
        """
        SELECT create_monthly_partition('2020-01-01'), create_monthly_partition('2020-02-01');
        CREATE VIEW seen AS SELECT * FROM event_audit_log_2020_01;
        CREATE SCHEMA attic; ALTER TABLE event_audit_log_2020_02 SET SCHEMA attic;
        """)
      let months = try PostgresMonths(PostgresAddress(database.daemonURL))
      #expect(try months.old(keeping: 12) == ["event_audit_log_2020_01", "attic.event_audit_log_2020_02"])
      let obstacle = try months.drop("event_audit_log_2020_01", keeping: 12)
      #expect(obstacle?.contains("view public.seen depends on table") == true)
      #expect(
        try database.run("SELECT partition, obstacle IS NULL FROM drop_old_partitions(12)")
          == "event_audit_log_2020_01|f\nattic.event_audit_log_2020_02|t")
      #expect(try months.old(keeping: 12) == ["event_audit_log_2020_01"])
    }
  }

  /// What somebody else put where rows are gathered is neither filled nor taken away.
  @Test func aTableOfAnothersIsNotUsed() async throws {
    let database = try await PostgreSQLDatabase.make()
    let role = "\(database.name)_other"
    try await offPool {
      try database.run(
        """
        CREATE ROLE \(role);
        CREATE TABLE event_audit_log_copy_20310501_000000_20310601_000000 (LIKE event_audit_log);
        ALTER TABLE event_audit_log_copy_20310501_000000_20310601_000000 OWNER TO \(role);
        CREATE TABLE event_audit_log_2031_06 (other integer);
        INSERT INTO event_audit_log (event_timestamp) VALUES ('2031-05-02Z');
        """)
      let months = try PostgresMonths(PostgresAddress(database.daemonURL))
      let refusal = #expect(throws: StoreError.self) { try months.settle(try months.strays()[0]) }
      #expect(refusal?.message.contains("is not the table that muttd makes") == true)
      #expect(try database.run("SELECT count(*) FROM event_audit_log") == "1")
      #expect(try months.make(from: Self.january, later: 5))
      #expect(try months.list().contains { $0.name == "event_audit_log_2031_06_rest" })
      try database.run("DROP OWNED BY \(role); DROP ROLE \(role)")
    }
  }

  /// While a month is made and filled, others are written: only what has none waits.
  @Test func whoWritesOtherMonthsIsNotHeldUp() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await offPool {
      try database.run(
        """
        SELECT create_monthly_partition('2031-01-01');
        INSERT INTO alert_rules (match_string, prod_handling, dev_handling) VALUES ('x', 'Ignore', 'Ignore');
        INSERT INTO event_audit_log (event_timestamp) VALUES ('2031-02-02Z'), ('2031-03-02Z');
        """)
      let maker = try PostgresConnection(database.address())
      try maker.execute("BEGIN; SELECT create_monthly_partition('2031-02-01')", "making a month")
      // Nothing of that is committed: all its locks are held.
      try database.run(
        """
        SET lock_timeout = 1000;
        INSERT INTO event_audit_log (event_timestamp, matched_rule_id) VALUES ('2031-01-03Z', 1);
        """)
      try maker.execute("COMMIT", "making a month")
      #expect(
        try database.run(
          """
          SELECT tableoid::regclass, count(*) FROM event_audit_log
          GROUP BY 1 ORDER BY (tableoid::regclass)::text
          """)
          == "event_audit_log_2031_01|1\nevent_audit_log_2031_02|1\nevent_audit_log_default|1")
    }
  }

  /// Who edits rules holds up the making of a month, but not the audit behind it.
  @Test func aMonthThatWaitsForRulesHoldsUpNobody() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await offPool {
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
    try await offPool {
      try database.run("CREATE ROLE \(role) LOGIN IN ROLE mutt_daemon")
      do {
        let months = try PostgresMonths(PostgresAddress(database.cluster.url(database.name, user: role)))
        #expect(try months.make(from: Self.january, ahead: 0) == 1)
        #expect(try !months.mayDrop())
        let refusal = #expect(throws: StoreError.self) { try months.old(keeping: 1) }
        #expect(refusal?.code == .permission)
      }
      try database.run("DROP ROLE \(role)")
    }
  }

  private final class Progress: Sendable {
    /// Rows of each writer.
    let written = Mutex([0, 0])
    let isMade = Mutex(false)
  }

  /// Rows of one month come by COPY and by INSERT before it is made, while it is, and after: each is there
  /// once, in its month, and none is taken for a bad one.
  @Test func rowsArriveWhileTheirMonthIsMade() async throws {
    let database = try await PostgreSQLDatabase.make()
    let progress = Progress()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0...1 {
        group.addTask {
          try await offPool {
            let store = PostgresStore(
              address: { () throws(StoreError) in try PostgresAddress(database.daemonURL) },
              notices: { _ in })
            defer { store.close() }
            var factory = EventFactory()
            var last: Int?
            var turn = 0
            while last.map({ turn < $0 }) ?? true {
              if last == nil, progress.isMade.withLock({ $0 }) { last = turn + 5 }
              let batch = Self.batch(of: writer, turn, &factory)
              let result = try Self.append(batch, to: store, afterDoubt: writer == 1)
              #expect(result.setAside == [])
              turn += 1
              progress.written.withLock { $0[writer] += batch.rows.count }
            }
          }
        }
      }
      group.addTask {
        while progress.written.withLock({ $0.contains { $0 < 250 } }) {
          try await Task.sleep(for: .milliseconds(5))
        }
        try await offPool {
          defer { progress.isMade.withLock { $0 = true } }
          let months = try PostgresMonths(PostgresAddress(database.daemonURL))
          for _ in 0..<100 {
            do {
              let made = try months.make(from: Self.january, ahead: 0)
              return #expect(made == 1)
            } catch let error as StoreError {
              guard error.code == .busy else { throw error }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    let count = progress.written.withLock { $0[0] + $0[1] }
    let rows = try await offPool {
      try database.run(
        "SELECT tableoid::regclass, count(*), count(DISTINCT id) FROM event_audit_log GROUP BY 1")
    }
    #expect(rows == "event_audit_log_2031_01|\(count)|\(count)")
  }

  /// Fifty rows of a writer's own node.
  private static func batch(of writer: Int, _ turn: Int, _ factory: inout EventFactory) -> EventBatch {
    var batch = EventBatch()
    for _ in 0..<50 { factory.add(to: &batch, rule: nil) }
    for row in batch.rows.indices {
      batch.rows[row].id = EventID(rawValue: batch.rows[row].id.rawValue + Int64(writer) << 12)
      batch.rows[row].time = january.adding(milliseconds: Int64(turn))
    }
    return batch
  }

  /// As the daemon writes: what failed is written again as what may have arrived.
  private static func append(_ batch: EventBatch, to store: PostgresStore, afterDoubt: Bool) throws
    -> AppendResult
  {
    var afterDoubt = afterDoubt
    for _ in 0..<100 {
      do throws(StoreError) {
        return try store.append(batch, matchedOnly: false, afterDoubt: afterDoubt)
      } catch {
        guard error.code == .busy else { throw error }
        afterDoubt = true
      }
    }
    throw StoreError(.busy, "a hundred times too late")
  }

  @Test func daemonsAtOnceMakeEveryMonthOnce() async throws {
    let database = try await PostgreSQLDatabase.make()
    let partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'event_audit_log'::regclass"
    let before = try #require(Int(try await offPool { try database.run(partitions) }))
    let made = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          try await offPool {
            let months = try PostgresMonths(PostgresAddress(database.daemonURL))
            // Who waits too long for the others comes again, as a daemon does.
            for _ in 0..<100 {
              do { return try months.make(from: Self.january, ahead: 11) } catch let error as StoreError {
                guard error.code == .busy else { throw error }
              }
            }
            throw StoreError(.busy, "a hundred times too late")
          }
        }
      }
      return try await group.reduce(0, +)
    }
    // One that came again does not know what it had made before.
    #expect((1...12).contains(made))
    #expect(try await offPool { try database.run(partitions) } == "\(before + 12)")
  }

  /// A month needs the whole table for a moment: who would wait for long gives up, since everybody behind
  /// him waits too.
  @Test func aTableThatSomebodyHoldsIsLeftAlone() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await offPool {
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

extension PostgresMonths {
  /// The month of `time` and those after it: how many were not there.
  fileprivate func make(from time: Timestamp, ahead: Int) throws -> Int {
    try (0...ahead).reduce(0) { made, month in try make(from: time, later: month) ? made + 1 : made }
  }
}
