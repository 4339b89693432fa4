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

  /// A body of this type is to be JSON.
  package static func isJSON(_ contentType: String) -> Bool {
    let name = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    return name.hasSuffix("/json") || name.hasSuffix("+json")
  }

  /// Why an answer is not what its status says: an operator has to change something. Nil: it is.
  package func objection(to answer: WebhookResponse) -> String? {
    switch self {
    case .moogsoft where PayloadFormat.isPage(answer):
      "an HTML page instead of Moogsoft's answer: a login or a proxy stands before it"
    case .pagerduty where PayloadFormat.isPage(answer):
      "an HTML page instead of PagerDuty's answer: a login or a proxy stands before it"
    case .alertmanagerAPI where PayloadFormat.isPage(answer):
      "an HTML page instead of Alertmanager's answer: a login or a proxy stands before it"
    case .cloudevents where answer.status == 410:
      // HTTP 1.1 Web Hooks for Event Delivery §2.2: the target is gone and nothing more may be sent.
      "the receiver has withdrawn this web hook (410)"
    default: nil
    }
  }

  /// These answer JSON, so markup of any kind is somebody else's, though its status says that all is well. A
  /// servlet that answers nothing, or JSON, may call it a page all the same.
  private static func isPage(_ answer: WebhookResponse) -> Bool {
    guard (200...299).contains(answer.status),
      let first = answer.bodyStart.first(where: { !isInsignificant($0) })
    else { return false }
    if first == UInt8(ascii: "<") { return true }
    return answer.isHTML && first != UInt8(ascii: "{") && first != UInt8(ascii: "[")
  }

  /// Spaces, and the bytes of a byte order mark in UTF-8 and UTF-16.
  private static func isInsignificant(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, 0xEF, 0xBB, 0xBF, 0xFE, 0xFF: true
    default: false
    }
  }
}
