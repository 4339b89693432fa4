import Delivery
import Intake
import Model
import Store

/// Out of space altogether (DESIGN §2, *When things break*), on a disk that fails or is read-only, or while
/// another program holds the file: alerts are tried at once from memory, what does not fit there is logged in
/// full and counted as lost, and all of it moves to the outbox when that can be written. A damaged file
/// besides ends the daemon: what it holds can be saved by a start alone, and until then nobody sees it.
extension Recorder {
  /// On the recorder's thread.
  func attempt<T>(
    _ body: (Outbox) throws(StoreError) -> T, _ outbox: Outbox
  ) -> Result<T, StoreError> {
    do throws(StoreError) {
      return .success(try body(outbox))
    } catch {
      if error.code == .corrupt { noteDamage(error) }
      return .failure(error)
    }
  }

  /// Whether waiting a moment is of no use: alerts go by memory meanwhile.
  static func isOfDisk(_ error: StoreError) -> Bool {
    switch error.code {
    case .full, .io, .readOnly, .permission, .corrupt: true
    default: false
    }
  }

  /// Whether an attempt that began at `begin` is not worth another at once.
  func isHopeless(_ error: StoreError, since begin: Int64) -> Bool {
    Recorder.isOfDisk(error) || outOfSpaceUntil != nil || deadline.isPast
      || SystemClock.monotonic - begin >= Recorder.writePatience
  }

  /// How long a statement waits for another program while alerts go by memory, milliseconds.
  private static let shortWait: Int32 = 50
  /// How long a stop tries to write what only stands in memory, nanoseconds.
  private static let lastPatience: Int64 = 3_000_000_000

  private func noteDamage(_ error: StoreError) {
    if isDamaged { return }
    isDamaged = true
    health.failed(error)
    sinks.notices(
      Notice(
        .error, "outbox", "the outbox is damaged; the daemon ends, and its next start saves what can be read",
        [("err", .text(error.message)), ("path", .text(outbox.path))]))
    sinks.damaged(error)
  }

  static let stopped = StoreError(
    .unavailable, "the outbox is closed: the daemon is stopping")

  func wrote(_ result: Outbox.WorkResult) {
    health.succeeded()
    let forgotten = memory.forgotten
    memory.written(result.deliveryIDs)
    standIns.written()
    if forgotten != MemoryOutbox.Forgotten() {
      sinks.notices(
        Notice(
          .error, "outbox", "while the outbox could not be written there was more to note than memory takes",
          [
            ("audit_rows_lost", .number(Int64(forgotten.rows))),
            ("alerts_not_marked", .number(Int64(forgotten.marks))),
          ]))
    }
    guard outOfSpaceUntil != nil else { return }
    outOfSpaceUntil = nil
    outbox.waitForOthers(milliseconds: Outbox.usualWait)
    sinks.notices(
      Notice(.info, "outbox", "the outbox can be written again; what was kept in memory moves there", []))
  }

  func ranOutOfSpace(_ error: StoreError) {
    if error.code == .corrupt { noteDamage(error) }
    if outOfSpaceUntil == nil {
      // The alerts that come meanwhile do not wait for whoever holds it.
      outbox.waitForOthers(milliseconds: Recorder.shortWait)
      let (what, remedy) = words(error)
      sinks.notices(
        Notice(
          .error, "outbox", "\(what); alerts are tried from memory, and lost if the daemon dies",
          [
            ("err", .text(error.message)), ("memory_bytes", .number(Int64(MemoryOutbox.standardLimit))),
            ("do", .text(remedy)),
          ]))
    }
    outOfSpaceUntil = SystemClock.monotonic + Int64(Recorder.spaceLook * 1e9)
  }

  /// What holds the outbox up, and what to do about it.
  private func words(_ error: StoreError) -> (what: String, remedy: String) {
    let path = outbox.path
    return switch error.code {
    case .full: ("the disk is full", "free space on the file system of \(path)")
    case .busy: ("outbox.db is locked by another program", "end whoever holds it: fuser -v \(path)")
    default: ("the outbox cannot be written", "look after \(path) and its file system")
    }
  }

  /// What is to be written besides a turn's own.
  func addOwed(to work: inout Outbox.Work) {
    if !memory.isEmpty { memory.handOver(to: &work) }
    if let outOfSpaceUntil, SystemClock.monotonic < outOfSpaceUntil { return }
    work.standIns = standIns.owed
  }

  /// Takes what a turn would have written into memory, as far as it fits.
  func keep(_ work: Outbox.Work, _ turn: Turn, _ routing: inout Routing) -> Outbox.WorkResult {
    for delivery in routing.created where !memory.take(delivery) {
      routing.lost.append(delivery)
      sinks.lost(delivery)
    }
    memory.owe(work)
    standIns.fellBehind()
    if !memory.hasToWrite {
      // Something has to be written, so that it is seen when it can be.
      ceiling += 1
      var trial = Outbox.Work()
      trial.idCeiling = ceiling
      memory.owe(trial)
    }
    var result = Outbox.WorkResult()
    result.spoolKeys = turn.batches.map { _ in nil }
    result.counts = routing.counts
    return result
  }

