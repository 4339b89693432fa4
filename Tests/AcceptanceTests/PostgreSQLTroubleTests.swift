import Foundation
import TestKit
import Testing

/// A server that is there and takes no rows, for one reason after another: matched rows wait, alerts do not,
/// and in the end every row stands in the audit once.
@Suite struct PostgreSQLTroubleTests {
  private struct Trouble: Sendable {
    var name: String
    /// What `/readyz` says of it.
    var words: String
    /// Blocking, and off the pool.
    var begin: @Sendable (PostgreSQLDatabase) throws -> Void
    var end: @Sendable (PostgreSQLDatabase) throws -> Void
  }

  private static let troubles = [
    Trouble(
      name: "it only reads", words: "read-only transaction",
      begin: {
        try $0.run("ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()")
        while try $0.run("SHOW default_transaction_read_only") != "on" { usleep(20_000) }
      },
      end: {
        try $0.run(
          """
          SET default_transaction_read_only = off;
          ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()
          """)
      }),
    Trouble(
      name: "somebody holds the table", words: "lock timeout",
      begin: { database in
        // Held until it is told to end, by a session that nobody waits for.
        Task.detached {
          try? await offPool {
            _ = try? database.run("BEGIN; LOCK TABLE event_audit_log; SELECT 'holder', pg_sleep(600);")
          }
        }
        while try database.run(holders + " AND wait_event = 'PgSleep'") == "0" { usleep(20_000) }
      },
      end: {
        try $0.run(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT ''holder''%'")
      }),
    Trouble(
      name: "a statement takes too long", words: "statement timeout",
      begin: {
        try $0.run(
          """
          CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(600); RETURN NULL; END';
          CREATE TRIGGER dawdle BEFORE INSERT ON event_audit_log EXECUTE FUNCTION dawdle();
          """)
      },
      end: { try $0.run("DROP TRIGGER dawdle ON event_audit_log; DROP FUNCTION dawdle()") }),
    Trouble(
      name: "it is silent", words: "does not answer",
      begin: { try $0.cluster.signal("STOP") }, end: { try $0.cluster.signal("CONT") }),
  ]

  private static let holders =
    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT ''holder''%'"

  private static func message(_ number: Int) -> [UInt8] { NumberedMessage.syslog(number) }

  private static func settings(_ database: PostgreSQLDatabase, _ receiver: WebhookReceiver) -> DaemonSettings
  {
    var settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    settings.auditEvents = "matched, retention_months: 0"
    settings.extra = "store: {url: '\(database.daemonURL)'}\n"
    return settings
  }

  /// Sends fifty events while `trouble` lasts; `sent` counts all of them.
  private static func survive(
    _ trouble: Trouble, _ sent: inout Int, _ daemon: DaemonProcess, _ database: PostgreSQLDatabase,
    _ receiver: WebhookReceiver
  ) async throws {
    try await offPool { try trouble.begin(database) }
    let sender = try UDPSender(port: daemon.place.syslogPort)
    try await sender.send(sent..<(sent + 50), rate: 1_000, message: message)
    sent += 50
    try await eventually("\(trouble.name): readyz says \(trouble.words)", within: .seconds(120)) {
      guard let answer = try await daemon.readiness() else { return false }
      return answer.status == 200 && answer.body["store", "up"] == .bool(false)
        && "\(answer.body)".contains(trouble.words)
    }
    try await eventually("\(trouble.name): alerts are delivered all the same") { [sent] in
      Set(receiver.received.map(\.key)).count == sent
    }
    try await offPool { try trouble.end(database) }
    try await caughtUp(sent, daemon, database)
  }

  private static func caughtUp(_ sent: Int, _ daemon: DaemonProcess, _ database: PostgreSQLDatabase)
    async throws
  {
    try await eventually("all \(sent) rows are there", within: .seconds(120)) {
      let metrics = try await daemon.scrape()
      #expect(metrics.imbalances == [])
      return metrics.auditPending == 0 && metrics.sum("mutt_audit_rows_total") == sent
    }
    let rows = try await offPool { try database.run("SELECT raw_message FROM event_audit_log ORDER BY id") }
    let numbers = rows.split(separator: "\n").compactMap { NumberedMessage.number(in: Array($0.utf8)) }
    #expect(numbers.sorted() == Array(0..<sent))
  }

  @Test func aServerThatTakesNothingIsWaitedFor() async throws {
    let cluster = try await PostgreSQLCluster.start()
    let database = try await offPool { try cluster.makeDatabase() }
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await withDaemon("trouble", Self.settings(database, receiver)) { daemon in
      var sent = 0
      for trouble in Self.troubles {
        try await Self.survive(trouble, &sent, daemon, database, receiver)
      }
      #expect(try await daemon.scrape().sum("mutt_audit_set_aside_total") == 0)
      #expect(try await daemon.stop() == .code(0))
    }
    withExtendedLifetime(cluster) {}
  }

  /// A trigger of somebody's that refuses one row: the others are audited; it is kept, and written when the
  /// trigger is gone.
  @Test func whatSomebodysTriggerRefusesIsKeptAndRetried() async throws {
    let database = try await PostgreSQLDatabase.make()
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    _ = try await offPool {
      try database.run(
        """
        CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF NEW.raw_message LIKE '%REFUSED' THEN RAISE EXCEPTION 'not this one'; END IF;
            RETURN NEW;
          END $$;
        CREATE TRIGGER picky BEFORE INSERT ON event_audit_log FOR EACH ROW EXECUTE FUNCTION picky();
        """)
    }
    try await withDaemon("picky", Self.settings(database, receiver)) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      try await sender.send(0..<20, rate: 1_000) { number in
        NumberedMessage.syslog(number) + (number == 7 ? Array("REFUSED".utf8) : [])
      }
      try await eventually("all but one are audited") {
        let metrics = try await daemon.scrape()
        #expect(metrics.imbalances == [])
        return metrics.sum("mutt_audit_rows_total") == 19
          && metrics.sum("mutt_audit_set_aside_total") == 1
      }
      var listed = ""
      try await eventually("the row is kept with the server's words") {
        listed = try await daemon.place.muttd("audit", "aside", "list", "--json").output
        return listed.contains("not this one") && listed.contains("REFUSED")
      }
      let id = try #require(JSON(listed)?["id"].string)
      let refused = try await daemon.place.muttd("audit", "aside", "retry", id)
      #expect(refused.ending == .code(1) && refused.output.contains("still refused"), "\(refused)")
      _ = try await offPool { try database.run("DROP TRIGGER picky ON event_audit_log") }
      let retried = try await daemon.place.muttd("audit", "aside", "retry", "--all")
      #expect(retried.ending == .code(0), "\(retried)")
      #expect(retried.output.contains("1 written, 0 still refused"), "\(retried)")
      let count = try await offPool { try database.run("SELECT count(*) FROM event_audit_log") }
      #expect(count == "20")
      #expect(try await daemon.place.muttd("audit", "aside", "list").output.contains("no rows are set"))
      let none = try await daemon.place.muttd("audit", "aside", "purge", "--all", "--reason", "x")
      #expect(none.ending == .code(1))
      #expect(try await daemon.scrape().imbalances == [])
    }
  }

