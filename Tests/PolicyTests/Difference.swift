import Model

@testable import Policy

/// A rule and a line that the matcher and the plain rule disagree on.
struct Difference: CustomStringConvertible {
  var rule: Rule
  var line: Sample
  var expected: Bool

  var description: String {
    var conditions = ""
    if let oid = rule.trapOID { conditions += " trap_oid \(oid)" }
    if let severity = rule.syslogSeverity { conditions += " syslog_severity \(severity)" }
    let kind = rule.matchType.rawValue
    let about = line.trapOID.map { "trap \($0)" } ?? "severity \(line.severity)"
    return
      "\(kind) \(quoted(rule.matchString ?? ""))\(conditions) and the line \(quoted(line.text)) (\(about)): "
      + (expected
        ? "it holds, and the matcher says it does not" : "it does not hold, and the matcher says it does")
  }

  /// nil: the matcher agrees, refuses the rule, or nobody can say.
  init?(_ rule: Rule, _ line: Sample, beside other: Rule? = nil) {
    let rules = other.map { [$0, rule] } ?? [rule]
    guard let plain = try? PlainRule(rule), var matcher = try? Bench(rules).matcher() else { return nil }
    guard let rank = matcher.snapshot.rules.firstIndex(where: { $0.id == rule.id }) else { return nil }
    let answer = plain.answer(PlainLine(line))
    let hasBudget = matcher.snapshot.table.conditions[rank].confirmation >= 0
    guard answer != .tooCostly, !hasBudget || plain.isCheap(PlainLine(line), limit: Difference.budget)
    else { return nil }
    guard (matcher.explain(line).lines[rank].verdict != .doesNotHold) != (answer == .holds) else {
      return nil
    }
    self.rule = rule
    self.line = line
    expected = answer == .holds
  }

  /// A regex may be given up after 100,000 items of its pattern over all places of the text; a pair that
  /// takes a good part of that at one place is no proof.
  static var budget: UInt32 { 200 }

  /// The same disagreement with as little of the line and the pattern as shows it.
  func shrunk() -> Difference {
    var smallest = self
    if smallest.rule.matchType != .oidPrefix {
      smallest.rule.trapOID = nil
      smallest.rule.syslogSeverity = nil
      smallest.line.trapOID = nil
      smallest = Difference(smallest.rule, smallest.line) ?? self
    }
    var isSmaller = true
    // Each try compiles a pattern, and a few take a third of a second.
    var rounds = 0
    while isSmaller, rounds < 40 {
      isSmaller = false
      rounds += 1
      for length in [64, 16, 4, 1] {
        if let next = smallest.withoutSomeText(length) ?? smallest.withoutSomePattern(length) {
          smallest = next
          isSmaller = true
          break
        }
      }
    }
    return smallest
  }

  private func withoutSomeText(_ length: Int) -> Difference? {
    guard line.text.count >= length else { return nil }
    for start in 0...(line.text.count - length) {
      var other = line
      other.text.removeSubrange(start..<start + length)
      if let found = Difference(rule, other) { return found }
    }
    return nil
  }

  private func withoutSomePattern(_ length: Int) -> Difference? {
    let scalars = Array((rule.matchString ?? "").unicodeScalars)
    guard scalars.count > length else { return nil }
    for start in 0...(scalars.count - length) {
      var rest = String.UnicodeScalarView()
      rest.append(contentsOf: scalars[..<start])
      rest.append(contentsOf: scalars[(start + length)...])
      var other = rule
      other.matchString = String(rest)
      if let found = Difference(other, line) { return found }
    }
    return nil
  }
}

/// Text as a test prints it: what cannot be seen as an escape.
func quoted(_ bytes: [UInt8]) -> String {
  guard let text = String(validating: bytes, as: UTF8.self) else {
    return "\"" + bytes.map { $0 >= 0x20 && $0 < 0x7F ? String(UnicodeScalar($0)) : hexByte($0) }.joined()
      + "\""
  }
  return quoted(text)
}

func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n": result += "\\n"
    case "\\": result += "\\\\"
    case "\"": result += "\\\""
    case _ where scalar.value < 0x20: result += hexByte(UInt8(scalar.value))
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

private func hexByte(_ byte: UInt8) -> String {
  "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
}
