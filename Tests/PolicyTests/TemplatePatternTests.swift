import Model
import Testing

@testable import Policy

/// What `suggest` begins a rule with must hold for its sample and for others of the kind.
@Suite struct TemplatePatternTests {
  private func pattern(_ text: String) -> TemplatePattern { TemplatePattern(Array(text.utf8).span) }

  private func rule(_ pattern: TemplatePattern) -> Rule {
    switch pattern {
    case .text(let text):
      Rule(
        name: "r", matchType: .contains, matchString: text, prodHandling: "Ignore", devHandling: "Ignore")
    case .regex(let text):
      Rule(name: "r", matchType: .regex, matchString: text, prodHandling: "Ignore", devHandling: "Ignore")
    }
  }

  private func holds(_ pattern: TemplatePattern, _ texts: [String]) throws -> [Bool] {
    var bench = Bench()
    bench.rules = [rule(pattern)]
    var matcher = try bench.matcher()
    return texts.map { text in
      let sample = Sample(text)
      return matcher.decide(
        sample.event, datagram: sample.datagram.span, text: sample.text.span, trapOID: sample.oid
      ).isMatched
    }
  }

  @Test func plainTextIsContained() {
    #expect(pattern("link is down") == .text("link is down"))
    #expect(pattern("") == .text(""))
  }

  @Test(arguments: [
    (
      "%FAN-3-FAILED: fan 3 of 4 failed (rpm=0.0)",
      ["%FAN-3-FAILED: fan 17 of 20 failed (rpm=-12.5)"], ["%FAN-3-FAILED: psu 3 of 4 failed (rpm=0.0)"]
    ),
    (
      "peer 192.0.2.1 at 00:1b:54:aa:00:01 is down since 02:14:05.913",
      ["peer 2001:db8::1 at 001b.54aa.0001 is down since 2026-11-21T02:14:05Z"],
      ["peer 192.0.2.1 at 00:1b:54:aa:00:01 is up since 02:14:05.913"]
    ),
    (
      "user \"joe \\\"x\\\" doe\" of 'the shop' [a+b] {c} failed | $5^ \\d",
      ["user \"\" of '' [a+b] {c} failed | $17^ \\d"],
      ["user \"joe\" of 'the shop' aab c failed | $5^ 5"]
    ),
    (
      "session 550e8400-e29b-41d4-a716-446655440000 é closed on Nov 21",
      ["session 123e4567-e89b-12d3-a456-426614174000 é closed on Nov  5"], ["session x é closed on Nov 21"]
    ),
  ])
  func theKindIsTaken(_ sample: String, _ same: [String], _ others: [String]) throws {
    let pattern = pattern(sample)
    #expect(try holds(pattern, [sample]) == [true], "\(pattern)")
    #expect(try holds(pattern, same).allSatisfy { $0 }, "\(pattern)")
    #expect(try holds(pattern, others).allSatisfy { !$0 }, "\(pattern)")
  }

  /// A pattern that is all of its message takes no message that only has such a part.
  @Test func itIsAllOfTheMessage() throws {
    #expect(pattern("12 34") == .regex("^[-0-9a-fx.]+ [-0-9a-fx.]+$"))
    let bytes = Array("fan 3 failed".utf8)
    #expect(TemplatePattern(bytes.span, isWhole: false) == .regex("fan [-0-9a-fx.]+ failed"))
    #expect(
      try holds(pattern("fan 3 failed"), ["fan 4 failed", "the fan 4 failed", "fan 4 failed twice"])
        == [true, false, false])
    let long = String(repeating: "a fan failed, number 7; ", count: 400)
    guard case .regex(let open) = pattern(long) else {
      Issue.record("no regex")
      return
    }
    #expect(!open.hasPrefix("^") && !open.hasSuffix("$"))
  }

  @Test func lettersThatStayAreCounted() {
    func letters(_ text: String) -> Int { TemplatePattern.fixedLetters(Array(text.utf8).span) }
    #expect(letters("12 34") == 0)
    #expect(letters("up 12: 34%") == 2)
    #expect(letters("fan 12 failed") == 9)
    #expect(letters("é 12") == 2)
  }
}
