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
    #expect(cost("ab{1,101}").nested == 0)
    #expect(cost(String(repeating: "a?", count: 100)).ways == 4_750)
    #expect(cost(String(repeating: "a?", count: 110)) == PatternCost())
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

  /// What counts of groups add: a count of one letter or class is counted, not written out.
  @Test(arguments: [
    ("x.{0,500}y[ab]{3}", 0), ("(?:ab){20}", 38), ("(?:.{0,9}x){20}", 198), ("((.{0,3}a){2}b){4}", 33),
    ("(?:a){20}", 0), ("(?:.{0,9}){9}", 80), ("(?:ab){1}", 0), ("(?:ab)+", 0), ("a{9}(?:ab){20}c{9}", 40),
    ("\\d{1,3}(?:\\.\\d{1,3}){3}", 12), ("(?:[^,]*,){13}", 24),
  ])
  func whatCountsOfGroupsAddIsCountedApart(regex: String, nested: Int) {
    #expect(RegexReader(regex, isUnicode: false).size.nested == nested)
  }

  /// A class of Unicode is six hundred positions, and one that is counted.
  @Test func aClassOfUnicodeIsOneAmongTheCounted() {
    let size = RegexReader("ö(?:\\w+,){3}", isUnicode: true).size
    #expect(size.nested == 4)
    #expect(size.added > 1_500)
  }

  /// Forty bytes each, and each of them seconds: five took thirteen, and sixty would have taken minutes.
  @Test func countsOfGroupsTogetherAreNamedWithTheBound() throws {
    let heavy = (1...9).map { Rule.make("r\($0)", .regex, "((x.{0,9}){0,9}y){12}\($0)", id: Int64($0)) }
    let rules = heavy + [.make("address", .regex, "\\d{1,3}(?:\\.\\d{1,3}){3}", id: 20)]
    var bounds = PatternBounds()
    let nested = RegexReader("((x.{0,9}){0,9}y){12}1", isUnicode: false).size.nested
    let square = nested * nested
    #expect(square > 1_000_000 && 10 * square > bounds.squares)
    bounds.squares = 3 * square
    let snapshot = try Bench(rules).snapshot(bounds)
    #expect(snapshot.quarantined.map(\.name) == (4...9).map { "r\($0)" })
    #expect(
      snapshot.quarantined.first?.reason
        == "its counts of groups add \(nested) positions, whose square is \(square), and rules before it "
        + "have added \(3 * square) such squares of the \(3 * square) that are compiled")
    var matcher = try Matcher(snapshot)
    let text = String(repeating: "xy", count: 12)
    #expect(matcher.winner(Sample(text + "2")) == "r2")
    #expect(matcher.winner(Sample(text + "5")) == nil)
    #expect(matcher.winner(Sample("from 192.0.2.7")) == "address")
    _ = try Self.reloaded(snapshot)
  }

  /// One that is too large is found among those that are heavy and taken, behind it and before it.
  @Test func heavyCulpritsLeaveTheOthers() throws {
    let large = "((x.{0,9}){0,9}y){20}"
    let rules = [
      Rule.make("before", .regex, "(?:a.b){100}", id: 1), .make("first", .regex, large + "1", id: 2),
      .make("between", .regex, "(?:c.d){100}", id: 3), .make("second", .regex, large + "2", id: 4),
      .make("behind", .contains, "behind", id: 5),
    ]
    let snapshot = try Bench(rules).snapshot()
    #expect(snapshot.quarantined.isEmpty)
    let homes = snapshot.patterns.entries.map(\.home)
    #expect(homes == [.automaton, .searched, .automaton, .searched, .automaton])
    #expect(snapshot.patterns.entries[3].note.hasPrefix("Vectorscan: "))
    var matcher = try Matcher(snapshot)
    #expect(matcher.winner(Sample(String(repeating: "c7d", count: 100))) == "between")
    #expect(matcher.winner(Sample(String(repeating: "y", count: 20) + "2")) == "second")
    #expect(matcher.winner(Sample("behind")) == "behind")
  }

  /// The patterns as the next start finds them: written, read again, and the same.
  private static func reloaded(_ snapshot: Snapshot) throws -> PatternSet {
    let kept = try #require(snapshot.patterns.encoded())
    let loaded = try #require(PatternSet(decoding: kept))
    #expect(loaded.entries == snapshot.patterns.entries)
    return loaded
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
    let loaded = try Self.reloaded(snapshot)
    let again = try Bench(rules).snapshot(bounds, reusing: loaded) { _ in
      Issue.record("nothing is compiled")
    }
    #expect(again.quarantined == snapshot.quarantined)
    rules[3].isActive = false
    let next = try Bench(rules).snapshot(bounds, reusing: loaded)
    #expect(next.quarantined.map(\.name) == (22...25).map { "v\($0)" })
  }

  /// Before half a minute is spent on the others; not what is wrong with a rule by itself.
  @Test func whatIsBeyondTheBoundsIsToldBeforehand() throws {
    var bounds = PatternBounds()
    bounds.vague = 20
    let broken = Rule.make("broken", .regex, "(", id: 1_000)
    var told: [[QuarantinedRule]] = []
    let snapshot = try Bench(Self.vague(22) + [broken]).snapshot(bounds) { told.append($0) }
    #expect(told.map { $0.map(\.name) } == [["v21", "v22"]])
    #expect(snapshot.quarantined.count == 3)
    _ = try Bench(Self.vague(20) + [broken]).snapshot(bounds) { told.append($0) }
    #expect(told.count == 1)
  }

  // MARK: - Ways

  /// The ways of a regex beyond those that each position has to itself and to the next.
  /// `100 of X`: X a hundred times.
  static let ways: [(String, Int)] = [
    ("", 0), ("plain text", 0), ("a+b*c?", 0),
    ("%[A-Z]+-\\d-UPDOWN: Interface (?<interface>\\S+), changed", 0),
    ("4 of .?", 0), ("100 of .?", 4_750), ("100 of a*", 4_850), ("100 of a??", 4_750),
    ("100 of a?\\E", 4_750),
    ("100 of a?(?=b)", 4_750), ("100 of a?^", 4_750), ("100 of a?(?#b)", 4_750), ("100 of a?\\b", 19_000),
    ("50 of (a|b)*", 4_900), ("50 of (?:a?|b)", 4_700), ("50 of (a?b?)", 4_750), ("100 of \\1", 4_850),
    ("100 of (?P=n)", 4_850), ("100 of (?1)", 4_850), ("50 of (?(1)a?|b?)", 4_700),
    // A text of octal letters is a text.
    ("100 of \\101", 0),
    // What is counted leaves out only what stands first.
    (".{0,500}", 0), ("(?:.?){500}", 0), ("4 of .{0,20}", 4), ("x{65535}", 0),
    ("20 of (?: key=\\S+)?", 70), ("(?:aa|bb|cc|dd|ee|ff|gg|hh|ii|jj){2}!", 48),
  ]

  private static func written(_ text: String) -> String {
    let parts = text.split(separator: " of ", maxSplits: 1)
    guard parts.count == 2, let count = Int(parts[0]) else { return text }
    return String(repeating: String(parts[1]), count: count)
  }

  @Test(arguments: ways) func waysAreCounted(regex: String, count: Int) {
    var ways = RegexReader(Self.written(regex), isUnicode: false).ways
    #expect(ways.finished() == count)
  }

  @Test func aLetterBeyondASCIIIsOneAndAClassIsSeveral() {
    func ways(_ regex: String) -> Int {
      var ways = RegexReader(regex, isUnicode: true).ways
      return ways.finished()
    }
    #expect(ways(String(repeating: "ö?", count: 100)) == 4_750)
    #expect(ways(String(repeating: ".?", count: 30)) > 3_000)
    #expect(ways("\\S+ größe \\S+ .* [a-z]+") < RegexWays.slightLimit)
  }

  /// A kilobyte of these took the compiler half a minute, two kilobytes four.
  @Test(
    arguments: [
      "500 of .?", "1990 of .?", "400 of [ab]?", "300 of (?:a|b)*", "300 of (?:a*b*)*", "300 of (?:a?b?c?)*",
      "440 of (?:\\w+ )?", "400 of a?\\b", "1200 of \\w?", "200 of a?(?(?=a)b?|c?)", "ö", "(?=z)",
    ])
  func aRegexOfManyWaysIsLeftToPCRE2AtOnce(run: String) throws {
    let rest = run.contains(" of ") ? "" : Self.written("500 of .?")
    let rule = Rule.make("many", .regex, "xy" + Self.written(run) + rest + "zq", id: 1)
    var matcher = try Bench([rule, .make("plain", .contains, "plain", id: 2)]).matcher()
    let warning = try #require(matcher.snapshot.warnings.first?.text)
    #expect(warning.contains(" ways through it, more than 5000: PCRE2 searches every event for it"))
    #expect(matcher.winner(Sample("plain")) == "plain")
    #expect(RuleCheck.problem(rule, settings: PolicySettings()) == nil)
  }

  /// At the bound by itself, and together: the first stay, and the others are named.
  @Test func regexesOfManyWaysTogetherAreNamedWithTheBound() throws {
    let run = String(repeating: "[ab]?", count: 98)
    var rules = (10...39).map { Rule.make("r\($0)", .regex, "port\($0)!\(run)zq", id: Int64($0)) }
    rules.append(.make("ordinary", .regex, "link(?: key=\\S+)? down", id: 40))
    let clock = ContinuousClock()
    let begun = clock.now
    let snapshot = try Bench(rules).snapshot()
    let ways = PatternCost(of: PatternSource(text: rules[0].matchString ?? "", isRegex: true)).ways
    print("a set of regexes of \(ways) ways each takes \(clock.now - begun)")
    #expect(ways > 4_700 && ways <= RegexWays.limit)
    let taken = PatternBounds.standard.ways / ways
    #expect(snapshot.quarantined.map(\.name) == (10 + taken...39).map { "r\($0)" })
    #expect(
      snapshot.quarantined.first?.reason
        == "its parts that may be missing and its alternatives make \(ways) ways through it, and rules "
        + "before it have made \(taken * ways) of the 100000 that are compiled")
    var matcher = try Matcher(snapshot)
    #expect(matcher.winner(Sample("port20!abbazq")) == "r20")
    #expect(matcher.winner(Sample("link key=3 down")) == "ordinary")
    let loaded = try Self.reloaded(snapshot)
    #expect(try Bench(rules).snapshot(reusing: loaded).quarantined == snapshot.quarantined)
  }

  /// A set of usual size stays in one automaton, a few vague regexes among it.
  @Test func fewVagueRegexesStandAmongTheOthers() throws {
    let rules = PatternTests.many(300).map { rule in rule.with { $0.id += 1_000 } } + Self.vague(30)
    #expect(try Bench(rules).snapshot().byteDatabases.count == 1)
  }
}
