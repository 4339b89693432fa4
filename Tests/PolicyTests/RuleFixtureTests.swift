import Model
import Testing

@testable import Policy

/// Every edge of what a rule means, one file of `Tests/Fixtures/rules` each.
@Suite struct RuleFixtureTests {
  @Test(arguments: try RuleFixture.names())
  func aRuleMeansWhatItsFixtureSays(file: String) throws {
    let fixtures = try RuleFixture.read(file)
    #expect(!fixtures.isEmpty)
    for fixture in fixtures {
      try check(fixture)
    }
  }

  private func check(_ fixture: RuleFixture) throws {
    let about = fixture.title
    var matcher = try Bench([fixture.rule]).matcher()
    let reason = matcher.snapshot.quarantined.first?.reason
    #expect(reason == fixture.refusal, "\(about)")
    #expect(RuleCheck.problem(fixture.rule, settings: PolicySettings()) == fixture.refusal, "\(about)")
    if fixture.refusal != nil {
      #expect(fixture.expectations.isEmpty, "\(about): a refused rule holds for nothing")
      return
    }
    if let text = fixture.rule.matchString {
      let source = PatternSource(text: text, isRegex: fixture.rule.matchType == .regex)
      let home = matcher.snapshot.patterns.entry(of: source)?.home
      #expect(fixture.homes == home.map { ["\($0)"] }, "\(about)")
    }
    let plain = try PlainRule(fixture.rule)
    #expect(!fixture.expectations.isEmpty, "\(about): no line shows what it means")
    for expectation in fixture.expectations {
      let text = quoted(Array(expectation.line.text.prefix(80)))
      if reason == nil {
        #expect(matcher.decide(expectation.line).isMatched == expectation.holds, "\(about) and \(text)")
      }
      let answer = plain.answer(PlainLine(expectation.line))
      let said: PlainRegex.Answer = expectation.holds ? .holds : .doesNotHold
      #expect(answer == said || answer == .tooCostly, "\(about) and \(text): PCRE2")
    }
  }
}
