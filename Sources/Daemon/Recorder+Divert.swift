import Delivery
import Intake
import Model
import Store

/// What waits for a destination that is shut goes over to the one that takes over.
extension Recorder {
  /// Deliveries that are looked at in one transaction: what arrives meanwhile waits no longer than that.
  static let diversionSlice = 200
  /// Transactions of one question. While it goes on nothing leaves for the destination, not even a trial, and
  /// under a flood there is always more.
  static let diversionSlices = 25
  /// Signatures that one round keeps behind what was under way.
  private static let busyLimit = 10_000
  /// Refusals of the disk between two lines about it, one a second.
  private static let refusalsPerLine = 60

  /// Where what waits for destinations that are shut stands on its way to others. Only touched on the
  /// recorder's thread.
  struct Diversions {
    /// One look at all that waits for a destination, over as many questions as it takes.
    fileprivate struct Round {
      var target: String
      var place = Outbox.DiversionPlace()
      var slices = 0
      var stayed = 0
      var heldBack = 0
    }

    /// Places of destinations that are shut and for which nothing waits any more: alerts for them go straight
    /// to who takes over.
    var drained: Set<Int> = []
    fileprivate var rounds: [String: Round] = [:]
    /// Destinations that have taken an alert since the start, or the last reload.
    var passed: Set<String> = []
    /// How often in a row the disk has taken no change of what waits for a destination.
    fileprivate var refusals: [String: Int] = [:]
  }

  private struct Slice: Sendable {
    var result = Diverted()
    var isLast = true
  }

  /// See `DeliveryQueue.divert`. A transaction at a time: alerts go in between.
  func divert(
    destination: String, except: Set<Int64>, continues: Bool, now: Timestamp
  ) async throws(StoreError) -> Diverted {
    var total = Diverted()
    for number in 0..<Recorder.diversionSlices {
      let slice = try await perform { [self] outbox throws(StoreError) in
        if number == 0, !continues { diversions.rounds[destination] = nil }
        return try divertSlice(destination, except, now, outbox)
      }
      total.target = slice.result.target ?? total.target
      total.moved += slice.result.moved
      total.pages += slice.result.pages
      // The round has counted them since it began.
      total.stayed = slice.result.stayed
      total.heldBack = slice.result.heldBack
      guard slice.isLast else { continue }
      let isOver = total.moved > 0 || total.heldBack > 0
      return isOver ? total : try await goHome(destination, total, except, now)
    }
    total.isCut = true
    ledger.update { accounts in
      let index = accounts.destination(destination)
      accounts.destinations[index].diversionsCut += 1
    }
    return total
  }

  /// On the recorder's thread, so that no alert is routed meanwhile: one that follows what has gone over goes
  /// straight there, and none overtakes it.
  private func divertSlice(
    _ name: String, _ except: Set<Int64>, _ now: Timestamp, _ outbox: Outbox
  ) throws(StoreError) -> Slice {
    let begun = diversions.rounds.removeValue(forKey: name)
    guard let from = router.place(of: name),
      let to = router.refuge(for: from, isShut: isShut, isDrained: { diversions.drained.contains($0) })
    else { return Slice() }
    let target = destinations[to].name
    var round = begun.flatMap { $0.target == target ? $0 : nil } ?? Diversions.Round(target: target)
    // One that seeks its next trial gets one, and not all that waits elsewhere.
    let takesOne = takesOne(to)
    var diversion = Outbox.Diversion(
      from: name, to: target, isAlike: payloads[from].isAlike(payloads[to]),
      except: memory.storedIDs(of: except), limit: Recorder.diversionSlice, most: takesOne ? 1 : nil, now: now
    )
    diversion.after = round.place
    let stored = try divertStored(diversion, outbox)
    let done = stored ?? memory.divert(diversion, except: except, continues: round.slices > 0)
    round.place = done.place
    round.slices += 1
    round.stayed += done.stayed
    round.heldBack += done.heldBack
    var slice = Slice()
    slice.result = Diverted(
      target: target, moved: done.moved, pages: done.pages,
      // Those that the file keeps, however many there are.
      stayed: round.stayed + (stored == nil ? 1 : 0), heldBack: round.heldBack)
    slice.isLast = takesOne && done.moved > 0 || !done.isCut
    if !slice.isLast {
      if round.place.busyCount < Recorder.busyLimit { diversions.rounds[name] = round }
    } else if stored != nil, !takesOne, except.isEmpty, round.heldBack == 0, round.slices == 1 {
      // All that waits was seen in this one transaction.
      diversions.drained.insert(from)
    }
    if done.moved > 0 {
      follow(done.gone, to: target, isStored: stored != nil, now: now)
      book(done, from: name, to: target, at: to)
    }
    return slice
  }

