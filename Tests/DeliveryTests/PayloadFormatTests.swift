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
    try payload(format, raw: raw).written(draft.row, draft.batch.bytes.span).body
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

  /// One that has to go without its raw event.
  static func large() throws -> (name: String, draft: Samples.Draft) {
    var draft = try Samples.linkDown()
    draft.set(\.raw, String(repeating: "r", count: 520_000))
    return ("raw-beyond-512-kB", draft)
  }

  @Test("as written down", arguments: PayloadFormat.allCases.filter { $0 != .mutt })
  func golden(_ format: PayloadFormat) throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let folder = tests.appending(path: "Fixtures/payload/\(format.rawValue)")
    for (name, draft) in try Self.drafts() + (format == .pagerduty ? [Self.large()] : []) {
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
    let attribute = String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\u{FFFD}" : $0 }))
    for name in ["subject", "signature"] {
      #expect(try Self.value(Self.body(.cloudevents, draft), name) as? String == attribute)
    }
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

  /// Bytes of a body; the routing key is put in as it leaves.
  static let pagerDutyLimit = 512_000 - 1_024

  @Test(
    "a PagerDuty event above 512 kB loses the raw event, then its labels, then the end of its message",
    arguments: [
      // raw, labels, message in bytes; which of them remain
      (1_000, 1_000, 1_000, "raw labels message"), (520_000, 1_000, 1_000, "labels message"),
      (1_000, 520_000, 1_000, "message"), (0, 0, 520_000, "cut"), (300_000, 0, 300_000, "labels message"),
    ])
  func pagerDutyCap(_ raw: Int, _ labels: Int, _ message: Int, _ kept: String) throws {
    var draft = try Samples.linkDown()
    draft.set(\.raw, String(repeating: "r", count: raw))
    draft.set(\.labels, "{\"x\":\"\(String(repeating: "l", count: labels))\"}")
    draft.set(\.message, String(repeating: "m", count: message))
    let body = try Self.body(.pagerduty, draft)
    #expect(body.count <= Self.pagerDutyLimit)
    let details = try #require(
      try Self.value(body, "payload", "custom_details") as? [String: Any], "\(body.count)")
    let words = kept.split(separator: " ")
    #expect((details["raw"] != nil) == words.contains("raw"))
    #expect((details["labels"] != nil) == words.contains("labels"))
    let said = try #require(details["message"] as? String)
    #expect(words.contains("message") ? said.count == message : said.hasSuffix("…") && said.count > 8_000)
    #expect(details["truncated"] as? Bool == (words.contains("raw") ? nil : true))
    #expect(try Self.value(body, "dedup_key") as? String == "core1::link-down::GigabitEthernet0/1")
  }

  @Test("a PagerDuty event at the limit is whole, one byte above it is not")
  func pagerDutyBoundary() throws {
    var draft = try Samples.linkDown()
    draft.set(\.raw, "")
    let room = Self.pagerDutyLimit - (try Self.body(.pagerduty, draft).count)
    for (size, isWhole) in [(room, true), (room + 1, false)] {
      draft.set(\.raw, String(repeating: "r", count: size))
      let body = try Self.body(.pagerduty, draft)
      #expect((body.count == Self.pagerDutyLimit) == isWhole)
      #expect((try Self.value(body, "payload", "custom_details", "truncated") == nil) == isWhole)
    }
  }

  @Test("the largest of everything in the most expensive characters still fits")
  func pagerDutyWorst() throws {
    var draft = try Samples.linkDown()
    let worst = String(repeating: "\u{1B}", count: 65_536)
    for field in [\EventRow.host, \.team, \.ruleName, \.signature, \.summary, \.message, \.raw, \.handling] {
      draft.set(field, worst)
    }
    draft.set(\.ruleReference, "https://wiki.example/" + String(repeating: "x", count: 65_536))
    let body = try Self.body(.pagerduty, draft)
    #expect(body.count <= Self.pagerDutyLimit)
    #expect(try Self.value(body, "payload", "custom_details", "truncated") as? Bool == true)
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
    let alert = try Self.body(.alertmanagerAPI, draft)
    #expect(try Self.value(alert, "0", "annotations", "severity") as? String == word)
    let hooked = try Self.body(.alertmanager, draft)
    #expect(try Self.value(hooked, "alerts", "0", "labels", "severity") as? String == word)
    #expect(try Self.value(Self.body(.cloudevents, draft), "severitynumber") as? Int == number)
    let action = try Self.value(Self.body(.pagerduty, draft), "event_action") as? String
    #expect(action == (severity == 0 ? "resolve" : "trigger"))
    let status = try Self.value(hooked, "status") as? String
    #expect(status == (severity == 0 ? "resolved" : "firing"))
  }

  @Test(
    "an alert without a word in it has a title and a source all the same",
    arguments: [
      ("", "", nil, "link-down", "192.0.2.1"), (" \t", "  ", nil, "link-down", "192.0.2.1"),
      ("", "x", "", "x", "192.0.2.1"), ("core1", "", " ", "core1", "core1"),
      ("core1", "x", " ", "core1: x", "core1"), ("core1", "x", "title", "title", "core1"),
    ] as [(String, String, String?, String, String)])
  func blanks(
    _ host: String, _ message: String, _ summary: String?, _ title: String, _ source: String
  ) throws {
    var draft = try Samples.linkDown()
    if host.isEmpty { draft.row.host = .absent } else { draft.set(\.host, host) }
    draft.set(\.message, message)
    if let summary { draft.set(\.summary, summary) } else { draft.row.summary = .absent }
    let pager = try Self.body(.pagerduty, draft)
    #expect(try Self.value(pager, "payload", "summary") as? String == title)
    #expect(try Self.value(pager, "payload", "source") as? String == source)
  }

  @Test("raw: false keeps the raw event out of every format", arguments: PayloadFormat.allCases)
  func withoutRaw(_ format: PayloadFormat) throws {
    var draft = try Samples.linkDown()
    draft.set(\.raw, "only-in-raw")
    let text = String(decoding: try Self.body(format, draft, raw: false), as: UTF8.self)
    #expect(!text.contains("only-in-raw"))
  }

  @Test(
    "a page instead of the answer",
    arguments: [
      ("\n <!DOCTYPE html><html>", false), ("<?xml version=\"1.0\"?><!DOCTYPE html>", false),
      ("<!-- gateway --><html>", false), ("<script>location='/login'</script>", false),
      ("<meta http-equiv=refresh>", false), ("\u{FEFF}\r\n\t <html>", false), ("<form>", false),
      ("Please log in", true), ("  Please log in <a href=/login>here</a>", true),
    ])
  func pages(_ body: String, _ isHTML: Bool) {
    var answer = WebhookResponse(status: 200, bodyStart: Array(body.utf8))
    answer.isHTML = isHTML
    let strict: [PayloadFormat] = [.moogsoft, .pagerduty, .alertmanagerAPI]
    for format in strict { #expect(format.objection(to: answer) != nil) }
    #expect(PayloadFormat.mutt.objection(to: answer) == nil)
    answer.status = 503
    for format in strict { #expect(format.objection(to: answer) == nil) }
  }

  @Test(
    "an answer that is none of a page",
    arguments: [
      ("{\"success\":true}", false), ("", false), ("OK, 1 < 2", false), (" [1]", true), ("\n{}", true),
      ("  ", true), ("", true),
    ])
  func noPages(_ body: String, _ isHTML: Bool) {
    var answer = WebhookResponse(status: 200, bodyStart: Array(body.utf8))
    answer.isHTML = isHTML
    #expect(PayloadFormat.moogsoft.objection(to: answer) == nil)
  }

  @Test("an attribute of CloudEvents has no noncharacters")
  func noncharacters() throws {
    var draft = try Samples.linkDown()
    let first = String(decoding: [0xEF, 0xB7, 0x90], as: UTF8.self)
    draft.set(\.host, "a\u{FFFE}b\(first)c\u{1FFFF}\u{85}")
    let subject = try Self.value(Self.body(.cloudevents, draft), "subject") as? String
    #expect(subject == "a\u{FFFD}b\u{FFFD}c\u{FFFD}\u{FFFD}")
  }

  @Test("a web hook that was withdrawn")
  func withdrawn() {
    #expect(PayloadFormat.cloudevents.objection(to: WebhookResponse(status: 410)) != nil)
    #expect(PayloadFormat.mutt.objection(to: WebhookResponse(status: 410)) == nil)
  }

  /// A character may hold a `<`: behind U+0600 it is no character of its own.
  @Test("a page that a template makes has no markup of an alert")
  func pagesOfTemplates() throws {
    var draft = try Samples.linkDown()
    draft.set(\.host, "\u{600}<img src=x onerror=\"alert(1)\"\u{301}\u{600}>&'")
    var settings = DestinationSettings(name: "noc", url: "http://h")
    settings.format = .template
    settings.template = try TemplatePayload("{{% CONTENT_TYPE: HTML}}{{host}}")
    settings.contentType = "text/html"
    let body = Payload(settings, node: 0, agentLocation: "c").written(draft.row, draft.batch.bytes.span).body
    #expect(
      String(decoding: body, as: UTF8.self).unicodeScalars.elementsEqual(
        "\u{600}&lt;img src=x onerror=&quot;alert(1)&quot;\u{301}\u{600}&gt;&amp;&#39;".unicodeScalars))
  }

  /// What no trial found: it breaks with two labels there and two others missing.
  static let fragile =
    #"{"text": "{{title}}"{{#labels.a}}{{#labels.b}}{{^labels.c}}{{^labels.d}} oops"#
    + "{{/labels.d}}{{/labels.c}}{{/labels.b}}{{/labels.a}}}"

  @Test("an alert of which a template makes no JSON leaves in the format mutt", arguments: [true, false])
  func brokenAtLast(isJSON: Bool) throws {
    var draft = try Samples.linkDown()
    draft.set(\.labels, #"{"a":"1","b":"2"}"#)
    var settings = DestinationSettings(name: "noc", url: "http://h")
    settings.format = .template
    settings.template = try TemplatePayload(Self.fragile)
    #expect(settings.template.flatMap { TemplateTrial.failure(of: $0) } == nil)
    settings.contentType = isJSON ? nil : "text/plain"
    let payload = Payload(settings, node: 0, agentLocation: "collector1")
    let written = payload.written(draft.row, draft.batch.bytes.span)
    let text = String(decoding: written.body, as: UTF8.self)
    #expect(isJSON ? text == draft.payload() : text.hasSuffix(" oops}"))
    #expect(written.fault == (isJSON ? "a comma or } is expected at line 1, column 43, not \"o\"" : nil))
    draft.set(\.labels, #"{"a":"1","b":"2","c":"3"}"#)
    let sound = payload.written(draft.row, draft.batch.bytes.span)
    #expect(sound.fault == nil && !String(decoding: sound.body, as: UTF8.self).contains("mutt/1"))
  }

  @Test("what is no template says so", arguments: ["{{#open}}", "{{% CONTENT_TYPE: NONE}}"])
  func badTemplates(_ text: String) {
    #expect(throws: DeliveryError.self) { try TemplatePayload(text) }
  }
}
