import Model

/// Which earlier rules may hold for a text that a later one cannot do without: found by a piece of each,
/// so that only those few are compiled and asked.
struct RuleContenders {
  private struct Mark {
    /// Ascending.
    var ranks: [Int] = []
    /// So many of them are contenders already.
    var known = 0
  }

  private var children: [UInt64: Int] = [:]
  private var marks: [Mark] = [Mark()]
  private(set) var ranks: Set<Int> = []

  /// A longer piece would tell hardly more apart.
  private static var pieceLimit: Int { 32 }

  init() {}

  /// The next rule in deciding order holds for a text only if one of `alternatives` has all its pieces in it.
  mutating func add(_ rank: Int, _ alternatives: [[[UInt8]]]) {
    for pieces in alternatives {
      guard let piece = pieces.max(by: { $0.count < $1.count }) else {
        ranks.insert(rank)
        return
      }
      let node = makeNode(piece.prefix(RuleContenders.pieceLimit))
      if marks[node].ranks.last != rank { marks[node].ranks.append(rank) }
    }
  }

  private mutating func makeNode(_ piece: ArraySlice<UInt8>) -> Int {
    var node = 0
    for byte in piece {
      let key = RuleContenders.key(node, byte)
      if let next = children[key] {
        node = next
      } else {
        marks.append(Mark())
        children[key] = marks.count - 1
        node = marks.count - 1
      }
    }
    return node
  }

  /// Marks the rules before `rank` of which a piece stands in `text`.
  mutating func look(_ text: [UInt8], before rank: Int) {
    for start in text.indices {
      var node = 0
      for byte in text[start...] {
        guard let next = children[RuleContenders.key(node, byte)] else { break }
        node = next
        while marks[node].known < marks[node].ranks.count {
          let found = marks[node].ranks[marks[node].known]
          if found >= rank { break }
          ranks.insert(found)
          marks[node].known += 1
        }
      }
    }
  }

  private static func key(_ node: Int, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(lowered(byte)) }
}
