import Model
import Wire

/// Says now and then who is not let in: at once, then at most once a minute. A scanner, or a spoofed flood,
/// fills no log; the count of all is in the accounts.
struct Refusals {
  /// Nanoseconds between two notices of one worker.
  static let interval: Int64 = 60_000_000_000

  /// What was wrong with a message that could not be read: its size and a hash, never its bytes, which hold
  /// the community.
  struct Fault: Sendable {
    var fault: TrapFault
    var size: Int
    var hash: UInt64

    init(_ fault: TrapFault, size: Int, hash: UInt64) {
      self.fault = fault
      self.size = size
      self.hash = hash
    }
  }

  private var peer: IPAddress = .unspecified
  private var count: Int64 = 0
  /// Monotonic time from which a notice may be written again.
  private var nextAt: Int64 = .min
  /// Of the message that is named, if it was malformed.
  var fault: Fault?

  var isEmpty: Bool { count == 0 }

  /// Something of `peer` was refused. The first since the last notice is the one that is named.
  mutating func note(_ peer: IPAddress) {
    if count == 0 { self.peer = peer }
    count &+= 1
  }

  /// The notice that is due at `monotonic`, if there is one. `key` is the configuration key that refuses.
  mutating func due(_ monotonic: Int64, key: String) -> Notice? {
    guard count > 0, monotonic >= nextAt else { return nil }
    let notice = Notice(
      .warning, "intake", "datagrams of senders that are not let in were refused",
      [
        ("source_ip", .text("\(peer)")), ("count", .number(count)), ("key", .text(key)),
      ])
    settle(monotonic)
    return notice
  }

  /// The same for SNMP messages that were not taken for `reason`. Neither user nor community is named.
  mutating func due(_ monotonic: Int64, reason: DiscardReason) -> Notice? {
    guard count > 0, monotonic >= nextAt else { return nil }
    var fields: [(String, Notice.Value)] = [
      ("source_ip", .text("\(peer)")), ("count", .number(count)), ("reason", .text("\(reason.name)")),
    ]
    if let fault {
      // Where it is wrong is different in every packet of a flood, and tells no kinds of notices apart.
      fields += [
        ("fault", .text("\(fault.fault.reason.name)")), ("byte", .number(Int64(fault.fault.offset))),
        ("size", .number(Int64(fault.size))), ("hash", .text(String(fault.hash, radix: 16))),
      ]
    }
    fields.append(("do", .text(Refusals.advice(reason))))
    let notice = Notice(.warning, "intake", "SNMP messages were not taken", fields)
    settle(monotonic)
    return notice
  }

  private mutating func settle(_ monotonic: Int64) {
    count = 0
    fault = nil
    nextAt = monotonic + Refusals.interval
  }

  /// What to do about it; empty where there is nothing to do.
  static func advice(_ reason: DiscardReason) -> String {
    switch reason {
    case .refused: "let the community in: snmp.communities"
    case .malformedSNMP: "see what sends it: muttd explain --trap reads a captured packet"
    case .notANotification: "send requests to agents: a trap port takes traps and informs"
    case .unknownUser: "name the user in snmp.users"
    case .wrongDigest: "compare auth and auth_password of the user with the sender's"
    case .decryptionError: "compare privacy and privacy_password of the user with the sender's"
    case .notInTimeWindow:
      """
      an old message was sent again, or the sender lost count of its starts (snmpEngineBoots): if it is the \
      device, muttd engines forget
      """
    case .unknownEngine: "an inform must be sent to this engine's id, which a discovery tells"
    case .unsupportedSecurityLevel: "sender and snmp.users must agree on authentication and privacy"
    default: ""
    }
  }
}
