import Model

/// Looks at a database beside what `0001_tables` makes and finds the steps from one to the other. Runs inside
/// a transaction.
final class AdoptionSurvey {
  let connection: PostgresConnection
  let rewrites: Bool
  var found = AdoptionReport()
  /// Tables of 0001 that are not there.
  private(set) var missing: Set<String> = []

  /// MUTT's tables, and the columns that its own statements name.
  static let columns: [(table: String, columns: [String])] = [
    (
      "alert_rules",
      [
        "id", "match_string", "trap_oid", "syslog_severity", "match_type", "priority", "prod_handling",
        "dev_handling", "team_assignment", "is_active",
      ]
    ),
    ("development_hosts", ["hostname"]),
    ("device_teams", ["hostname", "team_assignment"]),
    (
      "event_audit_log",
      [
        "id", "event_timestamp", "hostname", "matched_rule_id", "handling_decision", "forwarded_to_moog",
        "raw_message",
      ]
    ),
    (
      "config_audit_log",
      [
        "id", "changed_at", "changed_by", "operation", "table_name", "record_id", "old_values", "new_values",
        "reason", "correlation_id",
      ]
    ),
  ]
  /// Tables that are only added to: their rows are never changed, however they look.
  static let logs: Set<String> = ["event_audit_log", "config_audit_log"]

  init(_ connection: PostgresConnection, rewrites: Bool) {
    self.connection = connection
    self.rewrites = rewrites
  }

  /// Nobody reads or writes the tables from here to the end of the transaction.
  func lock() throws(StoreError) {
    // Ours already, as far as it can be.
    if try exists("schema_migrations") { return }
    if try !missingRights().texts.isEmpty { return }
    for (table, _) in AdoptionSurvey.columns where try exists(table) {
      try connection.execute(
        "LOCK TABLE public.\(table) IN ACCESS EXCLUSIVE MODE", "waiting for whoever uses \(table)")
    }
  }

  func report() throws(StoreError) -> AdoptionReport {
    if try isOurs() {
      found.isAdopted = true
      return found
    }
    guard try hasMUTT() else { return found }
    let statements = MigrationText(PostgresMigrator.tables).statements
    for statement in statements {
      guard let subject = MigrationText.subject(statement), subject.hasPrefix("TABLE ") else { continue }
      let table = String(subject.dropFirst("TABLE ".count))
      if try !exists(table) { missing.insert(table) }
    }
    let (ours, theirs) = try readTables(statements)
    try readPeople()
    try comparePartitions()
    makeMissing(statements)
    for table in ours where !missing.contains(table.name) {
      guard let there = theirs.first(where: { $0.name == table.name }) else { continue }
      try compareColumns(table, there)
    }
    try nameRules()
    try foldHosts()
    for table in ours where !missing.contains(table.name) {
      guard let there = theirs.first(where: { $0.name == table.name }) else { continue }
      try compareConstraints(table, there)
      compareAdditions(table, there)
      compareIndexes(table, there, statements)
      try compareSequence(table.name)
    }
    try replaceFunctions()
    record()
    try lookAround(theirs)
    try lookAtAdditions()
    return found
  }

  // MARK: What is there

  func exists(_ table: String) throws(StoreError) -> Bool {
    try connection.query(
      "SELECT to_regclass('public.' || quote_ident($1)) IS NOT NULL", [.text(table)], "looking for \(table)"
    ).bool(0, 0)
  }

  private func isOurs() throws(StoreError) -> Bool {
    guard try exists("schema_migrations") else { return false }
    let columns = try connection.query(
      """
      SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public'
        AND table_name = 'schema_migrations' AND column_name IN ('version', 'name', 'checksum', 'applied_at')
      """, [], "looking at schema_migrations")
    guard columns.int(0, 0) == 4 else {
      found.obstacles.append(
        "schema_migrations is another program's table: rename it, or give muttd a database of its own")
      return false
    }
    return try connection.query(
      "SELECT EXISTS (SELECT 1 FROM public.schema_migrations WHERE version = 1)", [],
      "looking at schema_migrations"
    ).bool(0, 0)
  }

