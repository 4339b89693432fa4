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
  var labels = LabelSet()
  // Traps (DecisionDesk+Traps). The line of the one at hand, once somebody has asked for it; what its OID
  // says, and which OID that is.
  var text: [UInt8] = []
  var trapRank = TrapRank()
  var rankedOID: UInt64 = 0
  private var noRank = TrapRank()
  /// How often each kind of unmatched event came.
  package internal(set) var templates: TemplateTally

  package internal(set) var batch: EventBatch
  /// The batch holds an event that is to be forwarded: it should not wait.
  package internal(set) var holdsAlert = false
  /// Rows of unmatched events of this severity and above are shed; 8: none.
  package var shedsFrom: Int8 = 8

  /// What those who watch get to see (`DecisionDesk+Tap`).
  package var sieve = TapSieve()

  /// What each source may still send.
  var storms: StormTable
  /// Who was heard and is no device.
  package internal(set) var sightings: SightingTable
  /// And which devices were.
  package internal(set) var heard = HeardDevices()
  private var publishedSightingEvictions: UInt64 = 0
  // SNMPv3 and informs (DecisionDesk+Secured).
  var secureBuffer = SecureBuffer()
  var informs = InformTable()
  /// Reports that are due at once.
  package var reports = AnswerList()
  /// The last datagram is answered, and which way it came is not known yet: few want an answer.
  var awaitsPath = false
  /// By reason, made with the first.
  var refusals: [Refusals] = []
  var hasRefusals = false

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
    heard.adopt(snapshot.deviceNames)
    rankedOID = 0
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

  /// What answers the last datagram goes back the way that came.
  mutating func route(by path: ReturnPath) {
    batch.answers.route(by: path)
    reports.route(by: path)
    awaitsPath = false
  }

  /// One syslog datagram: always an event.
  package mutating func syslog(
    _ sent: Span<UInt8>, _ about: Datagram, id: EventID, now: Timestamp, _ tally: inout WorkerTally
  ) {
    let arrival = about.arrival.isAbsent ? now : about.arrival
    var isRelayed = false
    if storms.isOn, sheds(about, arrival, sent.count, &isRelayed, &tally) { return }
    let bytes = sent.extracting(..<DecisionDesk.wholeCount(sent, about))
    var event = Event(arrival: arrival, peer: about.peer)
    event.isTruncated = about.isTruncated
    syslogDecoder.decodeArriving(bytes, into: &event)
    if isRelayed, shedsRelayed(about.peer, arrival, event.host, .unspecified, bytes) {
      return tally.countDiscard(.storm, size: sent.count, isTruncated: about.isTruncated)
    }
    count(event, sent.count, &tally)
    tally.syslog &+= 1
    let seen = settings.matchesRaw ? bytes : bytes.extracting(event.message.bounds)
    let decision = matcher!.decide(event, datagram: bytes, text: seen, by: &noRank)
    let name = sight(event.peer, decision, now, bytes, event.host)
    if sieve.isOpen { tap(event, decision, id: id, datagram: bytes, text: seen) }
    if !decision.isMatched {
      countTemplate(
        event, decision, name: name, datagram: bytes, text: bytes.extracting(event.message.bounds), lead: 0)
    }
    guard keeps(decision, severity: event.severity, &tally) else { return }
    append(event, decision, id: id, datagram: bytes, text: seen)
  }

  /// A cut of ours may have split a character, and the text would be no UTF-8 to rules that ask for it.
  @inline(__always)
  static func wholeCount(_ bytes: Span<UInt8>, _ about: Datagram) -> Int {
    about.isTruncated ? SafeText.wholeCount(bytes) : bytes.count
  }

  private func count(_ event: Event, _ size: Int, _ tally: inout WorkerTally) {
    tally.datagrams &+= 1
    tally.bytes &+= UInt64(size)
    tally.parse[Int(event.parse.rawValue)] &+= 1
    if event.isTruncated { tally.truncated &+= 1 }
  }

  /// Counts the verdict and says whether the event gets a row.
  @inline(__always)
  func keeps(_ decision: Decision, severity: Int8, _ tally: inout WorkerTally) -> Bool {
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
  ///
  /// - Parameter name: what `sight` made of the name; that is the key of a host which is known by it alone.
  @inline(__always)
  mutating func countTemplate(
    _ event: Event, _ decision: Decision, name: UInt64 = 0, datagram: Span<UInt8>, text: Span<UInt8>,
    lead: Int, likeness: UInt64 = 0
  ) {
    guard countsTemplate(event.severity, decision) else { return }
    let isNamed = name != 0 && decision.deviceName.isNone && decision.hostAddress.isUnspecified
    let host = isNamed ? name : matcher!.hostKey(decision, event: event, datagram: datagram)
    if likeness != 0, templates.count(host: host, likeness: likeness) { return }
    let template = MessageTemplate.hash(text, lead: lead)
    let isNew = templates.count(host: host, template: template, likeness: likeness)
    if isNew { sampleTemplate(event, decision, datagram: datagram, text: text) }
  }

  @inline(__always)
  func countsTemplate(_ severity: Int8, _ decision: Decision) -> Bool {
    guard templates.isOn else { return false }
    return MessageTemplate.counts(
      severity: severity, environment: decision.environment, from: settings.unmatchedSeverity)
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

  /// PCRE2 could not say something since the last report.
  package var hasExhaustions: Bool {
    mutating get { matcher?.hasExhaustions ?? false }
  }

  /// Names the rules that PCRE2 gave up on: what they should have said about those events is unknown. Those
  /// that were not asked have done nothing wrong and are many: one line for all of them.
  package mutating func reportExhaustions(to activity: RuleActivity, _ notices: NoticeSink) {
    let now = SystemClock.monotonic
    var unasked: [String] = []
    matcher?.takeExhaustions { rule, reason, count in
      guard activity.noteExhaustion(of: rule.name, reason, count: UInt64(count), monotonic: now) else {
        return
      }
      if reason == .notAsked { return unasked.append(rule.name) }
      let deed =
        reason == .labels
        ? "a regex gave up on a text: the rule won it without its labels"
        : "a regex gave up on a text: the rule was taken as not holding"
      notices(
        Notice(
          .warning, "rules", deed,
          [
            ("rule_id", .number(rule.id)), ("rule", .text(rule.name)), ("reason", .text(reason.reason)),
          ]))
    }
    if unasked.isEmpty { return }
    notices(
      Notice(
        .warning, "rules", "rules were not asked about a text: they were taken as not holding",
        [("rules", .list(unasked)), ("reason", .text(Exhaustion.notAsked.reason))]))
  }

  // MARK: - Cold paths: match and explain

  /// Decides one recorded datagram as `syslog` does; what was read of it is left in `event`. Nothing is
  /// described, counted or handed on.
  package mutating func judgeSyslog(
    _ sent: Span<UInt8>, _ about: Datagram, into event: inout Event
  ) -> Decision {
    let (bytes, seen) = readRecorded(sent, about, into: &event)
    return matcher!.decide(event, datagram: sent.extracting(bytes), text: sent.extracting(seen), by: &noRank)
  }

  /// The place of the rule that wins a recorded datagram, from 0; nil when none does. Whose it is stays open.
  package mutating func winnerOfSyslog(
    _ sent: Span<UInt8>, _ about: Datagram, into event: inout Event
  ) -> Int? {
    let (_, seen) = readRecorded(sent, about, into: &event)
    return matcher!.winner(event, text: sent.extracting(seen), by: &noRank)
  }

  /// Reads a recorded datagram: where it ends, and what rules see of it.
  @inline(__always)
  private mutating func readRecorded(
    _ sent: Span<UInt8>, _ about: Datagram, into event: inout Event
  ) -> (whole: Range<Int>, seen: Range<Int>) {
    let whole = 0..<DecisionDesk.wholeCount(sent, about)
    event = Event(arrival: about.arrival, peer: about.peer)
    event.isTruncated = about.isTruncated
    syslogDecoder.decodeRecorded(sent.extracting(whole), into: &event)
    return (whole, settings.matchesRaw ? whole : event.message.bounds)
  }

  /// Every rule considered for one syslog message, and why it lost or won.
  package mutating func explainSyslog(_ sent: Span<UInt8>, _ about: Datagram) -> (Event, Explanation) {
    let bytes = sent.extracting(..<DecisionDesk.wholeCount(sent, about))
    var event = Event(arrival: about.arrival, peer: about.peer)
    event.isTruncated = about.isTruncated
    syslogDecoder.decode(bytes, into: &event)
    let seen = settings.matchesRaw ? bytes : bytes.extracting(event.message.bounds)
    return (event, matcher!.explain(event, datagram: bytes, text: seen, trapOID: ObjectID()))
  }
}
