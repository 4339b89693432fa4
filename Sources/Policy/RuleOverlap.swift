import Model

/// Rules that can never win, because rules that decide before them take whatever they could hold for; and
/// rules that hold for everything. Says only what is certain: from literals, from the literals that a regex
/// cannot do without, and from OIDs.
///
/// Each rule is shown to the earlier ones as the least event that it can hold for. Those that hold for a text
/// wherever it stands decide about it all in one run of the engine, so that the work grows with the number of
/// rules and not with its square.
package struct RuleOverlap: Sendable {
  /// A rule that can never win.
  package struct Shadow: Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
      /// The same criterion.
      case same
      /// Holds for everything that has this text in it.
      case text(String)
      /// Takes every trap from there on.
      case traps
      /// Holds for every text.
      case everything
      /// Each alternative of the regex falls to one of them.
      case alternatives
    }

    /// Position among the snapshot's usable rules.
    package var rule: Int
    /// Those that win instead, in deciding order.
    package var winners: [Int]
    package var reason: Reason
  }

  /// In deciding order.
  package private(set) var shadows: [Shadow] = []
  /// Rules without a condition that hold for every event, or for every one with a text: positions among the
  /// snapshot's usable rules.
  package private(set) var catchAlls: [Int] = []
  /// Rules that hold for every trap there is, whatever it says: positions like those.
  package private(set) var trapCatchAlls: [Int] = []

  /// Compiles those rules once more that may take something from others: mostly few. Throws `.tooLarge`, and
  /// compiles nothing, when they are more than `limit`.
  package init(_ snapshot: Snapshot, limit: Int = .max) throws(PolicyError) {
    var demands: [String: RegexShape.Demand] = [:]
    let criteria = snapshot.rules.map { Criterion($0, snapshot.patterns, &demands) }
    var field = try Field(snapshot, criteria, limit)
    var twins = Twins()
    for (rank, criterion) in criteria.enumerated() {
      if criterion.isCatchAll { catchAlls.append(rank) }
      if criterion.takesEveryTrap { trapCatchAlls.append(rank) }
      if criterion.isNeverMet { continue }
      if let twin = twins.find(before: rank, criterion) {
        shadows.append(Shadow(rule: rank, winners: [twin], reason: .same))
      } else if let shadow = field.shadow(of: rank, criteria) {
        shadows.append(shadow)
      }
    }
  }
}

/// What a rule asks for, as far as it can be compared.
private struct Criterion {
  /// Alternatives with the texts that each cannot do without; an OID alone: one without any.
  var alternatives: [[[UInt8]]]
  /// What it asks of a text, as far as PCRE2 gets to an end where that decides.
  private var asked: RegexShape.Demand
  var needsText: Bool
  /// Holds for every text with a text in it that it holds for.
  var isMonotone: Bool
  /// Reads valid UTF-8 only.
  var isUnicode: Bool
  /// PCRE2 takes part in deciding it, and may not get to an end: whoever has a budget may spend it on a text,
  /// and another rule wins that.
  private var isLimited = false
  /// Type and text, equal for rules that look for the same.
  var pattern: String
  var hasPattern: Bool
  /// -1: any.
  var severity: Int8
  var oid: ObjectID?

  /// `demands`: what PCRE2 has said of regexes that were asked about.
  init(_ rule: Rule, _ patterns: PatternSet, _ demands: inout [String: RegexShape.Demand]) {
    let text = rule.matchString ?? ""
    hasPattern = !text.isEmpty
    isUnicode = text.utf8.contains { $0 >= 0x80 }
    severity = rule.matchType == .oidPrefix ? -1 : Int8(rule.syslogSeverity ?? -1)
    oid = rule.trapOID.flatMap { $0.isEmpty ? nil : ObjectID(prefix: $0) }
    if rule.matchType == .regex {
      let shape = RegexShape(text)
      alternatives = shape?.alternatives ?? [[]]
      asked = shape?.demand ?? .something
      needsText = shape?.needsText ?? false
      let home = patterns.entry(of: PatternSource(text: text, isRegex: true))?.home
      isLimited = home != .automaton && hasPattern
      isMonotone = !isUnicode && !isLimited && (shape?.isMonotone ?? false)
      pattern = "regex \(text)"
      if asked == .something, !isUnicode {
        asked = demands[text] ?? RegexProbe.demand(text)
        demands[text] = asked
      }
    } else {
      alternatives = hasPattern ? [[Array(text.utf8)]] : [[]]
      asked = hasPattern ? .something : .nothing
      needsText = hasPattern
      isMonotone = true
      pattern = "text \(isUnicode ? text : String(decoding: text.utf8.map(lowered), as: UTF8.self))"
    }
  }

