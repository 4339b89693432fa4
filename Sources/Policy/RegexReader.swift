import Model

/// Reads a regex that PCRE2 has accepted and writes it in Vectorscan's dialect.
///
/// Three things differ: `$` without `(?m)` is the end of the text for us and also the place before a last
/// newline for Vectorscan, so it becomes `\z`; comments are left out, since Vectorscan trips over some, and
/// what stands on either side is written so that it does not become one; and what Vectorscan has no way to
/// express is named, so that a warning can say more than "unsupported".
///
/// It also estimates how large the automaton becomes, before any time is spent on building it.
struct RegexReader {
  /// The regex in Vectorscan's dialect.
  private(set) var expression: [UInt8] = []
  /// The first thing that takes a back-tracking engine, and the byte it starts at.
  private(set) var exotic: (name: String, offset: Int)?
  /// Something that Vectorscan takes, and takes for something else than PCRE2 does.
  private(set) var divergence: (name: String, offset: Int)?
  /// A callout: there is nobody to call.
  private(set) var callout: Int?
  private(set) var size = PatternSize()
  private(set) var text = RegexText()
  private(set) var ways = RegexWays()

  private struct Modes {
    var isMultiline = false
    var isExtended = false
    var foldsCase = true
    /// Within a group that takes text, to which something may refer.
    var isCaptured = false
  }

  let pattern: [UInt8]
  private let isUnicode: Bool
  private(set) var at = 0
  private var modes = Modes()
  private var outer: [Modes] = []
  /// Groups that were opened: as many as a number may refer to, or fewer.
  private var opened = 0
  private var references = RegexReferences()
  /// The last thing read can carry `+` as "possessive": it was a quantifier.
  private var afterQuantifier = false

  init(_ text: String, isUnicode: Bool) {
    pattern = Array(text.utf8)
    self.isUnicode = isUnicode
    expression.reserveCapacity(pattern.count + 16)
    while at < pattern.count { step() }
    if divergence == nil { divergence = references.divergence }
  }

  private mutating func noteReference() {
    note("a reference to a group")
    references.refer(at, foldsCase: modes.foldsCase)
  }

  /// An anchor, a boundary, a look-around.
  private mutating func noteGlance() {
    if modes.isCaptured { references.hasCapturedGlance = true }
  }

  func byte(_ distance: Int) -> UInt8 {
    at + distance < pattern.count ? pattern[at + distance] : 0
  }

  func isNext(_ text: String) -> Bool { pattern[at...].starts(with: text.utf8) }

  private mutating func copy(_ count: Int) {
    let end = min(at + count, pattern.count)
    expression.append(contentsOf: pattern[at..<end])
    at = end
  }

  private mutating func note(_ name: String) {
    if exotic == nil { exotic = (name, at) }
  }

  private mutating func noteDivergence(_ name: String) {
    if divergence == nil { divergence = (name, at) }
  }

  private mutating func step() {
    let wasQuantifier = afterQuantifier
    afterQuantifier = false
    switch pattern[at] {
    case UInt8(ascii: "\\"): readEscape()
    case UInt8(ascii: "["): readClass()
    case UInt8(ascii: "("): readGroup()
    case UInt8(ascii: ")"):
      if let last = outer.popLast() { modes = last }
      size.close()
      text.close()
      ways.close()
      copy(1)
    case UInt8(ascii: "#") where modes.isExtended:
      while at < pattern.count, pattern[at] != 0x0A { at += 1 }
    case UInt8(ascii: "$") where !modes.isMultiline:
      noteGlance()
      expression.append(ascii: "\\z")
      at += 1
    case UInt8(ascii: "*"), UInt8(ascii: "?"):
      if !wasQuantifier {
        text.again(canBeNone: true)
        ways.again(least: 0, most: pattern[at] == UInt8(ascii: "?") ? 1 : nil)
      }
      afterQuantifier = !wasQuantifier
      copy(1)
    case UInt8(ascii: "+"):
      if wasQuantifier {
        note("a possessive quantifier")
      } else {
        text.again(canBeNone: false)
        ways.again(least: 1, most: nil)
      }
      afterQuantifier = !wasQuantifier
      copy(1)
    case UInt8(ascii: "{"): readCount()
    case UInt8(ascii: "|"):
      text.bar()
      ways.bar()
      copy(1)
    case UInt8(ascii: "^"), UInt8(ascii: "$"):
      noteGlance()
      copy(1)
    case UInt8(ascii: "."):
      size.add()
      text.sign()
      ways.position(width: isUnicode ? RegexWays.unicodeAny : 1)
      copy(1)
    default:
      if !modes.isExtended || !isSpace(pattern[at]) {
        text.letter()
        addLetterWays()
      }
      noteUnicodeSpace()
      if isUnicode { size.addUnicode(pattern[at]) } else { size.add() }
      copy(1)
    }
  }

