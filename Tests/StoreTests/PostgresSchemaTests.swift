import TestKit
import Testing

/// What the SQL files promise, asked through psql: to whoever edits there, and to statements of MUTT's.
@Suite struct PostgresSchemaTests {
  private static let rule = """
    INSERT INTO alert_rules (match_string, match_type, prod_handling, dev_handling, team_assignment)
    VALUES ('link', 'contains', 'Page_only', 'Ignore', 'NETO');
    """

  private func refusal(_ database: PostgreSQLDatabase, _ sql: String, user: String = "postgres") -> String {
    do {
      return "done: \(try database.run(sql, user: user))"
    } catch {
      return "\(error)"
    }
  }

  @Test func everyChangeIsWrittenDownWithItsActor() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run(
      """
      BEGIN; SET LOCAL mutt.actor = 'alice'; SET LOCAL mutt.reason = 'CHG-1';
      SET LOCAL mutt.correlation_id = 'c-1';
      \(PostgresSchemaTests.rule)
      INSERT INTO development_hosts VALUES ('lab1');
      INSERT INTO device_teams VALUES ('core1', 'A');
      INSERT INTO devices (hostname, addresses) VALUES ('core1', '{192.0.2.1}');
      COMMIT;
      UPDATE alert_rules SET priority = 7 WHERE name = 'rule-1';
      UPDATE alert_rules SET priority = 7 WHERE name = 'rule-1';
      UPDATE devices SET last_seen_at = now();
      DELETE FROM development_hosts;
      """)
    let log = try database.run(
      """
      SELECT changed_by, operation, table_name, record_id, record_key, reason, correlation_id,
        old_values ->> 'priority', new_values ->> 'priority' FROM config_audit_log ORDER BY id
      """)
    #expect(
      log == """
        alice|CREATE|alert_rules|1|rule-1|CHG-1|c-1||100
        alice|CREATE|development_hosts||lab1|CHG-1|c-1||
        alice|CREATE|device_teams||core1|CHG-1|c-1||
        alice|CREATE|devices||core1|CHG-1|c-1||
        postgres|UPDATE|alert_rules|1|rule-1|||100|7
        postgres|DELETE|development_hosts||lab1||||
        """)
    #expect(try database.run("SELECT version, updated_by FROM alert_rules") == "2|postgres")
    #expect(try database.run("SELECT version FROM config_version") == "7")
  }

  @Test func changesAreAnnouncedOnceATransaction() async throws {
    let database = try await PostgreSQLDatabase.make()
    let heard = try database.run(
      """
      LISTEN mutt_config;
      BEGIN; \(PostgresSchemaTests.rule) INSERT INTO development_hosts VALUES ('a'), ('b'), ('c'); COMMIT;
      UPDATE devices SET last_seen_at = now();
      SELECT 1;
      """)
    #expect(heard.split(separator: "\n").filter { $0.contains("\"mutt_config\"") }.count == 1, "\(heard)")
  }

  @Test func whatIsAuditedStays() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run(
      """
      \(PostgresSchemaTests.rule)
      INSERT INTO event_audit_log (event_timestamp, hostname, matched_rule_id) VALUES (now(), 'core1', 1);
      """)
    let refused = [
      ("UPDATE config_audit_log SET changed_by = 'x'", "config_audit_log is append-only"),
      ("DELETE FROM config_audit_log", "config_audit_log is append-only"),
      ("TRUNCATE config_audit_log", "config_audit_log is append-only"),
      ("TRUNCATE device_teams", "use DELETE"), ("TRUNCATE development_hosts", "use DELETE"),
      ("TRUNCATE devices", "use DELETE"), ("TRUNCATE alert_rules CASCADE", "use DELETE"),
      ("UPDATE event_audit_log SET hostname = 'x'", "only forwarded_to_moog may change"),
      ("UPDATE event_audit_log SET id = 5", "only forwarded_to_moog may change"),
      ("DELETE FROM alert_rules", "retire it, set is_active = false"),
      ("UPDATE alert_rules SET id = 9", "the id of a rule never changes"),
      ("UPDATE alert_rules SET name = NULL", "its name cannot be taken away"),
    ]
    for (sql, words) in refused { #expect(refusal(database, sql).contains(words), "\(sql)") }
    try database.run("UPDATE event_audit_log SET forwarded_to_moog = true")
    #expect(try database.run("SELECT hostname, forwarded_to_moog FROM event_audit_log") == "core1|t")
  }

  @Test func hostsAreOneWhateverTheirCaseAndIdsFollow() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run("INSERT INTO development_hosts VALUES ('Lab1')")
    #expect(refusal(database, "INSERT INTO development_hosts VALUES ('LAB1')").contains("duplicate key"))
    try database.run(
      """
      INSERT INTO alert_rules (id, match_string, prod_handling, dev_handling) VALUES (1, 'a', 'x', 'y');
      INSERT INTO alert_rules (id, match_string, prod_handling, dev_handling) VALUES (40, 'a', 'x', 'y');
      INSERT INTO alert_rules (match_string, prod_handling, dev_handling) VALUES ('b', 'x', 'y');
      """)
    #expect(
      try database.run("SELECT string_agg(name, ' ' ORDER BY id) FROM alert_rules")
        == "rule-1 rule-40 rule-41")
  }

  /// Whatever ids are given, the next one is free, and a name that somebody else has is left to him.
  @Test func idsAndNamesThatAreTakenAreLeftAlone() async throws {
    let database = try await PostgreSQLDatabase.make()
    func add(_ columns: String = "", _ values: String = "") throws {
      try database.run(
        """
        INSERT INTO alert_rules (match_string, prod_handling, dev_handling\(columns))
        VALUES ('a', 'x', 'y'\(values))
        """)
    }
    try add(", id, name", ", 1, 'rule-2'")
    try add()
    try add(", id, name", ", 30, 'rule-31'")
    try add(", id, name", ", 32, 'rule-31-2'")
    try add(", id", ", 31")
    try add()
    try add(", id", ", 500000")
    try add(", id", ", 7")
    try add()
    #expect(
      try database.run("SELECT string_agg(id || ' ' || name, ', ' ORDER BY id) FROM alert_rules")
        == "1 rule-2, 2 rule-2-2, 7 rule-7, 30 rule-31, 31 rule-31-3, 32 rule-31-2, 33 rule-33, "
        + "500000 rule-500000, 500001 rule-500001")
  }

  /// What anybody puts into the schema takes no part in what runs with its owner's rights.
  @Test func functionsLookForNamesInTheCatalogAlone() async throws {
    let database = try await PostgreSQLDatabase.make()
    #expect(
      try database.run(
        """
        SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
          AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)
        """) == "")
    // What is written and read of times is the same whoever calls.
    #expect(
      try database.run(
        """
        SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
          AND proname ~ 'month|partition|default_rows'
          AND NOT coalesce(proconfig @> '{DateStyle=iso,TimeZone=UTC}', false)
        """) == "")
    try database.run(
      """
      CREATE FUNCTION public.evil(timestamptz, timestamp) RETURNS boolean LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'taken over'; END $$;
      CREATE FUNCTION public.evil(text, integer) RETURNS text LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'taken over'; END $$;
      CREATE OPERATOR public.|| (LEFTARG = text, RIGHTARG = integer, FUNCTION = public.evil);
      \(PostgresSchemaTests.rule)
      """)
    #expect(try database.run("SELECT name FROM alert_rules") == "rule-1")
  }

  @Test func aMonthTakesItsRowsOutOfTheDefault() async throws {
    let database = try await PostgreSQLDatabase.make()
    let made = try database.run(
      """
      INSERT INTO event_audit_log (id, event_timestamp, hostname) VALUES
        (1, '2019-12-31 23:59:59.999999Z', 'before'), (2, '2020-01-01 00:00:00Z', 'first'),
        (3, '2020-01-31 23:59:59.999999Z', 'last'), (4, '2020-02-01 00:00:00Z', 'after');
      SET TimeZone = 'Pacific/Auckland';
      SELECT create_monthly_partition('2020-01-17'), create_monthly_partition('2020-01-17');
      SELECT tableoid::regclass, hostname FROM event_audit_log ORDER BY id;
      SELECT create_monthly_partition('2030-06-01');
      SELECT partition FROM list_monthly_partitions() WHERE partition ~ '2020|2030';
      """)
    #expect(
      made == """
        t|f
        event_audit_log_default|before
        event_audit_log_2020_01|first
        event_audit_log_2020_01|last
        event_audit_log_default|after
        t
        event_audit_log_2020_01
        event_audit_log_2030_06
        """)
    // The month made by hand has the table's indexes and triggers.
    #expect(
      try database.run("SELECT count(*) FROM pg_indexes WHERE tablename = 'event_audit_log_2020_01'") == "7")
    #expect(refusal(database, "UPDATE event_audit_log_2020_01 SET hostname = 'x'").contains("may change"))
  }

  @Test func retentionDropsWholeMonthsThatEnded() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run(
      """
      SELECT create_monthly_partition((now() - make_interval(months => m))::date)
      FROM generate_series(1, 5) m;
      """)
    let month = "to_char(now() AT TIME ZONE 'UTC' - interval '%m months', '\"event_audit_log_\"YYYY_MM')"
    func name(_ months: Int) throws -> String {
      try database.run("SELECT " + month.split(separator: "%m").joined(separator: "\(months)"))
    }
    let gone = try [5, 4].map { try name($0) }.joined(separator: "\n")
    #expect(try database.run("SELECT partition FROM drop_old_partitions(3, true)") == gone)
    #expect(try database.run("SELECT count(*) FROM list_monthly_partitions()") == "7")
    #expect(try database.run("SELECT partition FROM drop_old_partitions(3)") == gone)
    #expect(try database.run("SELECT count(*) FROM list_monthly_partitions()") == "5")
    #expect(try database.run("SELECT partition FROM drop_old_partitions(3)") == "")
    #expect(refusal(database, "SELECT drop_old_partitions(0)").contains("must be 1 or more"))
    #expect(refusal(database, "SELECT drop_old_partitions(NULL)").contains("must be 1 or more"))
    // The month before, this one and the next stay whatever is asked.
    #expect(try database.run("SELECT count(*) FROM drop_old_partitions(1)") == "2")
    #expect(try database.run("SELECT to_regclass('event_audit_log_default')") == "event_audit_log_default")
  }

  @Test func rolesMayDoWhatTheyAreForAndNoMore() async throws {
    let database = try await PostgreSQLDatabase.make()
    let name = database.name
    try database.run(
      """
      CREATE ROLE \(name)_daemon LOGIN IN ROLE mutt_daemon;
      CREATE ROLE \(name)_keeper LOGIN IN ROLE mutt_retention;
      CREATE ROLE \(name)_person LOGIN IN ROLE mutt_people;
      CREATE ROLE \(name)_nobody LOGIN;
      CREATE TABLE another ();
      INSERT INTO event_audit_log (id, event_timestamp, hostname) VALUES (1, now(), 'core1');
      """)
    let may: [(String, String, Bool)] = [
      ("muttd", "INSERT INTO event_audit_log (id, event_timestamp) VALUES (2, now())", true),
      ("muttd", "UPDATE event_audit_log SET forwarded_to_moog = true", true),
      ("muttd", "UPDATE event_audit_log SET hostname = 'x'", false),
      ("muttd", "DELETE FROM event_audit_log", false),
      ("muttd", "TRUNCATE event_audit_log", false),
      (
        "muttd",
        "INSERT INTO config_audit_log (changed_by, operation, table_name) VALUES ('x', 'CREATE', 'y')", false
      ),
      ("muttd", "DELETE FROM config_audit_log", false),
      ("muttd", "SELECT note_outbox_change(true, 'all', '{}')", true),
      ("muttd", "UPDATE config_version SET version = 1", false),
      ("muttd", "INSERT INTO development_hosts VALUES ('by-daemon')", true),
      ("muttd", "DELETE FROM development_hosts", true),
      ("muttd", "DELETE FROM alert_rules", false),
      ("muttd", "SELECT copy_default_rows('2031-01-01', 10)", true),
      ("muttd", "SELECT default_rows_copy('2031-01-01', '2031-02-01')", false),
      ("muttd", "SELECT make_month_table('x', '2031-01-01', '2031-02-01')", false),
      ("\(name)_person", "SELECT * FROM another", false),
      ("muttd", "SELECT create_monthly_partition('2031-01-01')", true),
      ("\(name)_daemon", "SELECT drop_old_partitions(12)", false),
      ("\(name)_keeper", "SELECT drop_old_partitions(12)", true),
      ("\(name)_keeper", "SELECT * FROM event_audit_log", false),
      ("\(name)_person", "INSERT INTO development_hosts VALUES ('by-person')", true),
      ("\(name)_person", "SELECT * FROM event_audit_log, config_audit_log", true),
      ("\(name)_person", "INSERT INTO event_audit_log (event_timestamp) VALUES (now())", false),
      ("\(name)_person", "SELECT drop_old_partitions(12)", false),
      ("\(name)_person", "SELECT note_outbox_change(true, 'all', '{}')", true),
      ("\(name)_nobody", "SELECT note_outbox_change(true, 'all', '{}')", false),
      ("\(name)_nobody", "SELECT * FROM alert_rules", false),
      ("\(name)_nobody", "SELECT create_monthly_partition('2032-01-01')", false),
      ("\(name)_nobody", "SELECT * FROM list_monthly_partitions()", false),
    ]
    for (user, sql, isAllowed) in may {
      let answer = refusal(database, sql, user: user)
      #expect(answer.hasPrefix("done:") == isAllowed, "\(user): \(sql): \(answer)")
      if !isAllowed { #expect(answer.contains("permission denied"), "\(user): \(sql): \(answer)") }
    }
    try database.run(
      "DROP ROLE \(name)_daemon; DROP ROLE \(name)_keeper; DROP ROLE \(name)_person; DROP ROLE \(name)_nobody"
    )
  }

  /// Where the schema was closed to everybody, the roles come in by their own grants.
  @Test func rolesNeedNothingThatEverybodyHas() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    #expect(try database.run("SELECT create_monthly_partition('2031-01-01')", user: "muttd") == "t")
    try database.run("INSERT INTO event_audit_log (event_timestamp) VALUES (now())", user: "muttd")
  }
}
