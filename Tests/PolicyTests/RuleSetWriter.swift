import Model

/// A random rule set with lines to hold it against, the same for every run of one seed.
struct RuleSet {
  var rules: [Rule] = []
  var lines: [Sample] = []

  /// Without `wanted` rules mostly as many as people have, now and then as many as a large network needs.
  init(seed: Int, count wanted: Int? = nil, lineCount: Int? = nil) {
    var numbers = SeededNumbers(seed: UInt64(seed) &* 0x1000 &+ 7)
    let isLarge = wanted != nil || seed % 97 == 5
    let share = Double.random(in: 0..<1, using: &numbers)
    let count = wanted ?? (isLarge ? 2_000 : 1 + Int(60 * share * share * share))
    let isUnicode = Int.random(in: 0..<4, using: &numbers) == 0
    let exoticShare = Int.random(in: 0...40, using: &numbers)
    var texts: [[UInt8]] = []
    var ids = (1...count).map { Int64($0) }
    ids.shuffle(using: &numbers)
    for id in ids {
      let chance = Int.random(in: 0..<100, using: &numbers)
      var reach = chance < exoticShare ? PatternWriter.Reach.exotic : .plain
      if !isLarge, chance < 2 { reach = .alone }
      // Compiling a large set of regexes takes too long for a test; most of its rules are plain text.
      let isText = isLarge && Int.random(in: 0..<10, using: &numbers) > 0
      let (rule, text) = RuleSet.rule(
        &numbers, id: id, reach: isText ? .plain : reach, isText: isText, mayBeUnicode: isUnicode)
      rules.append(rule)
      texts.append(text)
    }
    for _ in 0..<(lineCount ?? (isLarge ? 20 : 400)) {
      var line = Sample()
      line.text = LineWriter.line(&numbers, near: texts, isUnicode: isUnicode)
      if Int.random(in: 0..<3, using: &numbers) == 0 {
        line.trapOID = RuleSet.oid(&numbers)
      } else {
        line.severity = Int8.random(in: -1...7, using: &numbers)
      }
      lines.append(line)
    }
  }

  /// What an afternoon of edits does: rules change their pattern, their place or nothing but words, some go,
  /// some come.
  mutating func edit(_ numbers: inout SeededNumbers) {
    for _ in 0..<12 {
      let index = Int.random(in: 0..<rules.count, using: &numbers)
      switch Int.random(in: 0..<6, using: &numbers) {
      case 0: rules.remove(at: index)
      case 1: rules[index].priority = Int.random(in: 1...5, using: &numbers)
      case 2: rules[index].syslogSeverity = nil
      case 3: rules.append(RuleSet.written(&numbers, id: (rules.map(\.id).max() ?? 0) + 1))
      default: rules[index] = RuleSet.written(&numbers, id: rules[index].id)
      }
    }
  }

  private static func written(_ numbers: inout SeededNumbers, id: Int64) -> Rule {
    let reach = Int.random(in: 0..<4, using: &numbers) == 0 ? PatternWriter.Reach.exotic : .plain
    return rule(&numbers, id: id, reach: reach, isText: false, mayBeUnicode: true).0
  }

  private static func rule(
    _ numbers: inout SeededNumbers, id: Int64, reach: PatternWriter.Reach, isText: Bool, mayBeUnicode: Bool
  ) -> (Rule, [UInt8]) {
    let isUnicode = mayBeUnicode && Int.random(in: 0..<2, using: &numbers) == 0
    var type = MatchType.regex
    var written = PatternWriter.Written()
    switch Int.random(in: 0..<(isText ? 4 : 10), using: &numbers) {
    case 0..<3 where reach == .plain:
      type = .contains
      written = needle(&numbers, isUnicode: isUnicode)
    case 3 where reach == .plain:
      type = .oidPrefix
      if Bool.random(using: &numbers) { written = needle(&numbers, isUnicode: isUnicode) }
    default: written = PatternWriter.write(&numbers, reach: reach, isUnicode: isUnicode)
    }
    let hasOID = type == .oidPrefix || Int.random(in: 0..<10, using: &numbers) == 0
    let hasSeverity = Int.random(in: 0..<8, using: &numbers) == 0
    let isEmpty = written.pattern.isEmpty && type == .oidPrefix
    let rule = Rule.make(
      "r\(id)", type, isEmpty ? nil : written.pattern, oid: hasOID ? spelled(oid(&numbers), &numbers) : nil,
      id: id, priority: Int.random(in: 1...5, using: &numbers),
      severity: hasSeverity ? Int.random(in: 0...7, using: &numbers) : nil)
    return (rule, written.text)
  }

  /// Text to be contained, also such as would mean something in a regex.
  private static func needle(_ numbers: inout SeededNumbers, isUnicode: Bool) -> PatternWriter.Written {
    let signs = ["a.c", "(?", "[", "\\E", "$", "*", "\\d", "a|b", "^", "\\", "{2}", "(?i)", "%", "\0", "\n"]
    var text = ""
    for _ in 0..<Int.random(in: 1...3, using: &numbers) {
      if Int.random(in: 0..<5, using: &numbers) == 0 {
        text += signs[Int.random(in: 0..<signs.count, using: &numbers)]
      } else {
        text += String(decoding: LineWriter.token(&numbers, isUnicode: isUnicode), as: UTF8.self)
      }
    }
    if !isUnicode { text = String(text.unicodeScalars.filter(\.isASCII).map(Character.init)) }
    if text.isEmpty { text = "a" }
    return PatternWriter.Written(pattern: text, text: Array(text.utf8))
  }

  private static func oid(_ numbers: inout SeededNumbers) -> String {
    var text = "1.3"
    for _ in 0..<Int.random(in: 0...3, using: &numbers) {
      text += ".\(Int.random(in: 1...3, using: &numbers))"
    }
    return text
  }

  private static func spelled(_ oid: String, _ numbers: inout SeededNumbers) -> String {
    let spellings = [oid, "." + oid, oid + ".", oid + ".*", "." + oid + ".*"]
    return spellings[Int.random(in: 0..<spellings.count, using: &numbers)]
  }
}
