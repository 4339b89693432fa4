import Model

/// Reads and writes catalogs as rows: the tables of the store, and the copy of the last good snapshot in the
/// outbox. Both have the same columns.
struct CatalogTables {
  let connection: SQLiteConnection
  private let prepared = Prepared()
  var rules = "alert_rules"
  var hosts = "development_hosts"
  var teams = "device_teams"
  var devices = "devices"

  init(_ connection: SQLiteConnection) {
    self.connection = connection
  }

  private static let ruleColumns = """
    id, name, match_type, match_string, trap_oid, syslog_severity, priority, prod_handling, dev_handling, \
    team_assignment, is_active, description, severity, key, summary, doc_url, tags, examples
    """

  // MARK: Reading

  /// Everything but the version. `unreadable` hears of rows that no rule can be made of.
  func read(_ unreadable: (String) -> Void) throws(StoreError) -> Catalog {
    var catalog = Catalog()
    catalog.rules = try readRules(unreadable)
    let host = try connection.prepare("SELECT hostname FROM \(hosts) ORDER BY 1", "reading \(hosts)")
    while try host.step() { catalog.developmentHosts.append(host.text(0) ?? "") }
    let team = try connection.prepare(
      "SELECT hostname, team_assignment FROM \(teams) ORDER BY 1", "reading \(teams)")
    while try team.step() {
      catalog.deviceTeams.append(DeviceTeam(hostname: team.text(0) ?? "", team: team.text(1) ?? ""))
    }
    catalog.devices = try readDevices(unreadable)
    return catalog
  }

  private func readRules(_ unreadable: (String) -> Void) throws(StoreError) -> [Rule] {
    var found: [Rule] = []
    // Its place at once: ten thousand rules are megabytes, which growing would copy a dozen times.
    found.reserveCapacity(
      Int(try connection.number("SELECT count(*) FROM \(rules)", "counting \(rules)")))
    let row = try connection.prepare(
      "SELECT \(CatalogTables.ruleColumns), version, updated_at, updated_by FROM \(rules) ORDER BY id",
      "reading \(rules)")
    let list = try JSONList(connection)
    while try row.step() {
      let name = row.text(1) ?? "rule-\(row.int64(0))"
      if let type = row.text(2), let matchType = MatchType(rawValue: type) {
        found.append(try rule(of: row, name, matchType, list))
      } else {
        unreadable(
          "Rule \(name) has the match_type \(row.text(2) ?? "NULL"), which is none, and is left out.")
      }
    }
    return found
  }

  private func rule(
    of row: SQLiteStatement, _ name: String, _ matchType: MatchType, _ list: JSONList
  ) throws(StoreError) -> Rule {
    var rule = Rule(
      name: name, matchType: matchType, matchString: row.text(3), trapOID: row.text(4),
      prodHandling: row.text(7) ?? "", devHandling: row.text(8) ?? "")
    rule.id = row.int64(0)
    rule.syslogSeverity = row.optionalInt(5)
    rule.priority = row.int(6)
    rule.teamAssignment = row.text(9)
    rule.isActive = row.bool(10)
    rule.description = row.text(11)
    rule.severity = row.optionalInt(12)
    rule.key = row.text(13)
    rule.summary = row.text(14)
    rule.docURL = row.text(15)
    rule.tags = try list.texts(row.text(16), "$")
    rule.matchExamples = try list.texts(row.text(17), "$.match")
    rule.noMatchExamples = try list.texts(row.text(17), "$.no_match")
    rule.version = row.int(18)
    rule.updatedAt = row.text(19).flatMap { Timestamp(rfc3339: $0) } ?? .absent
    rule.updatedBy = row.text(20)
    return rule
  }