  /// What others may be told that it asks.
  var demand: RegexShape.Demand { isLimited ? .something : asked }

  var holdsAnywhere: Bool { isMonotone || demand == .nothing && !isUnicode }

  /// Its texts, as far as they are the same bytes in every text it holds for but for the case of A-Z.
  var pieces: [[[UInt8]]] {
    isUnicode ? alternatives.map { $0.flatMap { Criterion.plainRuns($0) } } : alternatives
  }

  /// No event is a trap with a syslog severity.
  var isNeverMet: Bool { severity >= 0 && oid != nil }

  /// A pattern with letters beyond ASCII leaves out what is not valid UTF-8.
  var isCatchAll: Bool { asked != .something && !isUnicode && severity < 0 && oid == nil }

  /// No trap comes from outside `internet` (1.3.6.1, RFC 1155 section 3.1).
  var takesEveryTrap: Bool {
    guard let oid, demand != .something, !isUnicode, severity < 0, oid.count <= 4 else { return false }
    let internet: [UInt32] = [1, 3, 6, 1]
    return (0..<oid.count).allSatisfy { oid[$0] == internet[$0] }
  }

  /// The part of a text about which byte rules and Unicode rules agree: no letter beyond ASCII, and none
  /// that folds with one (K with the Kelvin sign, S with the long s).
  static func plainRuns(_ text: [UInt8]) -> [[UInt8]] {
    text.split { $0 >= 0x80 || lowered($0) == UInt8(ascii: "k") || lowered($0) == UInt8(ascii: "s") }
      .map { Array($0) }
  }
}

/// Finds rules that ask for the same, with the same conditions or fewer.
private struct Twins {
  /// By bytes: Swift takes texts for equal that the engines tell apart.
  private var first: [[UInt8]: Int] = [:]

  /// An earlier one; `rank` is known to those that come after.
  mutating func find(before rank: Int, _ criterion: Criterion) -> Int? {
    let oid = criterion.oid.map { "\($0)" } ?? ""
    var found: Int?
    for severity in criterion.severity < 0 ? [-1] : [-1, criterion.severity] {
      for oid in oid.isEmpty ? [""] : ["", oid] {
        if oid.isEmpty, !criterion.hasPattern { continue }
        if let earlier = first[Array("\(severity) \(oid) \(criterion.pattern)".utf8)] {
          found = min(found ?? earlier, earlier)
        }
      }
    }
    let own = Array("\(criterion.severity) \(oid) \(criterion.pattern)".utf8)
    if first[own] == nil { first[own] = rank }
    return found
  }
}

/// The rules whose verdict about a part of a text is their verdict about the whole.
private struct Field: ~Copyable {
  private var bytes: Matcher
  private var unicode: Matcher
  /// By severity, -1 for any: the first rule without an OID that holds for every text but the empty one.
  private let anyText: [Int8: Int]

  init(_ snapshot: Snapshot, _ criteria: [Criterion], _ limit: Int) throws(PolicyError) {
    let contenders = Field.contenders(criteria)
    if contenders.count > limit {
      throw PolicyError(
        .tooLarge, doing: "comparing rules with one another",
        advice: "\(contenders.count) rules may take something from others, \(limit) are compared here.")
    }
    var kept: (bytes: [Rule], unicode: [Rule]) = ([], [])
    for rank in contenders.sorted() {
      let rule = Field.bare(snapshot.rules[rank], rank)
      if criteria[rank].isUnicode { kept.unicode.append(rule) } else { kept.bytes.append(rule) }
    }
    var anyText: [Int8: Int] = [:]
    for (rank, criterion) in criteria.enumerated() {
      guard criterion.demand == .anything, criterion.oid == nil, !criterion.isUnicode else { continue }
      if anyText[criterion.severity] == nil { anyText[criterion.severity] = rank }
    }
    let settings = snapshot.settings
    // Whatever throws comes before the first part is set: a half-made field could not be taken apart.
    let bytes = try Matcher(Snapshot.compile(Catalog(rules: kept.bytes), settings: settings, generation: 0))
    let unicode = try Matcher(
      Snapshot.compile(Catalog(rules: kept.unicode), settings: settings, generation: 0))
    self.bytes = bytes
    self.unicode = unicode
    self.anyText = anyText
  }

