import Model
import Policy

/// Rules that can never win, and rules that leave nothing to others, in words.
enum VerbOverlap {
  static func findings(_ snapshot: Snapshot, _ catalog: VerbCatalog) throws(DaemonFailure) -> [VerbFinding] {
    let overlap: RuleOverlap
    do throws(PolicyError) {
      overlap = try RuleOverlap(snapshot)
    } catch {
      throw DaemonFailure(.unavailable, "the rules could not be compared: \(error)")
    }
    let rules = snapshot.rules
    var findings: [VerbFinding] = []
    for shadow in overlap.shadows {
      let names = shadow.winners.map { rules[$0].name }
      let places = names.map { name in catalog.reference(to: name) }.joined(separator: ", ")
      let who = names.count == 1 ? "rule \(places) decides before it" : "rules \(places) decide before it"
      findings.append(
        VerbFinding(
          kind: .neverWins, isWarning: false, rule: rules[shadow.rule].name, winners: names,
          text: "can never win: \(who) and \(deed(shadow.reason))"))
    }
    for (ranks, what) in [(overlap.catchAlls, "event"), (overlap.trapCatchAlls, "trap")] {
      for rank in ranks {
        let behind = rules.count - rank - 1
        let rest = behind == 0 ? "" : "; \(behind) \(behind == 1 ? "rule decides" : "rules decide") behind it"
        findings.append(
          VerbFinding(
            kind: .catchAll, isWarning: true, rule: rules[rank].name, text: "holds for every \(what)\(rest)"))
      }
    }
    for rule in rules where isCrumb(rule) {
      findings.append(
        VerbFinding(
          kind: .catchAll, isWarning: true, rule: rule.name,
          text: "looks for \"\(rule.matchString ?? "")\" alone, which stands in almost every message"))
    }
    return findings
  }

  private static func deed(_ reason: RuleOverlap.Shadow.Reason) -> String {
    switch reason {
    case .same: return "asks for the same"
    case .traps: return "takes every trap that it could"
    case .everything: return "takes everything that it could"
    case .alternatives: return "take each of its alternatives"
    case .text(let text):
      let shown = text.count > 60 ? text.prefix(59) + "…" : text[...]
      return "takes everything with \"\(shown)\" in it"
    }
  }

  /// A single character of ASCII, or blanks: nobody looks for that. One beyond may be a word.
  static func isCrumb(_ rule: Rule) -> Bool {
    guard rule.matchType == .contains, rule.trapOID ?? "" == "", let text = rule.matchString else {
      return false
    }
    return text.utf8.allSatisfy { $0 < 0x80 } && text.filter { $0 != " " }.count < 2
  }
}

/// Names that only their case tells apart: people, receivers and files will mix them up.
enum VerbNames {
  static func findings(_ rules: [Rule], _ catalog: VerbCatalog) -> [VerbFinding] {
    var first: [String: String] = [:]
    var findings: [VerbFinding] = []
    for rule in rules {
      let folded = rule.name.lowercased()
      guard let other = first[folded] else {
        first[folded] = rule.name
        continue
      }
      findings.append(
        VerbFinding(
          kind: .name, isWarning: true, rule: rule.name,
          text: "only the case of its name tells it from rule \(catalog.reference(to: other))"))
    }
    return findings
  }
}
