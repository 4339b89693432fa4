import Foundation
import Model
import Testing

@testable import Policy

/// Writes short regexes in which groups, modes, assertions and references meet, over `a`, `b`, `A` and `B`.
private struct ReferenceWriter {
  var numbers: SeededNumbers
  private var groups = 0

  init(seed: Int) { numbers = SeededNumbers(seed: UInt64(seed) &* 0x2000 &+ 11) }

  private mutating func pick(_ choices: [String]) -> String {
    choices[Int.random(in: 0..<choices.count, using: &numbers)]
  }

  mutating func pattern() -> String {
    groups = 0
    var text = pick(["", "", "", "", "(?-i)", "(?i)"]) + group() + sequence(depth: 1)
    text += reference() + pick(["", "", "a", "$", "\\b", "(?i)", "."])
    return text
  }

  private mutating func sequence(depth: Int) -> String {
    (0..<Int.random(in: 0...2, using: &numbers)).map { _ in item(depth: depth) }.joined()
  }

  private mutating func item(depth: Int) -> String {
    switch Int.random(in: 0..<16, using: &numbers) {
    case 0, 1: pick(["\\b", "\\B", "^", "$", "\\A", "\\z", "(?=a)", "(?!b)", "(?<=a)", "(?<!B)", "(?m)^"])
    case 2: pick(["(?-i)", "(?i)", "(?-s)", "(?x)"])
    case 3,
      4 where depth < 3:
      group() + quantifier()
    case 5 where depth < 3:
      pick(["(?:", "(?-i:", "(?i:", "(?>", "(?=", "(?<=a|"]) + sequence(depth: depth + 1) + "a)"
    case 6 where groups > 0: reference() + quantifier()
    default: pick(["a", "b", "A", "B", ".", "[ab]", "[AB]", "[^a]", "\\w", " ", "\\x61"]) + quantifier()
    }
  }

  private mutating func quantifier() -> String { pick(["", "", "", "", "?", "*", "+", "{2}", "*?", "?+"]) }

  private mutating func group() -> String {
    groups += 1
    let start = pick(["(", "(", "(?<n\(groups)>"])
    let inside = sequence(depth: 2) + item(depth: 2)
    return start + inside + pick(["", "", "|" + item(depth: 3)]) + ")"
  }

  /// Parted from what follows: a digit would belong to the number.
  private mutating func reference() -> String {
    let number = Int.random(in: 1...max(1, groups), using: &numbers)
    return pick(["(?:\\\(number))", "\\g{\(number)}", "(?:\\g{-1})"])
  }

  mutating func text() -> [UInt8] {
    let letters = Array("abABabAB .".utf8)
    return (0..<Int.random(in: 1...5, using: &numbers)).map { _ in
      letters[Int.random(in: 0..<letters.count, using: &numbers)]
    }
  }
}

/// What a reference to a group holds for, with the automaton before PCRE2, is what PCRE2 by itself says.
///
/// `MUTTD_PROPERTY_PAIRS` and `MUTTD_PROPERTY_SEED` ask for more and for others, as in ReferenceTests.
@Suite struct BackReferenceTests {
  @Test(arguments: 0..<2) func theAutomatonMissesNothing(shard: Int) throws {
    var told = 0
    var (pairs, holding, confirmed) = (0, 0, 0)
    let environment = ProcessInfo.processInfo.environment
    let wanted = environment["MUTTD_PROPERTY_PAIRS"].flatMap { Int($0) } ?? 90_000
    var seed = (environment["MUTTD_PROPERTY_SEED"].flatMap { Int($0) } ?? 0) + shard
    while pairs * 2 < wanted, told < 5 {
      defer { seed += 2 }
      var writer = ReferenceWriter(seed: seed)
      let rules = (1...30).map { Rule.make("r\($0)", .regex, writer.pattern(), id: Int64($0)) }
      var matcher = try Bench(rules).matcher()
      let plain = try matcher.snapshot.rules.map { try PlainRule($0) }
      confirmed += matcher.snapshot.patterns.entries.count { $0.home == .confirmed }
      for _ in 0..<60 {
        let sample = Sample(String(decoding: writer.text(), as: UTF8.self))
        let lines = matcher.explain(sample).lines
        for rank in plain.indices where told < 5 {
          let said = lines[rank].verdict != .doesNotHold
          let answer = plain[rank].answer(PlainLine(sample))
          pairs += 1
          if said { holding += 1 }
          if answer == .tooCostly || said == (answer == .holds) { continue }
          told += 1
          let text = plain[rank].rule.matchString ?? ""
          let smallest = Difference(plain[rank].rule, sample).map { "\($0.shrunk())" } ?? "in this set only"
          Issue.record("seed \(seed): \(quoted(text)) and \(quoted(sample.text)): \(smallest)")
        }
      }
    }
    print("\(pairs) pairs of references: \(holding) hold; \(confirmed) patterns confirmed")
    // The generator makes pairs of both kinds, and patterns that the automaton sees first.
    #expect(holding * 50 > pairs)
    #expect(confirmed > 100)
  }
}
