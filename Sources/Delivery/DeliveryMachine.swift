package import Model

/// What one destination does next. Pure: no clock, no I/O, no randomness of its own; inputs in, actions out.
///
/// `receive` takes in what happened, any number of times; `decide` then says what to do. One load and one
/// record are under way at a time, and what comes up meanwhile goes into the next: that is what makes
/// batches under load and no delay without it.
package struct DeliveryMachine: Sendable {
  package let limits: Limits
  var gate: DeliveryGate
  var bucket: TokenBucket?
  var known: [Int64: Delivery] = [:]
  var ready: ReadyLine
  /// Signatures whose first attempt is under way, with how many.
  var leaving: [ExactKey: Int] = [:]
  var underWay: Set<Int64> = []
  var outcomes: [DeliveryOutcome] = []
  var recording: [DeliveryOutcome] = []
  /// Ids that ended or were recorded since the load under way was asked for: its answer may still show them
  /// as due.
  private var endedSinceLoad: Set<Int64> = []
  /// Those that wait for a retry and may be due for all the queue knows.
  var returned: [Int64: Place] = [:]
  /// Those that ended at a retry: the queue may have kept back clears behind them.
  var freed: Set<Int64> = []
  /// The queue may have kept back clears.
  var keepsClears = true
  private var window: Int

  var wantsLoad = true
  var isLoading = false
  private var loadLimit = 0
  /// Bytes of bodies after which the answer to the last `load` may end.
  package private(set) var loadBytes = 0
  /// Of those that have ended and are not recorded, as they may be in it.
  private var endedBytes: [Int64: Int] = [:]
  private var hasMore = false
  /// While enough is ready; see `loadPauseMs`.
  var loadNotBefore: Timestamp = .absent
  /// After the queue failed; see `secondLookMs`.
  var loadRefusedUntil: Timestamp = .absent
  var recordNotBefore: Timestamp = .absent
  /// The receiver asked all of us to wait until then.
  var pausedUntil: Timestamp = .absent
  /// How often in a row, since something was delivered.
  var throttles = 0
  /// The latest time seen, by which a clock that was set back is noticed, and by how much it was.
  var latest: Timestamp = .absent
  var stepBack: Int64 = 0
  var leaps = ClockLeaps()
  var shiftNotBefore: Timestamp = .absent
  var haste = Haste()
  /// When a waiting delivery becomes due, as far as known.
  var nextDue: Timestamp?
  var sleepingUntil: Timestamp?
  /// Why the last attempt failed; nil after a success.
  var failing: (status: Int, reason: String)?
  package var condition = DestinationCondition()
  var diversion = Diversion()
  var consent: Consent
  /// The number of the settings and secrets that hold.
  var terms = 0
  /// From which on they lead to where they lead now.
  var movedAt = 0
  var isStopping = false
  var isCut = false
  private var isFinished = false

  /// Between two looks for something more urgent while enough is ready, and after an answer that
  /// contradicted itself.
  package static var loadPauseMs: Int64 { 100 }
  /// After the queue failed, and between two looks while nothing may leave.
  package static var secondLookMs: Int64 { 1_000 }

  package init(limits: Limits) {
    self.limits = limits
    self.gate = DeliveryGate(limits.breaker)
    self.bucket = limits.rate.map { TokenBucket($0) }
    self.consent = Consent(isNeeded: limits.needsConsent)
    self.window = max(2 * limits.concurrency, min(64, limits.window))
    self.ready = ReadyLine()
  }

  /// A delivery that is ready or under way.
  package subscript(id id: Int64) -> Delivery? { known[id] }

  // MARK: Inputs

  package mutating func receive(_ input: Input, now: Timestamp) {
    see(now)
    switch input {
    case .woken: wantsLoad = true
    case .committed(let deliveries): take(committed: deliveries, now: now)
    case .reread(let number, let change): reread(number, change, now: now)
    case .asked(let answer, let random): take(answer, random: random, now: now)
    case .loaded(let deliveries, let next): take(deliveries, next: next, now: now)
    case .loadFailed:
      isLoading = false
      endedSinceLoad.removeAll()
      forgetReturned()
      wantsLoad = true
      loadRefusedUntil = now.adding(milliseconds: DeliveryMachine.secondLookMs)
    case .ended(let id, let end, let terms, let random):
      if isOutdated(end, terms) { putBack(id, now: now) } else { take(id, end, random: random, now: now) }
    case .recorded:
      if isLoading { endedSinceLoad.formUnion(recording.map(\.id)) }
      // Only now the queue knows when they are due, which may be past by now.
      for outcome in recording {
        if case .retry(let at) = outcome.verdict { remember(due: at) }
      }
      let recorded = recording
      for outcome in recorded { endedBytes[outcome.id] = nil }
      recording.removeAll(keepingCapacity: true)
      settleOrder(recorded)
    case .recordFailed:
      outcomes = recording + outcomes
      recording.removeAll()
      recordNotBefore = now.adding(milliseconds: DeliveryMachine.secondLookMs)
    case .shiftFailed(let nanoseconds):
      stepBack += nanoseconds
      shiftNotBefore = now.adding(milliseconds: DeliveryMachine.secondLookMs)
    case .hastened(let isDone):
      haste.ended(isDone: isDone, now: now)
      wantsLoad = true
    case .diverted(let result): take(result, now: now)
    case .divertFailed:
      diversion.failed(now: now)
      // Some may have gone before it failed.
      lookAnew()
    case .timePassed:
      // The alarm has gone off; should it have been early, it is set anew.
      sleepingUntil = nil
    case .clock(let known): leaps = known
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
    var isCut = false
    let unsettled = Set(recording.map(\.id)).union(outcomes.map(\.id)).union(endedSinceLoad)
    for delivery in deliveries {
      bytes += delivery.body.count
      guard !underWay.contains(delivery.id), !unsettled.contains(delivery.id),
        !isHeldBack(delivery, among: deliveries)
      else { continue }
      if fresh.count < window { fresh.append(delivery) } else { isCut = true }
    }
    for delivery in fresh { known[delivery.id] = delivery }
    ready = ReadyLine(fresh, staleBefore: staleBefore(now))
    hasMore = isCut || deliveries.count >= loadLimit || bytes >= loadBytes
    if let next { remember(due: next) }
    if !hasMore, nextDue == nil, returned.isEmpty, known.values.allSatisfy({ $0.attempts == 0 }) {
      keepsClears = false
    }
    endedSinceLoad.removeAll()
    forgetReturned()
    if !deliveries.isEmpty {
      let affordable = limits.windowBytes / max(1, bytes / deliveries.count)
      window = max(2 * limits.concurrency, min(limits.window, affordable))
    }
  }

  /// What was just committed need not be asked for when all that was before it is known: the answer would
  /// come a transaction later.
  private mutating func take(committed deliveries: [Delivery], now: Timestamp) {
    let bytes = deliveries.reduce(0) { $0 + $1.body.count }
    guard !wantsLoad, !isLoading, !hasMore, !diversion.isUnderWay, ready.count + deliveries.count <= window,
      bytes <= limits.windowBytes / max(1, window) * deliveries.count,
      deliveries.allSatisfy({ known[$0.id] == nil && $0.nextAttemptAt <= now }), !needOrder(deliveries)
    else {
      wantsLoad = true
      return
    }
    let line = ready.ids.compactMap { known[$0] } + deliveries
    for delivery in deliveries { known[delivery.id] = delivery }
    ready = ReadyLine(line, staleBefore: staleBefore(now))
  }

  private mutating func take(_ result: Diverted, now: Timestamp) {
    diversion.ended(result, now: now)
    gate.giveBack(result.home)
    if result.moved > 0 { lookAnew() }
  }

  /// Who is still here says the queue.
  private mutating func lookAnew() {
    for id in ready.ids { known[id] = nil }
    ready = ReadyLine()
    hasMore = false
    nextDue = nil
    wantsLoad = true
  }

  private mutating func remember(due: Timestamp) {
    nextDue = nextDue.map { min($0, due) } ?? due
  }

  private mutating func take(_ id: Int64, _ end: AttemptEnd, random: Double, now: Timestamp) {
    guard let delivery = known.removeValue(forKey: id), underWay.remove(id) != nil else { return }
    if delivery.attempts == 0 { release(delivery.signature) }
    if isLoading { endedSinceLoad.insert(id) }
    if end != .cut { endedBytes[id] = delivery.body.count }
    switch end {
    case .cut:
      _ = gate.ended(DeliveryGate.Subject(delivery), .cut, now: now)
      wantsLoad = true
    case .failed(let error):
      let answer = Answer(status: 0, error: error, wait: waitMs(delivery, nil, random))
      conclude(delivery, answer, .failed(isAnswer: false), now)
    case .refused(let status, let error):
      consent.lapse()
      let answer = Answer(status: status, error: error, wait: waitMs(delivery, nil, random))
      conclude(delivery, answer, .refused, now)
    case .answered(let status, let retryAfter, let error):
      let answer = Answer(status: status, error: error, wait: waitMs(delivery, retryAfter, random))
      switch StatusTable.meaning(of: status) {
      case .delivered: deliver(delivery, status, now)
      case .retry:
        conclude(delivery, answer, .failed(isAnswer: true), now)
        if retryAfter != nil { gate.postpone(until: now.adding(milliseconds: answer.wait)) }
      case .throttled:
        pause(retryAfter, random, now)
        conclude(delivery, answer, .throttled, now)
      case .dead: conclude(delivery, answer, .dead, now)
      case .hold:
        consent.lapse()
        conclude(delivery, answer, .refused, now)
      }
    }
  }

  /// 429: all of us wait, as long as it says; where it says nothing, longer from time to time, and never
  /// twice for what was under way at the same time.
  private mutating func pause(_ retryAfter: Int?, _ random: Double, _ now: Timestamp) {
    if pausedUntil <= now { throttles += 1 }
    let wait = limits.retry.waitMs(
      attempts: throttles, retryAfterSeconds: retryAfter, random: 0.5 + random / 2)
    if pausedUntil <= now || retryAfter != nil {
      pausedUntil = max(pausedUntil, now.adding(milliseconds: wait))
    }
  }

  /// What came instead of a 2xx, and how long this delivery would wait after it, milliseconds.
  private struct Answer {
    var status: Int
    var error: String?
    var wait: Int64
    var text: String { error ?? "status \(status)" }
  }

  private func waitMs(_ delivery: Delivery, _ retryAfter: Int?, _ random: Double) -> Int64 {
    limits.retry.waitMs(attempts: delivery.attempts + 1, retryAfterSeconds: retryAfter, random: random)
  }

  private mutating func deliver(_ delivery: Delivery, _ status: Int, _ now: Timestamp) {
    _ = gate.ended(DeliveryGate.Subject(delivery), .passed, now: now)
    if gate.isClosed { failing = nil }
    throttles = 0
    if delivery.attempts > 0 { freed.insert(delivery.id) }
    let mark = DeliveredMark(eventID: delivery.eventID, eventTime: delivery.eventTime)
    outcomes.append(
      DeliveryOutcome(
        id: delivery.id, verdict: .delivered(marks: limits.marks), status: status, error: nil,
        mark: limits.marks ? mark : nil))
  }

  private mutating func conclude(
    _ delivery: Delivery, _ answer: Answer, _ end: DeliveryGate.End, _ now: Timestamp
  ) {
    func dead(_ why: String) {
      if delivery.attempts > 0 { freed.insert(delivery.id) }
      outcomes.append(
        DeliveryOutcome(id: delivery.id, verdict: .dead, status: answer.status, error: why + answer.text))
    }
    let blame = gate.ended(DeliveryGate.Subject(delivery), end, now: now)
    if blame == .poison {
      return dead("the destination takes other alerts, but not this one: ")
    }
    if end == .dead {
      if gate.isClosed { failing = nil }
      return dead("")
    }
    if blame == .destination { failing = (answer.status, answer.text) }
    let oldest = lastMoment(of: delivery)
    var at = now.adding(milliseconds: answer.wait)
    // Neither a hold nor a receiver that has too much ages anybody.
    if end != .refused, end != .throttled {
      guard now < oldest else { return dead("older than max_age: ") }
      // The last attempt is at the age limit: what fails there is dead.
      at = min(at, oldest)
    }
    outcomes.append(
      DeliveryOutcome(id: delivery.id, verdict: .retry(at: at), status: answer.status, error: answer.error))
    remember(due: at)
    giveBack(delivery)
  }

  // MARK: Actions

  package mutating func decide(now: Timestamp) -> [Action] {
    if isFinished { return [] }
    see(now)
    var actions: [Action] = []
    appendShift(to: &actions, now: now)
    appendHaste(to: &actions, now: now)
    if let due = nextDue, due <= now {
      nextDue = nil
      wantsLoad = true
    }
    appendRecord(to: &actions, now: now)
    appendQuestion(to: &actions, now: now)
    appendAttempts(to: &actions, now: now)
    appendDiversion(to: &actions, now: now)
    appendLoad(to: &actions, now: now)
    appendChange(to: &actions, now: now)
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

  private mutating func appendAttempts(to actions: inout [Action], now: Timestamp) {
    guard !isStopping, !diversion.isUnderWay, consent.isGiven, pausedUntil <= now else { return }
    var starting: [Int64] = []
    // What was attempted and cannot be recorded is bounded too: after a crash it would be sent again.
    while underWay.count < limits.concurrency, outcomes.count + recording.count < window,
      (bucket?.readyAt ?? .absent) <= now, let id = nextThrough(gate.passage(at: now)),
      let delivery = known[id]
    {
      underWay.insert(id)
      if delivery.attempts == 0 { leaving[ExactKey(delivery.signature), default: 0] += 1 }
      bucket?.take(now: now)
      gate.tries(id, now: now)
      starting.append(id)
    }
    if !starting.isEmpty { actions.append(.attempt(starting)) }
  }

  private mutating func nextThrough(_ passage: DeliveryGate.Passage) -> Int64? {
    switch passage {
    case .none: return nil
    case .all: return nextToLeave()
    case .trial(let choice): return nextTrial(choice)
    }
  }

  private mutating func nextTrial(_ choice: DeliveryGate.Choice) -> Int64? {
    let mayLeave = keepsOrder
    var best: (id: Int64, rank: Int)?
    for id in ready.ids where mayLeave(id) {
      guard let delivery = known[id],
        let rank = gate.rank(of: DeliveryGate.Subject(delivery), as: choice), rank < best?.rank ?? .max
      else { continue }
      best = (id, rank)
    }
    return best.flatMap { best in ready.take { $0 == best.id } }
  }

  /// The first in line that keeps the order. Where all of them wait and the queue holds more than is seen
  /// here, the first goes all the same: attempts still start in order, and one noisy signature does not hold
  /// up what stands behind it.
  private mutating func nextToLeave() -> Int64? {
    let found = ready.take(where: keepsOrder)
    if found == nil, hasMore, !isLoading, !isLow { return ready.take { _ in true } }
    return found
  }

  private mutating func appendDiversion(to actions: inout [Action], now: Timestamp) {
    guard limits.hasFallback else { return }
    diversion.note(isShut: gate.isShut || isRefusedConsent, searches: gate.witnesses > 0, now: now)
    guard diversion.isShut, hasWaiting, !isStopping, !isLoading, !diversion.isUnderWay,
      diversion.begins(whileSearching: isSearching(now)) <= now
    else { return }
    diversion.begin()
    let except = underWay.union((outcomes + recording).map(\.id))
    actions.append(.divert(except: except, continues: diversion.continues))
  }

  /// A witness is under way, or may be found when what is in the way has gone.
  private func isSearching(_ now: Timestamp) -> Bool {
    if case .trying = gate.state { return true }
    return gate.witnesses > 0 && !seeksNext(now)
  }

  /// A witness is wanted, and nobody who waits could be it: attempts have just been looked for.
  func seeksNext(_ now: Timestamp) -> Bool {
    guard case .shut = gate.state, gate.witnesses > 0, consent.isGiven else { return false }
    return !wantsLoad && !isLoading && !hasMore && !diversion.isUnderWay && pausedUntil <= now
      && (bucket?.readyAt ?? .absent) <= now && underWay.count < limits.concurrency
      && outcomes.count + recording.count < window
  }

  /// Somebody waits who is not under way, as far as known.
  private var hasWaiting: Bool {
    ready.count > 0 || hasMore || nextDue != nil && outcomes.isEmpty && recording.isEmpty
  }

  private mutating func appendLoad(to actions: inout [Action], now: Timestamp) {
    guard !isStopping, !isLoading, !diversion.isUnderWay else { return }
    if isLow, hasMore { wantsLoad = true }
    guard wantsLoad, outcomes.count + recording.count < window else { return }
    guard loadRefusedUntil <= now, isLow || loadNotBefore <= now else { return }
    wantsLoad = false
    isLoading = true
    loadLimit = underWay.count + outcomes.count + recording.count + window
    let others = underWay.reduce(0) { $0 + (known[$1]?.body.count ?? 0) } + endedBytes.values.reduce(0, +)
    loadBytes = limits.windowBytes + others
    let pause = gate.isClosed ? DeliveryMachine.loadPauseMs : DeliveryMachine.secondLookMs
    loadNotBefore = now.adding(milliseconds: pause)
    actions.append(.load(limit: loadLimit, staleBefore: staleBefore(now)))
  }

  private mutating func appendSleep(to actions: inout [Action], now: Timestamp) {
    var until = nextDue
    func wake(at time: Timestamp) {
      if time > now { until = until.map { min($0, time) } ?? time }
    }
    if wantsLoad, !isLoading, !isStopping {
      wake(at: isLow ? loadRefusedUntil : max(loadNotBefore, loadRefusedUntil))
    }
    if recording.isEmpty, !outcomes.isEmpty { wake(at: recordNotBefore) }
    if stepBack > 0 { wake(at: shiftNotBefore) }
    if let at = haste.notBefore, !isStopping { wake(at: at) }
    if let due = consent.dueAt, !isStopping { wake(at: max(due, pausedUntil)) }
    if diversion.isShut, hasWaiting, !isLoading, !diversion.isUnderWay, !isStopping {
      wake(at: diversion.begins(whileSearching: isSearching(latest)))
    }
    // Where nothing waits, it is said that the next may come.
    if let trial = gate.nextTrial, isEmpty, !isStopping { wake(at: trial) }
    if ready.count > 0, !isStopping, underWay.count < limits.concurrency {
      wake(at: max(pausedUntil, bucket?.readyAt ?? .absent, gate.nextTrial ?? .absent))
    }
    if until != sleepingUntil {
      sleepingUntil = until
      actions.append(.sleep(until: until))
    }
  }

  /// Few enough are ready that the next should be fetched before these have left.
  private var isLow: Bool { ready.count <= window / 4 }

  func staleBefore(_ now: Timestamp) -> Timestamp {
    now.adding(seconds: -Int64(limits.staleAfterSeconds))
  }
}
