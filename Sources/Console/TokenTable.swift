package import Model

/// The tokens of one file, as they are compared.
package struct TokenTable: Sendable, Equatable {
  /// Lines of a file; more are a mistake, and each is compared with what is shown.
  private static var limit: Int { 1_000 }
  /// Bytes of a token that is shown; ours have 48.
  private static var longest: Int { 512 }

  package private(set) var tokens: [AccessToken] = []

  /// Reads `name role hash [expires]` a line; `#` begins a comment.
  package init(_ text: String) throws(TokenFileProblem) {
    var number = 0
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: TokenTable.isLineEnd) {
      number += 1
      let content = line.prefix { $0 != "#" }
      if content.allSatisfy({ $0 == " " || $0 == "\t" }) { continue }
      do throws(TokenFileProblem) {
        try add(AccessToken(line: content[...]))
      } catch {
        throw TokenFileProblem(line: number, reason: error.reason)
      }
    }
    if tokens.isEmpty { throw TokenFileProblem(reason: "holds no token: muttd token NAME --append adds one") }
  }

  /// CR LF is one character, and a carriage return at the end of a file one of its own.
  private static func isLineEnd(_ character: Character) -> Bool {
    character == "\n" || character == "\r\n" || character == "\r"
  }

  private mutating func add(_ token: AccessToken) throws(TokenFileProblem) {
    if tokens.count == TokenTable.limit {
      throw TokenFileProblem(reason: "is one too many: \(TokenTable.limit) tokens are the most")
    }
    if tokens.contains(where: { $0.name == token.name }) {
      throw TokenFileProblem(reason: "has the name of an earlier line")
    }
    if tokens.contains(where: { $0.hash == token.hash }) {
      throw TokenFileProblem(reason: "has the hash of an earlier line")
    }
    tokens.append(token)
  }

  /// When the last of them ends; nil: there are some without an end.
  package var end: Timestamp? {
    tokens.contains { $0.expires.isAbsent } ? nil : tokens.map(\.expires).max()
  }

  /// The token that was shown; nil: none of ours. Every hash is compared to its end, so that the time it
  /// takes says nothing about how near a guess came, or whose it was.
  package func find(_ shown: String) -> AccessToken? {
    let bytes = Array(shown.utf8)
    if bytes.isEmpty || bytes.count > TokenTable.longest { return nil }
    let digest = SHA256.digest(of: bytes)
    var found = -1
    for index in tokens.indices {
      var difference: UInt8 = 0
      for place in 0..<32 { difference |= digest[place] ^ tokens[index].hash[place] }
      // All ones where it is the same, without a branch.
      let same = Int(truncatingIfNeeded: (Int32(difference) - 1) >> 31)
      found = (found & ~same) | (index & same)
    }
    return found < 0 ? nil : tokens[found]
  }
}
