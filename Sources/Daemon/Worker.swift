package import Intake
package import Model
import Policy
import Synchronization

/// What all workers share: handed over once, read or locked once per batch.
package final class WorkerContext: Sendable {
  package let ledger: Ledger
  package let snapshots: SnapshotBox
  package let ids: IDSource
  package let recorder: Recorder
  package let pool: BatchPool
  package let pressure: Pressure
  package let activity: RuleActivity
  package let answers: AnswerPost
  package let sightings: SightingBook
  package let templates: TemplateInbox
  package let tap: TapPort
  package let notices: NoticeSink
  package let settings: SettingsBox
  /// Takes the devices that a worker has heard; false: it is to keep them for now.
  package let heard: @Sendable (HeardDevices) -> Bool

  package init(
    ledger: Ledger, snapshots: SnapshotBox, ids: IDSource, recorder: Recorder, pool: BatchPool,
    pressure: Pressure, activity: RuleActivity, answers: AnswerPost,
    templates: TemplateInbox = TemplateInbox(), tap: TapPort = TapPort(),
    notices: @escaping NoticeSink, settings: WorkerSettings,
    heard: @escaping @Sendable (HeardDevices) -> Bool = { _ in true }
  ) {
    self.ledger = ledger
    self.snapshots = snapshots
    self.ids = ids
    self.recorder = recorder
    self.pool = pool
    self.pressure = pressure
    self.activity = activity
    self.answers = answers
    sightings = SightingBook(recorder, notices: notices)
    self.templates = templates
    self.tap = tap
    self.notices = notices
    self.settings = SettingsBox(settings)
    self.heard = heard
  }
}

/// Stop flag and pulse of one worker, read by others.
package final class WorkerGauge: Sendable {
  private let stopping = Atomic<Bool>(false)
  private let pulse = Atomic<Int64>(0)
  private let deciding = Atomic<Bool>(false)
  package let storms = StormGauge()

  package init() {}

  package func stop() { stopping.store(true, ordering: .releasing) }
  package var isStopping: Bool { stopping.load(ordering: .acquiring) }
  package func beat(_ monotonic: Int64) { pulse.store(monotonic, ordering: .relaxed) }
  /// CLOCK_MONOTONIC nanoseconds of the last turn of the loop; 0 before the first.
  package var lastBeat: Int64 { pulse.load(ordering: .relaxed) }
  package func markDeciding() { deciding.store(true, ordering: .relaxed) }
  /// A snapshot is loaded and datagrams are read.
  package var isDeciding: Bool { deciding.load(ordering: .relaxed) }
}

