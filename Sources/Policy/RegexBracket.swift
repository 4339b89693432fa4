// What a bracket opens, told from the bytes behind it.

extension RegexReader {
  /// At a bracket: `(`, `(?<name>`, `(?P<name>`, `(?'name'`.
  var isCapture: Bool {
    if byte(1) != UInt8(ascii: "?") { return byte(1) != UInt8(ascii: "*") }
    let name = byte(2) == UInt8(ascii: "P") ? 3 : 2
    let sign = byte(name + 1)
    return byte(name) == UInt8(ascii: "'")
      || byte(name) == UInt8(ascii: "<") && sign != UInt8(ascii: "=") && sign != UInt8(ascii: "!")
  }

  /// Bytes between a bracket and what the group takes, as far as they mean something of their own.
  var openingLength: Int {
    let name = byte(1) == UInt8(ascii: "P") ? 2 : 1
    let quote = byte(name)
    let isBehind = byte(name + 1) == UInt8(ascii: "=") || byte(name + 1) == UInt8(ascii: "!")
    if quote == UInt8(ascii: "'") || quote == UInt8(ascii: "<") && !isBehind {
      let closing = quote == UInt8(ascii: "'") ? quote : UInt8(ascii: ">")
      var end = name + 1
      while at + end < pattern.count, pattern[at + end] != closing { end += 1 }
      return end + 1
    }
    return byte(1) == UInt8(ascii: ">") ? 2 : name
  }

  /// At a bracket: what it opens takes no text that could be named here. Look-arounds, conditions,
  /// references, recursion, verbs.
  var takesNoText: Bool {
    if isNext("(*") { return true }
    guard isNext("(?") else { return false }
    switch byte(2) {
    case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "("), UInt8(ascii: "R"), UInt8(ascii: "&"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return true
    case UInt8(ascii: "<"): return byte(3) == UInt8(ascii: "=") || byte(3) == UInt8(ascii: "!")
    case UInt8(ascii: "P"): return byte(3) == UInt8(ascii: "=") || byte(3) == UInt8(ascii: ">")
    default: return false
    }
  }

  /// At a bracket: what the compiler makes of what it opens. Either branch of a condition is text.
  var kindOfGroup: RegexWays.Group {
    if isNext("(*") { return .glance }
    if !takesNoText || isNext("(?(") { return .text }
    let sign = byte(2) == UInt8(ascii: "<") ? byte(3) : byte(2)
    return sign == UInt8(ascii: "=") || sign == UInt8(ascii: "!") ? .glance : .reference
  }
}
