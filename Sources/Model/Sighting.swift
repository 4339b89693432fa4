/// Somebody who sends and has no entry among the devices: what was heard of it, in all or since it was last
/// told.
package struct Sighting: Sendable, Equatable {
  /// The address it is heard from: the one that it claims by itself, else that of its datagrams.
  package var address: IPAddress
  /// What it calls itself, at most 64 bytes; empty where it says nothing but an address.
  package var host: String
  /// Events by their source.
  package var syslog: UInt64
  package var traps: UInt64
  package var firstSeen: Timestamp
  package var lastSeen: Timestamp

  package init(
    address: IPAddress, host: String, syslog: UInt64, traps: UInt64, firstSeen: Timestamp, lastSeen: Timestamp
  ) {
    self.address = address
    self.host = host
    self.syslog = syslog
    self.traps = traps
    self.firstSeen = firstSeen
    self.lastSeen = lastSeen
  }
}