  private func readDevices(_ unreadable: (String) -> Void) throws(StoreError) -> [Device] {
    var found: [Device] = []
    let row = try connection.prepare(
      "SELECT hostname, addresses, attrs, first_seen_at, last_seen_at FROM \(devices) ORDER BY 1",
      "reading \(devices)")
    let list = try JSONList(connection)
    while try row.step() {
      let hostname = row.text(0) ?? ""
      var addresses: [IPAddress] = []
      for text in try list.texts(row.text(1), "$") {
        if let address = IPAddress(text) {
          addresses.append(address)
        } else {
          unreadable("Device \(hostname) has the address \(text), which is none; it is left out.")
        }
      }
      var device = Device(hostname: hostname, addresses: addresses, attributes: row.text(2))
      device.firstSeenAt = row.text(3).flatMap { Timestamp(rfc3339: $0) } ?? .absent
      device.lastSeenAt = row.text(4).flatMap { Timestamp(rfc3339: $0) } ?? .absent
      found.append(device)
    }
    return found
  }

  // MARK: Writing

  /// Prepared once for the ten thousand rows of a table; errors name the row at hand.
  private func statement(_ sql: String, _ doing: String) throws(StoreError) -> SQLiteStatement {
    if let known = prepared.statements[sql] {
      known.doing = doing
      return known
    }
    let statement = try connection.prepare(sql, doing)
    prepared.statements[sql] = statement
    return statement
  }

  /// By their text; a handful, since every text is written in this file.
  private final class Prepared {
    var statements: [String: SQLiteStatement] = [:]
  }

  /// Inserts a rule under its id, or under one that the table gives.
  func insert(_ rule: Rule) throws(StoreError) {
    let marks = (1...18).map { "?\($0)" }.joined(separator: ", ")
    let statement = try statement(
      "INSERT INTO \(rules) (\(CatalogTables.ruleColumns)) VALUES (\(marks))", "adding rule \(rule.name)")
    bind(rule, to: statement)
    try statement.run()
  }

  /// The columns that the triggers of the store keep by themselves.
  func stamp(_ rule: Rule) throws(StoreError) {
    let statement = try statement(
      "UPDATE \(rules) SET version = ?2, updated_at = ?3, updated_by = ?4 WHERE id = ?1",
      "keeping the version of rule \(rule.name)")
    statement.bind(rule.id, 1)
    statement.bind(rule.version, 2)
    statement.bind(rule.updatedAt.stored, 3)
    statement.bind(rule.updatedBy, 4)
    try statement.run()
  }

  func update(_ rule: Rule) throws(StoreError) {
    let statement = try statement(
      """
      UPDATE \(rules) SET match_type = ?3, match_string = ?4, trap_oid = ?5, syslog_severity = ?6,
        priority = ?7, prod_handling = ?8, dev_handling = ?9, team_assignment = ?10, is_active = ?11,
        description = ?12, severity = ?13, key = ?14, summary = ?15, doc_url = ?16, tags = ?17, examples = ?18
      WHERE name = ?2 AND ?1 IS ?1
      """, "changing rule \(rule.name)")
    bind(rule, to: statement)
    try statement.run()
    if connection.changes != 1 { throw CatalogPlan.gone(rule) }
  }

  private func bind(_ rule: Rule, to statement: SQLiteStatement) {
    if rule.id == 0 { statement.bindNull(1) } else { statement.bind(rule.id, 1) }
    statement.bind(rule.name, 2)
    statement.bind(rule.matchType.rawValue, 3)
    statement.bind(rule.matchString, 4)
    statement.bind(rule.trapOID, 5)
    statement.bind(rule.syslogSeverity, 6)
    statement.bind(rule.priority, 7)
    statement.bind(rule.prodHandling, 8)
    statement.bind(rule.devHandling, 9)
    statement.bind(rule.teamAssignment, 10)
    statement.bind(rule.isActive, 11)
    statement.bind(rule.description, 12)
    statement.bind(rule.severity, 13)
    statement.bind(rule.key, 14)
    statement.bind(rule.summary, 15)
    statement.bind(rule.docURL, 16)
    statement.bind(JSONList.text(rule.tags), 17)
    if rule.matchExamples.isEmpty && rule.noMatchExamples.isEmpty {
      statement.bindNull(18)
    } else {
      let match = JSONList.text(rule.matchExamples)
      statement.bind("{\"match\":\(match),\"no_match\":\(JSONList.text(rule.noMatchExamples))}", 18)
    }
  }

