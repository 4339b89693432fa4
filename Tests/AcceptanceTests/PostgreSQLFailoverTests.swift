import Foundation
import TestKit
import Testing

/// Servers that change places, passwords that change, and who may be believed to be the server.
@Suite struct PostgreSQLFailoverTests {
  private static let rule = """
    INSERT INTO alert_rules (name, match_string, match_type, priority, prod_handling, dev_handling)
    VALUES ('numbered', 'link is down', 'contains', 50, 'Page_only', 'Log_only');
    """

  private func settings(_ url: String) -> DaemonSettings {
    var settings = DaemonSettings()
    settings.auditEvents = "matched, retention_months: 0"
    settings.rulesRefresh = "1h"
    settings.extra = "store: {url: '\(url)'}\n"
    return settings
  }

  private func isCaughtUp(_ daemon: DaemonProcess, rows: Int) async throws -> Bool {
    let metrics = try await daemon.scrape()
    return metrics.auditPending == 0 && metrics.sum("mutt_audit_rows_total") == rows
  }

  private func numbers(_ database: PostgreSQLDatabase) async throws -> [Int] {
    let rows = try await offPool { try database.run("SELECT raw_message FROM event_audit_log ORDER BY id") }
    return rows.split(separator: "\n").compactMap { NumberedMessage.number(in: Array($0.utf8)) }.sorted()
  }

