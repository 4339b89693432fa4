import Model
import Policy

/// How many events each rule has won: what `muttd match --count` prints in place of the answers.
struct VerbHits {
  private let snapshot: Snapshot
  /// By the rules' places in the snapshot, from 1; first what no rule has won.
  private(set) var counts: [Int]

  init(_ snapshot: Snapshot) {
    self.snapshot = snapshot
    counts = [Int](repeating: 0, count: snapshot.rules.count + 1)
  }

  /// An event that the rule at this place has won; nil: none has.
  @inline(__always)
  mutating func add(_ winner: Int?) { counts[(winner ?? -1) &+ 1] &+= 1 }

  /// The same of a row: rules have different ids.
  mutating func add(_ row: EventRow) {
    add(row.isMatched ? snapshot.rules.firstIndex { $0.id == row.ruleID } : nil)
  }

  /// What another thread has counted by the same rules.
  mutating func add(_ other: VerbHits) {
    for index in counts.indices { counts[index] += other.counts[index] }
  }

  /// One JSON object a rule in deciding order, those that won nothing too, and last what no rule has won.
  func write(to output: inout VerbOutput) {
    for index in snapshot.rules.indices {
      let rule = snapshot.rules[index]
      output.json(VerbHits.object(rule.id, rule.name, counts[index + 1]))
    }
    output.json(VerbHits.object(nil, nil, counts[0]))
  }

  private static func object(_ id: Int64?, _ name: String?, _ lines: Int) -> VerbJSON {
    var object = VerbJSON()
    object.add("rule_id", number: id)
    object.add("rule", name)
    object.add("lines", number: lines)
    return object
  }
}
