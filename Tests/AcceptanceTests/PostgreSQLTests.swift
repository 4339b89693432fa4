import Foundation
import TestKit
import Testing

/// The daemon on a real server, as its least privileged role.
@Suite struct PostgreSQLTests {
  private func settings(
    _ database: PostgreSQLDatabase, rules: String? = nil, receiver: WebhookReceiver? = nil
  )
    -> DaemonSettings
  {
    var settings = DaemonSettings(rules: rules)
    if let receiver { settings.destinations = [("moog", receiver.url)] }
    settings.extra = "store: {url: '\(database.daemonURL)'}\n"
    return settings
  }

  private func rule(_ name: String, _ text: String, priority: Int = 50) -> String {
    """
    INSERT INTO alert_rules (name, match_string, match_type, priority, prod_handling, dev_handling)
    VALUES ('\(name)', '\(text)', 'contains', \(priority), 'Page_only', 'Log_only');
    """
  }

  @Test func eventsReachTheServerAndAnEditThereDecidesTheNext() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run(rule("moon", "moon"))
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    // The timer cannot be what brings the edit.
    var settings = settings(database, receiver: receiver)
    settings.rulesRefresh = "1h"
    try await withDaemon("postgres", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      sender.send(NumberedMessage.syslog(1, words: "the moon is late"))
      sender.send(NumberedMessage.syslog(2, words: "the sun is late"))
      let rows = """
        SELECT hostname, handling_decision, matched_rule_id, forwarded_to_moog, severity, source
        FROM event_audit_log ORDER BY id
        """
      try await eventually("both stand in the audit, one as delivered") {
        try database.run(rows) == "core1|Page_only|1|t|3|syslog\ncore1|unmatched||f|3|syslog"
      }
      try database.run(rule("sun", "sun", priority: 10))
      try await eventually("the new rule decides") {
        sender.send(NumberedMessage.syslog(3, words: "the sun is late"))
        try await Task.sleep(for: .milliseconds(100))
        return try database.run(
          "SELECT count(*) > 0 FROM event_audit_log WHERE matched_rule_id = 2") == "t"
      }
      let loads = daemon.logLines.filter { $0["msg"] == "rules loaded" }
      #expect(loads.map { $0["cause"] } == ["start", "change"])
      #expect(try await daemon.scrape().imbalances == [])

      let listed = try await daemon.place.muttd(
        "audit", "events", "--host", "CORE1", "--rule", "moon", "--json")
      #expect(listed.ending == .code(0), "\(listed.errors)")
      #expect(JSON(listed.output)?["rule"] == "moon", "\(listed.output)")
    }
  }

  /// Restored empty, or another one: whatever it has is measured by what decided last, and taken when it is
  /// told to.
  @Test func aServerThatLostItsRulesIsNotBelieved() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run((0..<6).map { rule("r\($0)", "word\($0) ") }.joined(separator: "\n"))
    try await Workspace.with("emptied") { workspace in
      var settings = settings(database)
      settings.rulesRefresh = "1s"
      let place = try DaemonPlace(workspace, settings)
      #expect(try await place.start().stop() == .code(0))
      try database.run("UPDATE alert_rules SET is_active = false")
      let daemon = try await place.start()
      func rules(_ from: String, _ active: Int64) async throws -> Bool {
        guard let body = try await daemon.readiness()?.body else { return false }
        let isGuarded = body["problems"].items.contains { $0["state"] == "guarded" }
        return body["rules", "from"] == .string(from) && body["rules", "active"].integer == active
          && isGuarded == (from == "snapshot")
      }
      try await eventually("the last rules decide") { try await rules("snapshot", 6) }
      // An edit of something else, and the timer, change nothing about it.
      try database.run("INSERT INTO development_hosts (hostname) VALUES ('lab1')")
      try await Task.sleep(for: .seconds(3))
      #expect(try await rules("snapshot", 6))
      #expect(try await place.muttd("reload").ending == .code(78))
      try database.run("UPDATE alert_rules SET is_active = true WHERE name <> 'r0'")
      try await eventually("the server's rules decide again") { try await rules("store", 5) }
      #expect(try await daemon.stop() == .code(0))
    }
  }

  @Test func aStormOfEditsMakesFewCompilations() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run(rule("first", "first"))
    try await withDaemon("edits", settings(database)) { daemon in
      // A transaction each.
      let begin = ContinuousClock.now
      try database.run((0..<300).map { rule("r\($0)", "word\($0) ") }.joined(separator: "\n"))
      try await eventually("all rules decide") {
        try await daemon.scrape().sum("mutt_rules_active") == 301
      }
      let loads = daemon.logLines.filter { $0["msg"] == "rules loaded" }
      // One a second at the most; how long three hundred transactions take is the machine's affair.
      let seconds = Int((ContinuousClock.now - begin).components.seconds)
      #expect(loads.count <= 20 + seconds, "\(loads.count) compilations for 300 edits in \(seconds) s")
    }
  }

  @Test func aSchemaThatIsNotOursIsRefused() async throws {
    let database = try await PostgreSQLDatabase.make(migrated: false)
    try await Workspace.with("schema") { workspace in
      var settings = DaemonSettings()
      settings.extra = "store: {url: '\(database.url)'}\n"
      let place = try DaemonPlace(workspace, settings)
      func refusal() async throws -> String {
        let daemon = try await place.launch()
        #expect(try await daemon.child.wait() == .code(78))
        return daemon.log
      }
      #expect(try await refusal().contains("Run muttd db migrate"))
      let migrated = try await place.muttd("db", "migrate")
      #expect(migrated.ending == .code(0), "\(migrated.errors)")
      #expect(migrated.output.contains("5 applied now"))
      #expect(!migrated.errors.contains("everybody"), "\(migrated.errors)")
      // As in databases that older servers made.
      try database.run("GRANT CREATE ON SCHEMA public TO PUBLIC")
      for verb in ["status", "migrate"] {
        let told = try await place.muttd("db", verb)
        #expect(told.ending == .code(0) && told.errors.contains("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
      }
      try database.run("INSERT INTO schema_migrations (version, name) VALUES (99, 'future')")
      #expect(try await refusal().contains("99 (future)"))
      try database.run("DELETE FROM schema_migrations WHERE version = 99")
      try await place.start().kill()
    }
  }

  @Test func twoDaemonsNeverShareANode() async throws {
    let database = try await PostgreSQLDatabase.make()
    try await withDaemon("node-first", settings(database)) { first in
      try await Workspace.with("node-second") { workspace in
        let place = try DaemonPlace(workspace, settings(database))
        let second = try await place.launch()
        // It has patience with one that is about to end.
        #expect(try await second.child.wait(within: .seconds(120)) == .code(78))
        #expect(second.log.contains("another daemon writes to this database as node 0"), "\(second.log)")
        // The first ends as if by a crash: its node is free at once, or soon.
        await first.kill()
        try await place.start().kill()
      }
    }
  }
}