  /// A letter beyond ASCII is one, whatever bytes it has: all but the last stand in front of it alone.
  private mutating func addLetterWays() {
    if !isUnicode { return ways.position() }
    if pattern[at] & 0xC0 != 0x80 { ways.position() }
  }

  /// PCRE2 passes over them in `(?x)`, Vectorscan does not: U+0085, U+200E, U+200F, U+2028, U+2029.
  private mutating func noteUnicodeSpace() {
    guard isUnicode, modes.isExtended else { return }
    let isNextLine = byte(0) == 0xC2 && byte(1) == 0x85
    let isMark = byte(0) == 0xE2 && byte(1) == 0x80 && [0x8E, 0x8F, 0xA8, 0xA9].contains(byte(2))
    if isNextLine || isMark { noteDivergence("a space of Unicode in (?x)") }
  }

  /// `{2}`, `{2,}` or `{2,5}`; anything else is a brace like any letter.
  private mutating func readCount() {
    var end = at + 1
    guard let least = number(&end) else { return readBrace() }
    var most = least
    var hasEnd = true
    if end < pattern.count, pattern[end] == UInt8(ascii: ",") {
      end += 1
      // `{2,}` is the second one again, and as often as it comes.
      let given = number(&end)
      hasEnd = given != nil
      most = given ?? least + 1
    }
    guard end < pattern.count, pattern[end] == UInt8(ascii: "}") else { return readBrace() }
    size.times(most)
    text.again(canBeNone: least == 0)
    ways.again(least: least, most: hasEnd ? most : nil)
    afterQuantifier = true
    copy(end + 1 - at)
  }

  private mutating func readBrace() {
    size.add()
    text.letter()
    ways.position()
    // Where a comment was, it might look like a count.
    expression.append(ascii: "\\{")
    at += 1
  }

  /// Decimal digits from `end` on, which moves behind them; nil when there are none.
  private func number(_ end: inout Int) -> Int? {
    var value: Int?
    while end < pattern.count, isDigitByte(pattern[end]) {
      // PCRE2 refuses counts beyond 65,535; this only keeps the sum from overflowing.
      value = min((value ?? 0) * 10 + Int(pattern[end] - 0x30), 1_000_000)
      end += 1
    }
    return value
  }

  private mutating func readEscape() {
    switch byte(1) {
    case UInt8(ascii: "Q"):
      copy(2)
      while at < pattern.count, !isNext("\\E") {
        size.add()
        text.letter()
        addLetterWays()
        copy(1)
      }
      return copy(2)
    case UInt8(ascii: "c"):
      size.add()
      text.sign()
      ways.position()
      return copy(3)
    case UInt8(ascii: "x"), UInt8(ascii: "o"), UInt8(ascii: "p"), UInt8(ascii: "P"), UInt8(ascii: "N"):
      let letter = byte(1)
      notePropertyIfUnicode()
      size.add(classSize(letter))
      text.sign()
      ways.position(width: isUnicode ? RegexWays.unicodeClass : 1)
      copy(2)
      if byte(0) == UInt8(ascii: "{") { return copyName() }
      // What belongs to it is no text: `\x41`, `\pL`.
      if letter == UInt8(ascii: "x") {
        copyHexDigits()
      } else if letter | 0x20 == UInt8(ascii: "p") {
        copy(1)
      }
      return
    case UInt8(ascii: "k"), UInt8(ascii: "g"):
      noteReference()
      size.add()
      text.sign()
      ways.reference()
      copy(2)
      return copyName()
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      return readNumberEscape()
    case UInt8(ascii: "K"), UInt8(ascii: "G"), UInt8(ascii: "R"), UInt8(ascii: "X"):
      note("\\\(Character(UnicodeScalar(byte(1))))")
      size.add()
      text.sign()
      ways.reference()
    case let letter:
      size.add(classSize(letter))
      addEscapeWays(letter)
      // A sign that is no sign here.
      let isPlain = letter < 0x80 && !isDigitByte(letter) && !lowercase(letter | 0x20)
      if isPlain { text.letter() } else { text.sign() }
    }
    copy(2)
  }

