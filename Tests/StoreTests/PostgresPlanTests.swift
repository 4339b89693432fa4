import Foundation
import Model
import TestKit
import Testing

@testable import Store

/// Pages of a large audit come out of indexes: the server is asked how it read them (auto_explain), for the
/// statements as the store sends them. MUTTD_AUDIT_ROWS says how many rows; the time of each page is printed.
@Suite struct PostgresPlanTests {
  private static let rows =
    ProcessInfo.processInfo.environment["MUTTD_AUDIT_ROWS"].flatMap { Int($0) } ?? 60_000

  /// Four months of a thousand hosts; one event in twenty was won by one of a hundred rules.
  private static let filling = """
    INSERT INTO alert_rules (name, match_string, prod_handling, dev_handling)
      SELECT 'rule' || n, 'word' || n, 'Page_only', 'Log_only' FROM generate_series(1, 100) n;
    SELECT create_monthly_partition((timestamp '2026-08-01' + m * interval '1 month')::date)
      FROM generate_series(0, 3) m;
    ALTER TABLE event_audit_log DISABLE TRIGGER USER;
    INSERT INTO event_audit_log (id, event_timestamp, hostname, matched_rule_id, handling_decision,
      raw_message, received_at, source, source_addr, severity, environment, parse, host_from, clock)
    SELECT n * 1000, t, 'Core' || n * 7919 % 1000, CASE WHEN n % 20 = 0 THEN 1 + n / 20 % 100 END,
      CASE WHEN n = 777 THEN 'Once_only' WHEN n % 20 = 0 THEN 'Page_only' ELSE 'unmatched' END,
      '<187>1 - core numbered - - - n=' || n || ' Interface GigabitEthernet0/1, changed state to down',
      t, 'syslog', '192.0.2.1', 3, 'prod', 'rfc5424', 'header', 'arrival'
    FROM (SELECT n, timestamptz '2026-08-01 00:00Z' + n * (interval '120 days' / \(rows)) AS t
          FROM generate_series(1::bigint, \(rows)) n) s;
    ALTER TABLE event_audit_log ENABLE TRIGGER USER;
    INSERT INTO config_audit_log (changed_at, changed_by, operation, table_name, record_id, record_key,
      old_values, new_values)
    SELECT timestamptz '2026-08-01Z' + n * interval '1 minute', 'alice', 'UPDATE', 'alert_rules', n % 100,
      'rule' || n % 100, jsonb_build_object('priority', n, 'team_assignment', 'team' || n % 9),
      jsonb_build_object('priority', n + 1, 'team_assignment', 'team' || n % 9)
    FROM generate_series(1, 20000) n;
    ANALYZE;
    VACUUM ANALYZE config_audit_log;
    """

  private static func query(_ change: (inout AuditQuery) -> Void) -> AuditQuery {
    var query = AuditQuery()
    change(&query)
    return query
  }

  /// In the middle of the audit.
  private static let middle = Int64(rows / 2) * 1_000

  private static let pages: [(name: String, query: AuditQuery)] = [
    ("the newest", query { _ in }),
    ("by host", query { $0.host = "cORE77" }),
    ("by rule", query { $0.ruleName = "rule42" }),
    ("by handling", query { $0.handling = "PAGE_only" }),
    ("by no handling", query { $0.handling = "UNmatched" }),
    (
      "by no handling, a day",
      query {
        $0.handling = "unmatched"
        $0.since = Timestamp(seconds: 1_789_000_000)
        $0.until = Timestamp(seconds: 1_789_086_400)
      }
    ),
    ("by a rare handling", query { $0.handling = "once_ONLY" }),
    (
      "by time",
      query {
        $0.since = Timestamp(seconds: 1_789_000_000)  // 2026-09-10
        $0.until = Timestamp(seconds: 1_789_086_400)
      }
    ),
    ("the page after", query { $0.before = EventID(rawValue: middle) }),
    (
      "the page after, by host",
      query {
        $0.host = "core77"
        $0.before = EventID(rawValue: middle)
      }
    ),
    (
      "the page after, by rule",
      query {
        $0.ruleID = 42
        $0.before = EventID(rawValue: middle)
      }
    ),
  ]