extension UnderLoad {
  /// The server goes under load, the daemon is killed while it is away, and both come back.
  @Suite struct AwayAndBackTests {
    private static let rate = 2_000
    /// One in twenty is for somebody.
    private static func message(_ number: Int) -> [UInt8] {
      NumberedMessage.syslog(number, words: number % 20 == 0 ? "link is down" : "nothing of note")
    }

    @Test func noMatchedRowIsLostOrDoubled() async throws {
      let cluster = try await PostgreSQLCluster.start()
      let database = try await offPool { try cluster.makeDatabase() }
      let receiver = try WebhookReceiver()
      defer { receiver.stop() }
      var settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
      settings.extra = "store: {url: '\(database.daemonURL)'}\n"
      try await Workspace.with("away") { workspace in
        let place = try DaemonPlace(workspace, settings)
        let first = try await place.start()
        let sender = try UDPSender(port: place.syslogPort)
        try await sender.send(1..<4_000, rate: Self.rate, message: Self.message)
        try await offPool { try cluster.stop(.immediate) }
        let before = receiver.count
        try await sender.send(4_000..<12_000, rate: Self.rate, message: Self.message)
        try await eventually("alerts are delivered while the server is away") {
          receiver.count > before + 100
        }
        try await eventually("the daemon says so") {
          guard let answer = try await first.readiness() else { return false }
          return answer.status == 200 && answer.body["status"] == "degraded"
            && answer.body["store", "up"] == .bool(false)
        }
        await first.kill()

        // Without the server the last good snapshot decides.
        let second = try await place.start()
        try await eventually("it is said") { second.log.contains("the last good snapshot decides") }
        try await sender.send(12_000..<18_000, rate: Self.rate, message: Self.message)
        try await offPool { try cluster.start() }
        try await sender.send(18_000..<20_000, rate: Self.rate, message: Self.message)
        try await eventually("everything is caught up", within: .seconds(90)) {
          let metrics = try await second.scrape()
          #expect(metrics.imbalances == [])
          return metrics.pending == 0 && metrics.auditPending == 0
        }
        try await eventually("every delivered alert is marked", within: .seconds(60)) {
          try database.run("SELECT count(*) FROM event_audit_log WHERE forwarded_to_moog")
            == "\(Set(receiver.received.map(\.key)).count)"
        }
        let ready = try #require(try await second.readiness())
        #expect(ready.body["store", "up"] == .bool(true))
        #expect(try await second.stop() == .code(0))
        #expect(second.accounting?.imbalances == [])
        try hold(receiver, database)
      }
      withExtendedLifetime(cluster) {}
    }

    private func hold(_ receiver: WebhookReceiver, _ database: PostgreSQLDatabase) throws {
      let delivered = receiver.numbers
      #expect(delivered.count > 500)
      let rows = try database.run(
        "SELECT raw_message FROM event_audit_log WHERE matched_rule_id IS NOT NULL ORDER BY id")
      let audited = rows.split(separator: "\n").compactMap { NumberedMessage.number(in: Array($0.utf8)) }
      #expect(audited.count == Set(audited).count, "a row stands there twice")
      let missing = delivered.subtracting(audited)
      #expect(missing.isEmpty, "delivered, and not in the audit: \(missing.sorted().prefix(20))")
      print("\(delivered.count) alerts delivered, \(audited.count) matched rows audited")
    }
  }
}
