package import Model

/// Decides which alerts get a line of their own: twenty a second, and beyond that one summary per rule every
/// ten seconds. Pure: the caller hands in the time.
package struct LogAlerts: Sendable {
  /// Lines a second.
  package static let rate = 20
  /// Nanoseconds between summaries of one rule.
  package static let window: Int64 = 10_000_000_000
  /// Rules that are summed up apart; the alerts of any further rule are summed up together.
  package static let limit = 1_000

  private struct Held {
    var start: Timestamp
    var name: String
    var count: Int64
  }
  private var second = Timestamp.absent
  private var given = 0
  private var held: [Int64: Held] = [:]

  package init() {}

  /// True when this alert of rule `id` is to be written; otherwise it is counted.
  package mutating func admit(id: Int64, name: @autoclosure () -> String, now: Timestamp) -> Bool {
    let age = second.isAbsent ? Int64.max : now.since(second)
    if age >= 1_000_000_000 || age < 0 {
      second = now
      given = 0
    }
    if given < LogAlerts.rate {
      given += 1
      return true
    }
    let isKnown = held[id] != nil
    let key = isKnown || held.count < LogAlerts.limit ? id : -1
    held[key, default: Held(start: now, name: key == -1 ? "(others)" : name(), count: 0)].count += 1
    return false
  }

  /// Summaries that are due at `now`; with `all`, of everything that was counted.
  package mutating func expired(now: Timestamp, all: Bool = false) -> [Notice] {
    if held.isEmpty { return [] }
    var due: [(id: Int64, held: Held)] = []
    for (id, entry) in held {
      let age = now.since(entry.start)
      if all || age >= LogAlerts.window || age < 0 { due.append((id, entry)) }
    }
    for (id, _) in due { held[id] = nil }
    return due.sorted { $0.id < $1.id }.map { id, entry in
      Notice(
        .info, "decide", "alerts",
        [
          ("rule_id", id < 0 ? .null : .number(id)), ("rule", .text(entry.name)),
          ("count", .number(entry.count)), ("window_s", .number(LogAlerts.window / 1_000_000_000)),
        ])
    }
  }
}
