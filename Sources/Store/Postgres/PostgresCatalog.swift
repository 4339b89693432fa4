import Model

/// Reads and writes what people maintain as rows of PostgreSQL.
struct PostgresCatalog {
  private let connection: PostgresConnection

  init(_ connection: PostgresConnection) { self.connection = connection }

  // MARK: Reading

  /// Everything but the version. `unreadable` hears of rows that no rule can be made of.
  func read(_ unreadable: (String) -> Void) throws(StoreError) -> Catalog {
    var catalog = Catalog()
    catalog.rules = try readRules(unreadable)
    let hosts = try connection.query(
      "SELECT hostname FROM development_hosts ORDER BY hostname COLLATE \"C\"", [],
      "reading development_hosts")
    catalog.developmentHosts = (0..<hosts.count).map { hosts.text($0, 0) ?? "" }
    let teams = try connection.query(
      "SELECT hostname, team_assignment FROM device_teams ORDER BY hostname COLLATE \"C\"", [],
      "reading device_teams")
    catalog.deviceTeams = (0..<teams.count).map { row in
      DeviceTeam(hostname: teams.text(row, 0) ?? "", team: teams.text(row, 1) ?? "")
    }
    catalog.devices = try readDevices(unreadable)
    return catalog
  }

  private func readRules(_ unreadable: (String) -> Void) throws(StoreError) -> [Rule] {
    let rows = try connection.query(
      """
      SELECT id, name, match_type, match_string, trap_oid, syslog_severity, priority, prod_handling,
        dev_handling, team_assignment, is_active, description, severity, key, summary, doc_url, version,
        \(PostgresStore.utc("updated_at")), updated_by
      FROM alert_rules ORDER BY id
      """, [], "reading alert_rules")
    let lists = try readLists()
    var found: [Rule] = []
    found.reserveCapacity(rows.count)
    for row in 0..<rows.count {
      let id = rows.int64(row, 0) ?? 0
      let name = rows.text(row, 1) ?? "rule-\(id)"
      guard let type = rows.text(row, 2), let matchType = MatchType(rawValue: type) else {
        unreadable(
          "Rule \(name) has the match_type \(rows.text(row, 2) ?? "NULL"), which is none, and is left out.")
        continue
      }
      var rule = Rule(
        name: name, matchType: matchType, matchString: rows.text(row, 3), trapOID: rows.text(row, 4),
        prodHandling: rows.text(row, 7) ?? "", devHandling: rows.text(row, 8) ?? "")
      rule.id = id
      rule.syslogSeverity = rows.int(row, 5)
      rule.priority = rows.int(row, 6) ?? 100
      rule.teamAssignment = rows.text(row, 9)
      rule.isActive = rows.bool(row, 10)
      rule.description = rows.text(row, 11)
      rule.severity = rows.int(row, 12)
      rule.key = rows.text(row, 13)
      rule.summary = rows.text(row, 14)
      rule.docURL = rows.text(row, 15)
      rule.version = rows.int(row, 16) ?? 1
      rule.updatedAt = rows.time(row, 17) ?? .absent
      rule.updatedBy = rows.text(row, 18)
      if let list = lists[id] {
        rule.tags = list.tags
        rule.matchExamples = list.match
        rule.noMatchExamples = list.noMatch
      }
      found.append(rule)
    }
    return found
  }

  private struct Lists {
    var tags: [String] = []
    var match: [String] = []
    var noMatch: [String] = []
  }

  /// The texts in the JSON of rules, by rule; values that are no text are left out.
  private func readLists() throws(StoreError) -> [Int64: Lists] {
    func part(_ kind: Int, _ list: String) -> String {
      """
      SELECT r.id, \(kind) AS kind, e.place, e.value #>> '{}' AS text FROM alert_rules r
        CROSS JOIN LATERAL jsonb_array_elements(
          CASE jsonb_typeof(\(list)) WHEN 'array' THEN \(list) ELSE '[]' END)
          WITH ORDINALITY AS e (value, place)
      WHERE jsonb_typeof(e.value) = 'string'
      """
    }
    let rows = try connection.query(
      [part(0, "r.tags"), part(1, "r.examples -> 'match'"), part(2, "r.examples -> 'no_match'")]
        .joined(separator: "\nUNION ALL\n") + "\nORDER BY 1, 2, 3", [], "reading lists of rules")
    var found: [Int64: Lists] = [:]
    for row in 0..<rows.count {
      guard let id = rows.int64(row, 0), let text = rows.text(row, 3) else { continue }
      switch rows.int(row, 1) {
      case 0: found[id, default: Lists()].tags.append(text)
      case 1: found[id, default: Lists()].match.append(text)
      default: found[id, default: Lists()].noMatch.append(text)
      }
    }
    return found
  }

