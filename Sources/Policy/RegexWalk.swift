/// What trying one item of a regex may walk over without a word: PCRE2 calls before each item, and where the
/// item fails, nothing tells how far it got. A text that repeats what a group took but for its last letter,
/// or one letter less than a count wants, would cost thousands of bytes and be counted as one step.
struct RegexWalk: Sendable, Equatable {
  enum Over: Sendable, Equatable {
    /// As many bytes at most.
    case bytes(Int)
    /// What these groups took, the longest of them, so many times.
    case groups([Int], times: Int)
    /// Whatever follows.
    case rest
    /// As many bytes back.
    case back(Int)
  }

  var over: Over

  /// Nil: a single character, or an item whose parts are called for themselves. `groups` are the named ones.
  init?(
    item: ArraySlice<UInt8>, isUnicode: Bool, groups: [Regex.Group], groupCount: Int, lookBehind: Int
  ) {
    let bytes = Array(item)
    guard let first = bytes.first, first != UInt8(ascii: ")") else { return nil }
    let isBehind = bytes.starts(with: Array("(?<=".utf8)) || bytes.starts(with: Array("(?<!".utf8))
    if isBehind || bytes.starts(with: Array("(*".utf8)) {
      // Bytes are gone back by in one step, characters one by one.
      guard isUnicode, lookBehind > 1 else { return nil }
      over = .back(lookBehind)
      return
    }
    let (atom, times) = RegexWalk.split(bytes)
    if let named = RegexWalk.reference(atom) {
      over = .groups(RegexWalk.numbers(named, groups, groupCount), times: max(times, 1))
      return
    }
    if first == UInt8(ascii: "(") || times < 2 { return nil }
    let isCluster = atom.starts(with: Array("\\X".utf8))
    over = isCluster ? .rest : .bytes(isUnicode ? 4 * times : times)
  }

  /// What is repeated, and how often at least: `x{2,5}` is `x`, twice.
  private static func split(_ bytes: [UInt8]) -> (atom: ArraySlice<UInt8>, times: Int) {
    let end = endOfAtom(bytes)
    var times = 0
    var at = end
    // A comment may stand around the count; in what is no count no digits follow a brace.
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "{") { times = max(times, number(bytes[(at + 1)...]) ?? 0) }
      at += 1
    }
    return (bytes[..<end], times)
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    let digits = bytes.drop { $0 == 0x20 }.prefix { $0 >= 0x30 && $0 <= 0x39 }
    // In a comment behind it stands any number; no count of PCRE2's is larger.
    if digits.count > 18 { return 65_535 }
    return Int(String(decoding: digits, as: UTF8.self)).map { min($0, 65_535) }
  }

  private static func endOfAtom(_ bytes: [UInt8]) -> Int {
    switch bytes[0] {
    // What is quoted in a class may hold anything.
    case UInt8(ascii: "["): return CertainGroups.endOfClass(bytes, 0) ?? 1
    case UInt8(ascii: "("): return (bytes.firstIndex(of: UInt8(ascii: ")")) ?? bytes.count - 1) + 1
    case UInt8(ascii: "\\"): return endOfEscape(bytes)
    default: return 1
    }
  }

  /// `\d{3}` is a count, `\x{3}` a letter and `\k{n}` a name.
  private static func endOfEscape(_ bytes: [UInt8]) -> Int {
    guard bytes.count > 2 else { return bytes.count }
    let digits = bytes.dropFirst().prefix { $0 >= 0x30 && $0 <= 0x39 }.count
    if digits > 0 { return 1 + digits }
    if bytes[1] == UInt8(ascii: "g"), bytes[2] < UInt8(ascii: ":") {
      return 3 + bytes[3...].prefix { $0 >= 0x30 && $0 <= 0x39 }.count
    }
    let closing: UInt8
    switch bytes[2] {
    case UInt8(ascii: "{"): closing = UInt8(ascii: "}")
    case UInt8(ascii: "<"): closing = UInt8(ascii: ">")
    case UInt8(ascii: "'"): closing = UInt8(ascii: "'")
    default: return 2
    }
    let takesName = Array("xopPNgk".utf8).contains(bytes[1])
    guard takesName, let end = bytes[3...].firstIndex(of: closing) else { return 2 }
    return end + 1
  }

  /// What `\1`, `\g{1}`, `\k<name>`, `(?P=name)` refer to; nil: no reference.
  private static func reference(_ atom: ArraySlice<UInt8>) -> String? {
    let text = String(decoding: atom, as: UTF8.self)
    if text.hasPrefix("(?P=") { return String(text.dropFirst(4).dropLast()) }
    guard text.hasPrefix("\\"), let letter = text.dropFirst().first else { return nil }
    if letter == "k" || letter == "g" {
      return String(text.dropFirst(2).filter { !"{}<>'".contains($0) })
    }
    return letter.isASCII && letter.isNumber && letter != "0" ? String(text.dropFirst()) : nil
  }

  /// Groups by number or by name; where it counts from where it stands, any.
  private static func numbers(_ text: String, _ groups: [Regex.Group], _ count: Int) -> [Int] {
    let named = groups.filter { $0.name == text }.map(\.number)
    if !named.isEmpty { return named }
    if let number = Int(text), number > 0, number <= count, !text.hasPrefix("+") { return [number] }
    return count < 1 ? [] : Array(1...count)
  }
}
