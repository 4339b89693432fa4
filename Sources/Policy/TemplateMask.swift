import Model

/// A part of a message that changes from one to the next.
struct TemplateMask: BitwiseCopyable, Equatable {
  /// The raw values go into the hash: they never change, and stay below 16.
  enum Kind: UInt8 {
    /// There is nothing more to mask; stands at the end of the text.
    case end = 0
    case number = 1
    case address = 2
    case hardware = 3
    case uuid = 4
    case time = 5
    case doubleQuoted = 6
    case singleQuoted = 7
    case rest = 8

    var token: StaticString {
      switch self {
      case .end: ""
      case .number: "<n>"
      case .address: "<ip>"
      case .hardware: "<mac>"
      case .uuid: "<uuid>"
      case .time: "<time>"
      case .doubleQuoted: "\"<text>\""
      case .singleQuoted: "'<text>'"
      case .rest: "<...>"
      }
    }
  }

  var start: Int
  var end: Int
  var kind: Kind

  @inline(__always)
  init(_ start: Int, _ end: Int, _ kind: Kind) {
    self.start = start
    self.end = end
    self.kind = kind
  }
}

/// Finds what a template masks, from the front to the back of one text.
///
/// Everything hangs on a digit or a quote; all other bytes are stepped over 16 at a time. At the first digit
/// behind the last mask the word around it is read: hexadecimal groups may have begun before it. Each byte
/// is read a bounded number of times, whatever the text.
struct TemplateMasks {
  /// No quote of this kind closes in what is left of the text.
  private var lacksDouble = false
  private var lacksSingle = false
  /// Groups of hexadecimal digits that are no address end here: no part of them is one.
  private var refusedUntil = 0

  /// The first mask from `from` on, which is where the last one ended.
  @inline(__always)
  mutating func next(in text: PaddedText, from: Int, usesShortcut: Bool = true) -> TemplateMask {
    var at = from
    while at < text.count {
      let found = text.block(at: at).digitsAndQuotes
      if found.isEmpty {
        at &+= 16
        continue
      }
      at &+= found.first
      if isDigit(text[at]) {
        if usesShortcut, let mask = plainNumber(text, at, floor: from) { return mask }
        return number(text, at, floor: from)
      }
      if let mask = quoted(text, at) {
        if mask.kind != .end { return mask }
        at = mask.end
      } else {
        at &+= 1
      }
    }
    return TemplateMask(text.count, text.count, .end)
  }

  // MARK: - Numbers

  /// Most numbers stand alone, in a word or in an IPv4 address, and a look at the bytes around them shows it.
  /// nil where there is more to read: never another answer than `number`.
  @inline(__always)
  private func plainNumber(_ text: PaddedText, _ digit: Int, floor: Int) -> TemplateMask? {
    switch ByteClass.of(text[digit &- 1]) {
    case ByteClass.other:
      break
    case ByteClass.letter:
      return inWord(text, digit)
    case ByteClass.space:
      if isUpper(text[digit &- 4]) || text[digit &- 2] == space { return nil }
    case ByteClass.hex:
      return isWithinWord(text, digit, floor: floor) ? inWord(text, digit) : nil
    case ByteClass.joint:
      switch ByteClass.of(text[digit &- 2]) {
      case ByteClass.letter, ByteClass.digit: break
      case ByteClass.hex: if !isWithinWord(text, digit &- 1, floor: floor) { return nil }
      default: return nil
      }
    default:
      return nil
    }
    let end = digitsEnd(text, digit)
    let next = text[end &+ 1]
    switch ByteClass.of(text[end]) {
    case ByteClass.other:
      break
    case ByteClass.space:
      if TemplateTime.beginsMonth(next) { return nil }
    case ByteClass.joint:
      if isDigit(next) || isHex(next) || next == UInt8(ascii: ":") {
        // As many digits as a group of an address or a UUID has, or a year.
        let isGroup = end &- digit == 2 || end &- digit == 4 || end &- digit == 8
        switch text[end] {
        case UInt8(ascii: "."):
          return end &- digit == 4 ? nil : decimal(text, digit, end)
        case UInt8(ascii: "-"):
          if isGroup { return nil }
        case UInt8(ascii: "/"):
          if end &- digit == 4 { return nil }
        default:
          return nil
        }
      }
      if TemplateTime.beginsMonth(next) { return nil }
    case ByteClass.letter:
      if text[end] | 0x20 == UInt8(ascii: "x") { return nil }
    default:
      return nil
    }
    return TemplateMask(digit, end, .number)
  }

  /// The hexadecimal letters before `index` are the end of a longer word.
  @inline(__always)
  private func isWithinWord(_ text: PaddedText, _ index: Int, floor: Int) -> Bool {
    var at = index &- 1
    while at > floor, isHex(text[at]) { at &-= 1 }
    let first = ByteClass.of(text[at])
    return first == ByteClass.letter || first == ByteClass.digit
  }

