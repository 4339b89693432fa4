import TestKit
import Testing

/// Several daemons on one server: a node each, and nothing between them but the tables.
@Suite struct PostgreSQLNodeTests {
  private static func settings(
    _ database: PostgreSQLDatabase, node: Int, audit: String = "all", receiver: WebhookReceiver? = nil
  ) -> DaemonSettings {
    var settings = DaemonSettings()
    if let receiver { settings.destinations = [("moog", receiver.url)] }
    settings.auditEvents = audit
    // The timer cannot be what brings an edit.
    settings.rulesRefresh = "1h"
    settings.extra = "store: {url: '\(database.daemonURL)'}\nnode: \(node)\n"
    return settings
  }

  private static func rule(_ name: String, _ text: String, priority: Int = 50) -> String {
    """
    INSERT INTO alert_rules (name, match_string, match_type, priority, prod_handling, dev_handling)
    VALUES ('\(name)', '\(text)', 'contains', \(priority), 'Page_only', 'Log_only');
    """
  }

  private static let holder = "FROM pg_stat_activity WHERE query LIKE 'SELECT ''node holder''%'"

  /// Another takes the node while the daemon's session is gone: nothing is written beside him, alerts go on,
  /// and what was matched follows when he ends.
  @Test func aNodeThatIsTakenMeanwhileIsLeftAlone() async throws {
    let database = try await PostgreSQLDatabase.make()
    _ = try await offPool { try database.run(Self.rule("down", "is down")) }
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    let settings = Self.settings(database, node: 5, audit: "matched", receiver: receiver)
    try await withDaemon("node-taken", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      try await sender.send(0..<20, rate: 500)
      try await Self.audited(20, database)
      let first = try await Self.takeNode(database)

      try await sender.send(20..<60, rate: 500)
      try await eventually("readyz fails and says why", within: .seconds(120)) {
        guard let answer = try await daemon.readiness() else { return false }
        return answer.status == 503 && "\(answer.body)".contains("node taken")
          && answer.body["store", "up"] == .bool(false)
      }
      try await eventually("alerts are delivered all the same") {
        receiver.numbers.count == 60
      }
      let metrics = try await daemon.scrape()
      #expect(metrics.imbalances == [])
      #expect(metrics.auditPending == 40)
      #expect(try await offPool { try database.run("SELECT count(*) FROM event_audit_log") } == "20")

      _ = try await offPool { try database.run("SELECT pg_terminate_backend(pid, 5000) \(Self.holder)") }
      _ = try? await first.value
      try await Self.audited(60, database)
      try await eventually("readyz is well again") { try await daemon.readiness()?.status == 200 }
      #expect(try await daemon.scrape().imbalances == [])
      #expect(try await daemon.stop() == .code(0))
    }
  }

  /// The lock goes to whoever has waited longest for it when the daemon's session is ended.
  private static func takeNode(_ database: PostgreSQLDatabase) async throws -> Task<String, any Error> {
    let holding = Task {
      try await offPool {
        try database.run(
          "SELECT 'node holder', pg_advisory_lock(hashtext('mutt.node'), 5), pg_sleep(600)")
      }
    }
    @Sendable func waits(for event: String) throws -> Bool {
      try database.run("SELECT count(*) \(holder) AND wait_event = '\(event)'") == "1"
    }
    try await eventually("another waits for the node") { try await offPool { try waits(for: "advisory") } }
    _ = try await offPool {
      try database.run(
        """
        SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND objid = 5
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """)
    }
    try await eventually("he has it") { try await offPool { try waits(for: "PgSleep") } }
    return holding
  }

  /// Every number up to `count` stands in the audit, once.
  private static func audited(_ count: Int, _ database: PostgreSQLDatabase) async throws {
    try await eventually("\(count) rows are there", within: .seconds(120)) {
      try await offPool { try database.run("SELECT count(*) FROM event_audit_log") } == "\(count)"
    }
    let rows = try await offPool { try database.run("SELECT raw_message FROM event_audit_log") }
    let numbers = rows.split(separator: "\n").compactMap { NumberedMessage.number(in: Array($0.utf8)) }
    #expect(numbers.sorted() == Array(0..<count))
  }

