import Console
import Foundation
import Intake
import Model
import Store
import Synchronization

/// Tells `self_alerts` what is wrong with the daemon, on its own thread: it looks at what `/readyz` says once
/// a second. Whatever befalls the destination that would hear it is not told: it would be told to itself.
final class SelfWatch: Sendable {
  struct Settings: Sendable, Equatable {
    /// Place of the destination that hears it.
    var target: Int
    /// Names of that destination and of those that take over for it, each while all before it are shut.
    var chain: [String]
    var handling: String
    var hostName = ProcessInfo.processInfo.hostName
  }

  /// Nil: nobody is told.
  private let settings: Mutex<Settings?>
  private let vitals: Vitals
  private let events: InternalEvents
  private let recorder: Recorder
  private let notices: NoticeSink
  private let bell = StopBell()

  /// How long a destination may fail without a pause although it answers, nanoseconds.
  private static let failingLimit: Int64 = 300_000_000_000
  /// How long dropped datagrams are a trouble after the last one, nanoseconds.
  private static let dropMemory: Int64 = 60_000_000_000

  init(
    settings: Settings?, vitals: Vitals, events: InternalEvents, recorder: Recorder,
    notices: @escaping NoticeSink
  ) {
    self.settings = Mutex(settings)
    self.vitals = vitals
    self.events = events
    self.recorder = recorder
    self.notices = notices
  }

  func stop() { bell.ring() }

  /// Tells by `next` from its next look on.
  func exchange(_ next: Settings?) { settings.withLock { $0 = next } }

  /// Names of who is told, and of those that take over; nil: nobody is.
  var listeners: Set<String>? { settings.withLock { $0.map { Set($0.chain) } } }

  func run() {
    var told = settings.withLock { $0?.chain.first }
    var book = book(of: told)
    var drops = (count: UInt64(0), at: Int64.min / 2)
    // Where nobody is told, it looks now and then whether somebody is.
    while !bell.wait(seconds: told == nil ? 5 : 1) {
      let next = settings.withLock { $0 }
      // Whoever is told from now on has heard of nothing yet, or of what an earlier run has told it.
      if next?.chain.first != told { book = self.book(of: next?.chain.first) }
      told = next?.chain.first
      guard let settings = next, let hearer = told else { continue }
      let now = SystemClock.monotonic
      let accounts = vitals.accounts()
      if accounts.kernelDropped > drops.count { drops = (accounts.kernelDropped, now) }
      var troubles = SelfWatch.troubles(vitals.readiness, accounts, hearing: settings.chain)
      if now - drops.at < SelfWatch.dropMemory { troubles.append(SelfWatch.dropped(drops.count)) }
      let news = book.look(at: troubles, unproved: SelfWatch.unproved(accounts), now: now)
      let time = SystemClock.now
      let changes = news.map { SelfWatch.change($0, hearer, time) }
      events.raise(news.map { event($0, settings) }, told: Outbox.Told(troubles: changes), now: time)
    }
  }

  // MARK: - What was told

  /// What this destination was told and not that it is over, by this run or an earlier one.
  private func book(of hearer: String?) -> SelfAlertBook {
    var book = SelfAlertBook()
    guard let hearer else { return book }
    do throws(StoreError) {
      let open = try recorder.performBlocking { outbox throws(StoreError) in
        try outbox.openTroubles(of: hearer)
      }
      let (now, time) = (SystemClock.monotonic, SystemClock.now)
      for one in open {
        let trouble = SelfTrouble(
          subject: one.subject, state: one.state, reason: one.reason, remedy: one.remedy,
          severity: one.severity, level: one.level)
        book.remember(trouble, since: now - max(0, time.since(one.since)), now: now)
      }
    } catch {
      notices(
        Notice(
          .warning, "self", "what self_alerts was told cannot be read; what lasts is told again",
          [("err", .text(error.message))]))
    }
    return book
  }

  private static func change(
    _ news: SelfAlertBook.News, _ hearer: String, _ now: Timestamp
  ) -> Outbox.TroubleChange {
    let trouble = news.trouble
    if news.kind == .ends { return .over(destination: hearer, subject: trouble.subject) }
    return .told(
      Outbox.OpenTrouble(
        destination: hearer, subject: trouble.subject, state: trouble.state, reason: trouble.reason,
        remedy: trouble.remedy, severity: trouble.severity, level: trouble.level,
        since: Timestamp(nanoseconds: now.nanoseconds - news.age)))
  }

  /// Destinations that have delivered nothing since the start: whether they work, the first attempt will
  /// show. It may wait for its time, or for an alert: what was owed may have gone over to another one.
  private static func unproved(_ accounts: Accounts) -> Set<String> {
    Set(accounts.destinations.filter { $0.delivered == 0 }.map { "destination/\($0.name)" })
  }

