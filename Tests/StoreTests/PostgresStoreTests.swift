import Model
import TestKit
import Testing

@testable import Store

@Suite struct PostgresStoreTests {
  private func store(_ database: PostgreSQLDatabase, node: Int? = nil) -> PostgresStore {
    PostgresStore(
      address: { () throws(StoreError) in try PostgresAddress(database.daemonURL) }, node: node,
      notices: { _ in })
  }

  private func error(_ body: () throws -> Void) -> StoreError? {
    do {
      try body()
      return nil
    } catch {
      return error as? StoreError
    }
  }

  /// Hosts of more than an index entry's length, which the server refuses, at `bad` among `count`.
  private func batch(_ count: Int, bad: Set<Int>) -> EventBatch {
    var batch = EventBatch()
    var factory = EventFactory()
    // Random enough that it cannot be compressed.
    var state: UInt64 = 7
    var long = ""
    for _ in 0..<6_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      long.unicodeScalars.append(Unicode.Scalar(UInt8(33 + state >> 58)))
    }
    for number in 0..<count {
      factory.add(
        to: &batch, host: bad.contains(number) ? long : "core\(number)",
        rule: number % 3 == 0 ? (77, "gone") : nil)
    }
    return batch
  }

  @Test(arguments: [false, true]) func aRowThatIsRefusedLosesNoOther(_ afterDoubt: Bool) async throws {
    let database = try await PostgreSQLDatabase.make()
    let store = store(database)
    defer { store.close() }
    let bad: Set = [0, 17, 18, 99]
    let batch = batch(100, bad: bad)
    let result = try store.append(batch, matchedOnly: false, afterDoubt: afterDoubt)
    #expect(result.written == 96 && result.alreadyThere == 0)
    #expect(result.setAside.map(\.id) == bad.sorted().map { batch.rows[$0].id })
    #expect(result.setAside.allSatisfy { $0.reason.contains("index row") }, "\(result.setAside)")
    #expect(try database.run("SELECT count(*), count(matched_rule_id) FROM event_audit_log") == "96|0")
    // The rest is there now; what was refused is refused again.
    let again = try store.append(batch, matchedOnly: false, afterDoubt: true)
    #expect(again.written == 0 && again.alreadyThere == 96 && again.setAside.count == 4)
  }

  /// A trigger or a policy of somebody's that refuses one row says so with a word that may be about the
  /// table: said again and again while the table takes others, it is taken to be about the row.
  @Test(arguments: [
    """
    CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.hostname = 'core5' THEN RAISE EXCEPTION 'no core5 here'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER picky BEFORE INSERT ON event_audit_log FOR EACH ROW EXECUTE FUNCTION picky();
    """,
    """
    CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.hostname IS NULL OR NEW.hostname = 'core5' THEN PERFORM 1 FROM no_such_table; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER picky BEFORE INSERT ON event_audit_log FOR EACH ROW EXECUTE FUNCTION picky();
    """,
    """
    ALTER TABLE event_audit_log ENABLE ROW LEVEL SECURITY;
    CREATE POLICY picky ON event_audit_log FOR INSERT WITH CHECK (hostname IS DISTINCT FROM 'core5');
    CREATE POLICY all_is_read ON event_audit_log FOR SELECT USING (true);
    """,
  ])
  func aRowThatSomebodysTriggerRefusesHoldsUpNoOther(_ sql: String) async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run(sql)
    let store = store(database)
    defer { store.close() }
    let batch = batch(20, bad: [])
    var result = AppendResult()
    var attempts = 0
    while attempts < 5, result.written == 0 {
      attempts += 1
      do {
        result = try store.append(batch, matchedOnly: false, afterDoubt: attempts > 1)
      } catch {
        #expect(attempts < 4, "\(error)")
      }
    }
    #expect(attempts > 2)
    #expect(result.written == 19 && result.setAside.map(\.id) == [batch.rows[5].id])
    #expect(try database.run("SELECT count(*) FROM event_audit_log") == "19")
    // What follows is written at once, and still without a row's being taken for one that is there.
    var next = self.batch(40, bad: [])
    next.rows.removeFirst(20)
    let following = next
    #expect(try store.append(following, matchedOnly: false, afterDoubt: false).written == 20)
    #expect(
      error { _ = try store.append(following, matchedOnly: false, afterDoubt: false) }?.code == .conflict)
    #expect(try store.append(following, matchedOnly: false, afterDoubt: true).alreadyThere == 20)
  }

  /// A table with row security takes no COPY: that is found once, and no batch waits for it.
  @Test func rowSecurityFailsNoBatch() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run(
      """
      ALTER TABLE event_audit_log ENABLE ROW LEVEL SECURITY;
      CREATE POLICY all_is_written ON event_audit_log FOR INSERT WITH CHECK (true);
      CREATE POLICY all_is_read ON event_audit_log FOR SELECT USING (true);
      """)
    let store = store(database)
    defer { store.close() }
    let first = batch(20, bad: [])
    #expect(try store.append(first, matchedOnly: false, afterDoubt: false).written == 20)
    var next = batch(40, bad: [])
    next.rows.removeFirst(20)
    #expect(try store.append(next, matchedOnly: false, afterDoubt: false).written == 20)
    #expect(try database.run("SELECT count(*) FROM event_audit_log") == "40")
  }

  /// What refuses every row is about the table: nothing is set aside, however often it is said.
  @Test(arguments: [
    """
    CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'never'; END $$;
    CREATE TRIGGER never BEFORE INSERT ON event_audit_log FOR EACH ROW EXECUTE FUNCTION never();
    """,
    "REVOKE INSERT ON event_audit_log FROM mutt_daemon",
    "ALTER TABLE event_audit_log ADD COLUMN site text NOT NULL",
    "ALTER TABLE event_audit_log DROP COLUMN clock CASCADE",
    """
    REVOKE INSERT ON event_audit_log FROM mutt_daemon;
    GRANT INSERT (id, event_timestamp, hostname, matched_rule_id, handling_decision, raw_message)
      ON event_audit_log TO mutt_daemon
    """,
  ])
  func aTableThatTakesNoRowSetsNoneAside(_ sql: String) async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run(sql)
    let store = store(database)
    defer { store.close() }
    let batch = batch(20, bad: [])
    for _ in 1...5 {
      #expect(error { _ = try store.append(batch, matchedOnly: false, afterDoubt: true) } != nil)
    }
    try database.run(
      """
      DROP TRIGGER IF EXISTS never ON event_audit_log; GRANT INSERT ON event_audit_log TO mutt_daemon;
      ALTER TABLE event_audit_log DROP COLUMN IF EXISTS site, ADD COLUMN IF NOT EXISTS clock text;
      """)
    let result = try store.append(batch, matchedOnly: false, afterDoubt: true)
    #expect(result.written == 20 && result.setAside.isEmpty)
  }

  /// A constraint of somebody's that two rows break together: neither is taken for one that is there.
  @Test func anotherUniqueConstraintSwallowsNothing() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run(
      "ALTER TABLE event_audit_log ADD CONSTRAINT one_a_time UNIQUE (event_timestamp, hostname)")
    let store = store(database)
    defer { store.close() }
    var batch = batch(4, bad: [])
    batch.rows[3].host = batch.rows[1].host
    batch.rows[3].time = batch.rows[1].time
    let first = batch
    #expect(
      error { _ = try store.append(first, matchedOnly: false, afterDoubt: false) }?.code == .conflict)
    let result = try store.append(first, matchedOnly: false, afterDoubt: true)
    #expect(result.written == 3 && result.alreadyThere == 0)
    #expect(result.setAside.map(\.id) == [batch.rows[3].id])
    #expect(result.setAside.first?.reason.contains("duplicate key") ?? false)
  }

  @Test func textsAreMadeSafeBeforeTheyLeave() async throws {
    let database = try await PostgreSQLDatabase.make()
    let store = store(database)
    defer { store.close() }
    for afterDoubt in [false, true] {
      var batch = EventBatch()
      var factory = EventFactory()
      if afterDoubt { for _ in 0..<2 { factory.add(to: &batch, rule: nil) } }
      batch.clear()
      factory.add(to: &batch, raw: "abcdef", rule: nil)
      factory.add(to: &batch, raw: "whole", rule: nil)
      let start = batch.rows[0].raw.start
      for (offset, byte) in [(1, 0), (2, 0xFF), (3, 0xC3), (5, 0xE2)] as [(Int, UInt8)] {
        batch.bytes[start + offset] = byte
      }
      #expect(try store.append(batch, matchedOnly: false, afterDoubt: afterDoubt).written == 2)
      let raw = try store.auditEvent(id: batch.rows[0].id)?.raw
      #expect(raw == "a\u{FFFD}\u{FFFD}\u{FFFD}e\u{FFFD}")
    }
  }

  @Test func theFormOfEachColumnIsTheServers() async throws {
    let database = try await PostgreSQLDatabase.make()
    let store = store(database)
    defer { store.close() }
    var batch = EventBatch()
    var factory = EventFactory()
    factory.add(to: &batch, rule: nil, labels: #"{"b":"1","a":"2"}"#)
    factory.add(to: &batch, rule: nil)
    batch.rows[1].peer = try #require(IPAddress("2001:db8::7"))
    batch.rows[1].time = Timestamp(nanoseconds: -1_999)
    batch.rows[1].severity = -1
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    let rows = try database.run(
      """
      SELECT event_timestamp AT TIME ZONE 'UTC', source, source_addr, severity, environment, parse, host_from,
        clock, attrs, forwarded_to_moog FROM event_audit_log ORDER BY id
      """)
    #expect(
      rows == """
        2026-11-21 02:14:03|syslog|192.0.2.1|3|prod|rfc3164|devices|device|{"labels": {"a": "2", "b": "1"}}|f
        1969-12-31 23:59:59.999998|syslog|2001:db8::7||prod|rfc3164|devices|device||f
        """)
  }

  @Test func editsCarryTheirActorAndSeeOthers() async throws {
    let database = try await PostgreSQLDatabase.make()
    let store = store(database)
    defer { store.close() }
    let before = try store.catalogVersion()
    try database.run("INSERT INTO development_hosts VALUES ('by-psql')")
    #expect(try store.catalogVersion() == before + 1)
    _ = try store.apply(
      [.addDevelopmentHost("mine")],
      by: EditActor(name: "o'neil", reason: "a \"reason\"", correlationID: "c-9"))
    #expect(
      try database.run(
        "SELECT changed_by, reason, correlation_id FROM config_audit_log ORDER BY id DESC LIMIT 1")
        == "o'neil|a \"reason\"|c-9")
    #expect(try store.loadCatalog().developmentHosts == ["by-psql", "mine"])
    let nul = error {
      _ = try store.apply(
        [.addDevelopmentHost("a"), .setTeam(DeviceTeam(hostname: "a", team: "x\u{0}"))],
        by: EditActor(name: "a"))
    }
    #expect(nul?.code == .constraint && nul?.message.contains("NUL") == true)
    #expect(try store.loadCatalog().developmentHosts == ["by-psql", "mine"])
  }

  @Test func whatIsDoneToTheOutboxByHandIsWrittenDown() async throws {
    let database = try await PostgreSQLDatabase.make()
    let store = store(database)
    defer { store.close() }
    let before = try store.catalogVersion()
    try store.noteOutboxChange(
      isPurge: true, choice: "destination a\"b", counts: [("a\"b", 3), ("c", 1)],
      by: EditActor(name: "alice", reason: "CHG-1", correlationID: "c-1"))
    try store.noteOutboxChange(isPurge: false, choice: "all", counts: [("c", 2)], by: EditActor(name: "bob"))
    let rows = try database.run(
      """
      SELECT changed_by, operation, table_name, record_key, old_values, new_values, reason, correlation_id
      FROM config_audit_log ORDER BY id
      """)
    #expect(
      rows == """
        alice|DELETE|outbox|destination a"b|{"c": 1, "a\\"b": 3}||CHG-1|c-1
        bob|UPDATE|outbox|all||{"c": 2}||
        """)
    // No rule, no host has changed by it.
    #expect(try store.catalogVersion() == before)
  }

  @Test func attributesOfDevicesAreComparedByMeaning() async throws {
    let database = try await PostgreSQLDatabase.make()
    let store = store(database)
    defer { store.close() }
    let catalog = Catalog(devices: [
      Device(hostname: "core1", addresses: [], attributes: #"{"site":"a b","model":"x","n":[1, 2]}"#)
    ])
    #expect(try store.replaceCatalog(with: catalog, by: EditActor(name: "file")).devicesSet == 1)
    #expect(try store.replaceCatalog(with: catalog, by: EditActor(name: "file")).isEmpty)
    #expect(try store.loadCatalog().devices[0].attributes == #"{"n":[1,2],"site":"a b","model":"x"}"#)
    var broken = catalog
    broken.devices[0].attributes = "{"
    #expect(
      error { _ = try store.replaceCatalog(with: broken, by: EditActor(name: "file")) }?.code == .constraint)
  }

  @Test func marksAreFoundByTimeAndManyAtOnce() async throws {
    let database = try await PostgreSQLDatabase.make()
    let store = store(database)
    defer { store.close() }
    var batch = EventBatch()
    var factory = EventFactory()
    for _ in 0..<1_200 { factory.add(to: &batch, rule: nil) }
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    let marks = batch.rows.map { DeliveredMark(eventID: $0.id, eventTime: $0.time) }
    #expect(try store.markDelivered(marks) == marks)
    #expect(try database.run("SELECT count(*) FROM event_audit_log WHERE forwarded_to_moog") == "1200")
    let elsewhere = DeliveredMark(eventID: marks[0].eventID, eventTime: marks[0].eventTime.adding(seconds: 1))
    #expect(try store.markDelivered([elsewhere]) == [])
  }

  // MARK: Sessions

  @Test func aSessionThatEndsIsMadeAnew() async throws {
    let database = try await PostgreSQLDatabase.make()
    let store = store(database)
    defer { store.close() }
    let version = try store.catalogVersion()
    try database.run(
      """
      SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()
      """)
    // Nobody can say whether a change was made: that is for the caller to find out.
    let mark = DeliveredMark(eventID: EventID(rawValue: 1), eventTime: EventFactory.start)
    #expect(error { _ = try store.markDelivered([mark]) }?.code == .unavailable)
    #expect(try store.catalogVersion() == version)
  }

  @Test func twoDaemonsNeverShareANode() async throws {
    let database = try await PostgreSQLDatabase.make()
    let first = store(database, node: 7)
    defer { first.close() }
    let second = store(database, node: 7)
    defer { second.close() }
    let third = store(database, node: 8)
    defer { third.close() }
    try first.connect()
    let taken = error { try second.connect() }
    #expect(taken?.code == .nodeTaken && taken?.message.contains("node 7") == true)
    try third.connect()
    first.close()
    // The server notices the end of a session in its own time.
    for _ in 0..<3_000 where error({ try second.connect() }) != nil {
      try await Task.sleep(for: .milliseconds(10))
    }
    try second.connect()
  }

  /// A session that we gave up stands in nobody's way: it is ended, and no other's is.
  @Test func whatIsLeftOfOurOwnSessionIsEnded() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await offPool {
      let store = self.store(database, node: 7)
      defer { store.close() }
      try store.connect()
      let node = """
        SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND objid = 7
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
      let before = try database.run(node)
      // The server does not notice: it is busy with a statement that does not look at its client.
      store.endPatience(in: 300_000_000)
      let gone = self.error {
        try store.use { session throws(StoreError) in
          try session.connection.execute(
            "SET client_connection_check_interval = 0; SET statement_timeout = 0; SELECT pg_sleep(60)",
            "sleeping")
        }
      }
      #expect(gone?.message.contains("does not answer") == true)
      #expect(try database.run(node) == before)
      try store.connect(within: 20_000_000_000)
      let after = try database.run(node)
      #expect(after != before && !after.isEmpty)
      let other = self.store(database, node: 7)
      defer { other.close() }
      #expect(self.error { try other.connect() }?.code == .nodeTaken)
      #expect(try database.run(node) == after)
    }
  }

  @Test func anEndOfPatienceEndsAWait() async throws {
    let database = try await PostgreSQLDatabase.make()
    let store = store(database)
    defer { store.close() }
    try store.connect()
    async let ended = offPool {
      self.error {
        try store.use { session throws(StoreError) in
          _ = try session.connection.query("SELECT pg_sleep(8)", [], "sleeping")
        }
      }
    }
    try await Task.sleep(for: .milliseconds(200))
    store.endPatience(in: 0)
    let failure = try await ended
    #expect(failure?.code == .unavailable)
    #expect(failure?.message.contains("sleeping failed: the server does not answer") == true)
  }

  // MARK: Errors

  @Test(arguments: [
    ("postgresql://u:s3cret@%2Fno-such-folder/x", "connecting failed"),
    ("postgresql://u:s3cret@127.0.0.1:1/x?connect_timeout=2", "connecting failed"),
    ("postgresql://u@127.0.0.1:1/x?password=s3cret&sslmode=disable", "127.0.0.1:1"),
  ])
  func noPasswordStandsInAMessage(_ url: String, _ words: String) throws {
    let store = PostgresStore(
      address: { () throws(StoreError) in try PostgresAddress(url) }, notices: { _ in })
    let failure = try #require(error { _ = try store.catalogVersion() })
    #expect(failure.code == .unavailable)
    #expect(failure.message.contains(words), "\(failure.message)")
    #expect(!failure.message.contains("s3cret"), "\(failure.message)")
  }

  @Test(arguments: [
    (
      "postgresql://muttd:pw@a.example,b.example:5433/mutt?target_session_attrs=read-write",
      "postgresql://a.example,b.example:5433/mutt"
    ),
    ("postgresql://db/x", "postgresql://db/x"),
    ("postgres:///x?host=/run/postgresql", "postgresql:///run/postgresql/x"),
    ("postgresql://a:1,b:2/x", "postgresql://a:1,b:2/x"),
  ])
  func addressesAreShownWithoutSecrets(_ url: String, _ shown: String) throws {
    #expect(try PostgresAddress(url).shown == shown)
  }

  @Test(arguments: ["mysql://x", "postgresql://[::1", "postgresql://h/db?no_such=1", "postgresql://%zz/", ""])
  func whatIsNoAddressIsRefusedWithoutRepeatingIt(_ url: String) throws {
    let failure = try #require(error { _ = try PostgresAddress(url) })
    #expect(failure.code == .constraint)
    #expect(url.isEmpty || !failure.message.contains(url))
  }

  @Test(arguments: [
    ("23505", StoreError.Code.conflict), ("23503", .constraint), ("22021", .constraint),
    ("54000", .constraint),
    ("25006", .readOnly), ("53100", .full), ("57P01", .unavailable), ("08006", .unavailable),
    ("28P01", .unavailable), ("3D000", .unavailable), ("53300", .unavailable), ("57014", .busy),
    ("55P03", .busy), ("40P01", .busy), ("42P01", .schema), ("42501", .permission), ("XX001", .corrupt),
    ("58030", .io),
  ])
  func codesOfTheServer(_ state: String, _ code: StoreError.Code) {
    #expect(StoreError.Code(sqlstate: state) == code)
    #expect(code.serverAdvice.hasSuffix("."))
  }
}
