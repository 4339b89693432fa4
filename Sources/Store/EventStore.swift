package import Model

/// The seam to the tables of DESIGN §3: SQLite now, PostgreSQL beside it, a fake in the tests.
///
/// Calls block and are batch-sized; make them from a thread that may wait. An instance serialises its
/// callers. After an error of `append` the batch may or may not be there: repeat it with `afterDoubt`.
package protocol EventStore: AnyObject, Sendable {
  /// A number that grows with every change of rules, hosts, teams or devices, whoever made it (sightings are
  /// no change). Cheap enough to be asked every second.
  func catalogVersion() throws(StoreError) -> Int64

  /// Everything people maintain, in one consistent read.
  func loadCatalog() throws(StoreError) -> Catalog

  /// Whether there is any rule, retired ones too: what a start asks before it needs the rest.
  func hasRules() throws(StoreError) -> Bool

  /// Writes the rows of `batch` to the audit in one transaction: all of them, or with `matchedOnly` those
  /// that a rule won.
  ///
  /// Without `afterDoubt` an id that is there already fails the whole batch with `.conflict` and writes
  /// nothing; with it such rows are left as they are and counted. A row whose rule is gone is written without
  /// the rule's id and with its name in `attrs`. A row that the store refuses for what it holds is set aside.
  func append(_ batch: borrowing EventBatch, matchedOnly: Bool, afterDoubt: Bool) throws(StoreError)
    -> AppendResult

  /// Sets `forwarded_to_moog` and returns the marks whose row was found; the others are to be kept.
  func markDelivered(_ marks: [DeliveredMark]) throws(StoreError) -> [DeliveredMark]

  /// The oldest row of an audit from which old rows are removed, oldest first; nil: there is none, or only
  /// whole months go. What is older and waits nowhere will not come.
  func oldestEvent() throws(StoreError) -> EventID?

  /// Waits until what was appended and marked survives a power cut: only then others may forget it.
  func settle() throws(StoreError)

  /// Nothing has to be settled: a commit survives by itself, or nobody asks for more.
  var isSettledByCommit: Bool { get }

  /// Writes when devices were heard, in one transaction: the last time where it is later than what stands
  /// there, the first where none does. No change of the catalog: neither audited nor announced. A device that
  /// is gone is passed over. Returns those that somebody else is changing at this moment, to be noted later:
  /// nobody is waited for.
  func noteHeard(_ devices: [DeviceSighting]) throws(StoreError) -> [String]

  /// Makes all `edits` in one transaction, or none; an error names the edit that cannot be made.
  func apply(_ edits: [CatalogEdit], by actor: EditActor) throws(StoreError) -> CatalogChange

  /// Makes the store equal to `desired` in one transaction (DESIGN §2, *Rules in a file*): rules are
  /// identified by name and keep their ids, absent rules are retired, host tables become equal.
  func replaceCatalog(with desired: Catalog, by actor: EditActor) throws(StoreError) -> CatalogChange

  /// Writes into `config_audit_log` that deliveries are about to be replayed (`UPDATE`) or purged (`DELETE`):
  /// `choice` says which, `counts` how many, by destination.
  func noteOutboxChange(
    isPurge: Bool, choice: String, counts: [(destination: String, count: Int)], by actor: EditActor
  ) throws(StoreError)

  /// A page of the audit, newest first.
  func auditEvents(_ query: AuditQuery) throws(StoreError) -> AuditPage

  func auditEvent(id: EventID) throws(StoreError) -> AuditEvent?

  /// A page of the audit of changes, newest first.
  func configChanges(_ query: ChangeQuery) throws(StoreError) -> ChangePage

  /// How often rules have won in the events that the audit still holds, by rule id.
  func ruleUses() throws(StoreError) -> [Int64: RuleUse]

  /// From `nanoseconds` on nothing waits for the store any more: a call that does throws `.unavailable`. For
  /// a stop; callable while another thread is in a call.
  func endPatience(in nanoseconds: Int64)

  /// Later calls throw `.unavailable`. Calling it again does nothing.
  func close()
}

extension EventStore {
  /// A store that never waits for long has no patience to lose.
  package func endPatience(in nanoseconds: Int64) {}

  package func oldestEvent() throws(StoreError) -> EventID? { nil }

  package var isSettledByCommit: Bool { true }
  package func settle() throws(StoreError) {}
}

/// How often a rule has won in the events that the audit still holds.
package struct RuleUse: Sendable, Equatable {
  /// Events it won; a server stops counting when there are more than `countLimit`.
  package var count: Int
  /// The newest event it won.
  package var last: EventID

  package static var countLimit: Int { 10_000 }

  package init(count: Int, last: EventID) {
    self.count = count
    self.last = last
  }
}

/// What became of the rows of one `append`; their sum is the number of rows in scope.
package struct AppendResult: Sendable, Equatable {
  package struct SetAside: Sendable, Equatable {
    package var id: EventID
    /// Why the store refused the row, for people.
    package var reason: String

    package init(id: EventID, reason: String) {
      self.id = id
      self.reason = reason
    }
  }

  package var written = 0
  /// Rows that an earlier attempt had written; only after a doubt.
  package var alreadyThere = 0
  package var setAside: [SetAside] = []

  package init() {}
}
