package import Model

// What the automaton cannot decide, PCRE2 does: in the order of the rules, so that it is asked as rarely as
// possible, and on a budget, so that no text can hold a worker up.

extension Matcher {
  /// Steps that one rule may take for one event.
  package static var stepBudget: UInt64 { RegexScratch.budget }

  /// Steps that all rules together may take for one event: a crafted text costs this much, however many
  /// rules it was crafted against. Rules that come behind are not asked; those that spent it are named.
  static var eventBudget: UInt64 { 10 * RegexScratch.budget }

  /// The first rule below `limit` that PCRE2 confirms; `limit` if none.
  mutating func confirmedRank(
    below limit: UInt32, _ event: Event, text: Span<UInt8>, trapOID: borrowing ObjectID
  ) -> UInt32 {
    addSearched(below: limit, event, trapOID: trapOID)
    if candidates.isEmpty { return limit }
    candidates.sort()
    var eventLeft = Matcher.eventBudget
    for index in 0..<candidates.count {
      let rank = candidates[index]
      if rank >= limit || eventLeft == 0 { break }
      let confirmation = Int(snapshot.table.conditions[Int(rank)].confirmation)
      let granted = min(RegexScratch.budget, eventLeft)
      var left = granted
      let answer = regexScratch.search(snapshot.regexes[confirmation], in: text, budget: &left)
      eventLeft -= granted - left
      switch answer {
      case .found: return rank
      case .notFound: break
      case .exhausted: noteExhaustion(confirmation)
      }
    }
    return limit
  }

  private mutating func addSearched(below limit: UInt32, _ event: Event, trapOID: borrowing ObjectID) {
    let table = snapshot.table
    for index in 0..<snapshot.searched.count {
      let rank = snapshot.searched[index]
      if rank >= limit { return }
      let holds = table.conditions[Int(rank)].holds(
        severity: event.severity, trapOID: trapOID, arcs: table.arcs.span)
      if holds { candidates.add(rank) }
    }
  }

  private mutating func noteExhaustion(_ regex: Int) {
    exhaustions[regex] &+= 1
    hasExhaustions = true
  }

  /// The rules that have spent their budget since the last call, and how often: for each the text was taken
  /// as not holding.
  package mutating func takeExhaustions(_ visit: (Rule, UInt32) -> Void) {
    for regex in exhaustions.indices where exhaustions[regex] > 0 {
      visit(snapshot.rules[Int(snapshot.regexRanks[regex])], exhaustions[regex])
      exhaustions[regex] = 0
    }
    hasExhaustions = false
  }
}
