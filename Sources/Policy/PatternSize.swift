/// An estimate of the positions that a regex takes in an automaton: each letter and class one, times the
/// counts around it. It says before compiling what compiling will cost, so that a bound on it is a bound on
/// time that is the same on every machine.
///
/// Measured with Vectorscan 5.4: a position that a count adds costs 0.05 to 0.4 ms, a pattern of plain
/// letters next to nothing; `ö\w{1,20}` 1.5 s. Counts of groups cost the square of what they add: 450
/// positions of `((x.{0,9}){0,9}y){5}` 0.1 s, 910 of twice as many 0.6 s, 1,820 2.4 s (`nested`). What a set
/// has one of may become a table of states, for which the estimate is too low: `[[:aü]\d{5?,` alone takes
/// 1.5 s, two such 0.01 s.
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
  private struct Extent {
    var positions = 0
    /// The same where a class is one position, whatever it holds.
    var plain = 0
    /// Of those, what stands in a group that is counted.
    var nested = 0
  }
  private struct Level {
    var total = Extent()
    /// The last thing read, which a count multiplies.
    var last = Extent()
    /// It is a group of several positions.
    var isGroup = false
  }

  private var levels = [Level()]
  /// Letters and classes as written.
  private(set) var written = 0

  /// Positions beyond those that are written out.
  var added: Int { whole.positions - written }

  /// Positions that counts of groups of several add, whatever their classes hold: a count of one letter or
  /// class is what Vectorscan counts instead of writing it out.
  var nested: Int { min(whole.nested, whole.plain - written) }

  private var whole: Extent {
    levels.reduce(Extent()) { PatternSize.sum($0, PatternSize.sum($1.total, $1.last)) }
  }

  mutating func add(_ positions: Int = 1) {
    written += 1
    append(Extent(positions: positions, plain: 1))
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
    if count < 2 { return }
    let top = levels.count - 1
    var last = levels[top].last
    last.positions = min(last.positions * count, PatternSize.cap)
    last.plain = min(last.plain * count, PatternSize.cap)
    last.nested = levels[top].isGroup ? last.plain : 0
    levels[top].last = last
  }

  mutating func open() { levels.append(Level()) }

  mutating func close() {
    guard levels.count > 1, let inner = levels.popLast() else { return }
    let group = PatternSize.sum(inner.total, inner.last)
    append(group)
    levels[levels.count - 1].isGroup = group.plain > 1
  }

  private mutating func append(_ extent: Extent) {
    let top = levels.count - 1
    levels[top].total = PatternSize.sum(levels[top].total, levels[top].last)
    levels[top].last = extent
    levels[top].isGroup = false
  }

  /// Far above every bound, far below an overflow when multiplied by the largest count.
  private static var cap: Int { 1 << 40 }

  private static func sum(_ left: Extent, _ right: Extent) -> Extent {
    Extent(
      positions: min(left.positions + right.positions, cap), plain: min(left.plain + right.plain, cap),
      nested: min(left.nested + right.nested, cap))
  }
}

extension PatternSize {
  /// What a literal adds: letters of Unicode that fold to several.
  static func added(byLiteral source: PatternSource) -> Int {
    guard source.isUnicode else { return 0 }
    var size = PatternSize()
    for byte in source.text.utf8 { size.addUnicode(byte) }
    return size.added
  }
}

/// What it costs to compile a pattern together with others, in measures that are bounded apart.
struct PatternCost: Sendable, Equatable {
  /// Positions that counts and classes of Unicode add.
  var added = 0
  /// Positions that counts of groups add, which cost their square.
  var nested = 0
  /// Ways between positions, beyond those of a text.
  var ways = 0
  /// Bytes of a regex that is more than a text.
  var regexBytes = 0
  /// A regex that needs no text of two bytes to hold: no automaton is spared looking for it anywhere, and
  /// compiling merges such regexes with each other, all with all.
  var isVague = false

  /// Most patterns of most sets: texts, which cost next to nothing.
  static func isFree(_ source: PatternSource) -> Bool { !source.isRegex && !source.isUnicode }

  init() {}

