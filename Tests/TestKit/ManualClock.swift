package import Model
import Synchronization

/// A clock that stands still until a test moves it; whoever sleeps on it wakes when it has passed.
package final class ManualClock: Sendable {
  private struct Sleeper {
    var ticket: Int
    var until: Timestamp
    var continuation: CheckedContinuation<Void, Never>
  }
  private struct State {
    var now: Timestamp
    var nextTicket = 0
    var sleepers: [Sleeper] = []
    var cancelled: Set<Int> = []
  }

  private let state: Mutex<State>

  package init(_ start: Timestamp = Timestamp(seconds: 1_795_227_245)) {
    state = Mutex(State(now: start))
  }

  package var now: Timestamp { state.withLock { $0.now } }

  /// How many are asleep.
  package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

  package func advance(seconds: Int64 = 0, milliseconds: Int64 = 0) {
    let woken = state.withLock { state in
      state.now = state.now.adding(seconds: seconds).adding(milliseconds: milliseconds)
      let now = state.now
      let woken = state.sleepers.filter { $0.until <= now }
      state.sleepers.removeAll { $0.until <= now }
      return woken
    }
    for sleeper in woken { sleeper.continuation.resume() }
  }

  /// Returns when the clock has moved `nanoseconds` on, or the task is cancelled.
  package func sleep(nanoseconds: Int64) async {
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if nanoseconds <= 0 || state.cancelled.remove(ticket) != nil { return true }
          let until = Timestamp(nanoseconds: state.now.nanoseconds &+ nanoseconds)
          state.sleepers.append(Sleeper(ticket: ticket, until: until, continuation: continuation))
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let sleeper = state.withLock { state -> Sleeper? in
        guard let index = state.sleepers.firstIndex(where: { $0.ticket == ticket }) else {
          state.cancelled.insert(ticket)
          return nil
        }
        return state.sleepers.remove(at: index)
      }
      sleeper?.continuation.resume()
    }
  }
}
