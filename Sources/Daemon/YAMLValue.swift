import Yams

/// A parsed YAML (or JSON) document: what is there and on which line. The only file that knows the parser.
///
/// Scalars stay text: `no` is a team, `1.10` an OID, until a key says which type it has.
struct YAMLValue: Sendable {
  enum Content: Sendable {
    case null
    /// `isPlain`: without quotes, so that `true` and `5` may be more than text.
    case scalar(String, isPlain: Bool)
    case list([YAMLValue])
    case map([Entry])
  }
  struct Entry: Sendable {
    var key: String
    var line: Int
    var value: YAMLValue
  }

  var line: Int
  var content: Content

  /// For messages: what stands here.
  var kind: String {
    switch content {
    case .null: "nothing"
    case .scalar: "a single value"
    case .list: "a list"
    case .map: "a map"
    }
  }
  var isNull: Bool {
    if case .null = content { true } else { false }
  }
}

extension YAMLValue {
  /// Our deepest file has six levels.
  private static let depthLimit = 32

  /// Counts values, aliases each time they are used: a document that doubles itself through aliases stops.
  private struct Budget {
    let limit: Int
    var used = 0
  }
  private struct Refusal: Error {
    var line: Int
    var key = ""
    var message: String
  }

  /// The one document in `text`, at most `limit` values; nil with the problem when it is no YAML. An empty
  /// text is null.
  static func parse(_ text: String, file: String, limit: Int = 100_000) -> (YAMLValue?, [ConfigProblem]) {
    do {
      if let masked = maskedAliases(text), let root = try document(masked) { try refuseAliasKeys(in: root) }
      guard let root = try document(text) else {
        return (YAMLValue(line: 1, content: .null), [])
      }
      var budget = Budget(limit: limit)
      return (try convert(root, depth: 0, &budget), [])
    } catch let refusal as Refusal {
      return (
        nil, [ConfigProblem(file: file, line: refusal.line, key: refusal.key, message: refusal.message)]
      )
    } catch let error as YamlError {
      return (nil, [problem(error, file: file, text)])
    } catch {
      return (nil, [ConfigProblem(file: file, message: "is no YAML: \(error)")])
    }
  }

  private static func document(_ text: String) throws -> Node? {
    try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
  }

  /// Stands for the star of an alias: a character of private use, which is a word to the parser.
  private static let mask: Unicode.Scalar = "\u{E000}"

