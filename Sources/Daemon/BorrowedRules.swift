package import Model
package import Store
import Synchronization

/// The rules of the last good snapshot, where it decides in the store's place. The store may be another one
/// by then, with other rules under their ids: what the snapshot's won is not written down as theirs.
///
/// Told by the reloader, asked by the writer of the audit; where no snapshot stood in, one atomic load a
/// batch.
package final class BorrowedRules: Sendable {
  private struct State {
    /// Those that decide, or did, by id.
    var names: [Int64: String] = [:]
    /// Those among them whose id bears another name in the store.
    var strangers: [Int64: String] = [:]
    /// The store was asked what it calls them.
    var isCompared = false
  }

  /// An id that no store gives away: for its rows the rule is gone, and they keep its name.
  private static let gone = Int64.max

  private let state = Mutex(State())
  private let isAny = Atomic(false)

  package init() {}

  /// The rules of `snapshot` are about to decide.
  package func lend(_ snapshot: Catalog) {
    state.withLock { state in
      for rule in snapshot.rules { state.names[rule.id] = rule.name }
      state.strangers = [:]
      state.isCompared = false
    }
    isAny.store(!snapshot.rules.isEmpty, ordering: .releasing)
  }

  /// What the store has now.
  func compare(with catalog: Catalog) {
    guard isAny.load(ordering: .acquiring) else { return }
    state.withLock { state in
      state.strangers = [:]
      for rule in catalog.rules {
        if let name = state.names[rule.id], name != rule.name { state.strangers[rule.id] = name }
      }
      state.isCompared = true
    }
  }

  /// The store's own rules decide again; rows of the others may still wait.
  func giveBack() {
    guard isAny.load(ordering: .acquiring) else { return }
    let isOver = state.withLock { state in
      state.names = state.strangers
      return state.names.isEmpty
    }
    if isOver { isAny.store(false, ordering: .releasing) }
  }

  /// `batch` as `store` is to have it. Asks the store once, when nobody has yet.
  package func settle(_ batch: EventBatch, in store: any EventStore) throws(StoreError) -> EventBatch {
    guard isAny.load(ordering: .acquiring) else { return batch }
    if !state.withLock({ $0.isCompared }) {
      do throws(StoreError) {
        compare(with: try store.loadCatalog())
      } catch {
        // Rows do not wait for what the store will never say.
        if error.mayPass { throw error }
      }
    }
    let strangers = state.withLock { $0.strangers }
    if strangers.isEmpty { return batch }
    var settled = batch
    for index in batch.rows.indices {
      // By name too: the store's rule with this id may decide by now.
      if let name = strangers[batch.rows[index].ruleID], batch.text(batch.rows[index].ruleName) == name {
        settled.rows[index].ruleID = BorrowedRules.gone
      }
    }
    return settled
  }
}
