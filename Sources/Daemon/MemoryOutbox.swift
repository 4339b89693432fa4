package import Model
package import Store

/// What `outbox.db` does not take because its disk is full (DESIGN §2, *When things break*): alerts that are
/// tried from here at once, and what is to be written as soon as there is room. Bounded. No clock, no I/O.
///
/// Deliveries that only stand here have negative ids. When there is room they move to the outbox; a forwarder
/// that has one of them goes on to know it by the id it was given, until it has said what became of it.
package struct MemoryOutbox: Sendable {
  /// Bytes of alerts that are kept.
  package static let standardLimit = 64 << 20
  /// Beside its texts, a delivery takes so much.
  private static let overhead = 512
  /// Outcomes of stored deliveries that may wait to be written. Above it no stored ones are handed out: they
  /// lie safe, and go on when there is room.
  private static let outcomeLimit = 4_096
  /// Rows that the store refused and that may wait to be set aside; further ones are lost, and counted.
  private static let asideLimit = 10_000
  /// Delivered marks that may wait; of further ones the audit does not know, and they are counted.
  private static let markLimit = 250_000
  /// Deliveries that move in one transaction, and a few more of the last one's event.
  private static let slice = 1_000

  private let limit: Int
  private var deliveries: [Int64: Delivery] = [:]
  private var bytes = 0
  private var nextID: Int64 = -1
  /// Given to a forwarder and not heard of since.
  private var handedOut: Set<Int64> = []
  private var moving: [Int64] = []
  /// Of those that moved while a forwarder had them: the id in the outbox, and back.
  private var storedIDs: [Int64: Int64] = [:]
  private var givenIDs: [Int64: Int64] = [:]
  private var owed = Outbox.Work()
  /// Stored deliveries whose end waits to be written, and those that wait for another attempt until then.
  private var ended: Set<Int64> = []
  private var waiting: [Int64: Wait] = [:]
  private var marked: Set<DeliveredMark> = []
  /// Rounds of diversions that go on, by the destination that is left.
  private var lines: [String: Line] = [:]
  /// What found no room since the last write.
  package private(set) var forgotten = Forgotten()

  /// Until when, and whether a 429 has asked for it.
  private struct Wait: Sendable {
    var until: Timestamp
    var isThrottled: Bool
  }

  package struct Forgotten: Sendable, Equatable {
    package var marks: Int
    package var rows: Int

    package init(marks: Int = 0, rows: Int = 0) {
      self.marks = marks
      self.rows = rows
    }
  }

  package init(limit: Int = MemoryOutbox.standardLimit) { self.limit = limit }

  /// Nothing is kept and nothing is owed.
  package var isEmpty: Bool { deliveries.isEmpty && owed.isEmpty && waiting.isEmpty }

  /// Something but the times of retries, which are worth no write.
  package var hasToWrite: Bool { !deliveries.isEmpty || !owed.isEmpty }

  /// The spool still holds rows that the store has.
  package var owesRemovals: Bool { !owed.removedSpool.isEmpty }
  /// The outbox still holds marks that the store has.
  package var owesMarks: Bool { !owed.removedMarks.isEmpty }

  package var all: [Delivery] { deliveries.values.sorted { $0.eventID < $1.eventID } }

  private static func cost(_ delivery: Delivery) -> Int {
    var cost = overhead + delivery.body.count + delivery.signature.utf8.count + delivery.host.utf8.count
    cost += delivery.rule.utf8.count + (delivery.lastError?.utf8.count ?? 0)
    for body in delivery.detour?.bodies ?? [] { cost += body.bytes?.count ?? 0 }
    for name in delivery.detour?.barred ?? [] { cost += name.utf8.count }
    cost += delivery.detour?.home?.utf8.count ?? 0
    return cost
  }

  // MARK: Taking in

  /// False: it does not fit.
  package mutating func take(_ delivery: Delivery) -> Bool {
    let cost = MemoryOutbox.cost(delivery)
    if bytes + cost > limit { return false }
    bytes += cost
    var kept = delivery
    kept.id = nextID
    nextID -= 1
    deliveries[kept.id] = kept
    return true
  }

  /// What a turn would have written besides its alerts.
  package mutating func owe(_ work: Outbox.Work) {
    for outcome in work.outcomes {
      if case .retry(let time) = outcome.verdict {
        // Not worth a write: it only says when to try again.
        if waiting.count < MemoryOutbox.outcomeLimit {
          waiting[outcome.id] = Wait(until: time, isThrottled: outcome.status == 429)
        }
      } else {
        waiting[outcome.id] = nil
        ended.insert(outcome.id)
        owed.outcomes.append(outcome)
      }
    }
    // No more than the store's writer had in hand: while any are owed it reads neither the spool nor marks.
    owed.removedSpool += work.removedSpool
    owed.removedMarks += work.removedMarks
    let aside = work.setAside.prefix(MemoryOutbox.asideLimit - owed.setAside.count)
    owed.setAside += aside
    forgotten.rows += work.setAside.count - aside.count
    // As many as there are troubles; kinds of unmatched events are written again by who counts them.
    owed.told.append(Outbox.Told(summedAt: work.told.summedAt, troubles: work.told.troubles))
    if let ceiling = work.idCeiling { owed.idCeiling = max(ceiling, owed.idCeiling ?? ceiling) }
  }

  /// What became of a delivery that stands here; nil: it stands in the outbox, and the outcome now says under
  /// which id.
  package mutating func record(_ outcome: inout DeliveryOutcome) -> Outbox.WorkResult.Count? {
    guard outcome.id < 0 else { return nil }
    handedOut.remove(outcome.id)
    if let stored = storedIDs.removeValue(forKey: outcome.id) {
      givenIDs[stored] = nil
      outcome.id = stored
      return nil
    }
    guard var delivery = deliveries[outcome.id], delivery.state == .pending else {
      return Outbox.WorkResult.Count(destination: "")
    }
    var count = Outbox.WorkResult.Count(destination: delivery.destination)
    switch outcome.verdict {
    case .delivered(let marks):
      let mark = DeliveredMark(eventID: delivery.eventID, eventTime: delivery.eventTime)
      if marks, marked.count >= MemoryOutbox.markLimit {
        forgotten.marks += 1
      } else if marks, marked.insert(mark).inserted {
        owed.addedMarks.append(mark)
      }
      remove(outcome.id)
      count.delivered = 1
      return count
    case .retry(let time):
      delivery.nextAttemptAt = time
      count.retried = 1
    case .dead:
      delivery.state = .dead
      count.dead = 1
    }
    bytes -= MemoryOutbox.cost(delivery)
    delivery.attempts += 1
    delivery.lastStatus = outcome.status
    delivery.lastError = outcome.error
    bytes += MemoryOutbox.cost(delivery)
    deliveries[outcome.id] = delivery
    return count
  }

  private mutating func remove(_ id: Int64) {
    if let delivery = deliveries.removeValue(forKey: id) { bytes -= MemoryOutbox.cost(delivery) }
  }

  // MARK: As a queue

  /// What has failed and is tried again, by signature: clears wait behind it that no raise follows.
  private struct Retried {
    private var first: [ExactKey: EventID] = [:]
    private var last: [ExactKey: EventID] = [:]

    init(_ deliveries: [Delivery]) {
      for delivery in deliveries { add(delivery) }
    }

    mutating func add(_ delivery: Delivery) {
      if !delivery.signature.isEmpty { add(delivery.signature, delivery.eventID) }
    }

    mutating func add(_ signature: String, _ event: EventID) {
      let key = ExactKey(signature)
      first[key] = min(first[key] ?? event, event)
    }

    mutating func isFollowed(by raise: Delivery) {
      let key = ExactKey(raise.signature)
      if first[key] != nil { last[key] = max(last[key] ?? raise.eventID, raise.eventID) }
    }

    func holdsBack(_ clear: Delivery) -> Bool {
      let key = ExactKey(clear.signature)
      guard let first = first[key], first < clear.eventID else { return false }
      return last[key].map { $0 < clear.eventID } ?? true
    }
  }

  /// Stored deliveries to ask for, so that `limit` are left without those whose end is not written yet.
  package func storedLimit(_ limit: Int) -> Int {
    ended.count < MemoryOutbox.outcomeLimit ? limit + ended.count + waiting.count : 0
  }

  /// Of the clears that are due here: whether the file has something of theirs that is tried again later
  /// does not show in what is due there.
  package func clears(_ destination: String, now: Timestamp) -> [String] {
    var known: Set<ExactKey> = []
    var found: [String] = []
    for delivery in deliveries.values
    where delivery.isClear && delivery.destination == destination && delivery.state == .pending
      && delivery.nextAttemptAt <= now && !delivery.signature.isEmpty
    {
      if known.insert(ExactKey(delivery.signature)).inserted { found.append(delivery.signature) }
    }
    return found
  }

  /// Stored deliveries whose end is not written yet.
  package var endedIDs: Set<Int64> { ended }

  /// `stored` without what has ended, and what is due here, in the order they leave. `retried`: of the
  /// signatures of `clears`, those of which the file has something that has failed and is tried again, and
  /// the first event of it.
  package mutating func due(
    _ destination: String, now: Timestamp, limit: Int, staleBefore: Timestamp, stored: [Delivery],
    retried others: [(signature: String, first: EventID)] = []
  ) -> [Delivery] {
    if isEmpty, givenIDs.isEmpty { return stored }
    var retried = Retried(stored.filter { waiting[$0.id] != nil && !ended.contains($0.id) })
    var found = stored.filter { !ended.contains($0.id) && (waiting[$0.id]?.until ?? now) <= now }
    for index in found.indices { found[index].id = givenIDs[found[index].id] ?? found[index].id }
    for delivery in deliveries.values
    where delivery.destination == destination && delivery.state == .pending {
      if delivery.attempts > 0 { retried.add(delivery) }
      if delivery.nextAttemptAt <= now { found.append(delivery) }
    }
    for other in others { retried.add(other.signature, other.first) }
    for raise in found where !raise.isClear && raise.attempts == 0 { retried.isFollowed(by: raise) }
    found.removeAll { $0.isClear && retried.holdsBack($0) }
    found.sort { left, right in
      let (isLeftStale, isRightStale) = (left.createdAt < staleBefore, right.createdAt < staleBefore)
      if left.rank != right.rank { return left.rank < right.rank }
      if isLeftStale != isRightStale { return isRightStale }
      return left.eventID < right.eventID
    }
    found.removeLast(max(0, found.count - limit))
    for delivery in found where deliveries[delivery.id] != nil { handedOut.insert(delivery.id) }
    return found
  }

  /// When, after `now`, one of these becomes due.
  package func nextDue(_ destination: String, after now: Timestamp, stored: Timestamp?) -> Timestamp? {
    var next = stored
    for delivery in deliveries.values
    where delivery.destination == destination && delivery.state == .pending && delivery.nextAttemptAt > now {
      next = min(next ?? delivery.nextAttemptAt, delivery.nextAttemptAt)
    }
    for wait in waiting.values where wait.until > now { next = min(next ?? wait.until, wait.until) }
    return next
  }

  /// The clock was set back.
  package mutating func shift(_ destination: String, back nanoseconds: Int64, now: Timestamp) {
    func back(_ time: Timestamp) -> Timestamp { Timestamp(nanoseconds: time.nanoseconds - nanoseconds) }
    for id in deliveries.keys {
      guard var delivery = deliveries[id], delivery.destination == destination, delivery.nextAttemptAt > now
      else { continue }
      delivery.nextAttemptAt = back(delivery.nextAttemptAt)
      deliveries[id] = delivery
    }
    for (id, wait) in waiting where wait.until > now { waiting[id]?.until = back(wait.until) }
  }

  /// The stored deliveries that wait for a retry which is not written.
  package var waitingIDs: [Int64] { Array(waiting.keys) }

  /// Waits for `destination` are over, but for those that a 429 has asked for unless `throttled`. `stored`:
  /// which of `waitingIDs` are its own.
  package mutating func hasten(
    _ destination: String, stored: Set<Int64>, throttled: Bool, now: Timestamp
  ) {
    for id in deliveries.keys {
      guard var delivery = deliveries[id], delivery.destination == destination, delivery.nextAttemptAt > now,
        throttled || delivery.lastStatus != 429
      else { continue }
      delivery.nextAttemptAt = now
      deliveries[id] = delivery
    }
    for id in stored {
      guard let wait = waiting[id], wait.until > now, throttled || !wait.isThrottled else { continue }
      waiting[id]?.until = now
    }
  }

  // MARK: Going over to another destination

  /// What has ended is written, so that what stands there as pending is.
  package var isSettled: Bool { owed.outcomes.isEmpty && ended.isEmpty }

  /// Ids as the outbox knows them.
  package func storedIDs(of ids: Set<Int64>) -> Set<Int64> { Set(ids.map { storedIDs[$0] ?? $0 }) }

  /// Ids as forwarders know them.
  package func givenIDs(of ids: [Int64]) -> [Int64] { ids.map { givenIDs[$0] ?? $0 } }

  /// When the oldest of what waits here for `destination` was taken in.
  package func oldestPending(_ destination: String) -> Timestamp? {
    var oldest: Timestamp?
    for delivery in deliveries.values
    where delivery.destination == destination && delivery.state == .pending {
      oldest = min(oldest ?? delivery.createdAt, delivery.createdAt)
    }
    return oldest
  }

  /// Something that waits for `destination` stands here.
  package func holds(_ destination: String) -> Bool {
    deliveries.values.contains { $0.destination == destination && $0.state == .pending }
  }

  /// What one round of a diversion has still to look at. Made when the round begins, so that a step costs
  /// what it looks at and not what stands here.
  private struct Line {
    /// Last one goes first.
    var ids: [Int64]
    /// The deliveries of events that have several.
    var others: [EventID: [Int64]]
    /// See `Outbox.DiversionPlace`.
    var busy: Set<ExactKey> = []
  }

  private func line(of destination: String) -> Line {
    var waiting: [Delivery] = []
    var others: [EventID: [Int64]] = [:]
    for delivery in deliveries.values {
      others[delivery.eventID, default: []].append(delivery.id)
      if delivery.destination == destination, delivery.state == .pending { waiting.append(delivery) }
    }
    waiting.sort { $0.rank == $1.rank ? $0.eventID > $1.eventID : $0.rank > $1.rank }
    return Line(ids: waiting.map(\.id), others: others.filter { $0.value.count > 1 })
  }

  /// The same as `Outbox.divert` for what stands here. `except`: ids as they were given. `continues`: the
  /// round that the last step left unfinished.
  package mutating func divert(
    _ diversion: Outbox.Diversion, except: Set<Int64>, continues: Bool = false
  ) -> Outbox.Diverted {
    var result = Outbox.Diverted()
    result.place = diversion.after
    let begun = lines.removeValue(forKey: diversion.from)
    var line = (continues ? begun : nil) ?? self.line(of: diversion.from)
    for id in except { if let delivery = deliveries[id] { line.busy.insert(ExactKey(delivery.signature)) } }
    var looked = 0
    while looked < diversion.limit, result.moved < diversion.most, let id = line.ids.popLast() {
      looked += 1
      guard !except.contains(id), var delivery = deliveries[id], delivery.destination == diversion.from,
        delivery.state == .pending
      else { continue }
      if line.busy.contains(ExactKey(delivery.signature)) {
        result.heldBack += 1
        continue
      }
      let cost = MemoryOutbox.cost(delivery)
      let others = (line.others[delivery.eventID] ?? []).filter { $0 != id }
      guard !others.contains(where: { deliveries[$0]?.destination == diversion.to }),
        delivery.goOver(to: diversion.to, isAlike: diversion.isAlike, now: diversion.now)
      else {
        result.stayed += 1
        continue
      }
      bytes += MemoryOutbox.cost(delivery) - cost
      deliveries[id] = delivery
      handedOut.remove(id)
      result.gone.append(Outbox.Moved(delivery))
      if delivery.rank == 0 { result.pages += 1 }
      for other in others { bar(diversion.to, to: other) }
    }
    result.isCut = !line.ids.isEmpty
    if result.isCut { lines[diversion.from] = line }
    return result
  }

  private mutating func bar(_ name: String, to id: Int64) {
    guard var delivery = deliveries[id] else { return }
    let cost = MemoryOutbox.cost(delivery)
    var detour = delivery.detour ?? Detour()
    detour.bar(name)
    delivery.detour = detour
    deliveries[id] = delivery
    bytes += MemoryOutbox.cost(delivery) - cost
  }

  // MARK: Moving to the outbox

  /// Adds to `work` what is to be written, its deliveries last and a slice of them at a time; `written` when
  /// it was.
  package mutating func handOver(to work: inout Outbox.Work) {
    work.outcomes += owed.outcomes
    work.removedSpool += owed.removedSpool
    work.removedMarks += owed.removedMarks
    work.addedMarks += owed.addedMarks
    work.setAside += owed.setAside
    var told = owed.told
    told.append(work.told)
    work.told = told
    if let ceiling = owed.idCeiling { work.idCeiling = max(ceiling, work.idCeiling ?? ceiling) }
    moving = nextToMove
    for id in moving { if let delivery = deliveries[id] { work.deliveries.append(delivery) } }
  }

  /// Those that came first. The deliveries of one event stand side by side and move together: which of them
  /// went over where is known in one place.
  private var nextToMove: [Int64] {
    let ids = deliveries.keys.sorted(by: >)
    var end = min(MemoryOutbox.slice, ids.count)
    while end > 0, end < ids.count, deliveries[ids[end]]?.eventID == deliveries[ids[end - 1]]?.eventID {
      end += 1
    }
    return Array(ids[..<end])
  }

  /// What was handed over stands in the outbox, its deliveries under the last of these ids.
  package mutating func written(_ ids: [Int64]) {
    for (id, stored) in zip(moving, ids.suffix(moving.count)) {
      remove(id)
      if handedOut.remove(id) == nil { continue }
      storedIDs[id] = stored
      givenIDs[stored] = id
    }
    moving = []
    if deliveries.isEmpty { lines = [:] }
    owed = Outbox.Work()
    ended = []
    waiting = [:]
    marked = []
    forgotten = Forgotten()
  }
}
