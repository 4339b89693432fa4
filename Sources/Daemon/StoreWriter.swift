import Intake
package import Model
package import Store
import Synchronization

/// The writer of the event audit, on its own thread: the second and third step of the commit order. It
/// appends what the recorder has committed, then lets the spooled rows go; applies delivered marks; and when
/// the store was away or too slow, reads what it missed back from the spool, in order.
package final class StoreWriter: @unchecked Sendable {
  let condition = WaitCondition()
  // Guarded by `condition`.
  private(set) var queue: [Item] = []
  private var queueBytes = 0
  private var queueRows = 0
  private var queueText = 0
  /// When the rows at hand no longer wait for others, monotonic nanoseconds.
  private var queueDueAt = Int64.max
  private var marksWaiting = true
  private var marksWoken = false
  private(set) var isSpooling: Bool
  private(set) var isStopping = false
  private var isClosed = false
  /// What workers have told of devices, to be added up.
  var heard: [HeardDevices] = []

  let store: any EventStore
  let recorder: @Sendable () -> Recorder
  let ledger: Ledger
  private let pool: BatchPool
  private let pressure: Pressure
  private let health: StoreHealth
  let mayWrite: @Sendable () -> Bool
  private let batchRows: Int
  private let patience: Atomic<Int64>
  let devicesInterval: Int64
  let notices: NoticeSink
  /// Rules that decide in the place of the store's.
  package let borrowed = BorrowedRules()
  /// Only touched on the writer's thread.
  private var inDoubt = false
  private var failures = 0
  private var retryAt: Int64 = 0
  private var replayAt: Int64 = 0
  private var marksAt: Int64 = 0
  private var marksCursor: EventID?
  /// Marks of the round at hand whose row was not there.
  private var marksLeft = 0
  /// Batches written since a page of marks was.
  private var batchesSinceMarks = 0
  var round = DeviceRound()
  var taken = TakenRows()
  /// When the next round begins, and how often in a row one was refused.
  var devicesAt: Int64 = 0
  var devicesFailures = 0
  /// Batches written since a page of devices was.
  var batchesSinceDevices = 0
  private var stopAt: Int64?
  private var isDrained = false

  /// Rows and text that may wait in memory (see `Budget`); beyond it rows of matched events stay in the
  /// spool and the others are shed.
  package static let byteLimit = 32 << 20
  /// Text that is gathered from several batches, bytes: four times that of a thousand ordinary rows.
  private static let mergedText = 1 << 20
  private static let replayChunk = 1_000
  private static let marksChunk = 500
  /// While rows never end a page of marks comes after so many batches: what was delivered is to be seen in
  /// the audit under load too, and at one page in eight batches marks keep up with alerts.
  static let batchesPerMarks = 8
  /// How long a stopping writer tries a store that does not take rows, nanoseconds.
  private static let stopLimit: Int64 = 2_000_000_000
  /// A mark whose row has not come for so long, and waits nowhere any more, is let go: the row was lost, ms.
  private static let markLifetime: Int64 = 86_400_000

  /// - Parameters:
  ///   - carried: rows found in the spool at start; they go first.
  ///   - batchRows: rows of several batches that one transaction takes at most (`audit.batch`).
  ///   - patience: how long after its event came a row waits for others, nanoseconds (`audit.flush`): that of
  ///     an alert comes here at once, in a batch of its own.
  ///   - mayWrite: false while the disk has less room than `outbox.reserve`.
  package init(
    store: any EventStore, carried: Int, recorder: @escaping @Sendable () -> Recorder, ledger: Ledger,
    pool: BatchPool, pressure: Pressure, health: StoreHealth,
    batchRows: Int = 1_000, patience: Int64 = 0, devicesInterval: Int64 = StoreWriter.devicesInterval,
    mayWrite: @escaping @Sendable () -> Bool = { true },
    notices: @escaping NoticeSink
  ) {
    self.store = store
    self.isSpooling = carried > 0
    self.recorder = recorder
    self.ledger = ledger
    self.pool = pool
    self.pressure = pressure
    self.health = health
    self.batchRows = batchRows
    self.patience = Atomic(patience)
    self.devicesInterval = devicesInterval
    self.mayWrite = mayWrite
    self.notices = notices
    health.spooling(isSpooling)
  }

  // MARK: - From other threads

  /// `audit.flush`, nanoseconds: of what comes from now on.
  func exchange(patience: Int64) { self.patience.store(patience, ordering: .relaxed) }

  /// Takes committed rows. Never waits: what does not fit is shed (unmatched) or left to the spool (matched).
  /// Without a key nothing of the batch stands in the spool, for want of room on the disk: then all of it is
  /// shed.
  package func put(_ batch: EventBatch, spoolKey: EventID?) {
    let cost = EventBatch.cost(of: batch)
    let dueAt = SystemClock.monotonic + timeLeft(batch)
    condition.lock()
    let fits = queueBytes + cost <= StoreWriter.byteLimit && !isClosed
    var wakes = !fits
    if fits {
      queue.append(Item(batch: batch, spoolKey: spoolKey))
      queueBytes += cost
      queueRows += batch.rows.count
      queueText += batch.bytes.count
      wakes = dueAt < queueDueAt || isFull
      queueDueAt = min(queueDueAt, dueAt)
    } else if spoolKey != nil {
      isSpooling = true
    }
    let fill = Double(queueBytes) / Double(StoreWriter.byteLimit)
    if wakes { condition.signal() }
    condition.unlock()
    pressure.update(.store, fill: fill)
    if !fits { overflow(batch, isSpooled: spoolKey != nil) }
  }

  /// How long the rows of a batch may wait for others, nanoseconds: less what the oldest has waited already.
  private func timeLeft(_ batch: EventBatch) -> Int64 {
    let patience = patience.load(ordering: .relaxed)
    guard patience > 0, let oldest = batch.rows.first else { return 0 }
    let age = max(0, SystemClock.now.milliseconds - oldest.id.milliseconds)
    return max(0, patience - min(age, patience / 1_000_000 + 1) * 1_000_000)
  }

  /// More rows than one transaction takes. With the lock held.
  private var isFull: Bool { queueRows >= batchRows || queueText >= StoreWriter.mergedText }

  private func overflow(_ batch: EventBatch, isSpooled: Bool) {
    let matched = isSpooled ? batch.matchedCount : 0
    if !isSpooled, batch.matchedCount > 0 {
      notices(
        Notice(
          .error, "store", "audit rows of matched events are lost: there is no room for them",
          [("rows", .number(Int64(batch.matchedCount)))]))
    }
    let shed = UInt64(batch.rows.count - matched)
    ledger.update {
      $0.auditPending -= shed
      $0.auditShed += shed
    }
    if batch.owesAnswers { recorder().lost(batch) }
    if matched > 0 {
      health.spooling(true)
      recorder().beginSpooling()
    }
    pool.give(batch)
  }

  /// Delivered marks were committed to the outbox.
  package func wakeForMarks() {
    condition.lock()
    marksWaiting = true
    marksWoken = true
    condition.signal()
    condition.unlock()
  }

  /// Writes what waits, then ends; within `stopLimit` when the store does not take it.
  package func stop() {
    condition.lock()
    isStopping = true
    condition.signal()
    condition.unlock()
    // A server that does not answer holds up no stop.
    store.endPatience(in: StoreWriter.stopLimit)
  }

  // MARK: - The writer's thread

  private enum Step {
    case append([Item])
    case replay
    case marks
    case addUp, devices
    case letGo
    case drain
    case wait
    case end
  }

  package func run() {
    while true {
      switch nextStep() {
      case .append(let items): append(items)
      case .replay: replay()
      case .marks: applyMarks()
      case .addUp: addUpDevices()
      case .devices: noteDevices()
      case .letGo: letGo()
      case .drain: drain()
      case .wait: continue
      case .end:
        letGo()
        return abandonRest()
      }
    }
  }

  private func nextStep() -> Step {
    condition.lock()
    defer { condition.unlock() }
    let now = SystemClock.monotonic
    if isStopping, stopAt == nil { stopAt = now + StoreWriter.stopLimit }
    if let stopAt, now > stopAt { return .end }
    if !heard.isEmpty { return .addUp }
    if now < retryAt {
      waitUntil(retryAt, now)
      return .wait
    }
    if now >= taken.dueAt { return .letGo }
    let isTimeForMarks = marksWaiting && now >= marksAt && batchesSinceMarks >= StoreWriter.batchesPerMarks
    if isTimeForMarks { return .marks }
    if batchesSinceDevices >= StoreWriter.batchesPerMarks, isTimeForDevices(now) { return .devices }
    // Rows of matched events before those that may be shed: under a flood the queue never ends, and all of
    // the former may be in the spool.
    if isSpooling, now >= replayAt, !holdsSpooled { return .replay }
    let isDue = isFull || now >= queueDueAt || isSpooling || isStopping
    if !queue.isEmpty, isDue { return .append(takeable()) }
    if isStopping, !isDrained { return .drain }
    // A mark comes after its row: while rows wait, so do marks, but for a round that was begun.
    let isTurnOfMarks = queue.isEmpty || marksCursor != nil
    if marksWaiting, isTurnOfMarks, now >= marksAt || isStopping { return .marks }
    if isTimeForDevices(now) { return .devices }
    if isStopping { return .end }
    let deadlines = [
      isSpooling ? replayAt : nil, queue.isEmpty ? (marksWaiting ? marksAt : nil) : queueDueAt,
      round.count > 0 ? devicesAt : nil, taken.isEmpty ? nil : taken.dueAt,
    ]
    waitUntil(deadlines.compactMap { $0 }.min(), now)
    return .wait
  }

  /// Rows of the queue may stand in the spool too: they are written from here. With the lock held.
  private var holdsSpooled: Bool { queue.contains { $0.spoolKey != nil } }

  private func waitUntil(_ deadline: Int64?, _ now: Int64) {
    guard let deadline else {
      condition.wait()
      return
    }
    _ = condition.wait(seconds: Double(max(0, deadline - now)) / 1e9)
  }

  /// Everything the recorder still holds comes here before the end.
  private func drain() {
    recorder().drain()
    isDrained = true
  }

  /// The oldest batches that one transaction takes, at least one. They stay in the queue until they are
  /// written: what is tried again holds at least what was tried before. With the lock held.
  private func takeable() -> [Item] {
    var count = 1
    var rows = queue[0].batch.rows.count
    var text = queue[0].batch.bytes.count
    while count < queue.count {
      rows += queue[count].batch.rows.count
      text += queue[count].batch.bytes.count
      if rows > batchRows || text > StoreWriter.mergedText { break }
      count += 1
    }
    return Array(queue[..<count])
  }

  /// Alerts leave the workers at once, each in a batch of its own: those that gather here while others are
  /// written go together, or the server's commits would be the limit.
  private func append(_ items: [Item]) {
    var batch = items[0].batch
    if items.count > 1 {
      batch = EventBatch()
      for item in items { batch.append(rowsOf: item.batch) }
    }
    guard let result = write(batch, afterDoubt: inDoubt) else { return }
    inDoubt = false
    condition.lock()
    queue.removeFirst(items.count)
    queueBytes -= items.reduce(0) { $0 + EventBatch.cost(of: $1.batch) }
    queueRows -= batch.rows.count
    queueText -= items.reduce(0) { $0 + $1.batch.bytes.count }
    queueDueAt = queue.first.map { SystemClock.monotonic + timeLeft($0.batch) } ?? .max
    let fill = Double(queueBytes) / Double(StoreWriter.byteLimit)
    condition.unlock()
    pressure.update(.store, fill: fill)
    settle(batch, items.compactMap(\.spoolKey), result)
    took(owing: items.map(\.batch).filter(\.owesAnswers))
    for item in items { pool.give(item.batch) }
  }

  /// Reads the oldest spooled rows back and writes them. When spooled rows have come into the memory queue
  /// meanwhile, it goes first: the rows just read may be in it.
  private func replay() {
    guard letGo() else { return }
    let recorder = recorder()
    do throws(StoreError) {
      let found = try recorder.performBlocking { outbox throws(StoreError) -> Outbox.Spooled? in
        if recorder.owesRemovals { return nil }
        let spooled = try outbox.spooled(after: nil, limit: StoreWriter.replayChunk)
        if spooled.keys.isEmpty { recorder.endSpooling() }
        return spooled
      }
      guard let spooled = found else {
        // What the store has already would be read again and again, and counted each time.
        replayAt = SystemClock.monotonic + 1_000_000_000
        return
      }
      condition.lock()
      let mustWait = holdsSpooled
      let isDone = !mustWait && spooled.keys.isEmpty
      if isDone { isSpooling = false }
      condition.unlock()
      if spooled.unreadable > 0 { book(unreadable: UInt64(spooled.unreadable)) }
      if isDone { health.spooling(false) }
      if mustWait || isDone { return }
      guard let result = write(spooled.batch, afterDoubt: true) else { return }
      settle(spooled.batch, spooled.keys, result)
    } catch {
      failed(error)
    }
  }

  /// Spooled rows that cannot be read back are set aside in the outbox.
  private func book(unreadable rows: UInt64) {
    ledger.update {
      $0.auditPending -= min(rows, $0.auditPending)
      $0.auditSetAside += rows
    }
  }

  private func write(_ batch: EventBatch, afterDoubt: Bool) -> AppendResult? {
    do throws(StoreError) {
      try checkRoom()
      let result = try store.append(
        try borrowed.settle(batch, in: store), matchedOnly: false, afterDoubt: afterDoubt)
      batchesSinceMarks += 1
      batchesSinceDevices += 1
      if failures > 0 {
        notices(
          Notice(.info, "store", "the store takes rows again", [("failures", .number(Int64(failures)))]))
      }
      failures = 0
      retryAt = 0
      health.up()
      return result
    } catch {
      inDoubt = true
      failed(error)
      return nil
    }
  }

  func failed(_ error: StoreError) {
    failures += 1
    // 100 ms doubling to 5 s: a locked or full disk is tried again soon, a dead one does not spin.
    let pause = Int64(100_000_000) << Int64(min(failures - 1, 6))
    retryAt = SystemClock.monotonic + min(pause, 5_000_000_000)
    health.down(error.message, isNodeTaken: error.code == .nodeTaken, at: SystemClock.now)
    if failures == 1 || failures % 60 == 0 {
      notices(
        Notice(
          .error, "store", "the store does not take rows; matched rows stay in the spool",
          [("err", .text(error.message)), ("failures", .number(Int64(failures)))]))
    }
  }

  private func settle(_ batch: EventBatch, _ spoolKeys: [EventID], _ result: AppendResult) {
    let total = UInt64(batch.rows.count)
    let refusals = UInt64(result.setAside.count)
    ledger.update {
      // Never below zero, whatever goes wrong: a miscount is said by the accounting line, not by a crash.
      $0.auditPending -= min(total, $0.auditPending)
      $0.audited += total - refusals
      $0.auditSetAside += refusals
    }
    var setAside: [Outbox.SetAside] = []
    for refused in result.setAside {
      notices(
        Notice(
          .error, "store", "the store refused a row; it is set aside",
          [("event_id", .text(String(refused.id.rawValue))), ("reason", .text(refused.reason))]))
      if let row = batch.rows.firstIndex(where: { $0.id == refused.id }) {
        setAside.append(Outbox.SetAside(batch: batch, row: row, reason: refused.reason))
      }
    }
    took(spool: spoolKeys, setAside: setAside)
  }

  /// One page of marks. A round goes through all of them; those whose row is not there yet are tried again
  /// in the next, a second later, so that they hold back no others.
  private func applyMarks() {
    batchesSinceMarks = 0
    let cursor = marksCursor
    guard cursor != nil || letGo() else { return finishMarks([], left: 1) }
    do throws(StoreError) {
      let recorder = recorder()
      let found = try recorder.performBlocking {
        outbox throws(StoreError) -> (marks: [DeliveredMark], spooled: EventID?)? in
        // Those that the store has already would be read again and again, and applied each time.
        if recorder.owesMarks { return nil }
        // In this order: a row that is not in the spool any more was written before the marks are applied.
        return (
          try outbox.marks(after: cursor, limit: StoreWriter.marksChunk), try outbox.oldestSpooled()
        )
      }
      guard let (marks, spooled) = found else { return finishMarks([], left: 1) }
      if !marks.isEmpty { try checkRoom() }
      let applied = marks.isEmpty ? [] : try store.markDelivered(marks)
      let left = Set(marks).subtracting(applied)
      let oldest = SystemClock.now.milliseconds - StoreWriter.markLifetime
      var expired = left.filter { $0.eventID.milliseconds < oldest }
      if !expired.isEmpty, let waiting = oldestWaiting(spooled) {
        expired = expired.filter { $0.eventID < waiting }
      }
      if !expired.isEmpty {
        notices(
          Notice(
            .warning, "store", "delivered alerts have no audit row to mark",
            [("marks", .number(Int64(expired.count)))]))
      }
      let removed = try removed(left.subtracting(expired), waiting: spooled)
      took(marks: applied + expired + removed)
      finishMarks(marks, left: left.count - expired.count - removed.count)
    } catch {
      finishMarks([], left: 1)
      failed(error)
    }
  }

  /// The oldest row that is still to be written, of those in the spool and those in memory: the store may
  /// have been away for longer than a mark lives.
  func oldestWaiting(_ spooled: EventID?) -> EventID? {
    condition.lock()
    defer { condition.unlock() }
    return queue.reduce(spooled) { oldest, item in
      guard let first = item.batch.rows.first?.id else { return oldest }
      return min(first, oldest ?? first)
    }
  }

  private func finishMarks(_ page: [DeliveredMark], left: Int) {
    marksLeft += left
    guard page.count < StoreWriter.marksChunk else {
      marksCursor = page.last?.eventID
      return
    }
    let someAreLeft = marksLeft > 0
    marksCursor = nil
    marksLeft = 0
    // Those of rows that are set aside are passed over, and not by every look.
    let soon = taken.isEmpty ? 0 : taken.dueAt
    marksAt = someAreLeft || page.isEmpty ? SystemClock.monotonic + 1_000_000_000 : soon
    condition.lock()
    if !marksWoken { marksWaiting = someAreLeft && !isStopping }
    marksWoken = false
    condition.unlock()
  }

  /// The end of a stop with a store that did not take everything: matched rows are in the spool and follow at
  /// the next start; the others are counted as shed.
  private func abandonRest() {
    condition.lock()
    let rest = queue
    queue = []
    isClosed = true
    condition.unlock()
    let shed = rest.reduce(0) {
      $0 + $1.batch.rows.count - ($1.spoolKey == nil ? 0 : $1.batch.matchedCount)
    }
    if shed > 0 {
      ledger.update {
        $0.auditPending -= UInt64(shed)
        $0.auditShed += UInt64(shed)
      }
      notices(
        Notice(
          .warning, "store", "stopped before the store took these rows; they are not in the spool",
          [("rows", .number(Int64(shed)))]))
    }
  }
}
