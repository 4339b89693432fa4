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
    var found: Set<String> = []
    for header in headers {
      found.insert(header.value)
      if let last = header.value.split(separator: " ").last { found.insert(String(last)) }
    }
    // Longest first: a whole value goes before the part of it.
    secrets = found.filter { $0.utf8.count >= AnswerText.shortestSecret }.sorted {
      ($0.utf8.count, $0) > ($1.utf8.count, $1)
    }
  }

  func text(status: Int, body: [UInt8]) -> String {
    let words = safe(String(decoding: body, as: UTF8.self))
    return AnswerText.cut(words.isEmpty ? "status \(status)" : "status \(status): \(words)")
  }

  func text(_ error: DeliveryError) -> String {
    AnswerText.cut(safe(error.message))
  }

  private func safe(_ raw: String) -> String {
    var hidden = raw
    for secret in secrets { hidden = hidden.replacingExactly(secret, with: "***") }
    // One line: runs of white space become a space.
    let line = hidden.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    var text = ""
    SafeText.appendForTerminal(line, to: &text)
    return text
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