  /// The text with plain words for its aliases; nil when it has no anchors or no aliases. What only looks
  /// like one, in quotes, is changed too.
  private static func maskedAliases(_ text: String) -> String? {
    var result = String.UnicodeScalarView()
    var hasAnchor = false
    var hasAlias = false
    var previous: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
      let isName = isNameScalar(scalar)
      if isName, previous == "&" { hasAnchor = true }
      if isName, previous == "*" {
        hasAlias = true
        result.removeLast()
        result.append(mask)
      }
      result.append(scalar)
      previous = scalar
    }
    return hasAnchor && hasAlias ? String(result) : nil
  }

  private static func unmasked(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == mask ? "*" : $0 }))
  }

  /// What the parser takes for part of an anchor's name.
  private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "0"..."9", "A"..."Z", "a"..."z", "_", "-": true
    default: false
    }
  }

  /// The parser looks for keys that stand twice by all that is in them, aliases written out: nine lines can
  /// make that take for ever. A key is a word for us in any case, so what was an alias in `node`, a document
  /// with masked aliases, is refused where it stands for a key.
  private static func refuseAliasKeys(in node: Node) throws {
    switch node {
    case .scalar, .alias: return
    case .sequence(let items):
      for item in items { try refuseAliasKeys(in: item) }
    case .mapping(let mapping):
      for (key, value) in mapping {
        guard case .scalar(let name) = key, name.style != .plain || name.string.unicodeScalars.first != mask
        else {
          throw Refusal(line: key.mark?.line ?? 0, message: "a key must be a word")
        }
        try refuseAliasKeys(in: value)
      }
    }
  }

  private static func convert(_ node: Node, depth: Int, _ budget: inout Budget) throws -> YAMLValue {
    let line = node.mark?.line ?? 0
    budget.used += 1
    guard budget.used <= budget.limit else {
      throw Refusal(line: line, message: "holds more than \(budget.limit) values")
    }
    guard depth <= depthLimit else {
      throw Refusal(line: line, message: "is nested deeper than \(depthLimit) levels")
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain
      if isPlain, isNullWord(scalar.string) { return YAMLValue(line: line, content: .null) }
      return YAMLValue(line: line, content: .scalar(scalar.string, isPlain: isPlain))
    case .sequence(let sequence):
      var items: [YAMLValue] = []
      items.reserveCapacity(sequence.count)
      for item in sequence { items.append(try convert(item, depth: depth + 1, &budget)) }
      return YAMLValue(line: line, content: .list(items))
    case .mapping(let mapping):
      var entries: [Entry] = []
      entries.reserveCapacity(mapping.count)
      // The parser takes two of a name for two keys when their tags differ.
      var names: Set<String> = []
      for (key, value) in mapping {
        guard case .scalar(let name) = key else {
          throw Refusal(line: key.mark?.line ?? line, message: "a key must be a word")
        }
        let nameLine = name.mark?.line ?? line
        guard names.insert(name.string).inserted else {
          throw Refusal(line: nameLine, key: name.string, message: "stands here twice; keep one")
        }
        entries.append(
          Entry(
            key: name.string, line: nameLine,
            value: try convert(value, depth: depth + 1, &budget)))
      }
      return YAMLValue(line: line, content: .map(entries))
    case .alias(let alias):
      throw Refusal(line: alias.mark?.line ?? line, message: "an alias without its anchor")
    }
  }

  private static func isNullWord(_ text: String) -> Bool {
    text.isEmpty || text == "null" || text == "~" || text == "Null" || text == "NULL"
  }

  /// As YAML 1.1 counts lines: CR, LF, both together, and Unicode's three.
  private static func lineCount(_ text: String) -> Int {
    var lines = 1
    var previous: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n" where previous == "\r": break
      case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lines += 1
      default: break
      }
      previous = scalar
    }
    return lines
  }

  /// Which of several comes first, and so its line, is only told for words that differ: the parser sorts keys
  /// by their text alone, and all that are no words have this one, in its own spelling.
  private static func duplicate(_ keys: [String], line: Int, file: String) -> ConfigProblem {
    guard let first = keys.first, Set(keys).count == keys.count, !keys.contains("<uncovertable>") else {
      return ConfigProblem(
        file: file, message: "has keys that stand twice and are no words; write a word, and once")
    }
    return ConfigProblem(
      file: file, line: line, key: unmasked(first), message: "stands here twice; keep one")
  }

  /// The parser puts what is missing at the end of a file on a line of its own.
  private static func problem(_ error: YamlError, file: String, _ text: String) -> ConfigProblem {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let reason = context.map { "\($0.text.isEmpty ? "" : $0.text + ", ")\(problem)" } ?? problem
      let line = min(mark.line, lineCount(text))
      return ConfigProblem(file: file, line: line, message: "is no YAML: \(reason)")
    case .duplicatedKeysInMapping(let keys, let context):
      return duplicate(keys, line: context.mark.line, file: file)
    case .reader(let problem, let offset, _, _):
      // Of the byte that it could not read.
      let line = offset.map { offset in text.utf8.prefix(offset).count { $0 == UInt8(ascii: "\n") } + 1 }
      return ConfigProblem(file: file, line: line ?? 0, message: "is no YAML: \(problem)")
    default:
      return ConfigProblem(file: file, message: "is no YAML: it cannot be decoded")
    }
  }
}
