/// The bodies we can write (DESIGN §5, `format`), and what belongs to each besides its body.
package enum PayloadFormat: String, Sendable, CaseIterable {
  case mutt
  case moogsoft
  /// What Alertmanager's own web hooks look like (version 4).
  case alertmanager
  /// Into Alertmanager: `POST /api/v2/alerts`.
  case alertmanagerAPI = "alertmanager-api"
  /// Events API v2.
  case pagerduty
  /// CloudEvents 1.0, structured mode.
  case cloudevents
  case template

  package var contentType: String {
    self == .cloudevents ? "application/cloudevents+json; charset=utf-8" : "application/json"
  }

  /// Why an answer is not what its status says: an operator has to change something. Nil: it is.
  package func objection(to answer: WebhookResponse) -> String? {
    switch self {
    case .moogsoft where (200...299).contains(answer.status) && PayloadFormat.isHTML(answer.bodyStart):
      "an HTML page instead of Moogsoft's answer: a login or a proxy stands before it"
    case .cloudevents where answer.status == 410:
      // HTTP 1.1 Web Hooks for Event Delivery §2.2: the target is gone and nothing more may be sent.
      "the receiver has withdrawn this web hook (410)"
    default: nil
    }
  }

  private static func isHTML(_ body: [UInt8]) -> Bool {
    let text = String(decoding: body.prefix(256), as: UTF8.self).lowercased()
    guard let start = text.firstIndex(of: "<") else { return false }
    guard text[..<start].allSatisfy({ $0.isWhitespace || $0 == "\u{FEFF}" }) else { return false }
    return ["<!doctype html", "<html", "<head", "<body"].contains { text[start...].hasPrefix($0) }
  }
}
