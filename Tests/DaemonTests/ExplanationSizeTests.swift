import Foundation
import Model
import Testing

@testable import Daemon

/// What the API says of one event has a bound, however many rules there are.
@Suite struct ExplanationSizeTests {
  private struct Answer: Decodable {
    struct Verdict: Decodable {
      var id: Int
      var verdict: String
    }
    var rules: [Verdict]
    var leftOut: Int?

    enum CodingKeys: String, CodingKey {
      case rules
      case leftOut = "rules_left_out"
    }
  }

  @Test func theWinnerIsThereHoweverManyRulesThereAre() throws {
    let count = 200
    let rules = (1...count).map { number in
      var rule = Rule(
        name: "rule-\(number)", matchType: .contains,
        matchString: number == count - 1 ? "tide" : "word\(number)", prodHandling: "Page_only",
        devHandling: "Log_only")
      rule.id = Int64(number)
      return rule
    }
    let catalog = Catalog(rules: rules)
    var desk = try VerbDesk(catalog, config: Config())
    let question = VerbExplain.Question(
      input: .syslog(Array("<13>Oct  3 14:02:11 core1 the tide is high".utf8)), peer: .unspecified,
      arrival: try #require(Timestamp(rfc3339: "2026-10-03T14:02:12Z")))
    let answer = try #require(VerbExplanation(question, &desk, catalog, Config()))
    func decoded(_ json: VerbJSON) throws -> Answer {
      try JSONDecoder().decode(Answer.self, from: Data(json.closed))
    }
    let whole = try decoded(answer.json())
    #expect(whole.rules.map(\.id) == Array(1...count) && whole.leftOut == nil)
    let cut = answer.json(limit: 4_000)
    #expect(cut.closed.count < 8_000)
    let rest = try decoded(cut)
    #expect(rest.rules.count + (rest.leftOut ?? 0) == count)
    #expect(rest.rules.last?.id == count - 1 && rest.rules.last?.verdict == "won")
    #expect(rest.rules.dropLast().map(\.id) == Array(1..<rest.rules.count))
    // In the order in which they decide; none after the winner.
    #expect(rest.rules.count > 5)
  }
}
