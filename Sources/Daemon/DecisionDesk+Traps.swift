package import Intake
package import Model
import Policy
import Wire

/// What happens to one datagram of a trap port. The line of a notification is the dearest thing made of it,
/// so it is written when somebody looks: a rule that could still hold, the winner's groups, an alert, those
/// who watch, or the count of unmatched events.
extension DecisionDesk {
  /// One datagram of a trap port: an event when it is a notification that is let in, else a counted discard.
  package mutating func trap(
    _ bytes: Span<UInt8>, _ about: Datagram, id: EventID, now: Timestamp, _ tally: inout WorkerTally
  ) {
    let arrival = about.arrival.isAbsent ? now : about.arrival
    var isRelayed = false
    if storms.isOn, sheds(about, arrival, bytes.count, &isRelayed, &tally) { return }
    tally.datagrams &+= 1
    tally.bytes &+= UInt64(bytes.count)
    if about.isTruncated { tally.truncated &+= 1 }
    switch trapDecoder.decode(bytes, into: &trap) {
    case .notification:
      guard isAdmitted(bytes) else { return refuse(.refused, about, &tally) }
      notification(bytes, about, id: id, now: now, nil, &tally)
    case .secured: secured(bytes, about, id: id, now: now, &tally)
    case .malformed(let fault): noteFault(fault, bytes, about, &tally)
    case .notANotification: refuse(.notANotification, about, &tally)
    }
  }

  /// Counts a malformed message; the first is described in the next notice of its reason.
  mutating func noteFault(
    _ fault: TrapFault, _ bytes: Span<UInt8>, _ about: Datagram, _ tally: inout WorkerTally
  ) {
    tally.faults[Int(fault.reason.rawValue)] &+= 1
    refuse(.malformedSNMP, about, &tally)
    let reason = DiscardReason.malformedSNMP.rawValue
    if refusals[reason].fault != nil { return }
    refusals[reason].fault = Refusals.Fault(fault, size: bytes.count, hash: FNV1a.hash(bytes))
  }

  /// Decides the notification that `trap` was read from: `bytes` is the datagram, for SNMPv3 its ScopedPDU.
  mutating func notification(
    _ bytes: Span<UInt8>, _ about: Datagram, id: EventID, now: Timestamp,
    _ passage: TrapSecurity.Passage?, _ tally: inout WorkerTally
  ) {
    var event = Event(arrival: about.arrival.isAbsent ? now : about.arrival, peer: about.peer)
    event.isTruncated = about.isTruncated
    trap.fill(&event)
    if storms.isOn, matcher!.isRelay(about.peer),
      shedsRelayed(about.peer, event.arrival, .absent, event.claimedAddress, bytes)
    {
      tally.discarded[DiscardReason.storm.rawValue] &+= 1
      return
    }
    if trap.kind == .inform, settings.answersInforms, !takeInform(bytes, about, id: id, passage, &tally) {
      return
    }
    tally.traps &+= 1
    tally.parse[Int(event.parse.rawValue)] &+= 1
    if trap.trapOIDNumber != rankedOID { rankTrap() }
    let known = matcher!.decide(event, datagram: bytes, by: &trapRank)
    guard let decision = known, !sieve.isOpen else {
      return readLine(&event, known, bytes, id: id, now: now, &tally)
    }
    if decision.isMatched, !decision.forwards, !matcher!.readsText(decision) {
      return record(event, decision, bytes, id: id, now: now, &tally)
    }
    guard !decision.isMatched, !settings.auditsAll else {
      return readLine(&event, known, bytes, id: id, now: now, &tally)
    }
    sight(event.peer, decision, now, bytes, nil)
    if countsTemplate(event.severity, decision) { countUnread(&event, decision, bytes) }
    _ = keeps(decision, severity: event.severity, &tally)
  }

  /// The rest for a notification that leaves a row and no alert, by its OID alone: nobody looks at its line.
  @inline(never)
  private mutating func record(
    _ event: Event, _ decision: Decision, _ bytes: Span<UInt8>, id: EventID, now: Timestamp,
    _ tally: inout WorkerTally
  ) {
    sight(event.peer, decision, now, bytes, nil)
    if keeps(decision, severity: event.severity, &tally) {
      appendTrap(event, decision, id: id, datagram: bytes, line: bytes.extracting(0..<0))
    }
  }

  @inline(never)
  private mutating func rankTrap() {
    matcher!.rank(trap.trapOID, into: &trapRank)
    rankedOID = trap.trapOIDNumber
  }

