import Foundation
import TestKit
import Testing

/// `muttd db adopt` on a database that MUTT's own SQL made, and the daemon on it.
@Suite struct AdoptTests {
  private func makeMUTT() async throws -> PostgreSQLDatabase {
    // The first database of the cluster brings the role that the daemon logs in as.
    _ = try await PostgreSQLDatabase.make()
    let database = try await PostgreSQLDatabase.make(migrated: false)
    let sql = try String(
      contentsOfFile: Repository.path + "/Tests/Fixtures/postgresql/mutt-2.5.sql", encoding: .utf8)
    try await offPool { _ = try database.run(sql) }
    return database
  }

  /// What is said of each rule, by its id; nil: of several.
  static let findings: [(rule: Int64?, what: String, says: String)] = [
    (2, "regex", "ASCII only"), (2, "regex", "very end"), (3, "oid", "compared texts, not numbers"),
    (3, "oid", "leading dot"), (4, "oid", "MUTT compared with \".*\""), (5, "oid_and_text", "have the text"),
    (6, "handling", "prod_handling \"Page_and_tickets\""), (6, "handling", "dev_handling \"Email_only\""),
    (7, "severity", "severity 2"), (8, "unusable", "closing parenthesis"),
    (nil, "tie", "9, 10; in MUTT it is the order of the table's pages, 10, 9"),
    (nil, "host", "Lab-SW1, lab-sw1 are one host here"), (nil, "host", "LAB-SW2, lab-sw2 are one host here"),
  ]

  @Test func aDatabaseOfMUTTsIsReportedAdoptedAndDecided() async throws {
    let database = try await makeMUTT()
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await Workspace.with("adopt") { workspace in
      var settings = DaemonSettings(destinations: [("moog", receiver.url)])
      settings.extra = "store: {url: '\(database.daemonURL)'}\n"
      let place = try DaemonPlace(workspace, settings)
      let refused = try await place.launch()
      #expect(try await refused.child.wait() == .code(78))

      let report = try await place.muttd("db", "adopt", "--store", database.url)
      #expect(report.ending == .code(0), "\(report.errors)")
      #expect(report.output.contains("10 rules, 4 partitions"), "\(report.output)")
      #expect(report.output.hasSuffix("nothing was changed; with MUTT stopped: muttd db adopt --apply\n"))
      let lines = try await place.muttd("db", "adopt", "--store", database.url, "--json").output
        .split(separator: "\n").compactMap { JSON($0) }
      let found = lines.filter { $0["kind"] == "finding" }
      for (rule, what, says) in Self.findings {
        #expect(
          found.contains {
            $0["rule_id"].integer == rule && $0["what"] == .string(what)
              && $0["text"].string?.contains(says) == true
          }, "\(rule ?? 0) \(what) \(says) in \(report.output)")
      }
      #expect(!found.contains { $0["rule_id"] == 1 }, "rule 1 decides as ever")
      #expect(lines.last?["adopted"] == .bool(false))

      let applied = try await place.muttd("db", "adopt", "--store", database.url, "--apply")
      #expect(applied.ending == .code(0), "\(applied.errors)")
      #expect(applied.output.contains("\nadopted: "), "\(applied.output)")
      let again = try await place.muttd("db", "adopt", "--store", database.url, "--apply")
      #expect(again.ending == .code(0))
      #expect(again.output.contains("nothing to adopt"), "\(again.output)")
      let migrated = try await place.muttd("db", "migrate", "--store", database.url)
      #expect(migrated.output.contains("0 applied now"), "\(migrated.output)\(migrated.errors)")
      try await decide(place, database, receiver)
    }
  }

  private func decide(_ place: DaemonPlace, _ database: PostgreSQLDatabase, _ receiver: WebhookReceiver)
    async throws
  {
    let daemon = try await place.start()
    let sender = try UDPSender(port: place.syslogPort)
    sender.send(NumberedMessage.syslog(1, words: "link down"))
    sender.send(NumberedMessage.syslog(2, words: "authentication failure"))
    try await eventually("the rule of MUTT's pages, the misspelt one is quarantined") {
      try database.run(
        """
        SELECT matched_rule_id, handling_decision, forwarded_to_moog FROM event_audit_log
        WHERE source = 'syslog' ORDER BY id
        """) == "1|Page_and_ticket|t\n|unmatched|f"
    }
    #expect(receiver.count == 1)
    let ready = try #require(try await daemon.readiness())
    let quarantined = ready.body["problems"].items.filter { $0["state"] == "quarantined" }.map { $0["name"] }
    #expect(Set(quarantined.compactMap(\.string)) == ["rule-6", "rule-8"])
    // What MUTT audited is found beside it, and its changes in the history.
    let events = try await place.muttd("audit", "events", "--rule", "rule-1", "--json")
    #expect(events.output.split(separator: "\n").count == 61, "\(events.errors)")
    let old = try await place.muttd("explain", "--event", "1")
    #expect(old.errors.contains("was audited by MUTT"), "\(old.errors)")
    let history = try await place.muttd("rules", "history", "rule-1")
    #expect(history.output.contains("page for it"), "\(history.output)\(history.errors)")
    #expect(history.output.contains("50 -> 10"))
    await daemon.kill()
  }
}
