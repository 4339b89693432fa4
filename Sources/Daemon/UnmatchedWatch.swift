import Foundation
import Intake
package import Model
package import Policy
import Store
import Synchronization

/// Adds up what the workers count of unmatched events, raises an alert when a kind has come often enough, and
/// keeps the counts in `outbox.db`. On its own thread: no worker waits for it.
package final class UnmatchedWatch: Sendable {
  package struct Settings: Sendable {
    package var limits = UnmatchedLimits()
    /// `unmatched.handling`, and whether it is forwarded.
    package var handling = "Ticket_only"
    package var forwards = true
    /// The name of the machine, which summaries are about.
    package var hostName = ProcessInfo.processInfo.hostName

    package init() {}

    fileprivate var window: String { ConfigUnits.text(duration: .nanoseconds(limits.window)) }
  }

  private let box: Mutex<Settings>
  private let inbox: TemplateInbox
  private let recorder: Recorder
  private let events: InternalEvents
  private let ledger: Ledger
  private let notices: NoticeSink

  /// How often the counts are written at most, and what is ignored is looked at, nanoseconds.
  static let saveInterval: Int64 = 2_000_000_000
  /// Between two passes over the counts lies this many times what the last one took, for as long at most,
  /// nanoseconds: thousands of kinds that never rest would else be written without end.
  private static let restFactor: Int64 = 9
  static let longestRest: Int64 = 60_000_000_000
  /// Kinds written in one transaction, which alerts wait for meanwhile; transactions of one turn while alerts
  /// come; and how long a turn takes at most while none do, nanoseconds: workers report every 200 ms.
  private static let sliceSize = 100
  private static let slicesPerTurn = 5
  private static let turnLimit: Int64 = 150_000_000
  /// How long a stop may write, nanoseconds.
  private static let stopLimit: Int64 = 2_000_000_000

  package init(
    settings: Settings, inbox: TemplateInbox, recorder: Recorder, events: InternalEvents, ledger: Ledger,
    notices: @escaping NoticeSink
  ) {
    box = Mutex(settings)
    self.inbox = inbox
    self.recorder = recorder
    self.events = events
    self.ledger = ledger
    self.notices = notices
  }

  private var settings: Settings { box.withLock { $0 } }

  /// Goes by `next` from its next turn on, but for what the counts are shaped by.
  package func exchange(_ next: Settings) { box.withLock { $0 = next } }

  /// The workers have ended: what they left is counted and kept.
  package func stop() { inbox.stop() }

  package func run() {
    var book = TemplateBook(limits: settings.limits)
    restore(&book)
    var ignoredVersion: Int64 = -1
    var log = OutboxStamp(of: recorder.outbox.path)
    _ = log.mayHaveGrown()
    readIgnored(&book, &ignoredVersion)
    var lookAt = SystemClock.monotonic + UnmatchedWatch.saveInterval
    var pass = Pass(nextAt: lookAt)
    var published = UInt64(0)
    // Of the last alerts. Before they are written no count is: after a kill they would seem to be raised.
    var raised: Int64 = 0
    while true {
      // A report wakes it up; without kinds there is nothing to raise, to save or to ignore.
      let (reports, lost, isLast) = inbox.wait(seconds: book.count == 0 ? 10 : 1)
      let now = SystemClock.now
      if SystemClock.monotonic >= lookAt {
        if log.mayHaveGrown() { readIgnored(&book, &ignoredVersion) }
        lookAt = SystemClock.monotonic + UnmatchedWatch.saveInterval
      }
      book.adopt(settings.limits)
      for report in reports {
        book.take(report, now: now)
        inbox.giveBack(report)
      }
      if let number = raise(&book, now) { raised = number }
      let (count, evictions) = (UInt64(book.count), book.evictions)
      let evicted = evictions - published
      published = evictions
      ledger.update { accounts in
        accounts.templates = count
        accounts.templateEvictions += evicted
        accounts.templatesUncounted += lost
      }
      if isLast {
        saveAll(&book, after: raised)
        return
      }
      if SystemClock.monotonic >= pass.nextAt, recorder.isSettled(raised) { saveTurn(&book, &pass) }
    }
  }

  // MARK: - Keeping

  private func restore(_ book: inout TemplateBook) {
    do throws(StoreError) {
      let (kinds, unreadable) = try recorder.performBlocking { outbox throws(StoreError) in
        try outbox.unmatchedKinds()
      }
      let summedAt = try recorder.performBlocking { outbox throws(StoreError) in
        try outbox.unmatchedSummedAt()
      }
      book.restore(kinds, summedAt: summedAt, now: SystemClock.now)
      if unreadable > 0 {
        notices(
          Notice(
            .warning, "unmatched", "some counts of unmatched events cannot be read and begin anew",
            [("kinds", .number(Int64(unreadable)))]))
      }
    } catch {
      notices(
        Notice(
          .warning, "unmatched", "the counts of unmatched events cannot be read and begin anew",
          [("err", .text(error.message))]))
    }
  }

  private func readIgnored(_ book: inout TemplateBook, _ version: inout Int64) {
    let known = version
    do throws(StoreError) {
      let found = try recorder.performBlocking { outbox throws(StoreError) -> (Int64, [Outbox.Ignored])? in
        let version = try outbox.ignoredVersion()
        return version == known ? nil : (version, try outbox.ignored())
      }
      guard let (next, kinds) = found else { return }
      version = next
      var ignored = IgnoredKinds()
      for kind in kinds {
        if kind.isEverywhere { ignored.templates.insert(kind.key) } else { ignored.keys.insert(kind.key) }
      }
      book.ignored = ignored
    } catch {
      notices(
        Notice(
          .warning, "unmatched", "what is ignored cannot be read; what was ignored stays so",
          [("err", .text(error.message))]))
    }
  }

  /// All counts that have changed are written once; then comes a rest. Monotonic nanoseconds.
  struct Pass {
    var nextAt: Int64
    var isUnderWay = false
    /// What its slices took.
    var spent: Int64 = 0

    init(nextAt: Int64) { self.nextAt = nextAt }

    /// What it took says how long the rest is.
    mutating func end(at now: Int64) {
      nextAt = now + max(saveInterval, min(restFactor * spent, longestRest))
      isUnderWay = false
    }
  }

  private enum Slice {
    case written
    /// Alerts come, or the outbox takes nothing.
    case heldUp
    /// There is nothing left to write.
    case none
  }

  /// Writes the next slice of the pass.
  private func save(_ book: inout TemplateBook, limit: Int = sliceSize) -> Slice {
    let (kinds, removed) = book.unsaved(limit: limit)
    if kinds.isEmpty, removed.isEmpty { return .none }
    do throws(StoreError) {
      try recorder.performBlocking { outbox throws(StoreError) in
        try outbox.saveUnmatched(kinds, removed: removed)
      }
      return .written
    } catch {
      book.saveAgain(kinds, removed: removed)
      notices(
        Notice(
          .warning, "unmatched", "the counts of unmatched events cannot be kept",
          [("err", .text(error.message))]))
      return .heldUp
    }
  }

  /// Begins a pass or goes on with it, for as long as a turn may take.
  private func saveTurn(_ book: inout TemplateBook, _ pass: inout Pass) {
    let begin = SystemClock.monotonic
    if !pass.isUnderWay {
      book.beginPass()
      (pass.isUnderWay, pass.spent) = (true, 0)
    }
    let alerts = ledger.update { $0.forwardable }
    var slice = Slice.written
    var count = 0
    var now = begin
    while slice == .written, now - begin < UnmatchedWatch.turnLimit {
      let givesWay = count >= UnmatchedWatch.slicesPerTurn && ledger.update({ $0.forwardable }) != alerts
      slice = givesWay ? .heldUp : save(&book)
      count += 1
      now = SystemClock.monotonic
    }
    pass.spent += now - begin
    switch slice {
    case .written: pass.nextAt = now
    case .heldUp: pass.nextAt = now + UnmatchedWatch.saveInterval
    case .none: pass.end(at: now)
    }
  }

  private func saveAll(_ book: inout TemplateBook, after raised: Int64) {
    let end = SystemClock.monotonic + UnmatchedWatch.stopLimit
    book.beginPass()
    while book.hasUnsaved, SystemClock.monotonic < end {
      guard recorder.isSettled(raised) else {
        DaemonThread.pause(milliseconds: 1)
        continue
      }
      // No alert waits any more: slices may be long.
      let slice = save(&book, limit: 10 * UnmatchedWatch.sliceSize)
      if slice == .heldUp { DaemonThread.pause(milliseconds: 10) }
      if slice != .written { book.beginPass() }
    }
    let left = book.unsavedCount
    if left > 0 {
      notices(
        Notice(
          .warning, "unmatched", "some counts of unmatched events were not kept: the time to stop was up",
          [("kinds", .number(Int64(left)))]))
    }
  }

  // MARK: - Raising

  /// The number of the alerts' batch; nil: there are none.
  private func raise(_ book: inout TemplateBook, _ now: Timestamp) -> Int64? {
    let alerts = book.takeAlerts(now: now)
    if alerts.isEmpty { return nil }
    let settings = settings
    let (kinds, summedAt) = book.takeTold()
    let number = events.raise(
      alerts.map { event($0, settings) }, told: Outbox.Told(kinds: kinds, summedAt: summedAt), now: now)
    let count = UInt64(alerts.count)
    ledger.update { $0.unmatchedAlerts += count }
    return number
  }

  private func event(_ alert: TemplateBook.Alert, _ settings: Settings) -> InternalEvent {
    switch alert {
    case .kind(let kind, let count): event(kind, count, settings)
    case .summary(let kinds, let number, let events, let since):
      summary(kinds, number, events, since, settings)
    }
  }

  private func event(_ kind: UnmatchedKind, _ count: Int, _ settings: Settings) -> InternalEvent {
    let (template, window) = (kind.templateText, settings.window)
    var event = InternalEvent(
      name: "unmatched", host: kind.host, handling: settings.handling,
      summary: "\(kind.host): no rule for \(count) events in \(window): \(template)",
      text: kind.message, signature: "\(kind.host)::unmatched::\(kind.id)")
    event.peer = kind.peer
    event.forwards = settings.forwards
    event.severity = kind.severity
    event.labels = [
      ("unmatched", kind.id), ("count", "\(count)"), ("window", window), ("template", template),
      ("first", kind.firstAt.rfc3339(digits: 0)), ("sample", kind.line),
      ("do", "muttd unmatched suggest \(kind.id)"),
    ]
    return event
  }

  private func summary(
    _ kinds: [UnmatchedKind], _ number: Int, _ count: Int, _ since: Timestamp, _ settings: Settings
  ) -> InternalEvent {
    let window = settings.window
    let named = kinds.map { "\($0.host): \($0.templateText)" }.joined(separator: "; ")
    var event = InternalEvent(
      name: "unmatched", host: settings.hostName, handling: settings.handling,
      summary: "no rule for \(number) more kinds of events, \(count) events in \(window)",
      text: named + (number > kinds.count ? "; …" : ""), signature: "muttd::unmatched::summary")
    event.forwards = settings.forwards
    event.severity = kinds.map(\.severity).filter { $0 >= 0 }.min() ?? -1
    event.labels = [
      ("kinds", "\(number)"), ("count", "\(count)"), ("window", window), ("since", since.rfc3339(digits: 0)),
      ("do", "muttd unmatched list"),
    ]
    return event
  }
}

extension UnmatchedKind {
  /// The template as people read it.
  package var templateText: String {
    let bytes = Array(message.utf8)
    return MessageTemplate.text(
      bytes.span, lead: source == .trap ? MessageTemplate.leadOfTrap(bytes.span) : 0)
  }
}