  /// `\1` is a group, `\101` a letter, and which of them `\12` is depends on how many groups there are.
  private mutating func readNumberEscape() {
    var end = at + 1
    let value = number(&end) ?? 0
    let mayRefer = byte(1) != UInt8(ascii: "0")
    if mayRefer { noteReference() }
    size.add()
    text.sign()
    if mayRefer, value < 10 || value <= opened { ways.reference() } else { ways.position() }
    copy(end - at)
  }

  private mutating func addEscapeWays(_ letter: UInt8) {
    switch letter {
    case UInt8(ascii: "b"), UInt8(ascii: "B"):
      noteGlance()
      ways.boundary()
    // They take no text.
    case UInt8(ascii: "A"), UInt8(ascii: "z"), UInt8(ascii: "Z"): noteGlance()
    case UInt8(ascii: "E"): break
    default:
      let isClass = lowercase(letter | 0x20)
      ways.position(width: isUnicode && isClass ? RegexWays.unicodeClass : 1)
    }
  }

  /// `<name>`, `{name}`, `'name'`.
  private mutating func copyName() {
    let closing: UInt8
    switch byte(0) {
    case UInt8(ascii: "<"): closing = UInt8(ascii: ">")
    case UInt8(ascii: "{"): closing = UInt8(ascii: "}")
    case UInt8(ascii: "'"): closing = UInt8(ascii: "'")
    default: return
    }
    copy(1)
    while at < pattern.count, pattern[at] != closing { copy(1) }
    copy(1)
  }

  /// Always two: what stands behind a comment would be taken for a second one.
  private mutating func copyHexDigits() {
    var digits = pattern[at...].prefix(2)
    digits = digits.prefix { isDigitByte($0) || ($0 | 0x20) &- UInt8(ascii: "a") < 6 }
    for _ in digits.count..<2 { expression.append(UInt8(ascii: "0")) }
    copy(digits.count)
  }

  /// The engines know scripts and cases by different versions of Unicode, and fold properties differently.
  private mutating func notePropertyIfUnicode() {
    let isProperty = byte(1) == UInt8(ascii: "p") || byte(1) == UInt8(ascii: "P")
    if isUnicode, isProperty { noteDivergence("a property of Unicode") }
  }

  /// Positions that a class escape takes: as bytes one, among all letters of Unicode some hundreds.
  private func classSize(_ letter: UInt8) -> Int {
    guard isUnicode else { return 1 }
    switch letter {
    case UInt8(ascii: "d"): return PatternSize.unicodeDigits
    case UInt8(ascii: "w"), UInt8(ascii: "W"), UInt8(ascii: "D"), UInt8(ascii: "b"), UInt8(ascii: "B"),
      UInt8(ascii: "p"), UInt8(ascii: "P"):
      return PatternSize.unicodeClass
    default: return 1
    }
  }

  /// A class ends at the first `]` that is not its first member, not escaped and not part of `[:name:]`.
  private mutating func readClass() {
    var positions = 1
    copy(1)
    copyEmptyQuotes()
    if byte(0) == UInt8(ascii: "^") { copy(1) }
    copyEmptyQuotes()
    if byte(0) == UInt8(ascii: "]") { copy(1) }
    while at < pattern.count, pattern[at] != UInt8(ascii: "]") {
      if pattern[at] == UInt8(ascii: "\\") {
        if byte(1) == UInt8(ascii: "Q") {
          while at < pattern.count, !isNext("\\E") { copy(1) }
        }
        notePropertyIfUnicode()
        positions = max(positions, classSize(byte(1)))
        // The letter behind `\c` belongs to it, be it a bracket.
        copy(byte(1) == UInt8(ascii: "c") ? 3 : 2)
      } else if let end = posixClassEnd() {
        if isUnicode {
          positions = PatternSize.unicodeClass
          noteUnlikeClass(pattern[(at + 2)..<(end - 2)])
        }
        copy(end - at)
      } else {
        copy(1)
      }
    }
    size.add(positions)
    text.sign()
    ways.position(width: isUnicode ? RegexWays.unicodeClass : 1)
    copy(1)
  }

  /// `\E` and `\Q\E`, which say nothing: what stands behind them is the first member all the same.
  private mutating func copyEmptyQuotes() {
    while true {
      if isNext("\\E") { copy(2) } else if isNext("\\Q\\E") { copy(4) } else { return }
    }
  }

  /// Classes of letters beyond ASCII that PCRE2 does not fold, or reads otherwise.
  private mutating func noteUnlikeClass(_ name: ArraySlice<UInt8>) {
    let plain = name.first == UInt8(ascii: "^") ? name.dropFirst() : name
    let unlike = ["lower", "upper", "cntrl"].contains { plain.elementsEqual($0.utf8) }
    if unlike { noteDivergence("[:\(String(decoding: plain, as: UTF8.self)):]") }
  }