  @Test func twoDaemonsWriteSideBySideAndHearTheSameEdit() async throws {
    let database = try await PostgreSQLDatabase.make()
    _ = try await offPool { try database.run(Self.rule("down", "is down")) }
    // The node stands in every id, over the twelve bits of the sequence.
    let byNode = """
      SELECT (id >> 12) & 1023, count(*), count(DISTINCT id) FROM event_audit_log GROUP BY 1 ORDER BY 1
      """
    try await withDaemon("node-one", Self.settings(database, node: 1)) { one in
      try await withDaemon("node-two", Self.settings(database, node: 2)) { two in
        let senders = [
          try UDPSender(port: one.place.syslogPort), try UDPSender(port: two.place.syslogPort),
        ]
        async let left: Void = senders[0].send(0..<400, rate: 400)
        async let right: Void = senders[1].send(0..<400, rate: 400)
        _ = try await (left, right)
        try await eventually("both have written all they heard", within: .seconds(60)) {
          try await offPool { try database.run(byNode) } == "1|400|400\n2|400|400"
        }
        _ = try await offPool { try database.run(Self.rule("sun", "the sun", priority: 10)) }
        let decided = """
          SELECT string_agg(DISTINCT ((id >> 12) & 1023)::text, ',') FROM event_audit_log
          WHERE matched_rule_id = 2
          """
        try await eventually("the edit decides in both", within: .seconds(60)) {
          for sender in senders { sender.send(NumberedMessage.syslog(1, words: "the sun is down")) }
          try await Task.sleep(for: .milliseconds(200))
          return try await offPool { try database.run(decided) } == "1,2"
        }
        for daemon in [one, two] {
          #expect(try await daemon.scrape().imbalances == [])
          #expect(try await daemon.stop() == .code(0))
        }
      }
    }
    #expect(
      try await offPool { try database.run("SELECT count(*) = count(DISTINCT id) FROM event_audit_log") }
        == "t")
  }
}

extension UnderLoad {
  /// All events are audited, and the server is away for longer than memory lasts.
  @Suite struct UnmatchedOverflowTests {
    private static func message(_ number: Int) -> [UInt8] {
      let filler = String(repeating: "x", count: 3_000)
      return NumberedMessage.syslog(
        number, words: number % 50 == 0 ? "link is down" : "nothing of note \(filler)")
    }

    @Test func whatIsShedIsCountedToTheRow() async throws {
      let cluster = try await PostgreSQLCluster.start()
      let database = try await offPool { try cluster.makeDatabase() }
      let receiver = try WebhookReceiver()
      defer { receiver.stop() }
      var settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
      settings.extra = "store: {url: '\(database.daemonURL)'}\n"
      try await withDaemon("shed", settings) { daemon in
        let sender = try UDPSender(port: daemon.place.syslogPort)
        try await sender.send(0..<100, rate: 500, message: Self.message)
        try await eventually("rows are written") {
          try await daemon.scrape().sum("mutt_audit_rows_total") > 99
        }
        try await offPool { try cluster.stop(.immediate) }
        var sent = 100
        try await eventually("memory is full, and rows are shed", within: .seconds(180)) {
          try await sender.send(sent..<(sent + 2_000), rate: 2_000, message: Self.message)
          sent += 2_000
          return try await daemon.scrape().sum("mutt_audit_shed_total") > 1_000
        }
        let away = try await daemon.scrape()
        #expect(away.imbalances == [])
        // No more waits than memory holds: 32 MiB of such rows, twice over for what is on its way.
        #expect(away.auditPending < 2 * (32 << 20) / 3_000)
        try await offPool { try cluster.start() }
        try await eventually("everything is caught up", within: .seconds(180)) {
          let metrics = try await daemon.scrape()
          return metrics.pending == 0 && metrics.auditPending == 0
        }
        #expect(try await daemon.stop() == .code(0))
        let books = try #require(daemon.accounting)
        #expect(books.imbalances == [])
        try await Self.hold(books, receiver, database)
      }
      withExtendedLifetime(cluster) {}
    }

    private static func hold(
      _ books: Accounting, _ receiver: WebhookReceiver, _ database: PostgreSQLDatabase
    ) async throws {
      let rows = try await offPool {
        try database.run("SELECT count(*), count(DISTINCT id) FROM event_audit_log")
      }
      #expect(rows == "\(books["audited"])|\(books["audited"])")
      #expect(books["audit_shed"] > 1_000 && books["audit_set_aside"] == 0)
      // Nothing that matched was shed.
      let matched = try await offPool {
        try database.run("SELECT raw_message FROM event_audit_log WHERE matched_rule_id IS NOT NULL")
      }
      let numbers = matched.split(separator: "\n").compactMap { NumberedMessage.number(in: Array($0.utf8)) }
      #expect(numbers.count == Set(numbers).count)
      // What the daemon says of unmatched events repeats one of them.
      let delivered = receiver.received.compactMap(\.number).filter { $0 % 50 == 0 }
      #expect(Set(numbers) == Set(delivered))
      print("\(books["received"]) received, \(books["audited"]) audited, \(books["audit_shed"]) shed")
    }
  }
}
