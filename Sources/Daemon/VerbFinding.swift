import Model
import Policy

/// One thing that `check`, `rules test` or a change of rules has to say about the rules.
struct VerbFinding: Sendable, Equatable {
  enum Kind: String, Sendable, CaseIterable {
    /// Quarantined: it decides nothing.
    case unusable
    /// Rules that decide before it take all it could hold for.
    case neverWins = "never_wins"
    /// One of its examples does not hold.
    case example
    /// It holds for everything, or nearly so.
    case catchAll = "catch_all"
    /// Its conditions do less than it looks.
    case condition
    /// Its name is another's but for the case.
    case name
    /// Traps of version 1 have another number.
    case trapOID = "trap_oid"
    /// Nobody else knows its team.
    case team
    /// No destination takes its alerts.
    case route
    /// The rules file cannot be loaded.
    case unloadable
    /// The configuration, or nothing in particular.
    case configuration
  }

  var kind: Kind
  /// Nothing is broken; people may mean it.
  var isWarning: Bool
  /// The rule it is about.
  var rule: String?
  /// Rules that it is about too: those that win instead.
  var winners: [String] = []
  /// A sentence part for people, without its place.
  var text: String
  var failure: VerbExamples.Failure?
  /// The problem of a file that it is, which knows its place.
  var problem: ConfigProblem?

  /// As a line of a list: `rules.yaml:12: rule late: can never win: …`.
  func line(in catalog: VerbCatalog?) -> String {
    if let problem { return "\(problem)" }
    let start = rule.map { (catalog?.place(of: $0) ?? "rule \($0)") + ": " } ?? ""
    // What is said of the configuration brings its word along.
    let word = isWarning && kind != .configuration ? "warning: " : ""
    return start + word + text + (failure.map { ": \($0.example)" } ?? "")
  }

  /// From 1; nil when it belongs to none. `lines`: of the rules.
  func line(among lines: [String: Int]) -> Int? {
    if let problem { return problem.line > 0 ? problem.line : nil }
    return rule.flatMap { lines[$0] }
  }

  /// The same shape wherever findings are listed for machines.
  func json(in catalog: VerbCatalog?) -> VerbJSON {
    var object = VerbJSON()
    object.add("kind", kind.rawValue)
    object.add("warning", flag: isWarning)
    object.add("file", rule == nil ? problem?.file : catalog?.origin)
    object.add("line", number: line(among: catalog?.lines ?? [:]))
    object.add("rule", rule)
    object.add("text", text)
    object.add("winners", list: winners)
    object.add("example", failure?.example)
    object.add("saw", failure?.detail?.text)
    object.add("verdict", failure?.detail?.rule)
    object.add("winner_verdict", failure?.detail?.winner)
    return object
  }
}

extension VerbFinding {
  init(_ problem: ConfigProblem, kind: Kind) {
    self.init(kind: kind, isWarning: problem.isWarning, text: problem.sentence, problem: problem)
  }

  /// Rules that decide nothing.
  static func unusable(_ snapshot: Snapshot) -> [VerbFinding] {
    snapshot.quarantined.map {
      VerbFinding(kind: .unusable, isWarning: false, rule: $0.name, text: "cannot be used: \($0.reason)")
    }
  }
}

extension [VerbFinding] {
  /// As they stand in their file, whose rules are on these `lines`; what stands in none keeps its order.
  func sorted(by lines: [String: Int]) -> [VerbFinding] {
    func line(_ index: Int) -> Int { self[index].line(among: lines) ?? 0 }
    return indices.sorted { (line($0), $0) < (line($1), $1) }.map { self[$0] }
  }
}

/// What there is to say about a set of rules, by whoever looks at it: the same words everywhere.
struct VerbFindings: Sendable {
  private(set) var all: [VerbFinding] = []
  /// Examples that were tried.
  private(set) var exampleCount = 0

  /// Looks at the rules of `catalog`, which `desk` has compiled; reports on those of these `names`, nil: all.
  init(
    _ catalog: VerbCatalog, desk: inout VerbDesk, config: Config, only names: Set<String>? = nil
  ) throws(DaemonFailure) {
    let snapshot = desk.snapshot
    all += VerbFinding.unusable(snapshot)
    for warning in snapshot.warnings {
      all.append(
        VerbFinding(
          kind: .condition, isWarning: !warning.isMistake, rule: warning.name, text: warning.text))
    }
    all += try VerbOverlap.findings(snapshot, catalog)
    let active = catalog.catalog.rules.filter(\.isActive)
    all += VerbNames.findings(active, catalog)
    all += VerbTrapNumbers.findings(active)
    all += VerbTeams.findings(active, catalog.catalog, config)
    let examples = VerbExamples(catalog.catalog, desk: &desk, only: names)
    exampleCount = examples.count
    for failure in examples.failures {
      all.append(
        VerbFinding(
          kind: .example, isWarning: false, rule: failure.rule, winners: failure.winner.map { [$0] } ?? [],
          text: failure.reason, failure: failure))
    }
    if let names { all.removeAll { !names.contains($0.rule ?? "") } }
    all = all.sorted(by: catalog.lines)
  }
}

extension VerbCatalog {
  /// For sentences about another rule: `link-down (rules.yaml:12)`.
  func reference(to rule: String) -> String {
    lines[rule].map { "\(rule) (\(origin):\($0))" } ?? rule
  }
}
