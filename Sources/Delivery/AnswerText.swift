import Model

/// Words about a failed attempt that may be kept and shown: what a receiver answered is hostile, and an
/// error page that echoes the request would put our own tokens into the outbox and the log.
struct AnswerText: Sendable {
  /// Bytes of UTF-8 that are kept.
  static var limit: Int { 512 }
  /// Shorter header values are words, not secrets; hiding them would only garble the text.
  private static var shortestSecret: Int { 8 }

  private let secrets: [String]

  /// `headers`: the configured ones; their values never appear in a text.
  init(headers: [(name: String, value: String)]) {
    var found: Set<ExactKey> = []
    for header in headers {
      found.insert(ExactKey(header.value))
      let words = header.value.split(separator: " ")
      if let last = words.last { found.insert(ExactKey(String(last))) }
      if words.count == 2, words[0].lowercased() == "basic", let pair = Base64.bytes(of: words[1]) {
        // RFC 7617 §2: the user, a colon, the password.
        let text = String(decoding: pair, as: UTF8.self)
        found.insert(ExactKey(text))
        found.insert(ExactKey(String(text.drop { $0 != ":" }.dropFirst())))
      }
    }
    for secret in found { found.formUnion(AnswerText.runs(of: secret.text).map(ExactKey.init)) }
    // Longest first: a whole value goes before the part of it.
    secrets = found.map(\.text).filter { $0.utf8.count >= AnswerText.shortestSecret }.sorted {
      ($0.utf8.count, $0) > ($1.utf8.count, $1)
    }
  }

  /// The parts of a secret that stay the same when a receiver writes it in JSON, HTML or a URL, with `\/`,
  /// `&#61;` or `%3D` between them. Only what looks like a piece of a token: words would garble every text.
  private static func runs(of secret: String) -> [String] {
    let parts = secret.utf8.split { !isDigit($0) && lowered($0) &- UInt8(ascii: "a") >= 26 }
    return parts.compactMap { part in
      // A capital inside of a word is none of a word; a word of twenty letters is rare.
      let isToken =
        part.count >= 20 || part.contains(where: isDigit) || part.dropFirst().contains { lowered($0) != $0 }
      return isToken ? String(part) : nil
    }
  }

  func text(status: Int, body: [UInt8]) -> String {
    let words = safe(String(decoding: body, as: UTF8.self), isCut: body.count >= WebhookResponse.bodyLimit)
    return AnswerText.cut(words.isEmpty ? "status \(status)" : "status \(status): \(words)")
  }

  func text(_ error: DeliveryError) -> String {
    AnswerText.cut(safe(error.message, isCut: false))
  }

  /// `header`: the value of one, as it came.
  func text(header: String) -> String {
    AnswerText.cut(safe(header, isCut: header.utf8.count >= WebhookResponse.headerLimit))
  }

  /// `isCut`: more came than was kept, and a secret may stand across the end.
  private func safe(_ raw: String, isCut: Bool) -> String {
    var hidden = raw
    for secret in secrets { hidden = hidden.replacingExactly(secret, with: "***") }
    if isCut { hidden = withoutBegunSecret(hidden) }
    // One line: runs of white space become a space.
    let line = hidden.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    var text = ""
    SafeText.appendForTerminal(line, to: &text)
    return text
  }

  /// Ends before what may be the beginning of a secret.
  private func withoutBegunSecret(_ text: String) -> String {
    // What was cut inside a character has been mended.
    let bytes = Array((text.hasSuffix("\u{FFFD}") ? text.dropLast() : text[...]).utf8)
    var end = bytes.count
    for secret in secrets {
      let start = Array(secret.utf8)
      for count in (1...start.count).reversed() where bytes.count >= count {
        if bytes.suffix(count).elementsEqual(start.prefix(count)) {
          end = min(end, bytes.count - count)
          break
        }
      }
    }
    return end == bytes.count ? text : String(decoding: bytes[..<end], as: UTF8.self) + "***"
  }

  private static func cut(_ text: String) -> String {
    if text.utf8.count <= limit { return text }
    var end = text.startIndex
    var bytes = "…".utf8.count
    for index in text.unicodeScalars.indices {
      bytes += text.unicodeScalars[index].utf8.count
      if bytes > limit { break }
      end = text.unicodeScalars.index(after: index)
    }
    return text[..<end] + "…"
  }
}
