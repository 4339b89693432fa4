import Delivery
import Foundation
import Model
import Testing

/// The files under Tests/Fixtures/payload/mutt are the contract with receivers: key for key, byte for byte.
@Suite("The mutt payload")
struct MuttPayloadTests {
  private func golden(_ name: String) throws -> String {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = tests.appending(path: "Fixtures/payload/mutt/\(name).json")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.last == "\n")
    return String(text.dropLast())
  }

  @Test("a Cisco message with everything known about it")
  func syslog() throws {
    let draft = try Samples.linkDown()
    #expect(draft.payload() == (try golden("syslog-cisco-link-down")))
  }

  @Test("a trap: log is null, snmp is the decoded trap, the description falls back to host and text")
  func trap() throws {
    let draft = try Samples.trap()
    #expect(draft.payload(node: 5) == (try golden("trap-v2c-link-down")))
  }

  @Test("nothing known and hostile text: nulls in fixed order, escaped, raw left out")
  func unparsed() throws {
    var draft = try Samples.Draft(
      id: 1, time: "2020-01-01T00:00:00.001Z", arrival: "2020-01-01T00:00:00.001Z", peer: "2001:db8::7")
    draft.row.ruleID = 3
    draft.row.isTruncated = true
    draft.set(\.host, "2001:db8::7")
    draft.set(\.raw, "secret")
    let start = draft.batch.bytes.count
    draft.batch.bytes.append(text: "it \"hurts\"\n\\o/\u{1B}[31m ")
    draft.batch.bytes.append(0xFF)
    draft.row.message = ByteRange(start, draft.batch.bytes.count)
    draft.set(\.handling, "Page_only")
    draft.set(\.team, "NETO")
    draft.set(\.ruleName, "any")
    draft.set(\.signature, "2001:db8::7::any")
    let text = draft.payload(node: 1023, includesRaw: false)
    #expect(text == (try golden("syslog-unparsed-hostile-text-without-raw")))
  }

  @Test("msgid and mnemonic: one or the other")
  func mnemonic() throws {
    var draft = try Samples.linkDown()
    draft.set(\.app, "bgpd")
    #expect(draft.payload().contains("\"msgid\":\"LINK-3-UPDOWN\""))
    #expect(draft.payload().contains("\"mnemonic\":null"))
    draft.row.app = .absent
    draft.set(\.message, "no percent sign")
    #expect(draft.payload().contains("\"msgid\":\"LINK-3-UPDOWN\""))
    draft.set(\.message, "")
    #expect(draft.payload().contains("\"mnemonic\":null"))
  }

  @Test("an alert of our own: no rule row, no peer, no log")
  func ownAlert() throws {
    var draft = try Samples.linkDown()
    draft.row.source = .internal
    draft.row.ruleID = 0
    draft.row.peer = .unspecified
    let text = draft.payload()
    #expect(text.contains("\"rule\":{\"id\":null,\"name\":\"link-down\",\"version\":null,"))
    #expect(text.contains("\"source\":{\"ip\":null},\"log\":null,\"snmp\":null,"))
  }

  @Test("the same row gives the same bytes, appended behind what is there")
  func appends() throws {
    let draft = try Samples.trap()
    var bytes = Array("before".utf8)
    MuttPayload(node: 0, agentLocation: "a\"b")
      .append(draft.row, of: draft.batch.bytes.span, includesRaw: true, to: &bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text == "before" + draft.payload(location: "a\"b"))
    #expect(text.contains("\"agent_location\":\"a\\\"b\""))
  }
}
