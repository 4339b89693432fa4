package import Model

extension RulesFile {
  /// The shape that `parse` reads (DESIGN §4). Rules by id, those without one in their order; ids are left
  /// out unless asked for, so that a file fits any store.
  package static func export(_ catalog: Catalog, includesIDs: Bool = false) -> String {
    var writer = YAMLWriter()
    writer.line(0, catalog.rules.isEmpty ? "rules: []" : "rules:")
    // Equal ids (0) keep their order: sorted is not promised to be stable.
    let order = catalog.rules.indices.sorted {
      (catalog.rules[$0].id, $0) < (catalog.rules[$1].id, $1)
    }
    for index in order { writer.rule(catalog.rules[index], includesID: includesIDs) }
    if !catalog.developmentHosts.isEmpty {
      writer.line(0, "development_hosts:")
      for host in catalog.developmentHosts { writer.line(1, "- " + YAMLWriter.scalar(host)) }
    }
    if !catalog.deviceTeams.isEmpty {
      writer.line(0, "device_teams:")
      for entry in catalog.deviceTeams {
        writer.line(1, YAMLWriter.scalar(entry.hostname) + ": " + YAMLWriter.scalar(entry.team))
      }
    }
    if !catalog.devices.isEmpty {
      writer.line(0, "devices:")
      for device in catalog.devices { writer.device(device) }
    }
    return writer.text
  }
}

/// Writes block YAML whose scalars survive any reader: quoted as soon as they could be taken for anything
/// but text.
struct YAMLWriter {
  private(set) var text = ""

  mutating func line(_ depth: Int, _ content: String) {
    for _ in 0..<depth { text += "  " }
    text += content
    text += "\n"
  }

  mutating func rule(_ rule: Rule, includesID: Bool) {
    line(1, "- name: " + YAMLWriter.scalar(rule.name))
    if includesID, rule.id != 0 { line(2, "id: \(rule.id)") }
    line(2, "match_type: \(rule.matchType.rawValue)")
    entry("match_string", rule.matchString)
    entry("trap_oid", rule.trapOID)
    if let severity = rule.syslogSeverity { line(2, "syslog_severity: \(severity)") }
    line(2, "priority: \(rule.priority)")
    entry("prod_handling", rule.prodHandling)
    entry("dev_handling", rule.devHandling)
    entry("team_assignment", rule.teamAssignment)
    if !rule.isActive { line(2, "is_active: false") }
    entry("description", rule.description)
    if let severity = rule.severity { line(2, "severity: \(severity)") }
    entry("key", rule.key)
    entry("summary", rule.summary)
    entry("doc_url", rule.docURL)
    list(2, "tags", rule.tags)
    if !rule.matchExamples.isEmpty || !rule.noMatchExamples.isEmpty {
      line(2, "examples:")
      list(3, "match", rule.matchExamples)
      list(3, "no_match", rule.noMatchExamples)
    }
  }

  mutating func device(_ device: Device) {
    line(1, "- hostname: " + YAMLWriter.scalar(device.hostname))
    line(2, "addresses: [" + device.addresses.map { "'\($0)'" }.joined(separator: ", ") + "]")
    if let attributes = device.attributes { line(2, "attrs: " + YAMLWriter.flow(json: attributes)) }
  }

  private mutating func entry(_ key: String, _ value: String?) {
    if let value { line(2, "\(key): " + YAMLWriter.scalar(value)) }
  }

  private mutating func list(_ depth: Int, _ key: String, _ items: [String]) {
    if items.isEmpty { return }
    line(depth, key + ":")
    for item in items { line(depth + 1, "- " + YAMLWriter.scalar(item)) }
  }

  private static let words: Set<String> = [
    "null", "true", "false", "yes", "no", "on", "off", "y", "n",
  ]

  /// Plain where nobody can misread it, in single quotes else, in double quotes for what is not printable.
  static func scalar(_ text: String) -> String {
    if text.unicodeScalars.contains(where: { !isPrintable($0) }) { return doubleQuoted(text) }
    let first = text.utf8.first.map(lowered) ?? 0
    let isPlain =
      first &- UInt8(ascii: "a") < 26 && !words.contains(text.lowercased())
      && text.utf8.allSatisfy {
        isDigit($0) || lowered($0) &- UInt8(ascii: "a") < 26 || "_-./".utf8.contains($0)
      }
    if isPlain { return text }
    return "'" + text.replacingExactly("'", with: "''") + "'"
  }

  /// What may stand in a YAML stream as it is, without line breaks and the byte order mark, and on a
  /// terminal: what turns the direction of reading would show another rule than the one that is written.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if SafeText.isTerminalControl(scalar) { return false }
    return switch scalar.value {
    case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF:
      true
    default: false
    }
  }

  /// JSON is YAML, but for characters that YAML reads as line breaks or not at all; those stand in strings
  /// only.
  private static func flow(json: String) -> String {
    if json.unicodeScalars.allSatisfy(isPrintable) { return json }
    var result = ""
    for scalar in json.unicodeScalars { append(scalar, to: &result) }
    return result
  }

  private static func doubleQuoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default: append(scalar, to: &result)
      }
    }
    return result + "\""
  }

  /// As it is, or as the shortest escape: a key of more than 1,024 characters is none in YAML.
  private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
    if isPrintable(scalar) {
      result.unicodeScalars.append(scalar)
      return
    }
    let digits = String(scalar.value, radix: 16)
    let width = digits.count <= 4 ? 4 : 8
    result += (width == 4 ? "\\u" : "\\U") + String(repeating: "0", count: width - digits.count) + digits
  }
}
