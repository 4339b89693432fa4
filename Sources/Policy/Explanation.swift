package import Model

/// Why an event was decided as it was: every usable rule in deciding order with its verdict, from the same
/// run of the engine as the decision itself.
package struct Explanation: Sendable {
  package enum Verdict: String, Sendable, CaseIterable {
    case won = "WON"
    /// Holds, but the winner has the same priority and a lower id.
    case holdsSamePriority = "holds too; same priority, higher id"
    case holdsLater = "holds too; later"
    case doesNotHold = "does not hold"
  }

  package struct Line: Sendable, Equatable {
    /// Position among the snapshot's usable rules.
    package var rule: Int
    package var verdict: Verdict
    /// For the winner what held and where, with its labels; for a rule that does not hold, why. May be empty.
    package var detail: String
    /// The pattern, or of a rule without one the OID, holds, whatever the other conditions say.
    package var isPatternMet: Bool

    /// `WON: regex, bytes 0-67; interface=Gi0/1`.
    package var text: String { detail.isEmpty ? verdict.rawValue : "\(verdict.rawValue): \(detail)" }
  }

  package var decision: Decision
  package var lines: [Line]
  package var quarantined: [QuarantinedRule]
  /// The host as it stands in the row; empty when nothing names one.
  package var host: String
  /// In words how the host was found: `devices says 192.0.2.1 = core1`.
  package var hostReason: String
  /// `prod (not in development_hosts) -> Page_and_ticket -> forward`.
  package var environment: String
  /// `NETO from rule (device_teams says SITE-AMS)`.
  package var team: String
}

extension Matcher {
  /// Every usable rule with its verdict, from the same run of the engine as `decide`. For cold paths: it
  /// allocates, and looks for the winner's place in the text.
  package mutating func explain(
    _ event: Event, datagram: Span<UInt8>, text: Span<UInt8>, trapOID: borrowing ObjectID
  ) -> Explanation {
    let winner = lowestRank(event, text: text, trapOID: trapOID)
    let hits = marks(text: text, trapOID: trapOID)
    let decision = judge(event, datagram: datagram, rank: winner)
    let oid = trapOID.isEmpty ? nil : trapOID.description
    let isUTF8 = Matcher.isUTF8(text)
    var lines: [Explanation.Line] = []
    for rank in snapshot.rules.indices {
      let meets = conditionsHold(rank, event, trapOID: trapOID)
      // One event has less to spend than all its rules together: what was not decided did not hold.
      let isUndecided = hits[rank] && meets && UInt32(rank) < winner
      let holds = hits[rank] && meets && !isUndecided
      let detail: String
      if rank == Int(winner) {
        detail = place(of: rank, text: text)
      } else if holds {
        detail = ""
      } else if isUndecided {
        detail = "not asked: rules before it have spent the \(Matcher.eventBudget) steps of an event"
      } else {
        detail = reason(rank, event, text: text, trapOID: trapOID, oid: oid, isUTF8: isUTF8)
      }
      lines.append(
        Explanation.Line(
          rule: rank, verdict: verdict(rank, holds: holds, winner: winner), detail: detail,
          isPatternMet: hits[rank]))
    }
    return Explanation(
      decision: decision, lines: lines, quarantined: snapshot.quarantined,
      host: hostText(decision, event, datagram), hostReason: hostReason(decision, event, datagram),
      environment: environmentText(decision), team: teamText(decision))
  }

  /// The ranks whose pattern or OID holds, whatever their other conditions say.
  private mutating func marks(text: Span<UInt8>, trapOID: borrowing ObjectID) -> [Bool] {
    var hits = [Bool](repeating: false, count: snapshot.rules.count)
    snapshot.trie.markAll(trapOID, hits: &hits)
    candidates.clear()
    scan.markAll(
      snapshot.byteDatabases, text: text, table: snapshot.table, hits: &hits, candidates: &candidates)
    if Matcher.isUTF8(text) {
      scan.markAll(
        snapshot.unicodeDatabases, text: text, table: snapshot.table, hits: &hits, candidates: &candidates)
    }
    for rank in snapshot.searched { candidates.add(rank) }
    candidates.sort()
    for index in 0..<candidates.count {
      let rank = candidates[index]
      let regex = snapshot.regexes[Int(snapshot.table.conditions[Int(rank)].confirmation)]
      hits[Int(rank)] = regexScratch.find(regex, in: text)
    }
    return hits
  }

  private func conditionsHold(_ rank: Int, _ event: Event, trapOID: borrowing ObjectID) -> Bool {
    let arcs = snapshot.table.arcs
    return snapshot.table.conditions[rank].holds(
      severity: event.severity, trapOID: trapOID, arcs: arcs.span)
  }

  private func verdict(_ rank: Int, holds: Bool, winner: UInt32) -> Explanation.Verdict {
    guard holds else { return .doesNotHold }
    if rank == Int(winner) { return .won }
    let isTied = snapshot.rules[rank].priority == snapshot.rules[Int(winner)].priority
    return isTied ? .holdsSamePriority : .holdsLater
  }