  /// Nobody takes what waits for `destination`, which may stand in for others: what belongs to such a one
  /// that takes alerts again goes back there. One that was refused is judged there: whether it is the alert,
  /// or who stood in.
  private func goHome(
    _ destination: String, _ stayed: Diverted, _ except: Set<Int64>, _ now: Timestamp
  ) async throws(StoreError) -> Diverted {
    let home = try await perform { [self] outbox throws(StoreError) in
      try sendHome(destination, except, now, outbox)
    }
    if home.moved == 0 { return stayed }
    var result = home
    result.stayed = max(0, stayed.stayed - home.moved)
    return result
  }

  private func sendHome(
    _ name: String, _ except: Set<Int64>, _ now: Timestamp, _ outbox: Outbox
  ) throws(StoreError) -> Diverted {
    var result = Diverted()
    guard let from = router.place(of: name), outOfSpaceUntil == nil, memory.isSettled, !memory.holds(name)
    else { return result }
    for place in destinations.indices
    where place != from && router.chain(of: place).contains(from) && !isShut(place) && !takesOne(place) {
      let home = destinations[place].name
      // Since its alerts have left it, as it was shut then; also where that was in an earlier run. One that
      // seeks its next trial is not known to work.
      guard diversions.passed.contains(home), router.place(of: home) == place else { continue }
      let diversion = Outbox.Diversion(
        from: name, to: home, isAlike: payloads[from].isAlike(payloads[place]),
        except: memory.storedIDs(of: except), limit: Recorder.diversionSlice, now: now)
      let answer = try change(diversion) { () throws(StoreError) in try outbox.sendHome(diversion) }
      guard let done = answer else { return result }
      if done.moved == 0 { continue }
      book(done, from: name, to: home, at: place)
      result.target = home
      result.moved += done.moved
      result.pages += done.pages
      result.isCut = result.isCut || done.isCut
      result.home.formUnion(memory.givenIDs(of: done.ids))
    }
    return result
  }

  /// Nil: the file takes no change now. What has ended may still stand there as pending as long as its end
  /// is not written.
  private func divertStored(
    _ diversion: Outbox.Diversion, _ outbox: Outbox
  ) throws(StoreError) -> Outbox.Diverted? {
    guard outOfSpaceUntil == nil, memory.isSettled else { return nil }
    if memory.holds(diversion.from) {
      // They are on their way into the file, where they stand in order with the others.
      var result = Outbox.Diverted()
      result.heldBack = 1
      return result
    }
    return try change(diversion) { () throws(StoreError) in try outbox.divert(diversion) }
  }

  /// Nil: the disk does not take it now, which is said.
  private func change(
    _ diversion: Outbox.Diversion, _ body: () throws(StoreError) -> Outbox.Diverted
  ) throws(StoreError) -> Outbox.Diverted? {
    do throws(StoreError) {
      let done = try body()
      diversions.refusals[diversion.from] = nil
      return done
    } catch  where error.code == .busy || Recorder.isOfDisk(error) && error.code != .corrupt {
      let count = diversions.refusals[diversion.from, default: 0]
      diversions.refusals[diversion.from] = count + 1
      if count % Recorder.refusalsPerLine == 0 {
        sinks.notices(
          Notice(
            .error, "outbox", "alerts that wait cannot go over to another; trying again every second",
            [
              ("destination", .text(diversion.from)), ("to", .text(diversion.to)),
              ("err", .text(error.message)), ("attempt", .number(Int64(count + 1))),
            ]))
      }
      return nil
    }
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
