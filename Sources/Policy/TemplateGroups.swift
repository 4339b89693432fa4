import Model

// The grammar of what a template masks as one, when it begins at a given place: addresses, UUIDs, times.

/// Groups of hexadecimal digits with joints between them.
enum TemplateGroups {
  /// As far back as groups without a decimal digit are looked for: an IPv6 address in full.
  static var longest: Int { 40 }

  /// The address or UUID that begins at `start`. Of the kind `end` when there is none: no part of what stands
  /// before its end is one either.
  static func read(_ text: PaddedText, _ start: Int) -> TemplateMask {
    let first = hexEnd(text, start)
    let size = first &- start
    var end = first
    let joint = text[first]
    switch joint {
    case UInt8(ascii: "-"):
      if size == 8, let end = uuidEnd(text, start) { return TemplateMask(start, end, .uuid) }
      if let end = hardwareEnd(text, start, joint, size, &end) { return TemplateMask(start, end, .hardware) }
    case UInt8(ascii: "."):
      if let end = hardwareEnd(text, start, joint, size, &end) { return TemplateMask(start, end, .hardware) }
    case UInt8(ascii: ":"):
      if let end = hardwareEnd(text, start, joint, size, &end) { return TemplateMask(start, end, .hardware) }
      if let end = addressEnd(text, start, &end) { return TemplateMask(start, end, .address) }
    default: break
    }
    return TemplateMask(start, max(end, start &+ 1), .end)
  }

  /// A word of hexadecimal digits is a number, unless its letters only lead (`ae10`) or name a unit (`10d`).
  static func isNumber(_ text: PaddedText, _ start: Int, _ end: Int, digit: Int) -> Bool {
    let size = end &- start
    let digits = digitsEnd(text, digit)
    if digits >= end { return size >= 8 && digit &- start > 3 }
    return size >= 8 || size >= 4 && !(digit == start && digits == end &- 1)
  }

  /// 8-4-4-4-12.
  private static func uuidEnd(_ text: PaddedText, _ start: Int) -> Int? {
    var at = start &+ 8
    for group in 2...5 {
      let length = group == 5 ? 12 : 4
      guard text[at] == UInt8(ascii: "-"), hexEnd(text, at &+ 1) &- at == length &+ 1 else { return nil }
      at &+= length &+ 1
    }
    return isWord(text[at]) ? nil : at
  }

  /// Six or more groups of two, or three of four with `.` or `-`. `seen` is how far it read.
  private static func hardwareEnd(
    _ text: PaddedText, _ start: Int, _ joint: UInt8, _ size: Int, _ seen: inout Int
  ) -> Int? {
    guard size == 2 && joint != UInt8(ascii: ".") || size == 4 && joint != UInt8(ascii: ":") else {
      return nil
    }
    var at = start &+ size
    var groups = 1
    while groups < 20, text[at] == joint, hexEnd(text, at &+ 1) &- at == size &+ 1 {
      at &+= size &+ 1
      groups &+= 1
    }
    seen = max(seen, at)
    guard size == 2 ? groups >= 6 : groups == 3, !isWord(text[at]) else { return nil }
    // Not the beginning of something longer.
    if text[at] == joint, isWord(text[at &+ 1]) { return nil }
    return at
  }

  /// IPv6 (RFC 4291 §2.2): up to eight groups of one to four digits; `::` once, unless there are all eight;
  /// the last two may be written as IPv4. `seen` is how far it read.
  private static func addressEnd(_ text: PaddedText, _ start: Int, _ seen: inout Int) -> Int? {
    var at = start
    var groups = 0
    var isShortened = false
    if text[at] == UInt8(ascii: ":") {
      at &+= 2
      isShortened = true
    }
    while groups < 8 {
      let end = hexEnd(text, at)
      let size = end &- at
      if size == 0 { break }
      if text[end] == UInt8(ascii: "."), isDigit(text[end &+ 1]), isShortened || groups == 6 {
        let last = dottedEnd(text, at)
        seen = max(seen, last)
        at = last
        groups &+= 2
        break
      }
      at = end
      groups &+= 1
      seen = max(seen, at)
      if size > 4 { return nil }
      guard text[at] == UInt8(ascii: ":") else { break }
      if text[at &+ 1] == UInt8(ascii: ":") {
        if isShortened { return nil }
        isShortened = true
        at &+= 2
      } else {
        let next = text[at &+ 1]
        // A colon at the end is punctuation.
        guard isDigit(next) || isHex(next) else { break }
        if groups == 8 { return nil }
        at &+= 1
      }
    }
    guard groups == 8 || isShortened && groups > 0 && groups < 8, !isWord(text[at]) else { return nil }
    return at
  }
}

