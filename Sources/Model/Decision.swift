/// Index of a text that a snapshot keeps (teams, handlings, device names); -1: none.
package struct TextIndex: BitwiseCopyable, Hashable, Sendable {
  package var value: Int32
  package init(_ value: Int32) { self.value = value }
  package static var none: TextIndex { TextIndex(-1) }
  package var isNone: Bool { value < 0 }
}

/// What became of one event: the answer of the one function that decides. Trivially copied; texts are
/// indices into the snapshot that decided.
package struct Decision: BitwiseCopyable, Sendable {
  /// Position of the winner among the snapshot's usable rules (priority, then id); -1: no rule holds.
  package var rule: Int32 = -1
  package var handling: TextIndex = .none
  /// Handling is one of `handling.forward`.
  package var forwards: Bool = false
  package var environment: Environment = .prod
  package var hostFrom: HostSource = .peer
  /// The device's name when `devices` gave it; otherwise the host is the claim's text or the address below.
  package var deviceName: TextIndex = .none
  /// The address that stands for the host where no text claim and no device name does.
  package var hostAddress: IPAddress = .unspecified
  package var team: TextIndex = .none
  package var teamFrom: TeamSource = .default
  package var deviceTeam: TextIndex = .none
  /// The device known by this event's name or address, an index into the snapshot's devices; -1: unknown.
  package var device: Int32 = -1

  package init() {}

  package var isMatched: Bool { rule >= 0 }
}