/// THE loop: receive, decode, decide, append, hand over. One worker per socket, on its own thread; all its
/// state lives on that thread's stack. In the steady state it allocates nothing per event and takes no lock
/// per event.
package struct Worker: ~Copyable {
  package enum Kind: Sendable { case syslog, trap }

  /// How long a receive waits when nothing is pending, ms; bounds the age of the pulse.
  private static let idleWait: Int32 = 1_000
  /// A batch whose text exceeds this is handed over, bytes.
  private static let largestText = 512 << 10
  /// How long a stopping worker goes on reading what the kernel has queued, nanoseconds. A flood of datagrams
  /// never ends; what comes over a connection the kernel has already promised to keep, and all but the last
  /// seconds of `StopDeadline` are for it.
  private static let datagramDrain: Int64 = 2_000_000_000
  private static let streamDrain: Int64 = 6_000_000_000

  private let source: any DatagramSource
  private let context: WorkerContext
  private let gauge: WorkerGauge
  private let kind: Kind
  private let listener: Int
  /// Among all workers: whose socket answers.
  private let number: Int
  private var settings: WorkerSettings
  private var settingsGeneration: UInt64
  /// Who is let in; an empty set: everyone.
  private var allow: NetworkSet
  private var slab: DatagramSlab
  private var desk: DecisionDesk
  private var tally = WorkerTally()
  private var refusals = Refusals()
  /// Monotonic time of the oldest row in the desk's batch.
  private var batchStart: Int64 = 0
  /// Monotonic time of the first event in the desk's report of unmatched events.
  private var reportStart: Int64 = 0

  package init(
    source: any DatagramSource, kind: Kind, listener: Int, number: Int = 0, context: WorkerContext,
    gauge: WorkerGauge
  ) throws(IntakeError) {
    self.source = source
    self.context = context
    self.gauge = gauge
    self.kind = kind
    self.listener = listener
    settingsGeneration = context.settings.currentGeneration
    settings = context.settings.current
    // Traps may be as long as UDP allows and must not be cut; pages no datagram reaches stay untouched.
    self.slab =
      kind == .syslog
      ? try DatagramSlab(slots: 256, slotSize: settings.maxMessage)
      : try DatagramSlab(slots: 64, slotSize: 65_536)
    self.allow = kind == .trap ? settings.trapSources : settings.allow
    self.number = number
    var batch = context.pool.take()
    batch.post = number
    self.desk = DecisionDesk(
      settings: settings, batch: batch, templates: TemplateTally.standardCapacity,
      sightings: SightingTable.standardCapacity)
  }

  package consuming func run() {
    var generation: UInt64 = 0
    var stopAt: Int64?
    while true {
      let monotonic = SystemClock.monotonic
      gauge.beat(monotonic)
      refreshSnapshot(&generation)
      if gauge.isStopping, stopAt == nil {
        stopAt = monotonic + (source.holdsBack ? Worker.streamDrain : Worker.datagramDrain)
        source.refuse()
      }
      guard desk.isReady else {
        // Bound but not read: what arrives queues in the kernel until the first snapshot is there.
        if stopAt != nil { return }
        DaemonThread.pause(milliseconds: 5)
        continue
      }
      receive(wait: stopAt != nil ? 0 : nextWait(monotonic))
      // What came while it waited is decided by what was new by then.
      refreshSettings()
      if slab.count > 0 {
        refreshSnapshot(&generation)
        decideAll()
      }
      if desk.guardsStorms { watchStorms() }
      handOverIfDue()
      if desk.sightings.isDue(monotonic: monotonic) { tellSightings(monotonic) }
      if desk.heard.isDue(monotonic: monotonic, after: settings.tellsDevicesAfter) { tellDevices(monotonic) }
      if !desk.templates.isEmpty { tellTemplatesIfDue() }
      if let stopAt, slab.count == 0 || SystemClock.monotonic > stopAt { break }
    }
    finish()
    if desk.guardsStorms { watchStorms(isLast: true) }
    handOver()
    tellTemplates()
    tellSightings(SystemClock.monotonic)
    tellDevices(SystemClock.monotonic)
  }

  private mutating func tellDevices(_ monotonic: Int64) {
    desk.heard.tell(monotonic: monotonic, context.heard)
  }

  /// Leaves in the book who has been heard and is no device.
  private mutating func tellSightings(_ monotonic: Int64) {
    if context.sightings.isOpen { context.sightings.put(desk.sightings.take(monotonic: monotonic)) }
  }

  /// What was begun and will not be finished is a message, as at the end of a connection.
  private mutating func finish() {
    while true {
      source.finish(into: &slab)
      if slab.count == 0 { return }
      decideAll()
      handOverIfDue()
      if !desk.templates.isEmpty { tellTemplatesIfDue() }
    }
  }

  private mutating func refreshSnapshot(_ generation: inout UInt64) {
    let current = context.snapshots.currentGeneration
    guard current != generation, let snapshot = context.snapshots.snapshot else { return }
    do throws(PolicyError) {
      try desk.adopt(snapshot)
      generation = current
      gauge.markDeciding()
    } catch {
      // Memory for the scratch was short: the old set goes on, the next turn tries again.
      context.notices(
        Notice(.error, "rules", "a new rule set could not be taken by a worker", [("err", .text("\(error)"))])
      )
    }
  }

  /// Between two turns nothing is held that was read by the old ones.
  private mutating func refreshSettings() {
    let current = context.settings.currentGeneration
    guard current != settingsGeneration else { return }
    settingsGeneration = current
    let next = context.settings.current
    // What was shed by the old limit is told by it.
    if next.storm != settings.storm { watchStorms(isLast: true) }
    settings = next
    allow = kind == .trap ? settings.trapSources : settings.allow
    desk.adopt(settings)
  }

  private func nextWait(_ monotonic: Int64) -> Int32 {
    var left = Int64(Worker.idleWait) * 1_000_000
    if !desk.batch.isEmpty { left = min(left, settings.flush - (monotonic - batchStart)) }
    if !desk.templates.isEmpty {
      left = min(left, settings.tellsTemplatesAfter - (monotonic - reportStart))
    }
    return Int32(clamping: max(0, (left + 999_999) / 1_000_000))
  }

  private mutating func receive(wait: Int32) {
    do throws(IntakeError) {
      try source.receive(into: &slab, wait: wait)
    } catch {
      slab.clear()
      context.notices(
        Notice(.error, "intake", error.message, [("errno", .number(Int64(error.number)))]))
      DaemonThread.pause(milliseconds: 100)
    }
  }

  /// Decides every datagram of the slab and publishes the counts in one step.
  private mutating func decideAll() {
    let now = SystemClock.now
    let ids = context.ids.block(now: now, count: slab.count)
    let wasEmpty = desk.batch.isEmpty
    let hadNoTemplates = desk.templates.isEmpty
    desk.shedsFrom = context.pressure.shedsFrom
    tally = WorkerTally()
    let admitsAll = allow.isEmpty
    let watched = context.tap.generation
    if watched != 0 || desk.sieve.isOpen {
      desk.sieve.begin(context.tap, watched, now: SystemClock.monotonic)
    }
    if desk.guardsStorms { desk.beginStorms(monotonic: SystemClock.monotonic, now: now) }
    if context.answers.hasForgotten { desk.forget(informs: context.answers.takeForgotten(number)) }
    for index in 0..<slab.count {
      let id = EventID(rawValue: ids.rawValue + Int64(index))
      let about = slab[index]
      let bytes = unsafe Span(_unsafeElements: slab.bytes(index))
      if !admitsAll, !isAdmitted(about, bytes.count) { continue }
      switch kind {
      case .syslog: desk.syslog(bytes, about, id: id, now: now, &tally)
      case .trap:
        desk.trap(bytes, about, id: id, now: now, &tally)
        if desk.awaitsPath { desk.route(by: slab.path(index)) }
      }
    }
    desk.finish(&tally)
    if desk.sieve.isOpen { context.tap.offer(desk.sieve.take()) }
    let decided = SystemClock.now
    let oldest = slab[0].arrival.isAbsent ? now : slab[0].arrival
    let count = UInt64(slab.count)
    let tally = tally
    let listener = listener
    context.ledger.update { accounts in
      accounts.add(tally, listener: listener)
      accounts.toDecision.observe(nanoseconds: decided.since(oldest), weight: count)
    }
    desk.reportRefusals(to: context.notices, monotonic: SystemClock.monotonic)
    if !desk.reports.isEmpty {
      context.answers.report(desk.reports, from: number)
      desk.reports.clear()
    }
    if !refusals.isEmpty, let notice = refusals.due(SystemClock.monotonic, key: refusingKey) {
      context.notices(notice)
    }
    if desk.hasExhaustions { desk.reportExhaustions(to: context.activity, context.notices) }
    if wasEmpty, !desk.batch.isEmpty { batchStart = SystemClock.monotonic }
    if hadNoTemplates, !desk.templates.isEmpty { reportStart = SystemClock.monotonic }
  }

  private mutating func tellTemplatesIfDue() {
    guard
      desk.templates.isFull
        || SystemClock.monotonic - reportStart >= settings.tellsTemplatesAfter
    else { return }
    tellTemplates()
    reportStart = SystemClock.monotonic
  }

  private mutating func tellTemplates() {
    if desk.templates.isEmpty { return }
    let report = desk.exchangeReport(context.templates.spare())
    context.templates.put(report, lost: desk.takeLostTemplates())
  }

  private mutating func watchStorms(isLast: Bool = false) {
    guard let limit = settings.storm else { return }
    desk.watchStorms(
      monotonic: SystemClock.monotonic, limit: limit, gauge: gauge.storms, notices: context.notices,
      isLast: isLast)
  }

  /// The key of the configuration that says who is let in.
  private var refusingKey: String {
    kind == .trap && settings.hasTrapSources ? "snmp.sources" : "listen.allow"
  }

  /// Whether who sent a datagram is let in; counts one that is not.
  @inline(never)
  private mutating func isAdmitted(_ about: Datagram, _ size: Int) -> Bool {
    if allow.contains(about.peer) { return true }
    refusals.note(about.peer)
    tally.countDiscard(.refused, size: size, isTruncated: about.isTruncated)
    return false
  }

  /// A batch leaves when it is full, when an alert or an acknowledgement is in it and the socket has nothing
  /// more, or by age.
  private mutating func handOverIfDue() {
    if desk.batch.isEmpty { return }
    let answers = desk.batch.answers.bytes.count
    let isFull =
      desk.batch.rows.count >= settings.batchRows
      || desk.batch.bytes.count + answers >= Worker.largestText
    let isUrgent = (desk.holdsAlert || answers > 0) && slab.count < slab.slots
    if isFull || isUrgent || SystemClock.monotonic - batchStart >= settings.flush { handOver() }
  }

  private mutating func handOver() {
    if desk.batch.isEmpty { return }
    let full = desk.exchangeBatch(context.pool.take())
    context.recorder.put(
      full, share: source.holdsBack ? .half : .whole, beat: { gauge.beat(SystemClock.monotonic) })
  }
}
