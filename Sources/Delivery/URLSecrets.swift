import Model

/// The parts of a URL that may be secret: a receiver that echoes a request must not put them into our outbox
/// and log.
enum URLSecrets {
  /// As they stand in `url` and as they mean: userinfo, password and what `Authorization` makes of them, the
  /// query and the values in it, and the words of the path that look like tokens.
  static func parts(of url: String) -> [String] {
    guard let scheme = url.exactRange(of: "://") else { return [] }
    let rest = url[scheme.upperBound...]
    let authority = rest.prefix { !"/?#".contains($0) }
    var found: [String] = []
    if let at = authority.lastIndex(of: "@") {
      let userinfo = authority[..<at]
      found.append(String(userinfo))
      let parts = userinfo.split(separator: ":", maxSplits: 1).map(String.init)
      found += parts.dropFirst()
      found.append(Base64.text(of: Array(decoded(String(userinfo)).utf8)))
    }
    let tail = rest[authority.endIndex...].prefix { $0 != "#" }
    let path = tail.prefix { $0 != "?" }
    found += path.split(separator: "/").map(String.init).filter(isToken)
    let query = tail[path.endIndex...].dropFirst()
    if !query.isEmpty {
      found.append(String(query))
      for parameter in query.split(separator: "&") {
        found.append(String(parameter.drop { $0 != "=" }.dropFirst()))
      }
    }
    return found + found.map(decoded)
  }

  /// Words name things; tokens are long, or hold a digit.
  private static func isToken(_ word: String) -> Bool {
    word.utf8.count >= 20 || word.utf8.contains { (0x30...0x39).contains($0) }
  }

  private static func decoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(code)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