  /// The rest for a notification whose line somebody looks at: a rule, unless the decision is `known`, those
  /// who watch, or the row.
  @inline(never)
  private mutating func readLine(
    _ event: inout Event, _ known: Decision?, _ bytes: Span<UInt8>, id: EventID, now: Timestamp,
    _ tally: inout WorkerTally
  ) {
    let line = writeLine(&event, bytes)
    defer { text = line }
    let seen = line.span.extracting(event.message.bounds)
    let decision = known ?? matcher!.decide(event, datagram: bytes, text: seen, by: &trapRank)
    sight(event.peer, decision, now, bytes, nil)
    if sieve.isOpen { tap(event, decision, id: id, datagram: bytes, text: seen) }
    if !decision.isMatched {
      let lead = MessageTemplate.leadOfTrap(seen)
      let likeness = countsTemplate(event.severity, decision) ? likeness(bytes) : 0
      countTemplate(event, decision, datagram: bytes, text: seen, lead: lead, likeness: likeness)
    }
    if keeps(decision, severity: event.severity, &tally) {
      appendTrap(event, decision, id: id, datagram: bytes, line: seen)
    }
  }

  /// Counts an unmatched notification whose line nobody looks at: by its likeness, while it is like one that
  /// came before in the same report, so that one line of each kind is written in a report.
  @inline(__always)
  private mutating func countUnread(_ event: inout Event, _ decision: Decision, _ bytes: Span<UInt8>) {
    let likeness = likeness(bytes)
    if likeness != 0 {
      let host = matcher!.hostKey(decision, event: event, datagram: bytes)
      if templates.count(host: host, likeness: likeness) { return }
    }
    countNew(&event, decision, likeness, bytes)
  }

  private mutating func likeness(_ bytes: Span<UInt8>) -> UInt64 {
    trap.likeness(bytes, reach: MessageTemplate.reach) { MessageTemplate.hash(value: $0) }
  }

  @inline(never)
  private mutating func countNew(
    _ event: inout Event, _ decision: Decision, _ likeness: UInt64, _ bytes: Span<UInt8>
  ) {
    let line = writeLine(&event, bytes)
    defer { text = line }
    let seen = line.span.extracting(event.message.bounds)
    let lead = MessageTemplate.leadOfTrap(seen)
    countTemplate(event, decision, datagram: bytes, text: seen, lead: lead, likeness: likeness)
  }

  /// The line of the notification, moved out while it is read: the rest of the desk changes meanwhile. To be
  /// given back.
  private mutating func writeLine(_ event: inout Event, _ bytes: Span<UInt8>) -> [UInt8] {
    var line: [UInt8] = []
    swap(&line, &text)
    line.removeAll(keepingCapacity: true)
    event.message = trap.appendText(bytes, to: &line)
    return line
  }

  /// A community that is let in; an empty list lets in any. Compared to the end, whatever differs.
  ///
  /// Mutating, though nothing changes: a desk that is only borrowed is copied whole by the compiler.
  private mutating func isAdmitted(_ bytes: Span<UInt8>) -> Bool {
    if settings.communities.isEmpty { return true }
    var admitted = false
    let given = trap.community
    for community in settings.communities where community.count == Int(given.count) {
      var difference: UInt8 = 0
      for step in 0..<community.count { difference |= community[step] ^ bytes[given.start + step] }
      if difference == 0 { admitted = true }
    }
    return admitted
  }

  private mutating func appendTrap(
    _ event: Event, _ decision: Decision, id: EventID, datagram: Span<UInt8>, line: Span<UInt8>
  ) {
    var row = makeRow(event, id)
    labels.clear()
    if decision.isMatched { trap.appendLabels(datagram, to: &labels) }
    matcher!.describe(
      decision, event: event, datagram: datagram, text: line, labels: &labels, row: &row, bytes: &batch.bytes)
    row.raw = trap.appendRawJSON(datagram, to: &batch.bytes)
    row.trapOID = trap.appendTrapOID(datagram, to: &batch.bytes)
    if decision.isMatched {
      row.snmp = trap.appendSNMPJSON(datagram, to: &batch.bytes)
      row.rawRepeats = true
      row.labelsRepeat = trap.isRegular && !matcher!.readsText(decision)
    }
    if row.forwards {
      row.message = SafeText.append(line, ByteRange(0, line.count), to: &batch.bytes)
      holdsAlert = true
    }
    batch.rows.append(row)
  }
}
