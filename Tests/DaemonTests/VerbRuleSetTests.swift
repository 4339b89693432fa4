import Model
import Policy
import Testing

@testable import Daemon

/// What verbs say of rules that only the whole set can tell.
@Suite struct VerbRuleSetTests {
  private func rule(_ id: Int64, _ type: MatchType, _ text: String) -> Rule {
    var rule = Rule(
      name: "r\(id)", matchType: type, matchString: text, prodHandling: "Page_only", devHandling: "Ignore")
    rule.id = id
    return rule
  }

  private func searched(_ count: Int64) -> [Rule] {
    (1...count).map { rule($0, .regex, "a\\Kb\($0)!") }
  }

  /// What is listed as quarantined is what the daemon quarantines.
  @Test func aListKnowsTheBoundsOfTheSet() throws {
    let config = Config()
    let catalog = Catalog(rules: searched(65) + [rule(66, .regex, "x(")])
    let snapshot = try Snapshot.compile(catalog, settings: config.policy, generation: 1)
    let listed = VerbRules.quarantined(catalog, config)
    #expect(Set(listed.keys) == ["r65", "r66"])
    for rule in snapshot.quarantined { #expect(listed[rule.name] == rule.reason) }
    #expect(snapshot.searchedCount == 64)
    // Alone, nothing is wrong with it.
    #expect(RuleCheck.problem(catalog.rules[64], settings: config.policy) == nil)
  }

  @Test func aRuleThatTheSetHasNoRoomForIsNotWritten() throws {
    let rules = searched(65)
    let stored = Catalog(rules: Array(rules[..<64]))
    let verb = VerbRules(settings: VerbSettings(path: nil, stateDirectory: nil, store: nil), json: false)
    let refusal = #expect(throws: DaemonFailure.self) {
      try verb.refuseUnusable([rules[64]], in: Catalog(rules: rules), over: stored, Config())
    }
    #expect(refusal?.exit == .found)
    #expect(refusal?.message.contains("r65: cannot be used: \\K at column 2") == true)
    try verb.refuseUnusable([rules[63]], in: stored, over: Catalog(), Config())
  }

  /// A set that is too large cannot be loaded: the exit says so, the message names its file.
  @Test func aSetThatIsTooLargeIsNamedByItsFile() {
    let rules = (0...Int64(Snapshot.ruleLimit)).map { rule($0 + 1, .contains, "word\($0)") }
    let refusal = #expect(throws: DaemonFailure.self) {
      try VerbDesk.compile(Catalog(rules: rules), Config(), origin: "rules.yaml")
    }
    #expect(refusal?.exit == .configuration)
    #expect(refusal?.message == "rules.yaml: 20001 rules are more than 20000; remove what is not needed")
  }

  @Test func aMistypedLabelBreaksThePromiseOfARule() throws {
    var mistyped = rule(1, .regex, "port (?<interface>\\S+)")
    mistyped.key = "{host}::{interfac}"
    var ofTraps = rule(2, .contains, "link")
    ofTraps.key = "{host}::{ifDescr}"
    let catalog = VerbCatalog(catalog: Catalog(rules: [mistyped, ofTraps]), origin: "rules.yaml")
    var desk = try VerbDesk(catalog.catalog, config: Config())
    let found = try VerbFindings(catalog, desk: &desk, config: Config()).all.filter { $0.kind == .condition }
    #expect(found.map(\.rule) == ["r1", "r2"])
    #expect(found.map(\.isWarning) == [false, true])
    #expect(found.first?.text.hasSuffix("did you mean {interface}?") == true)
  }

  @Test func howManyRulesAreSearchedIsSaidWhenTheyAreLoaded() throws {
    let snapshot = try Snapshot.compile(
      Catalog(rules: searched(3) + [rule(4, .contains, "x")]), settings: PolicySettings(), generation: 1)
    let said = ReloadNotice.loaded(
      snapshot, .start, .store, patterns: "compiled", generation: 1, took: 0)
    let field = said.first?.fields.first { $0.0 == "searched" }
    guard case .number(let count)? = field?.1 else {
      Issue.record("no such field")
      return
    }
    #expect(count == 3)
  }
}
