import Delivery
import Foundation
import Testing

@testable import Daemon

/// A template is tried out when it is read: what it makes of hostile, sparse and rich alerts must be JSON.
@Suite struct ConfigTemplateTests {
  /// The problems of a destination with this template.
  private func problems(_ template: String, _ more: String = "") throws -> [String] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muttd-template-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try template.write(to: folder.appending(path: "body.mustache"), atomically: true, encoding: .utf8)
    let text =
      ConfigTests.sound
      + "destinations: [{name: a, url: 'https://h', format: template, template: body.mustache\(more)}]"
    let file = folder.appending(path: "muttd.yaml").path
    return Config.parse(text, file: file, environment: [:]).1.map(\.description)
  }

  static let labels = #"{{#label_list}}"{{name}}={{value}}"{{^last()}}, {{/last()}}{{/label_list}}"#

  @Test(arguments: [
    #"{"text": "{{title}}", "key": "{{signature}}", "level": {{severity}}}"#,
    #"{"labels": [\#(labels)], "oid": "{{trap_oid}}"}"#,
    #"{"text": "{{message}}"{{#is_clear}}, "clear": true{{/is_clear}}}"#,
    #"{"interface": "{{labels.interface}}", "at": {{epoch}}}"#, #""{{host}}: {{title}}""#,
    "\n {\"raw\": \"{{raw}}\"}\n",
  ])
  func aTemplateThatMakesJSON(_ template: String) throws {
    #expect(try problems(template) == [])
  }

  @Test(
    "what the receiver would answer with 400",
    arguments: [
      (#"{"text": "{{title}}",}"#, "an alert with quotes"), (#"{"text": {{title}}}"#, "an alert with quotes"),
      (#"{"text": "{{{title}}}"}"#, "an alert with quotes"),
      (#"{{% CONTENT_TYPE: TEXT}}{"text": "{{message}}"}"#, "an alert with quotes"),
      (#"{"labels": [{{#label_list}}"{{name}}",{{/label_list}}]}"#, "an alert with quotes"),
      (#"{"oid": "{{trap_oid}}", "at": {{#trap_oid}}1{{/trap_oid}}}"#, "an alert without labels"),
      (#"{"a": 1{{#is_clear}} "clear": true{{/is_clear}}}"#, "a clear"), ("", "an alert with quotes"),
      ("down: {{title}}", "an alert with quotes"),
    ])
  func aTemplateThatMakesNone(_ template: String, _ sample: String) throws {
    let found = try problems(template)
    #expect(found.count == 1)
    #expect(found.first?.contains("body.mustache makes no JSON of \(sample)") == true, "\(found)")
  }

  @Test(
    "what breaks with a label that only some alerts have, and which the samples lack",
    arguments: [
      (#"{"a": 1{{#labels.port}} "port": "{{labels.port}}"{{/labels.port}}}"#, "everything it asks for"),
      (#"{"a": [{{^labels.port}}1,{{/labels.port}}{{labels.port}}]}"#, "an alert with quotes"),
      (#"{"a": [{{#labels.x}}1{{/labels.x}}{{#labels.y}},2{{/labels.y}}]}"#, "without labels.x"),
      (#"{"a": [1{{#labels.x}},{{/labels.x}}{{#labels.y}}2{{/labels.y}}]}"#, "labels.x alone"),
      (#"{ {{#raw}}"t": "{{raw}}"{{/raw}}{{#reference}}, "r": 1{{/reference}} }"#, "without raw"),
      (#"{"up": {{#labels}}{{#up}}{{up}}{{/up}}{{^up}}0{{/up}}{{/labels}}}"#, "everything it asks for"),
      (#"{"n": {{#labels.n}}{{labels.n}}{{/labels.n}}{{^labels.n}}0{{/labels.n}}}"#, "asks for"),
      (#"{"a": 1{{#is_clear}}{{#labels.x}}, "b"{{/labels.x}}{{/is_clear}}}"#, "a clear with everything"),
    ])
  func aLabelThatBreaksIt(_ template: String, _ sample: String) throws {
    let found = try problems(template)
    #expect(found.count == 1)
    #expect(found.first?.contains(sample) == true, "\(found)")
    // What a usual alert would not break keeps no daemon from its start.
    #expect(found.first?.contains("warning: ") == !sample.hasPrefix("an alert with quotes"), "\(found)")
  }

  @Test(
    "labels in sections, in transforms, as comments, more than are tried one by one",
    arguments: [
      #"{"a": "{{#labels.port}}{{.}}{{/labels.port}}{{! labels.x }}", "b": "{{ labels.y }}"}"#,
      #"{"a": [{{#labels.x}}1{{/labels.x}}{{^labels.x}}2{{/labels.x}}], "b": "{{uppercased(labels.y)}}"}"#,
      "{\"a\": \"" + (0..<200).map { "{{labels.l\($0)}}" }.joined() + "\"}",
    ])
  func labelsThatDoNot(_ template: String) throws {
    let found = try problems(template)
    #expect(found == [])
  }

  @Test func anotherTypeIsNotLookedAt() throws {
    let text = "{{% CONTENT_TYPE: TEXT}}{{title}}"
    for type in ["text/plain", "text/plain; charset=utf-8", "application/xml"] {
      #expect(try problems(text, ", content_type: '\(type)'") == [])
    }
    for type in ["application/json", "application/problem+json; charset=utf-8"] {
      #expect(try problems(text, ", content_type: '\(type)'").count == 1)
    }
  }

  @Test(arguments: ["plain", "text/", "/plain", "a/b/c", "text/pl ain", "text/plain; é", ""])
  func whatIsNoMediaType(_ type: String) throws {
    let found = try problems(#"{"a": 1}"#, ", content_type: '\(type)'")
    #expect(found.count == 1 && found[0].contains("content_type"), "\(found)")
  }

  @Test func onlyATemplateHasATypeOfItsOwn() {
    let text = ConfigTests.sound + "destinations: [{name: a, url: 'https://h', content_type: text/plain}]"
    let found = Config.parse(text, file: "muttd.yaml", environment: [:]).1.map(\.description)
    #expect(found == ["muttd.yaml:2: destinations[0]: content_type needs format: template"])
  }

  @Test func theRequestSaysTheType() throws {
    var destination = Config.Destination()
    destination.contentType = "text/plain"
    #expect(destination.settings.contentType == "text/plain")
    #expect(Config.Destination().settings.contentType == nil)
  }
}
