package import Intake
package import Model
package import Policy
import Wire

/// Decode, match, enrich, decide, append: what happens to one datagram, in one place. A worker owns one;
/// `muttd match`, `explain` and the tests run the same one on recorded bytes.
///
/// Everything it needs is allocated when it is made or when a snapshot is adopted; afterwards an event that
/// leaves no row allocates nothing, and one that does only grows a batch that is recycled.
package struct DecisionDesk: ~Copyable {
  private(set) var settings: WorkerSettings
  private var syslogDecoder: SyslogDecoder
  let trapDecoder = TrapDecoder()
  var matcher: Matcher?
  var trap: Trap
  private var labels = LabelSet()
  /// The line of the trap at hand.
  private var text: [UInt8] = []
  private let noOID = ObjectID()
  /// How often each kind of unmatched event came.
  package private(set) var templates: TemplateTally

  package internal(set) var batch: EventBatch
  /// The batch holds an event that is to be forwarded: it should not wait.
  package private(set) var holdsAlert = false
  /// Rows of unmatched events of this severity and above are shed; 8: none.
  package var shedsFrom: Int8 = 8

  /// What those who watch get to see (`DecisionDesk+Tap`).
  package var sieve = TapSieve()

  /// What each source may still send.
  var storms: StormTable
  /// Who was heard and is no device.
  package internal(set) var sightings: SightingTable
  private var publishedSightingEvictions: UInt64 = 0
  // SNMPv3 and informs (DecisionDesk+Secured).
  var secureBuffer = SecureBuffer()
  var informs = InformTable()
  /// Reports that are due at once.
  package var reports = AnswerList()
  /// By reason, made with the first.
  var refusals: [Refusals] = []
  var hasRefusals = false

  /// The first malformed trap since the last report; the rest is counted.
  private var fault: TrapReport?

  package struct TrapReport: Sendable {
    package var peer: IPAddress
    package var size: Int
    package var hash: UInt64
    package var reason: String
  }

  /// - Parameters:
  ///   - templates: kinds of unmatched events in a report, as `TemplateTally` takes it; 0: none.
  ///   - sightings: senders without a device that are noted, as `SightingTable` takes it; 0: none.
  package init(
    settings: WorkerSettings, batch: EventBatch = EventBatch(), templates: Int = 0, sightings: Int = 0
  ) {
    self.templates = TemplateTally(capacity: templates)
    self.sightings = SightingTable(capacity: sightings, seed: .random(in: .min ... .max))
    self.settings = settings
    trap = Trap(names: settings.names)
    self.syslogDecoder = SyslogDecoder(defaultZone: settings.zone, zones: settings.sourceZones)
    self.batch = batch
    storms = StormTable(settings.storm, seed: .random(in: .min ... .max))
    text.reserveCapacity(4_096)
  }

  package var isReady: Bool { matcher != nil }

  /// Decides by `snapshot` from now on.
  package mutating func adopt(_ snapshot: Snapshot) throws(PolicyError) {
    matcher = try Matcher(snapshot)
  }

  /// Reads and lets in by `next` from now on, which differs by what `exchanging` takes over.
  mutating func adopt(_ next: WorkerSettings) {
    if next.storm != settings.storm { storms.exchange(next.storm) }
    settings = next
    syslogDecoder = SyslogDecoder(defaultZone: next.zone, zones: next.sourceZones)
  }

  /// The full batch for an empty one.
  package mutating func exchangeBatch(_ empty: consuming EventBatch) -> EventBatch {
    let full = batch
    batch = empty
    batch.post = full.post
    holdsAlert = false
    return full
  }

  /// One syslog datagram: always an event.
  package mutating func syslog(
    _ bytes: Span<UInt8>, _ about: Datagram, id: EventID, now: Timestamp, _ tally: inout WorkerTally
  ) {
    let arrival = about.arrival.isAbsent ? now : about.arrival
    var isRelayed = false
    if storms.isOn, sheds(about, arrival, bytes.count, &isRelayed, &tally) { return }
    var event = Event(arrival: arrival, peer: about.peer)
    event.isTruncated = about.isTruncated
    syslogDecoder.decodeArriving(bytes, into: &event)
    if isRelayed, shedsRelayed(about.peer, arrival, event.host, .unspecified, bytes) {
      return tally.countDiscard(.storm, size: bytes.count, isTruncated: about.isTruncated)
    }
    count(event, bytes.count, &tally)
    tally.syslog &+= 1
    let seen = settings.matchesRaw ? bytes : bytes.extracting(event.message.bounds)
    let decision = matcher!.decide(event, datagram: bytes, text: seen, trapOID: noOID)
    if isOfNobody(decision) { sight(event.peer, decision, now, bytes, event.host) }
    if sieve.isOpen { tap(event, decision, id: id, datagram: bytes, text: seen) }
    if !decision.isMatched {
      countTemplate(event, decision, datagram: bytes, text: bytes.extracting(event.message.bounds), lead: 0)
    }
    guard keeps(decision, severity: event.severity, &tally) else { return }
    append(event, decision, id: id, datagram: bytes, text: seen)
  }

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
    case .notANotification: tally.discarded[DiscardReason.notANotification.rawValue] &+= 1
    }
  }

  /// Counts a malformed message; the first is reported.
  mutating func noteFault(
    _ fault: TrapFault, _ bytes: Span<UInt8>, _ about: Datagram, _ tally: inout WorkerTally
  ) {
    tally.discarded[DiscardReason.malformedSNMP.rawValue] &+= 1
    if self.fault != nil { return }
    self.fault = TrapReport(
      peer: about.peer, size: bytes.count, hash: fingerprint(bytes),
      reason: "\(fault.reason.name) at byte \(fault.offset)")
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
    if trap.kind == .inform, settings.answersInforms, !takeInform(bytes, about, passage, &tally) { return }
    // Moved out while it is read: the rest of the desk changes meanwhile.
    var line: [UInt8] = []
    swap(&line, &text)
    line.removeAll(keepingCapacity: true)
    event.message = trap.appendText(bytes, to: &line)
    tally.traps &+= 1
    tally.parse[Int(event.parse.rawValue)] &+= 1
    let seen = line.span.extracting(event.message.bounds)
    let decision = matcher!.decide(event, datagram: bytes, text: seen, trapOID: trap.trapOID)
    if isOfNobody(decision) { sight(event.peer, decision, now, bytes, nil) }
    if sieve.isOpen { tap(event, decision, id: id, datagram: bytes, text: seen) }
    if !decision.isMatched {
      let lead = MessageTemplate.leadOfTrap(seen)
      countTemplate(event, decision, datagram: bytes, text: seen, lead: lead)
    }
    if keeps(decision, severity: event.severity, &tally) {
      appendTrap(event, decision, id: id, datagram: bytes, line: seen)
    }
    text = line
  }

  private func count(_ event: Event, _ size: Int, _ tally: inout WorkerTally) {
    tally.datagrams &+= 1
    tally.bytes &+= UInt64(size)
    tally.parse[Int(event.parse.rawValue)] &+= 1
    if event.isTruncated { tally.truncated &+= 1 }
  }

  /// Counts the verdict and says whether the event gets a row.
  @inline(__always)
  private func keeps(_ decision: Decision, severity: Int8, _ tally: inout WorkerTally) -> Bool {
    if decision.isMatched {
      tally.matched &+= 1
      tally.auditPending &+= 1
      return true
    }
    tally.unmatched &+= 1
    if !settings.auditsAll {
      tally.auditSkipped &+= 1
      return false
    }
    if Pressure.rank(severity) >= shedsFrom {
      tally.auditShed &+= 1
      return false
    }
    tally.auditPending &+= 1
    return true
  }

  /// Counts an unmatched event by host and template, unless it is one that never matters.
  @inline(__always)
  private mutating func countTemplate(
    _ event: Event, _ decision: Decision, datagram: Span<UInt8>, text: Span<UInt8>, lead: Int
  ) {
    guard templates.isOn,
      MessageTemplate.counts(
        severity: event.severity, environment: decision.environment, from: settings.unmatchedSeverity)
    else { return }
    let host = matcher!.hostKey(decision, event: event, datagram: datagram)
    let isNew = templates.count(host: host, template: MessageTemplate.hash(text, lead: lead))
    if isNew { sampleTemplate(event, decision, datagram: datagram, text: text) }
  }

  /// Ends a batch of datagrams: what changed goes into the tally.
  package mutating func finish(_ tally: inout WorkerTally) {
    tally.sightingEvictions = sightings.evictions &- publishedSightingEvictions
    publishedSightingEvictions = sightings.evictions
  }

  /// What the kind that has just begun looks like. Of a trap the line alone: the packet holds the community.
  @inline(never)
  private mutating func sampleTemplate(
    _ event: Event, _ decision: Decision, datagram: Span<UInt8>, text: Span<UInt8>
  ) {
    let isTrap = event.source == .trap
    let line = isTrap ? text : datagram
    templates.describeLast { record, bytes in
      record.source = event.source
      record.severity = event.severity
      record.peer = event.peer
      record.host = matcher!.appendHost(decision, event: event, datagram: datagram, to: &bytes)
      record.line = bytes.append(line, ByteRange(0, min(line.count, UnmatchedKind.lineLimit)))
      record.messageStart = isTrap || event.message.isAbsent ? 0 : event.message.start
      if isTrap {
        let start = bytes.count
        bytes.append(oid: trap.trapOID)
        record.trapOID = ByteRange(start, bytes.count)
      }
    }
  }

  /// The counts of unmatched events since the last call, for an empty report.
  package mutating func exchangeReport(_ empty: consuming TemplateReport) -> TemplateReport {
    templates.exchange(empty)
  }

  /// Unmatched events whose kinds found no room in a report, since the last call.
  package mutating func takeLostTemplates() -> UInt64 { templates.takeLost() }

  /// A community that is let in; an empty list lets in any. Compared to the end, whatever differs.
  private func isAdmitted(_ bytes: Span<UInt8>) -> Bool {
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

  private mutating func append(
    _ event: Event, _ decision: Decision, id: EventID, datagram: Span<UInt8>, text: Span<UInt8>
  ) {
    var row = makeRow(event, id)
    labels.clear()
    matcher!.describe(
      decision, event: event, datagram: datagram, text: text, labels: &labels, row: &row, bytes: &batch.bytes)
    row.raw = SafeText.append(datagram, ByteRange(0, datagram.count), to: &batch.bytes)
    row.app = SafeText.append(datagram, event.app, to: &batch.bytes)
    if row.forwards {
      // The rest of the header is only read by payload and log.
      row.message = SafeText.append(datagram, event.message, to: &batch.bytes)
      row.headerHost = SafeText.append(datagram, event.host, to: &batch.bytes)
      row.procid = SafeText.append(datagram, event.procid, to: &batch.bytes)
      row.msgid = SafeText.append(datagram, event.msgid, to: &batch.bytes)
      holdsAlert = true
    }
    batch.rows.append(row)
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
    let start = batch.bytes.count
    batch.bytes.append(oid: trap.trapOID)
    row.trapOID = ByteRange(start, batch.bytes.count)
    if decision.isMatched { row.snmp = trap.appendSNMPJSON(datagram, to: &batch.bytes) }
    if row.forwards {
      row.message = SafeText.append(line, ByteRange(0, line.count), to: &batch.bytes)
      holdsAlert = true
    }
    batch.rows.append(row)
  }

  func makeRow(_ event: Event, _ id: EventID) -> EventRow {
    var row = EventRow(id: id, time: event.time, arrival: event.arrival, peer: event.peer)
    row.source = event.source
    row.parse = event.parse
    row.clock = event.clock
    row.facility = event.facility
    row.severity = event.severity
    row.isTruncated = event.isTruncated
    return row
  }

  /// Says what could not be read: peer, size and a hash, never the packet: it holds the community.
  package mutating func report(to notices: NoticeSink) {
    guard let fault else { return }
    self.fault = nil
    notices(
      Notice(
        .warning, "intake", "malformed SNMP message",
        [
          ("source_ip", .text("\(fault.peer)")), ("size", .number(Int64(fault.size))),
          ("hash", .text(String(fault.hash, radix: 16))), ("reason", .text(fault.reason)),
        ]))
  }

  /// A regex has spent its budget since the last report.
  package var hasExhaustions: Bool {
    mutating get { matcher?.hasExhaustions ?? false }
  }

  /// Names the rules that have spent their budget: what they should have said about those events is unknown.
  package mutating func reportExhaustions(to activity: RuleActivity, _ notices: NoticeSink) {
    let now = SystemClock.monotonic
    matcher?.takeExhaustions { rule, count in
      guard activity.noteExhaustion(of: rule.name, count: UInt64(count), monotonic: now) else { return }
      notices(
        Notice(
          .warning, "rules", "a regex gave up on a text: the rule was taken as not holding",
          [
            ("rule_id", .number(rule.id)), ("rule", .text(rule.name)),
            ("reason", .text("it takes more than \(Matcher.stepBudget) steps; simplify it (muttd check)")),
          ]))
    }
  }

  /// FNV-1a, 64 bits: enough to tell packets apart in a log.
  private func fingerprint(_ bytes: Span<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in 0..<bytes.count { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3 }
    return hash
  }

  // MARK: - Cold paths: match and explain

  /// Decides one recorded datagram as `syslog` does and describes it in `row`. What the decision says stands
  /// in `batch` until the next is judged, `app` and `message` stand in the datagram, as they were sent;
  /// nothing is counted, nothing is handed on.
  package mutating func judgeSyslog(_ bytes: Span<UInt8>, _ about: Datagram, into row: inout EventRow) {
    var event = Event(arrival: about.arrival, peer: about.peer)
    event.isTruncated = about.isTruncated
    syslogDecoder.decode(bytes, into: &event)
    let seen = settings.matchesRaw ? bytes : bytes.extracting(event.message.bounds)
    let decision = matcher!.decide(event, datagram: bytes, text: seen, trapOID: noOID)
    row = makeRow(event, EventID(rawValue: 0))
    batch.bytes.removeAll(keepingCapacity: true)
    labels.clear()
    matcher!.describe(
      decision, event: event, datagram: bytes, text: seen, labels: &labels, row: &row, bytes: &batch.bytes)
    row.app = event.app
    row.message = event.message
    // So that the last texts are read as a block too.
    for _ in 0..<ByteBlock.width { batch.bytes.append(0) }
  }

  /// Every rule considered for one syslog message, and why it lost or won.
  package mutating func explainSyslog(_ bytes: Span<UInt8>, _ about: Datagram) -> (Event, Explanation) {
    var event = Event(arrival: about.arrival, peer: about.peer)
    event.isTruncated = about.isTruncated
    syslogDecoder.decode(bytes, into: &event)
    let seen = settings.matchesRaw ? bytes : bytes.extracting(event.message.bounds)
    return (event, matcher!.explain(event, datagram: bytes, text: seen, trapOID: noOID))
  }
}
