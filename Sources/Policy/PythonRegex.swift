/// What a pattern that was written for Python's `re` means otherwise here (DESIGN §2, *Match*): for databases
/// that MUTT filled. Only what is certain to differ is named, and only as it stands in the pattern.
package enum PythonRegex {
  /// Sentence parts for people, each once; empty: both read it alike.
  package static func differences(_ pattern: String) -> [String] {
    var reader = Reader(bytes: Array(pattern.utf8))
    reader.read()
    return reader.found
  }

  private struct Reader {
    let bytes: [UInt8]
    var found: [String] = []
    private var at = 0
    private var isInClass = false

    init(bytes: [UInt8]) { self.bytes = bytes }

    private func isNext(_ text: StaticString, _ distance: Int = 0) -> Bool {
      let count = text.utf8CodeUnitCount
      guard at + distance + count <= bytes.count else { return false }
      for index in 0..<count where bytes[at + distance + index] != byte(text, index) { return false }
      return true
    }

    private func byte(_ text: StaticString, _ index: Int) -> UInt8 {
      text.withUTF8Buffer { unsafe $0[index] }
    }

    private mutating func say(_ text: String) {
      if !found.contains(text) { found.append(text) }
    }

    mutating func read() {
      while at < bytes.count {
        switch bytes[at] {
        case UInt8(ascii: "\\"): readEscape()
        case UInt8(ascii: "["): readBracket()
        case UInt8(ascii: "]"): isInClass = false
        case _ where isInClass: break
        case UInt8(ascii: "."): say("\".\" takes a line end too")
        case UInt8(ascii: "$"): say("\"$\" is the very end, never before a last line end")
        case UInt8(ascii: "("): readGroup()
        case UInt8(ascii: "{") where isNext("{,"): say("\"{,n}\" is text here, in Python \"none to n times\"")
        case UInt8(ascii: "+") where isPossessive: say("possessive \"+\": Python before 3.11 refuses it")
        default: break
        }
        at += 1
      }
    }

    /// Behind another quantifier.
    private var isPossessive: Bool {
      guard at > 1 else { return false }
      let before = bytes[at - 1]
      let isQuantifier =
        before == UInt8(ascii: "*") || before == UInt8(ascii: "+") || before == UInt8(ascii: "?")
        || before == UInt8(ascii: "}")
      return isQuantifier && bytes[at - 2] != UInt8(ascii: "\\")
    }

    private mutating func readEscape() {
      guard at + 1 < bytes.count else { return }
      at += 1
      switch bytes[at] {
      case UInt8(ascii: "d"), UInt8(ascii: "w"), UInt8(ascii: "s"), UInt8(ascii: "b"), UInt8(ascii: "D"),
        UInt8(ascii: "W"), UInt8(ascii: "S"), UInt8(ascii: "B"):
        if isInClass && bytes[at] == UInt8(ascii: "b") { return }
        say("\\d, \\w, \\s and \\b know ASCII only, Python's know all letters and digits")
      case UInt8(ascii: "Z"): say("\"\\Z\" is also before a last line end, in Python the very end (\\z here)")
      case UInt8(ascii: "h"), UInt8(ascii: "R"), UInt8(ascii: "K"), UInt8(ascii: "G"), UInt8(ascii: "X"),
        UInt8(ascii: "Q"), UInt8(ascii: "p"), UInt8(ascii: "z"):
        say("\"\\\(letter)\" means something here; Python refuses it, so MUTT left the rule out")
      default: break
      }
    }

    private var letter: String { String(decoding: bytes[at...at], as: UTF8.self) }

    private mutating func readBracket() {
      if isInClass {
        if isNext("[:") {
          say("\"[:…:]\" is a class of characters here, in Python the characters themselves")
        }
        return
      }
      isInClass = true
      if isNext("^", 1) { at += 1 }
      // A bracket that comes first is one of the characters.
      if isNext("]", 1) { at += 1 }
    }

    private mutating func readGroup() {
      guard isNext("(?") else { return }
      if isNext("(?<"), !isNext("(?<="), !isNext("(?<!") {
        say("\"(?<name>…)\": Python wants (?P<name>…) and refuses it, so MUTT left the rule out")
      } else if isNext("(?|") || isNext("(?R") || isNext("(?&") {
        let letter = String(decoding: bytes[(at + 2)...(at + 2)], as: UTF8.self)
        say("\"(?\(letter)\": Python refuses it, so MUTT left the rule out")
      } else if at > 0, isFlagGroup {
        say("flags that stand inside the pattern: Python 3.11 refuses them")
      }
    }

    /// `(?i)`, `(?ms)`
    private var isFlagGroup: Bool {
      var index = at + 2
      while index < bytes.count, bytes[index] >= UInt8(ascii: "a"), bytes[index] <= UInt8(ascii: "z") {
        index += 1
      }
      return index > at + 2 && index < bytes.count && bytes[index] == UInt8(ascii: ")")
    }
  }
}
