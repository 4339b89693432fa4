import Delivery
import Foundation
import Model
import Testing

/// The files under Tests/Fixtures/payload are the contract with receivers: key for key, byte for byte.
@Suite("The formats")
struct PayloadFormatTests {
  static let template = """
    {"text": "{{title}}", "id": "{{id}}", "key": "{{signature}}", "level": {{severity}},
     "labels": [{{#label_list}}"{{name}}={{value}}"{{^last()}}, {{/last()}}{{/label_list}}]}
    """

  static func payload(_ format: PayloadFormat, raw: Bool = true) throws -> Payload {
    var settings = DestinationSettings(name: "noc", url: "http://h", sendsRaw: raw)
    settings.format = format
    if format == .template { settings.template = try TemplatePayload(template) }
    return Payload(settings, node: 0, agentLocation: "collector1")
  }

  static func body(_ format: PayloadFormat, _ draft: Samples.Draft, raw: Bool = true) throws -> [UInt8] {
    try payload(format, raw: raw).body(of: draft.row, draft.batch.bytes.span)
  }

  static func object(_ bytes: [UInt8]) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
  }

  /// A path of keys and indices through a body.
  static func value(_ bytes: [UInt8], _ path: String...) throws -> Any? {
    var here: Any? = try object(bytes)
    for step in path {
      if let index = Int(step) {
        here = (here as? [Any])?[index]
      } else {
        here = (here as? [String: Any])?[step]
      }
    }
    return here
  }

  static func drafts() throws -> [(name: String, draft: Samples.Draft)] {
    var clear = try Samples.linkDown()
    clear.row.alertSeverity = 0
    return [
      ("syslog-cisco-link-down", try Samples.linkDown()), ("trap-v2c-link-down", try Samples.trap()),
      ("clear-link-up", clear),
    ]
  }

  @Test("as written down", arguments: PayloadFormat.allCases.filter { $0 != .mutt })
  func golden(_ format: PayloadFormat) throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let folder = tests.appending(path: "Fixtures/payload/\(format.rawValue)")
    for (name, draft) in try Self.drafts() {
      let body = String(decoding: try Self.body(format, draft), as: UTF8.self)
      let file = folder.appending(path: "\(name).json")
      if ProcessInfo.processInfo.environment["MUTTD_WRITE_GOLDEN"] != nil {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try (body + "\n").write(to: file, atomically: true, encoding: .utf8)
        continue
      }
      #expect(body + "\n" == (try String(contentsOf: file, encoding: .utf8)), "\(name)")
    }
  }

  /// Quotes, controls, emoji, HTML, template syntax, 64 kB: what a device can put into a host or a message.
  static let hostileTexts = [
    HostileText("templates", "{{{raw}}} {{#labels}}{{/labels}} {{> file}} {{% CONTENT_TYPE: TEXT}}"),
    HostileText("JSON", "\"},{\"severity\":5,\"x\":\""),
    HostileText("HTML", "<script>alert('x')</script>&amp;"),
    HostileText("controls", "tab\there \u{1B}[31m \u{7F} \u{202E}back"),
    HostileText("not ASCII", "🚨 Störung 日本語 \\u0000 \\"),
    HostileText("64 kB", String(repeating: "ö\"{{x}}", count: 8_192)),
  ]

  @Test("hostile text is escaped by the format and never interpreted", arguments: hostileTexts)
  func hostile(_ hostile: HostileText) throws {
    let text = hostile.text
    var draft = try Samples.linkDown()
    draft.set(\.host, text)
    draft.set(\.message, text)
    draft.set(\.raw, text)
    draft.set(\.summary, text)
    draft.set(\.signature, text)
    draft.set(\.ruleName, text)
    draft.set(\.ruleReference, text)
    let isLong = text.utf8.count > 1_024
    #expect(try Self.value(Self.body(.moogsoft, draft), "events", "0", "description") as? String == text)
    #expect(try Self.value(Self.body(.moogsoft, draft), "events", "0", "source") as? String == text)
    #expect(try Self.value(Self.body(.template, draft), "text") as? String == text)
    #expect(try Self.value(Self.body(.cloudevents, draft), "subject") as? String == text)
    let event = try Self.body(.cloudevents, draft)
    #expect(try Self.value(event, "data", "custom_info", "message") as? String == text)
    for format in [PayloadFormat.alertmanager, .alertmanagerAPI] {
      let path = format == .alertmanager ? ["alerts", "0"] : ["0"]
      let alert = try Self.object(Self.body(format, draft))
      let first =
        ((format == .alertmanager ? (alert as? [String: Any])?["alerts"] : .some(alert)) as? [[String: Any]])?
        .first
      #expect((first?["labels"] as? [String: String])?["signature"] == text, "\(path)")
      #expect((first?["annotations"] as? [String: String])?["description"] == text)
      // No address: a link would be taken for one.
      #expect(first?["generatorURL"] as? String ?? "" == "")
    }
    let summary = try Self.value(Self.body(.pagerduty, draft), "payload", "summary") as? String
    if isLong { #expect(summary?.hasSuffix("…") == true) } else { #expect(summary == text) }
  }

  @Test("keys that receivers cut are cut by us, and two long ones stay two")
  func keys() throws {
    let long = String(repeating: "ä", count: 600)
    var seen: Set<String> = []
    for tail in ["one", "two"] {
      var draft = try Samples.linkDown()
      draft.set(\.signature, long + tail)
      draft.set(\.summary, long + long)
      let moog = try #require(
        try Self.value(Self.body(.moogsoft, draft), "events", "0", "signature") as? String)
      #expect(moog.utf8.count <= 767 && moog.hasPrefix("ää"))
      let pager = try Self.body(.pagerduty, draft)
      let key = try #require(try Self.value(pager, "dedup_key") as? String)
      #expect(key.utf8.count <= 255)
      #expect(try #require(Self.value(pager, "payload", "summary") as? String).utf8.count <= 1_024)
      seen.formUnion([moog, key])
    }
    #expect(seen.count == 4)
  }

  @Test("a PagerDuty event above 512 kB goes without its details")
  func pagerDutyCap() throws {
    var draft = try Samples.linkDown()
    #expect(try Self.value(Self.body(.pagerduty, draft), "payload", "custom_details", "raw") != nil)
    draft.set(\.raw, String(repeating: "\"", count: 300_000))
    let body = try Self.body(.pagerduty, draft)
    #expect(body.count <= 512_000)
    #expect(try Self.value(body, "payload", "custom_details") == nil)
    #expect(try Self.value(body, "dedup_key") as? String == "core1::link-down::GigabitEthernet0/1")
  }

  @Test(
    "every severity has its word in every format",
    arguments: [
      (0, "info", 9), (1, "info", 9), (2, "warning", 13), (3, "warning", 14), (4, "error", 17),
      (5, "critical", 21),
    ])
  func severities(_ severity: Int, _ word: String, _ number: Int) throws {
    var draft = try Samples.linkDown()
    draft.row.alertSeverity = Int8(severity)
    #expect(try Self.value(Self.body(.moogsoft, draft), "events", "0", "severity") as? Int == severity)
    #expect(try Self.value(Self.body(.pagerduty, draft), "payload", "severity") as? String == word)
    #expect(try Self.value(Self.body(.alertmanagerAPI, draft), "0", "labels", "severity") as? String == word)
    #expect(try Self.value(Self.body(.cloudevents, draft), "severitynumber") as? Int == number)
    let action = try Self.value(Self.body(.pagerduty, draft), "event_action") as? String
    #expect(action == (severity == 0 ? "resolve" : "trigger"))
    let status = try Self.value(Self.body(.alertmanager, draft), "status") as? String
    #expect(status == (severity == 0 ? "resolved" : "firing"))
  }

  @Test("raw: false keeps the raw event out of every format", arguments: PayloadFormat.allCases)
  func withoutRaw(_ format: PayloadFormat) throws {
    var draft = try Samples.linkDown()
    draft.set(\.raw, "only-in-raw")
    let text = String(decoding: try Self.body(format, draft, raw: false), as: UTF8.self)
    #expect(!text.contains("only-in-raw"))
  }

  @Test("answers that are not what their status says")
  func objections() {
    let login = WebhookResponse(status: 200, bodyStart: Array("\n <!DOCTYPE html><html>".utf8))
    let fine = WebhookResponse(status: 200, bodyStart: Array("{\"success\":true}".utf8))
    #expect(PayloadFormat.moogsoft.objection(to: login) != nil)
    #expect(PayloadFormat.moogsoft.objection(to: fine) == nil)
    #expect(PayloadFormat.mutt.objection(to: login) == nil)
    #expect(PayloadFormat.cloudevents.objection(to: WebhookResponse(status: 410)) != nil)
    #expect(PayloadFormat.mutt.objection(to: WebhookResponse(status: 410)) == nil)
  }

  @Test("what is no template says so", arguments: ["{{#open}}", "{{% CONTENT_TYPE: NONE}}"])
  func badTemplates(_ text: String) {
    #expect(throws: DeliveryError.self) { try TemplatePayload(text) }
  }
}
