import Model

/// Takes a regex that PCRE2 has accepted apart, as far as it is made of what rules are usually made of.
struct RegexParts {
  /// Something whose meaning is not known here, or not for certain.
  struct Unknown: Error {}

  indirect enum Part {
    /// One character, in any case.
    case text([UInt8])
    /// `.`
    case any
    /// One character out of some.
    case one
    case start, end
    /// Takes no text that could be named, or none at all: `\b`, a look-ahead, a back-reference.
    case glance
    case group([Branch])
  }
  struct Item {
    var part: Part
    var least = 1
    /// Nil: without end.
    var most: Int? = 1

    var isOnce: Bool { least == 1 && most == 1 }
  }
  typealias Branch = [Item]

  /// What is matched depends on what stands around it, or on its case.
  private(set) var looksAround = false
  /// Something takes all it can and gives nothing back: what comes behind may never hold.
  private(set) var isUnyielding = false

  private let pattern: [UInt8]
  private var at = 0
  private var depth = 0

  /// Nothing people write is nested deeper; PCRE2 itself stops at 250.
  private static var depthLimit: Int { 100 }

  init(_ regex: String) { pattern = Array(regex.utf8) }

  /// The branches at the top.
  mutating func read() throws(Unknown) -> [Branch] {
    let branches = try readBranches()
    if at < pattern.count { throw Unknown() }
    return branches
  }

  private func byte(_ distance: Int = 0) -> UInt8 {
    at + distance < pattern.count ? pattern[at + distance] : 0
  }

  private func isNext(_ text: String) -> Bool { pattern[at...].starts(with: text.utf8) }

  private mutating func readBranches() throws(Unknown) -> [Branch] {
    depth += 1
    if depth > RegexParts.depthLimit { throw Unknown() }
    var branches: [Branch] = [[]]
    while at < pattern.count, byte() != UInt8(ascii: ")") {
      if byte() == UInt8(ascii: "|") {
        at += 1
        branches.append([])
      } else {
        try readItem(into: &branches[branches.count - 1])
      }
    }
    depth -= 1
    return branches
  }

  private mutating func readItem(into branch: inout Branch) throws(Unknown) {
    if isNext("\\Q") { return try readQuoted(into: &branch) }
    guard let part = try readPart() else { return }
    var item = Item(part: part)
    if try readQuantifier(&item) {
      switch part {
      case .text, .any, .one, .group: break
      case .start, .end, .glance: throw Unknown()
      }
      var again = Item(part: part)
      if try readQuantifier(&again) { throw Unknown() }
    }
    branch.append(item)
  }

  /// Nil: something that stands for nothing, as `(?i)`.
  private mutating func readPart() throws(Unknown) -> Part? {
    switch byte() {
    case UInt8(ascii: "\\"): return try readEscape()
    case UInt8(ascii: "["): return try readClass()
    case UInt8(ascii: "("): return try readGroup()
    case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"): throw Unknown()
    case UInt8(ascii: "."):
      at += 1
      return .any
    case UInt8(ascii: "^"), UInt8(ascii: "$"):
      looksAround = true
      at += 1
      return pattern[at - 1] == UInt8(ascii: "^") ? .start : .end
    default: return .text(readCharacter())
    }
  }

  /// One byte of ASCII, or all bytes of a letter beyond.
  private mutating func readCharacter() -> [UInt8] {
    let start = at
    at += 1
    while at < pattern.count, pattern[at] & 0xC0 == 0x80 { at += 1 }
    return Array(pattern[start..<at])
  }

  /// `\Q…\E`: every character stands for itself.
  private mutating func readQuoted(into branch: inout Branch) throws(Unknown) {
    at += 2
    while at < pattern.count, !isNext("\\E") { branch.append(Item(part: .text(readCharacter()))) }
    at = min(at + 2, pattern.count)
    var item = Item(part: .any)
    // It would belong to the last character.
    if try readQuantifier(&item) { throw Unknown() }
  }

  // MARK: - Quantifiers

