/// An estimate of the positions that a regex takes in an automaton: each letter and class one, times the
/// counts around it. It says before compiling what compiling will cost, so that a bound on it is a bound on
/// time that is the same on every machine.
///
/// Measured with Vectorscan 5.4: a position that a count adds costs 0.05 to 0.4 ms, a pattern of plain
/// letters next to nothing; `(a{1,100}b){100}` 1.2 s, `ö\w{1,20}` 1.5 s.
struct PatternSize: Sendable {
  /// `\w` over all of Unicode.
  static var unicodeClass: Int { 600 }
  /// Positions that counts and Unicode's classes may add: at most about a second of compiling.
  static var addedLimit: Int { 2_000 }

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
