import Model
import Testing

@testable import Policy

/// Every construct has a home, and a set outlives the rules that asked for it.
@Suite struct PatternTests {
  static let homes: [(String, PatternHome, String)] = [
    ("plain.*text$", .automaton, ""),
    ("a*", .automaton, ""),
    ("(?<port>\\S+) down", .automaton, ""),
    ("x{2,100}y", .automaton, ""),
    ("(a)\\1", .confirmed, "a reference to a group at column 4"),
    ("x(?=b)", .confirmed, "a look-ahead at column 2"),
    ("(?!b)x", .confirmed, "a look-ahead at column 1"),
    ("(?<=b)x", .confirmed, "a look-behind at column 1"),
    ("(?<!b)x", .confirmed, "a look-behind at column 1"),
    ("a(?>b)", .confirmed, "an atomic group at column 2"),
    ("ab++", .confirmed, "a possessive quantifier at column 4"),
    ("a(?(?=b)bc|d)", .confirmed, "a condition at column 2"),
    ("(?=.*a)(?=.*b)", .searched, "a look-ahead at column 1"),
    ("a\\Kb", .searched, "\\K at column 2"),
    ("a(?R)?b", .searched, "recursion at column 2"),
    ("(?|a|b)", .searched, "a group that resets numbers at column 1"),
    ("(*ACCEPT)a", .searched, "a control verb at column 1"),
    ("a{1,40000}", .searched, "its counts add 39999 positions, more than 2000"),
    ("(a{1,100}b){100}", .searched, "its counts add 10098 positions, more than 2000"),
    ("ö\\w{1,20}", .searched, "its counts add 12006 positions, more than 2000"),
    ("ö\\w", .automaton, ""),
    ("a\\b\\wc", .refused, "the regex can never match"),
  ]

  @Test(arguments: homes)
  func everyConstructHasAHome(pattern: String, home: PatternHome, note: String) throws {
    let source = PatternSource(text: pattern, isRegex: true)
    _ = try Regex(pattern, isUnicode: source.isUnicode)
    let (entry, _) = PatternCompiler.place(source, known: nil)
    #expect(entry.home == home)
    #expect(entry.note == note)
  }

  /// The tests are worth what the engine is worth that they run with (docs/decisions/0005).
  @Test func theEngineOverlooksNothingThatIsKnown() {
    #expect(Snapshot.engineFault == nil)
  }

  @Test func whatTheAutomatonCannotDecideIsDecidedAllTheSame() throws {
    let rules = [
      Rule.make("searched", .regex, "a\\Kb", id: 1),
      Rule.make("confirmed", .regex, "(\\d+) (?!up)\\1", id: 2),
      Rule.make("plain", .regex, "\\d", id: 3),
    ]
    var matcher = try Bench(rules).matcher()
    #expect(matcher.snapshot.warnings.map(\.name) == ["searched"])
    #expect(matcher.winner(Sample("xab")) == "searched")
    #expect(matcher.winner(Sample("17 17")) == "confirmed")
    #expect(matcher.winner(Sample("17 18")) == "plain")
    #expect(matcher.winner(Sample("x")) == nil)
    let verdicts = matcher.explain(Sample("17 17 ab")).lines.map(\.verdict)
    #expect(verdicts == [.won, .holdsSamePriority, .holdsSamePriority])
  }

