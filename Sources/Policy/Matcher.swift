package import Model

/// Decides. One per worker, made again when the snapshot changes; in the steady state it allocates nothing
/// and takes no lock.
package struct Matcher: ~Copyable {
  package let snapshot: Snapshot

  let scan: ScanScratch
  // The snapshot's own, held here: reached through it, each array would be retained for every event.
  private let table: RuleTable
  private let byteDatabases: [ScanDatabase]
  private let unicodeDatabases: [ScanDatabase]
  private let hosts: Hosts
  private let verdicts: [Verdict]
  private let relays: NetworkSet?
  private let teamOrder: [TeamSource]
  private let unmatched: TextIndex
  private let defaultTeam: TextIndex
  private let asksPCRE2: Bool
  var regexScratch: RegexScratch
  /// Ranks that wait for PCRE2's word on the event at hand.
  var candidates: Candidates
  /// What PCRE2 could not say since the last report.
  var exhaustions: ExhaustionCounts
  /// Takes a winner's groups when the event has labels already, and then changes places with them.
  var spareLabels = LabelSet()

  package init(_ snapshot: Snapshot) throws(PolicyError) {
    let scan = try ScanScratch(for: snapshot.byteDatabases + snapshot.unicodeDatabases)
    let groupCount = snapshot.regexes.reduce(0) { max($0, $1.groupCount) }
    let regexScratch = try RegexScratch(groupCount: groupCount)
    candidates = Candidates(room: snapshot.candidateRoom)
    exhaustions = ExhaustionCounts(regexes: snapshot.regexes.count)
    self.snapshot = snapshot
    table = snapshot.table
    byteDatabases = snapshot.byteDatabases
    unicodeDatabases = snapshot.unicodeDatabases
    hosts = snapshot.hosts
    verdicts = snapshot.verdicts
    relays = snapshot.relays
    teamOrder = snapshot.settings.teamOrder
    unmatched = snapshot.unmatched
    defaultTeam = snapshot.defaultTeam
    asksPCRE2 = snapshot.candidateRoom > 0
    self.scan = scan
    self.regexScratch = regexScratch
  }

  /// The one function that decides.
  ///
  /// - Parameters:
  ///   - datagram: the bytes that `event.host` points into.
  ///   - text: what rules see: the message, the whole datagram (`syslog.match: raw`) or a trap's line.
  ///   - found: what the OID says; of syslog nothing. Only read: by reference, for it is large.
  package mutating func decide(
    _ event: borrowing Event, datagram: Span<UInt8>, text: Span<UInt8>, by found: inout TrapRank
  ) -> Decision {
    judge(event, datagram: datagram, rank: lowestRank(event, text: text, by: &found))
  }

  /// The same for an OID that is met once; empty for syslog.
  package mutating func decide(
    _ event: borrowing Event, datagram: Span<UInt8>, text: Span<UInt8>, trapOID: borrowing ObjectID
  ) -> Decision {
    judge(event, datagram: datagram, rank: lowestRank(event, text: text, trapOID: trapOID))
  }

  /// The place of the first rule that holds, from 0, and nothing of who sent the event; nil when none does.
  package mutating func winner(
    _ event: borrowing Event, text: Span<UInt8>, by found: inout TrapRank
  ) -> Int? {
    let rank = lowestRank(event, text: text, by: &found)
    return rank == .max ? nil : Int(rank)
  }

  /// A peer that `identity.trusted_relays` lists. Where everyone is believed nobody is a relay.
  package func isRelay(_ peer: IPAddress) -> Bool { relays?.contains(peer) ?? false }

  mutating func lowestRank(_ event: borrowing Event, text: Span<UInt8>, trapOID: borrowing ObjectID) -> UInt32
  {
    var found = TrapRank()
    if !trapOID.isEmpty { rank(trapOID, into: &found) }
    return lowestRank(event, text: text, by: &found)
  }

  /// The first rule that holds; `.max` when none does. Rules that look at the OID alone come from the trie,
  /// which leaves the automaton only what could still come before them, and that leaves PCRE2 the few that it
  /// cannot decide.
  mutating func lowestRank(_ event: borrowing Event, text: Span<UInt8>, by found: inout TrapRank) -> UInt32 {
    var lowest = found.rank
    candidates.clear()
    if lowest > 0 {
      lowest = scan.lowestRank(
        byteDatabases, text: text, severity: event.severity, trapOID: &found.oid,
        table: table, limit: lowest, candidates: &candidates)
    }
    if lowest > 0, !unicodeDatabases.isEmpty, Matcher.isUTF8(text) {
      lowest = scan.lowestRank(
        unicodeDatabases, text: text, severity: event.severity, trapOID: &found.oid,
        table: table, limit: lowest, candidates: &candidates)
    }
    if !asksPCRE2 { return lowest }
    return confirmedRank(below: lowest, event, text: text, trapOID: found.oid)
  }

  /// Well-formed UTF-8; NUL is a character like any other.
  static func isUTF8(_ text: Span<UInt8>) -> Bool {
    var index = 0
    while index < text.count {
      if text[index] < 0x80 {
        index &+= 1
        continue
      }
      let length = SafeText.sequenceLength(text, at: index)
      if length == 0 { return false }
      index &+= length
    }
    return true
  }

  /// What a winner means for this host.
  @inline(__always)
  func judge(_ event: borrowing Event, datagram: Span<UInt8>, rank: UInt32) -> Decision {
    let identity = hosts.identify(event, datagram: datagram, relays: relays)
    let facts = hosts.isEmpty ? HostFacts() : hosts.facts(of: identity, datagram: datagram)
    var decision = Decision()
    decision.hostFrom = identity.from
    decision.device = facts.device
    if identity.device >= 0 {
      decision.deviceName = hosts.devices[Int(identity.device)].name
    } else if identity.claim.range.isAbsent {
      decision.hostAddress = identity.shown
    }
    if facts.isDevelopment { decision.environment = .dev }
    decision.deviceTeam = TextIndex(facts.team)
    var ruleTeam = TextIndex.none
    if rank == .max {
      decision.handling = unmatched
    } else {
      let verdict = verdicts[Int(rank)]
      let isDev = decision.environment == .dev
      decision.rule = Int32(rank)
      decision.handling = isDev ? verdict.devHandling : verdict.prodHandling
      decision.forwards = isDev ? verdict.forwardsInDev : verdict.forwardsInProd
      ruleTeam = verdict.team
    }
    chooseTeam(&decision, ruleTeam: ruleTeam)
    return decision
  }

  /// The first team of `teams.order` that is not empty.
  private func chooseTeam(_ decision: inout Decision, ruleTeam: TextIndex) {
    for index in 0..<teamOrder.count {
      let source = teamOrder[index]
      let team =
        switch source {
        case .rule: ruleTeam
        case .device: decision.deviceTeam
        case .default: defaultTeam
        }
      if team.isNone { continue }
      decision.team = team
      decision.teamFrom = source
      return
    }
  }
}
