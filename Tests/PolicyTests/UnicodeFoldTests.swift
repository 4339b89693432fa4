import Model
import Testing

@testable import Policy

/// Every letter that has another case, by `contains` and by regex. The automaton knows the cases of Unicode
/// 7.0 (2014); scripts that got a second case later (Cherokee, Georgian, Osage, Adlam …) do not fold.
@Suite struct UnicodeFoldTests {
  /// Characters beyond ASCII that fold to the same one, the first of each class in the order of Unicode.
  static let classes: [[Unicode.Scalar]] = {
    var found: [UInt32: [Unicode.Scalar]] = [:]
    for value in UInt32(0x80)...0x1FFFF {
      guard let character = Unicode.Scalar(value) else { continue }
      let folded = PlainRule.folded(character)
      if folded != value || character.properties.isCased { found[folded, default: []].append(character) }
    }
    return found.values.filter { $0.allSatisfy(isOld) }
      .filter { $0.count > 1 || PlainRule.folded($0[0]) != $0[0].value }.sorted { $0[0].value < $1[0].value }
  }()

  private static func isOld(_ character: Unicode.Scalar) -> Bool {
    character.properties.age.map { ($0.major, $0.minor) <= (7, 0) } ?? false
  }

  @Test(arguments: [MatchType.contains, .regex])
  func everyLetterHoldsForItsOtherCases(type: MatchType) throws {
    // One rule for each class, so that the winner says whether a letter folds to its own class and no other.
    let rules = Self.classes.enumerated().map { index, members in
      Rule.make("\(index)", type, String(members[members.count - 1]), id: Int64(index + 1))
    }
    var matcher = try Bench(rules).matcher()
    #expect(matcher.snapshot.quarantined == [])
    for (index, members) in Self.classes.enumerated() {
      for member in members {
        let code = String(member.value, radix: 16)
        #expect(matcher.winner(Sample(String(member))) == "\(index)", "U+\(code)")
      }
    }
    #expect(Self.classes.count > 1_000)
  }

  /// The pairs that the language would fold further: each stays as it is, or takes one character only.
  @Test(arguments: [("ß", "ss"), ("İ", "i"), ("ı", "i"), ("ŉ", "ʼn"), ("ﬁ", "fi"), ("é", "e\u{301}")])
  func whatIsMoreThanOneCharacterDoesNotFold(letter: String, text: String) throws {
    var matcher = try Bench([.make("r", .contains, letter)]).matcher()
    #expect(matcher.winner(Sample(letter)) == "r")
    #expect(matcher.winner(Sample(text)) == nil)
  }
}