  /// Behind `[:alpha:]` when one starts here.
  private func posixClassEnd() -> Int? {
    guard pattern[at] == UInt8(ascii: "["), byte(1) == UInt8(ascii: ":") else { return nil }
    var end = at + 2
    while end < pattern.count, pattern[end] == UInt8(ascii: "^") || lowercase(pattern[end]) { end += 1 }
    guard end + 1 < pattern.count, pattern[end] == UInt8(ascii: ":"), pattern[end + 1] == UInt8(ascii: "]")
    else { return nil }
    return end + 2
  }

  private func lowercase(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x7A }

  private mutating func readGroup() {
    if isNext("(?#") {
      while at < pattern.count, pattern[at] != UInt8(ascii: ")") { at += 1 }
      at += 1
      // Nor would a digit be a part of the number before the comment.
      if let last = expression.last, isDigitByte(last), isDigitByte(byte(0)) {
        expression.append(ascii: "(?:)")
      }
      return
    }
    nameExoticGroup()
    if readModes() { return }
    outer.append(modes)
    if isCapture { modes.isCaptured = true }
    opened += 1
    size.open()
    text.open(isGlance: takesNoText)
    ways.open(kindOfGroup)
    copy(1)
    // A condition is no text of the group.
    if isNext("?("), byte(2) != UInt8(ascii: "?"), byte(2) != UInt8(ascii: "*") {
      while at < pattern.count, pattern[at] != UInt8(ascii: ")") { copy(1) }
      return copy(1)
    }
    // `?` of a group is no quantifier, its name no text; what else follows is copied as it is.
    if byte(0) == UInt8(ascii: "?") { copy(openingLength) }
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }

  private mutating func nameExoticGroup() {
    if isNext("(*") { return note("a control verb") }
    guard isNext("(?") else { return }
    switch byte(2) {
    case UInt8(ascii: "="), UInt8(ascii: "!"):
      note("a look-ahead")
      noteGlance()
    case UInt8(ascii: "<") where byte(3) == UInt8(ascii: "=") || byte(3) == UInt8(ascii: "!"):
      note("a look-behind")
      noteGlance()
    case UInt8(ascii: ">"): note("an atomic group")
    case UInt8(ascii: "|"): note("a group that resets numbers")
    case UInt8(ascii: "("): note("a condition")
    case UInt8(ascii: "R"), UInt8(ascii: "&"), UInt8(ascii: "0")...UInt8(ascii: "9"): note("recursion")
    case UInt8(ascii: "+") where isDigitByte(byte(3)), UInt8(ascii: "-") where isDigitByte(byte(3)):
      note("recursion")
    case UInt8(ascii: "P") where byte(3) == UInt8(ascii: ">"): note("recursion")
    case UInt8(ascii: "P") where byte(3) == UInt8(ascii: "="): noteReference()
    case UInt8(ascii: "C"): if callout == nil { callout = at }
    case UInt8(ascii: "^"): note("an option reset")
    default: break
    }
  }

  func isDigitByte(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  /// `(?im-x)` changes the modes of the group it stands in, `(?im-x:` those of the group it opens.
  private mutating func readModes() -> Bool {
    guard byte(1) == UInt8(ascii: "?") else { return false }
    var changed = modes
    var isOn = true
    var end = at + 2
    while end < pattern.count {
      switch pattern[end] {
      case UInt8(ascii: "-"): isOn = false
      case UInt8(ascii: "^"):
        changed = Modes(foldsCase: false, isCaptured: modes.isCaptured)
        references.hasKeptCase = true
      case UInt8(ascii: "i"):
        changed.foldsCase = isOn
        if !isOn { references.hasKeptCase = true }
      case UInt8(ascii: "m"): changed.isMultiline = isOn
      case UInt8(ascii: "x"):
        changed.isExtended = isOn
        if isOn, end + 1 < pattern.count, pattern[end + 1] == UInt8(ascii: "x") {
          noteDivergence("(?xx)")
        }
      case UInt8(ascii: "s"), UInt8(ascii: "n"), UInt8(ascii: "J"), UInt8(ascii: "U"): break
      case UInt8(ascii: ":"):
        outer.append(modes)
        size.open()
        text.open(isGlance: false)
        ways.open(.text)
        modes = changed
        copy(end + 1 - at)
        return true
      case UInt8(ascii: ")"):
        modes = changed
        copy(end + 1 - at)
        return true
      default: return false
      }
      end += 1
    }
    return false
  }
}
