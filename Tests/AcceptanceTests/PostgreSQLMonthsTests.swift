import TestKit
import Testing

/// The months of an audit on a server, which the daemon looks after by itself.
@Suite struct PostgreSQLMonthsTests {
  private func settings(_ url: String, audit: String = "all") -> DaemonSettings {
    var settings = DaemonSettings()
    settings.auditEvents = audit
    settings.extra = "store: {url: '\(url)'}\n"
    return settings
  }

  @Test func monthsAreMadeEmptiedIntoAndDropped() async throws {
    let database = try await PostgreSQLDatabase.make()
    _ = try await offPool {
      try database.run(
        """
        INSERT INTO event_audit_log (event_timestamp, hostname)
          VALUES ('2033-05-01Z', 'a'), ('2033-06-01Z', 'b');
        SELECT create_monthly_partition('2020-01-01');
        INSERT INTO event_audit_log (event_timestamp, hostname) VALUES ('2020-01-02Z', 'old');
        """)
    }
    let settings = settings(database.daemonURL, audit: "all, precreate_months: 5, retention_months: 12")
    try await Workspace.with("months") { workspace in
      let place = try DaemonPlace(workspace, settings)
      // Nothing runs yet: what would go is only named.
      let trial = try await place.muttd("db", "retention")
      #expect(trial.ending == .code(0), "\(trial.errors)")
      #expect(trial.output.contains("would be dropped: event_audit_log_2020_01"), "\(trial.output)")
      let before = try await place.muttd("db", "partitions")
      #expect(
        before.output.contains("2033-05 has no partition, and rows in event_audit_log_default: 1"),
        "\(before.output)")
      #expect(before.output.contains("event_audit_log_2020_01"))

      let daemon = try await place.start()
      try await eventually("the months are in order") {
        let metrics = try await daemon.scrape()
        // Those of the rows lie ahead too.
        return metrics.sum("mutt_audit_months_ahead") == 7 && metrics.sum("mutt_audit_default_rows") == 0
      }
      let ready = try #require(try await daemon.readiness())
      #expect(ready.body["problems"].items.filter { $0["check"] == "store" } == [], "\(ready.body)")
      let hosts = "SELECT string_agg(hostname, ',' ORDER BY hostname) FROM event_audit_log"
      #expect(try await offPool { try database.run(hosts) } == "a,b")
      let after = try await place.muttd("db", "partitions", "--json")
      #expect(after.output.contains("\"partition\":\"event_audit_log_2033_05\""), "\(after.output)")
      #expect(!after.output.contains("2020_01") && !after.output.contains("default"))
      #expect(daemon.log.contains("old months of the audit were dropped"))
      #expect(try await daemon.stop() == .code(0))

      _ = try await offPool {
        try database.run("SELECT create_monthly_partition('2020-02-01')")
      }
      let dropped = try await place.muttd("db", "retention", "--apply", "--json")
      #expect(dropped.ending == .code(0), "\(dropped.errors)")
      #expect(JSON(dropped.output)?["partition"] == "event_audit_log_2020_02")
      #expect(JSON(dropped.output)?["dropped"] == .bool(true))
      #expect(try await place.muttd("db", "retention").output.contains("months ago: 0"))
    }
  }

  /// One month that cannot be dropped, another that cannot be made: the rest is done, and both are named.
  @Test func oneMonthInTheWayHoldsUpNoOther() async throws {
    let database = try await PostgreSQLDatabase.make()
    _ = try await offPool {
      try database.run(
        """
        SELECT create_monthly_partition('2020-01-01'), create_monthly_partition('2020-02-01');
        CREATE VIEW seen AS SELECT * FROM event_audit_log_2020_01;
        INSERT INTO event_audit_log (event_timestamp, hostname)
          VALUES ('2033-05-01Z', 'a'), ('2033-06-01Z', 'b');
        CREATE ROLE \(database.name)_other;
        CREATE TABLE event_audit_log_copy_20330501_000000_20330601_000000 ();
        ALTER TABLE event_audit_log_copy_20330501_000000_20330601_000000 OWNER TO \(database.name)_other;
        """)
    }
    let settings = settings(database.daemonURL, audit: "all, precreate_months: 4, retention_months: 12")
    try await withDaemon("month-in-the-way", settings) { daemon in
      try await eventually("what can be done is done") {
        let metrics = try await daemon.scrape()
        // June of 2033 lies ahead too; May is left.
        return metrics.sum("mutt_audit_months_ahead") == 5 && metrics.sum("mutt_audit_default_rows") == 1
      }
      try await eventually("readyz says what is in the way") {
        guard let answer = try await daemon.readiness() else { return false }
        let text = "\(answer.body)"
        return answer.status == 200 && text.contains("is not the table that muttd makes")
          && text.contains("one of 2 problems")
      }
      let answer = try await daemon.place.muttd("db", "retention", "--apply")
      #expect(answer.ending == .code(1), "\(answer.errors)")
      #expect(answer.output.contains("stays: event_audit_log_2020_01: cannot drop table"), "\(answer.output)")
      #expect(!answer.output.contains("2020_02"))
    }
    _ = try await offPool {
      try database.run("DROP OWNED BY \(database.name)_other; DROP ROLE \(database.name)_other")
    }
  }

  @Test func whoMayNotDropSaysSo() async throws {
    let database = try await PostgreSQLDatabase.make()
    let role = "\(database.name)_only"
    _ = try await offPool {
      try database.run("CREATE ROLE \(role) LOGIN IN ROLE mutt_daemon")
    }
    let url = database.cluster.url(database.name, user: role)
    try await withDaemon("keeper", settings(url)) { daemon in
      try await eventually("readyz names the right that is missing") {
        guard let answer = try await daemon.readiness() else { return false }
        return answer.status == 200 && "\(answer.body)".contains("GRANT mutt_retention")
      }
      let refused = try await daemon.place.muttd("db", "retention", "--apply")
      #expect(refused.ending == .code(77) && refused.errors.contains("may not drop months"))
    }
    try await withDaemon("keeper-not", settings(url, audit: "all, retention_months: 0")) { daemon in
      try await eventually("the months are looked after") {
        try await daemon.scrape().sum("mutt_audit_months_ahead") == 3
      }
      let problems = try await daemon.readiness()?.body["problems"].items
      #expect(problems?.filter { $0["check"] == "store" } == [], "\(problems ?? [])")
    }
    _ = try await offPool { try database.run("DROP ROLE \(role)") }
  }

  @Test func theEmbeddedStoreHasNoMonths() async throws {
    try await withDaemon("no-months", DaemonSettings()) { daemon in
      for verb in ["partitions", "retention"] {
        let answer = try await daemon.place.muttd("db", verb)
        #expect(answer.ending == .code(0) && answer.output == "")
        #expect(answer.errors.contains("is an embedded store"), "\(answer.errors)")
      }
      #expect(try await daemon.scrape().samples["mutt_audit_months_ahead"] == nil)
    }
  }
}