  /// `10.1.2.3`, `0.25`, `15.2.4`; `end` is the first dot.
  @inline(__always)
  private func decimal(_ text: PaddedText, _ digit: Int, _ end: Int) -> TemplateMask {
    var last = end
    var groups = 1
    while text[last] == UInt8(ascii: "."), isDigit(text[last &+ 1]) {
      last = digitsEnd(text, last &+ 1)
      groups &+= 1
    }
    let isAddress = groups == 4 && last &- digit <= 15 && !isWord(text[last])
    return TemplateMask(digit, last, isAddress ? .address : .number)
  }

  /// The mask that the first digit behind `floor` belongs to.
  @inline(never)
  mutating func number(_ text: PaddedText, _ digit: Int, floor: Int) -> TemplateMask {
    let before = text[digit &- 1]
    if digit > floor {
      if isLetter(before) {
        if !isHex(before) { return inWord(text, digit) }
        return grouped(text, digit, floor: floor) ?? inWord(text, digit)
      }
      switch before {
      case UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "."):
        let earlier = digit &- 2 >= floor ? text[digit &- 2] : space
        if isHex(earlier) || earlier == UInt8(ascii: ":"),
          let mask = grouped(text, digit, floor: floor)
        {
          return mask
        }
        if before == UInt8(ascii: "-"), digit &- 2 < floor ? digit == 1 : takesSign(earlier) {
          return TemplateMask(digit &- 1, dottedEnd(text, digit), .number)
        }
      case space:
        if let mask = afterMonth(text, digit, floor: floor) { return mask }
      default: break
      }
    }
    if isWord(before) { return inWord(text, digit) }
    return atWord(text, digit)
  }

  /// A number within or at the end of a word: its digits alone.
  @inline(__always)
  private func inWord(_ text: PaddedText, _ digit: Int) -> TemplateMask {
    TemplateMask(digit, dottedEnd(text, digit), .number)
  }

  /// What a word that begins with a digit is.
  @inline(__always)
  private mutating func atWord(_ text: PaddedText, _ digit: Int) -> TemplateMask {
    let end = digitsEnd(text, digit)
    let next = text[end]
    switch next {
    case UInt8(ascii: "."):
      return dotted(text, digit, end)
    case UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "/"):
      if let mask = separated(text, digit, end, next) { return mask }
    case space:
      if end &- digit <= 2, let mask = beforeMonth(text, digit, end) { return mask }
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      if end &- digit == 1, text[digit] == UInt8(ascii: "0") {
        let last = hexEnd(text, end &+ 1)
        if last > end &+ 1 { return TemplateMask(digit, last, .number) }
      }
    case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
      if let mask = groups(text, digit, digit: digit) { return mask }
    default: break
    }
    return TemplateMask(digit, end, .number)
  }

  /// `0.25`, `10.1.2.3`, `001b.54aa.0001`; `end` is the first dot.
  private mutating func dotted(_ text: PaddedText, _ digit: Int, _ end: Int) -> TemplateMask {
    let mask = decimal(text, digit, end)
    guard end &- digit == 4 else { return mask }
    let next = text[mask.end] == UInt8(ascii: ".") ? text[mask.end &+ 1] : text[mask.end]
    let mayBeHardware = isHex(next) || mask.end == digit &+ 14
    return mayBeHardware ? groups(text, digit, digit: digit) ?? mask : mask
  }

  /// Digits with `:`, `-` or `/` behind them: a time, a date, an address; nil: they stand for themselves.
  private mutating func separated(
    _ text: PaddedText, _ digit: Int, _ end: Int, _ separator: UInt8
  ) -> TemplateMask? {
    if separator == UInt8(ascii: ":") {
      if let last = TemplateTime.endOfClock(text, digit, end) { return TemplateMask(digit, last, .time) }
    } else {
      if let last = TemplateTime.endOfDate(text, digit, end) { return TemplateMask(digit, last, .time) }
      if let mask = beforeMonth(text, digit, end) { return mask }
      if separator == UInt8(ascii: "/") { return nil }
    }
    let next = text[end &+ 1]
    guard isDigit(next) || isHex(next) || next == UInt8(ascii: ":") else { return nil }
    return groups(text, digit, digit: digit)
  }

  /// `21 Nov`, `21-Nov-2026`, `06/Oct/2025`.
  private func beforeMonth(_ text: PaddedText, _ digit: Int, _ end: Int) -> TemplateMask? {
    guard end &- digit <= 2, TemplateTime.isMonth(text, at: end &+ 1) else { return nil }
    let last = end &+ 4
    if isWord(text[last]) { return nil }
    let year = digitsEnd(text, last &+ 1)
    let hasYear = text[last] == text[end] && year &- last == 5
    return TemplateMask(digit, hasYear ? year : last, .time)
  }

  /// `Nov 21`, `Nov  5`, `Sat Nov 21`; the digit follows a space.
  @inline(__always)
  private func afterMonth(_ text: PaddedText, _ digit: Int, floor: Int) -> TemplateMask? {
    let letter = digit &- 2
    guard letter >= floor &+ 2, text[letter] == space || isLetter(text[letter]) else { return nil }
    return dayOfMonth(text, digit, floor: floor)
  }

  private func dayOfMonth(_ text: PaddedText, _ digit: Int, floor: Int) -> TemplateMask? {
    let end = digitsEnd(text, digit)
    guard end &- digit <= 2, !isWord(text[end]) else { return nil }
    var start = digit &- (text[digit &- 2] == space ? 5 : 4)
    guard start >= floor, TemplateTime.isMonth(text, at: start) else { return nil }
    if isWord(text[start &- 1]) { return nil }
    let weekday = start &- 4
    if weekday >= floor, text[start &- 1] == space, TemplateTime.isWeekday(text, at: weekday),
      !isWord(text[weekday &- 1])
    {
      start = weekday
    }
    return TemplateMask(start, end, .time)
  }

  // MARK: - Groups of hexadecimal digits

  /// Looks back from the first digit to where its word, or the groups that it belongs to, may have begun.
  private mutating func grouped(_ text: PaddedText, _ digit: Int, floor: Int) -> TemplateMask? {
    var first = digit
    while first > floor, digit &- first < TemplateGroups.longest,
      isHex(text[first &- 1]) || isJoint(text[first &- 1])
    {
      first &-= 1
    }
    // Not from the middle of a word, and not from a joint, unless it is the `::` that an address begins with.
    if isWord(text[first &- 1]) {
      while first < digit, isHex(text[first]) { first &+= 1 }
      if first == digit { return nil }
    }
    while first < digit, isJoint(text[first]) {
      if text[first] == UInt8(ascii: ":"), text[first &+ 1] == UInt8(ascii: ":") { break }
      first &+= 1
    }
    if let mask = groups(text, first, digit: digit) { return mask }
    var word = digit
    while word > first, isHex(text[word &- 1]) { word &-= 1 }
    return word > first ? groups(text, word, digit: digit) : nil
  }

  /// The address or the hexadecimal number that begins at `start` and holds `digit`.
  private mutating func groups(_ text: PaddedText, _ start: Int, digit: Int) -> TemplateMask? {
    if start >= refusedUntil {
      let found = TemplateGroups.read(text, start)
      if found.kind != .end {
        if found.end > digit { return found }
      } else {
        refusedUntil = found.end
      }
    }
    let end = hexEnd(text, start)
    guard end > digit, !isWord(text[end]) else { return nil }
    return TemplateGroups.isNumber(text, start, end, digit: digit) ? TemplateMask(start, end, .number) : nil
  }

  // MARK: - Quotes

  /// The quoted text that begins at `quote`; nil: nothing does. Of the kind `end`: the name of a JSON member,
  /// which stays and is stepped over.
  private mutating func quoted(_ text: PaddedText, _ quote: Int) -> TemplateMask? {
    let mark = text[quote]
    let before = text[quote &- 1]
    if isWord(before) || before == UInt8(ascii: "\\") { return nil }
    switch mark {
    case UInt8(ascii: "\""):
      if lacksDouble { return nil }
      var close = text.firstIndex(of: mark, from: quote &+ 1)
      while let found = close, text[found &- 1] == UInt8(ascii: "\\") {
        close = text.firstIndex(of: mark, from: found &+ 1)
      }
      guard let close else {
        lacksDouble = true
        return nil
      }
      if text[close &+ 1] == UInt8(ascii: ":"), beginsMember(text, quote) {
        return TemplateMask(quote, close &+ 1, .end)
      }
      return TemplateMask(quote, close &+ 1, .doubleQuoted)
    case UInt8(ascii: "'"):
      if lacksSingle { return nil }
      var close = text.firstIndex(of: mark, from: quote &+ 1)
      while let found = close, isWord(text[found &+ 1]) {
        close = text.firstIndex(of: mark, from: found &+ 1)
      }
      guard let close else {
        lacksSingle = true
        return nil
      }
      return TemplateMask(quote, close &+ 1, .singleQuoted)
    default:
      return nil
    }
  }

  /// Stands behind `{` or `,`, as the name of a JSON member does.
  private func beginsMember(_ text: PaddedText, _ quote: Int) -> Bool {
    var before = quote &- 1
    if before >= 0, text[before] == space { before &-= 1 }
    return before >= 0 && (text[before] == UInt8(ascii: "{") || text[before] == UInt8(ascii: ","))
  }
}
