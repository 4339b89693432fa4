/// What is known of an SNMP engine besides its keys: its clock as it was last heard, and when that was.
package struct EngineRecord: Hashable, Sendable {
  /// At most 32 bytes.
  package var id: [UInt8]
  package var boots: UInt32
  /// Seconds since the last of these boots.
  package var time: UInt32
  package var heardAt: Timestamp

  package init(id: [UInt8], boots: UInt32, time: UInt32, heardAt: Timestamp) {
    self.id = id
    self.boots = boots
    self.time = time
    self.heardAt = heardAt
  }
}
