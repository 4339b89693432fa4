package import Model
package import Policy
import Synchronization

/// What rules have done since the start, for the metrics: how many events each has won, and how often PCRE2
/// gave up on one, and why. (The store keeps hits for good; see `muttd rules list`.)
///
/// Bounded: the first rules to fire are named, the rest is one sum, so that a set of ten thousand does not
/// make ten thousand series.
package final class RuleActivity: Sendable {
  package struct Count: Sendable, Equatable {
    package var rule: String
    package var count: UInt64
  }

  private struct State {
    /// Places in `matches` by rule id.
    var places: [Int64: Int] = [:]
    var matches: [Count] = []
    var otherMatches: UInt64 = 0
    var spent: [Spending: Spent] = [:]
    var otherSpent: UInt64 = 0
  }

  private struct Spending: Hashable {
    var rule: String
    var reason: Exhaustion
  }

  private struct Spent {
    var count: UInt64 = 0
    /// Monotonic nanoseconds before which it is not said again.
    var quietUntil: Int64 = 0
  }

  /// Rules with a series of their own.
  static let nameLimit = 500
  /// How often what a rule could not say is said again, nanoseconds.
  private static let repeatInterval: Int64 = 60_000_000_000
  /// The label of what has no series of its own; no rule's name, since names are not empty.
  package static let other = "(other)"

  private let state = Mutex(State())

  package init() {}

  /// Counts the winners of a batch; one lock a batch.
  package func note(_ batch: EventBatch) {
    var isLocked = false
    // Most batches of an audit of all hold nothing for us.
    for index in 0..<batch.rows.count where batch.rows[index].ruleID != 0 {
      isLocked = true
      break
    }
    if isLocked { state.withLock { RuleActivity.note(batch, &$0) } }
  }

  private static func note(_ batch: EventBatch, _ state: inout State) {
    for index in 0..<batch.rows.count {
      let id = batch.rows[index].ruleID
      if id == 0 { continue }
      if let place = state.places[id] {
        state.matches[place].count += 1
      } else if state.matches.count < nameLimit {
        state.places[id] = state.matches.count
        state.matches.append(Count(rule: batch.text(batch.rows[index].ruleName) ?? "\(id)", count: 1))
      } else {
        state.otherMatches += 1
      }
    }
  }

  /// PCRE2 gave up on a rule `count` times; true when that should be said now.
  package func noteExhaustion(
    of rule: String, _ reason: Exhaustion, count: UInt64, monotonic: Int64
  ) -> Bool {
    let spending = Spending(rule: rule, reason: reason)
    return state.withLock { state in
      guard state.spent[spending] != nil || state.spent.count < RuleActivity.nameLimit else {
        state.otherSpent += count
        return false
      }
      var spent = state.spent[spending] ?? Spent()
      spent.count += count
      let isDue = monotonic >= spent.quietUntil
      if isDue { spent.quietUntil = monotonic + RuleActivity.repeatInterval }
      state.spent[spending] = spent
      return isDue
    }
  }

  /// Events won, by rule; the sum of the others last. Rules that bore one name after another are one.
  package var matches: [Count] {
    state.withLock { state in
      var places: [String: Int] = [:]
      var counts: [Count] = []
      for match in state.matches + [Count(rule: RuleActivity.other, count: state.otherMatches)] {
        if match.count == 0 { continue }
        if let place = places[match.rule] {
          counts[place].count += match.count
        } else {
          places[match.rule] = counts.count
          counts.append(match)
        }
      }
      return counts
    }
  }

  /// What PCRE2 could not say, by rule and reason; the sum of the others last.
  package var exhaustions: [(rule: String, reason: String, count: UInt64)] {
    state.withLock { state in
      var counts = state.spent.map {
        (rule: $0.key.rule, reason: $0.key.reason.rawValue, count: $0.value.count)
      }
      counts.sort { ($0.rule, $0.reason) < ($1.rule, $1.reason) }
      if state.otherSpent > 0 {
        counts.append((rule: RuleActivity.other, reason: RuleActivity.other, count: state.otherSpent))
      }
      return counts
    }
  }
}
