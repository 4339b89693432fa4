import Model
import Policy
import Store

/// Something that MUTT decided otherwise than it is decided here.
struct AdoptionFinding: Equatable {
  enum Kind: String {
    case handling, unusable, oid, oidAndText = "oid_and_text", regex, severity, tie, host
  }

  var kind: Kind
  /// Nil where it is about several.
  var rule: Rule?
  var text: String

  var line: String {
    guard let rule else { return text }
    let what = [rule.trapOID, rule.matchString].compactMap { $0 }.filter { !$0.isEmpty }
    return "rule \(rule.id) (\(([rule.matchType.rawValue] + what).joined(separator: " "))): \(text)"
  }
}

/// Every rule and host of a MUTT database that decides differently here, and why. MUTT's ways: the OID's text
/// as a prefix, an OID or a text but never both, any word as a handling, ties by the order of the table's
/// pages, Python's `re`, host names letter by letter.
struct AdoptionFindings {
  private(set) var all: [AdoptionFinding] = []
  private let words: Set<String>
  private let handlings: [String]

  init(_ report: AdoptionReport, settings: PolicySettings) {
    handlings = settings.forward + settings.record
    words = Set(handlings.map { $0.lowercased() })
    if report.isAdopted { return }
    let rules = report.rules.filter(\.isActive)
    for rule in rules {
      addHandling(rule)
      addUse(rule, settings)
      addOID(rule)
      addText(rule)
    }
    addTies(rules)
    addHosts(report)
  }

  private mutating func add(_ kind: AdoptionFinding.Kind, _ rule: Rule?, _ text: String) {
    all.append(AdoptionFinding(kind: kind, rule: rule, text: text))
  }

  private mutating func addHandling(_ rule: Rule) {
    for (column, word) in [("prod_handling", rule.prodHandling), ("dev_handling", rule.devHandling)]
    where !words.contains(word.lowercased()) {
      let nearest = ConfigSpelling.nearest(word, in: handlings).map { "; nearest: \($0)" } ?? ""
      add(
        .handling, rule,
        "\(column) \"\(word)\" is no handling, so the rule is quarantined until it is set\(nearest). MUTT "
          + "recorded such events and told nobody")
    }
  }

  private mutating func addUse(_ rule: Rule, _ settings: PolicySettings) {
    // With handlings that are known: those have been named.
    var rule = rule
    if let word = settings.record.first ?? settings.forward.first {
      if !words.contains(rule.prodHandling.lowercased()) { rule.prodHandling = word }
      if !words.contains(rule.devHandling.lowercased()) { rule.devHandling = word }
    }
    if let problem = RuleCheck.problem(rule, settings: settings) {
      add(.unusable, rule, "quarantined until it is corrected: \(problem)")
    }
  }

  private mutating func addOID(_ rule: Rule) {
    guard let oid = rule.trapOID, !oid.isEmpty else { return }
    guard rule.matchType == .oidPrefix else {
      return add(
        .oidAndText, rule,
        "holds for traps of this OID that have the text; MUTT held it for messages without an OID, and never "
          + "for such a trap")
    }
    if oid.hasSuffix(".*") {
      add(.oid, rule, "holds for all OIDs below \(oid.dropLast(2)); MUTT compared with \".*\" and found none")
    } else if oid.hasSuffix(".") {
      add(.oid, rule, "holds for \(oid.dropLast()) itself too")
    } else {
      add(.oid, rule, "does not hold for \(oid)0 and the like any more: MUTT compared texts, not numbers")
    }
    if oid.hasPrefix(".") {
      add(.oid, rule, "holds however a trap writes its OID; MUTT wanted it with the leading dot")
    }
    if let text = rule.matchString, !text.isEmpty {
      add(.oidAndText, rule, "the trap must contain the text too; MUTT looked at the OID alone")
    }
  }

  private mutating func addText(_ rule: Rule) {
    if rule.matchType != .oidPrefix, (rule.trapOID ?? "").isEmpty, let severity = rule.syslogSeverity {
      add(
        .severity, rule,
        "holds for syslog of severity \(severity); MUTT's rsyslog template sends no number, so there it may "
          + "never have held")
    }
    guard rule.matchType == .regex, let pattern = rule.matchString else { return }
    let differences = PythonRegex.differences(pattern)
    if differences.isEmpty { return }
    add(.regex, rule, differences.joined(separator: "; "))
  }

  /// Rules in the order of the table's pages, which every edit changes.
  private mutating func addTies(_ rules: [Rule]) {
    for (priority, group) in Dictionary(grouping: rules, by: \.priority).sorted(by: { $0.key < $1.key }) {
      let order = group.map(\.id)
      if order == order.sorted() { continue }
      add(
        .tie, nil,
        "priority \(priority): among equals the lowest id decides, \(AdoptionFindings.list(order.sorted())); "
          + "in MUTT it is the order of the table's pages, \(AdoptionFindings.list(order)) at present")
    }
  }

  private static func list(_ ids: [Int64]) -> String {
    ids.prefix(20).map(String.init).joined(separator: ", ") + (ids.count > 20 ? " …" : "")
  }

  private mutating func addHosts(_ report: AdoptionReport) {
    var spellings: [ExactKey: Set<String>] = [:]
    for host in report.developmentHosts + report.deviceTeams.map(\.hostname) {
      spellings[HostKey.of(host), default: []].insert(host)
    }
    for (_, names) in spellings.sorted(by: { $0.key < $1.key }) where names.count > 1 {
      add(
        .host, nil,
        "\(names.sorted().joined(separator: ", ")) are one host here; in MUTT case tells them apart")
    }
    let capitals = spellings.values.joined().filter { HostKey.of($0).text != $0 }.sorted()
    if !capitals.isEmpty {
      add(
        .host, nil,
        "\(capitals.prefix(20).joined(separator: ", "))\(capitals.count > 20 ? " …" : ""): found whatever "
          + "the case in which an event names them; MUTT wanted it letter by letter")
    }
  }
}
