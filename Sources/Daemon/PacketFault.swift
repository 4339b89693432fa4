import Model
import Wire

/// Why a packet becomes no event: what a worker counts it as, and in words.
struct PacketFault: Sendable, Equatable {
  var reason: DiscardReason
  /// `malformed: unsupported_version at byte 4`
  var text: String
  /// It is one of SNMPv3, and there are no users here to open it.
  var isSealed = false
}

extension PacketFault {
  /// Nil for what is a notification, or may turn out to be one.
  init?(_ verdict: TrapVerdict) {
    switch verdict {
    case .malformed(let fault):
      self.init(reason: .malformedSNMP, text: "malformed: \(fault.reason.name) at byte \(fault.offset)")
    case .notANotification(let tag):
      self.init(
        reason: .notANotification, text: "not a notification: PDU type 0x\(String(tag, radix: 16))")
    case .notification, .secured: return nil
    }
  }
}
