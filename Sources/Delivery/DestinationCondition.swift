package import Model

/// How a destination is doing: what `/readyz`, the metrics and the log say of it.
package struct DestinationCondition: Sendable, Equatable {
  package enum Kind: Int, Sendable, CaseIterable {
    case works
    /// The last attempts failed; alerts still leave.
    case failing
    /// Too many failures in a row; one trial a while.
    case open
    /// The receiver refuses us as we are configured; one trial a while.
    case held
  }

  package var kind: Kind
  /// Trials are under way, or have begun to pass.
  package var isTrying: Bool
  /// Though it is open or held, the next alert may leave at once: a trial has passed, or the time for one has
  /// come and nothing waits that could be it.
  package var takesNext: Bool
  /// Since when it is of this kind.
  package var since: Timestamp
  /// HTTP status of the last answer that spoke against it; 0: none was had.
  package var status: Int
  /// Words for people about that; nil when it works.
  package var reason: String?

  package init(
    kind: Kind = .works, isTrying: Bool = false, takesNext: Bool = false, since: Timestamp = .absent,
    status: Int = 0,
    reason: String? = nil
  ) {
    self.kind = kind
    self.isTrying = isTrying
    self.takesNext = takesNext
    self.since = since
    self.status = status
    self.reason = reason
  }

  /// `mutt_breaker_state`: 0 closed, 1 trials, 2 open, 3 held.
  package var gauge: UInt64 {
    switch kind {
    case .works, .failing: 0
    case .open: isTrying ? 1 : 2
    case .held: isTrying ? 1 : 3
    }
  }

  /// New alerts had better take another way.
  package var isShut: Bool { (kind == .open || kind == .held) && !takesNext }
}