  /// Nothing for what no automaton is asked to take.
  init(of source: PatternSource) {
    if PatternCost.isFree(source) { return }
    guard source.isRegex else {
      let added = PatternSize.added(byLiteral: source)
      self.added = added > PatternSize.addedLimit ? 0 : added
      return
    }
    let reader = RegexReader(source.text, isUnicode: source.isUnicode)
    if reader.callout != nil || reader.divergence != nil { return }
    if reader.size.added > PatternSize.addedLimit { return }
    var ways = reader.ways
    let count = ways.finished()
    if count > RegexWays.limit { return }
    self.ways = count
    added = reader.size.added
    nested = reader.size.nested
    var text = reader.text
    let length = text.finished()
    if !text.hasSigns { return }
    regexBytes = reader.expression.count
    isVague = length < 2
  }
}

/// How much compiling a set may ask for.
struct PatternBounds: Sendable {
  /// Positions that patterns above `PatternSize.slightLimit` may add: 55 rules like `ö\w\w\w` do, and take
  /// 24 s.
  var added = 100_000
  /// Squares of what counts of groups add, where that is more than `PatternSize.slightLimit`: one regex may
  /// reach 4,000,000. A million takes 0.3 to 1.1 s, and twice that where one of them is refused.
  var squares = 10_000_000
  /// Ways of patterns above `RegexWays.slightLimit`.
  var ways = 100_000
  /// Bytes of all regexes that are more than a text. A byte takes 0.02 to 0.045 ms, as measured with a
  /// thousand to eight thousand regexes of ten kinds: 22 s at most.
  var regexBytes = 500_000
  /// Vague regexes, and how many of them stand in one automaton: 50 like `[t-w]+[0-1]+[g-j]` take 2.4 s,
  /// 100 four times that, 200 more than 40 s; but 32 take 0.7 s, and another 32 apart as much again.
  var vague = 256
  var vagueTogether = 32

  static let standard = PatternBounds()
}

/// What the patterns of a set cost, summed in deciding order: a rule that would make them take minutes to
/// compile stays out, and the others decide.
struct PatternTotal {
  private let bounds: PatternBounds
  private var added = 0
  private var squares = 0
  private var ways = 0
  private var regexBytes = 0
  private var vague = 0
  private var counted: Set<PatternSource> = []

  init(_ bounds: PatternBounds) { self.bounds = bounds }

  /// Counts the pattern; why it cannot be taken as well, or nil when it can. `known` spares reading it again.
  mutating func objection(to source: PatternSource, known: PatternSet?) -> String? {
    if PatternCost.isFree(source) { return nil }
    let cost = known?.entry(of: source)?.cost ?? PatternCost(of: source)
    if cost == PatternCost() || counted.contains(source) { return nil }
    let adds = cost.added > PatternSize.slightLimit ? cost.added : 0
    guard added + adds <= bounds.added else {
      return "its counts and classes add \(adds) positions, and rules before it have added \(added) of the "
        + "\(bounds.added) that are compiled"
    }
    let square = cost.nested > PatternSize.slightLimit ? cost.nested * cost.nested : 0
    guard squares + square <= bounds.squares else {
      return "its counts of groups add \(cost.nested) positions, whose square is \(square), and rules before "
        + "it have added \(squares) such squares of the \(bounds.squares) that are compiled"
    }
    let leads = cost.ways > RegexWays.slightLimit ? cost.ways : 0
    guard ways + leads <= bounds.ways else {
      return "its parts that may be missing and its alternatives make \(leads) ways through it, and rules "
        + "before it have made \(ways) of the \(bounds.ways) that are compiled"
    }
    guard regexBytes + cost.regexBytes <= bounds.regexBytes else {
      return "its regex has \(cost.regexBytes) bytes, and regexes before it have \(regexBytes) of the "
        + "\(bounds.regexBytes) that are compiled"
    }
    guard !cost.isVague || vague < bounds.vague else {
      return "its regex needs no two characters side by side, and \(vague) regexes before it are as vague: "
        + "no more are compiled"
    }
    added += adds
    squares += square
    ways += leads
    regexBytes += cost.regexBytes
    if cost.isVague { vague += 1 }
    counted.insert(source)
    return nil
  }
}
