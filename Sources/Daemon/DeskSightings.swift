import Model
import Policy

/// Who sends: a device, or somebody who has no entry among them.
extension DecisionDesk {
  /// Notes who sent an event.
  ///
  /// - Parameter host: what it calls itself; nil for a trap, which names an address or nothing.
  /// - Returns: the hash of that name, where it was needed; else 0.
  @inline(__always) @discardableResult
  mutating func sight(
    _ peer: IPAddress, _ decision: Decision, _ now: Timestamp, _ datagram: Span<UInt8>, _ host: ByteRange?
  ) -> UInt64 {
    // A name that is not believed may be anybody's.
    if decision.device >= 0, decision.hostFrom != .claimed {
      heard.note(decision.device, at: now)
      return 0
    }
    return sightNobody(peer, decision, now, datagram, host)
  }

  /// No device is known by the event's address or name. What is noted is the address that is believed to be
  /// its own; where it calls itself by a name, or is not believed, the one that its datagrams come from.
  @inline(__always)
  private mutating func sightNobody(
    _ peer: IPAddress, _ decision: Decision, _ now: Timestamp, _ datagram: Span<UInt8>, _ host: ByteRange?
  ) -> UInt64 {
    guard sightings.isOn else { return 0 }
    let isOwn = !decision.hostAddress.isUnspecified && decision.hostFrom != .claimed
    let name = isOwn ? .absent : host?.withoutRoot(in: datagram) ?? .absent
    let hash = Matcher.hash(of: name, in: datagram)
    sightings.note(
      isOwn ? decision.hostAddress : peer, datagram, name: name, host: hash, isTrap: host == nil, at: now)
    return hash
  }
}
