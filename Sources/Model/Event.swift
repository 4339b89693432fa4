/// One decoded datagram: trivially copied fields and ranges into the datagram's own bytes.
/// Written by Wire, read by Policy; nothing here owns memory.
package struct Event: BitwiseCopyable, Sendable {
  package var source: EventSource = .syslog
  package var parse: ParseStatus = .unparsed
  package var clock: ClockSource = .arrival
  /// Cut at `syslog.max_message`.
  package var isTruncated: Bool = false
  /// 0...23, -1 unknown.
  package var facility: Int8 = -1
  /// 0...7, -1 unknown. Always -1 for traps.
  package var severity: Int8 = -1

  package var arrival: Timestamp
  /// The device's time when it can be believed, else the arrival time; `clock` says which.
  package var time: Timestamp
  /// The address that sent the datagram.
  package var peer: IPAddress
  /// Traps: snmpTrapAddress or agent-addr; unspecified when there is none.
  package var claimedAddress: IPAddress = .unspecified

  // Ranges into the datagram. For traps only `message` is set, and it points into the rendered text.
  package var host: ByteRange = .absent
  package var app: ByteRange = .absent
  package var procid: ByteRange = .absent
  package var msgid: ByteRange = .absent
  package var structuredData: ByteRange = .absent
  package var message: ByteRange = .absent

  package init(arrival: Timestamp, peer: IPAddress) {
    self.arrival = arrival
    self.time = arrival
    self.peer = peer
  }
}