  private mutating func reason(
    _ rank: Int, _ event: Event, text: Span<UInt8>, trapOID: borrowing ObjectID, oid: String?, isUTF8: Bool
  ) -> String {
    let rule = snapshot.rules[rank]
    let condition = snapshot.table.conditions[rank]
    let arcs = snapshot.table.arcs
    if !condition.startsRight(trapOID, arcs: arcs.span) {
      return oid.map { "\($0) is not below \(rule.trapOID ?? "")" } ?? "no trap"
    }
    if condition.severity >= 0, condition.severity != event.severity {
      let wanted = Matcher.severityText(condition.severity)
      if event.severity < 0 { return "no syslog severity, \(wanted) asked for" }
      return "severity \(Matcher.severityText(event.severity)), \(wanted) asked for"
    }
    let isUnicode = rule.matchString?.utf8.contains { $0 >= 0x80 } ?? false
    if isUnicode, !isUTF8 { return "the text is not valid UTF-8" }
    guard rule.matchType == .regex else { return "match_string is not in the text" }
    if condition.confirmation >= 0 {
      var budget = RegexScratch.budget
      let regex = snapshot.regexes[Int(condition.confirmation)]
      switch regexScratch.search(regex, in: text, budget: &budget) {
      case .outOfSteps: return "regex not found within \(RegexScratch.budget) steps"
      case .outOfMemory:
        return "regex not found within \(RegexScratch.heapLimit) KiB of memory for back-tracking"
      case .found, .notFound: break
      }
    }
    return "regex not found in the text"
  }

  /// `err(3)`.
  static func severityText(_ code: Int8) -> String {
    Syslog.severityName(code).map { "\($0)(\(code))" } ?? "\(code)"
  }

  /// `regex, bytes 0-67; interface=Gi0/1`: which bytes held, the end not counted, and the named groups.
  private mutating func place(of rank: Int, text: Span<UInt8>) -> String {
    let rule = snapshot.rules[rank]
    guard let string = rule.matchString, !string.isEmpty else { return "oid_prefix \(rule.trapOID ?? "")" }
    let source = PatternSource(text: string, isRegex: rule.matchType == .regex)
    let expression = source.isRegex ? string : PatternCompiler.literal(string)
    let kind = rule.matchType.rawValue
    guard let regex = try? Regex(expression, isUnicode: source.isUnicode),
      var scratch = try? RegexScratch(groupCount: regex.groupCount)
    else { return kind }
    guard scratch.find(regex, in: text), let whole = scratch.group(0) else {
      return "\(kind); the place takes too many steps to find, no labels"
    }
    var result = "\(kind), bytes \(whole.start)-\(whole.end)"
    var mark = ";"
    for group in regex.groups {
      guard let range = scratch.group(group.number) else { continue }
      result += "\(mark) \(group.name)=\(text.text(range) ?? "")"
      mark = ","
    }
    return result
  }
}

// MARK: - The host, the environment and the team in words

extension Matcher {
  private func hostText(_ decision: Decision, _ event: Event, _ datagram: Span<UInt8>) -> String {
    if let name = snapshot.string(decision.deviceName) { return name }
    if decision.hostAddress != .unspecified { return decision.hostAddress.description }
    return event.source == .trap ? "" : datagram.text(event.host.withoutRoot(in: datagram)) ?? ""
  }

  private func hostReason(_ decision: Decision, _ event: Event, _ datagram: Span<UInt8>) -> String {
    let claim = claimText(event, datagram)
    let said = event.source == .trap ? "trap" : "header"
    switch decision.hostFrom {
    case .header:
      let known = snapshot.hosts.addresses.facts(of: event.peer).device
      guard known >= 0, let name = snapshot.string(snapshot.hosts.devices[Int(known)].name) else {
        return "the \(said) says so"
      }
      let agrees = claim.map { HostClaim.names($0, name) } ?? false
      return "the \(said) says so; devices \(agrees ? "agrees" : "says \(event.peer) = \(name)")"
    case .peer:
      let agrees = claim.flatMap { HostClaim.address(Array($0.utf8).span) } == event.peer
      return "the sender's address; the \(said) \(agrees ? "agrees" : "names none")"
    case .claimed:
      return "the \(said) says so, but \(event.peer) is neither a relay nor known"
    case .devices: break
    }
    let name = snapshot.string(decision.deviceName) ?? ""
    let claimed = claim.flatMap { HostClaim.address(Array($0.utf8).span) }
    let isFromClaim = claimed.map { isBelieved(event) && !$0.isUnspecified } ?? false
    let address = (isFromClaim ? claimed ?? event.peer : event.peer).description
    let fact = "devices says \(address) = \(name)"
    guard let claim, !isFromClaim else { return fact }
    let agrees = HostClaim.names(claim, name) || claimed == event.peer
    return agrees ? "\(fact); \(said) agrees" : "\(fact); \(said) says \(claim)"
  }

  private func isBelieved(_ event: Event) -> Bool {
    snapshot.relays.map { $0.contains(event.peer) } ?? true
  }

  private func claimText(_ event: Event, _ datagram: Span<UInt8>) -> String? {
    if event.source == .trap {
      return event.claimedAddress.isUnspecified ? nil : event.claimedAddress.description
    }
    return event.host.isEmpty ? nil : datagram.text(event.host)
  }

  private func environmentText(_ decision: Decision) -> String {
    let handling = snapshot.string(decision.handling) ?? ""
    let known =
      switch (decision.environment, decision.hostFrom) {
      case (.dev, _): "dev (in development_hosts)"
      case (.prod, .claimed): "prod (a claim that is not believed makes no development host)"
      case (.prod, _): "prod (not in development_hosts)"
      }
    guard decision.isMatched else { return "\(known) -> \(handling)" }
    return "\(known) -> \(handling) -> \(decision.forwards ? "forward" : "record only")"
  }

  private func teamText(_ decision: Decision) -> String {
    guard let team = snapshot.string(decision.team) else { return "none" }
    let fact = "\(team) from \(decision.teamFrom.name)"
    guard decision.teamFrom != .device, let other = snapshot.string(decision.deviceTeam) else { return fact }
    return "\(fact) (device_teams says \(other))"
  }
}
