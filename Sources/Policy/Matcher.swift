package import Model

/// Decides. One per worker, made again when the snapshot changes; in the steady state it allocates nothing
/// and takes no lock.
package struct Matcher: ~Copyable {
  package let snapshot: Snapshot

  package init(_ snapshot: Snapshot) throws(PolicyError) {
    self.snapshot = snapshot
  }

  /// The one function that decides.
  ///
  /// - Parameters:
  ///   - datagram: the bytes that `event.host` points into.
  ///   - text: what rules see: the message, the whole datagram (`syslog.match: raw`) or a trap's line.
  ///   - trapOID: empty for syslog.
  package mutating func decide(
    _ event: Event, datagram: Span<UInt8>, text: Span<UInt8>, trapOID: borrowing ObjectID
  ) -> Decision {
    Decision()
  }

  /// Writes into `row` what the decision means, its texts made safe and appended to `bytes`.
  ///
  /// `labels` may hold a trap's varbinds already; the winner's named captures are added in front of them.
  package mutating func describe(
    _ decision: Decision, event: Event, datagram: Span<UInt8>, text: Span<UInt8>,
    labels: inout LabelSet, row: inout EventRow, bytes: inout [UInt8]
  ) {}

  /// Every usable rule with its verdict, from the same run of the engine as `decide`.
  package mutating func explain(
    _ event: Event, datagram: Span<UInt8>, text: Span<UInt8>, trapOID: borrowing ObjectID
  ) -> Explanation {
    Explanation(
      decision: Decision(), lines: [], quarantined: [], host: "", hostReason: "", environment: "", team: "")
  }
}
