import Model

/// Finds a home for every pattern and compiles what the automaton takes.
struct PatternCompiler {
  /// How much of an earlier set may be taken over.
  enum Effort: Sendable {
    /// An edit should decide within moments: what is new is compiled by itself and scanned beside the rest.
    case patch
    /// One automaton for exactly what is asked for: the quickest scan.
    case full
  }

  /// Patterns of all rules together may have this many bytes: 20,000 texts of 75 take two seconds to compile,
  /// 20,000 regexes of 60, each with `.*` and classes, 150 s and 432 MiB. What counts and classes of Unicode
  /// add to them is bounded apart, and so is the rest of what regexes cost (`PatternBounds`).
  static var sizeLimit: Int { 1_500_000 }
  /// Fewer are compiled in less time than anyone waits, so they are never patched.
  private static var patchFloor: Int { 200 }
  /// More new patterns than these take long enough themselves.
  private static var patchLimit: Int { 100 }
  /// Removing a culprit means compiling all the others again; beyond these, halves are faster.
  private static var culpritLimit: Int { 4 }
  /// Patterns whose counts of groups add more take long enough to be asked about once, and not again and
  /// again while culprits are found: a tenth of a second each.
  private static var heavyLimit: Int { 200 }

  private let bounds: PatternBounds
  private var entries: [PatternSet.Entry]
  /// What Vectorscan compiles for an entry; nil where it has no part in it, or where it is compiled already.
  private var patterns: [ScanPattern?]

  /// `sources` are checked: their syntax is PCRE2's. Duplicates count once. `beforeAll` is called before all
  /// of them are compiled together, the longest that this can take.
  static func compile(
    _ sources: [PatternSource], reusing previous: PatternSet?, effort: Effort,
    bounds: PatternBounds = .standard, beforeAll: () -> Void = {}
  ) throws(PolicyError) -> PatternSet {
    if let previous, previous.serves(sources, asOne: effort == .full) { return previous }
    var wanted: Set<PatternSource> = []
    let distinct = sources.filter { wanted.insert($0).inserted }
    if let previous, let taken = try takeOver(previous, for: distinct, wanted, effort, bounds) {
      return taken
    }
    try checkSize(distinct)
    beforeAll()
    var compiler = PatternCompiler(distinct, known: previous, bounds)
    let databases = try compiler.compileAll(from: 0)
    return PatternSet(
      entries: compiler.entries, fullCount: distinct.count, full: databases, patch: PatternDatabases())
  }

  /// The earlier set with what is new beside it; nil when all is to be compiled together.
  private static func takeOver(
    _ previous: PatternSet, for distinct: [PatternSource], _ wanted: Set<PatternSource>, _ effort: Effort,
    _ bounds: PatternBounds
  ) throws(PolicyError) -> PatternSet? {
    let missing = distinct.filter { previous.number(of: $0) == nil }
    guard effort == .patch, distinct.count > patchFloor else { return nil }
    let kept = previous.entries.dropFirst(previous.fullCount).map(\.source).filter { wanted.contains($0) }
    let unused = previous.fullCount - (distinct.count - missing.count - kept.count)
    guard kept.count + missing.count <= patchLimit, unused < previous.fullCount / 4 else { return nil }
    try checkSize(distinct)
    var compiler = PatternCompiler(kept + missing, known: previous, bounds)
    compiler.entries.insert(contentsOf: previous.entries[..<previous.fullCount], at: 0)
    compiler.patterns.insert(contentsOf: [ScanPattern?](repeating: nil, count: previous.fullCount), at: 0)
    let patch = try compiler.compileAll(from: previous.fullCount)
    return PatternSet(
      entries: compiler.entries, fullCount: previous.fullCount, full: previous.full, patch: patch)
  }

