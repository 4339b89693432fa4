/// Writes random regexes over a small alphabet, each with a text that it is likely to hold for, so that
/// rules and lines meet often enough to tell something.
struct PatternWriter {
  /// How much of the language a pattern may use.
  enum Reach: CaseIterable {
    /// What one automaton can express.
    case plain
    /// Look-around, references, atomic groups and their like too.
    case exotic
    /// What only back-tracking expresses too: `\K`, `\R`, recursion, control verbs.
    case alone
  }

  struct Written {
    var pattern = ""
    var text: [UInt8] = []

    static func + (left: Written, right: Written) -> Written {
      Written(pattern: left.pattern + right.pattern, text: left.text + right.text)
    }

    func between(_ start: String, _ end: String) -> Written {
      Written(pattern: start + pattern + end, text: text)
    }
  }

  let reach: Reach
  let isUnicode: Bool
  var numbers: SeededNumbers
  /// Texts of the groups so far, by number.
  private var groups: [[UInt8]] = []
  private var openGroups = 0
  private var names: [Int] = []
  private var isExtended = false
  /// Numbers of groups and what they hold must not change any more: inside `(?|…)`.
  private var isCounting = true

  init(reach: Reach, isUnicode: Bool, numbers: SeededNumbers) {
    self.reach = reach
    self.isUnicode = isUnicode
    self.numbers = numbers
  }

  static func write(_ numbers: inout SeededNumbers, reach: Reach, isUnicode: Bool) -> Written {
    var writer = PatternWriter(reach: reach, isUnicode: isUnicode, numbers: numbers)
    var written = writer.alternation(depth: 0)
    if isUnicode, !written.pattern.utf8.contains(where: { $0 >= 0x80 }) {
      written = written + Written(pattern: "ö?")
    }
    numbers = writer.numbers
    return written
  }

  // MARK: - Chance

  private mutating func chance(_ part: Int, of whole: Int) -> Bool {
    Int.random(in: 0..<whole, using: &numbers) < part
  }

