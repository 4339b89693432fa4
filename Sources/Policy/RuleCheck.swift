package import Model

/// Something about a usable rule that its author will not have meant.
package struct RuleWarning: Sendable, Equatable {
  package var id: Int64
  package var name: String
  /// A sentence part for people.
  package var text: String
  /// Nobody can have meant it: `check` fails, and a rule like that is not written. It decides nevertheless.
  package var isMistake: Bool

  package init(id: Int64, name: String, text: String, isMistake: Bool = false) {
    self.id = id
    self.name = name
    self.text = text
    self.isMistake = isMistake
  }
}

/// The one place that says whether a rule can be used: asked when a snapshot is compiled, when a rule is
/// written, and by `check`.
package enum RuleCheck {
  /// A pattern has at most this many bytes: what people write stays far below, and Vectorscan takes 16,000,
  /// of which a byte of a literal needs up to four.
  package static var patternLimit: Int { 4_000 }

  /// Groups of a regex that take text: PCRE2 keeps where each of them stands beside every place it may come
  /// back to, so that a step costs with a hundred groups twice what it costs without, with 1,900 forty times.
  package static var groupLimit: Int { 100 }

  /// Rules of a set whose regex PCRE2 has to search in every event, at some microseconds each.
  package static var searchedLimit: Int { 64 }

  /// Why `rule` cannot be used, as a sentence part (`missing closing parenthesis at column 14`); nil when it
  /// can. Compiles the pattern by itself: milliseconds, for cold paths.
  package static func problem(_ rule: Rule, settings: PolicySettings) -> String? {
    do throws(RuleProblem) {
      let checked = try CheckedRule(rule, words: HandlingWords(settings), known: nil)
      guard let source = checked.source else { return nil }
      return try compileAlone(source)
    } catch {
      return error.reason
    }
  }

  private static func compileAlone(_ source: PatternSource) throws(RuleProblem) -> String? {
    do throws(PolicyError) {
      let set = try PatternCompiler.compile([source], reusing: nil, effort: .full)
      guard let entry = set.entries.first, entry.home == .refused else { return nil }
      return entry.note
    } catch {
      throw RuleProblem(error.description)
    }
  }

  /// What a rule costs that no automaton narrows down; nil for the others.
  static func warning(_ rule: Rule, _ entry: PatternSet.Entry) -> RuleWarning? {
    guard entry.home == .searched else { return nil }
    return RuleWarning(
      id: rule.id, name: rule.name,
      text: "\(entry.note): PCRE2 searches every event for it, in at most \(RegexScratch.budget) steps; "
        + "a set may have \(searchedLimit) such rules")
  }

  /// A look-ahead over whatever follows, at no certain place: PCRE2 tries it at each, every time to the end
  /// of the text, and a text of some hundred bytes spends the budget. Begun with `^` it says the same,
  /// as long as nothing but look-aheads follows.
  static func lookAhead(_ rule: Rule) -> RuleWarning? {
    guard rule.matchType == .regex, var rest = rule.matchString?[...] else { return nil }
    while rest.hasPrefix("(?"), let end = rest.firstIndex(of: ")"),
      rest[..<end].dropFirst(2).allSatisfy({ "imsxnJU-".contains($0) })
    {
      rest = rest[end...].dropFirst()
    }
    while rest.hasPrefix("(?:") || rest.hasPrefix("(") && !rest.hasPrefix("(?") && !rest.hasPrefix("(*") {
      rest = rest.dropFirst(rest.hasPrefix("(?:") ? 3 : 1)
    }
    guard rest.hasPrefix("(?=.*") || rest.hasPrefix("(?=.+") else { return nil }
    return RuleWarning(
      id: rule.id, name: rule.name,
      text: "its look-ahead is tried at every place of the text, each time to its end: write ^ before it "
        + "where nothing but look-aheads follows")
  }

  /// False for most rules of a large set: none of the warnings below can be about it.
  static func mayWarn(_ rule: borrowing Rule) -> Bool {
    rule.matchType == .oidPrefix || rule.trapOID != nil || rule.key != nil || rule.summary != nil
  }

  /// What a usable rule will not do although it looks as if it did.
  package static func warnings(_ rule: Rule) -> [RuleWarning] {
    func warning(_ text: String) -> RuleWarning { RuleWarning(id: rule.id, name: rule.name, text: text) }
    return criteria(rule, warning) + blanks(rule, warning)
  }

  /// Groups that a template never shows: `{host}` and `{rule}` are those of the event.
  private static func hidden(_ rule: Rule, _ checked: CheckedRule) -> [RuleWarning] {
    var found: [RuleWarning] = []
    for (name, piece, meaning) in [
      ("host", Template.Piece.host, "host of the event"), ("rule", .rule, "name of the rule"),
    ] where checked.groups.contains(name) {
      for (column, template) in [("key", checked.key), ("summary", checked.summary)]
      where template?.pieces.contains(piece) == true {
        found.append(
          RuleWarning(
            id: rule.id, name: rule.name,
            text: "its \(column) asks for {\(name)}, which is the \(meaning) and not the group of that name: "
              + "give the group another one"))
      }
    }
    return found
  }

  /// Labels that no syslog message brings along: the rule may hold for traps, and those bring their own.
  static func warnings(_ rule: Rule, _ checked: CheckedRule) -> [RuleWarning] {
    var found = hidden(rule, checked)
    if checked.isForTrapsAlone { return found }
    for (column, labels) in [("key", checked.key?.labels ?? []), ("summary", checked.summary?.labels ?? [])] {
      for label in labels where !checked.groups.contains(label) {
        let near = Nearness.nearest(to: label, of: checked.groups)
        let hint = near.map { "; did you mean {\($0)}?" } ?? ""
        found.append(
          RuleWarning(
            id: rule.id, name: rule.name,
            text:
              "its \(column) asks for {\(label)}, which is no named group: only a trap can have it\(hint)",
            isMistake: near != nil))
      }
    }
    return found
  }

  /// A template that an event may leave without a word.
  private static func blanks(_ rule: Rule, _ warning: (String) -> RuleWarning) -> [RuleWarning] {
    var found: [RuleWarning] = []
    for (column, text, instead) in [
      ("key", rule.key, "{host}::{rule} stands"), ("summary", rule.summary, "host and text stand"),
    ] {
      guard let text, !text.isEmpty, let template = try? Template(reading: text) else { continue }
      let certain = rule.matchType == .regex ? CertainGroups.names(in: rule.matchString ?? "") : []
      if template.says(knowing: certain) { continue }
      let labels = template.labels.map { "{\($0)}" }.joined(separator: ", ")
      found.append(
        warning(
          labels.isEmpty
            ? "its \(column) says nothing; \(instead) for it"
            : "its \(column) is nothing but \(labels), which an event may not have; "
              + "\(instead) for it then"))
    }
    return found
  }

  private static func criteria(_ rule: Rule, _ warning: (String) -> RuleWarning) -> [RuleWarning] {
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
  let source: PatternSource?
  /// Of half a kilobyte, and most rules have none.
  private let boxedOID: Boxed<ObjectID>?
  /// nil: the default.
  let key: Template?
  let summary: Template?
  let isForTrapsAlone: Bool
  /// Present where it was needed for the check; see `regex(for:)`.
  private let checkedRegex: Regex?
  /// No group of the pattern can have a name.
  private let isSimple: Bool

  /// `known`: patterns in it were checked before, and checking ten thousand takes time that a start has not.
  init(_ rule: Rule, words: HandlingWords, known: PatternSet?) throws(RuleProblem) {
    try CheckedRule.checkWords(rule, words)
    let oid = try CheckedRule.readOID(rule)
    boxedOID = oid.map { Boxed($0) }
    (source, checkedRegex, isSimple) = try CheckedRule.readPattern(rule, known: known)
    // A trap brings labels of its own, which nobody knows before it arrives.
    isForTrapsAlone = rule.matchType == .oidPrefix || oid != nil
    let names = isForTrapsAlone || rule.syslogSeverity == nil ? nil : checkedRegex?.groups.map(\.name) ?? []
    key = try CheckedRule.readTemplate(rule.key, "key", known: names)
    summary = try CheckedRule.readTemplate(rule.summary, "summary", known: names)
  }

  var oid: ObjectID? { boxedOID?.value }

  /// The named groups of the regex.
  var groups: [String] { checkedRegex?.groups.map(\.name) ?? [] }

  /// The regex as PCRE2 runs it, when it has named groups or PCRE2 takes part in deciding it.
  func regex(for home: PatternHome) -> Regex? {
    guard let source, source.isRegex else { return nil }
    if home == .automaton, isSimple { return nil }
    return checkedRegex ?? (try? Regex(source.text, isUnicode: source.isUnicode))
  }

  /// False for most rules, and then PCRE2 need not look at them again.
  private static func mayHaveNames(_ text: String) -> Bool {
    let bytes = text.utf8Span.span
    for index in bytes.indices.dropFirst()
    where bytes[index] == UInt8(ascii: "?") && bytes[index - 1] == UInt8(ascii: "(") {
      return true
    }
    return false
  }

  private static func checkWords(_ rule: Rule, _ words: HandlingWords) throws(RuleProblem) {
    try words.check(rule.prodHandling, column: "prod_handling")
    try words.check(rule.devHandling, column: "dev_handling")
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

  /// What to look for, its regex where that was compiled for the check, and whether it is a simple one.
  private static func readPattern(_ rule: Rule, known: PatternSet?) throws(RuleProblem)
    -> (PatternSource?, Regex?, Bool)
  {
    guard let text = rule.matchString, !text.isEmpty else {
      switch rule.matchType {
      case .oidPrefix: return (nil, nil, true)
      case .contains, .regex:
        let what = rule.matchString == nil ? "no criterion: \(rule.matchType.rawValue) without" : "empty"
        throw RuleProblem("\(what) match_string")
      }
    }
    guard text.utf8.count <= RuleCheck.patternLimit else {
      throw RuleProblem(
        "match_string has \(text.utf8.count) bytes, more than \(RuleCheck.patternLimit)")
    }
    let source = PatternSource(text: text, isRegex: rule.matchType == .regex)
    guard source.isRegex else { return (source, nil, true) }
    let isSimple = !mayHaveNames(text)
    if isSimple, let known, let number = known.number(of: source),
      known.entries[Int(number)].home != .refused
    {
      return (source, nil, true)
    }
    let regex = try readRegex(source)
    guard regex.groupCount <= RuleCheck.groupLimit else {
      throw RuleProblem(
        "the regex has \(regex.groupCount) groups that take text, more than \(RuleCheck.groupLimit): write "
          + "(?:…) for those that nothing asks for")
    }
    return (source, regex, isSimple)
  }

  private static func readRegex(_ source: PatternSource) throws(RuleProblem) -> Regex {
    let text = source.text
    if let place = text.utf8.firstIndex(of: 0) {
      let offset = text.utf8.distance(from: text.startIndex, to: place)
      throw RuleProblem("NUL at column \(PatternCompiler.column(text, offset)); write \\x00")
    }
    do throws(RegexProblem) {
      return try Regex(text, isUnicode: source.isUnicode)
    } catch {
      throw RuleProblem("\(error.message) at column \(PatternCompiler.column(text, error.offset))")
    }
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

private final class Boxed<Value: Sendable>: Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

/// The handlings that a configuration knows.
struct HandlingWords {
  private let words: [String]
  private let lowered: Set<String>

  init(_ settings: PolicySettings) {
    words = settings.forward + settings.record
    lowered = Set(words.map { $0.lowercased() })
  }

  func check(_ word: String, column: String) throws(RuleProblem) {
    // A handful: the usual spelling is found without hashing it.
    for index in words.indices where words[index] == word { return }
    if lowered.contains(word.lowercased()) { return }
    if word.isEmpty { throw RuleProblem("\(column) is empty; one of \(words.joined(separator: ", "))") }
    let near = Nearness.nearest(to: word, of: words)
    let hint = near.map { "; did you mean \($0)?" } ?? "; one of \(words.joined(separator: ", "))"
    throw RuleProblem("unknown \(column) \"\(word)\"\(hint)")
  }
}

/// The texts of the handlings in a snapshot, and which of them are forwarded: asked twice for every rule, of
/// a handful of words.
struct HandlingTexts {
  private let forwarded: Set<String>
  /// By text.
  private var known: [Int32: Bool] = [:]

  init(_ settings: PolicySettings) { forwarded = Set(settings.forward.map { $0.lowercased() }) }

  mutating func add(_ word: String, to texts: inout TextArena.Builder) -> (text: TextIndex, isForwarded: Bool)
  {
    let text = texts.add(word)
    if let isForwarded = known[text.value] { return (text, isForwarded) }
    let isForwarded = forwarded.contains(word.lowercased())
    known[text.value] = isForwarded
    return (text, isForwarded)
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

  /// Edits of bytes from one to the other: one too many, too few or wrong, or two neighbours that changed
  /// places.
  private static func distance(_ left: String, _ right: String) -> Int {
    let (rows, columns) = (Array(left.utf8), Array(right.utf8))
    var before: [Int] = []
    var last = Array(0...columns.count)
    for (index, byte) in rows.enumerated() {
      var row = [index + 1]
      for column in columns.indices {
        let change = last[column] + (columns[column] == byte ? 0 : 1)
        row.append(min(change, last[column + 1] + 1, row[column] + 1))
        if index > 0, column > 0, byte == columns[column - 1], rows[index - 1] == columns[column] {
          row[column + 1] = min(row[column + 1], before[column - 1] + 1)
        }
      }
      (before, last) = (last, row)
    }
    return last[columns.count]
  }
}
