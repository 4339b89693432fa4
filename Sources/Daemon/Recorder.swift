package import Delivery
import Intake
package import Model
package import Store

/// The writer of `outbox.db`, on its own thread: the first step of the commit order (DESIGN §2).
///
/// It takes the workers' batches, and in one transaction a turn commits the deliveries they owe together
/// with the audit rows of their matched events, what became of delivery attempts, and what the store has
/// meanwhile taken. Only then the alert is logged, the forwarders are woken and the rows go to the store.
package final class Recorder: @unchecked Sendable {
  /// One thing to do on the recorder's thread besides committing batches.
  enum Request {
    case outcomes([DeliveryOutcome], destination: String, @Sendable (StoreError?) -> Void)
    case removal(spool: [EventID], marks: [DeliveredMark], setAside: [Outbox.SetAside])
    case work(@Sendable (Outbox) -> Void)

    /// How long it may wait for alerts to be committed with it, nanoseconds. A commit of its own is one more
    /// wait for the disk, which the alert behind it sits out; what a crash takes of these is done again.
    fileprivate var patience: Int64 {
      switch self {
      case .outcomes: 5_000_000
      case .removal: 50_000_000
      case .work: 0
      }
    }
  }

  private let condition = WaitCondition()
  // Guarded by `condition`.
  private var batches: [EventBatch] = []
  private var batchBytes = 0
  /// How many batches were put, taken by a turn, and are through with it.
  private var putCount: Int64 = 0
  private var takenCount: Int64 = 0
  private var settledCount: Int64 = 0
  /// What is kept with the batch of this number.
  private var told: [(number: Int64, what: Outbox.Told)] = []
  private var requests: [Request] = []
  /// When the requests at hand no longer wait for alerts, monotonic nanoseconds.
  private var requestsDueAt = Int64.max
  private var isStopping = false
  private var isStopped = false
  private var isSpoolBehind: Bool
  /// Routes that hold from the next turn on.
  private var nextPlan: RoutePlan?

  let outbox: Outbox
  let isShut: @Sendable (Int) -> Bool
  let takesOne: @Sendable (Int) -> Bool
  let ledger: Ledger
  private let pool: BatchPool
  let sinks: Sinks
  let health: RecorderHealth
  private let pressure: Pressure
  let deadline: StopDeadline
  private let disk: DiskSpace
  // Only touched on the recorder's thread.
  var router: Router
  var destinations: [DestinationSettings]
  var payloads: [Payload]
  var ceiling: Int64
  var diversions = Diversions()
  var unrouted = UnroutedBook()
  var standIns: StandIns
  var informs = InformBook()
  var memory: MemoryOutbox
  /// The file takes nothing, its disk being full or failing, or another program holding it: nothing is
  /// written before this, monotonic nanoseconds.
  var outOfSpaceUntil: Int64?
  var isDamaged = false
  /// When the log of the outbox is folded back.
  var calm = Calm(now: SystemClock.monotonic)

  /// Bytes of batches that may wait here before workers wait too (see `Budget`).
  package static let byteLimit = 32 << 20
  /// Batches one transaction takes: bounds its length, and with it the latency of what comes behind.
  private static let batchesPerTurn = 16
  private static let requestsPerTurn = 4_096
  /// Between two looks whether there is room again, seconds.
  static let spaceLook = 1.0
  /// How long alerts wait for an outbox that takes nothing before they go by memory, nanoseconds.
  static let writePatience: Int64 = 1_000_000_000
  /// How far ahead of the newest id the persisted ceiling lies, ms.
  package static let ceilingLead: Int64 = 2_000

  /// - Parameters:
  ///   - payloads: what writes the bodies of each destination, in their order.
  ///   - isShut: whether the destination at this place is held or open, so that its fallback takes over.
  ///   - takesOne: whether it is, and yet the next alert may leave.
  ///   - memoryLimit: bytes of alerts that are tried from memory while the disk is full.
  package init(
    outbox: Outbox, idCeiling: Int64?, carried: Int, destinations: [DestinationSettings],
    payloads: [Payload], isShut: @escaping @Sendable (Int) -> Bool = { _ in false },
    takesOne: @escaping @Sendable (Int) -> Bool = { _ in false },
    ledger: Ledger,
    pool: BatchPool,
    health: RecorderHealth, pressure: Pressure, deadline: StopDeadline,
    disk: DiskSpace = DiskSpace(directory: "/", reserve: 0),
    memoryLimit: Int = MemoryOutbox.standardLimit, sinks: Sinks
  ) {
    self.outbox = outbox
    self.destinations = destinations
    self.router = Router(destinations)
    self.payloads = payloads
    self.isShut = isShut
    self.takesOne = takesOne
    self.ledger = ledger
    self.pool = pool
    self.health = health
    self.sinks = sinks
    self.ceiling = idCeiling ?? 0
    self.pressure = pressure
    self.deadline = deadline
    self.disk = disk
    self.memory = MemoryOutbox(limit: memoryLimit)
    self.standIns = Recorder.standIns(in: outbox, sinks.notices)
    // Rows of an earlier run go first, and what is spooled beside them follows from there too.
    self.isSpoolBehind = carried > 0
  }

  // MARK: - From other threads

  /// How full a worker may make the queue. Who reads connections has senders that wait and lose nothing by
  /// it: the other half stays for datagrams, which are lost when nobody reads them.
  package enum Share: Sendable {
    case half, whole

    fileprivate var bytes: Int { self == .half ? Recorder.byteLimit / 2 : Recorder.byteLimit }
  }

  /// Takes a batch from a worker; the worker waits while too much waits already. Rows of matched events are
  /// never shed, so a full recorder is felt in the kernel's buffer, where what is dropped is counted.
  /// `beat` is called about once a second while it waits: the worker lives, and whether the recorder does is
  /// seen by its own pulse. `told` is written in the batch's transaction. Returns the batch's number, for
  /// `isSettled`.
  @discardableResult
  package func put(
    _ batch: consuming EventBatch, told what: Outbox.Told = Outbox.Told(), share: Share = .whole,
    beat: () -> Void
  ) -> Int64 {
    let cost = EventBatch.cost(of: batch)
    condition.lock()
    while batchBytes > 0, batchBytes + cost > share.bytes, !isStopped {
      beat()
      _ = condition.wait(seconds: 1)
    }
    batches.append(batch)
    batchBytes += cost
    putCount += 1
    let number = putCount
    if !what.isEmpty { told.append((number, what)) }
    let fill = Double(batchBytes) / Double(Recorder.byteLimit)
    condition.broadcast()
    condition.unlock()
    pressure.update(.recorder, fill: fill)
    return number
  }

  /// The batch of this number stands in the outbox, or its alerts in memory.
  package func isSettled(_ number: Int64) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    return settledCount >= number
  }

  /// Records what became of attempts; returns when it is committed.
  package func record(_ outcomes: [DeliveryOutcome], destination: String) async throws(StoreError) {
    let failure: StoreError? = await withCheckedContinuation { continuation in
      submit(.outcomes(outcomes, destination: destination) { continuation.resume(returning: $0) }) {
        continuation.resume(returning: Recorder.stopped)
      }
    }
    if let failure { throw failure }
  }

  /// The store has committed these spooled batches, applied these marks, refused these rows: the next turn
  /// takes note.
  package func remove(
    spool: [EventID] = [], marks: [DeliveredMark] = [], setAside: [Outbox.SetAside] = []
  ) {
    if spool.isEmpty, marks.isEmpty, setAside.isEmpty { return }
    submit(.removal(spool: spool, marks: marks, setAside: setAside)) {}
  }

  /// Runs `body` on the recorder's thread, between two transactions.
  package func perform<T: Sendable>(
    _ body: @escaping @Sendable (Outbox) throws(StoreError) -> T
  ) async throws(StoreError) -> T {
    let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
      submit(.work { [self] in continuation.resume(returning: attempt(body, $0)) }) {
        continuation.resume(returning: .failure(Recorder.stopped))
      }
    }
    return try result.get()
  }

  /// The same for who does not wait for it; after the stop it is left undone.
  package func post(_ body: @escaping @Sendable (Outbox) -> Void) { submit(.work(body)) {} }

  /// The same for a thread that may block.
  package func performBlocking<T: Sendable>(
    _ body: @escaping @Sendable (Outbox) throws(StoreError) -> T
  ) throws(StoreError) -> T {
    let done = BlockingResult<T, StoreError>()
    submit(.work { [self] in done.set(attempt(body, $0)) }) { done.set(.failure(Recorder.stopped)) }
    return try done.wait().get()
  }

  /// Batches that are put after this are routed by `plan`.
  func exchange(_ plan: RoutePlan) {
    condition.lock()
    nextPlan = plan
    condition.unlock()
  }

  /// The store's writer has more than it can hold: rows of matched events no longer travel through memory
  /// but are read from the spool, until `endSpooling`. Callable on any thread.
  package func beginSpooling() {
    condition.lock()
    isSpoolBehind = true
    condition.unlock()
  }

  /// Called on the recorder's thread (inside `perform`) when the spool was found empty.
  package func endSpooling() {
    condition.lock()
    isSpoolBehind = false
    condition.unlock()
  }

  /// Waits until every batch that was put is committed and passed on; for a thread that may block.
  package func drain() {
    while true {
      do throws(StoreError) {
        try performBlocking { _ in }
      } catch {
        return
      }
      // By their bytes, which count until they are passed on: the next turn may have taken the last already.
      condition.lock()
      let isEmpty = batchBytes == 0
      condition.unlock()
      if isEmpty { return }
    }
  }

  /// The writers have taken what there was; no request is accepted any more.
  package func stop() {
    condition.lock()
    isStopping = true
    condition.broadcast()
    condition.unlock()
  }

  private func submit(_ request: Request, otherwise refuse: () -> Void) {
    let dueAt = SystemClock.monotonic + request.patience
    condition.lock()
    let isOpen = !isStopped
    if isOpen {
      requests.append(request)
      if dueAt < requestsDueAt {
        requestsDueAt = dueAt
        condition.broadcast()
      }
    }
    condition.unlock()
    if !isOpen { refuse() }
  }

  // MARK: - The recorder's thread

  struct Turn {
    var batches: [EventBatch] = []
    var requests: [Request] = []
    var spoolsOnly = false
    var isLast = false
    var plan: RoutePlan?
    var told = Outbox.Told()
  }

  package func run() {
    while true {
      let turn = nextTurn()
      let bytes = turn.batches.reduce(0) { $0 + EventBatch.cost(of: $1) }
      process(turn)
      // Only now: what is being committed is still held, and counts.
      release(bytes, turn.batches.count)
      if turn.isLast {
        empty()
        return putBack(outbox)
      }
      if !turn.batches.isEmpty { calm.alerts(at: SystemClock.monotonic) }
      foldBackIfCalm()
    }
  }

  private func nextTurn() -> Turn {
    condition.lock()
    defer { condition.unlock() }
    while batches.isEmpty, !isStopping {
      let left = requestsDueAt - SystemClock.monotonic
      if left <= 0 { break }
      health.rest()
      if !requests.isEmpty {
        _ = condition.wait(seconds: Double(left) / 1e9)
      } else if memory.isEmpty {
        if !condition.wait(seconds: Double(calm.dueAt - SystemClock.monotonic) / 1e9) { break }
      } else if outOfSpaceUntil == nil || !condition.wait(seconds: Recorder.spaceLook) {
        break
      }
    }
    var turn = Turn()
    turn.batches = Array(batches.prefix(Recorder.batchesPerTurn))
    batches.removeFirst(turn.batches.count)
    takenCount += Int64(turn.batches.count)
    while let first = told.first, first.number <= takenCount { turn.told.append(told.removeFirst().what) }
    turn.requests = Array(requests.prefix(Recorder.requestsPerTurn))
    requests.removeFirst(turn.requests.count)
    requestsDueAt = requests.isEmpty ? .max : 0
    turn.spoolsOnly = isSpoolBehind
    turn.plan = nextPlan
    nextPlan = nil
    health.beat(SystemClock.monotonic)
    turn.isLast = isStopping && batches.isEmpty && requests.isEmpty
    if turn.isLast { isStopped = true }
    condition.broadcast()
    return turn
  }

  private func release(_ bytes: Int, _ count: Int) {
    if count == 0 { return }
    condition.lock()
    batchBytes -= bytes
    settledCount += Int64(count)
    let fill = Double(batchBytes) / Double(Recorder.byteLimit)
    condition.broadcast()
    condition.unlock()
    pressure.update(.recorder, fill: fill)
  }

  private func process(_ turn: Turn) {
    if let plan = turn.plan {
      destinations = plan.settings
      router = Router(plan.settings, without: plan.removed)
      payloads = plan.payloads
      diversions = Diversions()
      unrouted.judge(by: router)
      health.noteUnrouted(unrouted.summary)
    }
    var work = Outbox.Work()
    var routing = Routing()
    let spools = disk.allowsSpool
    if spools { work.batches = turn.batches }
    work.told = turn.told
    for index in turn.batches.indices { route(turn.batches[index], index, into: &work, &routing) }
    if routing.unrouted > 0 { health.noteUnrouted(unrouted.summary) }
    let newest = turn.batches.compactMap { $0.rows.last?.id.milliseconds }.max()
    if let newest, newest > ceiling {
      ceiling = newest + Recorder.ceilingLead
      work.idCeiling = ceiling
    }
    for request in turn.requests {
      switch request {
      case .outcomes(let outcomes, let name, _):
        for var outcome in outcomes {
          if case .delivered = outcome.verdict { diversions.passed.insert(name) }
          if let count = memory.record(&outcome) {
            routing.counts.append(count)
          } else {
            work.outcomes.append(outcome)
          }
        }
      case .removal(let spool, let marks, let setAside):
        work.removedSpool += spool
        work.removedMarks += marks
        work.setAside += setAside
      case .work: break
      }
    }
    routing.created = work.deliveries
    guard var result = commit(work) else {
      routing.isCommitted = false
      routing.isSpooled = false
      // By itself: what is lost stands in the routing only then.
      let result = keep(work, turn, &routing)
      return settle(turn, routing, result)
    }
    // Rows that were not spooled go to the store from memory alone.
    if !spools { result.spoolKeys = turn.batches.map { _ in nil } }
    result.counts += routing.counts
    routing.isSpooled = spools
    settle(turn, routing, result)
  }

  /// Commits, and goes on trying for a moment while it fails: what is committed survives everything. Nil: it
  /// could not, and alerts go by memory.
  private func commit(_ fresh: Outbox.Work) -> Outbox.WorkResult? {
    var work = fresh
    addOwed(to: &work)
    if work.isEmpty { return Outbox.WorkResult() }
    let begin = SystemClock.monotonic
    if let outOfSpaceUntil, begin < outOfSpaceUntil { return nil }
    while true {
      health.beat(SystemClock.monotonic)
      do throws(StoreError) {
        let result = try outbox.write(work)
        wrote(result)
        return result
      } catch {
        health.failed(error)
        if isHopeless(error, since: begin) {
          ranOutOfSpace(error)
          return nil
        }
        DaemonThread.pause(milliseconds: 100)
      }
    }
  }

  /// After the commit: the books first, then everybody who waits for it.
  private func settle(_ turn: Turn, _ routing: Routing, _ result: Outbox.WorkResult) {
    let now = SystemClock.now
    ledger.update { accounts in
      accounts.forwardable += routing.routed + routing.unrouted
      accounts.routed += routing.routed
      accounts.unrouted += routing.unrouted
      for delivery in routing.created {
        let index = accounts.destination(delivery.destination)
        accounts.destinations[index].created += 1
        accounts.destinations[index].pending += 1
        accounts.toCommit.observe(nanoseconds: now.since(delivery.createdAt))
      }
      for delivery in routing.lost {
        let index = accounts.destination(delivery.destination)
        accounts.destinations[index].leave(1)
        accounts.destinations[index].lost += 1
      }
      for counts in result.counts where !counts.destination.isEmpty {
        let index = accounts.destination(counts.destination)
        accounts.destinations[index].note(
          delivered: counts.delivered, dead: counts.dead, retried: counts.retried)
      }
    }
    for alert in routing.alerts {
      let batch = turn.batches[alert.batch]
      sinks.alert(batch.rows[alert.row], batch, alert.targets.map { destinations[$0].name })
    }
    if !routing.targets.isEmpty { sinks.deliveriesCommitted(committed(routing, result)) }
    let owing = acknowledge(turn, routing)
    // Rows are passed on before anybody may look into the spool: who then finds them there also finds them
    // in the store writer's queue, and does not write them twice.
    for (index, key) in result.spoolKeys.enumerated() {
      let spoolsOnly = turn.spoolsOnly && routing.isSpooled
      pass(turn.batches[index], key, spoolsOnly: spoolsOnly, owesAnswers: owing.contains(index))
    }
    for request in turn.requests {
      switch request {
      case .outcomes(_, _, let done): done(nil)
      case .removal: break
      case .work(let body):
        health.beat(SystemClock.monotonic)
        body(outbox)
      }
    }
    if result.marksWaiting > 0 { sinks.marksWaiting() }
  }

  private func pass(_ batch: EventBatch, _ spoolKey: EventID?, spoolsOnly: Bool, owesAnswers: Bool) {
    var batch = batch
    batch.owesAnswers = owesAnswers
    if spoolsOnly, spoolKey != nil { batch.rows.removeAll { $0.isMatched } }
    if batch.rows.isEmpty {
      // Its rows go by the spool, or it held acknowledgements only.
      pool.give(batch)
      return
    }
    sinks.rowsCommitted(batch, spoolsOnly ? nil : spoolKey)
  }
}