  private mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[Int.random(in: 0..<choices.count, using: &numbers)]
  }

  // MARK: - Structure

  private mutating func alternation(depth: Int) -> Written {
    let wasExtended = isExtended
    defer { isExtended = wasExtended }
    var result = sequence(depth: depth)
    while chance(1, of: 5) {
      let other = chance(1, of: 12) ? Written() : sequence(depth: depth)
      let isOther = chance(1, of: 2)
      result = Written(
        pattern: result.pattern + "|" + other.pattern, text: isOther ? other.text : result.text)
    }
    return result
  }

  private mutating func sequence(depth: Int) -> Written {
    var result = Written()
    if depth == 0, chance(1, of: 7) {
      result.pattern += pick(["^", "\\A", "(?m)^", "(?m:^)", "(?i)", "(?-i)"])
    }
    for _ in 0..<Int.random(in: 1...(depth == 0 ? 4 : 3), using: &numbers) {
      result = result + item(depth: depth)
      if isExtended { result.pattern += pick(["", " ", "  ", "# c\n", "\t", "(?# c)"]) }
    }
    if chance(1, of: depth == 0 ? 6 : 20) {
      result.pattern += pick(["$", "$", "\\z", "\\Z", "(?m)$", "(?m:$)"])
    }
    return result
  }

  private mutating func item(depth: Int) -> Written {
    switch Int.random(in: 0..<40, using: &numbers) {
    case 0..<7 where depth < 3: return repeated(group(depth: depth))
    case 7, 8: return Written(pattern: pick(["\\b", "\\b", "\\b", "\\B", "\\B", "^", "$"]))
    case 9: return modes()
    case 10..<19 where reach != .plain: return exotic(depth: depth)
    case 19..<23 where reach == .alone: return alone(depth: depth)
    default: return repeated(atom())
    }
  }

  private mutating func modes() -> Written {
    let mode = pick(["i", "-i", "m", "-m", "s", "-s", "x", "-x", "i-s", "s-i", "mi", "xx", "^"])
    if mode == "x" || mode == "xx" { isExtended = true }
    if mode == "-x" || mode == "^" { isExtended = false }
    return Written(pattern: "(?\(mode))")
  }

  private mutating func group(depth: Int) -> Written {
    switch Int.random(in: 0..<12, using: &numbers) {
    case 0..<4: return captured("(", depth: depth)
    case 4, 5:
      names.append(names.count)
      let name = "n\(names.count - 1)"
      return captured(pick(["(?<\(name)>", "(?P<\(name)>", "(?'\(name)'"]), depth: depth)
    case 6:
      let mode = pick(["i", "-i", "s", "-s", "m", "-m", "x", "i-m", "s-i"])
      let wasExtended = isExtended
      defer { isExtended = wasExtended }
      if mode == "x" { isExtended = true }
      return alternation(depth: depth + 1).between("(?\(mode):", ")")
    default: return alternation(depth: depth + 1).between("(?:", ")")
    }
  }

  private mutating func captured(_ start: String, depth: Int) -> Written {
    let number = groups.count
    groups.append([])
    let inner = alternation(depth: depth + 1)
    groups[number] = inner.text
    return inner.between(start, ")")
  }

  private mutating func repeated(_ written: Written) -> Written {
    guard chance(1, of: 3) else { return written }
    let (quantifier, counts) = pick([
      ("*", [0, 1, 2]), ("+", [1, 2, 3]), ("?", [0, 1]), ("{2}", [2]), ("{1,3}", [1, 3]), ("{0,2}", [0, 2]),
      ("{2,}", [2, 4]), ("{3}", [3]), ("{1}", [1]), (chance(1, of: 3) ? "{0}" : "{,2}", [0]),
    ])
    var result = written
    // A comment between an item and its quantifier does not part them.
    if chance(1, of: 30) { result.pattern += "(?#c)" }
    if isExtended, chance(1, of: 8) { result.pattern += " " }
    result.pattern += quantifier
    if chance(1, of: 30) { result.pattern += "(?#c)" }
    if chance(1, of: 6) {
      result.pattern += "?"
    } else if reach != .plain, chance(1, of: 4) {
      result.pattern += "+"
    }
    let count = pick(counts)
    result.text = (0..<count).flatMap { _ in written.text }
    return result
  }

  // MARK: - Atoms

  private static let classes: [(String, String)] = [
    ("[ab]", "a"), ("[^a]", "b"), ("[a-c1]", "c"), ("[^\\n]", " "), ("[[:alpha:]]", "b"),
    ("[[:^digit:]]", "a"),
    ("[\\d\\s]", "1"), ("[]a]", "]"), ("[^]a]", "b"), ("[\\w.-]", "-"), ("[^\\W_]", "1"), ("[$^]", "$"),
    ("[\\x00-\\x1F]", "\n"), ("[a\\]b]", "]"), ("[\\Qa]\\E]", "]"), ("[A-Z]", "b"), ("[^A-Z]", "1"),
    ("[[:punct:]]", "."), ("[[:space:]]", " "), ("[[:upper:]]", "B"), ("[[:lower:]]", "a"), ("[\\D]", "a"),
    ("[\\S]", "%"), ("[^\\d]", "c"), ("[#a]", "#"), ("[a b]", " "), ("[\\b]", "\u{8}"), ("[.]", "."),
    ("[(*+]", "("),
    ("[[:xdigit:]]", "2"), ("[[:cntrl:]]", "\0"), ("[[:word:]]", "_"), ("[\\h]", " "), ("[^\\v]", "a"),
    ("[a-]", "-"),
  ]

  private static let escapes: [(String, String)] = [
    ("\\d", "1"), ("\\D", "a"), ("\\s", " "), ("\\S", "%"), ("\\w", "b"), ("\\W", "-"), ("\\h", " "),
    ("\\v", "\n"),
    ("\\H", "a"), ("\\V", "b"), ("\\n", "\n"), ("\\x41", "A"), ("\\x{61}", "a"), ("\\.", "."), ("\\$", "$"),
    ("\\0", "\0"), ("\\012", "\n"), ("\\o{141}", "a"), ("\\cJ", "\n"), ("\\Qa.\\E", "a."), ("\\Q$\\E", "$"),
    ("\\t", "\t"), ("\\-", "-"), ("\\ ", " "), ("\\#", "#"), ("\\x0A", "\n"), ("\\061", "1"), ("\\/", "/"),
  ]

  private static let words = [
    "a", "b", "c", "A", "B", "ab", "down", "DOWN", "1", "2", "-", "%", "s", "k", "_",
  ]
  private static let letters: [(String, String)] = [
    ("ö", "Ö"), ("Ö", "ö"), ("ß", "ß"), ("ſ", "s"), ("\u{212A}", "k"), ("İ", "İ"), ("ı", "ı"), ("Σ", "ς"),
    ("σ", "Σ"),
    ("ς", "σ"), ("é", "É"), ("日", "日"), ("[öé]", "É"), ("[^ß]", "ö"), ("[à-ö]", "Ã"), ("\\x{e9}", "É"),
    ("я", "Я"),
    ("\\p{L}", "ö"), ("\\P{L}", "1"), ("\\p{Lu}", "Ö"), ("\\p{Greek}", "σ"), ("𐐀", "𐐨"), ("ẞ", "ß"),
  ]

  private mutating func atom() -> Written {
    if isUnicode, chance(1, of: 3) { return write(pick(PatternWriter.letters)) }
    switch Int.random(in: 0..<20, using: &numbers) {
    case 0..<3: return Written(pattern: ".", text: LineWriter.token(&numbers, isUnicode: isUnicode))
    case 3..<7: return write(pick(PatternWriter.classes))
    case 7..<12: return write(pick(PatternWriter.escapes))
    case 12 where !isUnicode:
      return Written(pattern: pick(["\\xC3", "[\\x80-\\xFF]", "[^\\x00-\\x7F]"]), text: [0xC3])
    default:
      let word = pick(PatternWriter.words)
      return write((word, word))
    }
  }

  private func write(_ pair: (String, String)) -> Written {
    Written(pattern: pair.0, text: Array(pair.1.utf8))
  }

  /// What always takes the same number of characters, as a look-behind wants it.
  private mutating func fixed() -> Written {
    var result = Written()
    for _ in 0..<Int.random(in: 1...2, using: &numbers) {
      let (pattern, text) = pick([
        ("a", "a"), ("b", "b"), ("\\d", "1"), (".", "c"), ("[ab]", "b"), (" ", " "), ("%", "%"),
        ("\\w{2}", "ab"),
        ("^", ""), ("\\b", ""), ("(?:a|b)", "a"), ("\\n", "\n"),
      ])
      result = result + write((pattern, text))
    }
    return result
  }

  // MARK: - What takes back-tracking

  private mutating func exotic(depth: Int) -> Written {
    if depth >= 3 { return Written(pattern: "(?=a)") }
    switch Int.random(in: 0..<14, using: &numbers) {
    case 0, 1: return Written(pattern: alternation(depth: 3).between("(?=", ")").pattern)
    case 2, 3: return Written(pattern: alternation(depth: 3).between("(?!", ")").pattern)
    case 4: return fixed().between("(?<=", ")")
    case 5: return Written(pattern: fixed().between("(?<!", ")").pattern)
    case 6: return Written(pattern: fixed().between("(?<=", "|a)").pattern)
    case 7, 8: return repeated(alternation(depth: depth + 1).between("(?>", ")"))
    case 9, 10: return repeated(reference())
    case 11: return condition(depth: depth)
    case 12: return repeated(write((isUnicode ? "\\X" : pick(["\\X", "\\N"]), "a")))
    default:
      return isCounting ? resetting(depth: depth) : Written(pattern: "(?=b)")
    }
  }

  private mutating func reference() -> Written {
    guard !groups.isEmpty else { return captured("(", depth: 2) }
    let number = Int.random(in: 0..<groups.count, using: &numbers)
    var spellings = ["\\\(number + 1)", "\\g{\(number + 1)}", "\\g\(number + 1)"]
    if !names.isEmpty, chance(1, of: 3) {
      let name = "n\(pick(names))"
      spellings = ["\\k<\(name)>", "(?P=\(name))", "\\k{\(name)}", "\\g{\(name)}"]
    }
    // Parted from what follows: a digit would belong to the number.
    return Written(pattern: "(?:" + pick(spellings) + ")", text: groups[number])
  }

  private mutating func condition(depth: Int) -> Written {
    let yes = sequence(depth: 3)
    let no = sequence(depth: 3)
    if groups.isEmpty || chance(1, of: 2) {
      return Written(pattern: "(?(?=\(pick(["a", "\\d", "."])))\(yes.pattern)|\(no.pattern))", text: no.text)
    }
    let number = Int.random(in: 1...groups.count, using: &numbers)
    return Written(pattern: "(?(\(number))\(yes.pattern)|\(no.pattern))", text: yes.text)
  }

  /// `(?|(a)|(b))`: both groups have one number, which nothing refers to while it is written.
  private mutating func resetting(depth: Int) -> Written {
    let texts = groups
    isCounting = false
    defer { isCounting = true }
    let first = sequence(depth: 3)
    let second = sequence(depth: 3)
    groups = texts + [[]]
    return Written(pattern: "(?|(\(first.pattern))|(\(second.pattern)))", text: first.text)
  }

  private mutating func alone(depth: Int) -> Written {
    switch Int.random(in: 0..<6, using: &numbers) {
    case 0: return Written(pattern: "\\K")
    case 1: return repeated(write(("\\R", "\n")))
    case 2: return Written(pattern: "(?R)?")
    case 3: return groups.isEmpty ? Written(pattern: "\\G") : Written(pattern: "(?1)?")
    case 4:
      return Written(pattern: pick(["(*COMMIT)", "(*PRUNE)", "(*SKIP)", "(*THEN)", "(*F)", "(*ACCEPT)"]))
    default: return Written(pattern: "\\R?")
    }
  }
}

