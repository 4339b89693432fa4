import Foundation
import Model
import Store

/// A value of JSON, so that two of them can be compared whatever their spelling.
enum VerbValue: Decodable, Equatable {
  case null
  case flag(Bool)
  case number(Int64)
  case real(Double)
  case text(String)
  case list([VerbValue])
  case object([String: VerbValue])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? value.decode(Int64.self) {
      self = .number(number)
    } else if let real = try? value.decode(Double.self) {
      self = .real(real)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let list = try? value.decode([VerbValue].self) {
      self = .list(list)
    } else {
      self = .object(try value.decode([String: VerbValue].self))
    }
  }

  /// The columns of a JSON object; none for what is no object.
  static func columns(_ json: String?) -> [String: VerbValue] {
    guard let json, let value = try? JSONDecoder().decode(VerbValue.self, from: Data(json.utf8)),
      case .object(let columns) = value
    else { return [:] }
    return columns
  }

  /// JSON on one line, keys in the order of the alphabet.
  var json: String {
    switch self {
    case .null: return "null"
    case .flag(let flag): return flag ? "true" : "false"
    case .number(let number): return "\(number)"
    case .real(let real): return "\(real)"
    case .text(let text):
      var bytes: [UInt8] = []
      JSONText.append(text, to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    case .list(let values): return "[\(values.map(\.json).joined(separator: ","))]"
    case .object(let columns):
      let pairs = columns.sorted { $0.key < $1.key }.map {
        "\(VerbValue.text($0.key).json):\($0.value.json)"
      }
      return "{\(pairs.joined(separator: ","))}"
    }
  }

  var texts: [String] {
    guard case .list(let values) = self else { return [] }
    return values.compactMap(\.text)
  }
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var number: Int? { if case .number(let number) = self { Int(exactly: number) } else { nil } }
}

/// What a change changed, column by column.
struct VerbChangeValues {
  struct Column: Equatable {
    var name: String
    var old: VerbValue
    var new: VerbValue
  }

  let old: [String: VerbValue]
  let new: [String: VerbValue]

  /// The columns of rules and hosts as people think of them; others follow by the alphabet.
  private static let order = [
    "name", "match_type", "match_string", "trap_oid", "syslog_severity", "priority", "prod_handling",
    "dev_handling", "team_assignment", "is_active", "description", "severity", "key", "summary", "doc_url",
    "tags", "examples", "hostname", "addresses", "attrs",
  ]
  /// They say which row and which version it is, which stands in the heading.
  private static let identity: Set<String> = ["id", "version"]

  init(_ change: ConfigChange) {
    old = VerbValue.columns(change.oldValues)
    new = VerbValue.columns(change.newValues)
  }

  /// The version that the rule had afterwards; nil for hosts, and in rows that MUTT wrote.
  var version: Int? { new["version"]?.number }
  var oldVersion: Int? { old["version"]?.number }

  /// The columns that differ; those that are not there count as null.
  var columns: [Column] {
    let names = Set(old.keys).union(new.keys).subtracting(VerbChangeValues.identity)
    let known = VerbChangeValues.order.filter { names.contains($0) }
    let others = names.subtracting(known).sorted()
    return (known + others).compactMap { name in
      let column = Column(name: name, old: old[name] ?? .null, new: new[name] ?? .null)
      return column.old == column.new || VerbChangeValues.isNothing(column) ? nil : column
    }
  }

  /// A list that is empty on one side and not there on the other.
  private static func isNothing(_ column: Column) -> Bool {
    [column.old, column.new].allSatisfy { $0 == .null || $0 == .list([]) }
  }

  /// `priority 100 -> 10, team_assignment null -> "NETO"`, cut to one line of a table.
  func short(_ change: ConfigChange) -> String {
    let columns = self.columns
    if change.operation == "CREATE" || change.operation == "DELETE" {
      return columns.prefix(4).filter { $0.name != "name" && $0.name != "hostname" }.map {
        "\($0.name) \((change.operation == "CREATE" ? $0.new : $0.old).json)"
      }.joined(separator: ", ")
    }
    return columns.map { "\($0.name) \($0.old.json) -> \($0.new.json)" }.joined(separator: ", ")
  }

  /// The change as lines of a diff: short values beside each other, long ones below each other. What was made
  /// or deleted is listed as it was.
  var diff: [String] {
    let columns = self.columns
    let width = columns.map(\.name.count).max() ?? 0
    return columns.flatMap { column in
      let (old, new) = (column.old.json, column.new.json)
      let name = column.name + String(repeating: " ", count: width - column.name.count)
      if self.old.isEmpty { return ["  \(name)  \(new)"] }
      if self.new.isEmpty { return ["  \(name)  \(old)"] }
      if old.count + new.count <= 60 { return ["  \(name)  \(old) -> \(new)"] }
      return ["  \(column.name)", "    - \(old)", "    + \(new)"]
    }
  }
}

extension Rule {
  /// The rule that `columns` of `config_audit_log` describe; nil where they are not all a rule needs.
  init?(_ columns: [String: VerbValue], name: String) {
    guard let type = columns["match_type"]?.text.flatMap({ MatchType(rawValue: $0) }),
      let prod = columns["prod_handling"]?.text, let dev = columns["dev_handling"]?.text
    else { return nil }
    self.init(
      name: name, matchType: type, matchString: columns["match_string"]?.text,
      trapOID: columns["trap_oid"]?.text, prodHandling: prod, devHandling: dev)
    syslogSeverity = columns["syslog_severity"]?.number
    priority = columns["priority"]?.number ?? 100
    teamAssignment = columns["team_assignment"]?.text
    isActive = columns["is_active"] != .flag(false)
    description = columns["description"]?.text
    severity = columns["severity"]?.number
    key = columns["key"]?.text
    summary = columns["summary"]?.text
    docURL = columns["doc_url"]?.text
    tags = columns["tags"]?.texts ?? []
    if case .object(let examples)? = columns["examples"] {
      matchExamples = examples["match"]?.texts ?? []
      noMatchExamples = examples["no_match"]?.texts ?? []
    }
  }
}
