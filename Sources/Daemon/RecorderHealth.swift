import Model
package import Store
import Synchronization

/// Whether `outbox.db` can be written and its writer gets on, for `/readyz` and the watchdog.
package final class RecorderHealth: Sendable {
  private let problem = Mutex<StoreError?>(nil)
  private let displacement = Mutex<StoreError?>(nil)
  private let lostAtStart = Mutex<Timestamp?>(nil)
  private let oldest = Mutex<[String: Timestamp]>([:])
  private let homeless = Mutex(UnroutedBook.Summary())
  /// CLOCK_MONOTONIC nanoseconds of the last step of the work under way; 0: nothing is to be done.
  private let step = Atomic<Int64>(0)

  /// How long that a start found no outbox is told: so long that people hear of it, nanoseconds.
  private static let memory: Int64 = 3_600_000_000_000

  package init() {}

  package func succeeded() { problem.withLock { if $0 != nil { $0 = nil } } }
  package func failed(_ error: StoreError) { problem.withLock { $0 = error } }

  /// Why the last transaction failed; nil when it did not.
  package var failure: StoreError? { problem.withLock { $0 } }

  /// Why the file is not under its name while what is written goes on; nil: it is.
  package var displaced: StoreError? { displacement.withLock { $0 } }
  func isInPlace() { displacement.withLock { if $0 != nil { $0 = nil } } }

  /// What was said of it before.
  @discardableResult
  func misplaced(_ error: StoreError) -> StoreError? {
    displacement.withLock { problem in
      defer { problem = error }
      return problem
    }
  }

  /// When the oldest alert that a destination is owed was taken in, as of the last look; only of those that
  /// were looked at, which are those that do not get on.
  func oldestOwed(to destination: String) -> Timestamp? { oldest.withLock { $0[destination] } }
  func noteOldest(_ times: [String: Timestamp]) { oldest.withLock { if $0 != times { $0 = times } } }

  /// When a start found no outbox where one had been; nil: none did, or it is history.
  func lostAt(now: Timestamp) -> Timestamp? {
    lostAtStart.withLock { $0 }.flatMap { now.since($0) < RecorderHealth.memory ? $0 : nil }
  }
  func noteLost(at time: Timestamp?) { lostAtStart.withLock { $0 = time } }

  /// Alerts that no destination takes.
  var unrouted: UnroutedBook.Summary { homeless.withLock { $0 } }
  func noteUnrouted(_ summary: UnroutedBook.Summary) { homeless.withLock { $0 = summary } }

  /// The writer begins a step: a turn, another attempt, a piece of work of somebody else's.
  package func beat(_ monotonic: Int64) { step.store(max(1, monotonic), ordering: .relaxed) }
  /// It waits for work.
  package func rest() { step.store(0, ordering: .relaxed) }

  /// How long the step under way has taken, nanoseconds; 0 when nothing is to be done.
  package func silence(at monotonic: Int64) -> Int64 {
    let began = step.load(ordering: .relaxed)
    return began == 0 ? 0 : max(0, monotonic - began)
  }
}
