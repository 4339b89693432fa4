import Intake
import Model
import Policy
import Store

/// Rules of a snapshot that can never win, for whoever asked for a reload: among rules of one priority the
/// oldest is asked first, whatever the order of a file.
struct RuleShadows {
  /// Rules that are named at once.
  private static let nameLimit = 20

  /// Rules that are compared with all others while somebody waits for a reload, which has a minute.
  static let contenderLimit = 2_000

  private(set) var notices: [Notice] = []
  /// A sentence part for people; nil: there are none, or none are known.
  private(set) var summary: String?
  /// Looking once more would find the same.
  private(set) var isFinal = true

  init(_ snapshot: Snapshot, limit: Int = RuleShadows.contenderLimit) {
    do throws(PolicyError) {
      name(try RuleOverlap(snapshot, limit: limit).shadows, of: snapshot.rules)
    } catch {
      // Without the memory to compare them nothing is known of them; there may be some at the next reload.
      isFinal = error.code == .tooLarge
      notices = [
        Notice(
          .info, "rules", "rules that can never win were not looked for",
          [("reason", .text("\(error)")), ("do", .text("muttd check"))])
      ]
    }
  }

  private mutating func name(_ shadows: [RuleOverlap.Shadow], of rules: [Rule]) {
    guard let first = shadows.first else { return }
    let winners = first.winners.prefix(3).map { rules[$0].name }.joined(separator: ", ")
    let others = shadows.count == 1 ? "" : " and \(shadows.count - 1) more"
    summary =
      "rule \(rules[first.rule].name)\(others) can never win (decided before by \(winners)): see muttd check"
    for shadow in shadows.prefix(RuleShadows.nameLimit) {
      let winners = shadow.winners.prefix(RuleShadows.nameLimit).map { rules[$0].name }
      notices.append(
        Notice(
          .warning, "rules", "a rule can never win: what it could hold for is decided before it",
          [
            ("rule", .text(rules[shadow.rule].name)), ("winners", .text(winners.joined(separator: ", "))),
            ("do", .text("muttd check")),
          ]))
    }
    let more = shadows.count - RuleShadows.nameLimit
    if more > 0 {
      notices.append(
        Notice(
          .warning, "rules", "more rules can never win",
          [("count", .number(Int64(more))), ("do", .text("muttd check"))]))
    }
  }
}

/// What the last reload found of rules that can never win: most reloads change none, and comparing them costs
/// as much as compiling them. Only touched on the reloader's thread.
struct ShadowBook {
  private var last: (rules: Int64, settings: PolicySettings, shadows: RuleShadows)?

  /// Those of `snapshot`; `finding` is called when its rules are not the last ones.
  mutating func shadows(of snapshot: Snapshot, finding: () -> RuleShadows) -> RuleShadows {
    let rules = Catalog(rules: snapshot.rules).fingerprint
    if let last, last.rules == rules, last.settings == snapshot.settings { return last.shadows }
    let shadows = finding()
    last = shadows.isFinal ? (rules, snapshot.settings, shadows) : nil
    return shadows
  }
}

extension Reloader {
  /// What made it load rules.
  package enum Cause: String, Sendable {
    case start, timer, change, signal
    /// Patterns that were compiled by themselves after edits are compiled together with the others.
    case tidy
  }
}

/// What the reloader says of rules that it took.
enum ReloadNotice {
  /// Quarantined rules that are named at once.
  private static let nameLimit = 100

  /// The pattern engine cannot be relied on.
  static var engine: Notice? {
    guard let fault = Snapshot.engineFault else { return nil }
    return Notice(
      .error, "rules", "the pattern engine overlooks matches; rules may not hold where they should",
      [("engine", .text(fault)), ("do", .text("apt-get install libhyperscan5"))])
  }

  /// The store was made equal to `file`; nil: it was already.
  static func equal(_ change: CatalogChange, to file: String) -> Notice? {
    if change.isEmpty { return nil }
    return Notice(
      .info, "rules", "the store was made equal to the rules file",
      [
        ("file", .text(file)), ("added", .number(Int64(change.added.count))),
        ("changed", .number(Int64(change.changed.count))),
        ("retired", .number(Int64(change.retired.count))),
      ])
  }

  static func configurationRefused(_ reason: String) -> Notice {
    Notice(
      .error, "daemon", "the configuration was not taken; everything stays as it was",
      [("err", .text(reason)), ("do", .text("muttd check, then: muttd reload"))])
  }

  static func refused(_ cause: Reloader.Cause, _ problem: String) -> Notice {
    Notice(
      .error, "rules", "rules were not loaded; the old set goes on deciding",
      [("cause", .text(cause.rawValue)), ("err", .text(problem))])
  }

  /// Why the last good snapshot of an earlier run is looked for.
  enum Need: String {
    case storeIsSilent = "the store could not be read"
    /// Of the store, or of `rules.file`.
    case setIsShort = "what was read has far fewer rules, or none"
  }

  static func cached(_ savedAt: Timestamp, _ need: Need) -> Notice {
    Notice(
      .warning, "rules", "the last good snapshot decides: \(need.rawValue)",
      [
        ("saved_at", .text(savedAt.rfc3339())),
        ("age_s", .number(SystemClock.now.since(savedAt) / 1_000_000_000)),
      ])
  }

  static let nothingCached = Notice(
    .error, "rules",
    "no rules could be loaded and there is no earlier snapshot: datagrams queue until one loads")

  /// - Parameters:
  ///   - patterns: what became of the compiled patterns: kept, patched, compiled.
  ///   - took: nanoseconds.
  static func loaded(
    _ snapshot: Snapshot, _ cause: Reloader.Cause, _ origin: PolicyHealth.Origin, patterns: String,
    generation: UInt64, took: Int64
  ) -> [Notice] {
    var said = [
      Notice(
        .info, "rules", "rules loaded",
        [
          ("cause", .text(cause.rawValue)), ("from", .text(origin.rawValue)),
          ("rules", .number(Int64(snapshot.rules.count))),
          ("quarantined", .number(Int64(snapshot.quarantined.count))),
          ("searched", .number(Int64(snapshot.searchedCount))),
          ("patterns", .text(patterns)), ("generation", .number(Int64(generation))),
          ("took_ms", .number(took / 1_000_000)),
        ])
    ]
    for rule in snapshot.quarantined.prefix(nameLimit) {
      said.append(
        Notice(
          .warning, "rules", "a rule cannot be used and decides nothing",
          [("rule_id", .number(rule.id)), ("rule", .text(rule.name)), ("reason", .text(rule.reason))]))
    }
    if snapshot.rules.isEmpty {
      said.append(
        Notice(.warning, "rules", "there are no rules: every event is unmatched (muttd rules add)"))
    }
    return said
  }
}
