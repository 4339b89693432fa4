import Model

/// The automatons of one rule set, and the patterns that could not be part of them.
struct RuleDatabases {
  private(set) var bytes: [ScanDatabase] = []
  private(set) var unicode: [ScanDatabase] = []
  /// Refused patterns by rank, with what the engine said.
  private(set) var refused: [UInt32: String] = [:]

  /// Removing a culprit means compiling all the others again; beyond these, halves are faster.
  private static var culpritLimit: Int { 4 }

  init(_ patterns: [ScanPattern]) throws(PolicyError) {
    bytes = try compile(patterns.filter { !$0.isUnicode })
    unicode = try compile(patterns.filter(\.isUnicode))
  }

  /// One database where possible. The engine names the culprit when a single pattern is too much; when it
  /// does not, or all together are too much, each half is compiled by itself.
  private mutating func compile(_ patterns: [ScanPattern]) throws(PolicyError) -> [ScanDatabase] {
    var rest = patterns
    for _ in 0..<RuleDatabases.culpritLimit {
      if rest.isEmpty { return [] }
      switch try ScanDatabase.compile(rest) {
      case .compiled(let database): return [database]
      case .refused(let index, let message):
        guard let culprit = index ?? (rest.count == 1 ? 0 : nil) else {
          return try compileHalves(rest)
        }
        refused[rest[culprit].rank] = message
        rest.remove(at: culprit)
      }
    }
    return try compileHalves(rest)
  }

  private mutating func compileHalves(_ patterns: [ScanPattern]) throws(PolicyError) -> [ScanDatabase] {
    if patterns.count < 2 { return try compile(patterns) }
    let middle = patterns.count / 2
    return try compile(Array(patterns[..<middle])) + compile(Array(patterns[middle...]))
  }
}
