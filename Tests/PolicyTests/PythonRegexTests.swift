import Testing

@testable import Policy

/// Patterns of MUTT's and what is said of them; held against Python 3 and the engines here by hand.
@Suite struct PythonRegexTests {
  static let cases: [(pattern: String, says: [String])] = [
    ("link down", []),
    ("(?P<port>Gi[0-9/]+) is [^a-z]+", []),
    ("a\\.b\\$", []),
    ("[.$(]", []),
    ("[]a-z.]+x", []),
    ("[^].]x", []),
    ("(?i)error", []),
    ("(?:a|b)(?=c)(?!d)(?<=e)(?<!f)", []),
    ("link.*down", ["\".\" takes a line end too"]),
    ("down$", ["very end"]),
    ("down\\Z", ["\\Z"]),
    ("port \\d+", ["ASCII only"]),
    ("[\\w.]+x", ["ASCII only"]),
    ("[\\b]", []),
    ("(?<port>x)", ["(?P<name>…)"]),
    ("[[:digit:]]+x", ["class of characters"]),
    ("a++b", ["possessive"]),
    ("a\\++b", []),
    ("a{,3}b", ["{,n}"]),
    ("\\Rx", ["\\R"]),
    ("x(?i)error", ["flags"]),
    ("^\\S+.+$", ["ASCII only", "line end too", "very end"]),
  ]

  @Test(arguments: cases) func whatDiffersIsNamed(_ pattern: String, _ says: [String]) {
    let found = PythonRegex.differences(pattern)
    #expect(found.count == says.count, "\(pattern): \(found)")
    for (text, part) in zip(found, says) { #expect(text.contains(part), "\(pattern): \(found)") }
  }
}