  private func event(_ news: SelfAlertBook.News, _ settings: Settings) -> InternalEvent {
    let trouble = news.trouble
    let age = ConfigUnits.text(duration: .seconds(news.age / 1_000_000_000))
    let place = "muttd on \(settings.hostName)"
    let summary =
      news.kind == .ends
      ? "\(place): \(trouble.subject) is well again, after \(age) of \(trouble.state)"
      : "\(place): \(trouble.subject) is \(trouble.state): \(trouble.reason)"
    var event = InternalEvent(
      name: "muttd-self", host: settings.hostName, handling: settings.handling, summary: summary,
      text: summary, signature: "\(settings.hostName)::muttd::\(trouble.subject)")
    event.severity = trouble.severity
    event.isClear = news.kind == .ends
    event.target = settings.target
    event.labels = [
      ("subject", trouble.subject), ("state", news.kind == .ends ? "ok" : trouble.state),
      ("reason", trouble.reason), ("age", age), ("do", trouble.remedy),
    ]
    return event
  }

  // MARK: - What is a trouble

  static func dropped(_ count: UInt64) -> SelfTrouble {
    SelfTrouble(
      subject: "intake/kernel", state: "dropping",
      reason: "the kernel dropped \(count) datagrams since the start",
      remedy: "raise listen.receive_buffer and net.core.rmem_max", severity: 4, level: count)
  }

  /// Of all that `/readyz` names, what people must hear of although nobody asks: what costs alerts, rules or
  /// the audit. Quarantined rules are one trouble.
  static func troubles(
    _ readiness: Readiness, _ accounts: Accounts, hearing chain: [String]
  ) -> [SelfTrouble] {
    let unheard = unheard(of: chain, readiness)
    var troubles: [SelfTrouble] = []
    var quarantined: [Readiness.Problem] = []
    for problem in readiness.problems {
      switch (problem.check, problem.state) {
      case ("destination", "unrouted"):
        // Told to a destination by its name, whatever the others take.
        var routing = trouble(problem, "routing", severity: 3, level: accounts.unrouted)
        routing.state = "incomplete"
        troubles.append(routing)
      case ("destination", _) where unheard.contains(problem.name): break
      case ("destination", "dead"):
        let dead = accounts.destinations.first { $0.name == problem.name }?.dead ?? 0
        troubles.append(trouble(problem, "dead/\(problem.name)", severity: 3, level: dead))
      case ("destination", "held"), ("destination", "open"), ("destination", "unconfigured"):
        troubles.append(trouble(problem, "destination/\(problem.name)", severity: 3))
      case ("destination", "failing"):
        // It answers, so its breaker stays closed, and may take nothing for hours (429).
        var failing = trouble(problem, "destination/\(problem.name)", severity: 3)
        failing.patience = SelfWatch.failingLimit
        troubles.append(failing)
      case ("rules", "quarantined"): quarantined.append(problem)
      case ("rules", _), ("config", _):
        troubles.append(trouble(problem, "\(problem.check)/\(problem.name)", severity: 4))
      case ("store", "down"), ("disk", _): troubles.append(trouble(problem, problem.check, severity: 3))
      case ("store", "announced"), ("store", "exceeded"), ("store", "failing"), ("store", "removed"):
        troubles.append(trouble(problem, "\(problem.check)/\(problem.name)", severity: 3))
      case ("outbox", _), ("intake", _):
        troubles.append(trouble(problem, "\(problem.check)/\(problem.name)", severity: 2))
      default: break
      }
    }
    if let first = quarantined.first {
      let others = quarantined.count == 1 ? "" : " and \(quarantined.count - 1) others"
      troubles.append(
        SelfTrouble(
          subject: "rules/quarantine", state: "quarantined",
          reason: "\(first.name)\(others) cannot be used: \(first.reason ?? "")", remedy: "muttd check",
          severity: 4, level: UInt64(quarantined.count)))
    }
    return troubles
  }

  /// Those of the chain that what is said now is meant for: the first that lets anything through, and all
  /// that are shut before it. The others behind work for somebody else, who hears of them here.
  private static func unheard(of chain: [String], _ readiness: Readiness) -> Set<String> {
    let shut = Set(
      readiness.problems.filter { $0.check == "destination" && shutStates.contains($0.state) }.map(\.name))
    let end = chain.firstIndex { !shut.contains($0) } ?? chain.count - 1
    return Set(chain.prefix(end + 1))
  }

  private static let shutStates: Set<String> = ["held", "open", "unconfigured"]

  private static func trouble(
    _ problem: Readiness.Problem, _ subject: String, severity: Int8, level: UInt64 = 0
  ) -> SelfTrouble {
    SelfTrouble(
      subject: subject, state: problem.state, reason: problem.reason ?? problem.state, remedy: problem.do,
      severity: severity, level: level)
  }
}
