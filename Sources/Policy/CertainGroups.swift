/// The named groups of a regex that took part whenever it holds. Reads what decides that: alternatives,
/// quantifiers, and what is no part of either. A group it is not sure of is left out.
enum CertainGroups {
  private struct Level {
    var name: String?
    /// Names that are certain where this group takes part.
    var inside: Set<String> = []
    var hasAlternatives = false
    /// A look-around or another special group: what it captures is not looked at.
    var isSpecial = false
  }

  /// `regex`: one that PCRE2 has accepted.
  static func names(in regex: String) -> Set<String> {
    let bytes = Array(regex.utf8)
    var levels = [Level()]
    var at = 0
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\\"):
        // What \Q quotes may hold anything.
        if at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "Q") { return [] }
        at = endOfEscape(bytes, at)
      case UInt8(ascii: "["):
        guard let end = endOfClass(bytes, at) else { return [] }
        at = end
      case UInt8(ascii: "|"):
        levels[levels.count - 1].hasAlternatives = true
        at += 1
      case UInt8(ascii: "("): levels.append(open(bytes, &at))
      case UInt8(ascii: ")") where levels.count > 1:
        at += 1
        close(&levels, isOptional: isOptional(bytes, at))
      default: at += 1
      }
    }
    return levels.count == 1 && !levels[0].hasAlternatives ? levels[0].inside : []
  }

  private static func close(_ levels: inout [Level], isOptional: Bool) {
    let level = levels.removeLast()
    if isOptional || level.isSpecial { return }
    if !level.hasAlternatives { levels[levels.count - 1].inside.formUnion(level.inside) }
    if let name = level.name { levels[levels.count - 1].inside.insert(name) }
  }

  /// `*`, `?`, `{0,…}` and the like follow.
  private static func isOptional(_ bytes: [UInt8], _ at: Int) -> Bool {
    guard at < bytes.count else { return false }
    switch bytes[at] {
    case UInt8(ascii: "*"), UInt8(ascii: "?"): return true
    case UInt8(ascii: "{"): return at + 1 >= bytes.count || !(0x31...0x39).contains(bytes[at + 1])
    default: return false
    }
  }

  /// `(`, `(?:`, `(?<name>`, `(?P<name>`, `(?'name'`, and whatever else begins with `(?` or `(*`.
  private static func open(_ bytes: [UInt8], _ at: inout Int) -> Level {
    at += 1
    guard at < bytes.count, bytes[at] == UInt8(ascii: "?") || bytes[at] == UInt8(ascii: "*") else {
      return Level()
    }
    var index = at + 1
    if index < bytes.count, bytes[index] == UInt8(ascii: ":") {
      at = index + 1
      return Level()
    }
    if index < bytes.count, bytes[index] == UInt8(ascii: "P") { index += 1 }
    let isNamed =
      index + 1 < bytes.count
      && (bytes[index] == UInt8(ascii: "'")
        || bytes[index] == UInt8(ascii: "<") && bytes[index + 1] != UInt8(ascii: "=")
          && bytes[index + 1] != UInt8(ascii: "!"))
    guard isNamed else { return Level(isSpecial: true) }
    let start = index + 1
    while index + 1 < bytes.count, bytes[index + 1] != UInt8(ascii: ">"),
      bytes[index + 1] != UInt8(ascii: "'")
    {
      index += 1
    }
    at = index + 2
    return Level(name: String(decoding: bytes[start...index], as: UTF8.self))
  }

  /// Behind `\d`, `\]`, `\c]`: what has more letters has none that mean anything.
  private static func endOfEscape(_ bytes: [UInt8], _ start: Int) -> Int {
    start + (start + 1 < bytes.count && bytes[start + 1] == UInt8(ascii: "c") ? 3 : 2)
  }

  /// Behind the `]` that ends the class; a `]` right at its start is a member. Nil: some of it is quoted.
  static func endOfClass(_ bytes: [UInt8], _ start: Int) -> Int? {
    var at = start + 1
    if at < bytes.count, bytes[at] == UInt8(ascii: "^") { at += 1 }
    if at < bytes.count, bytes[at] == UInt8(ascii: "]") { at += 1 }
    while at < bytes.count, bytes[at] != UInt8(ascii: "]") {
      if bytes[at] == UInt8(ascii: "\\") {
        let letter = at + 1 < bytes.count ? bytes[at + 1] : 0
        if letter == UInt8(ascii: "Q") || letter == UInt8(ascii: "E") { return nil }
        at = endOfEscape(bytes, at)
      } else if bytes[at] == UInt8(ascii: "["), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: ":") {
        at = endOfPOSIXClass(bytes, at)
      } else {
        at += 1
      }
    }
    return min(at + 1, bytes.count)
  }

  /// Behind `[:alpha:]`; behind the `[` when it is none.
  private static func endOfPOSIXClass(_ bytes: [UInt8], _ start: Int) -> Int {
    var at = start + 2
    while at + 1 < bytes.count, bytes[at] != UInt8(ascii: "]") {
      if bytes[at] == UInt8(ascii: ":"), bytes[at + 1] == UInt8(ascii: "]") { return at + 2 }
      at += 1
    }
    return start + 1
  }
}