  /// Positions as written; what is added to them was bounded rule by rule, so that the others decide.
  private static func checkSize(_ sources: [PatternSource]) throws(PolicyError) {
    let size = sources.reduce(0) { $0 + $1.text.utf8.count }
    if size <= sizeLimit { return }
    throw PolicyError(
      .tooLarge, doing: "compiling the rules",
      advice: "the patterns have \(size) bytes in all, more than \(sizeLimit); remove what is not needed")
  }

  private init(_ sources: [PatternSource], known: PatternSet?, _ bounds: PatternBounds) {
    self.bounds = bounds
    entries = []
    patterns = []
    entries.reserveCapacity(sources.count)
    patterns.reserveCapacity(sources.count)
    for source in sources {
      let earlier = known?.entry(of: source)
      var (entry, pattern) = PatternCompiler.place(source, known: earlier)
      entry.cost = earlier?.cost ?? PatternCost(of: source)
      entries.append(entry)
      patterns.append(pattern)
    }
  }

  // MARK: - Homes

  /// The home of a pattern, and what the automaton needs of it. `known` spares asking the engine again.
  static func place(_ source: PatternSource, known: PatternSet.Entry?) -> (PatternSet.Entry, ScanPattern?) {
    if let known, known.home == .searched || known.home == .refused { return (known, nil) }
    guard source.isRegex else {
      let pattern = ScanPattern(expression: literal(source.text), isUnicode: source.isUnicode)
      let added = PatternSize.added(byLiteral: source)
      if added > PatternSize.addedLimit {
        let note = "its letters fold to \(added) positions more, above \(PatternSize.addedLimit)"
        return (PatternSet.Entry(source: source, home: .refused, note: note), nil)
      }
      return (PatternSet.Entry(source: source, home: .automaton), pattern)
    }
    let reader = RegexReader(source.text, isUnicode: source.isUnicode)
    var pattern = ScanPattern(
      expression: String(decoding: reader.expression, as: UTF8.self), isUnicode: source.isUnicode)
    if let known {
      pattern.isPrefilter = known.home == .confirmed
      return (known, pattern)
    }
    if let callout = reader.callout {
      let note = "a callout at column \(column(source.text, callout))"
      return (PatternSet.Entry(source: source, home: .refused, note: note), nil)
    }
    if let divergence = reader.divergence {
      let note = "\(divergence.name) at column \(column(source.text, divergence.offset))"
      return (PatternSet.Entry(source: source, home: .searched, note: note), nil)
    }
    if reader.size.added > PatternSize.addedLimit {
      let note = "its counts add \(reader.size.added) positions, more than \(PatternSize.addedLimit)"
      return (PatternSet.Entry(source: source, home: .searched, note: note), nil)
    }
    // Before the engine reads it: that alone may take it half a minute.
    var ways = reader.ways
    let count = ways.finished()
    if count > RegexWays.limit {
      let note =
        "its parts that may be missing and its alternatives make \(count) ways through it, more than "
        + "\(RegexWays.limit)"
      return (PatternSet.Entry(source: source, home: .searched, note: note), nil)
    }
    guard case .refused(let complaint) = pattern.read() else {
      return (PatternSet.Entry(source: source, home: .automaton), pattern)
    }
    if complaint.hasPrefix("Pattern can never match") {
      return (PatternSet.Entry(source: source, home: .refused, note: "the regex can never match"), nil)
    }
    let note =
      reader.exotic.map { "\($0.name) at column \(column(source.text, $0.offset))" }
      ?? "Vectorscan: \(sentence(complaint))"
    pattern.isPrefilter = true
    // What holds for the empty text too narrows nothing down.
    guard case .accepted(let width) = pattern.read(), width > 0 else {
      return (PatternSet.Entry(source: source, home: .searched, note: note), nil)
    }
    return (PatternSet.Entry(source: source, home: .confirmed, note: note), pattern)
  }