  /// MUTT's rules and audit, in a form that can be kept.
  private func hasMUTT() throws(StoreError) -> Bool {
    for table in ["alert_rules", "event_audit_log"] where try !exists(table) {
      throw StoreError(
        .schema,
        "\(connection.address.shown) has no table \(table), so MUTT did not make it. An empty database is "
          + "for muttd db migrate.")
    }
    let missing = try missingRights()
    found.obstacles += missing.texts
    if missing.areNeededToLook { return false }
    let key = try connection.query(
      "SELECT pg_get_partkeydef('public.event_audit_log'::regclass)", [], "looking at event_audit_log")
    if key.text(0, 0) != "RANGE (event_timestamp)" {
      found.obstacles.append(
        "event_audit_log is not partitioned by RANGE (event_timestamp): rename it, adopt, and copy its rows "
          + "over with INSERT … SELECT")
    }
    let rows = try connection.query(
      """
      SELECT count(*), coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'public.event_audit_log'::regclass
      """, [], "looking at event_audit_log")
    found.partitions = rows.int(0, 0) ?? 0
    found.auditRows = rows.int64(0, 1) ?? 0
    return try hasColumns() && found.obstacles.count == missing.texts.count
  }

  private func hasColumns() throws(StoreError) -> Bool {
    var isWhole = true
    for (table, columns) in AdoptionSurvey.columns where try exists(table) {
      let rows = try connection.query(
        """
        SELECT column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = $1
        """,
        [.text(table)], "looking at \(table)")
      let there = Set((0..<rows.count).compactMap { rows.text($0, 0) })
      let lacking = columns.filter { !there.contains($0) }
      if lacking.isEmpty { continue }
      isWhole = false
      found.obstacles.append(
        "\(table) lacks \(lacking.joined(separator: ", ")), which MUTT v2.5 has: bring it to v2.5 first")
    }
    return isWhole
  }

  /// Ours and those that are there. Ours are made as temporary tables and taken back: that takes no right to
  /// make a schema.
  private func readTables(_ statements: [String]) throws(StoreError)
    -> (ours: [AdoptionTable], theirs: [AdoptionTable])
  {
    let doing = "comparing the tables"
    try connection.execute("SAVEPOINT comparison; SET LOCAL search_path = pg_temp", doing)
    for statement in statements { try connection.execute(statement, doing) }
    let schema = try connection.query(
      "SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()", [], doing)
    let ours = try AdoptionTable.all(in: schema.text(0, 0) ?? "", connection)
    let theirs = try AdoptionTable.all(in: "public", connection)
    try connection.execute("ROLLBACK TO SAVEPOINT comparison; RELEASE SAVEPOINT comparison", doing)
    return (ours, theirs)
  }

  /// What this role may not do and would have to, each with what helps. Who owns the tables may look at
  /// them, and hears at once what else there is.
  private func missingRights() throws(StoreError) -> (texts: [String], areNeededToLook: Bool) {
    let row = try connection.query(
      """
      SELECT quote_ident(current_user), quote_ident(current_database()),
        has_database_privilege(current_database(), 'TEMPORARY'), has_schema_privilege('public', 'CREATE'),
        (SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c
         WHERE (c.relnamespace = 'public'::regnamespace AND c.relname = ANY (string_to_array($1, ','))
             OR c.oid IN (SELECT relid FROM pg_partition_tree('public.event_audit_log')))
           AND NOT pg_has_role(c.relowner, 'USAGE')),
        (SELECT string_agg(n, ', ') FROM unnest('{mutt_daemon,mutt_retention,mutt_people}'::text[]) n
         WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = n)
           AND NOT (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user))
      """, [.text(AdoptionSurvey.columns.map(\.table).joined(separator: ","))], "asking for rights")
    let (me, database) = (row.text(0, 0) ?? "", row.text(0, 1) ?? "")
    var missing: [String] = []
    if let tables = row.text(0, 4) {
      missing.append("\(me) does not own \(tables): run this as their owner, or as a superuser")
    }
    if !row.bool(0, 2) {
      missing.append(
        "\(me) may not make temporary tables: GRANT TEMPORARY ON DATABASE \(database) TO \(me)")
    }
    let areNeededToLook = !missing.isEmpty
    if !row.bool(0, 3) {
      missing.append("\(me) may not make tables: GRANT CREATE ON SCHEMA public TO \(me)")
    }
    if let roles = row.text(0, 5) {
      missing.append(
        "\(me) may not make the roles \(roles): ALTER ROLE \(me) CREATEROLE, or have them made before "
          + "(database/README.md)")
    }
    return (missing, areNeededToLook)
  }

