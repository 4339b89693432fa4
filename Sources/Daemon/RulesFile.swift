package import Model

/// Rules and hosts in a file (DESIGN §4): what `rules.file` names, `rules import` reads and `rules export`
/// writes. Without `rules` it is a hosts file.
package struct RulesFile: Sendable, Equatable {
  /// Ids are 0 where the file gives none; they stay in the order of the file.
  package var catalog: Catalog
  /// The line on which each rule starts, by name.
  package var lines: [String: Int]
  /// The line on which each of the catalog's devices starts.
  package var deviceLines: [Int] = []

  package init(catalog: Catalog, lines: [String: Int]) {
    self.catalog = catalog
    self.lines = lines
  }

  /// A file above this is refused; 10,000 rules with examples take 8 MB.
  static let fileLimit = 64 << 20
  /// Values in a file: 100,000 rules with examples, or as many hosts, fit.
  private static let valueLimit = 4_000_000

  /// Reads the file at `path`; nil when there is any problem that is more than a warning.
  package static func load(_ path: String) -> (RulesFile?, [ConfigProblem]) {
    switch readText(path) {
    case .success(let text): parse(text, fileName: path)
    case .failure(let problem): (nil, [problem])
    }
  }

  /// The text of the file at `path`.
  static func readText(_ path: String) -> Result<String, ConfigProblem> {
    do {
      return .success(try ConfigFile.readText(path, limit: fileLimit))
    } catch {
      return .failure(ConfigProblem(file: path, error))
    }
  }

  /// All problems at once, each with its line; nil when there is any that is more than a warning.
  package static func parse(_ text: String, fileName: String) -> (RulesFile?, [ConfigProblem]) {
    let (reader, problems) = read(text, fileName)
    return (problems.areHarmless ? reader.map { RulesFile($0) } : nil, problems)
  }

  /// The same with what could be read of a file that has problems, without the rules that have one; nil: it
  /// is no YAML.
  static func parsePartly(_ text: String, fileName: String) -> (RulesFile?, [ConfigProblem]) {
    let (reader, problems) = read(text, fileName)
    guard var reader else { return (nil, problems) }
    let rules = reader.catalog.rules
    reader.catalog.rules = rules.indices.filter { !reader.faulty.contains($0) }.map { rules[$0] }
    return (RulesFile(reader), problems)
  }

  private init(_ reader: RulesFileReader) {
    self.init(catalog: reader.catalog, lines: reader.lines)
    deviceLines = reader.deviceLines
  }

  private static func read(_ text: String, _ fileName: String) -> (RulesFileReader?, [ConfigProblem]) {
    let (root, problems) = YAMLValue.parse(text, file: fileName, limit: valueLimit)
    guard let root else { return (nil, problems) }
    var reader = RulesFileReader(file: fileName)
    reader.read(root)
    return (reader, reader.problems)
  }
}

/// Reads the document and collects what is wrong with it.
struct RulesFileReader {
  let file: String
  var catalog = Catalog()
  var lines: [String: Int] = [:]
  var deviceLines: [Int] = []
  var problems: [ConfigProblem] = []
  var ids: [Int64: String] = [:]
  /// Places among the rules of those that have a problem.
  var faulty: Set<Int> = []

  init(file: String) { self.file = file }

  mutating func report(_ message: String, key: String, line: Int) {
    problems.append(ConfigProblem(file: file, line: line, key: key, message: message))
  }

  mutating func read(_ root: YAMLValue) {
    if root.isNull { return }
    forEachKey(of: root, at: "", among: ["rules", "development_hosts", "device_teams", "devices"]) {
      key, value, reader in
      switch key {
      case "rules": reader.readRules(value)
      case "development_hosts": reader.readDevelopmentHosts(value)
      case "device_teams": reader.readDeviceTeams(value)
      default: reader.readDevices(value)
      }
    }
  }

  /// Hands over every known key that has a value; `path` ends in a dot or is empty.
  mutating func forEachKey(
    of map: YAMLValue, at path: String, among known: [String],
    _ body: (String, YAMLValue, inout RulesFileReader) -> Void
  ) {
    guard case .map(let entries) = map.content else {
      let key = path.hasSuffix(".") ? String(path.dropLast()) : path
      return report("must be a map of keys, not \(map.kind)", key: key, line: map.line)
    }
    for entry in entries {
      if known.contains(entry.key) {
        if !entry.value.isNull { body(entry.key, entry.value, &self) }
      } else {
        let nearest = ConfigSpelling.nearest(entry.key, in: known) ?? "none"
        report("unknown key; nearest known: \(nearest)", key: path + shown(entry.key), line: entry.line)
      }
    }
  }

  func shown(_ text: String) -> String {
    var safe = ""
    SafeText.appendForTerminal(String(text.prefix(80)), to: &safe)
    return safe
  }

  mutating func items(_ value: YAMLValue, key: String) -> [YAMLValue] {
    if case .list(let items) = value.content { return items }
    report("must be a list, not \(value.kind)", key: key, line: value.line)
    return []
  }

  /// A scalar as it is written, at most `limit` bytes, without NUL (no store can hold it).
  mutating func text(_ value: YAMLValue, key: String, limit: Int = 16_384) -> String? {
    guard case .scalar(let text, _) = value.content else {
      report("must be text, not \(value.kind)", key: key, line: value.line)
      return nil
    }
    guard text.utf8.count <= limit else {
      report("is longer than \(limit) bytes", key: key, line: value.line)
      return nil
    }
    guard !text.utf8.contains(0) else {
      report("holds a NUL", key: key, line: value.line)
      return nil
    }
    return text
  }

  mutating func texts(_ value: YAMLValue, key: String) -> [String] {
    items(value, key: key).compactMap { text($0, key: key) }
  }

  mutating func integer(_ value: YAMLValue, key: String, _ range: ClosedRange<Int64>) -> Int64? {
    guard let text = text(value, key: key) else { return nil }
    guard let number = Int64(text), range.contains(number) else {
      let limits = "\(range.lowerBound)...\(range.upperBound)"
      report("\"\(shown(text))\" is no whole number in \(limits)", key: key, line: value.line)
      return nil
    }
    return number
  }

  mutating func flag(_ value: YAMLValue, key: String) -> Bool? {
    guard let text = text(value, key: key) else { return nil }
    if text == "true" || text == "false" { return text == "true" }
    report("\"\(shown(text))\" is neither true nor false", key: key, line: value.line)
    return nil
  }
}
