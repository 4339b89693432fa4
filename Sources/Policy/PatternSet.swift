/// The patterns of a rule set in compiled form, apart from the rules that use them: immutable, and taken over
/// by the next snapshot as long as it asks for the same patterns, whatever else about the rules has changed.
package final class PatternSet: Sendable {
  struct Entry: Sendable, Equatable {
    var source: PatternSource
    var home: PatternHome
    /// Why the pattern is not decided by the automaton alone, or at all; a sentence part.
    var note: String = ""
  }

  /// By number: what a scan reports. The first `fullCount` were compiled together, the rest was added later.
  let entries: [Entry]
  let fullCount: Int
  let full: PatternDatabases
  let patch: PatternDatabases
  private let numbers: [PatternSource: Int32]

  init(entries: [Entry], fullCount: Int, full: PatternDatabases, patch: PatternDatabases) {
    self.entries = entries
    self.fullCount = fullCount
    self.full = full
    self.patch = patch
    var numbers: [PatternSource: Int32] = [:]
    numbers.reserveCapacity(entries.count)
    for (number, entry) in entries.enumerated() { numbers[entry.source] = Int32(number) }
    self.numbers = numbers
  }

  /// The number of a pattern; nil when the set does not have it.
  func number(of source: PatternSource) -> Int32? { numbers[source] }

  func entry(of source: PatternSource) -> Entry? { numbers[source].map { entries[Int($0)] } }

  /// Has every one of these patterns. `asOne`: and no others, all of them compiled together. A restart with
  /// ten thousand rules asks this first, and mostly nothing else.
  func serves(_ sources: [PatternSource], asOne: Bool) -> Bool {
    var asked = [Bool](repeating: false, count: entries.count)
    var distinct = 0
    for source in sources {
      guard let number = numbers[source] else { return false }
      if !asked[Int(number)] { distinct += 1 }
      asked[Int(number)] = true
    }
    return !asOne || isTidy(for: distinct)
  }

  /// Scanned for every text.
  var byteDatabases: [ScanDatabase] { full.bytes + patch.bytes }
  /// Patterns with letters beyond ASCII; scanned when the text is valid UTF-8.
  var unicodeDatabases: [ScanDatabase] { full.unicode + patch.unicode }

  /// Bytes that the automatons take.
  var size: Int { (byteDatabases + unicodeDatabases).reduce(0) { $0 + $1.size } }

  /// All `count` patterns that are asked for stand in one automaton, and nothing else.
  func isTidy(for count: Int) -> Bool { entries.count == count && fullCount == count }
}

/// Automatons of one compilation: mostly one for bytes and none for Unicode, more when the engine refuses all
/// patterns together.
struct PatternDatabases: Sendable {
  var bytes: [ScanDatabase] = []
  var unicode: [ScanDatabase] = []
}
