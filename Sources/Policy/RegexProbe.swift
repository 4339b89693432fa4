/// Whether a regex holds for every text, asked of PCRE2 itself: for what is not known how to be taken apart.
///
/// Whatever holds for the empty text holds at the end of every other, unless it looks at what stands before
/// it. And what holds for each byte by itself, and neither looks around nor keeps what it has taken, holds
/// for every text that is not empty.
struct RegexProbe {
  /// It looks at what stands before it, or may give up.
  private var looksBehind = false
  /// It looks at what stands behind it, or gives nothing back.
  private var looksAhead = false

  /// Nobody writes more to take everything, and thousands of rules are asked about.
  private static var lengthLimit: Int { 100 }
  /// Steps for all texts together: twenty times what anything takes that is meant so.
  private static var budget: UInt64 { 20_000 }

  /// What `regex`, which PCRE2 has accepted as one of bytes, asks of a text; `.something` when in doubt.
  static func demand(_ regex: String) -> RegexShape.Demand {
    guard regex.utf8.count <= lengthLimit else { return .something }
    var text = RegexReader(regex, isUnicode: false).text
    guard text.finished() == 0 else { return .something }
    let probe = RegexProbe(Array(regex.utf8))
    if probe.looksBehind { return .something }
    guard let code = try? Regex(regex, isUnicode: false),
      var scratch = try? RegexScratch(groupCount: code.groupCount)
    else { return .something }
    var budget = RegexProbe.budget
    let none: [UInt8] = []
    if scratch.search(code, in: none.span, budget: &budget) == .found { return .nothing }
    if probe.looksAhead { return .something }
    for byte in UInt8.min...UInt8.max {
      let one = [byte]
      if scratch.search(code, in: one.span, budget: &budget) != .found { return .something }
    }
    return .anything
  }

  /// Reads no more than it takes to be sure; a sign in a class or a quotation may count as one outside.
  private init(_ pattern: [UInt8]) {
    func byte(_ index: Int) -> UInt8 { index < pattern.count ? pattern[index] : 0 }
    var at = 0
    while at < pattern.count {
      switch pattern[at] {
      case UInt8(ascii: "\\"):
        switch byte(at + 1) {
        case UInt8(ascii: "A"), UInt8(ascii: "G"), UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "K"):
          looksBehind = true
        case UInt8(ascii: "g"):
          // `\g<1>` calls a group; `\g{1}` is what it took.
          if byte(at + 2) == UInt8(ascii: "<") || byte(at + 2) == UInt8(ascii: "'") { looksBehind = true }
        case UInt8(ascii: "z"), UInt8(ascii: "Z"): looksAhead = true
        default: break
        }
        at += 1
      case UInt8(ascii: "["):
        if byte(at + 1) == UInt8(ascii: "^") { at += 1 }
      case UInt8(ascii: "^"): looksBehind = true
      case UInt8(ascii: "$"): looksAhead = true
      case UInt8(ascii: "+") where at > 0 && "*+?}".utf8.contains(pattern[at - 1]): looksAhead = true
      case UInt8(ascii: "("): readGroup(byte(at + 1), byte(at + 2), byte(at + 3))
      default: break
      }
      at += 1
    }
  }

  private mutating func readGroup(_ first: UInt8, _ second: UInt8, _ third: UInt8) {
    if first == UInt8(ascii: "*") { looksBehind = true }
    guard first == UInt8(ascii: "?") else { return }
    switch second {
    case UInt8(ascii: "<") where third == UInt8(ascii: "=") || third == UInt8(ascii: "!"): looksBehind = true
    // Who calls a group that calls itself may never come back: PCRE2 gives up.
    case UInt8(ascii: "R"), UInt8(ascii: "&"), UInt8(ascii: "+"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      looksBehind = true
    case UInt8(ascii: "P") where third == UInt8(ascii: ">"): looksBehind = true
    case UInt8(ascii: "-") where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(third): looksBehind = true
    case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: ">"), UInt8(ascii: "("): looksAhead = true
    default: break
    }
  }
}
