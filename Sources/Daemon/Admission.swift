import Model
import Synchronization

/// Who may open a connection, `listen.allow`; exchanged by a reload. Connections that are open stay.
final class Admission: Sendable {
  private let allowed: Mutex<NetworkSet>

  init(_ allowed: NetworkSet) { self.allowed = Mutex(allowed) }

  func admits(_ peer: IPAddress) -> Bool { allowed.withLock { $0.isEmpty || $0.contains(peer) } }

  func replace(_ allowed: NetworkSet) { self.allowed.withLock { $0 = allowed } }
}
