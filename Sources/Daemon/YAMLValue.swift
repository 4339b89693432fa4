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
    var message: String
  }

  /// The one document in `text`, at most `limit` values; nil with the problem when it is no YAML. An empty
  /// text is null.
  static func parse(_ text: String, file: String, limit: Int = 100_000) -> (YAMLValue?, [ConfigProblem]) {
    do {
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      guard let root = try parser.singleRoot() else {
        return (YAMLValue(line: 1, content: .null), [])
      }
      var budget = Budget(limit: limit)
      return (try convert(root, depth: 0, &budget), [])
    } catch let refusal as Refusal {
      return (nil, [ConfigProblem(file: file, line: refusal.line, message: refusal.message)])
    } catch let error as YamlError {
      return (nil, [problem(error, file: file)])
    } catch {
      return (nil, [ConfigProblem(file: file, message: "is no YAML: \(error)")])
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
      for (key, value) in mapping {
        guard case .scalar(let name) = key else {
          throw Refusal(line: key.mark?.line ?? line, message: "a key must be a word")
        }
        entries.append(
          Entry(
            key: name.string, line: name.mark?.line ?? line,
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

  private static func problem(_ error: YamlError, file: String) -> ConfigProblem {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let reason = context.map { "\($0.text.isEmpty ? "" : $0.text + ", ")\(problem)" } ?? problem
      return ConfigProblem(file: file, line: mark.line, message: "is no YAML: \(reason)")
    case .duplicatedKeysInMapping(let keys, let context):
      return ConfigProblem(
        file: file, line: context.mark.line, key: keys.first ?? "", message: "stands here twice; keep one")
    case .reader(let problem, _, _, _):
      return ConfigProblem(file: file, message: "is no YAML: \(problem)")
    default:
      return ConfigProblem(file: file, message: "is no YAML: it cannot be decoded")
    }
  }
}
