import Foundation
import Intake
import Model
import Policy
import Store
import Testing

@testable import Daemon

/// A message above `max_message` is cut at a byte, which may stand in a character.
@Suite struct CutMessageTests {
  private static let head = "<187>1 - core1 app - - - größe of "
  private static let text = head + String(repeating: "ü", count: 200)

  private static let rules = [("größe", 1), ("of", 2)].map { text, id in
    var rule = Rule(
      name: text, matchType: .contains, matchString: text, prodHandling: "Ticket_only", devHandling: "Ignore")
    rule.id = Int64(id)
    return rule
  }

  @Test(arguments: [100, 101, 102, 103])
  func rulesBeyondASCIISeeACutMessageAsText(limit: Int) throws {
    let bytes = Array(Self.text.utf8)
    let cut = Array(bytes.prefix(limit))
    let about = Datagram(
      peer: IPAddress(v4: 192, 0, 2, 1), port: 514, arrival: Timestamp(seconds: 1), isTruncated: true)
    let snapshot = try Snapshot.compile(
      Catalog(rules: Self.rules), settings: PolicySettings(), generation: 1)
    var desk = DecisionDesk(settings: WorkerSettings())
    try desk.adopt(snapshot)

    var tally = WorkerTally()
    desk.syslog(cut.span, about, id: EventID(rawValue: 1), now: about.arrival, &tally)
    #expect(tally.bytes == UInt64(limit) && tally.truncated == 1)
    let batch = desk.exchangeBatch(EventBatch())
    let row = try #require(batch.rows.first)
    #expect(row.isTruncated && batch.text(row.ruleName) == "größe")
    // Nothing of it has to be made safe: what was split is left out.
    let whole = Self.head + String(repeating: "ü", count: (limit - Self.head.utf8.count) / 2)
    #expect(batch.text(row.raw) == whole)

    var event = Event(arrival: .absent, peer: .unspecified)
    #expect(desk.judgeSyslog(cut.span, about, into: &event).rule == 0)
    #expect(desk.explainSyslog(cut.span, about).1.lines.map(\.verdict) == [.won, .holdsSamePriority])

    // And so on the command line, where the limit is the configuration's.
    var config = Config()
    config.syslog.maxMessage = limit
    var recorded = try VerbDesk(snapshot, settings: try VerbDesk.settings(config))
    let verdict = recorded.decide(.syslog(bytes), peer: about.peer, arrival: about.arrival)
    #expect(verdict.ruleName == "größe")
    #expect(verdict.message.map { whole.hasSuffix($0) } == true)
    #expect(recorded.judge(bytes.span, 0..<bytes.count, peer: about.peer, arrival: about.arrival).rule == 0)
    let explained = recorded.explain(.syslog(bytes), peer: about.peer, arrival: about.arrival)
    #expect(explained?.explanation.decision.rule == 0)
  }

  /// An event of the audit, explained: of its bytes the store has what text can hold.
  private func explained(_ raw: String, attributes: String?) throws -> (VerbExplanation, AuditEvent) {
    var event = AuditEvent(
      id: EventID(rawValue: 7), eventTime: Timestamp(seconds: 1_795_227_247), isForwarded: false)
    event.source = "syslog"
    event.raw = raw
    event.attributes = attributes
    event.ruleID = 1
    event.ruleName = "größe"
    event.ruleVersion = 1
    let catalog = Catalog(rules: Self.rules)
    var desk = try VerbDesk(catalog, config: Config())
    let question = try VerbExplain.Question(event, sent: [])
    return (try #require(VerbExplanation(question, &desk, catalog, Config())), event)
  }

  @Test func anEventOfTheAuditSaysWhatItLost() throws {
    let (whole, event) = try explained(Self.head, attributes: nil)
    #expect(!whole.heading.contains("raw_message") && !whole.heading.contains("cut"))
    #expect(whole.comparison(event).hasSuffix("now"))

    let (cut, _) = try explained(Self.head, attributes: #"{"labels":{"a":"b"},"truncated":true}"#)
    #expect(cut.heading.hasSuffix(", cut at syslog.max_message"))

    let latin = Self.head.replacingOccurrences(of: "ö", with: "\u{FFFD}")
    let (repaired, stored) = try explained(latin, attributes: nil)
    #expect(repaired.heading.hasSuffix("U+FFFD in raw_message stands for what was no text"))
    let comparison = repaired.comparison(stored)
    #expect(comparison.hasPrefix("größe version 1 then, of version"))
    #expect(comparison.hasSuffix(" now; uncertain: rules saw other bytes then"))
    let json = String(decoding: repaired.json().closed, as: UTF8.self)
    #expect(json.contains(#""truncated":false,"repaired":true"#))
  }
}
