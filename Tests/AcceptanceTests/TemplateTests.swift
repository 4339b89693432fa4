import Foundation
import Testing

/// A template that breaks on an alert as no trial at the start could know.
@Suite struct TemplateTests {
  private static let rules = #"""
    rules:
      - name: pair
        match_type: regex
        match_string: 'pair (?<a>\d) (?<b>\d)$'
        prod_handling: Page_only
        dev_handling: Log_only
      - name: three
        match_type: regex
        match_string: 'three (?<a>\d) (?<b>\d) (?<c>\d)$'
        prod_handling: Page_only
        dev_handling: Log_only

    """#

  @Test func theAlertLeavesAllTheSame() async throws {
    let receiver = try WebhookReceiver { request, _ in
      JSON(bytes: request.body) == nil ? .status(400) : .status(200)
    }
    defer { receiver.stop() }
    var settings = DaemonSettings(rules: Self.rules)
    settings.extra = """
      destinations:
        - {name: chat, url: '\(receiver.url)', format: template, template: body.mustache}

      """
    let template =
      #"{"text": "{{message}}"{{#labels.a}}{{#labels.b}}{{^labels.c}}{{^labels.d}} oops"#
      + "{{/labels.d}}{{/labels.c}}{{/labels.b}}{{/labels.a}}}"
    try await Workspace.with("template") { workspace in
      try workspace.write(template, to: "body.mustache")
      let place = try DaemonPlace(workspace, settings)
      let daemon = try await place.start()
      defer { daemon.child.signal(SIGKILL) }
      let sender = try UDPSender(port: place.syslogPort)
      for text in ["three 1 2 3", "pair 1 2"] {
        sender.send(Array("<187>Nov 21 02:14:05 core1 \(text)".utf8))
      }
      try await eventually("both are taken") { receiver.count == 2 }
      let bodies = receiver.received.map(\.json)
      #expect(bodies.contains { $0["text"] == "three 1 2 3" })
      let other = try #require(bodies.first { $0["schema"] == "mutt/1" })
      #expect(other["type"] == "pair" && other["custom_info"]["message"] == "pair 1 2")
      let line = try #require(
        daemon.logLines.first { $0["msg"].string?.hasPrefix("a template made no") == true })
      #expect(line["destination"] == "chat" && line["event_id"] == other["external_id"])
      let metrics = try await eventually("all is delivered") {
        let metrics = try await daemon.scrape()
        return metrics.pending == 0 ? metrics : nil
      }
      #expect(metrics.sum("mutt_template_failures_total", "destination=\"chat\"") == 1)
      #expect(metrics.sum("mutt_outbox_dead") == 0)
      #expect(try await daemon.stop() == .code(0))
    }
  }
}
