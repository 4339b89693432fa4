/// An estimate of the positions that a regex takes in an automaton: each letter and class one, times the
/// counts around it. It says before compiling what compiling will cost, so that a bound on it is a bound on
/// time that is the same on every machine.
///
/// Measured with Vectorscan 5.4: a position that a count adds costs 0.05 to 0.4 ms, a pattern of plain
/// letters next to nothing; `(a{1,100}b){100}` 1.2 s, `ö\w{1,20}` 1.5 s.
struct PatternSize: Sendable {
  /// `\w` over all of Unicode.
  static var unicodeClass: Int { 600 }
  /// `\d` over all of Unicode, a tenth of the time.
  static var unicodeDigits: Int { 60 }
  /// Positions that counts and Unicode's classes may add: at most about a second of compiling.
  static var addedLimit: Int { 2_000 }
  /// Patterns that add no more than this (an address, `\d{1,3}(?:\.\d{1,3}){3}`, adds 12) take about as long
  /// as letters do, and the bounds on rules and their text bound them.
  static var slightLimit: Int { 30 }
  /// Positions that all the other patterns of a set may add: 55 rules like `ö\w\w\w` do, and take 24 s to
  /// compile, which nothing can interrupt. Counts in counts around a `.` may take five times that.
  static var totalLimit: Int { 100_000 }

  private struct Level {
    var total = 0
    /// The last thing read, which a count multiplies.
    var last = 0
  }

  private var levels = [Level()]
  /// Letters and classes as written.
  private(set) var written = 0

  /// Positions beyond those that are written out.
  var added: Int {
    levels.reduce(0) { PatternSize.sum($0, PatternSize.sum($1.total, $1.last)) } - written
  }

  mutating func add(_ positions: Int = 1) {
    written += 1
    append(positions)
  }

  /// A letter of a pattern that folds by Unicode. Some fold to letters of other lengths in bytes (k and the
  /// Kelvin sign, s and the long s, anything beyond ASCII), and each of those doubles the ways through.
  mutating func addUnicode(_ letter: UInt8) {
    switch letter {
    case 0x80...0xBF: break
    case UInt8(ascii: "k"), UInt8(ascii: "K"), UInt8(ascii: "s"), UInt8(ascii: "S"), 0xC0...: add(8)
    default: add()
    }
  }

  mutating func times(_ count: Int) {
    let top = levels.count - 1
    levels[top].last = min(levels[top].last * max(count, 1), PatternSize.cap)
  }

  mutating func open() { levels.append(Level()) }

  mutating func close() {
    guard levels.count > 1, let inner = levels.popLast() else { return }
    append(PatternSize.sum(inner.total, inner.last))
  }

  private mutating func append(_ positions: Int) {
    let top = levels.count - 1
    levels[top].total = PatternSize.sum(levels[top].total, levels[top].last)
    levels[top].last = positions
  }

  /// Far above every bound, far below an overflow when multiplied by the largest count.
  private static var cap: Int { 1 << 40 }

  private static func sum(_ left: Int, _ right: Int) -> Int { min(left + right, cap) }
}

extension PatternSize {
  /// What a literal adds: letters of Unicode that fold to several.
  static func added(byLiteral source: PatternSource) -> Int {
    guard source.isUnicode else { return 0 }
    var size = PatternSize()
    for byte in source.text.utf8 { size.addUnicode(byte) }
    return size.added
  }

  /// False for most patterns, which then need not be read: only counts add to those of bytes.
  static func mayAdd(_ source: PatternSource) -> Bool {
    source.isUnicode || source.isRegex && source.text.utf8.contains(UInt8(ascii: "{"))
  }

  /// What a pattern adds to an automaton; 0 for what none is asked to take.
  static func added(by source: PatternSource) -> Int {
    guard mayAdd(source) else { return 0 }
    let added: Int
    if source.isRegex {
      let reader = RegexReader(source.text, isUnicode: source.isUnicode)
      if reader.callout != nil || reader.divergence != nil { return 0 }
      added = reader.size.added
    } else {
      added = PatternSize.added(byLiteral: source)
    }
    return added > addedLimit ? 0 : added
  }
}

/// What the patterns of a set add to its automatons, summed in deciding order: a rule that would make them
/// take minutes to compile stays out, and the others decide.
struct PatternTotal {
  private var sum = 0
  private var counted: Set<PatternSource> = []

  /// Counts the pattern; why it cannot be taken as well, or nil when it can. `known` spares reading it again.
  mutating func objection(to source: PatternSource, known: PatternSet?) -> String? {
    guard PatternSize.mayAdd(source) else { return nil }
    let added = known?.entry(of: source)?.added ?? PatternSize.added(by: source)
    if added <= PatternSize.slightLimit || counted.contains(source) { return nil }
    guard sum + added <= PatternSize.totalLimit else {
      return "its counts and classes add \(added) positions, and rules before it have added \(sum) of the "
        + "\(PatternSize.totalLimit) that are compiled"
    }
    sum += added
    counted.insert(source)
    return nil
  }
}