/// Writes the lines that random rules are held against.
enum LineWriter {
  private static let tokens = [
    "a", "b", "c", "A", "B", "C", "ab", "down", "DOWN", " ", "1", "2", "$", ".", "%", "-", "_", "\n", "\n",
    "\0", "ö",
    "s", "k", "#", "]", "\r\n", "\t",
  ]
  private static let letters = [
    "ö", "Ö", "ß", "ẞ", "ſ", "s", "S", "k", "K", "\u{212A}", "i", "I", "İ", "ı", "σ", "ς", "Σ", "é", "É", "日",
    "я", "Я",
    "𐐀", "𐐨", "\u{85}", "\u{A0}", "\u{301}", "\u{2028}",
  ]

  static func token(_ numbers: inout SeededNumbers, isUnicode: Bool) -> [UInt8] {
    let choices = isUnicode && Int.random(in: 0..<2, using: &numbers) == 0 ? letters : tokens
    return Array(choices[Int.random(in: 0..<choices.count, using: &numbers)].utf8)
  }

  static func noise(_ numbers: inout SeededNumbers, _ counts: ClosedRange<Int>, isUnicode: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: counts, using: &numbers) {
      bytes += token(&numbers, isUnicode: isUnicode)
    }
    return bytes
  }

  /// A text that a rule may hold for, or one that has nothing to do with any.
  static func line(_ numbers: inout SeededNumbers, near texts: [[UInt8]], isUnicode: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    switch Int.random(in: 0..<20, using: &numbers) {
    case 0: return []
    case 1..<7: bytes = noise(&numbers, 0...14, isUnicode: isUnicode)
    default:
      bytes = noise(&numbers, 0...2, isUnicode: isUnicode)
      bytes += texts[Int.random(in: 0..<texts.count, using: &numbers)]
      bytes += noise(&numbers, 0...2, isUnicode: isUnicode)
    }
    if Int.random(in: 0..<3, using: &numbers) == 0 { swapCase(&bytes) }
    // The engine reads long texts by vectors of up to 64 bytes, with ways of its own for their ends.
    if Int.random(in: 0..<3, using: &numbers) == 0 {
      let run = filler(&numbers, isUnicode: isUnicode)
      bytes.insert(contentsOf: run, at: Int.random(in: 0..<3, using: &numbers) * bytes.count / 2)
    }
    if Int.random(in: 0..<6, using: &numbers) == 0, !bytes.isEmpty {
      bytes.remove(at: Int.random(in: 0..<bytes.count, using: &numbers))
    }
    if Int.random(in: 0..<12, using: &numbers) == 0 {
      let broken: [UInt8] = [0xC3, 0xFF, 0x80, 0xED, 0xC0]
      let byte = broken[Int.random(in: 0..<broken.count, using: &numbers)]
      bytes.insert(byte, at: Int.random(in: 0...bytes.count, using: &numbers))
    }
    return bytes
  }

  private static func filler(_ numbers: inout SeededNumbers, isUnicode: Bool) -> [UInt8] {
    let unit = noise(&numbers, 1...3, isUnicode: isUnicode)
    let count = Int.random(in: 0...200, using: &numbers) / unit.count
    return (0..<count).flatMap { _ in unit }
  }

  private static func swapCase(_ bytes: inout [UInt8]) {
    for index in bytes.indices where bytes[index] & 0xC0 == 0x40 {
      let letter = bytes[index] | 0x20
      if letter >= 0x61, letter <= 0x7A { bytes[index] ^= 0x20 }
    }
  }
}
