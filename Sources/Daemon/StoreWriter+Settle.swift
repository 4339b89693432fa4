import Intake
import Model
import Store

/// What the store has taken, and what therefore need not stand in the outbox any more.
struct TakenRows {
  /// From the first of them to the wait for the disk that goes for all of them, nanoseconds.
  static let patience: Int64 = 200_000_000

  fileprivate var spool: [EventID] = []
  fileprivate var marks: [DeliveredMark] = []
  fileprivate var setAside: [Outbox.SetAside] = []
  /// Whose rows stand in no spool: their senders wait for the answer.
  fileprivate var owing: [EventBatch] = []
  /// When they leave the outbox, monotonic nanoseconds.
  private(set) var dueAt = Int64.max

  var isEmpty: Bool { spool.isEmpty && marks.isEmpty && setAside.isEmpty && owing.isEmpty }

  fileprivate mutating func begin(at now: Int64) {
    if dueAt == .max { dueAt = now + TakenRows.patience }
  }
}

/// A row and a mark leave the outbox only when the disk of the store has them: a power cut in between would
/// take them from both files.
extension StoreWriter {
  /// A batch and the key under which its matched rows are spooled.
  struct Item {
    var batch: EventBatch
    var spoolKey: EventID?
  }

  func took(
    spool: [EventID] = [], marks: [DeliveredMark] = [], setAside: [Outbox.SetAside] = [],
    owing: [EventBatch] = []
  ) {
    taken.owing += owing
    taken.spool += spool
    taken.marks += marks
    taken.setAside += setAside
    if taken.isEmpty { return }
    if store.isSettledByCommit { letGo() } else { taken.begin(at: SystemClock.monotonic) }
  }

  /// False: the disk refuses; it is asked again. To be called before the outbox is asked what the store
  /// lacks, or it names what is written already.
  @discardableResult
  func letGo() -> Bool {
    if taken.isEmpty { return true }
    do throws(StoreError) {
      try store.settle()
    } catch {
      failed(error)
      return false
    }
    recorder().remove(spool: taken.spool, marks: taken.marks, setAside: taken.setAside)
    for batch in taken.owing { recorder().stored(batch) }
    taken = TakenRows()
    return true
  }

  func checkRoom() throws(StoreError) {
    if mayWrite() { return }
    throw StoreError(
      .full, "less than outbox.reserve is free: the audit waits, so that alerts can be stored. Free space.")
  }

  /// Those whose row was removed from the audit to make room, or for its age: it will not come again.
  func removed(
    _ left: Set<DeliveredMark>, waiting spooled: EventID?
  ) throws(StoreError) -> [DeliveredMark] {
    guard !left.isEmpty, var first = try store.oldestEvent() else { return [] }
    if let waiting = oldestWaiting(spooled) { first = min(first, waiting) }
    return left.filter { $0.eventID < first }
  }
}