/// Times of day and dates.
enum TemplateTime {
  /// The end of `2:14:05`, `02:14:05.913`; `end` is where the hour ends.
  static func endOfClock(_ text: PaddedText, _ start: Int, _ end: Int) -> Int? {
    guard end &- start <= 4, text[end &+ 3] == UInt8(ascii: ":"),
      digitsEnd(text, end &+ 1) == end &+ 3, digitsEnd(text, end &+ 4) == end &+ 6
    else { return nil }
    var last = end &+ 6
    let mark = text[last]
    if mark == UInt8(ascii: ".") || mark == UInt8(ascii: ","), isDigit(text[last &+ 1]) {
      last = digitsEnd(text, last &+ 1)
    }
    if isWord(text[last]) { return nil }
    // More groups: an address.
    if text[last] == UInt8(ascii: ":"), isWord(text[last &+ 1]) { return nil }
    return last
  }

  /// The end of `2026-11-21`, `2026/11/21`, `2026-11-21T02:14:05.913Z`; `end` is where the year ends.
  static func endOfDate(_ text: PaddedText, _ start: Int, _ end: Int) -> Int? {
    guard end &- start == 4, text[end &+ 3] == text[end],
      digitsEnd(text, end &+ 1) == end &+ 3, digitsEnd(text, end &+ 4) == end &+ 6
    else { return nil }
    let last = end &+ 6
    let mark = text[last]
    if mark == UInt8(ascii: "T") || mark == UInt8(ascii: "t"), isDigit(text[last &+ 1]) {
      return endOfZoned(text, last &+ 1)
    }
    return isWord(mark) || mark == text[end] && isWord(text[last &+ 1]) ? nil : last
  }

  /// The end of `02:14:05.913+01:00`; nil when no time begins here.
  private static func endOfZoned(_ text: PaddedText, _ start: Int) -> Int? {
    let hour = digitsEnd(text, start)
    guard hour &- start == 2, text[hour] == UInt8(ascii: ":"),
      text[hour &+ 3] == UInt8(ascii: ":"), digitsEnd(text, hour &+ 1) == hour &+ 3,
      digitsEnd(text, hour &+ 4) == hour &+ 6
    else { return nil }
    var last = hour &+ 6
    if text[last] == UInt8(ascii: "."), isDigit(text[last &+ 1]) {
      last = digitsEnd(text, last &+ 1)
    }
    switch text[last] {
    case UInt8(ascii: "Z"), UInt8(ascii: "z"):
      last &+= 1
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      let zone = digitsEnd(text, last &+ 1)
      if zone &- last == 5 {
        last = zone
      } else if zone &- last == 3, text[zone] == UInt8(ascii: ":"),
        digitsEnd(text, zone &+ 1) == zone &+ 3
      {
        last = zone &+ 3
      }
    default: break
    }
    return isWord(text[last]) ? nil : last
  }

  /// One of the letters that months begin with.
  @inline(__always)
  static func beginsMonth(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A"), UInt8(ascii: "D"), UInt8(ascii: "F"), UInt8(ascii: "J"), UInt8(ascii: "M"),
      UInt8(ascii: "N"), UInt8(ascii: "O"), UInt8(ascii: "S"):
      true
    default: false
    }
  }

  /// `Jan` … `Dec`.
  static func isMonth(_ text: PaddedText, at index: Int) -> Bool {
    switch text.word(at: index) & 0xFF_FFFF {
    case letters("Jan"), letters("Feb"), letters("Mar"), letters("Apr"), letters("May"), letters("Jun"),
      letters("Jul"), letters("Aug"), letters("Sep"), letters("Oct"), letters("Nov"), letters("Dec"):
      true
    default: false
    }
  }

  /// `Mon` … `Sun`.
  static func isWeekday(_ text: PaddedText, at index: Int) -> Bool {
    switch text.word(at: index) & 0xFF_FFFF {
    case letters("Mon"), letters("Tue"), letters("Wed"), letters("Thu"), letters("Fri"), letters("Sat"),
      letters("Sun"):
      true
    default: false
    }
  }

  /// Three letters as they stand in a word.
  @inline(__always)
  private static func letters(_ name: StaticString) -> UInt64 {
    name.withUTF8Buffer { name in
      unsafe UInt64(name[0]) | UInt64(name[1]) << 8 | UInt64(name[2]) << 16
    }
  }
}