  /// What stands beside MUTT's tables and is left alone.
  private func lookAround(_ theirs: [AdoptionTable]) throws(StoreError) {
    let rows = try connection.query(
      """
      SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
        AND NOT c.relispartition AND c.relname <> ALL (string_to_array($1, ','))
      """, [.text(AdoptionSurvey.columns.map(\.table).joined(separator: ",") + ",devices,config_version")],
      "looking at other tables")
    if let others = rows.text(0, 0) { found.remarks.append("left alone: \(others)") }
    let owner = try connection.query(
      """
      SELECT pg_get_userbyid(relowner), current_user,
        pg_get_userbyid(relowner) = current_user FROM pg_class WHERE oid = 'public.alert_rules'::regclass
      """, [], "looking at the owner")
    if !owner.bool(0, 2), let name = owner.text(0, 0), let me = owner.text(0, 1) {
      found.remarks.append(
        "alert_rules belongs to \(name), what is added will belong to \(me): better run this as \(name)")
    }
  }

  // MARK: Rules and hosts

  private func readPeople() throws(StoreError) {
    let rows = try connection.query(
      """
      SELECT id, match_string, trap_oid, syslog_severity, match_type, priority, prod_handling, dev_handling,
        team_assignment, is_active, to_jsonb(r) ->> 'name' FROM public.alert_rules r ORDER BY ctid
      """, [], "reading alert_rules")
    for row in 0..<rows.count {
      let id = rows.int64(row, 0) ?? 0
      guard let type = rows.text(row, 4).flatMap({ MatchType(rawValue: $0) }) else {
        found.remarks.append(
          "rule \(id) has the match_type \(rows.text(row, 4) ?? "NULL"), which is none: it decides nothing"
        )
        continue
      }
      var rule = Rule(
        name: rows.text(row, 10) ?? "rule-\(id)", matchType: type, matchString: rows.text(row, 1),
        trapOID: rows.text(row, 2),
        prodHandling: rows.text(row, 6) ?? "", devHandling: rows.text(row, 7) ?? "")
      rule.id = id
      rule.syslogSeverity = rows.int(row, 3)
      rule.priority = rows.int(row, 5) ?? 100
      rule.teamAssignment = rows.text(row, 8)
      rule.isActive = rows.bool(row, 9)
      found.rules.append(rule)
    }
    if !missing.contains("development_hosts") {
      let hosts = try connection.query(
        "SELECT hostname FROM public.development_hosts ORDER BY hostname COLLATE \"C\"", [],
        "reading development_hosts")
      found.developmentHosts = (0..<hosts.count).map { hosts.text($0, 0) ?? "" }
    }
    if !missing.contains("device_teams") {
      let teams = try connection.query(
        "SELECT hostname, team_assignment FROM public.device_teams ORDER BY hostname COLLATE \"C\"", [],
        "reading device_teams")
      found.deviceTeams = (0..<teams.count).map {
        DeviceTeam(hostname: teams.text($0, 0) ?? "", team: teams.text($0, 1) ?? "")
      }
    }
  }

  /// Where somebody has given another rule that name: rule-7-2.
  private func nameRules() throws(StoreError) {
    let nameless = try connection.query(
      "SELECT count(*) FROM public.alert_rules r WHERE coalesce(to_jsonb(r) ->> 'name', '') = ''", [],
      "counting rules without a name")
    guard let count = nameless.int(0, 0), count > 0 else { return }
    let free = "'rule-' || r.id || CASE WHEN n > 1 THEN '-' || n ELSE '' END"
    found.add(
      "alert_rules: \(count) rules get names, rule-1 for rule 1 and so on",
      """
      UPDATE public.alert_rules r SET name = (
        SELECT \(free) FROM generate_series(1, 1000) n
        WHERE NOT EXISTS (SELECT 1 FROM public.alert_rules o WHERE o.name = \(free)) ORDER BY n LIMIT 1)
      WHERE coalesce(name, '') = ''
      """)
  }

