import Model

/// One alert in the words that every format draws on. Texts are as they came from the network: clean UTF-8
/// without NUL, and hostile; whoever writes them escapes them.
struct AlertFacts {
  var id: String
  var eventID: Int64
  var time: Timestamp
  var arrival: Timestamp
  var host: String
  /// The title: the rule's `summary`, else host and text; never blank.
  var title: String
  var message: String?
  /// Nil where `raw: false` keeps it out.
  var raw: String?
  var handling: String
  var team: String
  var environment: String
  var rule: String
  var reference: String?
  /// What receivers fold repeats by: the rule's `key`.
  var signature: String
  /// 0 clear … 5 critical.
  var severity: Int
  var syslogSeverity: String?
  var source: String
  var sourceAddress: String?
  var trapOID: String?
  /// The winner's captures, or a trap's varbinds.
  var labels: [(name: String, value: String)]

  init(_ row: EventRow, _ bytes: Span<UInt8>, includesRaw: Bool) {
    id = String(row.id.rawValue)
    eventID = row.id.rawValue
    time = row.time
    arrival = row.arrival
    host = bytes.text(row.host) ?? ""
    message = bytes.text(row.message)
    raw = includesRaw ? bytes.text(row.raw) : nil
    handling = bytes.text(row.handling) ?? ""
    team = bytes.text(row.team) ?? ""
    environment = "\(row.environment.name)"
    rule = bytes.text(row.ruleName) ?? ""
    reference = bytes.text(row.ruleReference)
    signature = bytes.text(row.signature) ?? "\(host)::\(rule)"
    severity = Int(row.alertSeverity)
    syslogSeverity = Syslog.severityName(row.severity).map { "\($0)" }
    source = "\(row.source.name)"
    trapOID = bytes.text(row.trapOID)
    if row.peer.isUnspecified {
      sourceAddress = nil
    } else {
      var address: [UInt8] = []
      address.append(address: row.peer)
      sourceAddress = String(decoding: address, as: UTF8.self)
    }
    labels = FlatObject.pairs(in: bytes, row.labels)
    title = AlertFacts.title(bytes.text(row.summary), host: host, message: message) ?? rule
    if AlertFacts.isBlank(title) { title = "alert \(id)" }
  }

  /// Receivers refuse an alert without a title. Nil when nothing here says a word.
  private static func title(_ summary: String?, host: String, message: String?) -> String? {
    if let summary, !isBlank(summary) { return summary }
    if let message, !isBlank(message) { return host.isEmpty ? message : "\(host): \(message)" }
    return isBlank(host) ? nil : host
  }

  static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

  /// Clears end what an earlier alert of the same signature began.
  var isClear: Bool { severity == 0 }

  var timeText: String { AlertFacts.text(of: time) }

  /// The time for receivers that compare it with their own: a device's clock may be minutes ahead.
  var pastTimeText: String { AlertFacts.text(of: min(time, arrival)) }

  private static func text(of time: Timestamp) -> String {
    var bytes: [UInt8] = []
    bytes.append(rfc3339: time)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The words that routing trees of Alertmanager know.
  var severityWord: String {
    switch severity {
    case 5: "critical"
    case 4: "error"
    case 2, 3: "warning"
    default: "info"
    }
  }

  /// `text`, at most `limit` bytes of it. What is cut ends in a digest of the whole, so that two long keys
  /// with the same start stay two.
  static func key(_ text: String, limit: Int) -> String {
    if text.utf8.count <= limit { return text }
    return prefix(text, limit - 18) + "::" + SHA256.hex(text).prefix(16)
  }

  /// `text`, at most `limit` bytes of it, with an ellipsis where it was cut.
  static func cut(_ text: String, limit: Int) -> String {
    text.utf8.count <= limit ? text : prefix(text, limit - 3) + "…"
  }

  private static func prefix(_ text: String, _ limit: Int) -> String {
    var end = 0
    for scalar in text.unicodeScalars {
      let next = end + scalar.utf8.count
      if next > limit { break }
      end = next
    }
    return String(decoding: text.utf8.prefix(end), as: UTF8.self)
  }
}
