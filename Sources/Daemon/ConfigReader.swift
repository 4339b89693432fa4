import Model

/// Turns YAML values into typed ones and collects what is wrong with them. Every method answers nil after
/// it has written down a problem, so that the caller keeps the default and goes on.
struct ConfigReader {
  var problems: [ConfigProblem] = []
  var secrets: ConfigSecrets
  /// Where the values come from now: the file as named, `environment`, `command line`.
  var source: String
  /// The configuration file, for relative paths; nil for other sources.
  var file: String?
  /// Dotted key that is being read.
  var key = ""
  /// Where each key was last given, for checks across keys.
  var places: [String: (source: String, line: Int)] = [:]

  init(source: String, file: String?, environment: [String: String]) {
    self.source = source
    self.file = file
    self.secrets = ConfigSecrets(environment: environment)
  }

  mutating func report(_ message: String, at value: YAMLValue) {
    problems.append(ConfigProblem(file: source, line: value.line, key: key, message: message))
  }

  /// Something that can be used as it is, and was perhaps not meant.
  mutating func warn(_ message: String, at value: YAMLValue) {
    problems.append(
      ConfigProblem(file: source, line: value.line, key: key, message: message, isWarning: true))
  }

  /// A problem that shows when keys are seen together, at the place where `path` was given.
  mutating func report(_ message: String, key path: String, isWarning: Bool = false) {
    let place = places[path] ?? (source: file ?? source, line: 0)
    problems.append(
      ConfigProblem(
        file: place.source, line: place.line, key: path, message: message, isWarning: isWarning))
  }

  /// A scalar as text, `${…}` replaced. `shown` is what messages may repeat.
  mutating func scalar(_ value: YAMLValue, isURL: Bool = false) -> (
    text: String, shown: String, isSecret: Bool
  )? {
    guard case .scalar(let written, _) = value.content else {
      report("must be a single value, not \(value.kind)", at: value)
      return nil
    }
    switch secrets.expand(written, besides: file, isURL: isURL) {
    case .text(let text, let isSecret): return (text, written, isSecret)
    case .failure(let message):
      report(message, at: value)
      return nil
    }
  }

  /// Text without control characters, 1...`limit` bytes.
  mutating func text(_ value: YAMLValue, limit: Int = 4_096) -> String? {
    guard let (text, shown, _) = scalar(value) else { return nil }
    guard !text.isEmpty else { return refuse(value, "is empty") }
    guard text.utf8.count <= limit else { return refuse(value, "is longer than \(limit) bytes") }
    guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
      return refuse(value, "\(quoted(shown)) holds a control character")
    }
    return text
  }

  mutating func integer(_ value: YAMLValue, _ range: ClosedRange<Int>) -> Int? {
    guard let (text, shown, _) = scalar(value) else { return nil }
    guard let number = Int(text) else { return refuse(value, "\(quoted(shown)) is no whole number") }
    guard range.contains(number) else {
      return refuse(value, "must lie in \(range.lowerBound)...\(range.upperBound)")
    }
    return number
  }

  mutating func fraction(_ value: YAMLValue) -> Double? {
    guard let (text, shown, _) = scalar(value) else { return nil }
    guard let number = Double(text), number >= 0, number <= 1 else {
      return refuse(value, "\(quoted(shown)) is no number from 0 to 1")
    }
    return number
  }

  mutating func flag(_ value: YAMLValue) -> Bool? {
    guard let (text, shown, _) = scalar(value) else { return nil }
    switch text.lowercased() {
    case "true": return true
    case "false": return false
    default: return refuse(value, "\(quoted(shown)) is neither true nor false")
    }
  }

  /// One of a closed set of words.
  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ value: YAMLValue, _: Choice.Type
  ) -> Choice? {
    let words = Choice.allCases.map(\.rawValue)
    return word(value, of: words).flatMap(Choice.init(rawValue:))
  }

  mutating func word(_ value: YAMLValue, of words: [String]) -> String? {
    guard let (text, shown, _) = scalar(value) else { return nil }
    if words.contains(text) { return text }
    let nearest = words.count > 1 ? ConfigSpelling.nearest(text, in: words) : nil
    return refuse(
      value,
      "\(quoted(shown)) is none of \(words.joined(separator: ", "))"
        + (nearest.map { "; nearest: \($0)" } ?? ""))
  }

  /// Bytes with a unit: `8KiB`. `orNone`: or 0.
  mutating func size(_ value: YAMLValue, _ range: ClosedRange<Int>, orNone: Bool = false) -> Int? {
    guard let (text, shown, _) = scalar(value) else { return nil }
    guard let size = ConfigUnits.size(text) else {
      return refuse(value, "\(quoted(shown)) is no size; write it like 8KiB (B, KiB, MiB, GiB)")
    }
    guard range.contains(size) || orNone && size == 0 else {
      let low = ConfigUnits.text(size: range.lowerBound)
      let high = ConfigUnits.text(size: range.upperBound)
      return refuse(value, "must lie in \(low)...\(high)" + (orNone ? ", or be 0" : ""))
    }
    return size
  }

  /// A length of time with units: `100ms`, `1h30m`.
  mutating func duration(_ value: YAMLValue, _ range: ClosedRange<Duration>) -> Duration? {
    guard let (text, shown, _) = scalar(value) else { return nil }
    guard let duration = ConfigUnits.duration(text) else {
      return refuse(value, "\(quoted(shown)) is no length of time; write it like 30s (ms, s, m, h, d)")
    }
    guard range.contains(duration) else {
      let low = ConfigUnits.text(duration: range.lowerBound)
      return refuse(value, "must lie in \(low)...\(ConfigUnits.text(duration: range.upperBound))")
    }
    return duration
  }

  /// Events in a time: `500/s`.
  mutating func rate(_ value: YAMLValue) -> Rate? {
    guard let (text, shown, _) = scalar(value) else { return nil }
    guard let rate = Rate(text) else {
      return refuse(
        value, "\(quoted(shown)) is no rate of 1 to 1000000; write it like 500/s (s, m, h), or null for none")
    }
    return rate
  }

  /// The items of a list. A single value stands for a list of one, so that a variable can name one.
  mutating func list(_ value: YAMLValue, limit: Int = 1_000) -> [YAMLValue]? {
    switch value.content {
    case .list(let items):
      guard items.count <= limit else { return refuse(value, "holds more than \(limit) items") }
      return items
    case .scalar where file == nil: return [value]
    default: return refuse(value, "must be a list, not \(value.kind)")
    }
  }

  mutating func texts(_ value: YAMLValue) -> [String]? {
    guard let items = list(value) else { return nil }
    var texts: [String] = []
    for item in items {
      guard let text = text(item) else { return nil }
      texts.append(text)
    }
    return texts
  }

  /// Writes the problem down and answers nil.
  mutating func refuse<T>(_ value: YAMLValue, _ message: String) -> T? {
    report(message, at: value)
    return nil
  }

  /// Values in messages: short, quoted, without anything a terminal would act on.
  func quoted(_ text: String) -> String {
    var safe = ""
    SafeText.appendForTerminal(String(text.prefix(80)), to: &safe)
    return "\"\(safe)\""
  }
}