  private func readDevices(_ unreadable: (String) -> Void) throws(StoreError) -> [Device] {
    let rows = try connection.query(
      """
      SELECT hostname, array_to_string(addresses, ' '), attrs, \(PostgresStore.utc("first_seen_at")),
        \(PostgresStore.utc("last_seen_at"))
      FROM devices ORDER BY hostname COLLATE "C"
      """, [], "reading devices")
    var found: [Device] = []
    found.reserveCapacity(rows.count)
    for row in 0..<rows.count {
      let hostname = rows.text(row, 0) ?? ""
      var addresses: [IPAddress] = []
      for text in (rows.text(row, 1) ?? "").split(separator: " ") {
        if let address = IPAddress(String(text)) {
          addresses.append(address)
        } else {
          unreadable("Device \(hostname) has the address \(text), which is a network; it is left out.")
        }
      }
      var device = Device(
        hostname: hostname, addresses: addresses,
        attributes: rows.text(row, 2).map { PostgresJSON.compact($0) })
      device.firstSeenAt = rows.time(row, 3) ?? .absent
      device.lastSeenAt = rows.time(row, 4) ?? .absent
      found.append(device)
    }
    return found
  }

  // MARK: Writing

  func take(_ step: CatalogPlan.Step) throws(StoreError) {
    switch step {
    case .insertRule(let rule): try insert(rule)
    case .updateRule(let rule): try update(rule)
    case .insertDevelopmentHost(let host):
      try run(
        "INSERT INTO development_hosts (hostname) VALUES ($1)", [.text(host)],
        "adding development host \(host)")
    case .deleteDevelopmentHost(let host):
      try run(
        "DELETE FROM development_hosts WHERE hostname = $1", [.text(host)],
        "removing development host \(host)")
    case .setTeam(let team, let stored): try set(team, replacing: stored)
    case .deleteTeam(let host):
      try run(
        "DELETE FROM device_teams WHERE hostname = $1", [.text(host)], "removing the team of \(host)")
    case .setDevice(let device, let stored): try set(device, replacing: stored)
    case .deleteDevice(let host):
      try run("DELETE FROM devices WHERE hostname = $1", [.text(host)], "removing device \(host)")
    }
  }

  private static let ruleColumns = [
    "name", "match_type", "match_string", "trap_oid", "syslog_severity", "priority", "prod_handling",
    "dev_handling", "team_assignment", "is_active", "description", "severity", "key", "summary", "doc_url",
    "tags", "examples",
  ]

  private func values(_ rule: Rule) -> [PostgresValue] {
    var examples: String?
    if !rule.matchExamples.isEmpty || !rule.noMatchExamples.isEmpty {
      examples =
        "{\"match\":\(JSONList.text(rule.matchExamples)),\"no_match\":\(JSONList.text(rule.noMatchExamples))}"
    }
    return [
      .text(rule.name), .text(rule.matchType.rawValue), .text(rule.matchString), .text(rule.trapOID),
      .number(rule.syslogSeverity), .number(rule.priority), .text(rule.prodHandling),
      .text(rule.devHandling), .text(rule.teamAssignment), .text(rule.isActive ? "t" : "f"),
      .text(rule.description), .number(rule.severity), .text(rule.key), .text(rule.summary),
      .text(rule.docURL), .text(JSONList.text(rule.tags)), .text(examples),
    ]
  }

  /// Under its id, or under one that the table gives.
  private func insert(_ rule: Rule) throws(StoreError) {
    var columns = PostgresCatalog.ruleColumns
    var values = values(rule)
    if rule.id != 0 {
      columns.append("id")
      values.append(.number(rule.id))
    }
    let marks = values.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    try run(
      "INSERT INTO alert_rules (\(columns.joined(separator: ", "))) VALUES (\(marks))", values,
      "adding rule \(rule.name)")
  }

  private func update(_ rule: Rule) throws(StoreError) {
    let columns = PostgresCatalog.ruleColumns
    let sets = columns.indices.dropFirst().map { "\(columns[$0]) = $\($0 + 1)" }.joined(separator: ", ")
    let result = try connection.query(
      "UPDATE alert_rules SET \(sets) WHERE name = $1", values(rule), "changing rule \(rule.name)")
    if result.changes != 1 { throw CatalogPlan.gone(rule) }
  }

  private func set(_ team: DeviceTeam, replacing stored: String?) throws(StoreError) {
    let sql =
      stored == nil
      ? "INSERT INTO device_teams (hostname, team_assignment) VALUES ($1, $2)"
      : "UPDATE device_teams SET hostname = $1, team_assignment = $2 WHERE hostname = $3"
    try run(
      sql, [.text(team.hostname), .text(team.team)] + (stored.map { [.text($0)] } ?? []),
      "setting the team of \(team.hostname)")
  }

  private func set(_ device: Device, replacing stored: String?) throws(StoreError) {
    var values: [PostgresValue] = [
      .text(device.hostname), .text("{\(device.addresses.map(\.description).joined(separator: ","))}"),
      .text(device.attributes),
    ]
    let sql: String
    if let stored {
      sql = "UPDATE devices SET hostname = $1, addresses = $2, attrs = $3 WHERE hostname = $4"
      values.append(.text(stored))
    } else {
      sql = """
        INSERT INTO devices (hostname, addresses, attrs, first_seen_at, last_seen_at)
        VALUES ($1, $2, $3, $4, $5)
        """
      values += [.text(device.firstSeenAt.stored), .text(device.lastSeenAt.stored)]
    }
    try run(sql, values, "setting device \(device.hostname)")
  }

  private func run(_ sql: String, _ values: [PostgresValue], _ doing: String) throws(StoreError) {
    _ = try connection.query(sql, values, doing)
  }
}
