import Intake
import Model
import Policy
import Store

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

  /// Told before the others are compiled, which may take half a minute; `loaded` names each with its reason.
  static func beyondBounds(_ rules: [QuarantinedRule]) -> Notice {
    let names = rules.prefix(10).map(\.name).joined(separator: ", ")
    let others = rules.count > 10 ? " and \(rules.count - 10) others" : ""
    return Notice(
      .warning, "rules",
      "rules will decide nothing, since they are beyond what is compiled; the others are compiled now",
      [("rules", .text(names + others)), ("reason", .text(rules.first?.reason ?? ""))])
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
