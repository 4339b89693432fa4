import Model

@testable import Policy

/// A rule by itself, held against a line the slow way: what it means, spelled out once more. The matcher,
/// with all rules in one automaton, must say the same of every one of them.
struct PlainRule {
  private enum Criterion {
    case none
    /// Bytes with A-Z lowered.
    case bytes([UInt8])
    /// Characters, each as the one it folds to.
    case characters([UInt32])
    case regex(PlainRegex)
  }

  /// Steps of back-tracking for a pair; more than any pair that is worth comparing needs.
  private static var steps: UInt32 { 2_000_000 }

  let rule: Rule
  private let criterion: Criterion
  private let arcs: [UInt32]?

  /// Fails when the pattern is no regex; conditions are taken to be in order.
  init(_ rule: Rule) throws(PlainRegex.Problem) {
    self.rule = rule
    arcs = rule.trapOID.flatMap { $0.isEmpty ? nil : PlainRule.arcs($0) }
    let text = rule.matchString ?? ""
    let isUnicode = text.utf8.contains { $0 >= 0x80 }
    if text.isEmpty {
      criterion = .none
    } else if rule.matchType == .regex {
      criterion = .regex(try PlainRegex(text, isUnicode: isUnicode))
    } else if isUnicode {
      criterion = .characters(text.unicodeScalars.map { PlainRule.folded($0) })
    } else {
      criterion = .bytes(text.utf8.map { PlainRule.lowered($0) })
    }
  }

  func answer(_ line: PlainLine) -> PlainRegex.Answer {
    if let arcs {
      // A syslog message has no OID, so it is below none.
      if line.arcs.count < arcs.count { return .doesNotHold }
      for index in arcs.indices where line.arcs[index] != arcs[index] { return .doesNotHold }
    }
    if rule.matchType != .oidPrefix, let severity = rule.syslogSeverity {
      if severity != Int(line.sample.severity) { return .doesNotHold }
    }
    switch criterion {
    case .none: return .holds
    case .bytes(let needle):
      return PlainRule.contains(line.lowered, needle) ? .holds : .doesNotHold
    case .characters(let needle):
      guard let characters = line.folded else { return .doesNotHold }
      return PlainRule.contains(characters, needle) ? .holds : .doesNotHold
    case .regex(let regex): return regex.search(line.sample.text, limit: PlainRule.steps)
    }
  }

  /// True when fewer steps than `limit` tell whether the pattern holds.
  func isCheap(_ line: PlainLine, limit: UInt32) -> Bool {
    guard case .regex(let regex) = criterion else { return true }
    return regex.search(line.sample.text, limit: limit) != .tooCostly
  }

  static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte }

  /// Unicode's simple case folding, made of the upper and lower case that the language knows. What maps to
  /// more than one character stays itself, and so does the dotless i, which only Turkish folds.
  static func folded(_ character: Unicode.Scalar) -> UInt32 {
    if character == "\u{131}" { return character.value }
    let upper = only(character.properties.uppercaseMapping) ?? character
    return (only(upper.properties.lowercaseMapping) ?? upper).value
  }

  private static func only(_ mapping: String) -> Unicode.Scalar? {
    mapping.unicodeScalars.count == 1 ? mapping.unicodeScalars.first : nil
  }

  private static func contains<Unit: Equatable>(_ text: [Unit], _ needle: [Unit]) -> Bool {
    var start = 0
    while start + needle.count <= text.count {
      var length = 0
      while length < needle.count, text[start + length] == needle[length] { length += 1 }
      if length == needle.count { return true }
      start += 1
    }
    return false
  }

  /// Arcs of an OID as people write it: `.1.3.6.*` is `1.3.6`.
  static func arcs(_ text: String) -> [UInt32] {
    text.split { ". *".contains($0) }.compactMap { UInt32($0) }
  }
}

/// A line in the forms that plain rules look at.
struct PlainLine {
  let sample: Sample
  let lowered: [UInt8]
  /// nil: no valid UTF-8, which a rule with characters beyond ASCII does not see.
  let folded: [UInt32]?
  let arcs: [UInt32]

  init(_ sample: Sample) {
    self.sample = sample
    lowered = sample.text.map { PlainRule.lowered($0) }
    folded = String(validating: sample.text, as: UTF8.self)?.unicodeScalars.map { PlainRule.folded($0) }
    arcs = sample.trapOID.map { PlainRule.arcs($0) } ?? []
  }
}
