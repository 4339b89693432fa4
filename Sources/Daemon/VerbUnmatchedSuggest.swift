import Model
import Policy
import Store

/// `muttd unmatched suggest`: rules for what no rule takes yet, each with its sample as an example, in the
/// form of a rules file.
extension VerbUnmatched {
  /// Rules that one call suggests at most.
  private static var suggestLimit: Int { 100 }

  /// For these kinds, or for the `limit` most frequent ones.
  package func suggest(_ ids: [String], limit: Int) throws(DaemonFailure) {
    guard limit >= 1, limit <= VerbUnmatched.suggestLimit else {
      throw DaemonFailure(.usage, "--limit \(limit) is outside 1...\(VerbUnmatched.suggestLimit)")
    }
    let config = try settings.load()
    let outbox = try VerbStore.openOutbox(config)
    defer { outbox.close() }
    let found = try VerbUnmatched.found(outbox)
    var chosen: [Found] = []
    for id in ids { chosen.append(try VerbUnmatched.find(id, found)) }
    if ids.isEmpty { chosen = found.filter { !$0.isIgnored } }
    var templates: Set<UInt64> = []
    chosen = chosen.filter { templates.insert($0.kind.template).inserted }
    if ids.isEmpty { chosen = Array(chosen.prefix(limit)) }
    if chosen.isEmpty { throw DaemonFailure(.found, "no kinds of unmatched events: muttd unmatched list") }

    var author = RuleAuthor(try VerbCatalog(file: nil, config: config).catalog, config)
    var output = VerbOutput()
    var rules: [Rule] = []
    for one in chosen {
      if let reason = RuleAuthor.refusal(one.kind) {
        VerbOutput.remark("\(one.kind.id): \(reason): \(one.kind.templateText)")
        continue
      }
      guard let rule = try author.rule(for: one.kind) else {
        VerbOutput.remark("\(one.kind.id): no rule could be made that takes it: \(one.kind.templateText)")
        continue
      }
      rules.append(rule)
      if json {
        var object = VerbJSON()
        object.add("id", one.kind.id)
        object.add("count", number: one.count)
        object.add("host", one.kind.host)
        object.add("template", one.kind.templateText)
        object.add("name", rule.name)
        object.add("match_type", rule.matchType.rawValue)
        object.add("match_string", rule.matchString)
        object.add("trap_oid", rule.trapOID)
        object.add("yaml", RulesFile.export(Catalog(rules: [rule])))
        output.json(object)
      } else {
        output.line("# \(rule.name): \(one.count) events on \(one.kind.host), kind \(one.kind.id)")
      }
    }
    if rules.isEmpty { throw DaemonFailure(.found, "no rule could be made") }
    if !json { output.raw(Array(RulesFile.export(Catalog(rules: rules)).utf8)) }
  }
}

/// Writes rules and sees whether they hold, beside those that are there.
private struct RuleAuthor {
  private var catalog: Catalog
  private let config: Config

  init(_ catalog: Catalog, _ config: Config) {
    self.catalog = catalog
    self.config = config
  }

  /// Fewer letters than this stand in anything.
  private static let fewestLetters = 4

  /// Why nothing is suggested for a kind.
  static func refusal(_ kind: UnmatchedKind) -> String? {
    if kind.source == .trap { return nil }
    let letters = TemplatePattern.fixedLetters(Array(kind.message.utf8).span)
    if letters >= fewestLetters { return nil }
    let left = letters == 0 ? "no letter" : letters == 1 ? "one letter" : "\(letters) letters"
    return "no rule is suggested, for it would take almost anything: \(left) of its text would be fixed"
  }

  /// A rule that takes the kind's sample; nil when none of the forms does.
  mutating func rule(for kind: UnmatchedKind) throws(DaemonFailure) -> Rule? {
    for var rule in candidates(kind) {
      rule.priority = 100
      rule.description = "suggested: \(kind.templateText)"
      rule.matchExamples = [kind.source == .trap ? "trap: \(kind.trapOID ?? "")" : kind.line]
      var trial = catalog
      // Above all ids there are, so that it is the last of its priority, as it will be in the store.
      rule.id = (catalog.rules.map(\.id).max() ?? 0) + 1
      trial.rules.append(rule)
      var desk = try VerbDesk(trial, config: config)
      guard desk.snapshot.quarantined.allSatisfy({ $0.name != rule.name }),
        VerbExamples(trial, desk: &desk, only: [rule.name]).failures.isEmpty
      else { continue }
      catalog = trial
      rule.id = 0
      return rule
    }
    return nil
  }

  private func candidates(_ kind: UnmatchedKind) -> [Rule] {
    let message = Array(kind.message.utf8)
    let name = freshName(kind, message)
    func rule(_ type: MatchType, _ text: String?, _ oid: String? = nil) -> Rule {
      Rule(
        name: name, matchType: type, matchString: text, trapOID: oid,
        prodHandling: config.unmatchedSettings.handling,
        devHandling: config.handling.record.first ?? config.unmatchedSettings.handling)
    }
    if kind.source == .trap { return [rule(.oidPrefix, nil, kind.trapOID)] }
    // Of a cut sample the end is not known. Where rules see the whole datagram, a message is a part of it.
    let isWhole = kind.line.utf8.count < UnmatchedKind.lineLimit
    var rules: [Rule] = [isWhole, false].map { isWhole in
      switch TemplatePattern(message.span, isWhole: isWhole) {
      case .text(let text): rule(.contains, text)
      case .regex(let pattern): rule(.regex, pattern)
      }
    }
    // The longest part that does not change, where the whole is more than a rule takes.
    let parts = kind.templateText.split(separator: "<").map { $0.drop { $0 != ">" }.dropFirst() }
    if let longest = parts.max(by: { $0.utf8.count < $1.utf8.count }), longest.utf8.count >= 8 {
      rules.append(rule(.contains, String(longest)))
    }
    return rules
  }

  /// From a Cisco mnemonic, else from the first words that do not change; none that is taken.
  private func freshName(_ kind: UnmatchedKind, _ message: [UInt8]) -> String {
    var words: [String] = []
    var word = ""
    var isMasked = false
    for character in kind.templateText.lowercased() {
      switch character {
      case "<": isMasked = true
      case ">": isMasked = false
      case "a"..."z" where !isMasked: word.append(character)
      default:
        if word.utf8.count > 1 { words.append(word) }
        word = ""
      }
    }
    if word.utf8.count > 1 { words.append(word) }
    let isMnemonic = message.first == UInt8(ascii: "%")
    var stem = words.prefix(isMnemonic ? 2 : 4).joined(separator: "-")
    if stem.isEmpty { stem = "kind-\(kind.id.prefix(6))" }
    stem = String(stem.prefix(60))
    let taken = Set(catalog.rules.map { $0.name.lowercased() })
    if !taken.contains(stem) { return stem }
    for number in 2...10_000 where !taken.contains("\(stem)-\(number)") { return "\(stem)-\(number)" }
    return "\(stem)-\(kind.id)"
  }
}
