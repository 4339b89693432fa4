import Delivery
import Intake
import Model
import Store

/// What waits for a destination that is shut goes over to the one that takes over.
extension Recorder {
  /// Deliveries that are looked at in one transaction: what arrives meanwhile waits no longer than that.
  private static let diversionSlice = 200

  private struct Slice: Sendable {
    var result = Diverted()
    var place = Outbox.DiversionPlace()
    var isLast = true
  }

  /// See `DeliveryQueue.divert`. A transaction at a time: alerts go in between.
  func divert(
    destination: String, except: Set<Int64>, now: Timestamp
  ) async throws(StoreError) -> Diverted {
    var total = Diverted()
    var place = Outbox.DiversionPlace()
    while true {
      let from = place
      let slice = try await perform { [self] outbox throws(StoreError) in
        try divertSlice(destination, except, from, now, outbox)
      }
      total.target = slice.result.target ?? total.target
      total.moved += slice.result.moved
      total.pages += slice.result.pages
      total.stayed += slice.result.stayed
      total.heldBack += slice.result.heldBack
      place = slice.place
      if slice.isLast { return total }
    }
  }

  /// On the recorder's thread, so that no alert is routed meanwhile: one that follows what has gone over goes
  /// straight there, and none overtakes it.
  private func divertSlice(
    _ name: String, _ except: Set<Int64>, _ after: Outbox.DiversionPlace, _ now: Timestamp, _ outbox: Outbox
  ) throws(StoreError) -> Slice {
    var slice = Slice()
    guard let from = router.place(of: name),
      let to = router.refuge(for: from, isShut: isShut, isDrained: { drained.contains($0) })
    else { return slice }
    // One that seeks its next trial gets one, and not all that waits elsewhere.
    let takesOne = takesOne(to)
    let target = destinations[to].name
    var diversion = Outbox.Diversion(
      from: name, to: target, isAlike: payloads[from].isAlike(payloads[to]),
      except: memory.storedIDs(of: except), limit: Recorder.diversionSlice, most: takesOne ? 1 : nil, now: now
    )
    diversion.after = after
    // Not as long as nothing can be written: what has ended may still stand there as pending.
    let canWrite = outOfSpaceUntil == nil && memory.isSettled
    var done = Outbox.Diverted()
    if canWrite { done = try outbox.divert(diversion) }
    slice.place = done.place
    diversion.most -= done.moved
    let kept = memory.divert(diversion, except: except)
    done.moved += kept.moved
    done.pages += kept.pages
    done.stayed += kept.stayed + (canWrite ? 0 : 1)
    done.heldBack += kept.heldBack
    slice.result = Diverted(
      target: target, moved: done.moved, pages: done.pages, stayed: done.stayed, heldBack: done.heldBack)
    slice.isLast = takesOne && done.moved > 0 || !(done.isCut || kept.isCut)
    if slice.isLast, !takesOne, canWrite, except.isEmpty, done.heldBack == 0 { drained.insert(from) }
    if done.moved > 0 { book(done, from: name, to: target, at: to) }
    return slice
  }

  private func book(_ done: Outbox.Diverted, from: String, to target: String, at place: Int) {
    ledger.update { accounts in
      let (left, right) = (accounts.destination(from), accounts.destination(target))
      let count = min(UInt64(done.moved), accounts.destinations[left].pending)
      accounts.destinations[left].pending -= count
      accounts.destinations[left].diverted += UInt64(done.moved)
      accounts.destinations[right].pending += count
    }
    sinks.deliveriesCommitted([place: []])
  }
}
