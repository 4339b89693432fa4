import Model
import Mustache

/// A body written by an operator's Mustache template. What alerts bring is only ever a value: it is escaped
/// for the inside of a JSON string unless the template asks otherwise, and never read as a template.
package struct TemplatePayload: Sendable, Equatable {
  private let template: MustacheTemplate
  let text: String

  /// More than this is not a body somebody wrote by hand, bytes.
  package static var limit: Int { 65_536 }

  private struct JSONContent: MustacheContentType {
    func escapeText(_ text: String) -> String {
      var bytes: [UInt8] = []
      JSONText.appendEscaped(Array(text.utf8).span, to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  /// For templates that ask for it by `{{% CONTENT_TYPE: HTML}}`. The library's own goes by characters, and a
  /// `<` behind U+0600 is part of another one.
  private struct HTMLContent: MustacheContentType {
    func escapeText(_ text: String) -> String {
      var bytes: [UInt8] = []
      for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "<"): bytes += "&lt;".utf8
        case UInt8(ascii: ">"): bytes += "&gt;".utf8
        case UInt8(ascii: "&"): bytes += "&amp;".utf8
        case UInt8(ascii: "\""): bytes += "&quot;".utf8
        case UInt8(ascii: "'"): bytes += "&#39;".utf8
        default: bytes.append(byte)
        }
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  /// Registered once, for the process.
  private static let name: String = {
    MustacheContentTypes.register(HTMLContent(), named: "HTML")
    MustacheContentTypes.register(JSONContent(), named: "JSON")
    return "JSON"
  }()

  /// Throws `.invalid` when the text is no template.
  package init(_ text: String) throws(DeliveryError) {
    self.text = text
    do {
      template = try MustacheTemplate(string: "{{% CONTENT_TYPE: \(TemplatePayload.name)}}" + text)
    } catch {
      throw DeliveryError(.invalid, "is no Mustache template: \(error)")
    }
  }

  package static func == (left: TemplatePayload, right: TemplatePayload) -> Bool { left.text == right.text }

  func body(_ facts: AlertFacts) -> [UInt8] {
    let texts: [(String, String?)] = [
      ("id", facts.id), ("time", facts.timeText), ("host", facts.host), ("title", facts.title),
      ("message", facts.message), ("raw", facts.raw), ("handling", facts.handling), ("team", facts.team),
      ("environment", facts.environment), ("rule", facts.rule), ("reference", facts.reference),
      ("signature", facts.signature), ("severity", String(facts.severity)),
      ("severity_word", facts.severityWord), ("syslog_severity", facts.syslogSeverity),
      ("source", facts.source), ("source_ip", facts.sourceAddress), ("trap_oid", facts.trapOID),
      ("epoch", String(facts.time.seconds)),
    ]
    var values: [String: Any] = [:]
    for (name, text) in texts { if let text { values[name] = text } }
    values["is_clear"] = facts.isClear
    values["labels"] = Dictionary(
      facts.labels.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    values["label_list"] = facts.labels.map { ["name": $0.name, "value": $0.value] }
    return Array(template.render(values).utf8)
  }
}
