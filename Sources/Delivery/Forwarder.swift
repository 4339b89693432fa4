package import Model
import Synchronization

/// Carries the deliveries of one destination: executes what a `DeliveryMachine` decides. One forwarder per
/// destination, so that a slow or failing one delays no other.
package struct Forwarder: Sendable {
  /// Waits this many nanoseconds, or until its task is cancelled.
  package typealias Sleep = @Sendable (Int64) async -> Void
  /// Tells once, from any thread and at any time, the settings that hold with their secrets as they stand
  /// now; nil when those cannot be read. Does not wait for that itself.
  package typealias Refresh = @Sendable (@escaping @Sendable (DestinationSettings?) -> Void) -> Void

  private let settings: DestinationSettings
  private let queue: any DeliveryQueue
  private let transport: any WebhookTransport
  private let clock: @Sendable () -> Timestamp
  private let clockBook: ClockBook?
  private let random: @Sendable () -> Double
  private let notices: NoticeSink
  private let graceSeconds: Int
  private let sleep: Sleep
  private let observe: @Sendable (Int64, Bool) -> Void
  private let report: @Sendable (DestinationCondition) -> Void
  private let mailbox = Mailbox()
  private let access: DestinationAccess
  private let refresh: Refresh

  /// - Parameters:
  ///   - clockBook: in which stands that `clock` was set forward; nil: that is not seen.
  ///   - random: uniform in 0..<1.
  ///   - graceSeconds: how long attempts under way may go on after `run()` was cancelled.
  ///   - observe: told nanoseconds from a delivery's creation to its 2xx, once for each, and whether it was
  ///     the first attempt.
  ///   - refresh: reads secrets again, after a 401.
  ///   - report: told how the destination is doing whenever that changes.
  package init(
    settings: DestinationSettings, queue: any DeliveryQueue, transport: any WebhookTransport,
    clock: @escaping @Sendable () -> Timestamp, clockBook: ClockBook? = nil,
    random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    notices: @escaping NoticeSink, graceSeconds: Int = 5, sleep: @escaping Sleep = Forwarder.sleep,
    observe: @escaping @Sendable (Int64, Bool) -> Void = { _, _ in },
    report: @escaping @Sendable (DestinationCondition) -> Void = { _ in },
    refresh: @escaping Refresh = { $0(nil) }
  ) {
    self.settings = settings
    self.queue = queue
    self.transport = transport
    self.clock = clock
    self.clockBook = clockBook
    self.random = random
    self.notices = notices
    self.graceSeconds = graceSeconds
    self.sleep = sleep
    self.observe = observe
    self.report = report
    self.refresh = refresh
    self.access = DestinationAccess(settings)
    mailbox.patience.store(graceSeconds, ordering: .relaxed)
  }

  /// Sleeps by the system's monotonic clock.
  @Sendable package static func sleep(nanoseconds: Int64) async {
    // Cancelled is slept enough.
    try? await Task.sleep(for: .nanoseconds(nanoseconds))
  }

  /// The destination's.
  package var name: String { settings.name }

  /// New deliveries were committed, or waiting ones were changed by hand. Cheap, from any thread; wakes
  /// before `run()` are not lost.
  package func wake() { mailbox.post(.woken) }

  /// New deliveries were committed under these ids, all that one transaction added: they leave without being
  /// asked for. None: as `wake`. Cheap, from any thread.
  package func offer(_ deliveries: [Delivery]) {
    mailbox.post(deliveries.isEmpty ? .woken : .committed(deliveries))
  }

  /// Settings or secrets were read again: address, headers and secrets are taken from them, and a
  /// destination that is shut is tried at once.
  package func reread(_ settings: DestinationSettings) {
    let change = access.replace(with: settings)
    mailbox.post(.reread(terms: access.terms.number, change))
  }

  /// It takes the place of one with `other` settings, which was shut or was not: what waits for a retry there
  /// does not wait any longer where that has changed anything.
  package func takeOver(from other: DestinationSettings, wasShut: Bool) {
    let change = DestinationAccess.change(from: other, to: settings)
    if wasShut || change != .none {
      mailbox.post(.reread(terms: access.terms.number, change == .none ? .secrets : change))
    }
  }

  /// Ends `run()` when what is under way has ended, each attempt in its own time; cancelling its task still
  /// ends it after the grace period.
  package func stopInTime() {
    mailbox.patience.store(max(graceSeconds, settings.timeoutSeconds), ordering: .relaxed)
    mailbox.post(.stop)
  }

  /// The same, soon: another waits for its place. What is still under way after the grace period is cut, and
  /// goes out again under the same key.
  package func stopSoon() {
    mailbox.patience.store(graceSeconds, ordering: .relaxed)
    mailbox.post(.stop)
  }

  /// Delivers until its task is cancelled; then starts nothing new, and returns when what was under way has
  /// ended, or was cut by the grace period, and its outcomes are recorded. To be called once.
  package func run() async {
    // Its own task: cancelling the caller must not cut attempts before the grace is over.
    let work = Task { await deliver() }
    await withTaskCancellationHandler {
      await work.value
    } onCancel: {
      stopSoon()
    }
  }

  private func deliver() async {
    await withDiscardingTaskGroup { side in
      await withDiscardingTaskGroup { attempts in
        await loop(side: &side, attempts: &attempts)
      }
    }
  }

  private func loop(side: inout DiscardingTaskGroup, attempts: inout DiscardingTaskGroup) async {
    var machine = DeliveryMachine(limits: DeliveryMachine.Limits(settings))
    var alarm: Task<Void, Never>?
    var grace: Task<Void, Never>?
    var told = DestinationCondition.Kind.works
    var inputs: [DeliveryMachine.Input] = []
    var clockVersion = 0
    running: while true {
      let now = clock()
      if let leaps = clockBook?.look(since: &clockVersion) { machine.receive(.clock(leaps), now: now) }
      for input in inputs {
        machine.receive(input, now: now)
        switch input {
        case .stop:
          // The later word counts: a stop of the daemon does not wait as long as a reload.
          grace?.cancel()
          grace = later(Int64(mailbox.patience.load(ordering: .relaxed)) * 1_000_000_000, .cut)
        case .cut: attempts.cancelAll()
        default: break
        }
      }
      for action in machine.decide(now: now) {
        switch action {
        case .attempt(let ids):
          for id in ids {
            guard let delivery = machine[id: id] else { continue }
            attempts.addTask {
              let terms = access.terms
              let end = await attempt(delivery, terms)
              mailbox.post(.ended(id: id, end, terms: terms.number, random: random()))
            }
          }
        case .record(let outcomes):
          side.addTask { mailbox.post(await record(outcomes)) }
        case .load(let limit, let staleBefore):
          let bytes = machine.loadBytes
          side.addTask {
            mailbox.post(await load(limit: limit, bytes: bytes, now: now, staleBefore: staleBefore))
          }
        case .sleep(let until):
          alarm?.cancel()
          alarm = until.map { later(min($0.since(now), Forwarder.longestSleep), .timePassed) }
        case .shift(let nanoseconds):
          side.addTask { mailbox.post(await shift(back: nanoseconds, now: now)) }
        case .hasten(let isThrottled, let isAgain):
          side.addTask { mailbox.post(await hasten(throttled: isThrottled, isAgain: isAgain, now: now)) }
        case .ask:
          attempts.addTask { mailbox.post(.asked(await ask(), random: random())) }
        case .divert(let except, let continues):
          side.addTask { mailbox.post(await divert(except: except, continues: continues, now: now)) }
        case .changed(let condition):
          report(condition)
          if condition.kind != told { tell(condition) }
          told = condition.kind
        case .finished:
          break running
        }
      }
      inputs = await mailbox.next()
    }
    alarm?.cancel()
    grace?.cancel()
    // A question may still be under way.
    attempts.cancelAll()
  }

  /// Timers run by the monotonic clock and due times by the wall clock: looking up once a minute bounds what
  /// a clock that was set costs.
  private static var longestSleep: Int64 { 60_000_000_000 }

  private func later(_ nanoseconds: Int64, _ input: DeliveryMachine.Input) -> Task<Void, Never> {
    Task {
      await sleep(nanoseconds)
      if !Task.isCancelled { mailbox.post(input) }
    }
  }

  private func attempt(
    _ delivery: Delivery, _ terms: DestinationAccess.Terms
  ) async -> DeliveryMachine.AttemptEnd {
    do throws(DeliveryError) {
      let answer = try await transport.send(terms.request(delivery, now: clock()))
      if let objection = terms.settings.format.objection(to: answer) {
        let words = terms.answers.text(status: answer.status, body: answer.bodyStart)
        return .refused(status: answer.status, error: "\(objection); \(words)")
      }
      if StatusTable.meaning(of: answer.status) == .delivered {
        observe(max(0, clock().since(delivery.createdAt)), delivery.attempts == 0 && delivery.cameFrom == nil)
        return .answered(status: answer.status, retryAfterSeconds: nil, error: nil)
      }
      if answer.status == 401 { readSecretsAgain() }
      return .answered(
        status: answer.status, retryAfterSeconds: answer.retryAfterSeconds,
        error: terms.answers.text(status: answer.status, body: answer.bodyStart))
    } catch {
      if error.code == .cancelled, Task.isCancelled { return .cut }
      let words = terms.answers.text(error)
      // A URL or a header that cannot be sent: waiting for the network would be in vain.
      return error.code == .invalid ? .refused(status: 0, error: words) : .failed(error: words)
    }
  }

  private func ask() async -> Consent.Answer {
    let terms = access.terms
    guard let question = terms.question, let origin = terms.settings.webhookOrigin else {
      return .given(perMinute: nil)
    }
    do throws(DeliveryError) {
      let answer = try await transport.send(question)
      if answer.status == 401 { readSecretsAgain() }
      return WebHookHandshake.judge(answer, origin: origin, answers: terms.answers)
    } catch {
      if error.code == .cancelled, Task.isCancelled { return .cut }
      return WebHookHandshake.judge(error, text: terms.answers.text(error))
    }
  }

  /// A secret that was renewed beside us needs no command: the first 401 finds it.
  private func readSecretsAgain() {
    guard access.mayRefresh(now: clock()) else { return }
    let earlier = access.terms.settings
    refresh { [access, mailbox] renewed in
      access.refreshed()
      if let renewed {
        let change = access.renew(earlier, from: renewed)
        if change != .none { mailbox.post(.reread(terms: access.terms.number, change)) }
      }
    }
  }

  private func record(_ outcomes: [DeliveryOutcome]) async -> DeliveryMachine.Input {
    do {
      try await queue.record(outcomes, destination: settings.name)
    } catch {
      notices(
        Notice(
          .error, "delivery", "outcomes could not be recorded; trying again in a second",
          [
            ("destination", .text(settings.name)), ("outcomes", .number(Int64(outcomes.count))),
            ("error", .text("\(error)")),
          ]))
      return .recordFailed
    }
    let dead = outcomes.filter { $0.verdict == .dead }
    if let first = dead.first {
      notices(
        Notice(
          .error, "delivery", "deliveries are dead; the outbox keeps them until they are replayed or purged",
          [
            ("destination", .text(settings.name)), ("deliveries", .number(Int64(dead.count))),
            ("first_id", .number(first.id)), ("error", first.error.map { .text($0) } ?? .null),
            ("do", .text("muttd outbox list --destination \(settings.name) --state dead")),
          ]))
    }
    return .recorded
  }

  private func load(
    limit: Int, bytes: Int, now: Timestamp, staleBefore: Timestamp
  ) async -> DeliveryMachine.Input {
    do {
      let deliveries = try await queue.due(
        destination: settings.name, now: now, limit: limit, bytes: bytes, staleBefore: staleBefore)
      let next = deliveries.count < limit ? try await next(after: now) : nil
      return .loaded(deliveries, next: next)
    } catch {
      notices(
        Notice(
          .error, "delivery", "due deliveries could not be read; trying again in a second",
          [("destination", .text(settings.name)), ("error", .text("\(error)"))]))
      return .loadFailed
    }
  }

  private func next(after now: Timestamp) async throws -> Timestamp? {
    try await queue.nextDue(destination: settings.name, after: now)
  }

  private func shift(back nanoseconds: Int64, now: Timestamp) async -> DeliveryMachine.Input {
    do {
      try await queue.shift(destination: settings.name, back: nanoseconds, now: now)
      return .woken
    } catch {
      notices(
        Notice(
          .error, "delivery", "waits could not be moved with the clock; trying again in a second",
          [("destination", .text(settings.name)), ("error", .text("\(error)"))]))
      return .shiftFailed(back: nanoseconds)
    }
  }

  private func hasten(throttled: Bool, isAgain: Bool, now: Timestamp) async -> DeliveryMachine.Input {
    do {
      return .hastened(
        try await queue.hasten(
          destination: settings.name, throttled: throttled, isAgain: isAgain, now: now))
    } catch {
      notices(
        Notice(
          .error, "delivery", "alerts that wait for a retry could not be made due; trying again in a second",
          [("destination", .text(settings.name)), ("error", .text("\(error)"))]))
      return .hastened(false)
    }
  }

  private func divert(
    except: Set<Int64>, continues: Bool, now: Timestamp
  ) async -> DeliveryMachine.Input {
    do {
      let result = try await queue.divert(
        destination: settings.name, except: except, continues: continues, now: now)
      if result.moved > 0 {
        notices(
          Notice(
            .warning, "delivery",
            result.home.isEmpty
              ? "alerts that waited went over to the fallback"
              : "alerts that waited at the fallback went back to where they were routed to",
            [
              ("destination", .text(settings.name)), ("to", result.target.map { .text($0) } ?? .null),
              ("deliveries", .number(Int64(result.moved))), ("pages", .number(Int64(result.pages))),
              ("stayed", .number(Int64(result.stayed + result.heldBack))), ("more", .flag(result.isCut)),
            ]))
      }
      return .diverted(result)
    } catch {
      notices(
        Notice(
          .error, "delivery", "alerts that wait could not go over to the fallback; trying again in a second",
          [("destination", .text(settings.name)), ("error", .text("\(error)"))]))
      return .divertFailed
    }
  }

  private func tell(_ condition: DestinationCondition) {
    let destination: (String, Notice.Value) = ("destination", .text(settings.name))
    let url: (String, Notice.Value) = ("url", .text(RedactedURL.text(of: settings.url)))
    let error: (String, Notice.Value) = ("error", condition.reason.map { .text($0) } ?? .null)
    switch condition.kind {
    case .works:
      notices(Notice(.info, "delivery", "destination works again", [destination]))
    case .failing:
      notices(
        Notice(
          .warning, "delivery", "destination fails; its alerts wait in the outbox", [destination, url, error])
      )
    case .open:
      notices(
        Notice(
          .error, "delivery", "destination is given a pause after failures in a row; its alerts wait",
          [destination, url, error, ("pause_s", .number(Int64((settings.breaker.openMs + 999) / 1_000)))]))
    case .held:
      notices(
        Notice(
          .error, "delivery", "destination refuses us and is held; its alerts wait",
          [
            destination, url, error,
            ("do", .text("correct its url, headers or secrets under destinations, then: muttd reload")),
          ]))
    }
  }
}
