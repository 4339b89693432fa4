import Intake
package import Model
package import Policy

/// How a desk keeps a source that floods from taking the place of the others (`storm`).
///
/// A source is the address that sends, whatever its headers say: no header can spend another's share. Only
/// the word of a relay that `identity.trusted_relays` lists is taken: then the hosts it names are sources of
/// their own beside each other, and the relay is not cut as if it were one device.
extension DecisionDesk {
  /// Sources are limited: the desk wants the time of each batch, and to be looked after once a turn.
  package var guardsStorms: Bool { storms.isOn }

  /// The time of the datagrams that follow, on both clocks.
  package mutating func beginStorms(monotonic: Int64, now: Timestamp) {
    storms.begin(monotonic: monotonic, now: now)
  }

  /// True for a datagram that exceeds the share of its sender; counted then. What a listed relay hands on is
  /// judged when it has been read: `isRelayed`. Takes no event: one that is handed about is copied.
  @inline(never)
  mutating func sheds(
    _ about: Datagram, _ arrival: Timestamp, _ size: Int, _ isRelayed: inout Bool,
    _ tally: inout WorkerTally
  ) -> Bool {
    isRelayed = matcher!.isRelay(about.peer)
    if isRelayed || storms.judge(about.peer, arrival: arrival) == .passes { return false }
    tally.countDiscard(.storm, size: size, isTruncated: about.isTruncated)
    return true
  }

  /// The same for what a relay hands on, once it is read: the host that it names, or of a trap the address,
  /// is the source.
  @inline(never)
  mutating func shedsRelayed(
    _ relay: IPAddress, _ arrival: Timestamp, _ host: ByteRange, _ claimed: IPAddress,
    _ datagram: Span<UInt8>
  ) -> Bool {
    let host = host.withoutRoot(in: datagram)
    let hash = claimed.isUnspecified ? Matcher.hash(of: host, in: datagram) : Matcher.hash(of: claimed)
    switch storms.judge(relay, host: hash, arrival: arrival) {
    case .passes: return false
    case .sheds: return true
    case .begins:
      storms.nameLatest(claimed.isUnspecified ? datagram.text(host.cut(to: 255)) ?? "" : "\(claimed)")
      return true
    }
  }

  /// Ends storms that are over, tells what is to be told, and publishes how things stand. Once a turn of the
  /// loop; `isLast`: nothing more will come.
  package mutating func watchStorms(
    monotonic: Int64, limit: StormLimit, gauge: StormGauge, notices: NoticeSink, isLast: Bool = false
  ) {
    let hasLooked = storms.sweep(monotonic: monotonic)
    if isLast { storms.endAll() }
    guard hasLooked || isLast || storms.hasNews else { return }
    gauge.publish(active: storms.active, begun: storms.begun, largest: storms.largest)
    let (told, untold) = storms.takeNews()
    for item in told { notices(StormNotice.notice(item, limit)) }
    if let untold { notices(StormNotice.notice(untold)) }
  }
}

extension ByteRange {
  fileprivate func cut(to limit: Int) -> ByteRange {
    count <= limit ? self : ByteRange(start, start + limit)
  }
}
