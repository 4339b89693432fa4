import Model

/// An alert that shows what a template makes of what devices may send, before one of them does.
enum TemplateSample: CaseIterable, Sendable {
  /// Every value there is, each with what breaks out of JSON.
  case hostile
  /// A trap's alert in plain words, with two labels.
  case plain
  /// Nothing but what every alert has.
  case sparse
  /// The same as a clear.
  case clear

  /// A sentence part for people.
  var name: String {
    switch self {
    case .hostile: "an alert with quotes, line ends and braces in every text"
    case .plain: "a trap's alert with two labels"
    case .sparse: "an alert without labels and optional texts"
    case .clear: "a clear without labels"
    }
  }

  static var hostileText: String { "\"},{'\\ \n\t\u{1B} {{x}} {{{x}}} <b>&amp; é🚨\u{600}<\"\u{301}" }

  var facts: AlertFacts {
    var row = EventRow(
      id: EventID(rawValue: 911_801_623_435_542_545), time: Timestamp(seconds: 1_795_227_245),
      arrival: Timestamp(seconds: 1_795_227_247), peer: .unspecified)
    var bytes: [UInt8] = []
    func text(_ text: String) -> ByteRange {
      let start = bytes.count
      bytes.append(text: text)
      return ByteRange(start, bytes.count)
    }
    row.host = text(self == .hostile ? TemplateSample.hostileText : "core1")
    row.handling = text("Page_and_ticket")
    row.ruleName = text(self == .hostile ? TemplateSample.hostileText : "link-down")
    row.signature = text(self == .hostile ? TemplateSample.hostileText : "core1::link-down")
    switch self {
    case .hostile:
      for field in [\EventRow.message, \.raw, \.team, \.handling, \.ruleReference, \.summary] {
        row[keyPath: field] = text(TemplateSample.hostileText)
      }
      row.severity = 3
      row.peer = IPAddress("192.0.2.1") ?? .unspecified
      row.trapOID = text("1.3.6.1.6.3.1.1.5.3")
      var labels = JSONObject()
      for name in ["interface", TemplateSample.hostileText] { labels.add(name, TemplateSample.hostileText) }
      row.labels = text(String(decoding: labels.closed, as: UTF8.self))
    case .plain:
      row.source = .trap
      row.message = text("linkDown ifIndex.3=3 ifOperStatus.3=down(2)")
      row.raw = text("{\"version\":\"2c\",\"trap_oid\":\"1.3.6.1.6.3.1.1.5.3\"}")
      row.team = text("NETO")
      row.peer = IPAddress("2001:db8::7") ?? .unspecified
      row.trapOID = text("1.3.6.1.6.3.1.1.5.3")
      row.labels = text("{\"ifIndex.3\":\"3\",\"ifOperStatus.3\":\"down(2)\"}")
    case .sparse: break
    case .clear: row.alertSeverity = 0
    }
    return AlertFacts(row, bytes.span, includesRaw: true)
  }
}
