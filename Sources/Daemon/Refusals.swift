import Model

/// Says now and then who is not let in: at once, then at most once a minute. A scanner, or a spoofed flood,
/// fills no log; the count of all is in the accounts.
struct Refusals {
  /// Nanoseconds between two notices of one worker.
  static let interval: Int64 = 60_000_000_000

  private var peer: IPAddress = .unspecified
  private var count: Int64 = 0
  /// Monotonic time from which a notice may be written again.
  private var nextAt: Int64 = .min

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
    let notice = Notice(
      .warning, "intake", "SNMP messages were not taken",
      [
        ("source_ip", .text("\(peer)")), ("count", .number(count)), ("reason", .text("\(reason.name)")),
        ("do", .text(Refusals.advice(reason))),
      ])
    settle(monotonic)
    return notice
  }

  private mutating func settle(_ monotonic: Int64) {
    count = 0
    nextAt = monotonic + Refusals.interval
  }

  /// What to do about it; empty where there is nothing to do.
  static func advice(_ reason: DiscardReason) -> String {
    switch reason {
    case .refused: "let the community in: snmp.communities"
    case .unknownUser: "name the user in snmp.users"
    case .wrongDigest: "compare auth and auth_password of the user with the sender's"
    case .decryptionError: "compare privacy and privacy_password of the user with the sender's"
    case .notInTimeWindow:
      "an old message was sent again, or the sender lost count of its starts (snmpEngineBoots)"
    case .unknownEngine: "an inform must be sent to this engine's id, which a discovery tells"
    case .unsupportedSecurityLevel: "sender and snmp.users must agree on authentication and privacy"
    default: ""
    }
  }
}
