import Synchronization

/// The books of the process: one set of accounts under one lock. A worker takes it once per batch, a writer
/// once per transaction; a scrape copies one consistent set.
package final class Ledger: Sendable {
  private let accounts: Mutex<Accounts>

  package init() {
    accounts = Mutex(Accounts())
  }

  package var snapshot: Accounts { accounts.withLock { $0 } }

  package func update<T: Sendable>(_ body: (inout Accounts) -> T) -> T {
    accounts.withLock { body(&$0) }
  }

  /// Registers a listener and says under which index its worker counts.
  package func addListener(name: String, isDatagram: Bool) -> Int {
    accounts.withLock {
      if let known = $0.listeners.firstIndex(where: { $0.name == name }) { return known }
      $0.listeners.append(Accounts.Listener(name: name, isDatagram: isDatagram))
      return $0.listeners.count - 1
    }
  }
}