  @Test func pagesComeOutOfIndexes() async throws {
    let cluster = try await PostgreSQLCluster.start(settings: ["work_mem=64MB", "max_wal_size=8GB"])
    try await offPool {
      let database = try cluster.makeDatabase()
      try database.run(Self.filling)
      try database.run(
        """
        ALTER DATABASE \(database.name) SET session_preload_libraries = 'auto_explain';
        ALTER DATABASE \(database.name) SET auto_explain.log_min_duration = 0;
        ALTER DATABASE \(database.name) SET auto_explain.log_analyze = on;
        """)
      let store = PostgresStore(
        address: { () throws(StoreError) in try PostgresAddress(database.daemonURL) }, notices: { _ in })
      defer { store.close() }
      for (name, query) in Self.pages {
        let before = try cluster.log().count
        let page = try store.auditEvents(query)
        #expect(!page.events.isEmpty, "\(name)")
        #expect(page.events.map(\.eventTime) == page.events.map(\.eventTime).sorted(by: >), "\(name)")
        // The page is the last statement of the call.
        let said = try cluster.log().dropFirst(before)
        let plan = try #require(String(said).components(separatedBy: "duration: ").last, "\(name)")
        #expect(plan.contains("event_audit_log_2026"), "\(name): \(plan)")
        // Of the months that hold something; an empty one may be read any way.
        // Months after the place at which the page begins are left alone.
        if query.before != nil { #expect(!plan.contains("event_audit_log_2026_11"), "\(name): \(plan)") }
        for month in 8...11 {
          let table = "event_audit_log_2026_" + (month < 10 ? "0" : "") + "\(month)"
          #expect(!plan.contains("Seq Scan on \(table)"), "\(name): \(plan)")
        }
        #expect(!plan.contains("Sort Method: external"), "\(name): \(plan)")
        // No more than a page of a month is looked at, whatever the audit holds.
        let looked = Self.rowsRead(plan)
        #expect(looked > 0 && looked <= 4 * 101 * 2, "\(name): \(looked) rows: \(plan)")
        print(
          "\(Self.rows) rows, \(name): \(plan.prefix { $0 != " " }) ms on the server, \(looked) rows read")
      }
      try Self.lookForTexts(store, cluster)
      try Self.lookForNone(store, cluster, database)
      try Self.lookAtChanges(store, cluster)
    }
    withExtendedLifetime(cluster) {}
  }

  /// A text has no index: with a host or a time it is looked for there, and nowhere else.
  private static func lookForTexts(_ store: PostgresStore, _ cluster: PostgreSQLCluster) throws {
    let texts: [(name: String, query: AuditQuery)] = [
      (
        "a text of a host",
        query {
          $0.text = "no such text"
          $0.host = "core77"
        }
      ),
      (
        "a text of a day",
        query {
          $0.text = "no such text"
          $0.since = Timestamp(seconds: 1_789_000_000)
          $0.until = Timestamp(seconds: 1_789_086_400)
        }
      ),
    ]
    for (name, query) in texts {
      let before = try cluster.log().count
      #expect(try store.auditEvents(query).events.isEmpty, "\(name)")
      let said = try String(cluster.log().dropFirst(before))
      let plan = try #require(said.components(separatedBy: "duration: ").last)
      #expect(plan.contains("Index Cond"), "\(name): \(plan)")
      for month in ["08", "09", "10", "11"] {
        #expect(!plan.contains("Seq Scan on event_audit_log_2026_\(month)"), "\(name): \(plan)")
      }
    }
  }

  /// Where no event is unmatched, or only old ones are, the audit is not read through to say so.
  private static func lookForNone(
    _ store: PostgresStore, _ cluster: PostgreSQLCluster, _ database: PostgreSQLDatabase
  ) throws {
    try database.run(
      """
      DELETE FROM event_audit_log WHERE lower(handling_decision) = 'unmatched' AND id > 5000;
      VACUUM ANALYZE event_audit_log;
      """)
    let before = try cluster.log().count
    let page = try store.auditEvents(query { $0.handling = "unmatched" })
    #expect(page.events.count == 5)
    let said = try String(cluster.log().dropFirst(before))
    let plan = try #require(said.components(separatedBy: "duration: ").last)
    #expect(!plan.contains("Rows Removed by Filter") && rowsRead(plan) <= 10, "\(plan)")
  }

  /// What a change holds is found by the indexes of both sides, however rare it is.
  private static func lookAtChanges(_ store: PostgresStore, _ cluster: PostgreSQLCluster) throws {
    let before = try cluster.log().count
    var query = ChangeQuery()
    query.holds = #"{"priority": 4711}"#
    #expect(try store.configChanges(query).changes.count == 2)
    let said = try String(cluster.log().dropFirst(before))
    let plan = try #require(said.components(separatedBy: "duration: ").last)
    for index in ["config_audit_log_old_values", "config_audit_log_new_values"] {
      #expect(plan.contains("Bitmap Index Scan on \(index)"), "\(plan)")
    }
  }

  /// The rows that came out of the table's indexes: `actual time=… rows=N loops=L` of each scan.
  private static func rowsRead(_ plan: String) -> Int {
    var sum = 0
    for line in plan.split(separator: "\n") where line.contains("Scan") && line.contains("event_audit_log") {
      guard let actual = line.range(of: "actual ")?.upperBound,
        let found = line[actual...].range(of: "rows=")?.upperBound
      else { continue }
      sum += Int(line[found...].prefix { $0.isNumber }) ?? 0
    }
    return sum
  }
}
