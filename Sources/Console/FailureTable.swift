package import Model

/// How often each peer has failed of late: so many failures a minute, then its wrong tokens are no longer
/// answered one by one until some time has passed. Of fixed size; when it is full, who failed longest ago is
/// forgotten. Times are nanoseconds of a clock that nobody sets.
package struct FailureTable: Sendable {
  /// Failures in a row that are answered at once.
  package static var burst: Int { 10 }
  /// Nanoseconds after which one more is forgiven.
  package static var interval: Int64 { 6_000_000_000 }
  /// Peers that are kept apart. An IPv6 host has a network to itself: /64 is one peer.
  package static var capacity: Int { 1_024 }

  /// When a peer that fails no more has nothing left against it.
  private var clearAt: [IPAddress: Int64] = [:]

  package init() {}

  package var count: Int { clearAt.count }

  /// Seconds until `peer` is heard again; nil: now.
  package func wait(of peer: IPAddress, now: Int64) -> Int? {
    guard let clear = clearAt[FailureTable.key(peer)] else { return nil }
    let over = clear - now - Int64(FailureTable.burst - 1) * FailureTable.interval
    return over > 0 ? Int((over + 999_999_999) / 1_000_000_000) : nil
  }

  package mutating func note(_ peer: IPAddress, now: Int64) {
    let key = FailureTable.key(peer)
    let limit = now + Int64(FailureTable.burst) * FailureTable.interval
    let start = max(clearAt[key] ?? now, now)
    if clearAt[key] == nil, clearAt.count == FailureTable.capacity { makeRoom(now) }
    clearAt[key] = min(start + FailureTable.interval, limit)
  }

  private mutating func makeRoom(_ now: Int64) {
    clearAt = clearAt.filter { $0.value > now }
    guard clearAt.count == FailureTable.capacity, let oldest = clearAt.min(by: { $0.value < $1.value }) else {
      return
    }
    clearAt[oldest.key] = nil
  }

  private static func key(_ peer: IPAddress) -> IPAddress {
    peer.v4 == nil ? IPAddress(high: peer.high, low: 0) : peer
  }
}
