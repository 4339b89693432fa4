import Model
import Store

/// The audit of changes of `MemoryStore`.
extension ConfigChange {
  init(_ step: CatalogPlan.Step, from old: Catalog, to new: Catalog, by actor: EditActor, id: Int64) {
    self.init(
      id: id, changedAt: Timestamp(seconds: 1_795_000_000 + id), changedBy: actor.name, operation: "UPDATE",
      table: "alert_rules")
    reason = actor.reason
    correlationID = actor.correlationID
    switch step {
    case .insertRule(let rule), .updateRule(let rule):
      let after = new.rules.first { $0.name == rule.name }
      recordID = after?.id
      recordKey = rule.name
      oldValues = old.rules.first { $0.name == rule.name }.map(ConfigChange.values)
      newValues = after.map(ConfigChange.values)
    case .insertDevelopmentHost(let host): set("development_hosts", host, old: nil, new: [])
    case .deleteDevelopmentHost(let host): set("development_hosts", host, old: [], new: nil)
    case .setTeam(let team, let stored):
      let before = old.deviceTeams.first { $0.hostname == stored }.map { [("team_assignment", $0.team)] }
      set("device_teams", team.hostname, old: before, new: [("team_assignment", team.team)])
    case .deleteTeam(let host): set("device_teams", host, old: [], new: nil)
    case .setDevice(let device, let stored):
      set("devices", device.hostname, old: stored.map { _ in [] }, new: [])
    case .deleteDevice(let host): set("devices", host, old: [], new: nil)
    }
    operation = oldValues == nil ? "CREATE" : newValues == nil ? "DELETE" : "UPDATE"
  }

  private mutating func set(
    _ table: String, _ host: String, old: [(String, String)]?, new: [(String, String)]?
  ) {
    self.table = table
    recordKey = host
    oldValues = old.map { ConfigChange.object([("hostname", host)] + $0) }
    newValues = new.map { ConfigChange.object([("hostname", host)] + $0) }
  }

  private static func object(_ pairs: [(String, String)]) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "{")]
    for (index, pair) in pairs.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      JSONText.append(pair.0, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      JSONText.append(pair.1, to: &bytes)
    }
    bytes.append(UInt8(ascii: "}"))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A few columns, enough for tests to tell versions apart.
  private static func values(_ rule: Rule) -> String {
    let texts = object([
      ("name", rule.name), ("match_type", rule.matchType.rawValue), ("match_string", rule.matchString ?? ""),
      ("prod_handling", rule.prodHandling), ("dev_handling", rule.devHandling),
    ])
    return texts.dropLast()
      + ",\"id\":\(rule.id),\"priority\":\(rule.priority),\"is_active\":\(rule.isActive),"
      + "\"version\":\(rule.version)}"
  }

  /// Whether the values contain `holds`, an object of one key, written without blanks.
  private func contains(_ holds: String) -> Bool {
    let pair = holds.dropFirst().dropLast()
    return [oldValues, newValues].contains { values in
      values?.contains(pair + ",") == true || values?.contains(pair + "}") == true
    }
  }

  func satisfies(_ query: ChangeQuery) -> Bool {
    let isKey = query.key.map { HostKey.of(recordKey ?? "") == HostKey.of($0) }
    let isRecord = query.recordID.map { recordID == $0 }
    if isKey != nil || isRecord != nil, isKey != true, isRecord != true { return false }
    if let table = query.table, self.table != table { return false }
    if let actor = query.actor, changedBy != actor { return false }
    if let operation = query.operation, HostKey.of(self.operation) != HostKey.of(operation) { return false }
    if let correlation = query.correlationID, correlationID != correlation { return false }
    if let since = query.since, changedAt < since { return false }
    if let until = query.until, changedAt >= until { return false }
    if let holds = query.holds, !contains(holds) { return false }
    if let before = query.before, id >= before { return false }
    return true
  }
}