  /// Hosts that are one here: told apart by nothing but case.
  private func foldHosts() throws(StoreError) {
    for table in ["development_hosts", "device_teams"] where !missing.contains(table) {
      let value = table == "device_teams" ? "team_assignment" : "''"
      let rows = try connection.query(
        """
        SELECT string_agg(hostname, ', ' ORDER BY hostname COLLATE "C"), count(DISTINCT \(value)),
          max(hostname COLLATE "C") FROM public.\(table)
        GROUP BY lower(hostname) HAVING count(*) > 1 ORDER BY 1
        """, [], "looking for hosts that stand twice")
      var folds = false
      for row in 0..<rows.count {
        let names = rows.text(row, 0) ?? ""
        if rows.int(row, 1) != 1 {
          found.obstacles.append(
            "\(table): \(names) are one host here and have different teams: keep the one that is right, "
              + "delete the others")
        } else {
          folds = true
          found.add("\(table): \(names) are one host here: \(rows.text(row, 2) ?? "") stays", [])
        }
      }
      if folds {
        found.add(
          "\(table): what stands twice goes",
          """
          DELETE FROM public.\(table) a USING public.\(table) b
          WHERE lower(a.hostname) = lower(b.hostname) AND a.hostname COLLATE "C" < b.hostname COLLATE "C"
          """)
      }
      let empty = try connection.query(
        "SELECT count(*) FROM public.\(table) WHERE hostname = ''", [], "looking for empty names")
      if empty.int(0, 0) != 0 {
        found.add("\(table): the row without a name goes", "DELETE FROM public.\(table) WHERE hostname = ''")
      }
    }
  }

  // MARK: What is made

  private func makeMissing(_ statements: [String]) {
    for statement in statements {
      guard let subject = MigrationText.subject(statement) else { continue }
      let table = String(subject.drop { $0 != " " }.dropFirst())
      if subject.hasPrefix("TABLE "), missing.contains(table), !table.hasPrefix("event_audit_log") {
        found.add("table \(table) is made", statement)
      } else if subject.hasPrefix("INDEX "), let owner = AdoptionSurvey.table(of: statement),
        missing.contains(owner)
      {
        found.add("index \(table) is made", statement)
      } else if subject == "INTO config_version", missing.contains("config_version") {
        found.add("config_version starts at 1", statement)
      }
    }
  }

  /// The table of `CREATE INDEX … ON table …`.
  static func table(of statement: String) -> String? {
    let words = statement.split(whereSeparator: { $0 == " " || $0 == "\n" })
    guard let place = words.firstIndex(of: "ON"), place + 1 < words.endIndex else { return nil }
    return String(words[place + 1])
  }

  /// MUTT's functions of these names return other things and would stand in the way.
  private func replaceFunctions() throws(StoreError) {
    let names = PostgresMigrator.migrations.flatMap { MigrationText.functions($0.up) }
    let rows = try connection.query(
      """
      SELECT oid::regprocedure::text FROM pg_proc
      WHERE pronamespace = 'public'::regnamespace AND proname = ANY (string_to_array($1, ',')) ORDER BY 1
      """, [.text(names.joined(separator: ","))], "looking at functions")
    for row in 0..<rows.count {
      let function = rows.text(row, 0) ?? ""
      found.add("function \(function) is replaced by ours", "DROP FUNCTION public.\(function)")
    }
  }

  /// The migrations behind the first, and the record of all.
  private func record() {
    for migration in PostgresMigrator.migrations {
      let number = "migration \(migration.version) (\(migration.name))"
      let checksum =
        "UPDATE public.schema_migrations SET checksum = '\(SHA256.hex(migration.up))' "
        + "WHERE version = \(migration.version)"
      if migration.version == 1 {
        found.add(
          "\(number) is recorded",
          "INSERT INTO public.schema_migrations (version, name) VALUES (1, '\(migration.name)')", checksum)
      } else {
        found.add("\(number) is applied", MigrationText.body(migration.up), checksum)
      }
    }
  }
}

extension AdoptionReport {
  mutating func add(_ text: String, _ sql: String...) { steps.append(Step(text: text, sql: sql)) }
  mutating func add(_ text: String, _ sql: [String]) { steps.append(Step(text: text, sql: sql)) }
}