  /// False when none stands here.
  private mutating func readQuantifier(_ item: inout Item) throws(Unknown) -> Bool {
    switch byte() {
    case UInt8(ascii: "*"): (item.least, item.most) = (0, nil)
    case UInt8(ascii: "+"): (item.least, item.most) = (1, nil)
    case UInt8(ascii: "?"): (item.least, item.most) = (0, 1)
    case UInt8(ascii: "{"): return try readCounts(&item)
    default: return false
    }
    at += 1
    readManner()
    return true
  }

  /// `{2}`, `{2,}`, `{2,5}`. Other braces stand for themselves, but which ones differs between versions.
  private mutating func readCounts(_ item: inout Item) throws(Unknown) -> Bool {
    let start = at
    at += 1
    guard isDigit(byte()) else {
      if byte() == UInt8(ascii: ",") || byte() == UInt8(ascii: " ") { throw Unknown() }
      at = start
      return false
    }
    item.least = try readNumber()
    item.most = item.least
    if byte() == UInt8(ascii: ",") {
      at += 1
      item.most = isDigit(byte()) ? try readNumber() : nil
    }
    guard byte() == UInt8(ascii: "}") else { throw Unknown() }
    at += 1
    readManner()
    return true
  }

  private mutating func readNumber() throws(Unknown) -> Int {
    var number = 0
    while isDigit(byte()) {
      number = number * 10 + Int(byte() - UInt8(ascii: "0"))
      if number > 65_535 { throw Unknown() }
      at += 1
    }
    return number
  }

  /// `?` makes it lazy, `+` possessive: then more text can spoil the match.
  private mutating func readManner() {
    if byte() == UInt8(ascii: "+") { isUnyielding = true }
    if byte() == UInt8(ascii: "+") || byte() == UInt8(ascii: "?") { at += 1 }
  }

  // MARK: - Escapes and classes

  private mutating func readEscape() throws(Unknown) -> Part {
    let letter = byte(1)
    at += 2
    switch letter {
    case UInt8(ascii: "a"): return .text([0x07])
    case UInt8(ascii: "e"): return .text([0x1B])
    case UInt8(ascii: "f"): return .text([0x0C])
    case UInt8(ascii: "n"): return .text([0x0A])
    case UInt8(ascii: "r"): return .text([0x0D])
    case UInt8(ascii: "t"): return .text([0x09])
    case UInt8(ascii: "d"), UInt8(ascii: "D"), UInt8(ascii: "w"), UInt8(ascii: "W"), UInt8(ascii: "s"),
      UInt8(ascii: "S"), UInt8(ascii: "h"), UInt8(ascii: "H"), UInt8(ascii: "v"), UInt8(ascii: "V"):
      return .one
    case UInt8(ascii: "x"): return try readHexadecimal()
    case UInt8(ascii: "A"), UInt8(ascii: "z"), UInt8(ascii: "Z"):
      looksAround = true
      return letter == UInt8(ascii: "A") ? .start : .end
    case UInt8(ascii: "b"), UInt8(ascii: "B"):
      looksAround = true
      return .glance
    case UInt8(ascii: "1")...UInt8(ascii: "9"):
      looksAround = true
      while isDigit(byte()) { at += 1 }
      return .glance
    default:
      if letter == 0 || letter >= 0x80 || isDigit(letter) || lowered(letter) &- UInt8(ascii: "a") < 26 {
        throw Unknown()
      }
      return .text([letter])
    }
  }

  /// `\x41`, `\x{2026}`: some character.
  private mutating func readHexadecimal() throws(Unknown) -> Part {
    if byte() == UInt8(ascii: "{") {
      while at < pattern.count, byte() != UInt8(ascii: "}") { at += 1 }
      at += 1
      return .one
    }
    var digits = 0
    while digits < 2, isDigit(byte()) || lowered(byte()) &- UInt8(ascii: "a") < 6 {
      at += 1
      digits += 1
    }
    if digits == 0 { throw Unknown() }
    return .one
  }

