import Model
import Policy

/// Who sends and has no entry among the devices.
extension DecisionDesk {
  /// No device is known by the event's address or name, or the name is one that is not believed.
  @inline(__always)
  func isOfNobody(_ decision: Decision) -> Bool { decision.device < 0 || decision.hostFrom == .claimed }

  /// Notes who sent an event that is of no device: the address that is believed to be its own; where it calls
  /// itself by a name, or is not believed, the one that its datagrams come from.
  ///
  /// - Parameter host: what it calls itself; nil for a trap, which names an address or nothing.
  @inline(__always)
  mutating func sight(
    _ peer: IPAddress, _ decision: Decision, _ now: Timestamp, _ datagram: Span<UInt8>, _ host: ByteRange?
  ) {
    guard sightings.isOn else { return }
    let isOwn = !decision.hostAddress.isUnspecified && decision.hostFrom != .claimed
    let name = isOwn ? .absent : host?.withoutRoot(in: datagram) ?? .absent
    sightings.note(
      isOwn ? decision.hostAddress : peer, datagram, name: name, isTrap: host == nil, at: now)
  }
}
