package import Model

// What the automaton cannot decide, PCRE2 does: in the order of the rules, so that it is asked as rarely as
// possible, and on a budget, so that no text can hold a worker up.

extension Matcher {
  /// Steps that all rules together may take for one event: a crafted text costs this much, however many
  /// rules it was crafted against. Rules that come behind are not asked, which is counted.
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
      if rank >= limit { break }
      let confirmation = Int(snapshot.table.conditions[Int(rank)].confirmation)
      if eventLeft == 0 {
        exhaustions.note(confirmation, .notAsked)
        continue
      }
      let granted = min(RegexScratch.budget, eventLeft)
      var left = granted
      let answer = regexScratch.search(snapshot.regexes[confirmation], in: text, budget: &left)
      eventLeft -= granted - left
      switch answer {
      case .found: return rank
      case .notFound: break
      case .outOfSteps: exhaustions.note(confirmation, granted < RegexScratch.budget ? .eventSteps : .steps)
      case .outOfMemory: exhaustions.note(confirmation, .memory)
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

  package var hasExhaustions: Bool { !exhaustions.isEmpty }

  /// The rules that nothing can be said of since the last call, why, and how often: they were taken as not
  /// holding, or, for want of labels, hold without them.
  package mutating func takeExhaustions(_ visit: (Rule, Exhaustion, UInt32) -> Void) {
    let (rules, ranks) = (snapshot.rules, snapshot.regexRanks)
    exhaustions.take { regex, reason, count in visit(rules[Int(ranks[regex])], reason, count) }
  }
}
