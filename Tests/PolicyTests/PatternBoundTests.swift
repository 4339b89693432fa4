import Model
import Testing

@testable import Policy

/// What compiling a set may cost, measured before it begins.
@Suite struct PatternBoundTests {
  /// The longest text that a regex cannot do without; nil: it is a text as a whole.
  static let texts: [(String, Int?)] = [
    ("", nil), ("plain text", nil), ("a\\.b", nil), ("\\Qa.b\\E", nil), ("^plain$", nil), ("a{b", nil),
    ("abc.*x", 3), ("ab[cd]efg", 3), ("abc*", 2), ("abc+", 3), ("abc?d", 2), ("abc{0,3}", 2), ("abc{2}d", 3),
    ("a\\.b\\d", 3), ("ab\\d", 2), ("ab\\bcd", 2), ("\\x41b", 1), ("a+b+c", 1), (".*", 0),
    ("[a-z]+[0-9]+", 0),
    ("\\d+\\.\\d+", 1), ("a*?b", 1), ("ab++c", 2), ("(?s)ab.", 2), ("(?i:ab.)", 2), ("(?#abc)d.", 1),
    ("(abc|de).*", 2), ("(abc|d).*", 1), ("(abc|).*", 0), ("abc|d.e", 1), ("abc|", 0), ("|abc", 0),
    ("(abc)?.", 0), ("(abc)*.", 0), ("(abc){0}.", 0), ("(abc)+.", 3), ("(abc){2,}.", 3),
    ("((ab|cde)f|ghi).", 2),
    ("(?<name>.)x", 1), ("(?P<name>.)x", 1), ("(?'name'.)x", 1), ("(?<name>ab.)", 2), ("(?>abc)d.", 3),
    ("(?=abc).", 0), ("(?!abc).", 0), ("(?<=abc).", 0), ("(?<!abc).", 0), ("(?<name>.)(?P=name)", 0),
    ("(.)\\1", 0), ("(?<n>.)\\k<n>", 0), ("(a)?(?(1)abc|de).", 0), ("(.)\\g{1}", 0), ("\\pL.", 0),
    ("\\101.b", 1), ("(*ACCEPT).", 0), ("(?x) [a] b c [d] # more", 2),
    ("(?x) [a]   [d]", 0), ("%[A-Z]+-\\d-UPDOWN: Interface (?<interface>\\S+), changed", 19),
  ]