  /// `[.]` is the character itself.
  private mutating func readClass() throws(Unknown) -> Part {
    at += 1
    if byte() != UInt8(ascii: "^"), byte() != UInt8(ascii: "\\"), byte() != UInt8(ascii: "["),
      byte() < 0x80, byte(1) == UInt8(ascii: "]")
    {
      at += 2
      return .text([pattern[at - 2]])
    }
    let isNegated = byte() == UInt8(ascii: "^")
    if isNegated { at += 1 }
    if byte() == UInt8(ascii: "]") { at += 1 }
    var kinds: Set<UInt8> = []
    while at < pattern.count, byte() != UInt8(ascii: "]") {
      if isNext("[:") || isNext("[.") || isNext("[=") {
        try readNamedClass()
      } else if byte() == UInt8(ascii: "\\") {
        switch byte(1) {
        case UInt8(ascii: "Q"), UInt8(ascii: "E"), UInt8(ascii: "p"), UInt8(ascii: "P"), UInt8(ascii: "N"),
          UInt8(ascii: "c"), UInt8(ascii: "o"):
          throw Unknown()
        default:
          kinds.insert(byte(1))
          at += 2
        }
      } else {
        at += 1
      }
    }
    at += 1
    if at > pattern.count { throw Unknown() }
    // `[\s\S]`, as it is written where a dot takes no newline: a kind of character, and all others.
    let isAny = "dwshv".utf8.contains { kinds.contains($0) && kinds.contains($0 &- 0x20) }
    return isAny && !isNegated ? .any : .one
  }

  /// `[:digit:]`. Whether `[:upper:]` folds is a matter of engines.
  private mutating func readNamedClass() throws(Unknown) {
    looksAround = true
    at += 2
    while byte() == UInt8(ascii: "^") || lowered(byte()) &- UInt8(ascii: "a") < 26 { at += 1 }
    guard isNext(":]") else { throw Unknown() }
    at += 2
  }

  // MARK: - Groups

  private mutating func readGroup() throws(Unknown) -> Part? {
    if isNext("(*") { throw Unknown() }
    at += 1
    var isGlance = false
    if byte() == UInt8(ascii: "?") {
      at += 1
      switch byte() {
      case UInt8(ascii: ":"): at += 1
      case UInt8(ascii: ">"):
        isUnyielding = true
        at += 1
      case UInt8(ascii: "="), UInt8(ascii: "!"):
        isGlance = true
        at += 1
      case UInt8(ascii: "<") where byte(1) == UInt8(ascii: "=") || byte(1) == UInt8(ascii: "!"):
        isGlance = true
        at += 2
      case UInt8(ascii: "<"), UInt8(ascii: "'"), UInt8(ascii: "P"): try readName()
      default:
        if try readModes() { return nil }
      }
    }
    let branches = try readBranches()
    guard byte() == UInt8(ascii: ")") else { throw Unknown() }
    at += 1
    if isGlance { looksAround = true }
    return isGlance ? .glance : .group(branches)
  }

  /// `<name>`, `P<name>`, `'name'`.
  private mutating func readName() throws(Unknown) {
    if byte() == UInt8(ascii: "P") { at += 1 }
    let end: UInt8
    switch byte() {
    case UInt8(ascii: "<"): end = UInt8(ascii: ">")
    case UInt8(ascii: "'"): end = UInt8(ascii: "'")
    default: throw Unknown()
    }
    at += 1
    while at < pattern.count, byte() != end { at += 1 }
    at += 1
    if at > pattern.count { throw Unknown() }
  }

  /// `(?i)`, `(?s:`: what holds here anyway, or, as `m`, changes nothing that is said here. True when it
  /// opens no group.
  private mutating func readModes() throws(Unknown) -> Bool {
    while true {
      let letter = byte()
      at += 1
      switch letter {
      case UInt8(ascii: "i"), UInt8(ascii: "s"), UInt8(ascii: "m"): continue
      case UInt8(ascii: ")"): return true
      case UInt8(ascii: ":"): return false
      default: throw Unknown()
      }
    }
  }
}
