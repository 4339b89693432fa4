package import Model

/// Something about a usable rule that its author will not have meant.
package struct RuleWarning: Sendable, Equatable {
  package var id: Int64
  package var name: String
  /// A sentence part for people.
  package var text: String

  package init(id: Int64, name: String, text: String) {
    self.id = id
    self.name = name
    self.text = text
  }
}

/// The one place that says whether a rule can be used: asked when a snapshot is compiled, when a rule is
/// written, and by `check`.
package enum RuleCheck {
  /// A pattern has at most this many bytes: what people write stays far below, and Vectorscan takes 16,000,
  /// of which a byte of a literal needs up to four.
  package static var patternLimit: Int { 4_000 }

  /// Why `rule` cannot be used, as a sentence part (`missing closing parenthesis at column 14`); nil when it
  /// can. Compiles the pattern by itself: milliseconds, for cold paths.
  package static func problem(_ rule: Rule, settings: PolicySettings) -> String? {
    do throws(RuleProblem) {
      let checked = try CheckedRule(rule, settings: settings)
      guard let pattern = checked.pattern else { return nil }
      return try compileAlone(pattern)
    } catch {
      return error.reason
    }
  }

  private static func compileAlone(_ pattern: ScanPattern) throws(RuleProblem) -> String? {
    do throws(PolicyError) {
      switch try ScanDatabase.compile([pattern]) {
      case .compiled: return nil
      case .refused(_, let message): return CheckedRule.refusal(message)
      }
    } catch {
      throw RuleProblem(error.description)
    }
  }

  /// What a usable rule will not do although it looks as if it did.
  package static func warnings(_ rule: Rule) -> [RuleWarning] {
    func warning(_ text: String) -> RuleWarning { RuleWarning(id: rule.id, name: rule.name, text: text) }
    if rule.matchType == .oidPrefix {
      guard rule.syslogSeverity != nil else { return [] }
      return [warning("syslog_severity is ignored: traps have none")]
    }
    guard let oid = rule.trapOID, !oid.isEmpty else { return [] }
    if rule.syslogSeverity != nil {
      return [warning("never holds: trap_oid asks for a trap, syslog_severity for a syslog message")]
    }
    return [warning("never matches syslog: trap_oid asks for a trap and both must hold")]
  }
}

/// Why a rule cannot be used.
struct RuleProblem: Error, Equatable {
  var reason: String
  init(_ reason: String) { self.reason = reason }
}

/// A rule that can be used, in the form the compiler takes; all but the last word of the pattern engine,
/// which speaks when all patterns are compiled together.
struct CheckedRule {
  /// nil: the rule decides by OID alone.
  let pattern: ScanPattern?
  let oid: ObjectID?
  let key: Template
  let summary: Template?
  /// nil: the rule has no named groups.
  let captures: Regex?

  init(_ rule: Rule, settings: PolicySettings) throws(RuleProblem) {
    try CheckedRule.checkWords(rule, settings)
    oid = try CheckedRule.readOID(rule)
    (pattern, captures) = try CheckedRule.readPattern(rule)
    // A trap brings labels of its own, which nobody knows before it arrives.
    let isForTraps = rule.matchType == .oidPrefix || oid != nil || rule.syslogSeverity == nil
    let names = isForTraps ? nil : captures?.groups.map(\.name) ?? []
    key = try CheckedRule.readTemplate(rule.key, "key", known: names) ?? .defaultKey
    summary = try CheckedRule.readTemplate(rule.summary, "summary", known: names)
  }

  private static func checkWords(_ rule: Rule, _ settings: PolicySettings) throws(RuleProblem) {
    let handlings = settings.forward + settings.record
    for (column, word) in [("prod_handling", rule.prodHandling), ("dev_handling", rule.devHandling)] {
      if handlings.contains(where: { $0.lowercased() == word.lowercased() }) { continue }
      if word.isEmpty { throw RuleProblem("\(column) is empty; one of \(handlings.joined(separator: ", "))") }
      let near = Nearness.nearest(to: word, of: handlings)
      let hint = near.map { "; did you mean \($0)?" } ?? "; one of \(handlings.joined(separator: ", "))"
      throw RuleProblem("unknown \(column) \"\(word)\"\(hint)")
    }
    if let severity = rule.severity, !(0...5).contains(severity) {
      throw RuleProblem("severity \(severity) is not 0 to 5")
    }
    if rule.matchType != .oidPrefix, let severity = rule.syslogSeverity, !(0...7).contains(severity) {
      throw RuleProblem("syslog_severity \(severity) is not 0 to 7")
    }
  }

  private static func readOID(_ rule: Rule) throws(RuleProblem) -> ObjectID? {
    guard let text = rule.trapOID, !text.isEmpty else {
      if rule.matchType == .oidPrefix { throw RuleProblem("oid_prefix without trap_oid") }
      return nil
    }
    guard let oid = ObjectID(prefix: text) else {
      throw RuleProblem("bad trap_oid \"\(text)\": numbers below 2^32 with dots between, at most 128")
    }
    return oid
  }

