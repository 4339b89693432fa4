package import Model

/// Rules, hosts, teams and devices in the form that decides: immutable, compiled off the hot path, swapped
/// whole.
package final class Snapshot: Sendable {
  /// More rules than any team maintains; bounds compile time and memory.
  package static var ruleLimit: Int { 100_000 }
  /// Entries of each host table, and addresses of all devices.
  package static var hostLimit: Int { 1_000_000 }

  /// The usable rules in deciding order: priority, then id. `Decision.rule` is a position in here.
  package let rules: [Rule]
  /// Active rules that cannot be used, in deciding order.
  package let quarantined: [QuarantinedRule]
  /// What usable rules will not do although they look as if they did, in deciding order.
  package let warnings: [RuleWarning]
  package let generation: UInt64
  package let settings: PolicySettings
  package let catalogVersion: Int64

  // By rank, the position in `rules`.
  let verdicts: [Verdict]
  let conditions: RuleConditions
  let trie: ObjectIDTrie

  // Mostly one each; more when the engine refuses all patterns together.
  let byteDatabases: [ScanDatabase]
  /// Patterns with letters beyond ASCII; scanned when the text is valid UTF-8.
  let unicodeDatabases: [ScanDatabase]

  let pieces: [Piece]
  let groups: [Group]
  let regexes: [Regex]
  let hosts: Hosts
  let texts: TextArena
  let unmatched: TextIndex
  let defaultTeam: TextIndex

  init(_ parts: consuming SnapshotCompiler, databases: RuleDatabases) {
    texts = parts.texts.finished()
    rules = parts.rules
    quarantined = parts.quarantined
    warnings = parts.rules.flatMap { RuleCheck.warnings($0) }
    generation = parts.generation
    settings = parts.settings
    catalogVersion = parts.catalogVersion
    verdicts = parts.verdicts
    conditions = parts.conditions
    trie = ObjectIDTrie(parts.prefixes)
    byteDatabases = databases.bytes
    unicodeDatabases = databases.unicode
    pieces = parts.pieces.withoutSlack
    groups = parts.groups.withoutSlack
    regexes = parts.regexes
    hosts = parts.hosts
    unmatched = parts.unmatched
    defaultTeam = parts.defaultTeam
  }

  /// Compiles what people maintain. Slow (a third of a second for 1,000 rules): never on a worker.
  ///
  /// - Throws: `PolicyError` when there is more than a snapshot takes or no memory. A rule that cannot be
  ///   used is quarantined, and the others decide.
  package static func compile(
    _ catalog: Catalog, settings: PolicySettings, generation: UInt64
  ) throws(PolicyError) -> Snapshot {
    let snapshot = try SnapshotCompiler.compile(catalog, settings: settings, generation: generation)
    ScanDatabase.returnFreePages()
    return snapshot
  }

  /// Bytes that the compiled patterns take.
  package var databaseSize: Int {
    byteDatabases.reduce(0) { $0 + $1.size } + unicodeDatabases.reduce(0) { $0 + $1.size }
  }

  /// Appends a text of this snapshot and says where it stands; absent for none.
  package func append(_ text: TextIndex, to bytes: inout [UInt8]) -> ByteRange {
    texts.append(text, to: &bytes)
  }

  /// The text as a `String`, for cold paths.
  package func string(_ text: TextIndex) -> String? { texts.string(text) }
}