  func insertHost(_ host: String) throws(StoreError) {
    try run("INSERT INTO \(hosts) (hostname) VALUES (?1)", "adding development host \(host)", [host])
  }

  func deleteHost(_ host: String) throws(StoreError) {
    try run("DELETE FROM \(hosts) WHERE hostname = ?1", "removing development host \(host)", [host])
  }

  func set(_ team: DeviceTeam, replacing stored: String?) throws(StoreError) {
    let sql =
      stored == nil
      ? "INSERT INTO \(teams) (hostname, team_assignment) VALUES (?1, ?2)"
      : "UPDATE \(teams) SET hostname = ?1, team_assignment = ?2 WHERE hostname = ?3"
    try run(sql, "setting the team of \(team.hostname)", [team.hostname, team.team, stored])
  }

  func deleteTeam(_ host: String) throws(StoreError) {
    try run("DELETE FROM \(teams) WHERE hostname = ?1", "removing the team of \(host)", [host])
  }

  func set(_ device: Device, replacing stored: String?) throws(StoreError) {
    let sql =
      stored == nil
      ? """
      INSERT INTO \(devices) (hostname, addresses, attrs, first_seen_at, last_seen_at)
      VALUES (?1, ?2, ?3, ?4, ?5)
      """
      : "UPDATE \(devices) SET hostname = ?1, addresses = ?2, attrs = ?3 WHERE hostname = ?4"
    let values = [device.hostname, JSONList.text(device.addresses.map(\.description)), device.attributes]
    let rest = stored.map { [$0] } ?? [device.firstSeenAt.stored, device.lastSeenAt.stored]
    try run(sql, "setting device \(device.hostname)", values + rest)
  }

  func deleteDevice(_ host: String) throws(StoreError) {
    try run("DELETE FROM \(devices) WHERE hostname = ?1", "removing device \(host)", [host])
  }

  private func run(_ sql: String, _ doing: String, _ values: [String?]) throws(StoreError) {
    let statement = try statement(sql, doing)
    for (index, value) in values.enumerated() where index < statement.parameterCount {
      statement.bind(value, Int32(index + 1))
    }
    try statement.run()
  }
}

/// Lists of texts in JSON columns.
struct JSONList {
  private let each: SQLiteStatement

  init(_ connection: SQLiteConnection) throws(StoreError) {
    each = try connection.prepare(
      "SELECT value FROM json_each(CASE WHEN json_valid(?1) THEN ?1 ELSE '[]' END, ?2) WHERE type = 'text'",
      "reading a list")
  }

  /// The texts of the array at `path` of `json`, other values left out; none for what is no JSON.
  func texts(_ json: String?, _ path: String) throws(StoreError) -> [String] {
    guard let json, json != "[]" else { return [] }
    each.bind(json, 1)
    each.bind(path, 2)
    var found: [String] = []
    while try each.step() { found.append(each.text(0) ?? "") }
    return found
  }

  static func text(_ texts: [String]) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "[")]
    for (index, text) in texts.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      JSONText.append(text, to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// An object of numbers of deliveries by destination.
  static func text(_ counts: [(destination: String, count: Int)]) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "{")]
    for (index, each) in counts.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      JSONText.append(each.destination, to: &bytes)
      bytes += Array(":\(each.count)".utf8)
    }
    bytes.append(UInt8(ascii: "}"))
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Timestamp {
  /// As SQLite columns keep it: UTC text with microseconds, which sorts. Nil for "no time".
  var stored: String? { isAbsent ? nil : rfc3339(digits: 6) }
}