  private static func readPattern(_ rule: Rule) throws(RuleProblem) -> (ScanPattern?, Regex?) {
    guard let text = rule.matchString, !text.isEmpty else {
      switch rule.matchType {
      case .oidPrefix: return (nil, nil)
      case .contains, .regex:
        let what = rule.matchString == nil ? "no criterion: \(rule.matchType.rawValue) without" : "empty"
        throw RuleProblem("\(what) match_string")
      }
    }
    guard text.utf8.count <= RuleCheck.patternLimit else {
      throw RuleProblem("match_string is longer than \(RuleCheck.patternLimit) bytes")
    }
    let isUnicode = text.utf8.contains { $0 >= 0x80 }
    guard rule.matchType == .regex else {
      return (ScanPattern(expression: literal(text), isUnicode: isUnicode), nil)
    }
    return try readRegex(text, isUnicode: isUnicode)
  }

  /// Letters of ASCII as hexadecimal, so that nothing in a literal means anything.
  private static func literal(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if byte >= 0x80 {
        bytes.append(byte)
      } else {
        bytes.append(ascii: "\\x")
        bytes.append(hexByte: byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func readRegex(_ text: String, isUnicode: Bool) throws(RuleProblem) -> (ScanPattern, Regex?)
  {
    if let place = text.utf8.firstIndex(of: 0) {
      let offset = text.utf8.distance(from: text.startIndex, to: place)
      throw RuleProblem("NUL at column \(column(text, offset)); write \\x00")
    }
    let regex: Regex
    do throws(RegexProblem) {
      regex = try Regex(text, isUnicode: isUnicode)
    } catch {
      throw RuleProblem("\(error.message) at column \(column(text, error.offset))")
    }
    let reader = RegexReader(text)
    let pattern = ScanPattern(
      expression: String(decoding: reader.expression, as: UTF8.self), isUnicode: isUnicode)
    if let complaint = pattern.parserComplaint {
      guard let exotic = reader.exotic else { throw RuleProblem(refusal(complaint)) }
      let place = column(text, exotic.offset)
      throw RuleProblem("\(exotic.name) at column \(place) needs PCRE2, which is not supported yet")
    }
    return (pattern, regex.groups.isEmpty ? nil : regex)
  }

  /// What to say when Vectorscan refuses what PCRE2 accepts.
  static func refusal(_ message: String) -> String {
    let sentence = message.hasSuffix(".") ? String(message.dropLast()) : message
    return "needs PCRE2, which is not supported yet (Vectorscan: \(sentence))"
  }

  /// The column of a byte, counted from 1 in characters as Unicode counts them.
  private static func column(_ text: String, _ offset: Int) -> Int {
    var column = 1
    for byte in text.utf8.prefix(offset) where byte & 0xC0 != 0x80 { column += 1 }
    return column
  }

  private static func readTemplate(_ text: String?, _ column: String, known: [String]?) throws(RuleProblem)
    -> Template?
  {
    guard let text, !text.isEmpty else { return nil }
    let template: Template
    do throws(TemplateProblem) {
      template = try Template(reading: text)
    } catch {
      throw RuleProblem("bad \(column): \(error.message)")
    }
    guard let known else { return template }
    for label in template.labels where !known.contains(label) {
      let near = Nearness.nearest(to: label, of: known + ["host", "rule"])
      let hint = near.map { "; did you mean {\($0)}?" } ?? ", neither host, rule nor a named group"
      throw RuleProblem("bad \(column): unknown {\(label)}\(hint)")
    }
    return template
  }
}

/// Finds what a mistyped word was meant to be.
enum Nearness {
  /// The candidate that takes the fewest edits, when those are few for the length of the word.
  static func nearest(to word: String, of candidates: [String]) -> String? {
    // Longer words are no typing errors, and the table below grows with them.
    guard word.utf8.count <= 64 else { return nil }
    let scored = candidates.map { (distance(word.lowercased(), $0.lowercased()), $0) }
    guard let best = scored.min(by: { $0.0 < $1.0 }) else { return nil }
    return best.0 <= max(1, word.utf8.count / 3) ? best.1 : nil
  }

  /// Levenshtein's distance in bytes.
  private static func distance(_ left: String, _ right: String) -> Int {
    let columns = Array(right.utf8)
    var row = Array(0...columns.count)
    for (index, byte) in left.utf8.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in 0..<columns.count {
        let above = row[column + 1]
        let change = diagonal + (columns[column] == byte ? 0 : 1)
        row[column + 1] = min(change, above + 1, row[column] + 1)
        diagonal = above
      }
    }
    return row[columns.count]
  }
}
