package import Model
package import Store
import Synchronization

extension TrimReason {
  /// In metrics.
  package var name: String {
    switch self {
    case .retention: "retention"
    case .maxSize: "max_size"
    case .minFree: "min_free"
    }
  }

  /// The key that says how much is kept.
  package var key: String {
    switch self {
    case .retention: "audit.retention_months"
    case .maxSize: "audit.max_size"
    case .minFree: "audit.min_free"
    }
  }

  /// How everything is kept, or more of it.
  package var remedy: String {
    switch self {
    case .retention: "audit.retention_months: 0 keeps every row; then: muttd reload"
    case .maxSize: "raise audit.max_size (0: no bound), then: muttd reload; audit.events: matched takes less"
    case .minFree: "free space where state_directory lies, or lower audit.min_free and: muttd reload"
    }
  }
}

/// What is known about the bounds of the embedded store, for `/readyz` and the metrics.
package final class AuditHealth: Sendable {
  package struct State: Sendable, Equatable {
    /// Rows removed since the start, by `TrimReason`.
    package var removed = Array(repeating: TrimCount(), count: TrimReason.allCases.count)
    /// What the file takes; nil: not looked yet.
    package var room: StoreRoom?
    /// What is about to go, by reason: somebody may still object.
    package var announced: [TrimReason: Announcement] = [:]
    /// Bounds that do not hold although nothing is left to remove, since when.
    package var exhausted: [TrimReason: Timestamp] = [:]
    /// Why the last round could not be finished, and since when; nil: it was.
    package var failure: Failure?
  }

  package struct Announcement: Sendable, Equatable {
    /// A sentence.
    package var what: String
    package var said: Timestamp
    package var begins: Timestamp
  }

  package struct Failure: Sendable, Equatable {
    package var reason: String
    package var since: Timestamp
  }

  private let state = Mutex(State())

  package init() {}
  package var current: State { state.withLock { $0 } }
  func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }
}
