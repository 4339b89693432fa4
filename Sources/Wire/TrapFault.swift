package import Model

/// Why a packet on the trap socket could not be read, and where. The reason is a metric label and a word in
/// the log line of a malformed packet; the bytes themselves are never kept, they hold the community.
package struct TrapFault: Error, Equatable, BitwiseCopyable, Sendable {
  package typealias Reason = SNMPFault

  package var reason: Reason
  /// Index of the offending byte in the datagram; the datagram's length when it ended too early.
  package var offset: Int

  package init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }
}