  /// The end of the recorder: what only stands in memory goes to the outbox, or is said. Whoever holds that
  /// is waited for as long as there is time left to say what is lost.
  func empty() {
    let end = SystemClock.monotonic + Recorder.lastPatience
    while !memory.isEmpty {
      var work = Outbox.Work()
      memory.handOver(to: &work)
      work.standIns = standIns.owed
      do throws(StoreError) {
        wrote(try outbox.write(work))
      } catch {
        if Recorder.isOfDisk(error) || SystemClock.monotonic > end || deadline.isNear {
          return loseAll(memory.all)
        }
        DaemonThread.pause(milliseconds: 100)
      }
    }
  }

  /// The books first: the last accounting line is right even when the time is up before all is written.
  private func loseAll(_ left: [Delivery]) {
    ledger.update { accounts in
      for delivery in left {
        let index = accounts.destination(delivery.destination)
        if delivery.state == .dead {
          accounts.destinations[index].dead -= 1
        } else {
          accounts.destinations[index].leave(1)
        }
        accounts.destinations[index].lost += 1
      }
    }
    for (index, delivery) in left.enumerated() {
      if deadline.isPast {
        sinks.notices(
          Notice(
            .error, "outbox", "alerts were lost without a line each: the time a stop may take is up",
            [("count", .number(Int64(left.count - index)))]))
        return
      }
      sinks.lost(delivery)
    }
  }

  /// The outbox can be read but not written: rows that the store has are still in the spool. On the
  /// recorder's thread (inside `perform`).
  var owesRemovals: Bool { memory.owesRemovals }
  var owesMarks: Bool { memory.owesMarks }

  // MARK: What forwarders ask

  func due(
    destination: String, now: Timestamp, limit: Int, bytes: Int, staleBefore: Timestamp
  ) async throws(StoreError) -> [Delivery] {
    try await perform { [self] outbox throws(StoreError) in
      let count = memory.storedLimit(limit)
      let stored = try readable([]) { () throws(StoreError) in
        count == 0
          ? []
          : try outbox.due(
            destination: destination, now: now, limit: count, bytes: bytes, staleBefore: staleBefore)
      }
      var retried: [(signature: String, first: EventID)] = []
      let ended = memory.endedIDs
      for signature in memory.clears(destination, now: now) {
        let first = try readable(nil) { () throws(StoreError) in
          try outbox.firstRetried(destination: destination, signature: signature, except: ended)
        }
        if let first { retried.append((signature, first)) }
      }
      return memory.due(
        destination, now: now, limit: limit, staleBefore: staleBefore, stored: stored, retried: retried)
    }
  }

  func nextDue(destination: String, after now: Timestamp) async throws(StoreError) -> Timestamp? {
    try await perform { [self] outbox throws(StoreError) in
      let stored = try readable(nil) { () throws(StoreError) in
        try outbox.nextDue(destination: destination, after: now)
      }
      return memory.nextDue(destination, after: now, stored: stored)
    }
  }

  /// What the file says; `otherwise` where it cannot be read while alerts wait in memory: they go on.
  private func readable<T>(
    _ otherwise: T, _ read: () throws(StoreError) -> T
  ) throws(StoreError) -> T {
    do throws(StoreError) {
      return try read()
    } catch  where !memory.isEmpty {
      if error.code == .corrupt { noteDamage(error) }
      return otherwise
    }
  }

  func shift(destination: String, back nanoseconds: Int64, now: Timestamp) async throws(StoreError) {
    // A transaction at a time: alerts go in between.
    var place: Outbox.ShiftPlace?
    var isFirst = true
    repeat {
      let (from, takesMemory) = (place, isFirst)
      place = try await perform { [self] outbox throws(StoreError) in
        if takesMemory { memory.shift(destination, back: nanoseconds, now: now) }
        do throws(StoreError) {
          return try outbox.shift(destination: destination, back: nanoseconds, now: now, from: from)
        } catch  where Recorder.isOfDisk(error) {
          // What is stored cannot be changed now; what stands in memory can.
          return nil
        }
      }
      isFirst = false
    } while place != nil
  }

  /// See `DeliveryQueue.hasten`.
  func hasten(
    destination: String, throttled: Bool, isAgain: Bool, now: Timestamp
  ) async throws(StoreError) -> Bool {
    var place: Outbox.ShiftPlace?
    var takesMemory = !isAgain
    var isDone = true
    repeat {
      let (from, isFirst) = (place, takesMemory)
      (place, isDone) = try await perform { [self] outbox throws(StoreError) in
        if isFirst {
          let stored = try readable([]) { () throws(StoreError) in
            try outbox.owed(to: destination, among: memory.waitingIDs)
          }
          memory.hasten(destination, stored: stored, throttled: throttled, now: now)
        }
        if outOfSpaceUntil != nil { return (nil, false) }
        do throws(StoreError) {
          let next = try outbox.hasten(destination: destination, throttled: throttled, now: now, from: from)
          return (next, true)
        } catch  where error.code == .busy || Recorder.isOfDisk(error) && error.code != .corrupt {
          return (nil, false)
        }
      }
      takesMemory = false
    } while place != nil
    return isDone
  }
}