  @Test func rulesThatCostEveryEventASearchAreFew() throws {
    let rules = (1...70).map { Rule.make("r\($0)", .regex, "a\\Kb\($0)!", id: Int64($0)) }
    var matcher = try Bench(rules).matcher()
    #expect(matcher.snapshot.rules.count == RuleCheck.searchedLimit)
    #expect(matcher.snapshot.quarantined.map(\.name) == (65...70).map { "r\($0)" })
    #expect(
      matcher.snapshot.quarantined[0].reason
        == "\\K at column 2: PCRE2 would search every event for it, and 64 rules before it need that already")
    #expect(matcher.winner(Sample("ab64!")) == "r64")
  }

  /// What only the whole compilation refuses is found by its place and left to PCRE2.
  @Test func aPatternThatIsTooMuchForTheEngineIsLeftToPCRE2() throws {
    let large = "[a-z]{86,123}(?:a.b|c[^d]e|\\d){81,213}"
    var rules = (1...20).map { Rule.make("r\($0)", .contains, "word\($0) ", id: Int64($0)) }
    rules.insert(.make("large", .regex, large, id: 50, priority: 1), at: 3)
    let snapshot = try Bench(rules).snapshot()
    #expect(snapshot.quarantined.isEmpty)
    var matcher = try Matcher(snapshot)
    for number in 1...20 { #expect(matcher.winner(Sample("word\(number) ")) == "r\(number)") }
    let text = String(repeating: "k", count: 90) + String(repeating: "7", count: 81)
    #expect(matcher.winner(Sample("word7 " + text)) == "large")
    #expect(matcher.snapshot.patterns.entries[0].home == .searched)
  }

  // MARK: - What the next snapshot takes over

  static func many(_ count: Int) -> [Rule] {
    (1...count).map { Rule.make("r\($0)", .contains, "word\($0)!", id: Int64($0)) }
  }

  @Test func anEditOfEverythingButPatternsCompilesNothing() throws {
    var rules = Self.many(300)
    let first = try Bench(rules).snapshot()
    for index in rules.indices {
      rules[index].prodHandling = "Ticket_only"
      rules[index].priority = 1_000 - index
      rules[index].syslogSeverity = 3
    }
    let second = try Bench(rules).snapshot(reusing: first.patterns, .quick)
    #expect(second.patterns === first.patterns)
    #expect(second.isTidy)
    var matcher = try Matcher(second)
    #expect(matcher.winner(Sample("word7!", severity: 3)) == "r7")
    #expect(matcher.winner(Sample("word7! word300!", severity: 3)) == "r300")
    #expect(matcher.winner(Sample("word7!", severity: 4)) == nil)
  }

  @Test func aNewPatternStandsBesideTheOthersUntilAllAreCompiledTogether() throws {
    var rules = Self.many(300)
    let first = try Bench(rules).snapshot()
    rules[4].matchString = "edited"
    rules.append(.make("new", .regex, "n(?=ew)", id: 301, priority: 1))
    let second = try Bench(rules).snapshot(reusing: first.patterns, .quick)
    #expect(!second.isTidy)
    #expect(second.patterns.full.bytes.first === first.patterns.full.bytes.first)
    let third = try Bench(rules).snapshot(reusing: second.patterns)
    #expect(third.isTidy)
    for snapshot in [second, third] {
      var matcher = try Matcher(snapshot)
      #expect(matcher.winner(Sample("word5!")) == nil)
      #expect(matcher.winner(Sample("EDITED word9!")) == "r5")
      #expect(matcher.winner(Sample("word9! new")) == "new")
      #expect(matcher.winner(Sample("word300!")) == "r300")
    }
    // Edit upon edit, the earlier patch is compiled anew together with the later.
    rules[5].matchString = "edited too"
    let fourth = try Bench(rules).snapshot(reusing: second.patterns, .quick)
    #expect(fourth.patterns.patch.bytes.count == 1)
    var matcher = try Matcher(fourth)
    #expect(matcher.winner(Sample("edited too")) == "r5")
    #expect(matcher.winner(Sample("word6!")) == nil)
  }

  @Test func twoRulesWithOnePatternShareIt() throws {
    let rules = [
      Rule.make("critical", .contains, "down", id: 1, severity: 2),
      Rule.make("traps", .contains, "down", oid: "1.3", id: 2),
      Rule.make("any", .contains, "down", id: 3),
    ]
    var matcher = try Bench(rules).matcher()
    #expect(matcher.snapshot.patterns.entries.count == 1)
    #expect(matcher.winner(Sample("down", severity: 2)) == "critical")
    #expect(matcher.winner(Sample("down", severity: 3)) == "any")
    #expect(matcher.winner(.trap("1.3.6", "down")) == "traps")
  }

  @Test func aSetSurvivesAsBytesAndDamageIsSeen() throws {
    var rules = Self.many(300)
    rules.append(.make("back", .regex, "(a)\\1", id: 301))
    rules.append(.make("uni", .contains, "wörd", id: 302))
    rules.append(.make("searched", .regex, "a\\Kb", id: 303))
    let first = try Bench(rules).snapshot()
    rules[0].matchString = "patched"
    let patched = try Bench(rules).snapshot(reusing: first.patterns, .quick)
    let bytes = try #require(patched.patterns.encoded())
    let loaded = try #require(PatternSet(decoding: bytes))
    #expect(loaded.entries == patched.patterns.entries)
    let snapshot = try Bench(rules).snapshot(reusing: loaded, .quick)
    #expect(snapshot.patterns === loaded)
    var matcher = try Matcher(snapshot)
    for (text, name) in [("patched", "r1"), ("xAa", "back"), ("WÖRD", "uni"), ("ab", "searched")] {
      #expect(matcher.winner(Sample(text)) == name)
    }
    var numbers = SeededNumbers(seed: 1)
    for _ in 0..<50 {
      var damaged = bytes
      damaged[Int.random(in: 0..<bytes.count, using: &numbers)] ^= UInt8.random(in: 1...255, using: &numbers)
      #expect(PatternSet(decoding: damaged) == nil)
      #expect(
        PatternSet(decoding: Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &numbers)))) == nil)
    }
  }

  /// A database is one for the engine that wrote it, and for that kind of processor.
  @Test func aSetOfAnotherEngineOrProcessorIsCompiledAnew() throws {
    let set = try Bench(Self.many(10)).snapshot().patterns
    let bytes = try #require(set.encoded())
    #expect(PatternSet(decoding: bytes) != nil)
    // The version stands behind the magic number, counted.
    var otherEngine = bytes
    let digit = try #require(bytes[16...].firstIndex { $0 >= 0x30 && $0 <= 0x39 })
    otherEngine[digit] = bytes[digit] == 0x39 ? 0x30 : bytes[digit] + 1
    #expect(PatternSet(decoding: otherEngine) == nil)
    var otherPCRE2 = bytes
    let text = bytes.firstRange(of: Array("PCRE2 1".utf8))
    otherPCRE2[try #require(text).upperBound - 1] = UInt8(ascii: "9")
    #expect(PatternSet(decoding: otherPCRE2) == nil)

    // In the database: magic number, version, length, processor. The checksum is made right again.
    let head = try #require(bytes.firstRange(of: [0xDB, 0xDB, 0xDB, 0xDB])).lowerBound
    let body = 16 + Int(bytes[8]) + 8
    for (place, what) in [(4, "version"), (12, "processor"), (16, "processor")] {
      var other = bytes
      other[head + place] ^= 0x10
      let checksum = PatternSet.checksum(other.span.extracting(body...))
      for step in 0..<8 { other[body - 8 + step] = UInt8(truncatingIfNeeded: checksum >> UInt64(8 * step)) }
      #expect(PatternSet(decoding: other) == nil, "another \(what)")
      other[head + place] ^= 0x10
      for step in 0..<8 { other[body - 8 + step] = bytes[body - 8 + step] }
      #expect(PatternSet(decoding: other) != nil)
    }
  }

  @Test func aSetThatWouldCompileForMinutesIsRefusedAtOnce() {
    let text = String(repeating: "x", count: 3_990)
    let rules = (1...400).map { Rule.make("r\($0)", .contains, text + "\($0)", id: Int64($0)) }
    let error = #expect(throws: PolicyError.self) { try Bench(rules).snapshot() }
    #expect(
      error?.description == "compiling the rules: the patterns have 1597092 bytes in all, more than 1500000; "
        + "remove what is not needed")
  }

  /// Each may be compiled and all of them would take minutes: the first stay, however the set comes to be.
  @Test func patternsThatAddTooMuchTogetherAreNamedAndTheOthersDecide() throws {
    var rules = (1...200).map { Rule.make("r\($0)", .regex, "a{1,1999}\($0)!", id: Int64($0)) }
    rules += Self.many(300).map { rule in rule.with { $0.id += 1_000 } }
    rules.append(.make("address", .regex, "from \\d{1,3}(?:\\.\\d{1,3}){3}$", id: 2_000))
    let first = try Bench(rules).snapshot()
    let taken = PatternBounds.standard.added / 1_998
    #expect(first.quarantined.map(\.name) == (taken + 1...200).map { "r\($0)" })
    #expect(
      first.quarantined.first?.reason
        == "its counts and classes add 1998 positions, and rules before it have added \(taken * 1_998) of "
        + "the 100000 that are compiled")
    for (text, name) in [
      ("aaa50!", "r50"), ("xaaaa51!", nil), ("from 192.0.2.1", "address"), ("aword9!", "r9"),
    ] {
      var matcher = try Matcher(first)
      #expect(matcher.winner(Sample(text)) == name)
    }
    // Another order, another choice; what was compiled costs nothing again and counts all the same.
    rules[199].priority = 1
    rules[0].isActive = false
    let kept = try #require(first.patterns.encoded())
    let loaded = try #require(PatternSet(decoding: kept))
    #expect(loaded.entries == first.patterns.entries)
    for effort in [Snapshot.Effort.quick, .thorough] {
      let next = try Bench(rules).snapshot(reusing: loaded, effort)
      #expect(next.quarantined.map(\.name) == (taken + 1...199).map { "r\($0)" })
      #expect(next.quarantined == (try Bench(rules).snapshot().quarantined))
      var matcher = try Matcher(next)
      #expect(matcher.winner(Sample("aaa200!")) == "r200")
    }
  }

  @Test func lettersThatFoldToSeveralAreBoundedToo() {
    let text = String(repeating: "ks", count: 200) + "ö"
    let reason = RuleCheck.problem(.make("r", .contains, text), settings: PolicySettings())
    #expect(reason == "its letters fold to 2807 positions more, above 2000")
    let short = Rule.make("r", .contains, "Schnittstelle ist gestört")
    #expect(RuleCheck.problem(short, settings: PolicySettings()) == nil)
  }

  // MARK: - The budget

  /// `rule reason count` of what PCRE2 gave up on.
  static func exhaustions(_ matcher: inout Matcher) -> [String] {
    var found: [String] = []
    matcher.takeExhaustions { found.append("\($0.name) \($1.rawValue) \($2)") }
    return found
  }

  /// What is left of an event's steps may be less than a rule would get by itself: that rule is not to blame.
  @Test func theReasonSaysWhatWasSpent() throws {
    // The first takes a part of what a rule may take; ten times the whole is more than is left then.
    var rules = [Rule.make("part", .regex, "(?=x)x*\\Ky", id: 1)]
    rules += (2...12).map { Rule.make("r\($0)", .regex, "(?=x)(x+x+)+\\Ky", id: Int64($0)) }
    var matcher = try Bench(rules).matcher()
    #expect(matcher.winner(Sample(String(repeating: "x", count: 250) + " y")) == nil)
    let reasons = (2...10).map { "r\($0) steps 1" } + ["r11 event_steps 1", "r12 not_asked 1"]
    #expect(Self.exhaustions(&matcher) == reasons)
    // Back-tracking into a group that repeats keeps what each turn began with.
    var deep = try Bench([.make("deep", .regex, "(?=x)(?:x|z)*\\Ky", id: 13)]).matcher()
    #expect(deep.winner(Sample(String(repeating: "x", count: 60_000) + " y")) == nil)
    #expect(Self.exhaustions(&deep) == ["deep memory 1"])
    let line = deep.explain(Sample(String(repeating: "x", count: 60_000) + " y")).lines[0]
    #expect(line.text == "does not hold: regex not found within 4096 KiB of memory for back-tracking")
  }

  /// Items that walk far and then fail are charged for the walk, before it: the item, U in a pattern of
  /// Unicode, and what it may walk over. The pattern has three groups, the third is n, and looks back by 7.
  static let walks: [(String, String)] = [
    ("x", ""), ("x{2500}", "bytes 2500"), ("\\d{3}", "bytes 3"), ("x{2,}", "bytes 2"), ("x{1,9}", ""),
    ("x*", ""),
    ("U x{2500}", "bytes 10000"), ("x {3} # {9}\n", "bytes 9"), ("[a{9}]{7}", "bytes 7"), ("\\x{41}", ""),
    ("\\x{41}{5}+", "bytes 5"), ("b\\E{5}", "bytes 5"), ("\\p{L}{30}", "bytes 30"), ("U \\X{3}", "rest"),
    ("(?<=", ""), ("U (?<=", "back 7"), ("U (*nlb:", "back 7"), ("(?:", ""), ("){9}", ""), ("(?1){3}", ""),
    ("|", ""), ("\\1", "1 of [1]"), ("\\2{3}", "3 of [2]"), ("\\12", "1 of [1, 2, 3]"), ("\\0", ""),
    ("\\g2", "1 of [2]"), ("\\g{-1}{2}", "2 of [1, 2, 3]"), ("\\g-1", "1 of [1, 2, 3]"),
    ("\\k<n>", "1 of [3]"),
    ("\\k'n'", "1 of [3]"), ("(?P=n){2}", "2 of [3]"), ("\\g{n}", "1 of [3]"), ("\\", ""), ("", ""),
  ]

  /// PCRE2 names an item behind options that end a pattern.
  @Test(arguments: ["(?i)", "|(?i)", "x{2500}(?i)", "(?i)\\Q", "\\b(?s)", ""])
  func itemsStandInThePattern(pattern: String) throws {
    let regex = try Regex(pattern, isUnicode: false)
    var scratch = try RegexScratch(groupCount: 0)
    var budget = RegexScratch.budget
    let answer = scratch.search(regex, in: Array("xx y".utf8).span, budget: &budget)
    #expect((answer == .found) == !pattern.hasPrefix("x"))
  }

  /// In a comment, or quoted in a class, stands no count, however large it looks.
  @Test(arguments: [
    ("ö(?#{9223372036854775807)b", "xöb"), ("ö[\\Q{9223372036854775807\\E]", "ö{"),
    ("(?x)ö #{9223372036854775807\nb", "öb"), ("(a*)\\1(?#{9223372036854775807)b", "aaaab"),
    ("(a*)\\1(?#{99999999999999999999999999)b", "aaaab"),
  ])
  func whatLooksLikeACountIsBounded(pattern: String, text: String) throws {
    var matcher = try Bench([.make("r", .regex, pattern)]).matcher()
    #expect(matcher.winner(Sample(text)) == "r")
  }

  @Test(arguments: walks) func anItemSaysHowFarItMayWalk(item: String, over: String) {
    let isUnicode = item.hasPrefix("U ")
    let walk = RegexWalk(
      item: Array(item.utf8)[(isUnicode ? 2 : 0)...], isUnicode: isUnicode,
      groups: [Regex.Group(number: 3, name: "n")], groupCount: 3, lookBehind: 7)
    let found =
      switch walk?.over {
      case nil: ""
      case .bytes(let count): "bytes \(count)"
      case .groups(let numbers, let times): "\(times) of \(numbers)"
      case .rest: "rest"
      case .back(let count): "back \(count)"
      }
    #expect(found == over)
  }

  private static func repeated(_ text: String, _ count: Int) -> String {
    String(repeating: text, count: count)
  }

  /// Each of these took a hundred milliseconds within its hundred thousand steps.
  @Test func whatFailsAfterALongWalkIsCharged() throws {
    let letters = "abcdefghijkl"
    let references = letters.map { ".*\\1 \($0)" }.joined(separator: "|")
    let counts = letters.map { "x{2500}\($0)" }.joined(separator: "|")
    let classes = letters.map { "\\w{2500}\($0)" }.joined(separator: "|")
    let run = Self.repeated("x", 2_499)
    let cases = [
      (
        "^(\\S+b) (?:\(references))",
        Self.repeated("a", 2_000) + "b " + Self.repeated("a", 6_000) + " \(letters)"
      ),
      ("(?:\(counts))\\R", Self.repeated(run + "z", 3) + letters + "\n"),
      ("(?:\(classes))\\R", Self.repeated(run + "-", 3) + letters + "\n"),
    ]
    for (pattern, text) in cases {
      let regex = try Regex(pattern, isUnicode: false)
      var scratch = try RegexScratch(groupCount: regex.groupCount)
      var budget = RegexScratch.budget
      let bytes = Array(text.utf8)
      let clock = ContinuousClock()
      let begun = clock.now
      #expect(scratch.search(regex, in: bytes.span, budget: &budget) == .outOfSteps)
      print("a search of \(bytes.count) bytes that spends its budget takes \(clock.now - begun)")
    }
  }

  /// What people write costs what it did: a count is charged where it is tried, a group by what it took.
  @Test func ordinaryCountsAndReferencesCostNothing() throws {
    for (regex, text) in [
      (
        "^(\\S+) .*\\1 again$", "Gi0/1 changed, and " + String(repeating: "word ", count: 300) + "Gi0/1 again"
      ),
      ("(?=.*down)\\d{1,3}(?:\\.\\d{1,3}){3} \\w{8} down$", "from 192.0.2.1 neighbor down"),
    ] {
      let expression = try Regex(regex, isUnicode: false)
      var scratch = try RegexScratch(groupCount: expression.groupCount)
      var budget = RegexScratch.budget
      #expect(scratch.search(expression, in: Array(text.utf8).span, budget: &budget) == .found)
      #expect(RegexScratch.budget - budget < 5_000)
    }
  }

  /// The crafted text would take a back-tracking search millions of years.
  @Test func aCatastrophicPatternSpendsItsBudgetAndIsNamed() throws {
    let rules = [
      Rule.make("nested", .regex, "(?=x)(x+x+)+\\K y", id: 1),
      Rule.make("behind", .regex, "(x+x+)+(?<!x)y", id: 2),
      Rule.make("linear", .regex, "(x+x+)+z", id: 3),
      Rule.make("plain", .contains, "xxx", id: 4),
    ]
    var matcher = try Bench(rules).matcher()
    // What must stand in the text does, or PCRE2 would not begin.
    let text = String(repeating: "x", count: 4_000) + "y y"
    #expect(matcher.winner(Sample(text)) == "plain")
    #expect(Self.exhaustions(&matcher) == ["nested steps 1", "behind steps 1"])
    let isTold = !matcher.hasExhaustions
    #expect(isTold)
    let line = matcher.explain(Sample(text)).lines[0]
    #expect(line.text == "does not hold: regex not found within 100000 steps")
  }

  @Test(
    arguments: [
      ("(?=.*disk)(?=.*raid)", true), ("(?i)(?:(?=.+a)b)", true), ("((?=.*?a)b)", true), ("^(?=.*a)", false),
      ("(?=a)b", false), ("a(?=.*b)", false), ("(?!.*a)b", false), ("(?:a|b)c++", false),
    ])
  func aLookAheadAtEveryPlaceIsWarnedOf(regex: String, isWarned: Bool) throws {
    let warnings = try Bench([.make("r", .regex, regex)]).snapshot().warnings
    #expect(warnings.contains { $0.text.contains("write ^ before it") } == isWarned)
  }

  @Test func manyCatastrophicPatternsShareTheBudgetOfAnEvent() throws {
    let rules = (1...60).map { Rule.make("r\($0)", .regex, "(?=x)(x+x+)+\\Ky", id: Int64($0)) }
    var matcher = try Bench(rules).matcher()
    #expect(matcher.winner(Sample(String(repeating: "x", count: 200) + " y")) == nil)
    // Ten spend what an event has; the others are not asked and not blamed.
    let expected = (1...60).map { "r\($0) \($0 <= 10 ? "steps" : "not_asked") 1" }
    #expect(Self.exhaustions(&matcher) == expected)
    // Nor does an explanation fall over a rule that would hold and was not asked.
    let last = Rule.make("last", .regex, "(?=x)x", id: 61)
    var explainer = try Bench(rules + [last]).matcher()
    let lines = explainer.explain(Sample(String(repeating: "x", count: 200) + " y")).lines
    #expect(
      lines.last?.text
        == "does not hold: not asked: rules before it have spent the 1000000 steps of an event")
    #expect(Matcher.eventBudget == 10 * RegexScratch.budget)
  }
}
