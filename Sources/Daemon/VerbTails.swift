import Model
import Policy

/// How the answers of `muttd match` end: what rule, environment and team say, which is the same for most
/// lines. The ends that came lately are kept as they are written.
struct VerbTails {
  private struct Entry: BitwiseCopyable {
    /// -2: nothing is kept here.
    var rule: Int32 = -2
    var team: Int32 = -1
    var environment = Environment.prod
    var range = ByteRange.absent
  }

  private var entries = [Entry](repeating: Entry(), count: VerbTails.room)
  /// All that is kept, one behind the other.
  private(set) var bytes: [UInt8] = []

  /// A power of two: most lines fall to few rules, or to none.
  private static let room = 256
  /// Bytes; then all is forgotten. Enough for every entry several times over.
  private static let limit = 1 << 20

  /// Where the end of an answer stands in `bytes`, until the next is asked for.
  @inline(__always)
  mutating func find(_ decision: Decision, _ snapshot: Snapshot) -> ByteRange {
    let place = Int(decision.rule &+ decision.team.value &* 31) & (VerbTails.room - 1)
    let entry = entries[place]
    if entry.rule == decision.rule, entry.team == decision.team.value,
      entry.environment == decision.environment
    {
      return entry.range
    }
    return spell(decision, snapshot, at: place)
  }

  @inline(never)
  private mutating func spell(_ decision: Decision, _ snapshot: Snapshot, at place: Int) -> ByteRange {
    if bytes.count > VerbTails.limit {
      bytes.removeAll(keepingCapacity: true)
      for index in entries.indices { entries[index] = Entry() }
    }
    let start = bytes.count
    bytes.append(ascii: ",\"trap_oid\":null,\"rule_id\":")
    if decision.isMatched {
      let rule = snapshot.rules[Int(decision.rule)]
      bytes.append(decimal: rule.id)
      bytes.append(ascii: ",\"rule\":")
      JSONText.append(rule.name, to: &bytes)
    } else {
      bytes.append(ascii: "null,\"rule\":null")
    }
    bytes.append(ascii: ",\"handling\":")
    append(decision.handling, snapshot)
    bytes.append(ascii: decision.forwards ? ",\"forward\":true" : ",\"forward\":false")
    bytes.append(
      ascii: decision.environment == .dev
        ? ",\"environment\":\"dev\",\"team\":" : ",\"environment\":\"prod\",\"team\":")
    append(decision.team, snapshot)
    bytes.append(ascii: "}\n")
    let range = ByteRange(start, bytes.count)
    entries[place] = Entry(
      rule: decision.rule, team: decision.team.value, environment: decision.environment, range: range)
    return range
  }

  private mutating func append(_ text: TextIndex, _ snapshot: Snapshot) {
    var plain: [UInt8] = []
    let range = snapshot.append(text, to: &plain)
    JSONText.append(plain.span, range, to: &bytes)
  }
}
