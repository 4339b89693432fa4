package import Model

/// What one destination does next. Pure: no clock, no I/O, no randomness of its own; inputs in, actions out.
///
/// `receive` takes in what happened, any number of times; `decide` then says what to do. One load and one
/// record are under way at a time, and what comes up meanwhile goes into the next: that is what makes
/// batches under load and no delay without it.
package struct DeliveryMachine: Sendable {
  /// What the configuration says, in the machine's terms.
  package struct Limits: Sendable, Equatable {
    package var concurrency: Int
    package var retry: RetrySchedule
    package var maxAgeSeconds: Int
    package var staleAfterSeconds: Int
    /// A 2xx of this destination makes `forwarded_to_moog` true.
    package var marks: Bool
    /// Deliveries held ready in memory; the rest waits in the queue.
    package var window: Int = 256
    /// The window shrinks, down to twice the concurrency, so that bodies of the size last seen stay below.
    package var windowBytes: Int = 1 << 20

    /// A hundred years: beyond that sums with times would leave their range.
    private static var longestAgeSeconds: Int { 3_153_600_000 }

    package init(_ settings: DestinationSettings) {
      concurrency = max(1, settings.concurrency)
      retry = RetrySchedule(initialMs: settings.retryInitialMs, maxMs: settings.retryMaxMs)
      maxAgeSeconds = min(max(0, settings.maxAgeSeconds), Limits.longestAgeSeconds)
      staleAfterSeconds = min(max(0, settings.staleAfterSeconds), Limits.longestAgeSeconds)
      marks = !settings.isStandardOutput
    }
  }

  /// How an attempt came back.
  package enum AttemptEnd: Sendable, Equatable {
    case answered(status: Int, retryAfterSeconds: Int?, error: String?)
    case failed(error: String)
    /// We cut it; nothing is known about it, and it does not count.
    case cut
  }

  package enum Input: Sendable {
    /// New deliveries were committed, or something about the waiting ones was changed by hand.
    case woken
    /// The answer to `load`. `next`: the queue's `nextDue`, asked only when fewer than the limit came.
    case loaded([Delivery], next: Timestamp?)
    case loadFailed
    /// `random` is uniform in 0..<1.
    case ended(id: Int64, AttemptEnd, random: Double)
    case recorded
    case recordFailed
    case timePassed
    /// No new attempts; those under way may end.
    case stop
    /// The grace is over: those under way are being cut.
    case cut
  }

  package enum Action: Sendable, Equatable {
    /// Start these, in this order; `subscript(id:)` has them.
    case attempt([Int64])
    case record([DeliveryOutcome])
    case load(limit: Int, staleBefore: Timestamp)
    /// Say `timePassed` then; nil: no longer needed. Replaces the earlier one.
    case sleep(until: Timestamp?)
    /// The destination began to fail (with why), or works again (nil).
    case changed(failing: String?)
    /// Stopped: nothing is under way any more.
    case finished
  }

  package let limits: Limits
  private var known: [Int64: Delivery] = [:]
  private var ready: ReadyLine
  /// Signatures whose first attempt is under way, with how many.
  private var leaving: [String: Int] = [:]
  private var underWay: Set<Int64> = []
  private var outcomes: [DeliveryOutcome] = []
  private var recording: [DeliveryOutcome] = []
  /// Ids that ended or were recorded since the load under way was asked for: its answer may still show them
  /// as due.
  private var endedSinceLoad: Set<Int64> = []
  private var window: Int

  private var wantsLoad = true
  private var isLoading = false
  private var loadLimit = 0
  private var hasMore = false
  /// While enough is ready; see `loadPauseMs`.
  private var loadNotBefore: Timestamp = .absent
  /// After the queue failed; see `secondLookMs`.
  private var loadRefusedUntil: Timestamp = .absent
  private var recordNotBefore: Timestamp = .absent
  /// When a waiting delivery becomes due, as far as known.
  private var nextDue: Timestamp?
  private var sleepingUntil: Timestamp?
  private var failing: String?
  private var isToldFailing = false
  private var isStopping = false
  private var isCut = false
  private var isFinished = false

  /// Between two looks for something more urgent while enough is ready, and after an answer that
  /// contradicted itself.
  package static var loadPauseMs: Int64 { 100 }
  /// After the queue failed, and between two looks past deliveries under way that hide the next due time.
  package static var secondLookMs: Int64 { 1_000 }

  package init(limits: Limits) {
    self.limits = limits
    self.window = max(2 * limits.concurrency, min(64, limits.window))
    self.ready = ReadyLine()
  }

  /// A delivery that is ready or under way.
  package subscript(id id: Int64) -> Delivery? { known[id] }

  // MARK: Inputs

  package mutating func receive(_ input: Input, now: Timestamp) {
    switch input {
    case .woken: wantsLoad = true
    case .loaded(let deliveries, let next): take(deliveries, next: next, now: now)
    case .loadFailed:
      isLoading = false
      endedSinceLoad.removeAll()
      wantsLoad = true
      loadRefusedUntil = now.adding(milliseconds: DeliveryMachine.secondLookMs)
    case .ended(let id, let end, let random): take(id, end, random: random, now: now)
    case .recorded:
      if isLoading { endedSinceLoad.formUnion(recording.map(\.id)) }
      recording.removeAll(keepingCapacity: true)
    case .recordFailed:
      outcomes = recording + outcomes
      recording.removeAll()
      recordNotBefore = now.adding(milliseconds: DeliveryMachine.secondLookMs)
    case .timePassed:
      // The alarm has gone off; should it have been early, it is set anew.
      sleepingUntil = nil
    case .stop: isStopping = true
    case .cut:
      isStopping = true
      isCut = true
    }
  }

  private mutating func take(_ deliveries: [Delivery], next: Timestamp?, now: Timestamp) {
    isLoading = false
    // The answer replaces what was ready: it is newer, and rows may have been purged by hand.
    for id in ready.ids { known[id] = nil }
    var fresh: [Delivery] = []
    var bytes = 0
    let unsettled = Set(recording.map(\.id)).union(outcomes.map(\.id)).union(endedSinceLoad)
    for delivery in deliveries {
      bytes += delivery.body.count
      guard !underWay.contains(delivery.id), !unsettled.contains(delivery.id) else { continue }
      if fresh.count < window { fresh.append(delivery) }
    }
    for delivery in fresh { known[delivery.id] = delivery }
    ready = ReadyLine(fresh, staleBefore: staleBefore(now))
    hasMore = deliveries.count >= loadLimit
    if !hasMore { note(next: next, hidden: !underWay.isEmpty || !unsettled.isEmpty, now: now) }
    endedSinceLoad.removeAll()
    if !deliveries.isEmpty {
      let affordable = limits.windowBytes / max(1, bytes / deliveries.count)
      window = max(2 * limits.concurrency, min(limits.window, affordable))
    }
  }

  /// `hidden`: rows that are under way or not recorded yet still look due to the queue, so that its next
  /// due time may be theirs and hide a later one.
  private mutating func note(next: Timestamp?, hidden: Bool, now: Timestamp) {
    guard let next else { return }
    let wait = hidden ? DeliveryMachine.secondLookMs : DeliveryMachine.loadPauseMs
    remember(due: next > now ? next : now.adding(milliseconds: wait))
  }

  private mutating func remember(due: Timestamp) {
    nextDue = nextDue.map { min($0, due) } ?? due
  }

  private mutating func take(_ id: Int64, _ end: AttemptEnd, random: Double, now: Timestamp) {
    guard let delivery = known.removeValue(forKey: id), underWay.remove(id) != nil else { return }
    if delivery.attempts == 0 { release(delivery.signature) }
    if isLoading { endedSinceLoad.insert(id) }
    switch end {
    case .cut:
      wantsLoad = true
    case .failed(let error):
      fail(delivery, status: 0, retryAfter: nil, error: error, random: random, now: now)
    case .answered(let status, let retryAfter, let error):
      switch StatusTable.meaning(of: status) {
      case .delivered:
        failing = nil
        outcomes.append(
          DeliveryOutcome(id: id, verdict: .delivered(marks: limits.marks), status: status, error: nil))
      case .retry:
        fail(delivery, status: status, retryAfter: retryAfter, error: error, random: random, now: now)
      }
    }
  }

  private mutating func fail(
    _ delivery: Delivery, status: Int, retryAfter: Int?, error: String?, random: Double, now: Timestamp
  ) {
    failing = error ?? "status \(status)"
    let end = delivery.createdAt.adding(seconds: Int64(limits.maxAgeSeconds))
    guard now < end else {
      outcomes.append(DeliveryOutcome(id: delivery.id, verdict: .dead, status: status, error: error))
      return
    }
    let wait = limits.retry.waitMs(
      attempts: delivery.attempts + 1, retryAfterSeconds: retryAfter, random: random)
    // The last attempt is at the age limit: what fails there is dead.
    let at = min(now.adding(milliseconds: wait), end)
    outcomes.append(
      DeliveryOutcome(id: delivery.id, verdict: .retry(at: at), status: status, error: error))
    remember(due: at)
  }

  private mutating func release(_ signature: String) {
    let count = leaving[signature, default: 1] - 1
    leaving[signature] = count > 0 ? count : nil
  }

  // MARK: Actions

  package mutating func decide(now: Timestamp) -> [Action] {
    if isFinished { return [] }
    var actions: [Action] = []
    if let due = nextDue, due <= now {
      nextDue = nil
      wantsLoad = true
    }
    appendRecord(to: &actions, now: now)
    appendAttempts(to: &actions)
    appendLoad(to: &actions, now: now)
    if (failing == nil) == isToldFailing {
      isToldFailing.toggle()
      actions.append(.changed(failing: failing))
    }
    if isStopping, underWay.isEmpty, recording.isEmpty, outcomes.isEmpty || isCut {
      isFinished = true
      if sleepingUntil != nil { actions.append(.sleep(until: nil)) }
      actions.append(.finished)
    } else {
      appendSleep(to: &actions, now: now)
    }
    return actions
  }

  private mutating func appendRecord(to actions: inout [Action], now: Timestamp) {
    guard recording.isEmpty, !outcomes.isEmpty, recordNotBefore <= now else { return }
    // After a cut a refused record is not tried again.
    if isCut, !recordNotBefore.isAbsent { return }
    recording = outcomes
    outcomes = []
    recordNotBefore = .absent
    actions.append(.record(recording))
  }

  private mutating func appendAttempts(to actions: inout [Action]) {
    guard !isStopping else { return }
    var starting: [Int64] = []
    // What was attempted and cannot be recorded is bounded too: after a crash it would be sent again.
    while underWay.count < limits.concurrency, outcomes.count + recording.count < window,
      let id = nextToLeave(), let delivery = known[id]
    {
      underWay.insert(id)
      if delivery.attempts == 0 { leaving[delivery.signature, default: 0] += 1 }
      starting.append(id)
    }
    if !starting.isEmpty { actions.append(.attempt(starting)) }
  }

  /// The first in line whose signature has no first attempt under way; a retry waits for nobody. Where all
  /// of them wait and the queue holds more than is seen here, the first goes all the same: attempts still
  /// start in order, and one noisy signature does not hold up what stands behind it.
  private mutating func nextToLeave() -> Int64? {
    let known = known
    let leaving = leaving
    let found = ready.take { id in
      guard let delivery = known[id], delivery.attempts == 0 else { return true }
      return leaving[delivery.signature] == nil
    }
    if found == nil, hasMore, !isLoading, !isLow { return ready.take { _ in true } }
    return found
  }

  private mutating func appendLoad(to actions: inout [Action], now: Timestamp) {
    guard !isStopping, !isLoading else { return }
    if isLow, hasMore { wantsLoad = true }
    guard wantsLoad, outcomes.count + recording.count < window else { return }
    guard loadRefusedUntil <= now, isLow || loadNotBefore <= now else { return }
    wantsLoad = false
    isLoading = true
    loadLimit = underWay.count + outcomes.count + recording.count + window
    loadNotBefore = now.adding(milliseconds: DeliveryMachine.loadPauseMs)
    actions.append(.load(limit: loadLimit, staleBefore: staleBefore(now)))
  }

  private mutating func appendSleep(to actions: inout [Action], now: Timestamp) {
    var until = nextDue
    if wantsLoad, !isLoading, !isStopping {
      let allowed = isLow ? loadRefusedUntil : max(loadNotBefore, loadRefusedUntil)
      if allowed > now { until = until.map { min($0, allowed) } ?? allowed }
    }
    if recording.isEmpty, !outcomes.isEmpty, recordNotBefore > now {
      until = until.map { min($0, recordNotBefore) } ?? recordNotBefore
    }
    if until != sleepingUntil {
      sleepingUntil = until
      actions.append(.sleep(until: until))
    }
  }

  /// Few enough are ready that the next should be fetched before these have left.
  private var isLow: Bool { ready.count <= window / 4 }

  private func staleBefore(_ now: Timestamp) -> Timestamp {
    now.adding(seconds: -Int64(limits.staleAfterSeconds))
  }
}
