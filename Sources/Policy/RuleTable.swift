import Model

/// Which rules use a pattern, and what they ask for besides it: flat tables for the callback of a scan.
struct RuleTable: Sendable {
  struct Condition: BitwiseCopyable, Sendable {
    /// The syslog severity that the event must have; -1: any.
    var severity: Int8 = -1
    /// Arcs that the trap's OID must start with; 0: none asked for.
    var arcCount: UInt8 = 0
    var arcStart: UInt32 = 0
    /// Which regex of the snapshot must confirm the pattern; -1: the automaton alone decides.
    var confirmation: Int32 = -1

    /// `severity`: the event's, -1 for traps and where it is unknown. `trapOID`: empty for syslog.
    func holds(severity: Int8, trapOID: borrowing ObjectID, arcs: Span<UInt32>) -> Bool {
      if self.severity >= 0, self.severity != severity { return false }
      return startsRight(trapOID, arcs: arcs)
    }

    func startsRight(_ trapOID: borrowing ObjectID, arcs: Span<UInt32>) -> Bool {
      guard trapOID.count >= Int(arcCount) else { return false }
      for step in 0..<Int(arcCount) where trapOID[step] != arcs[Int(arcStart) + step] { return false }
      return true
    }
  }

  /// By rank.
  private(set) var conditions: [Condition] = []
  private(set) var arcs: [UInt32] = []
  /// The rules of pattern `n` are `ranks[starts[n]..<starts[n + 1]]`, ascending; a pattern that a set keeps
  /// from an earlier one may have none.
  private(set) var starts: [UInt32] = []
  private(set) var ranks: [UInt32] = []

  /// The conditions of the next rank.
  mutating func add(severity: Int?, oid: ObjectID?, confirmation: Int32) {
    var condition = Condition(confirmation: confirmation)
    if let severity { condition.severity = Int8(severity) }
    if let oid {
      condition.arcStart = UInt32(arcs.count)
      condition.arcCount = UInt8(oid.count)
      for index in 0..<oid.count { arcs.append(oid[index]) }
    }
    conditions.append(condition)
  }

  /// `numbers`: by rank, the pattern of the rule in a set of `count`; nil for a rule without one, or one that
  /// no scan reports.
  mutating func connect(_ numbers: [Int32?], count: Int) {
    var next = [UInt32](repeating: 0, count: count + 1)
    for case .some(let number) in numbers { next[Int(number) + 1] += 1 }
    for number in 0..<count { next[number + 1] += next[number] }
    starts = next.withoutSlack
    ranks = [UInt32](repeating: 0, count: Int(next[count]))
    for (rank, number) in numbers.enumerated() {
      guard let number else { continue }
      ranks[Int(next[Int(number)])] = UInt32(rank)
      next[Int(number)] += 1
    }
    conditions = conditions.withoutSlack
    arcs = arcs.withoutSlack
  }
}

/// Ranks whose pattern may hold and that PCRE2 has yet to confirm; room for all there can be, made once.
struct Candidates: Sendable {
  private var ranks: [UInt32]
  private(set) var count = 0

  /// Never empty: an empty array is shared by all, and asking for its memory to write costs a copy each time.
  init(room: Int) { ranks = [UInt32](repeating: 0, count: max(room, 1)) }

  var isEmpty: Bool { count == 0 }
  subscript(index: Int) -> UInt32 { ranks[index] }

  mutating func clear() { count = 0 }

  mutating func add(_ rank: UInt32) {
    ranks[count] = rank
    count += 1
  }

  /// Ascending. By insertion: a text is rarely a candidate for more than a few rules.
  mutating func sort() {
    if count > 64 { return ranks[..<count].sort() }
    for index in 1..<max(count, 1) {
      let rank = ranks[index]
      var hole = index
      while hole > 0, ranks[hole - 1] > rank {
        ranks[hole] = ranks[hole - 1]
        hole -= 1
      }
      ranks[hole] = rank
    }
  }

  mutating func withRoom(_ body: (UnsafeMutableBufferPointer<UInt32>, inout Int) -> Void) {
    unsafe ranks.withUnsafeMutableBufferPointer { unsafe body($0, &count) }
  }
}
