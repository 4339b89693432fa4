import Model
import Testing

@Suite struct TextTests {
  private func safe(_ bytes: [UInt8]) -> String {
    var target: [UInt8] = []
    SafeText.append(bytes.span, ByteRange(0, bytes.count), to: &target)
    return String(decoding: target, as: UTF8.self)
  }

  @Test(
    arguments: [
      ([0x61, 0x00, 0x62], "a\u{FFFD}b"), ([0xC3, 0xA4], "ä"), ([0xC3], "\u{FFFD}"),
      ([0xC0, 0x80], "\u{FFFD}\u{FFFD}"),
      ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"), ([0xF0, 0x9F, 0x94, 0xA5], "🔥"),
      ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"), ([0x1B, 0x5B], "\u{1B}["), ([], ""),
    ] as [([UInt8], String)])
  func bytesBecomeFitToLeave(bytes: [UInt8], expected: String) {
    #expect(safe(bytes) == expected)
  }

  @Test func randomBytesAreValidAndWithoutNUL() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<5_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        UInt8.random(in: .min ... .max, using: &generator)
      }
      var target: [UInt8] = []
      SafeText.append(bytes.span, ByteRange(0, bytes.count), to: &target)
      #expect(String(validating: target, as: UTF8.self) != nil)
      #expect(!target.contains(0))
      let isClean = SafeText.isClean(target.span)
      #expect(isClean)
      // What the standard library calls valid is left alone.
      if String(validating: bytes, as: UTF8.self) != nil, !bytes.contains(0) { #expect(target == bytes) }
    }
  }

  @Test func aTerminalSeesNoControls() {
    var target = ""
    SafeText.appendForTerminal("a\u{1B}[2J\tb\u{202E}c\u{9B}d\n", to: &target)
    #expect(target == "a\u{FFFD}[2J\tb\u{FFFD}c\u{FFFD}d\u{FFFD}")
  }

  @Test func jsonIsEscaped() {
    var target: [UInt8] = []
    JSONText.append("q\" b\\ n\n t\t \u{1} \u{7F} ä 🔥", to: &target)
    #expect(String(decoding: target, as: UTF8.self) == #""q\" b\\ n\n t\t \u0001 \u007f ä 🔥""#)
    target = []
    JSONText.append(nil, to: &target)
    #expect(String(decoding: target, as: UTF8.self) == "null")
  }

  @Test(arguments: [
    (Int64.min, "-9223372036854775808"), (.max, "9223372036854775807"), (0, "0"), (-7, "-7"), (10, "10"),
  ])
  func decimals(value: Int64, expected: String) {
    var bytes: [UInt8] = []
    bytes.append(decimal: value)
    #expect(String(decoding: bytes, as: UTF8.self) == expected)
  }

  @Test(arguments: [
    (5, 1, "5"), (5, 2, "05"), (99, 2, "99"), (100, 2, "100"), (7, 9, "000000007"), (0, 4, "0000"),
  ])
  func paddedDecimals(value: Int, width: Int, expected: String) {
    var bytes: [UInt8] = []
    bytes.append(decimal: value, width: width)
    #expect(String(decoding: bytes, as: UTF8.self) == expected)
  }

  @Test func labelsKeepTheirFirstValueAndTheirLimit() {
    var labels = LabelSet()
    func add(_ name: String, _ value: String) {
      let start = labels.bytes.count
      labels.bytes.append(text: name)
      let middle = labels.bytes.count
      labels.bytes.append(text: value)
      labels.add(name: ByteRange(start, middle), value: ByteRange(middle, labels.bytes.count))
    }
    add("interface", "Gi0/1")
    add("interface", "Gi0/2")
    for index in 0..<100 { add("n\(index)", "\"\(index)") }
    #expect(labels.entries.count == LabelSet.limit)
    var json: [UInt8] = []
    labels.appendJSON(to: &json)
    #expect(String(decoding: json, as: UTF8.self).hasPrefix(#"{"interface":"Gi0/1","n0":"\"0","#))
  }

  @Test func aKeyIsItsBytes() {
    #expect(ExactKey("\u{E9}") != ExactKey("e\u{301}"))
    #expect(ExactKey("a") == ExactKey("a") && ExactKey("a") < ExactKey("b"))
    #expect(Set(["\u{E9}", "e\u{301}", "e", ""].map(ExactKey.init)).count == 4)
    #expect(ExactKey("\u{E9}").hashValue == ExactKey("\u{E9}").hashValue)
  }

  /// The bytes of a text that was cut, and how many of them are whole characters.
  @Test(
    arguments: [
      ([], 0), ([0x61], 1), ([0x61, 0xC3], 1), ([0x61, 0xC3, 0xA9], 3), ([0xE2, 0x82], 0), ([0xE2], 0),
      ([0xE2, 0x82, 0xAC], 3), ([0x61, 0xF0, 0x9F, 0x98], 1), ([0x61, 0xF0, 0x9F], 1),
      ([0xF0, 0x9F, 0x98, 0x80], 4), ([0x62, 0xE6, 0x96], 1), ([0xC3, 0xA9, 0xE6], 2),
      // No beginning of a character: it stays, and is no UTF-8 as before.
      ([0xC0], 1), ([0xF5], 1), ([0xFF], 1), ([0x80], 1), ([0x61, 0x80, 0x80], 3), ([0xE0, 0x80], 2),
      ([0xED, 0xA0], 2), ([0xF0, 0x80], 2), ([0xF4, 0x90], 2), ([0x80, 0x80, 0x80, 0x80], 4),
    ] as [([UInt8], Int)])
  func aCutLeavesWholeCharacters(bytes: [UInt8], whole: Int) {
    #expect(SafeText.wholeCount(bytes.span) == whole)
  }

  /// The text; what is looked for; where its bytes are; the text with "-" in its place.
  @Test(
    arguments: [
      ("", "a", nil, ""), ("a", "", nil, "a"), ("abc", "abcd", nil, "abc"), ("aab", "ab", 1..<3, "a-"),
      ("'\u{301}'", "'", 0..<1, "-\u{301}-"), ("key\u{301}", "key", 0..<3, "-\u{301}"),
      ("\r\n", "\n", 1..<2, "\r-"), ("äxä", "ä", 0..<2, "-x-"), ("e\u{301}", "é", nil, "e\u{301}"),
    ] as [(String, String, Range<Int>?, String)])
  func textIsFoundByItsBytes(text: String, part: String, place: Range<Int>?, replaced: String) {
    let found = text.exactRange(of: part).map {
      text.utf8.distance(
        from: text.startIndex, to: $0.lowerBound)..<text.utf8.distance(
          from: text.startIndex, to: $0.upperBound)
    }
    #expect(found == place)
    #expect(Array(text.replacingExactly(part, with: "-").utf8) == Array(replaced.utf8))
  }
}
