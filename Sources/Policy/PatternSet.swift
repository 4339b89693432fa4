/// The patterns of a rule set in compiled form, apart from the rules that use them: immutable, and taken over
/// by the next snapshot as long as it asks for the same patterns, whatever else about the rules has changed.
package final class PatternSet: Sendable {
  struct Entry: Sendable, Equatable {
    var source: PatternSource
    var home: PatternHome
    /// Why the pattern is not decided by the automaton alone, or at all; a sentence part.
    var note: String = ""
    /// Of compiling it.
    var cost = PatternCost()
  }

  /// By number: what a scan reports. The first `fullCount` were compiled together, the rest was added later.
  let entries: [Entry]
  let fullCount: Int
  let full: PatternDatabases
  let patch: PatternDatabases
  private let numbers: PatternNumbers

  init(entries: [Entry], fullCount: Int, full: PatternDatabases, patch: PatternDatabases) {
    self.entries = entries
    self.fullCount = fullCount
    self.full = full
    self.patch = patch
    numbers = PatternNumbers(entries)
  }

  /// The number of a pattern; nil when the set does not have it.
  func number(of source: PatternSource) -> Int32? { numbers.find(source, in: entries) }

  func entry(of source: PatternSource) -> Entry? { number(of: source).map { entries[Int($0)] } }

  /// Has every one of these patterns. `asOne`: and no others, all of them compiled together. A restart with
  /// ten thousand rules asks this first, and mostly nothing else.
  func serves(_ sources: [PatternSource], asOne: Bool) -> Bool {
    var asked = [Bool](repeating: false, count: entries.count)
    var distinct = 0
    for source in sources {
      guard let number = number(of: source) else { return false }
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

/// Finds a pattern's number. Open addressing over one array, at most half full: a restart with ten thousand
/// rules makes it before anything is decided, and a dictionary of texts takes ten times as long.
private struct PatternNumbers: Sendable {
  /// Numbers, at their pattern's hash or behind it; -1: free.
  private var slots: [Int32]

  init(_ entries: [PatternSet.Entry]) {
    var room = 16
    while room < entries.count * 2 { room *= 2 }
    slots = [Int32](repeating: -1, count: room)
    for number in entries.indices {
      // Of two that are equal the first counts.
      let slot = slot(of: entries[number].source, in: entries)
      if slots[slot] < 0 { slots[slot] = Int32(number) }
    }
  }

  func find(_ source: PatternSource, in entries: [PatternSet.Entry]) -> Int32? {
    let number = slots[slot(of: source, in: entries)]
    return number < 0 ? nil : number
  }

  /// Where the pattern stands, or would.
  private func slot(of source: PatternSource, in entries: [PatternSet.Entry]) -> Int {
    let last = slots.count - 1
    var slot = Int(truncatingIfNeeded: source.spread) & last
    while slots[slot] >= 0, entries[Int(slots[slot])].source != source { slot = (slot + 1) & last }
    return slot
  }
}

/// Automatons of one compilation: mostly one for bytes and none for Unicode, more when there are many vague
/// regexes (`PatternBounds`) or the engine refuses all patterns together.
struct PatternDatabases: Sendable {
  var bytes: [ScanDatabase] = []
  var unicode: [ScanDatabase] = []
}
