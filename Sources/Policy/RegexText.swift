/// The longest text that a regex cannot do without, in bytes that stand next to each other: `3` for
/// `abc.*(?:x|yz)`. Whatever cannot be said in one pass counts as none: what stands in look-arounds, the ends
/// of two neighbours that would make a longer one.
///
/// It says what kind of automaton a regex becomes. One that needs a text is only looked at where that text
/// stands, and costs to compile what it is long; the others are merged with each other, all with all.
struct RegexText: Sendable {
  private struct Level {
    /// Of the branch at hand: what stands last, and the longest so far.
    var run = 0
    var longest = 0
    /// The shortest of the branches before it; nil: it is the first.
    var least: Int?
    /// Takes no text: a look-around.
    var isGlance = false
  }

  private enum Item {
    case nothing
    case letter
    case group(Int)
  }

  private var levels = [Level()]
  /// What was read last: a repeat that comes next may make it one that can be left out.
  private var last = Item.nothing
  /// Something but letters was read.
  private(set) var hasSigns = false

  /// A byte that stands for itself.
  mutating func letter() {
    settle()
    last = .letter
  }

  /// One that stands for several, or for none.
  mutating func sign() {
    settle()
    hasSigns = true
    levels[levels.count - 1].run = 0
  }

  /// `*`, `?`, `{0,3}` with `canBeNone`; `+`, `{2}`.
  mutating func again(canBeNone: Bool) {
    hasSigns = true
    if canBeNone { last = .nothing }
    settle()
    levels[levels.count - 1].run = 0
  }

  mutating func open(isGlance: Bool) {
    sign()
    levels.append(Level(isGlance: isGlance))
  }

  mutating func close() {
    settle()
    guard levels.count > 1, let inner = levels.popLast() else { return }
    levels[levels.count - 1].run = 0
    last = inner.isGlance ? .nothing : .group(min(inner.longest, inner.least ?? inner.longest))
  }

  /// Another branch begins.
  mutating func bar() {
    sign()
    let top = levels.count - 1
    levels[top].least = min(levels[top].longest, levels[top].least ?? levels[top].longest)
    levels[top].longest = 0
  }

  /// Once all is read.
  mutating func finished() -> Int {
    settle()
    return min(levels[0].longest, levels[0].least ?? levels[0].longest)
  }

  /// What was read last stands as it is.
  private mutating func settle() {
    let top = levels.count - 1
    switch last {
    case .nothing: break
    case .letter:
      levels[top].run += 1
      levels[top].longest = max(levels[top].longest, levels[top].run)
    case .group(let length): levels[top].longest = max(levels[top].longest, length)
    }
    last = .nothing
  }
}
