import Model

/// The question of *HTTP 1.1 Web Hooks for Event Delivery* §4, and what its answers mean.
enum WebHookHandshake {
  static let originHeader = "WebHook-Request-Origin"
  private static let rateHeader = "WebHook-Request-Rate"

  /// §4.1: the rate is in requests a minute, a positive integer.
  static func headers(origin: String, rate: Rate?) -> [(name: String, value: String)] {
    let asked = rate.map { rate in
      (name: rateHeader, value: "\(max(1, (60_000_000_000 + rate.interval - 1) / rate.interval))")
    }
    return [(name: originHeader, value: origin)] + (asked.map { [$0] } ?? [])
  }

  /// §4.2: the headers decide, whatever the status says, because a server that knows nothing of this may
  /// answer OPTIONS with any. Only where they are missing it tells whether to ask again soon.
  static func judge(_ answer: WebhookResponse, origin: String, answers: AnswerText) -> Consent.Answer {
    let text = answers.text(status: answer.status, body: answer.bodyStart)
    func refused(_ reason: String) -> Consent.Answer { .refused(status: answer.status, reason: reason) }
    guard let header = answer.allowedOrigin, case let allowed = trimmed(header), !allowed.isEmpty else {
      if [.retry, .throttled].contains(StatusTable.meaning(of: answer.status)) {
        return .unanswered(
          status: answer.status, retryAfterSeconds: answer.retryAfterSeconds,
          error: "asked for consent: \(text)")
      }
      return refused("does not consent to alerts (no WebHook-Allowed-Origin): \(text)")
    }
    // A DNS name: case does not count.
    guard allowed == "*" || allowed.lowercased() == origin.lowercased() else {
      return refused("consents to alerts of \"\(answers.text(header: header))\", not of \(origin)")
    }
    guard let rate = answer.allowedRate.map(trimmed), let number = Int(rate) else {
      // `*`, nothing, or nothing that can be read: 429 still says when it is too much.
      return .given(perMinute: nil)
    }
    return number > 0 ? .given(perMinute: number) : refused("consents to \(number) alerts a minute")
  }

  /// §3.2: a token in the query must not be kept on the way.
  static func holdsToken(_ url: String) -> Bool {
    guard let query = url.firstIndex(of: "?") else { return false }
    return url[query...].dropFirst().split(separator: "&").contains { $0.hasPrefix("access_token=") }
  }

  /// No answer was had.
  static func judge(_ error: DeliveryError, text: String) -> Consent.Answer {
    error.code == .invalid
      ? .refused(status: 0, reason: text) : .unanswered(status: 0, retryAfterSeconds: nil, error: text)
  }

  private static func trimmed(_ value: String) -> String {
    value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
