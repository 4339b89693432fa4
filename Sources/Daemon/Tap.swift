import Console
import Glibc
import Intake
import Model
import Synchronization

/// Those who watch what is decided, each with a filter, a rate and a bounded queue of lines. Served on a
/// thread of its own, from what the workers leave at the port.
final class Tap: Sendable {
  /// Nanoseconds after which a watcher that saw nothing gets an empty line: so a connection that has gone is
  /// noticed.
  private static let keepAlive: Int64 = 5_000_000_000
  /// Between two words on what was left out, nanoseconds.
  private static let newsEvery: Int64 = 1_000_000_000

  private struct Watcher {
    let filter: TapFilter
    let caller: APICaller
    let queue: TapQueue
    /// The first filters among which his are: what was picked by older ones is not for him.
    let since: UInt64
    /// CLOCK_MONOTONIC nanoseconds.
    let end: Int64
    var lastLine: Int64
    var lastNews: Int64
    /// Over all workers.
    var budget: TapBudget
    /// What was left out since it was last said: lines not taken in time, events beyond the sample.
    var dropped: UInt64 = 0
    var skipped: UInt64 = 0
  }

  private struct State {
    var watchers: [Watcher] = []
    var isClosed = false
  }

  let port = TapPort()
  private let state = Mutex(State())
  /// The user of the daemon.
  private let owner: UInt32

  init(owner: UInt32 = geteuid()) { self.owner = owner }

  /// Lines for one more watcher. `seconds`: ends after so long.
  /// - Throws: too many watch (`TapShares`), or the daemon stops.
  func attach(_ wish: TapFilter, for caller: APICaller, seconds: Int?) throws(Problem) -> APIStream {
    let now = SystemClock.monotonic
    let queue = TapQueue()
    let refusal: Problem? = state.withLock { state in
      if state.isClosed { return APIReader.stopping }
      let holders = state.watchers.map(\.caller)
      if let refusal = TapShares.refusal(of: caller, beside: holders, owner: owner) { return refusal }
      // Fewer than all are taken.
      let place = (0..<TapSieve.places).first { place in
        !state.watchers.contains { $0.filter.place == place }
      }!
      var filter = wish
      filter.place = place
      let since = port.want(state.watchers.map(\.filter) + [filter])
      state.watchers.append(
        Watcher(
          filter: filter, caller: caller, queue: queue, since: since,
          end: seconds.map { now + Int64($0) * 1_000_000_000 } ?? .max, lastLine: now, lastNews: now,
          budget: TapBudget(rate: filter.rate, now: now)))
      return nil
    }
    if let refusal { throw refusal }
    return APIStream(
      next: { await queue.next() },
      end: { [weak self] in
        queue.end()
        self?.detach(queue)
      })
  }

  private func detach(_ queue: TapQueue) {
    state.withLock { state in remove(&state) { $0.queue === queue } }
  }

  /// Workers look for the others alone from now on.
  private func remove(_ state: inout State, where isGone: (Watcher) -> Bool) {
    let before = state.watchers.count
    state.watchers.removeAll(where: isGone)
    if state.watchers.count < before { port.want(state.watchers.map(\.filter)) }
  }

  /// The body of the thread.
  func run() {
    while let reports = port.take() {
      let now = SystemClock.monotonic
      state.withLock { state in
        for report in reports { Tap.serve(report, &state.watchers, now) }
        for index in state.watchers.indices { Tap.finish(&state.watchers[index], now) }
        for watcher in state.watchers where now >= watcher.end { watcher.queue.end() }
        remove(&state) { now >= $0.end }
      }
    }
  }

  private static func serve(_ report: TapReport, _ watchers: inout [Watcher], _ now: Int64) {
    for index in watchers.indices where watchers[index].since <= report.generation {
      watchers[index].skipped += report.skipped[watchers[index].filter.place]
    }
    for row in report.marks.indices {
      let mark = report.marks[row]
      var line: [UInt8]?
      for index in watchers.indices
      where mark.takers & (1 << UInt8(watchers[index].filter.place)) != 0
        && watchers[index].since <= report.generation
      {
        guard watchers[index].budget.take(now) else {
          watchers[index].skipped += 1
          continue
        }
        let text = line ?? TapLine.bytes(report.batch.rows[row], report.batch, isCut: mark.isCut)
        line = text
        if watchers[index].queue.put(text) {
          watchers[index].lastLine = now
        } else {
          watchers[index].dropped += 1
        }
      }
    }
  }

  /// Says what was left out, at most once a second; an empty line when there was nothing to say for long.
  private static func finish(_ watcher: inout Watcher, _ now: Int64) {
    if watcher.dropped + watcher.skipped > 0 {
      guard now - watcher.lastNews >= newsEvery || now >= watcher.end else { return }
      guard watcher.queue.put(TapLine.news(dropped: watcher.dropped, skipped: watcher.skipped)) else {
        return
      }
      watcher.dropped = 0
      watcher.skipped = 0
      watcher.lastNews = now
      watcher.lastLine = now
    } else if now - watcher.lastLine > keepAlive, watcher.queue.put([UInt8(ascii: "\n")]) {
      watcher.lastLine = now
    }
  }

  /// Ends every stream, and the thread.
  func close() {
    state.withLock { state in
      state.isClosed = true
      for watcher in state.watchers { watcher.queue.end() }
      state.watchers = []
    }
    port.close()
  }
}

extension TapFilter {
  init(_ watch: APIRequest.Watch) {
    self.init()
    rate = watch.rate
    severity = Int8(watch.severity ?? 7)
    onlyUnmatched = watch.onlyUnmatched
    if let host = watch.host { setHost(host) }
    if let rule = watch.rule { setRule(rule) }
    if let text = watch.text { setText(text) }
  }
}
