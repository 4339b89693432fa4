import Model
import TestKit
import Testing

@testable import Store

/// Databases as MUTT's own SQL makes them, adopted.
@Suite struct AdoptionTests {
  private static let fixture =
    #filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 }
    + "/Fixtures/postgresql/mutt-2.5.sql"

  private func makeMUTT(_ change: String = "") async throws -> PostgreSQLDatabase {
    let database = try await PostgreSQLDatabase.make(migrated: false)
    let sql = String(decoding: try DatabaseFile.read(AdoptionTests.fixture), as: UTF8.self)
    try await offPool { _ = try database.run(sql + "\n" + change) }
    return database
  }

  private func schema(_ database: PostgreSQLDatabase) async throws -> String {
    try await offPool { try database.cluster.schema(of: database.name) }
  }

  @Test func aReportNamesEveryDifferenceAndChangesNothing() async throws {
    let database = try await makeMUTT()
    let before = try await schema(database)
    let report = try PostgresAdoption.report(database.address())
    #expect(try await schema(database) == before)
    #expect(!report.isAdopted && report.obstacles == [])
    let texts = report.steps.map(\.text).joined(separator: "\n")
    for part in [
      "alert_rules.team_assignment may be empty: NOT NULL is dropped",
      "event_audit_log.matched_rule_id may be empty", "event_audit_log.raw_message may be empty",
      "config_audit_log.record_id may be empty",
      "event_audit_log.hostname becomes text, was character varying(255)",
      "alert_rules.is_active must not be empty", "10 rules get names",
      "alert_rules: columns name, description, severity, key", "table devices is made",
      "Lab-SW1, lab-sw1 are one host here: lab-sw1 stays", "Core1, core1 are one host here: core1 stays",
      "function create_monthly_partition(date) is replaced by ours",
      "function drop_old_partitions(integer) is replaced by ours", "index event_audit_log_host_key is made",
      "event_audit_log_default is made", "migration 1 (tables) is recorded", "migration 4 (roles) is applied",
      "migration 5 (unmatched) is applied",
    ] { #expect(texts.contains(part), "\(part)\nin\n\(texts)") }
    // MUTT's own indexes serve where they are of the same shape, and stay where they are not.
    #expect(!texts.contains("event_audit_log_event_timestamp"))
    #expect(!texts.contains("config_audit_log_old_values"))
    #expect(report.remarks.contains { $0.contains("idx_rules_priority") })
    #expect(report.remarks.contains { $0.contains("left alone: event_audit_log_archive") })
    // MUTT's order among equals: the rule that was edited last comes last.
    #expect(report.rules.map(\.id) == [1, 2, 3, 4, 5, 6, 7, 8, 10, 9])
  }

  @Test func anAdoptedDatabaseIsOursAndASecondRunFindsNothing() async throws {
    let database = try await makeMUTT()
    let rows =
      "SELECT tableoid::regclass, ctid, xmin, id, hostname, raw_message FROM event_audit_log ORDER BY id"
    let files = """
      SELECT string_agg(relname || pg_relation_filenode(oid), ' ' ORDER BY relname) FROM pg_class
      WHERE relispartition AND relkind = 'r' AND relname <> 'event_audit_log_default'
      """
    let (before, placed) = (try database.run(rows), try database.run(files))
    var taken: [String] = []
    let report = try PostgresAdoption.apply(database.address()) { taken.append($0.text) }
    #expect(taken == report.steps.map(\.text) && !taken.isEmpty)
    #expect(try database.run(rows) == before, "rows of the audit were written anew")
    #expect(try database.run(files) == placed, "a partition was written anew")
    #expect(try PostgresMigrator.status(database.address()).allSatisfy { $0.state == .applied })
    #expect(
      try database.run("SELECT count(*) FROM schema_migrations WHERE checksum IS NULL") == "0")
    let again = try PostgresAdoption.report(database.address())
    #expect(again.isAdopted && again.steps == [] && again.obstacles == [])
    let applied = try PostgresAdoption.apply(database.address()) { _ in taken = [] }
    #expect(applied.isAdopted && !taken.isEmpty)

    // What a new database has, this one has: columns, their types, whether they may be empty, triggers.
    let ours = try await PostgreSQLDatabase.make()
    let columns = """
      SELECT string_agg(table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable, E'\\n'
        ORDER BY table_name, column_name) FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name !~ '_(archive|20)'
      """
    #expect(try database.run(columns) == ours.run(columns))
    let triggers = """
      SELECT string_agg(text, ', ' ORDER BY text) FROM (
        SELECT tgrelid::regclass || ' ' || tgname AS text FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid::regclass::text !~ '_20') t
      """
    #expect(try database.run(triggers) == ours.run(triggers))
    for index in [
      "idx_rules_match_type", "idx_rules_active", "idx_rules_priority", "idx_audit_timestamp",
      "idx_audit_hostname", "idx_audit_rule", "idx_config_audit_record", "idx_config_audit_time",
      "idx_config_audit_by", "idx_config_audit_correlation", "idx_config_audit_old", "idx_config_audit_new",
      "event_audit_log_host_key", "development_hosts_key",
    ] { #expect(try database.run("SELECT to_regclass('\(index)') IS NOT NULL") == "t", "\(index)") }
    #expect(
      try database.run("SELECT string_agg(hostname, ' ' ORDER BY hostname) FROM development_hosts")
        == "lab-sw1 lab-sw2")
    #expect(
      try database.run("SELECT string_agg(name, ' ' ORDER BY id) FROM alert_rules")
        == (1...10).map { "rule-\($0)" }.joined(separator: " "))
    try PostgresMigrator.migrate(database.address())
  }

  @Test func statementsOfMUTTsKeepWorking() async throws {
    let database = try await makeMUTT()
    _ = try PostgresAdoption.apply(database.address()) { _ in }
    let heard = try database.run(
      """
      INSERT INTO alert_rules (match_string, trap_oid, syslog_severity, match_type, priority, prod_handling,
        dev_handling, team_assignment, is_active)
      VALUES ('bgp', NULL, NULL, 'contains', 100, 'Page_only', 'Ignore', 'NETO', true) RETURNING id;
      UPDATE alert_rules SET priority = 5, match_string = 'bgp down' WHERE id = 11;
      INSERT INTO event_audit_log (event_timestamp, hostname, matched_rule_id, handling_decision,
        forwarded_to_moog, raw_message) VALUES (now(), 'core9', 11, 'Page_only', true, '{}');
      INSERT INTO config_audit_log (changed_by, operation, table_name, record_id, old_values, new_values,
        reason)
      VALUES ('webui', 'UPDATE', 'alert_rules', 11, '{"priority": 100}', '{"priority": 5}', 'by hand');
      INSERT INTO development_hosts (hostname) VALUES ('lab9');
      INSERT INTO device_teams (hostname, team_assignment) VALUES ('core9', 'SITE');
      UPDATE device_teams SET team_assignment = 'NETO' WHERE hostname = 'core9';
      DELETE FROM development_hosts WHERE hostname = 'lab9';
      SELECT id, match_string, trap_oid, match_type, priority FROM alert_rules WHERE is_active
        ORDER BY priority, id LIMIT 2;
      SELECT count(*) FROM event_audit_log WHERE matched_rule_id = 1
        AND event_timestamp > now() - interval '1 day';
      SELECT create_monthly_partition((now() + interval '3 months')::date);
      SELECT count(*) FROM drop_old_partitions(24);
      """)
    #expect(heard == "11\n11|bgp down||contains|5\n1|link down||contains|10\n60\nt\n0")
    let refusal = #expect(throws: (any Error).self) {
      try database.run("DELETE FROM alert_rules WHERE id = 11")
    }
    #expect("\(refusal as Any)".contains("retire it"))
  }

  @Test func theStoreReadsAndWritesIt() async throws {
    let database = try await makeMUTT()
    _ = try PostgresAdoption.apply(database.address()) { _ in }
    let store = PostgresStore(
      address: { () throws(StoreError) in try PostgresAddress(database.url) }, notices: { _ in })
    defer { store.close() }
    #expect(try store.loadCatalog().rules.map(\.id) == (1...10).map { Int64($0) })
    // Ids of MUTT's hold no time; when the rule fired last is known all the same.
    let use = try #require(try store.ruleUses()[1])
    #expect(use.count == 60)
    #expect(
      try database.run("SELECT now() - to_timestamp(\(use.last.milliseconds / 1_000)) < interval '1 hour'")
        == "t")
    var batch = EventBatch()
    var factory = EventFactory()
    factory.add(to: &batch, rule: (1, "rule-1"))
    factory.add(to: &batch, rule: nil)
    #expect(try store.append(batch, matchedOnly: false, afterDoubt: false).written == 2)
    var query = AuditQuery()
    query.ruleID = 1
    #expect(try store.auditEvents(query).events.count == 61)
    var changes = ChangeQuery()
    changes.recordID = 1
    #expect(try store.configChanges(changes).changes.map(\.reason) == ["page for it"])
  }

  static let obstacles: [(sql: String, says: String)] = [
    ("INSERT INTO device_teams VALUES ('CORE1', 'OTHER')", "have different teams"),
    ("ALTER TABLE event_audit_log ALTER raw_message TYPE jsonb USING raw_message::jsonb", "--rewrite allows"),
    ("CREATE TABLE schema_migrations (filename text)", "another program's table"),
    ("ALTER TABLE alert_rules DROP COLUMN priority", "lacks priority"),
    (
      """
      ALTER TABLE event_audit_log ADD COLUMN site text NOT NULL DEFAULT 'x';
      ALTER TABLE event_audit_log ALTER site DROP DEFAULT
      """, "event_audit_log.site is not muttd's, must not be empty and has no default"
    ),
    (
      "CREATE TABLE far PARTITION OF event_audit_log FOR VALUES FROM ('2090-01-01') TO (MAXVALUE)",
      "has no end"
    ),
    (
      "DROP TABLE event_audit_log CASCADE; CREATE TABLE event_audit_log (LIKE event_audit_log_archive)",
      "is not partitioned"
    ),
  ]

  @Test(arguments: obstacles) func whatSomebodyMustDecideIsInTheWay(_ sql: String, _ says: String)
    async throws
  {
    let database = try await makeMUTT(sql)
    let before = try await schema(database)
    var steps = 0
    let report = try PostgresAdoption.apply(database.address()) { _ in steps += 1 }
    #expect(report.obstacles.contains { $0.contains(says) }, "\(report.obstacles)")
    #expect(steps == 0)
    #expect(try await schema(database) == before)
  }

  /// Owners of the tables who may make no schema, as MUTT's own role is.
  @Test func itsOwnerAdoptsItWithoutRightsOnTheDatabase() async throws {
    _ = try await PostgreSQLDatabase.make()
    let database = try await makeMUTT()
    let me = "\(database.name)_owner"
    defer {
      _ = try? database.run("REASSIGN OWNED BY \(me) TO postgres; DROP OWNED BY \(me); DROP ROLE \(me)")
    }
    try database.run(
      """
      CREATE ROLE \(me) LOGIN;
      DO $$
      DECLARE
        item record;
      BEGIN
        FOR item IN SELECT oid::regclass AS name FROM pg_class
          WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
          EXECUTE format('ALTER TABLE %s OWNER TO \(me)', item.name);
        END LOOP;
        FOR item IN SELECT oid::regprocedure AS name FROM pg_proc
          WHERE pronamespace = 'public'::regnamespace LOOP
          EXECUTE format('ALTER FUNCTION %s OWNER TO \(me)', item.name);
        END LOOP;
      END $$
      """)
    let address = try PostgresAddress(database.cluster.url(database.name, user: me))
    let refused = try PostgresAdoption.apply(address) { _ in }
    #expect(refused.obstacles == ["\(me) may not make tables: GRANT CREATE ON SCHEMA public TO \(me)"])
    // What else there is, is said all the same.
    let report = try PostgresAdoption.report(address)
    #expect(report.obstacles == refused.obstacles)
    #expect(report.rules.count == 10 && report.partitions > 1 && report.steps.count > 30)
    try database.run("GRANT CREATE ON SCHEMA public TO \(me)")
    #expect(
      try database.run("SELECT has_database_privilege('\(me)', current_database(), 'CREATE')") == "f")
    #expect(try PostgresAdoption.apply(address) { _ in }.obstacles == [])
    #expect(try PostgresAdoption.report(address).isAdopted)
    // Somebody else learns at once that it is not his.
    let other = try await makeMUTT()
    let stranger = try PostgresAddress(other.cluster.url(other.name, user: me))
    let said = try PostgresAdoption.apply(stranger) { _ in }.obstacles
    #expect(said.first?.contains("does not own alert_rules, config_audit_log") == true, "\(said)")
    // Nor is the whole his when one partition is another's.
    let partly = try await makeMUTT(
      """
      CREATE TABLE one PARTITION OF event_audit_log FOR VALUES FROM ('2019-01-01') TO ('2019-02-01');
      ALTER TABLE alert_rules OWNER TO \(me); ALTER TABLE event_audit_log OWNER TO \(me);
      ALTER TABLE config_audit_log OWNER TO \(me); ALTER TABLE development_hosts OWNER TO \(me);
      ALTER TABLE device_teams OWNER TO \(me)
      """)
    let mine = try PostgresAddress(partly.cluster.url(partly.name, user: me))
    let lacking = try PostgresAdoption.apply(mine) { _ in }.obstacles
    #expect(lacking.first?.contains("does not own") == true && lacking.first?.contains("one") == true)
    try partly.run("REASSIGN OWNED BY \(me) TO postgres; DROP OWNED BY \(me)")
  }

  @Test func namesThatRulesHaveAlreadyStay() async throws {
    let database = try await makeMUTT(
      """
      ALTER TABLE alert_rules ADD COLUMN name text;
      UPDATE alert_rules SET name = 'rule-7' WHERE id = 3; UPDATE alert_rules SET name = 'mine' WHERE id = 4;
      """)
    let report = try PostgresAdoption.apply(database.address()) { _ in }
    #expect(report.steps.contains { $0.text.contains("8 rules get names") })
    #expect(
      try database.run("SELECT string_agg(name, ' ' ORDER BY id) FROM alert_rules")
        == "rule-1 rule-2 rule-7 mine rule-5 rule-6 rule-7-2 rule-8 rule-9 rule-10")
  }

  @Test func jsonBecomesTextWhereThatIsAllowed() async throws {
    let database = try await makeMUTT(
      "ALTER TABLE event_audit_log ALTER raw_message TYPE jsonb USING raw_message::jsonb")
    let report = try PostgresAdoption.apply(database.address(), rewrites: true) { _ in }
    #expect(report.obstacles == [])
    #expect(
      try database.run(
        "SELECT DISTINCT pg_typeof(raw_message), raw_message::jsonb ->> 'message' FROM event_audit_log")
        == "text|link down")
  }

  static let oddities: [(sql: String, says: String)] = [
    ("CREATE VIEW names AS SELECT hostname FROM event_audit_log", "names reads it: it stays"),
    (
      """
      ALTER TABLE alert_rules DROP CONSTRAINT alert_rules_match_type_check;
      UPDATE alert_rules SET match_type = 'prefix' WHERE id = 3
      """, "which is none"
    ),
    ("ALTER SEQUENCE alert_rules_id_seq RENAME TO rules_seq", "sequence public.rules_seq becomes"),
    (
      "ALTER TABLE alert_rules ALTER id DROP DEFAULT; DROP SEQUENCE alert_rules_id_seq",
      "alert_rules.id counts by"
    ),
    (
      "CREATE TABLE rest PARTITION OF event_audit_log DEFAULT",
      "partition rest becomes event_audit_log_default"
    ),
    (
      "CREATE TABLE y2020m03 PARTITION OF event_audit_log FOR VALUES FROM ('2020-03-01') TO ('2020-04-01')",
      "partition y2020m03 becomes event_audit_log_2020_03"
    ),
    ("DROP TABLE config_audit_log; DROP TABLE development_hosts", "table config_audit_log is made"),
    ("INSERT INTO development_hosts VALUES ('')", "the row without a name goes"),
    ("UPDATE alert_rules SET is_active = NULL WHERE id = 4", "1 empty rows become false"),
    (
      """
      CREATE TABLE event_audit_log_2088_01 PARTITION OF event_audit_log
        FOR VALUES FROM ('2088-01-01 05:00Z') TO ('2088-02-01 05:00Z')
      """, "partition event_audit_log_2088_02 is made, from where MUTT's partitions end"
    ),
    (
      """
      CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER watch BEFORE INSERT ON event_audit_log FOR EACH ROW EXECUTE FUNCTION pass()
      """, "event_audit_log keeps the trigger watch"
    ),
    ("ALTER TABLE alert_rules ENABLE ROW LEVEL SECURITY", "alert_rules keeps its row security"),
    (
      "ALTER TABLE event_audit_log ADD CONSTRAINT sane CHECK (length(hostname) < 200)",
      "event_audit_log keeps sane, CHECK"
    ),
    (
      "ALTER TABLE event_audit_log ADD CONSTRAINT once UNIQUE (event_timestamp, id, hostname)",
      "event_audit_log keeps once, UNIQUE"
    ),
    (
      "ALTER TABLE event_audit_log DROP CONSTRAINT event_audit_log_matched_rule_id_fkey",
      "has no foreign key to alert_rules"
    ),
    (
      "CREATE INDEX idx_partial ON ONLY event_audit_log (handling_decision)",
      "the index idx_partial is not valid"
    ),
    ("GRANT CREATE ON SCHEMA public TO PUBLIC", "everybody may make tables"),
  ]

  @Test(arguments: oddities) func whatIsUnusualIsBroughtAlong(_ sql: String, _ says: String) async throws {
    let database = try await makeMUTT(sql)
    let report = try PostgresAdoption.apply(database.address()) { _ in }
    #expect(report.obstacles == [])
    let texts = (report.steps.map(\.text) + report.remarks).joined(separator: "\n")
    #expect(texts.contains(says), "\(texts)")
    #expect(try PostgresAdoption.report(database.address()).isAdopted)
    try database.run(
      "INSERT INTO alert_rules (match_string, prod_handling, dev_handling) VALUES ('x', 'Ignore', 'Ignore')")
    #expect(
      try database.run("SELECT max(id), max(name) FILTER (WHERE id = 11) FROM alert_rules") == "11|rule-11")
  }

  @Test func whatMUTTDidNotMakeIsRefused() async throws {
    let database = try await PostgreSQLDatabase.make(migrated: false)
    let error = #expect(throws: StoreError.self) { try PostgresAdoption.report(database.address()) }
    #expect(error?.message.contains("muttd db migrate") == true)
    #expect(error?.code == .schema)
  }
}
