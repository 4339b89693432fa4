import Foundation
import Model
import Testing

@testable import Delivery

/// What an alert is called at Alertmanager: only the same labels end it, and only a time that is over.
@Suite("Alertmanager's alerts")
struct AlertmanagerPayloadTests {
  private typealias Formats = PayloadFormatTests

  private func labels(_ draft: Samples.Draft) throws -> [String: String] {
    let body = try Formats.body(.alertmanagerAPI, draft)
    return try #require(try Formats.value(body, "0", "labels") as? [String: String])
  }

  @Test("a clear by another rule, with another handling and severity, has the labels of the problem")
  func clears() throws {
    let problem = try Samples.linkDown()
    var clear = try Samples.linkDown()
    clear.row.alertSeverity = 0
    clear.row.environment = .dev
    clear.set(\.ruleName, "link-up")
    clear.set(\.handling, "Ticket_only")
    clear.set(\.message, "%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to up")
    clear.set(\.summary, "core1: GigabitEthernet0/1 up")
    clear.set(\.labels, "{}")
    clear.row.peer = try Samples.require(IPAddress("192.0.2.99"))
    #expect(
      try labels(problem) == [
        "alertname": "link-down", "host": "core1", "signature": "core1::link-down::GigabitEthernet0/1",
        "team": "NETO",
      ])
    #expect(try labels(problem) == (try labels(clear)))
    let keys = try [problem, clear].map {
      try Formats.value(Formats.body(.alertmanager, $0), "groupKey") as? String
    }
    #expect(keys[0] != nil && keys[0] == keys[1])
    let groups = try [problem, clear].map {
      try Formats.value(Formats.body(.alertmanager, $0), "groupLabels") as? [String: String]
    }
    #expect(groups[0] != nil && groups[0] == groups[1])
  }

  @Test("an alert of a key without the host is the same alert from both ends")
  func circuits() throws {
    var (near, far) = (try Samples.linkDown(), try Samples.linkDown())
    near.set(\.signature, "circuit-4711")
    far.set(\.signature, "circuit-4711")
    far.set(\.host, "core2")
    #expect(try labels(near) == ["alertname": "circuit-4711", "signature": "circuit-4711", "team": "NETO"])
    #expect(try labels(near) == (try labels(far)))
    let hosts = try [near, far].map {
      try Formats.value(Formats.body(.alertmanagerAPI, $0), "0", "annotations", "host") as? String
    }
    #expect(hosts == ["core1", "core2"])
  }

  /// Alertmanager answers 400 to the whole alert for a link that its `net/url` does not read.
  @Test(
    "only what is an address becomes a link",
    arguments: [
      ("https://wiki/50%25off", true), ("https://wiki/50%off", false), ("https://wiki/%", false),
      ("https://wiki/%2", false), ("https://wiki/%zz", false), ("https://wiki:8443/a?b=c#d", true),
      ("https://wiki:port/", false), ("https://wiki:123456/", false), ("https://[2001:db8::1]:80/", true),
      ("https://[2001:db8::1/", false), ("https://wiki]/", false), ("https://wiki.example", true),
      ("http://", false), ("https://a b/", false), ("ftp://wiki/", false), ("https://a_b-c.d/[x]", true),
      ("https://wiki/\u{301}", false), ("https://[]/", false),
    ])
  func links(_ text: String, _ isLink: Bool) throws {
    var draft = try Samples.linkDown()
    draft.set(\.ruleReference, text)
    let link = try Formats.value(Formats.body(.alertmanagerAPI, draft), "0", "generatorURL") as? String
    #expect((link == text) == isLink)
  }

  @Test(
    "name and host follow from the signature",
    arguments: [
      ("core1::link-down", "core1", "link-down", true), ("core1::link::Gi0/1", "core1", "link", true),
      ("link::core1::Gi0/1", "core1", "link", true), ("core1", "core1", "core1", true),
      ("core10::link", "core1", "core10", false), ("link::core10", "core1", "link", false),
      ("2001:db8::7::link", "2001:db8::7", "link", true), ("::1::link", "::1", "link", true),
      ("::link-down", "", "link-down", false), ("::", "", "::", false), ("", "core1", "", false),
      ("core1::", "core1", "core1::", true), ("a:b::c", "x", "a:b", false), ("a::::b", "a", "b", true),
    ] as [(String, String, String, Bool)])
  func names(_ signature: String, _ host: String, _ name: String, _ hasHost: Bool) {
    let key = AlertmanagerKey(signature, host: host)
    #expect(key.name == name)
    #expect(key.hasHost == hasHost)
  }

  @Test("a device whose clock is ahead starts no alert in the future")
  func clocks() throws {
    var draft = try Samples.linkDown()
    draft.row.arrival = try Samples.require(Timestamp(rfc3339: "2026-11-21T02:10:00.000Z"))
    let alert = try Formats.body(.alertmanagerAPI, draft)
    #expect(try Formats.value(alert, "0", "startsAt") as? String == "2026-11-21T02:10:00.000Z")
    #expect(try Formats.value(alert, "0", "endsAt") == nil)
    draft.row.alertSeverity = 0
    for format in [PayloadFormat.alertmanagerAPI, .alertmanager] {
      let body = try Formats.body(format, draft)
      let clear = try #require(
        (format == .alertmanager ? Formats.value(body, "alerts", "0") : Formats.value(body, "0"))
          as? [String: Any])
      #expect(clear["endsAt"] as? String == "2026-11-21T02:10:00.000Z")
      #expect(clear["startsAt"] as? String == clear["endsAt"] as? String)
    }
  }

  @Test("the key of the group says its labels, quoted")
  func groups() throws {
    var draft = try Samples.linkDown()
    draft.set(\.signature, "core1::a\"b\\::\n\t\u{7F}é")
    let body = try Formats.body(.alertmanager, draft)
    #expect(
      try Formats.value(body, "groupKey") as? String
        == #"{}:{alertname="a\"b\\", signature="core1::a\"b\\::\n\t\x7fé"}"#)
    let group = try Formats.value(body, "groupLabels") as? [String: String]
    #expect(group == ["alertname": "a\"b\\", "signature": "core1::a\"b\\::\n\t\u{7F}é"])
  }
}