  /// Of two servers the second only reads, as a standby does, until the first is gone.
  @Test func theServerThatWritesIsFound() async throws {
    let first = try await PostgreSQLCluster.start()
    let second = try await PostgreSQLCluster.start()
    let one = try await offPool { try first.makeDatabase() }
    let other = try await offPool { try second.makeDatabase() }
    #expect(one.name == other.name)
    _ = try await offPool {
      for database in [one, other] { try database.run(Self.rule) }
      try other.run("ALTER DATABASE \(other.name) SET default_transaction_read_only = on")
    }
    // The one that only reads is asked first, every time.
    let url =
      "postgresql://muttd@/\(one.name)?host=\(second.directory),\(first.directory)"
      + "&target_session_attrs=read-write"
    try await withDaemon("failover", settings(url)) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      try await sender.send(0..<200, rate: 1_000) { NumberedMessage.syslog($0) }
      try await eventually("the first has them") { try await isCaughtUp(daemon, rows: 200) }
      try await offPool { try first.stop(.immediate) }
      try await sender.send(200..<400, rate: 1_000) { NumberedMessage.syslog($0) }
      try await eventually("nobody writes") {
        try await daemon.readiness()?.body["store", "up"] == .bool(false)
      }
      #expect(try await numbers(other) == [])
      _ = try await offPool {
        try other.run(
          """
          SET default_transaction_read_only = off;
          ALTER DATABASE \(other.name) RESET default_transaction_read_only
          """)
      }
      try await eventually("the second has the rest", within: .seconds(90)) {
        try await isCaughtUp(daemon, rows: 400)
      }
      #expect(try await numbers(other) == Array(200..<400))
      // Edits are heard there now.
      _ = try await offPool { try other.run("UPDATE alert_rules SET match_string = 'the moon is late'") }
      try await eventually("the rule as it is on the second decides") {
        sender.send(NumberedMessage.syslog(400, words: "the moon is late"))
        try await Task.sleep(for: .milliseconds(50))
        return try await numbers(other).contains(400)
      }
      #expect(try await daemon.stop() == .code(0))
    }
    withExtendedLifetime((first, second)) {}
  }

  /// The server dies while it is written to, and its standby takes over: what was answered is there, what was
  /// not follows, each row once. The standby is a synchronous one; another may lack the last rows.
  @Test func aStandbyThatTakesOverHasEveryRowOnce() async throws {
    let primary = try await PostgreSQLCluster.start(settings: PostgreSQLCluster.replicating)
    let database = try await offPool { try primary.makeDatabase() }
    let standby = try await PostgreSQLCluster.standby(of: primary)
    try await offPool {
      try database.run(Self.rule)
      try primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
      try primary.run("SELECT pg_reload_conf()")
      let state = "SELECT coalesce(max(sync_state), 'none') FROM pg_stat_replication"
      while try primary.run(state) != "sync" { usleep(20_000) }
    }
    let url =
      "postgresql://muttd@/\(database.name)?host=\(primary.directory),\(standby.directory)"
      + "&target_session_attrs=read-write"
    try await withDaemon("standby", settings(url)) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      let sending = Task {
        try await sender.send(0..<2_000, rate: 500) { NumberedMessage.syslog($0) }
      }
      try await eventually("the first has some") {
        try await daemon.scrape().sum("mutt_audit_rows_total") >= 100
      }
      try await offPool {
        try primary.stop(.immediate)
        try standby.promote()
      }
      try await sending.value
      try await eventually("the second has all", within: .seconds(120)) {
        try await isCaughtUp(daemon, rows: 2_000)
      }
      let rows = try await offPool {
        try standby.run("SELECT raw_message FROM event_audit_log", in: database.name)
      }
      let numbers = rows.split(separator: "\n").compactMap { NumberedMessage.number(in: Array($0.utf8)) }
      #expect(numbers.sorted() == Array(0..<2_000))
      #expect(try await daemon.scrape().imbalances == [])
      #expect(try await daemon.stop() == .code(0))
    }
    withExtendedLifetime((primary, standby)) {}
  }

  enum Secret: CaseIterable { case passfile, file }

  /// The password is read again at every connect, from wherever it stands, and never shown.
  @Test(arguments: Secret.allCases) func aPasswordThatChangesNeedsNoRestart(_ secret: Secret) async throws {
    let cluster = try await PostgreSQLCluster.start()
    let database = try await offPool { try cluster.makeDatabase() }
    func give(_ password: String) async throws {
      _ = try await offPool { try database.run("ALTER ROLE muttd PASSWORD '\(password)'") }
    }
    _ = try await offPool { try database.run(Self.rule) }
    try await give("first-word")
    try await offPool { try cluster.admit("local all muttd scram-sha-256\nlocal all all trust") }
    try await Workspace.with("password") { workspace in
      func write(_ password: String) throws {
        let text = secret == .passfile ? "*:*:*:muttd:\(password)\n" : password + "\n"
        let path = try workspace.write(text, to: "secret")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      }
      try write("first-word")
      let path = workspace.file("secret")
      let url =
        secret == .passfile
        ? database.daemonURL + "&passfile=\(path)"
        : "postgresql://muttd:${file:\(path)}@/\(database.name)?host=\(cluster.directory)"
      let daemon = try await DaemonPlace(workspace, settings(url)).start()
      let sender = try UDPSender(port: daemon.place.syslogPort)
      try await sender.send(0..<50, rate: 1_000) { NumberedMessage.syslog($0) }
      try await eventually("rows are written with the first") { try await isCaughtUp(daemon, rows: 50) }

      try await give("second-word")
      _ = try await offPool {
        try database.run(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'muttd'")
      }
      try await sender.send(50..<100, rate: 1_000) { NumberedMessage.syslog($0) }
      try await eventually("the first is refused") {
        guard let answer = try await daemon.readiness() else { return false }
        return answer.body["store", "up"] == .bool(false)
          && "\(answer.body)".contains("password authentication failed")
      }
      try write("second-word")
      try await eventually("rows follow with the second") { try await isCaughtUp(daemon, rows: 100) }
      #expect(try await numbers(database) == Array(0..<100))
      #expect(!daemon.log.contains("first-word") && !daemon.log.contains("second-word"))
      #expect(try await daemon.stop() == .code(0))
    }
    withExtendedLifetime(cluster) {}
  }

  /// Over TCP with certificates: who the server is has to be proved.
  @Test func aServerHasToProveWhoItIs() async throws {
    try await Workspace.with("verify") { workspace in
      let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/tls/make-certificates").path
      try await Tool.succeed("sh", [script, workspace.path], in: workspace)
      let port = try FreePort.stream()
      let cluster = try await PostgreSQLCluster.start(port: port, settings: ["listen_addresses=127.0.0.1"])
      let database = try await offPool { try cluster.makeDatabase() }
      try await offPool {
        try database.run(Self.rule)
        try cluster.install(workspace.file("server.pem"), as: "server.crt")
        try cluster.install(workspace.file("server.key"), as: "server.key")
        try database.run("ALTER SYSTEM SET ssl = on")
        try cluster.admit("local all all trust\nhostssl all all 127.0.0.1/32 trust")
      }
      func url(_ host: String, mode: String = "verify-full", authority: String = "ca") -> String {
        "postgresql://muttd@\(host):\(port)/\(database.name)?hostaddr=127.0.0.1&sslmode=\(mode)"
          + "&sslrootcert=\(workspace.file(authority + ".pem"))"
      }
      let refusals = [
        (url("db.example"), "does not match host name"),
        (url("localhost", authority: "others"), "certificate verify failed"),
        (url("localhost", mode: "disable"), "no pg_hba.conf entry"),
      ]
      for (url, words) in refusals {
        let answer = try await Tool.run(
          Binary.path, ["db", "status", "--store", url, "--state-directory", workspace.path], in: workspace)
        #expect(answer.ending == .code(69) && answer.errors.contains(words), "\(url): \(answer)")
      }
      let daemon = try await DaemonPlace(workspace, settings(url("localhost"))).start()
      let sender = try UDPSender(port: daemon.place.syslogPort)
      try await sender.send(0..<50, rate: 1_000) { NumberedMessage.syslog($0) }
      try await eventually("rows are written") { try await isCaughtUp(daemon, rows: 50) }
      let sessions = try await offPool {
        try database.run(
          """
          SELECT count(*) > 0 AND bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
          WHERE usename = 'muttd'
          """)
      }
      #expect(sessions == "t")
      #expect(try await daemon.stop() == .code(0))
      withExtendedLifetime(cluster) {}
    }
  }
}
