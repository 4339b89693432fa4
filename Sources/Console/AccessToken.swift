package import Model

/// Who may ask what. Each role may do what those before it may.
package enum Role: String, Sendable, CaseIterable, Comparable {
  /// Reads everything.
  case viewer
  /// For what changes something; in this release nothing does over HTTP.
  case `operator`

  package static func < (left: Role, right: Role) -> Bool { left == .viewer && right == .operator }
}

/// One line of `http.tokens`: `name role hash [expires]`. The token itself is nowhere at rest.
package struct AccessToken: Sendable, Equatable {
  /// Named in the log when it is used wrongly; 1...64 of letters, digits, `.`, `_`, `-`.
  package var name: String
  package var role: Role
  /// SHA-256 of the token, 32 bytes. Tokens are 256 random bits: nothing is gained by salt or stretching.
  package var hash: [UInt8]
  /// The first moment it is no longer taken; absent: never.
  package var expires: Timestamp

  package init(name: String, role: Role, hash: [UInt8], expires: Timestamp = .absent) {
    self.name = name
    self.role = role
    self.hash = hash
    self.expires = expires
  }

  /// As it stands in the file.
  package var line: String {
    let end = expires.isAbsent ? "" : " \(expires.rfc3339(digits: 0))"
    return "\(name) \(role.rawValue) \(SHA256.hex(of: hash))\(end)"
  }

  /// One line without its comment; the reason, as the end of a sentence, when it is none.
  init(line: Substring) throws(TokenFileProblem) {
    let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
    guard (3...4).contains(words.count) else {
      throw TokenFileProblem(reason: "is not: name role hash [expires]; muttd token NAME makes one")
    }
    name = String(words[0])
    guard AccessToken.isName(name) else {
      throw TokenFileProblem(reason: "has a name that is not 1-64 letters, digits, dots, _ and -")
    }
    guard let role = Role(rawValue: String(words[1])) else {
      throw TokenFileProblem(reason: "has a role that is none of viewer, operator")
    }
    self.role = role
    guard let hash = AccessToken.bytes(hex: words[2]), hash.count == 32 else {
      throw TokenFileProblem(reason: "has a hash that is not the 64 hexadecimal digits of a SHA-256")
    }
    self.hash = hash
    expires = .absent
    if words.count == 4 {
      guard let time = Timestamp(rfc3339: String(words[3])) else {
        throw TokenFileProblem(reason: "has an end that is no time: write 2027-01-31 or 2027-01-31T12:00:00Z")
      }
      expires = time
    }
  }

  package static func isName(_ text: String) -> Bool {
    let bytes = text.utf8
    return (1...64).contains(bytes.count)
      && bytes.allSatisfy {
        isDigit($0) || lowered($0) &- UInt8(ascii: "a") < 26 || $0 == UInt8(ascii: ".")
          || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
      }
  }

  private static func bytes(hex: Substring) -> [UInt8]? {
    let digits = Array(hex.utf8)
    if digits.count % 2 != 0 { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = HexText.byte(digits[index], digits[index + 1]) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}

/// Why a tokens file cannot be taken: never what stands in it.
package struct TokenFileProblem: Error, Sendable, Equatable {
  /// 0: of the whole file.
  package var line = 0
  /// The end of a sentence that begins with the place.
  package var reason: String
}
