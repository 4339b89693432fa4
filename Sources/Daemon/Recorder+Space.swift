import Delivery
import Intake
import Model
import Store

/// Out of space altogether (DESIGN §2, *When things break*): alerts are tried at once from memory, what does
/// not fit there is logged in full and counted as lost, and all of it moves to the outbox when there is room.
extension Recorder {
  /// What became of a turn's transaction.
  enum Commit {
    case written(Outbox.WorkResult)
    case outOfSpace
    /// The time of a stop is up.
    case stopped
  }

  static func attempt<T>(
    _ body: (Outbox) throws(StoreError) -> T, _ outbox: Outbox
  ) -> Result<T, StoreError> {
    do throws(StoreError) {
      return .success(try body(outbox))
    } catch {
      return .failure(error)
    }
  }

  static let stopped = StoreError(
    .unavailable, "the outbox is closed: the daemon is stopping")

  func wrote(_ result: Outbox.WorkResult) {
    health.succeeded()
    memory.written(result.deliveryIDs)
    guard outOfSpaceUntil != nil else { return }
    outOfSpaceUntil = nil
    sinks.notices(
      Notice(.info, "outbox", "there is room again; what was kept in memory moves to the outbox", []))
  }

  func ranOutOfSpace(_ error: StoreError) {
    if outOfSpaceUntil == nil {
      sinks.notices(
        Notice(
          .error, "outbox", "the disk is full; alerts are tried from memory, and lost if the daemon dies",
          [
            ("err", .text(error.message)), ("memory_bytes", .number(Int64(MemoryOutbox.standardLimit))),
            ("do", .text("free space on the file system of \(outbox.path)")),
          ]))
    }
    outOfSpaceUntil = SystemClock.monotonic + Int64(Recorder.spaceLook * 1e9)
  }

  /// Takes what a turn would have written into memory, as far as it fits.
  func keep(_ work: Outbox.Work, _ turn: Turn, _ routing: inout Routing) -> Outbox.WorkResult {
    for delivery in routing.created where !memory.take(delivery) {
      routing.lost.append(delivery)
      sinks.lost(delivery)
    }
    memory.owe(work)
    var result = Outbox.WorkResult()
    result.spoolKeys = turn.batches.map { _ in nil }
    result.counts = routing.counts
    return result
  }

  /// The end of the recorder: what only stands in memory goes to the outbox, or is said.
  func empty() {
    do throws(StoreError) {
      while !memory.isEmpty {
        var work = Outbox.Work()
        memory.handOver(to: &work)
        wrote(try outbox.write(work))
      }
    } catch {
      loseAll(memory.all)
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
          accounts.destinations[index].pending -= 1
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

  // MARK: What forwarders ask

  func due(
    destination: String, now: Timestamp, limit: Int, staleBefore: Timestamp
  ) async throws(StoreError) -> [Delivery] {
    try await perform { [self] outbox throws(StoreError) in
      let stored = memory.storedLimit(limit)
      return memory.due(
        destination, now: now, limit: limit, staleBefore: staleBefore,
        stored: stored == 0
          ? []
          : try outbox.due(destination: destination, now: now, limit: stored, staleBefore: staleBefore))
    }
  }

  func nextDue(destination: String, after now: Timestamp) async throws(StoreError) -> Timestamp? {
    try await perform { [self] outbox throws(StoreError) in
      memory.nextDue(
        destination, after: now, stored: try outbox.nextDue(destination: destination, after: now))
    }
  }

  func shift(destination: String, back nanoseconds: Int64, now: Timestamp) async throws(StoreError) {
    try await perform { [self] outbox throws(StoreError) in
      do throws(StoreError) {
        try outbox.shift(destination: destination, back: nanoseconds, now: now)
      } catch  where error.code == .full {
        // What is stored cannot be changed now; what stands in memory can.
      }
      memory.shift(destination, back: nanoseconds, now: now)
    }
  }
}
