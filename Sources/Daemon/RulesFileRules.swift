import Model

/// `rules`: a list of maps, columns of `alert_rules` by their names.
extension RulesFileReader {
  private static let ruleKeys = [
    "name", "id", "match_type", "match_string", "trap_oid", "syslog_severity", "priority", "prod_handling",
    "dev_handling", "team_assignment", "is_active", "description", "severity", "key", "summary", "doc_url",
    "tags", "examples",
  ]
  private static let required = ["name", "match_type", "prod_handling", "dev_handling"]

  mutating func readRules(_ value: YAMLValue) {
    let items = items(value, key: "rules")
    catalog.rules.reserveCapacity(items.count)
    for (index, item) in items.enumerated() { readRule(item, at: "rules[\(index)]") }
  }

  private mutating func readRule(_ item: YAMLValue, at path: String) {
    guard case .map(let entries) = item.content else {
      return report("must be a map of keys, not \(item.kind)", key: path, line: item.line)
    }
    let problemsBefore = problems.count
    var rule = Rule(name: "", matchType: .contains, prodHandling: "", devHandling: "")
    // People look for a rule by its name, not by its position.
    let name = entries.first { $0.key == "name" }.flatMap { entry in
      if case .scalar(let text, _) = entry.value.content, !text.isEmpty { shown(text) } else { nil }
    }
    let prefix = (name ?? path) + "."
    forEachKey(of: item, at: prefix, among: RulesFileReader.ruleKeys) { key, value, reader in
      reader.readColumn(key, value, prefix + key, &rule)
    }
    for key in RulesFileReader.required where !entries.contains(where: { $0.key == key && !$0.value.isNull })
    {
      report("needs a \(key)", key: name ?? path, line: item.line)
    }
    register(rule, line: item.line)
    if problems.count > problemsBefore { faulty.insert(catalog.rules.count - 1) }
  }

  private mutating func register(_ rule: Rule, line: Int) {
    catalog.rules.append(rule)
    guard !rule.name.isEmpty else { return }
    if let first = lines[rule.name] {
      report("a second rule of this name; the first is on line \(first)", key: shown(rule.name), line: line)
    } else {
      lines[rule.name] = line
    }
    guard rule.id != 0 else { return }
    if let other = ids.updateValue(rule.name, forKey: rule.id), other != rule.name {
      report("id \(rule.id) belongs to \(shown(other)) already", key: shown(rule.name), line: line)
    }
  }

  private mutating func readColumn(_ column: String, _ value: YAMLValue, _ key: String, _ rule: inout Rule) {
    switch column {
    case "name": rule.name = ruleName(value, key: key) ?? ""
    case "id": rule.id = integer(value, key: key, 1...Int64(Int32.max)) ?? 0
    case "match_type": if let type = matchType(value, key: key) { rule.matchType = type }
    // One that is too long for a rule is quarantined as such: it does not take the others down.
    case "match_string": rule.matchString = text(value, key: key, limit: RulesFile.fileLimit)
    case "trap_oid": rule.trapOID = text(value, key: key, limit: 1_500)
    case "syslog_severity": rule.syslogSeverity = integer(value, key: key, 0...7).map(Int.init)
    case "priority":
      if let priority = integer(value, key: key, Int64(Int32.min)...Int64(Int32.max)) {
        rule.priority = Int(priority)
      }
    case "prod_handling": rule.prodHandling = text(value, key: key, limit: 50) ?? ""
    case "dev_handling": rule.devHandling = text(value, key: key, limit: 50) ?? ""
    case "team_assignment":
      rule.teamAssignment = text(value, key: key, limit: 100).flatMap { $0.isEmpty ? nil : $0 }
    case "is_active": if let flag = flag(value, key: key) { rule.isActive = flag }
    case "description": rule.description = text(value, key: key)
    case "severity": rule.severity = integer(value, key: key, 0...5).map(Int.init)
    case "key": rule.key = text(value, key: key, limit: 1_024)
    case "summary": rule.summary = text(value, key: key, limit: 1_024)
    case "doc_url": rule.docURL = text(value, key: key, limit: 2_048)
    case "tags": rule.tags = texts(value, key: key)
    default: readExamples(value, key, &rule)
    }
  }

  private mutating func ruleName(_ value: YAMLValue, key: String) -> String? {
    guard let name = text(value, key: key, limit: 200) else { return nil }
    guard !name.isEmpty, !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
      report("is empty or holds a control character", key: key, line: value.line)
      return nil
    }
    return name
  }

  private mutating func matchType(_ value: YAMLValue, key: String) -> MatchType? {
    guard let text = text(value, key: key) else { return nil }
    if let type = MatchType(rawValue: text) { return type }
    let known = MatchType.allCases.map(\.rawValue)
    let nearest = ConfigSpelling.nearest(text, in: known) ?? ""
    report(
      "\"\(shown(text))\" is none of \(known.joined(separator: ", ")); nearest: \(nearest)", key: key,
      line: value.line)
    return nil
  }

  private mutating func readExamples(_ value: YAMLValue, _ path: String, _ rule: inout Rule) {
    var match: [String] = []
    var noMatch: [String] = []
    forEachKey(of: value, at: path + ".", among: ["match", "no_match"]) { key, value, reader in
      let lines = reader.texts(value, key: "\(path).\(key)")
      if key == "match" { match = lines } else { noMatch = lines }
    }
    rule.matchExamples = match
    rule.noMatchExamples = noMatch
  }
}
