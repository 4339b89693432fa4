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