  /// The rules that may hold for what a later one cannot do without.
  private static func contenders(_ criteria: [Criterion]) -> Set<Int> {
    var contenders = RuleContenders()
    for (rank, criterion) in criteria.enumerated() where criterion.holdsAnywhere {
      contenders.add(rank, criterion.demand == .nothing ? [[]] : criterion.pieces)
    }
    for (rank, criterion) in criteria.enumerated() {
      for text in criterion.alternatives.joined() { contenders.look(text, before: rank) }
    }
    return contenders.ranks
  }

  /// The criterion alone; the id is the rank from 1 on.
  private static func bare(_ rule: Rule, _ rank: Int) -> Rule {
    var bare = Rule(
      name: "", matchType: rule.matchType, matchString: rule.matchString, trapOID: rule.trapOID,
      prodHandling: rule.prodHandling, devHandling: rule.devHandling)
    bare.syslogSeverity = rule.matchType == .oidPrefix ? nil : rule.syslogSeverity
    bare.id = Int64(rank) + 1
    bare.priority = 0
    return bare
  }

  mutating func shadow(of rank: Int, _ criteria: [Criterion]) -> RuleOverlap.Shadow? {
    var winners: [Int] = []
    var reason = RuleOverlap.Shadow.Reason.alternatives
    for alternative in criteria[rank].alternatives {
      guard let (winner, text) = winner(over: rank, criteria[rank], alternative) else { return nil }
      if !winners.contains(winner) { winners.append(winner) }
      reason = Field.reason(criteria[winner], text)
    }
    if winners.count > 1 { reason = .alternatives }
    return RuleOverlap.Shadow(rule: rank, winners: winners.sorted(), reason: reason)
  }

  /// The first rule before `rank` that holds for one of `texts`, and that text.
  private mutating func winner(
    over rank: Int, _ criterion: Criterion, _ texts: [[UInt8]]
  ) -> (rank: Int, text: [UInt8])? {
    var best: (rank: Int, text: [UInt8])?
    func consider(_ found: Int, _ text: [UInt8]) {
      if found < best?.rank ?? rank { best = (found, text) }
    }
    if criterion.isUnicode {
      for text in texts {
        consider(Field.first(&unicode, text, criterion), text)
        for run in Criterion.plainRuns(text) { consider(Field.first(&bytes, run, criterion), run) }
      }
    } else {
      for text in texts { consider(Field.first(&bytes, text, criterion), text) }
    }
    if best == nil { consider(Field.first(&bytes, [], criterion), []) }
    if best == nil, criterion.needsText {
      for severity in [-1, criterion.severity] {
        if let found = anyText[severity] { consider(found, []) }
      }
    }
    return best
  }

  /// The first rule that holds for the least event with `text` that `criterion` can hold for; `.max`: none.
  private static func first(_ matcher: inout Matcher, _ text: [UInt8], _ criterion: Criterion) -> Int {
    var event = Event(arrival: .absent, peer: .unspecified)
    event.source = criterion.oid == nil ? .syslog : .trap
    event.severity = criterion.severity
    let none: [UInt8] = []
    let decision = matcher.decide(
      event, datagram: none.span, text: text.span, trapOID: criterion.oid ?? ObjectID())
    if !decision.isMatched { return .max }
    return Int(matcher.snapshot.rules[Int(decision.rule)].id) - 1
  }

  private static func reason(_ winner: Criterion, _ text: [UInt8]) -> RuleOverlap.Shadow.Reason {
    if !winner.hasPattern { return .traps }
    if winner.demand != .something || text.isEmpty { return .everything }
    return .text(String(decoding: text, as: UTF8.self))
  }
}
