/// An estimate of the ways from one position of a regex to another: what Vectorscan's compiler walks over,
/// more than once for each. A text has one behind each letter. Of a hundred parts in a row that may all be
/// missing, each leads to every later one, and so does each of a hundred alternatives to each of a hundred
/// others: few letters of a pattern, thousands of ways.
///
/// Counted as Glushkov's automaton has them: where a part may begin, where it may end, and whether it may be
/// missing say how many there are between it and the next. What takes no text (anchors, look-arounds) leaves
/// its neighbours side by side.
///
/// Measured with Vectorscan 5.4, whatever the ways come from: 5,000 take 0.04 to 0.2 s to compile, and 0.8 s
/// where they are spread over 1,800 bytes; 2,100 of a Unicode pattern 0.5 s; 10,000 take 0.3 to 0.6 s,
/// 125,000 half a minute, 400,000 four.
struct RegexWays: Sendable {
  /// Ways of a pattern that may be compiled.
  static var limit: Int { 5_000 }
  /// Patterns with no more, twenty parts that may be missing, take about as long as letters do, and the
  /// bounds on rules and their text bound them.
  static var slightLimit: Int { 200 }
  /// `.` of a pattern that reads UTF-8, and any other class: bytes that they may begin and end with.
  static var unicodeAny: Int { 3 }
  static var unicodeClass: Int { 5 }

  enum Group: Sendable {
    case text
    /// Takes none: a look-around.
    case glance
    /// What another group took, or takes.
    case reference
  }

  private struct Part {
    var positions = 0
    /// Positions that it may begin with, and those that it may end with.
    var first = 0
    var last = 0
    var ways = 0
    /// It may hold for no text at all.
    var canBeNone = true
  }

  private struct Level {
    /// Of the branch at hand, without what was read last.
    var branch = Part()
    /// What a quantifier that comes next is about.
    var pending = Part()
    /// The branches before it; nil: it is the first.
    var others: Part?
    var group = Group.text
  }

  private var levels = [Level()]
  private var hasBoundary = false

  /// Far above every bound; the product of two is far below an overflow.
  private static var cap: Int { 1 << 30 }
  private static func sum(_ left: Int, _ right: Int) -> Int { min(left + right, cap) }
  private static func product(_ left: Int, _ right: Int) -> Int { min(left * right, cap) }

  /// A letter or a class. `width`: positions that begin and that end it; beyond ASCII one letter is bytes.
  mutating func position(width: Int = 1) {
    settle()
    levels[levels.count - 1].pending = Part(
      positions: width, first: width, last: width, ways: 0, canBeNone: false)
  }

  /// `\b`, `\B`: what stands on both sides is compiled once as a letter of a word and once as none.
  mutating func boundary() { hasBoundary = true }

  /// What was taken before, whatever that was: where Vectorscan only narrows down, any text.
  mutating func reference() {
    position()
    again(least: 0, most: nil)
  }

  /// What was read last may come `least` to `most` times; nil: as often as it comes.
  mutating func again(least: Int, most: Int?) {
    let top = levels.count - 1
    let part = levels[top].pending
    let copies = max(most ?? least, 1)
    var whole = Part()
    whole.canBeNone = part.canBeNone || least == 0
    if most != 0 {
      let between = RegexWays.product(part.last, part.first)
      // Of those that may be missing Vectorscan leaves out the first, never one in the middle.
      let mayEndEarly = copies > 1 && (most != least || part.canBeNone)
      let joints = (mayEndEarly ? 2 : 1) * (copies - 1) + (most == nil ? 1 : 0)
      whole.positions = RegexWays.product(part.positions, copies)
      whole.first = part.first
      whole.last = RegexWays.product(part.last, mayEndEarly ? 2 : 1)
      whole.ways = RegexWays.sum(
        RegexWays.product(part.ways, copies), RegexWays.product(between, joints))
    }
    levels[top].pending = whole
  }

  mutating func open(_ group: Group) {
    settle()
    levels.append(Level(group: group))
  }

  mutating func close() {
    settle()
    guard levels.count > 1, let inner = levels.popLast() else { return }
    switch inner.group {
    case .text: levels[levels.count - 1].pending = RegexWays.either(inner.others, inner.branch)
    case .glance: break
    case .reference: reference()
    }
  }

  /// Another branch begins.
  mutating func bar() {
    settle()
    let top = levels.count - 1
    levels[top].others = RegexWays.either(levels[top].others, levels[top].branch)
    levels[top].branch = Part()
  }

  /// Ways beyond the two of each position that any regex may have: to itself and to the next.
  mutating func finished() -> Int {
    settle()
    let whole = RegexWays.either(levels[0].others, levels[0].branch)
    return RegexWays.product(max(0, whole.ways - 2 * whole.positions), hasBoundary ? 4 : 1)
  }

  /// What was read last stands as it is.
  private mutating func settle() {
    let top = levels.count - 1
    levels[top].branch = RegexWays.chain(levels[top].branch, levels[top].pending)
    levels[top].pending = Part()
  }

  /// One behind the other.
  private static func chain(_ left: Part, _ right: Part) -> Part {
    var whole = Part()
    whole.positions = sum(left.positions, right.positions)
    whole.ways = sum(sum(left.ways, right.ways), product(left.last, right.first))
    whole.first = left.canBeNone ? sum(left.first, right.first) : left.first
    whole.last = right.canBeNone ? sum(left.last, right.last) : right.last
    whole.canBeNone = left.canBeNone && right.canBeNone
    return whole
  }

  /// One or the other.
  private static func either(_ left: Part?, _ right: Part) -> Part {
    guard let left else { return right }
    return Part(
      positions: sum(left.positions, right.positions), first: sum(left.first, right.first),
      last: sum(left.last, right.last), ways: sum(left.ways, right.ways),
      canBeNone: left.canBeNone || right.canBeNone)
  }
}