  /// Only root may mount, and not in every container.
  private static let canMount: Bool = {
    let folder = NSTemporaryDirectory() + "muttd-mount-\(UUID().uuidString.prefix(8))"
    let script = "mkdir '\(folder)' && mount -t tmpfs -o size=64k tmpfs '\(folder)' && umount '\(folder)'"
    let tool = try? Program.shell("{ \(script); } 2>/dev/null; status=$?; rmdir '\(folder)'; exit $status")
    return tool?.status == 0
  }()

  @Test(.enabled(if: canMount, "a small file system can only be mounted by root"))
  func aFullDiskOnTheServerLosesNoRow() async throws {
    let cluster = try await PostgreSQLCluster.start()
    let database = try await offPool { try cluster.makeDatabase() }
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    let space = try await offPool { try cluster.makeSpace("small") }
    func shell(_ command: String) async throws {
      _ = try await offPool {
        let tool = try Process.run(URL(filePath: "/bin/sh"), arguments: ["-c", command])
        tool.waitUntilExit()
        if tool.terminationStatus != 0 { throw HarnessError("\(command) failed") }
      }
    }
    try await shell("mount -t tmpfs -o size=512k tmpfs '\(space)'")
    do {
      _ = try await offPool {
        try cluster.own(space)
        try database.run("CREATE TABLESPACE small LOCATION '\(space)'")
        try database.run(
          """
          SELECT format('ALTER TABLE %I SET TABLESPACE small', partition) FROM list_monthly_partitions()
          WHERE lower <= now() + interval '1 day' \\gexec
          """)
      }
      try await withDaemon("full", Self.settings(database, receiver)) { daemon in
        let sender = try UDPSender(port: daemon.place.syslogPort)
        let count = 6_000
        try await sender.send(0..<count, rate: 2_000, message: Self.message)
        try await eventually("readyz says that the disk is full", within: .seconds(120)) {
          guard let answer = try await daemon.readiness() else { return false }
          return answer.status == 200 && "\(answer.body)".contains("No space left on device")
        }
        try await shell("mount -o remount,size=64m '\(space)'")
        try await Self.caughtUp(count, daemon, database)
        #expect(try await daemon.stop() == .code(0))
      }
    } catch {
      // Stopped first: nobody may be using what is unmounted.
      try? await offPool { try cluster.stop(.immediate) }
      try? await shell("umount '\(space)'")
      throw error
    }
    try await offPool { try cluster.stop(.immediate) }
    try await shell("umount '\(space)'")
    withExtendedLifetime(cluster) {}
  }
}
