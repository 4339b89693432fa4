import Glibc
import Model
import Store
import TestKit
import Testing

/// What only the embedded store promises.
@Suite struct SQLiteStoreTests {
  private let alice = EditActor(name: "alice", reason: "on call", correlationID: "c-9")

  private func open(
    _ directory: TemporaryDirectory, _ mode: SQLiteStore.Mode = .daemon, migrate: Bool = true
  ) throws -> SQLiteStore {
    try SQLiteStore(path: directory.file("muttd.db"), mode: mode, migrate: migrate, notices: { _ in })
  }

  private func rule(_ name: String) -> Rule {
    Rule(name: name, matchType: .contains, matchString: "x", prodHandling: "Page_only", devHandling: "Ignore")
  }

  private func code(_ body: () throws -> Void) -> StoreError.Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? StoreError)?.code
    }
  }

  @Test func everyChangeIsWrittenDownWithItsActor() throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    _ = try store.apply([.addRule(rule("r")), .addDevelopmentHost("lab")], by: alice)
    _ = try store.apply([.setRuleActive(name: "r", false), .removeDevelopmentHost("lab")], by: alice)
    let file = try DatabaseFile(directory.file("muttd.db"))
    let rows = try file.run(
      """
      SELECT changed_by, operation, table_name, record_id, record_key, reason, correlation_id,
        json_extract(old_values, '$.is_active'), json_extract(new_values, '$.is_active'),
        json_extract(new_values, '$.version')
      FROM config_audit_log ORDER BY id
      """)
    #expect(
      rows == """
        alice|CREATE|alert_rules|1|r|on call|c-9||1|1
        alice|CREATE|development_hosts||lab|on call|c-9|||
        alice|UPDATE|alert_rules|1|r|on call|c-9|1|0|2
        alice|DELETE|development_hosts||lab|on call|c-9|||
        """)
    #expect(try file.value("SELECT count(*) FROM config_actor") == "0")
  }

  @Test func anEditInTheShellCountsAndIsSeen() throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    let file = try DatabaseFile(directory.file("muttd.db"))
    let before = try store.catalogVersion()
    // Only MUTT's columns.
    try file.run(
      """
      INSERT INTO alert_rules (match_string, match_type, prod_handling, dev_handling, team_assignment)
      VALUES ('down', 'contains', 'Page_only', 'Ignore', 'NETO');
      INSERT INTO device_teams VALUES ('core1', 'NETO');
      """)
    #expect(try store.catalogVersion() == before + 2)
    let catalog = try store.loadCatalog()
    #expect(catalog.rules.map(\.name) == ["rule-1"])
    #expect(catalog.rules.first?.updatedBy == "sql")
    #expect(catalog.version == before + 2)
    try file.run("INSERT INTO devices (hostname) VALUES ('sw1')")
    #expect(try store.catalogVersion() == before + 3)
    // A sighting is no change.
    try file.run("UPDATE devices SET last_seen_at = '2026-11-21T02:14:05.000000Z'")
    #expect(try store.catalogVersion() == before + 3)
    #expect(try file.value("SELECT count(*) FROM config_audit_log") == "3")
  }

  @Test(arguments: [
    "UPDATE config_audit_log SET changed_by = 'x'", "DELETE FROM config_audit_log",
    "UPDATE event_audit_log SET hostname = 'x'", "UPDATE event_audit_log SET raw_message = NULL",
    "DELETE FROM alert_rules WHERE name = 'fired'", "UPDATE alert_rules SET id = 77 WHERE name = 'fired'",
    "UPDATE alert_rules SET name = NULL WHERE name = 'fired'",
    "INSERT INTO development_hosts VALUES ('LAB')", "INSERT INTO development_hosts VALUES ('')",
    "UPDATE alert_rules SET match_type = 'glob'", "UPDATE alert_rules SET severity = 6",
    "UPDATE alert_rules SET tags = 'a,b'", "UPDATE devices SET addresses = '192.0.2.1'",
    "UPDATE alert_rules SET priority = 'high'",
  ])
  func theTablesDefendThemselves(_ sql: String) throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    _ = try store.apply(
      [
        .addRule(rule("fired")), .addDevelopmentHost("lab"), .setDevice(Device(hostname: "d", addresses: [])),
      ],
      by: alice)
    var batch = EventBatch()
    var factory = EventFactory()
    factory.add(to: &batch, rule: (1, "fired"))
    _ = try store.append(batch, matchedOnly: true, afterDoubt: false)
    let file = try DatabaseFile(directory.file("muttd.db"))
    #expect(throws: DatabaseFile.Failure.self) { try file.run(sql) }
  }

  @Test func aRuleThatNeverFiredMayBeDeletedAndItsIdIsNotGivenAgain() throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    _ = try store.apply([.addRule(rule("a")), .addRule(rule("b"))], by: alice)
    let file = try DatabaseFile(directory.file("muttd.db"))
    try file.run("DELETE FROM alert_rules WHERE name = 'b'")
    _ = try store.apply([.addRule(rule("c"))], by: alice)
    #expect(try store.loadCatalog().rules.map(\.id) == [1, 3])
  }

  @Test func aRuleTakenAwayUnderItsRowLeavesItsName() throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    _ = try store.apply([.addRule(rule("a"))], by: alice)
    var batch = EventBatch()
    var factory = EventFactory()
    let id = factory.add(to: &batch, rule: (1, "a"))
    try DatabaseFile(directory.file("muttd.db")).run("DELETE FROM alert_rules")
    #expect(try store.append(batch, matchedOnly: true, afterDoubt: false).written == 1)
    #expect(try store.auditEvent(id: id)?.attributes == #"{"rule":"a"}"#)
  }

  @Test func timesAreTextThatTheShellReads() throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    var batch = EventBatch()
    var factory = EventFactory()
    factory.add(to: &batch, rule: nil)
    factory.add(to: &batch, rule: nil)
    batch.rows[0].time = Timestamp(nanoseconds: 1_795_227_245_913_482_999)
    batch.rows[1].time = Timestamp(nanoseconds: -1_000_000)
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    let rows = try DatabaseFile(directory.file("muttd.db")).run(
      "SELECT event_timestamp, unixepoch(event_timestamp), typeof(id) FROM event_audit_log ORDER BY id")
    #expect(
      rows == """
        2026-11-21T02:14:05.913482Z|1795227245|integer
        1969-12-31T23:59:59.999000Z|-1|integer
        """)
  }

  /// The statements of a page by rule, of a page by host among the newest rows, and of a row a block named.
  @Test func pagesAreReadInOrder() throws {
    let directory = TemporaryDirectory()
    _ = try open(directory)
    let file = try DatabaseFile(directory.file("muttd.db"))
    let cases = [
      ("matched_rule_id = 3", "USING INDEX event_audit_log_rule"),
      ("hostname COLLATE NOCASE = 'a' AND id >= 5", "USING INTEGER PRIMARY KEY (rowid>?)"),
      ("hostname COLLATE NOCASE = 'a' AND id = 5", "USING INTEGER PRIMARY KEY (rowid=?)"),
    ]
    for (condition, way) in cases {
      let plan = try file.run(
        "EXPLAIN QUERY PLAN SELECT * FROM event_audit_log WHERE \(condition) ORDER BY id DESC LIMIT 10")
      #expect(plan.contains(way), "\(condition): \(plan)")
      #expect(!plan.contains("TEMP B-TREE"))
    }
  }

  @Test func queriesByTimeFindDevicesWithOddClocks() throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    var batch = EventBatch()
    var factory = EventFactory()
    for _ in 0..<3 { factory.add(to: &batch, rule: nil) }
    let arrival = batch.rows[0].arrival
    batch.rows[0].time = arrival.adding(seconds: -86_400)
    batch.rows[1].time = arrival.adding(seconds: 300)
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    func found(_ since: Int64, _ until: Int64) throws -> [EventID] {
      var query = AuditQuery()
      query.since = arrival.adding(seconds: since)
      query.until = arrival.adding(seconds: until)
      return try store.auditEvents(query).events.map(\.id)
    }
    #expect(try found(-86_400, -86_399) == [batch.rows[0].id])
    #expect(try found(300, 301) == [batch.rows[1].id])
    #expect(try found(-60, 60) == [batch.rows[2].id])
    // Ids that run far ahead of the clock: a bound by id would hide everything.
    var ahead = EventBatch()
    factory.add(to: &ahead, rule: nil)
    ahead.rows[0].id = EventID(milliseconds: arrival.milliseconds + 90 * 86_400_000, node: 1, sequence: 0)
    _ = try store.append(ahead, matchedOnly: false, afterDoubt: false)
    #expect(try found(-60, 60).count == 2)
  }

  @Test func whatWasCommittedSurvivesWithoutAClose() throws {
    let directory = TemporaryDirectory()
    let first = try open(directory)
    var batch = EventBatch()
    var factory = EventFactory()
    for _ in 0..<100 { factory.add(to: &batch, rule: nil) }
    _ = try first.append(batch, matchedOnly: false, afterDoubt: false)
    // As after a kill: the files as they are now, the log not folded back.
    let copy = TemporaryDirectory()
    for name in directory.files {
      try DatabaseFile.write(try DatabaseFile.read(directory.file(name)), to: copy.file(name))
    }
    let second = try open(copy)
    #expect(try second.append(batch, matchedOnly: false, afterDoubt: true).alreadyThere == 100)
  }

  @Test func modesKeepTheirPromises() throws {
    let directory = TemporaryDirectory()
    #expect(code { _ = try open(directory, .readOnly) } == .unavailable)
    #expect(code { _ = try open(directory, .commandLine, migrate: false) } == .unavailable)
    #expect(directory.files.isEmpty)
    let store = try open(directory, .commandLine)
    let reader = try open(directory, .readOnly)
    _ = try store.apply([.addDevelopmentHost("lab")], by: alice)
    #expect(try reader.loadCatalog().developmentHosts == ["lab"])
    #expect(code { _ = try reader.apply([.addDevelopmentHost("x")], by: alice) } == .readOnly)
    var status = stat()
    for name in directory.files {
      #expect(unsafe stat(directory.file(name), &status) == 0)
      #expect(status.st_mode & 0o777 == 0o640, "\(name)")
    }
    #expect(
      code { _ = try SQLiteStore(path: "/nowhere/x.db", mode: .daemon, migrate: true, notices: { _ in }) }
        == .unavailable)
  }

  /// Root alone can try: what it makes belongs to the owner of the directory.
  @Test(.enabled(if: geteuid() == 0)) func rootLeavesNothingOfItsOwn() throws {
    let directory = TemporaryDirectory()
    let owner: uid_t = 65_534
    #expect(unsafe chown(directory.path, owner, owner) == 0)
    let store = try open(directory)
    _ = try store.apply([.addDevelopmentHost("lab")], by: alice)
    let outbox = try Outbox(path: directory.file("outbox.db"), sync: .full, notices: { _ in })
    var work = Outbox.Work()
    work.idCeiling = 1
    _ = try outbox.write(work)
    #expect(directory.files.count == 7)
    var status = stat()
    for name in directory.files {
      #expect(unsafe stat(directory.file(name), &status) == 0)
      #expect(status.st_uid == owner && status.st_gid == owner, "\(name)")
    }
    store.close()
    outbox.close()
  }

  @Test func threadsMayShareAStore() async throws {
    let directory = TemporaryDirectory()
    let store = try open(directory)
    var factory = EventFactory()
    let batches = (0..<80).map { _ in
      var batch = EventBatch()
      for _ in 0..<10 { factory.add(to: &batch, rule: nil) }
      return batch
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for batch in batches[task * 10..<task * 10 + 10] {
            _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
            _ = try store.loadCatalog()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(
      try DatabaseFile(directory.file("muttd.db")).value("SELECT count(*) FROM event_audit_log") == "800")
  }
}
