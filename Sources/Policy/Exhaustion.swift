/// Why nobody can say whether a rule holds for a text, or what its labels are. One word each, for metrics.
package enum Exhaustion: String, Sendable, CaseIterable {
  /// The search takes more steps than one rule may take for one event.
  case steps
  /// It takes more memory for back-tracking.
  case memory
  /// It takes more steps than rules before it had left of those that all rules together may take.
  case eventSteps = "event_steps"
  /// They had left none.
  case notAsked = "not_asked"
  /// The rule holds, and its named groups take too many steps or too much memory to find.
  case labels

  /// For the log: what the rule was up to, and what can be done.
  package var reason: String {
    let event = "\(Matcher.eventBudget) steps of an event"
    let memory = "\(RegexScratch.heapLimit) KiB of memory for back-tracking"
    return switch self {
    case .steps: "it takes more than \(RegexScratch.budget) steps; simplify it (muttd check)"
    case .memory: "it takes more than \(memory); simplify it (muttd check)"
    case .eventSteps: "rules before it had left too few of the \(event): simplify those"
    case .notAsked: "rules before them had spent the \(event): simplify those"
    case .labels:
      "its named groups take more than \(RegexScratch.budget) steps or \(memory); simplify it (muttd check)"
    }
  }
}

/// How often each regex of a snapshot was given up on since the last report, by reason.
struct ExhaustionCounts {
  private var counts: [UInt32]
  private(set) var isEmpty = true

  init(regexes: Int) { counts = [UInt32](repeating: 0, count: regexes * Exhaustion.allCases.count) }

  mutating func note(_ regex: Int, _ reason: Exhaustion) {
    counts[regex * Exhaustion.allCases.count + reason.place] &+= 1
    isEmpty = false
  }

  mutating func take(_ visit: (_ regex: Int, Exhaustion, UInt32) -> Void) {
    for index in counts.indices where counts[index] > 0 {
      let (regex, place) = index.quotientAndRemainder(dividingBy: Exhaustion.allCases.count)
      visit(regex, Exhaustion.allCases[place], counts[index])
      counts[index] = 0
    }
    isEmpty = true
  }
}

extension Exhaustion {
  /// Among all cases. No look-up: it is asked for while events wait.
  fileprivate var place: Int {
    switch self {
    case .steps: 0
    case .memory: 1
    case .eventSteps: 2
    case .notAsked: 3
    case .labels: 4
    }
  }
}
