import Intake
package import Model
import Store

/// What is acknowledged, and when: an inform whose alert and audit row survive whatever comes. Nearly always
/// that is the commit of its batch. While rows are not spooled, the lower half of `outbox.reserve` being for
/// alerts alone, it is the store's; and while the outbox cannot be written, nothing is: who sent it keeps it.
extension Recorder {
  /// Acknowledges what is committed of a turn. The places of batches of which some answers wait for the
  /// store.
  func acknowledge(_ turn: Turn, _ routing: Routing) -> Set<Int> {
    let now = SystemClock.monotonic
    informs.sweep(now: now)
    if memory.isEmpty { informs.alertsAreWritten() }
    let isWritten = routing.isCommitted && outOfSpaceUntil == nil
    var owing: Set<Int> = []
    for (index, batch) in turn.batches.enumerated() where !batch.answers.isEmpty {
      if isWritten, routing.isSpooled, informs.isEmpty {
        sinks.acknowledge(batch)
      } else if sort(batch, routing, isWritten: isWritten, now: now) {
        owing.insert(index)
      }
    }
    return owing
  }

  /// The same one by one, where some may not be acknowledged. True when some wait for the store.
  private func sort(_ batch: EventBatch, _ routing: Routing, isWritten: Bool, now: Int64) -> Bool {
    let rows = routing.isSpooled ? [] : Set(batch.rows.lazy.filter(\.isMatched).map(\.id))
    let alerts = routing.isCommitted ? [] : Set(routing.created.map(\.eventID))
    let lost = Set(routing.lost.map(\.eventID))
    var ready = EventBatch()
    ready.post = batch.post
    var forgotten: [UInt64] = []
    var waits = false
    for entry in batch.answers.entries {
      if entry.event.rawValue == 0 {
        if isWritten, informs.isSettled(entry.inform, now: now) {
          ready.answers.add(entry, of: batch.answers)
        }
        continue
      }
      informs.begin(entry.inform)
      let (needsAlert, needsRow) = (alerts.contains(entry.event), rows.contains(entry.event))
      if lost.contains(entry.event) {
        informs.lose(entry.inform, now: now)
        forgotten.append(entry.inform)
      } else if needsAlert || needsRow {
        informs.hold(entry.inform, alert: needsAlert, row: needsRow, now: now)
        waits = waits || needsRow
      } else if isWritten {
        ready.answers.add(entry, of: batch.answers)
      }
    }
    if !ready.answers.isEmpty { sinks.acknowledge(ready) }
    if !forgotten.isEmpty { sinks.forget(forgotten, batch.post) }
    return waits
  }

  // MARK: - From the store's writer

  /// The store has the rows of a batch that owes answers for them.
  package func stored(_ batch: EventBatch) {
    post { [self] _ in
      var ready = EventBatch()
      ready.post = batch.post
      for entry in batch.answers.entries where entry.event.rawValue != 0 {
        if informs.rowIsStored(entry.inform) { ready.answers.add(entry, of: batch.answers) }
      }
      // One that is not sent now is sent when the inform comes again.
      if !ready.answers.isEmpty, outOfSpaceUntil == nil { sinks.acknowledge(ready) }
    }
  }

  /// The rows of such a batch are lost.
  package func lost(_ batch: EventBatch) {
    post { [self] _ in
      let now = SystemClock.monotonic
      let rows = Set(batch.rows.lazy.filter(\.isMatched).map(\.id))
      let forgotten = batch.answers.entries.filter { rows.contains($0.event) }.map(\.inform)
      for inform in forgotten { informs.lose(inform, now: now) }
      sinks.forget(forgotten, batch.post)
    }
  }
}
