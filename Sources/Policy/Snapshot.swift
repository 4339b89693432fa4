package import Model

/// Rules, hosts, teams and devices in the form that decides: immutable, compiled off the hot path, swapped
/// whole.
package final class Snapshot: Sendable {
  /// More rules than any team maintains; bounds compile time and memory.
  package static var ruleLimit: Int { 20_000 }
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
  let table: RuleTable
  let trie: ObjectIDTrie
  /// The rules with a pattern that a notification can hold for: by the OID they ask for, and the first of
  /// those that ask for none, `.max` when there is none.
  let lineTrie: ObjectIDTrie
  let firstLineRank: UInt32

  /// What the next snapshot may take over.
  package let patterns: PatternSet
  // The set's databases, flat for the scan.
  let byteDatabases: [ScanDatabase]
  let unicodeDatabases: [ScanDatabase]
  /// Ranks that PCRE2 has to search in every event, ascending.
  let searched: [UInt32]
  /// How many ranks can ever be waiting for PCRE2's word on one event.
  let candidateRoom: Int
  /// All patterns in use stand in one automaton: compiling again would not make scans quicker.
  package let isTidy: Bool

  let pieces: [Piece]
  let groups: [Group]
  let regexes: [Regex]
  /// The rank of the rule each regex belongs to.
  let regexRanks: [UInt32]
  let hosts: Hosts
  /// Whose claims are believed; nil: everyone's.
  let relays: NetworkSet?
  let texts: TextArena
  let unmatched: TextIndex
  let defaultTeam: TextIndex

  init(_ parts: consuming SnapshotCompiler, patterns: PatternSet) {
    texts = parts.texts.finished()
    rules = parts.rules
    quarantined = parts.quarantined
    warnings = parts.warnings
    generation = parts.generation
    settings = parts.settings
    catalogVersion = parts.catalogVersion
    verdicts = parts.verdicts
    table = parts.table
    trie = ObjectIDTrie(parts.prefixes)
    lineTrie = ObjectIDTrie(parts.linePrefixes)
    firstLineRank = parts.firstLineRank
    self.patterns = patterns
    byteDatabases = patterns.byteDatabases
    unicodeDatabases = patterns.unicodeDatabases
    searched = parts.searched
    candidateRoom = parts.table.conditions.count { $0.confirmation >= 0 }
    isTidy = patterns.isTidy(for: parts.patternCount)
    pieces = parts.pieces.withoutSlack
    groups = parts.groups.withoutSlack
    regexes = parts.regexes
    regexRanks = parts.regexRanks
    hosts = parts.hosts
    relays = parts.settings.trustedRelays.map { NetworkSet($0) }
    unmatched = parts.unmatched
    defaultTeam = parts.defaultTeam
  }

  /// How much of an earlier set of patterns may be taken over.
  package enum Effort: Sendable {
    /// What is new is compiled by itself and scanned beside the rest, so that an edit decides within moments.
    case quick
    /// One automaton for exactly these rules: the quickest scan.
    case thorough
  }

  /// Compiles what people maintain. Never on a worker: without an earlier set 1,000 rules take a second.
  ///
  /// `patterns`: of the snapshot before, or kept by an earlier run. `foretold` hears of the rules that are
  /// beyond the bounds of compiling, where there are some, before half a minute is spent on the others.
  ///
  /// - Throws: `PolicyError` when there is more than a snapshot takes or no memory. A rule that cannot be
  ///   used is quarantined, and the others decide.
  package static func compile(
    _ catalog: Catalog, settings: PolicySettings, generation: UInt64, reusing patterns: PatternSet? = nil,
    effort: Effort = .thorough, foretold: ([QuarantinedRule]) -> Void = { _ in }
  ) throws(PolicyError) -> Snapshot {
    try SnapshotCompiler.compile(
      catalog, settings: settings, generation: generation, known: patterns, effort: effort,
      foretold: foretold)
  }

  /// Gives back what compiling leaves behind: megabytes of free pages. Takes milliseconds, for when the
  /// snapshot decides already.
  package static func returnFreePages() { ScanDatabase.returnFreePages() }

  /// What the pattern engine of this machine overlooks, as a sentence part; nil when nothing is known.
  package static var engineFault: String? { ScanDatabase.fault }

  /// Rules that PCRE2 has to search for in every event.
  package var searchedCount: Int { searched.count }

  /// Bytes that the compiled patterns take.
  package var databaseSize: Int { patterns.size }

  /// Appends a text of this snapshot and says where it stands; absent for none.
  package func append(_ text: TextIndex, to bytes: inout [UInt8]) -> ByteRange {
    texts.append(text, to: &bytes)
  }

  /// The text as a `String`, for cold paths.
  package func string(_ text: TextIndex) -> String? { texts.string(text) }
}
