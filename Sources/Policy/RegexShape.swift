/// What can be said of a regex without running it: which texts it cannot do without, and whether it holds
/// for everything. Reads what rules are made of; whatever it is not sure of, it says nothing about.
struct RegexShape: Sendable, Equatable {
  /// What a regex asks of the text it holds for.
  enum Demand: Sendable {
    /// Holds for every text.
    case nothing
    /// Holds for every text that is not empty.
    case anything
    case something
  }

  /// The alternatives at the top, each with texts that stand in whatever it holds for, in some case of A-Z.
  let alternatives: [[[UInt8]]]
  let demand: Demand
  /// It does not hold for the empty text.
  let needsText: Bool
  /// Where it holds for a text, it holds for every text with that in it, in any case of A-Z: nothing looks
  /// beyond what is matched.
  let isMonotone: Bool

  /// Runs of one alternative beyond the longest of these are left out: they seldom say more.
  private static var runLimit: Int { 16 }
  /// A regex with more alternatives is not taken apart.
  private static var alternativeLimit: Int { 64 }

  /// Nil when the regex holds anything that is not known here. It must be one that PCRE2 has accepted.
  init?(_ regex: String) {
    do throws(RegexParts.Unknown) {
      var parts = RegexParts(regex)
      let branches = try parts.read()
      self.init(branches, looksAround: parts.looksAround, isUnyielding: parts.isUnyielding)
    } catch {
      return nil
    }
  }

  private init(_ branches: [RegexParts.Branch], looksAround: Bool, isUnyielding: Bool) {
    let top = RegexShape.unwrapped(branches)
    let kept = top.count <= RegexShape.alternativeLimit ? top : []
    alternatives = kept.isEmpty ? [[]] : kept.map { RegexShape.runs($0) }
    needsText = !branches.contains { RegexShape.canBeEmpty($0) }
    let demands = isUnyielding ? [] : branches.map { RegexShape.demand(RegexShape.flattened($0)[...]) }
    demand =
      demands.contains(.nothing) ? .nothing : demands.contains(.anything) ? .anything : .something
    isMonotone = !looksAround && !isUnyielding
  }

  /// `(a|b)` is `a|b`.
  private static func unwrapped(_ branches: [RegexParts.Branch]) -> [RegexParts.Branch] {
    guard branches.count == 1, branches[0].count == 1, branches[0][0].isOnce,
      case .group(let inner) = branches[0][0].part
    else { return branches }
    return unwrapped(inner)
  }

  /// `^(.*)$` is `^.*$`.
  private static func flattened(_ branch: RegexParts.Branch) -> RegexParts.Branch {
    branch.flatMap { item in
      guard item.isOnce, case .group(let inner) = item.part, inner.count == 1 else { return [item] }
      return flattened(inner[0])
    }
  }

  // MARK: - Runs

  private static func runs(_ branch: RegexParts.Branch) -> [[UInt8]] {
    var collector = RunCollector()
    collector.walk(branch)
    collector.endRun()
    if collector.runs.count <= runLimit { return collector.runs }
    return Array(collector.runs.sorted { $0.count > $1.count }.prefix(runLimit))
  }

  private struct RunCollector {
    var runs: [[UInt8]] = []
    var current: [UInt8] = []
    /// Of more repetitions than these the rest is left out.
    private static var repeatLimit: Int { 32 }

    mutating func endRun() {
      if !current.isEmpty { runs.append(current) }
      current.removeAll()
    }

    mutating func walk(_ branch: RegexParts.Branch) {
      for item in branch {
        switch item.part {
        case .text(let bytes) where item.least > 0:
          for _ in 0..<min(item.least, RunCollector.repeatLimit) { current += bytes }
          if item.most == item.least, item.least <= RunCollector.repeatLimit { continue }
          // The last repetition stands before what follows.
          endRun()
          current = bytes
        case .group(let inner) where item.least > 0 && inner.count == 1:
          if !item.isOnce { endRun() }
          walk(inner[0])
          if !item.isOnce { endRun() }
        default: endRun()
        }
      }
    }
  }

  // MARK: - How much it asks for

  private static func canBeEmpty(_ branch: RegexParts.Branch) -> Bool {
    branch.allSatisfy { canBeEmpty($0) }
  }

  private static func canBeEmpty(_ item: RegexParts.Item) -> Bool {
    if item.least == 0 { return true }
    switch item.part {
    case .text, .any, .one: return false
    case .start, .end, .glance: return true
    case .group(let branches): return branches.contains { canBeEmpty($0) }
    }
  }

  /// Anchors at the ends ask for nothing by themselves; between both, something must take the whole text.
  private static func demand(_ branch: ArraySlice<RegexParts.Item>) -> Demand {
    var items = branch
    var isAnchored = (start: false, end: false)
    while case .start? = items.first?.part {
      items.removeFirst()
      isAnchored.start = true
    }
    while case .end? = items.last?.part {
      items.removeLast()
      isAnchored.end = true
    }
    var leastAny = 0
    var takesAll = false
    for item in items {
      if let reach = RegexShape.reach(item) {
        leastAny += reach.least
        if reach.isEndless { takesAll = true }
      } else if !asksForNothing(item) {
        return .something
      }
    }
    if isAnchored.start, isAnchored.end, !takesAll { return .something }
    return leastAny == 0 ? .nothing : leastAny == 1 ? .anything : .something
  }

  /// How many characters it takes at least, whatever they are, and whether it takes any number beyond; nil:
  /// not just any. `(?:.|\s)` is as good as `.`, whatever else it would take.
  private static func reach(_ item: RegexParts.Item) -> (least: Int, isEndless: Bool)? {
    if item.most == 0 { return nil }
    switch item.part {
    case .any: return (min(item.least, 2), item.most == nil)
    case .group(let branches):
      for branch in branches where branch.count == 1 {
        // Of pairs, `(?:..)*`, not every number of characters is made.
        guard let inner = reach(branch[0]), inner.least <= 1 else { continue }
        return (min(item.least, 2) * inner.least, item.most == nil || inner.isEndless)
      }
      return nil
    case .text, .one, .start, .end, .glance: return nil
    }
  }

  /// Can be left out wherever it stands.
  private static func asksForNothing(_ item: RegexParts.Item) -> Bool {
    switch item.part {
    case .start, .end, .glance: false
    case .group(let branches): item.least == 0 || branches.contains { $0.allSatisfy { asksForNothing($0) } }
    case .text, .any, .one: item.least == 0
    }
  }
}
