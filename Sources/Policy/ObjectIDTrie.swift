package import Model

/// The rules that decide by OID alone, found by walking a trap's arcs: one step an arc, however many rules.
struct ObjectIDTrie: Sendable {
  private struct Node: BitwiseCopyable, Sendable {
    var arc: UInt32
    /// Children stand side by side, ordered by arc.
    var firstChild: UInt32 = 0
    var childCount: UInt32 = 0
    /// Ranks of the rules whose prefix ends here, ascending.
    var firstRank: UInt32 = 0
    var rankCount: UInt32 = 0
  }

  private var nodes: [Node] = [Node(arc: 0)]
  private var ranks: [UInt32] = []

  init() {}

  /// Built level by level, so that a node's children end up next to each other.
  init(_ prefixes: [(oid: ObjectID, rank: UInt32)]) {
    let sorted = prefixes.sorted { ObjectIDTrie.precedes($0, $1) }
    // The prefixes below each node that is not filled yet, as a part of `sorted`.
    var open: [(node: Int, range: Range<Int>, depth: Int)] = [(0, 0..<sorted.count, 0)]
    var next = 0
    while next < open.count {
      let (node, range, depth) = open[next]
      next += 1
      var index = range.lowerBound
      nodes[node].firstRank = UInt32(ranks.count)
      while index < range.upperBound, sorted[index].oid.count == depth {
        ranks.append(sorted[index].rank)
        index += 1
      }
      nodes[node].rankCount = UInt32(ranks.count) - nodes[node].firstRank
      nodes[node].firstChild = UInt32(nodes.count)
      while index < range.upperBound {
        let arc = sorted[index].oid[depth]
        let start = index
        while index < range.upperBound, sorted[index].oid[depth] == arc { index += 1 }
        open.append((nodes.count, start..<index, depth + 1))
        nodes.append(Node(arc: arc))
      }
      nodes[node].childCount = UInt32(nodes.count) - nodes[node].firstChild
    }
    nodes = nodes.withoutSlack
    ranks = ranks.withoutSlack
  }

  private static func precedes(_ left: (oid: ObjectID, rank: UInt32), _ right: (oid: ObjectID, rank: UInt32))
    -> Bool
  {
    for index in 0..<min(left.oid.count, right.oid.count) where left.oid[index] != right.oid[index] {
      return left.oid[index] < right.oid[index]
    }
    return (left.oid.count, left.rank) < (right.oid.count, right.rank)
  }

  /// The lowest rank whose prefix `oid` starts with; `.max` when there is none. `oid` is only read: what is
  /// borrowed would be copied whole for each arc.
  func lowestRank(_ oid: inout ObjectID) -> UInt32 {
    var lowest = UInt32.max
    var node = nodes[0]
    for depth in 0..<oid.count {
      guard let child = child(of: node, arc: oid[depth]) else { break }
      node = child
      if node.rankCount > 0 { lowest = min(lowest, ranks[Int(node.firstRank)]) }
    }
    return lowest
  }

  /// Marks every rank whose prefix `oid` starts with.
  func markAll(_ oid: borrowing ObjectID, hits: inout [Bool]) {
    walk(oid) { node in
      for step in 0..<node.rankCount { hits[Int(ranks[Int(node.firstRank + step)])] = true }
    }
  }

  private func walk(_ oid: borrowing ObjectID, _ visit: (Node) -> Void) {
    var node = nodes[0]
    for depth in 0..<oid.count {
      guard let child = child(of: node, arc: oid[depth]) else { return }
      node = child
      visit(node)
    }
  }

  private func child(of node: Node, arc: UInt32) -> Node? {
    var low = Int(node.firstChild)
    var high = low + Int(node.childCount)
    while low < high {
      let middle = (low + high) / 2
      if nodes[middle].arc < arc { low = middle + 1 } else { high = middle }
    }
    guard low < Int(node.firstChild + node.childCount), nodes[low].arc == arc else { return nil }
    return nodes[low]
  }
}

extension ObjectID {
  /// Reads an OID as people write it in a rule: a leading dot, a trailing dot and a trailing `.*` mean
  /// nothing.
  package init?(prefix text: String) {
    var rest = Substring(text)
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    if rest.hasSuffix(".*") { rest.removeLast(2) } else if rest.last == "." { rest.removeLast() }
    self.init(String(rest))
  }
}