  @Test(arguments: texts) func theTextThatARegexNeedsIsItsLongest(regex: String, length: Int?) throws {
    _ = try Regex(regex, isUnicode: false)
    var text = RegexReader(regex, isUnicode: false).text
    let found = text.finished()
    #expect(text.hasSigns == (length != nil))
    if let length { #expect(found == length) }
  }

  /// Wherever a text is claimed, nothing shorter holds.
  @Test func aRegexDoesNotHoldWithoutItsText() throws {
    for (regex, length) in Self.texts {
      guard let length, length > 0, let expression = try? Regex(regex, isUnicode: false) else { continue }
      for text in ["", "x", "a", "d", "ab", "b.", "cde", "7.7", "abcd"] where text.utf8.count < length {
        #expect(try Self.holds(expression, in: text) == false, "\(regex) holds for \(text)")
      }
    }
  }

  private static func holds(_ regex: Regex, in text: String) throws -> Bool {
    var scratch = try RegexScratch(groupCount: regex.groupCount)
    var budget = RegexScratch.budget
    return scratch.search(regex, in: Array(text.utf8).span, budget: &budget) == .found
  }

  @Test func aPatternCostsWhatItIsMadeOf() {
    func cost(_ text: String, isRegex: Bool = true) -> PatternCost {
      PatternCost(of: PatternSource(text: text, isRegex: isRegex))
    }
    #expect(cost("a.*b", isRegex: false) == PatternCost())
    #expect(cost("plain") == PatternCost())
    #expect(cost("link.*down").regexBytes == 10)
    #expect(!cost("link.*down").isVague)
    #expect(cost("[a-z]+\\d").isVague)
    #expect(cost("ab{1,101}").added == 100)
    // What is refused, or left to PCRE2 before the engine is asked, is not compiled.
    #expect(cost("a(?C1)[a-z]+") == PatternCost())
    #expect(cost("(a{1,100}b){100}") == PatternCost())
  }

  /// Twenty thousand ordinary regexes took two and a half minutes to compile.
  @Test func moreRegexesThanCompileInSecondsAreNamedWithTheBound() {
    var total = PatternTotal(.standard)
    var refused: [String] = []
    var taken = 0
    for number in 0..<10_000 {
      let text = "word\(number) state.*[a-z]+ member \\S+ loss\(number).*(duplicate|error)"
      let source = PatternSource(text: text, isRegex: true)
      if let reason = total.objection(to: source, known: nil) {
        refused.append(reason)
      } else {
        taken += source.text.utf8.count
      }
    }
    let next = 500_000 - taken
    #expect(next >= 0 && next < 100)
    #expect(refused.count > 1_500)
    let end = "bytes, and regexes before it have \(taken) of the 500000 that are compiled"
    #expect(refused.first?.hasSuffix(end) == true)
    // A text costs nothing, whatever stands before it; nor does what is asked for twice.
    let text = String(repeating: "x", count: 4_000)
    #expect(total.objection(to: PatternSource(text: text, isRegex: false), known: nil) == nil)
    #expect(total.objection(to: PatternSource(text: text, isRegex: true), known: nil) == nil)
    let again = "word7 state.*[a-z]+ member \\S+ loss7.*(duplicate|error)"
    #expect(total.objection(to: PatternSource(text: again, isRegex: true), known: nil) == nil)
  }

  private static func vague(_ count: Int) -> [Rule] {
    (1...count).map { number in
      let (first, second) = (
        UnicodeScalar(UInt8(96 + number % 26 + 1)), UnicodeScalar(UInt8(97 + number / 26))
      )
      return Rule.make("v\(number)", .regex, "[\(first)]+[0-3]+[\(second)!]", id: Int64(number))
    }
  }

  @Test func vagueRegexesStandApartFewTogether() throws {
    var bounds = PatternBounds()
    bounds.vague = 20
    bounds.vagueTogether = 8
    var rules = Self.vague(25)
    rules += PatternTests.many(30).map { rule in rule.with { $0.id += 1_000 } }
    rules.append(.make("ordinary", .regex, "port \\d+ down", id: 2_000))
    let snapshot = try Bench(rules).snapshot(bounds)
    #expect(snapshot.byteDatabases.count == 3)
    #expect(snapshot.isTidy)
    #expect(snapshot.quarantined.map(\.name) == (21...25).map { "v\($0)" })
    #expect(
      snapshot.quarantined.first?.reason
        == "its regex needs no two characters side by side, and 20 regexes before it are as vague: "
        + "no more are compiled")
    var matcher = try Matcher(snapshot)
    #expect(matcher.winner(Sample("word9!")) == "r9")
    #expect(matcher.winner(Sample("port 7 down")) == "ordinary")
    for number in 1...20 {
      let letter = UnicodeScalar(UInt8(96 + number % 26 + 1))
      #expect(matcher.winner(Sample("\(letter)2!")) == "v\(number)")
    }
    // The same set as bytes, and with one that leaves it.
    let kept = try #require(snapshot.patterns.encoded())
    let loaded = try #require(PatternSet(decoding: kept))
    #expect(loaded.entries == snapshot.patterns.entries)
    #expect(try Bench(rules).snapshot(bounds, reusing: loaded).quarantined == snapshot.quarantined)
    rules[3].isActive = false
    let next = try Bench(rules).snapshot(bounds, reusing: loaded)
    #expect(next.quarantined.map(\.name) == (22...25).map { "v\($0)" })
  }

  /// A set of usual size stays in one automaton, a few vague regexes among it.
  @Test func fewVagueRegexesStandAmongTheOthers() throws {
    let rules = PatternTests.many(300).map { rule in rule.with { $0.id += 1_000 } } + Self.vague(30)
    #expect(try Bench(rules).snapshot().byteDatabases.count == 1)
  }
}