  /// Letters of ASCII as hexadecimal, so that nothing in a literal means anything.
  static func literal(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if byte >= 0x80 {
        bytes.append(byte)
      } else {
        bytes.append(ascii: "\\x")
        bytes.append(hexByte: byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The column of a byte, counted from 1 in characters as Unicode counts them.
  static func column(_ text: String, _ offset: Int) -> Int {
    var column = 1
    for byte in text.utf8.prefix(offset) where byte & 0xC0 != 0x80 { column += 1 }
    return column
  }

  private static func sentence(_ message: String) -> String {
    message.hasSuffix(".") ? String(message.dropLast()) : message
  }

  // MARK: - Automatons

  private mutating func compileAll(from start: Int) throws(PolicyError) -> PatternDatabases {
    var bytes: [ScanPattern] = []
    var unicode: [ScanPattern] = []
    for number in start..<entries.count {
      guard var pattern = patterns[number] else { continue }
      pattern.number = UInt32(number)
      if pattern.isUnicode { unicode.append(pattern) } else { bytes.append(pattern) }
    }
    return PatternDatabases(bytes: try compileInParts(bytes), unicode: try compileInParts(unicode))
  }

  /// All in one database, but for the vague regexes behind the first few: those stand in others, few in each,
  /// since they are merged all with all.
  private mutating func compileInParts(_ patterns: [ScanPattern]) throws(PolicyError) -> [ScanDatabase] {
    var parts: [[ScanPattern]] = [[]]
    var vague = 0
    for pattern in patterns {
      var part = 0
      if entries[Int(pattern.number)].cost.isVague {
        part = vague / bounds.vagueTogether
        vague += 1
      }
      if part == parts.count { parts.append([]) }
      parts[part].append(pattern)
    }
    var databases: [ScanDatabase] = []
    for part in parts { databases += try compile(part) }
    return databases
  }

  /// One database where possible. The engine names the culprit when a single pattern is too much; that one is
  /// left to PCRE2. When it names none, or all together are too much, each half is compiled by itself.
  private mutating func compile(_ patterns: [ScanPattern]) throws(PolicyError) -> [ScanDatabase] {
    var rest = patterns
    for round in 0..<PatternCompiler.culpritLimit {
      if rest.isEmpty { return [] }
      switch try ScanDatabase.compile(rest) {
      case .compiled(let database): return [database]
      case .refused(let index, let message):
        guard let culprit = index ?? (rest.count == 1 ? 0 : nil) else {
          return try compileHalves(rest)
        }
        leaveOut(rest[culprit], message)
        rest.remove(at: culprit)
        // Those before it were taken.
        if round == 0 { try removeHeavyCulprits(&rest, from: culprit) }
      }
    }
    return try compileHalves(rest)
  }

  private mutating func leaveOut(_ pattern: ScanPattern, _ message: String) {
    let number = Int(pattern.number)
    // A literal that is too much has no regex to search for.
    entries[number].home = entries[number].source.isRegex ? .searched : .refused
    entries[number].note = "Vectorscan: \(PatternCompiler.sentence(message))"
  }

  /// Asks about those that take long by themselves, one by one: with the others each would be found at the
  /// price of compiling all others again.
  private mutating func removeHeavyCulprits(
    _ patterns: inout [ScanPattern], from start: Int
  ) throws(PolicyError) {
    var kept = Array(patterns[..<start])
    for pattern in patterns[start...] {
      if entries[Int(pattern.number)].cost.nested > PatternCompiler.heavyLimit,
        case .refused(_, let message) = try ScanDatabase.compile([pattern])
      {
        leaveOut(pattern, message)
      } else {
        kept.append(pattern)
      }
    }
    patterns = kept
  }

  private mutating func compileHalves(_ patterns: [ScanPattern]) throws(PolicyError) -> [ScanDatabase] {
    if patterns.count < 2 { return try compile(patterns) }
    let middle = patterns.count / 2
    return try compile(Array(patterns[..<middle])) + compile(Array(patterns[middle...]))
  }
}
