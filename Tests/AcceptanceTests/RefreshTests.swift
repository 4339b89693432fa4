import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Changes of the rules decide the next events, without a restart and without a gap.
@Suite struct RefreshTests {
  private static func rule(_ name: String, containing text: String, priority: Int = 50) -> String {
    """
      - name: \(name)
        match_type: contains
        match_string: '\(text)'
        priority: \(priority)
        prod_handling: Page_only
        dev_handling: Log_only

    """
  }

  private func decided(_ daemon: DaemonProcess, _ words: String, by rule: String?) async throws {
    let sender = try UDPSender(port: daemon.place.syslogPort)
    var number = 0
    try await eventually("'\(words)' is decided by \(rule ?? "no rule")") {
      number += 1
      sender.send(NumberedMessage.syslog(number, words: words))
      try await Task.sleep(for: .milliseconds(150))
      let rows = try await daemon.place.audit(
        """
        SELECT r.name AS rule FROM event_audit_log e LEFT JOIN alert_rules r ON r.id = e.matched_rule_id
        WHERE e.raw_message LIKE '%\(words)%' ORDER BY e.id DESC LIMIT 1
        """)
      return rows.first.map { $0["rule"] == (rule.map { .string($0) } ?? .null) } ?? false
    }
  }

  @Test func aRuleAddedByTheCommandLine() async throws {
    try await withDaemon("add", DaemonSettings()) { daemon in
      try await decided(daemon, "the moon is late", by: nil)
      let result = try await daemon.place.muttd(
        "rules", "add", "moon", "--match-string", "moon is late", "--prod-handling", "Page_only",
        "--dev-handling", "Log_only", "--reason", "tides")
      #expect(result.ending == .code(0), "\(result.output)\(result.errors)")
      try await decided(daemon, "the moon is late", by: "moon")
      let changes = try await daemon.place.audit("SELECT operation, reason FROM config_audit_log")
      #expect(changes == [.object(["operation": "CREATE", "reason": "tides"])])
      try await eventually("it is counted") { try await daemon.scrape().sum("mutt_rules_active") == 1 }
    }
  }

  @Test func anEditInTheSQLiteShell() async throws {
    try await withDaemon("shell", DaemonSettings()) { daemon in
      try await decided(daemon, "the sun is late", by: nil)
      _ = try await daemon.place.audit(
        """
        INSERT INTO alert_rules (name, match_string, match_type, prod_handling, dev_handling)
        VALUES ('sun', 'sun is late', 'contains', 'Page_only', 'Log_only')
        """)
      try await decided(daemon, "the sun is late", by: "sun")
      let changes = try await daemon.place.audit(
        "SELECT operation FROM config_audit_log WHERE table_name = 'alert_rules'")
      #expect(changes == [.object(["operation": "CREATE"])])
    }
  }

  @Test func theFileGoverns() async throws {
    let settings = DaemonSettings(rules: "rules:\n" + Self.rule("first", containing: "tide"))
    try await withDaemon("file", settings) { daemon in
      try await decided(daemon, "the tide is high", by: "first")
      let workspace = daemon.place.workspace
      let other = try workspace.write("rules:\n" + Self.rule("x", containing: "x"), to: "other.yaml")
      let refused = try await daemon.place.muttd("rules", "import", other)
      #expect(refused.ending != .code(0))
      #expect(refused.errors.contains("rules.yaml"), "names the file that governs: \(refused.errors)")

      try workspace.write(
        "rules:\n" + Self.rule("first", containing: "never") + Self.rule("second", containing: "tide"),
        to: "rules.yaml")
      daemon.child.signal(SIGHUP)
      try await decided(daemon, "the tide is high", by: "second")

      // A file that cannot be used changes nothing.
      try workspace.write("rules: [{nmae: broken}]\n", to: "rules.yaml")
      daemon.child.signal(SIGHUP)
      try await eventually("the log says so") { daemon.log.contains("rules.yaml:1") }
      try await decided(daemon, "the tide is high", by: "second")

      // What left the file is retired, not deleted: history keeps pointing at it.
      try workspace.write("rules:\n" + Self.rule("first", containing: "tide"), to: "rules.yaml")
      daemon.child.signal(SIGHUP)
      try await decided(daemon, "the tide is high", by: "first")
      let rows = try await daemon.place.audit(
        "SELECT name, is_active AS active FROM alert_rules ORDER BY id")
      #expect(
        rows == [
          .object(["name": "first", "active": 1]), .object(["name": "second", "active": 0]),
        ])
      #expect(try await daemon.scrape().imbalances == [])
    }
  }

  @Test func aFileThatBreaksBetweenTwoRunsLeavesTheOldRules() async throws {
    let settings = DaemonSettings(rules: "rules:\n" + Self.rule("first", containing: "tide"))
    try await Workspace.with("broken-file") { workspace in
      let place = try DaemonPlace(workspace, settings)
      #expect(try await place.start().stop() == .code(0))
      try workspace.write("rules: [{nmae: broken}]\n", to: "rules.yaml")
      let daemon = try await place.start()
      try await decided(daemon, "the tide is high", by: "first")
      let ready = try #require(try await daemon.readiness())
      #expect(ready.status == 200)
      #expect(ready.body["status"] == "degraded")
      #expect(daemon.log.contains("rules.yaml:1"))
      await daemon.kill()
    }
  }

  @Test func theGuardKeepsTheOldSet() async throws {
    try await withDaemon("guard", DaemonSettings()) { daemon in
      let rules = (0..<10).map { Self.rule("r\($0)", containing: "word\($0) is") }.joined()
      let file = try daemon.place.workspace.write("rules:\n" + rules, to: "ten.yaml")
      #expect(try await daemon.place.muttd("rules", "import", file).ending == .code(0))
      try await decided(daemon, "word7 is here", by: "r7")

      _ = try await daemon.place.audit("UPDATE alert_rules SET is_active = 0 WHERE name <> 'r1'")
      try await eventually("the guard is named in /readyz") {
        guard let answer = try await daemon.readiness() else { return false }
        return answer.status == 200 && answer.body["status"] == "degraded"
          && answer.body["problems"].items.contains { $0["do"].string?.contains("reload --force") == true }
      }
      try await decided(daemon, "word7 is here", by: "r7")

      let forced = try await daemon.place.muttd("reload", "--force")
      #expect(forced.ending == .code(0), "\(forced.output)\(forced.errors)")
      try await decided(daemon, "word7 is here", by: nil)
      try await eventually("/readyz speaks of the guard no more") {
        let problems = try await daemon.readiness()?.body["problems"].items ?? []
        return !problems.contains { $0["do"].string?.contains("reload --force") == true }
      }
    }
  }

  /// Whatever becomes of the store while nobody runs, what decided last decides, until somebody says so.
  @Test(arguments: [true, false]) func aStoreThatIsLostTakesNoRulesAlong(isDamaged: Bool) async throws {
    func states(_ daemon: DaemonProcess) async throws -> [JSON] {
      let problems = try await daemon.readiness()?.body["problems"].items ?? []
      return problems.filter { $0["check"] == "rules" }.map { $0["state"] }
    }
    try await Workspace.with("lost-\(isDamaged)") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings())
      var daemon = try await place.start()
      #expect(try await states(daemon) == ["none"])
      let rules = (0..<6).map { Self.rule("r\($0)", containing: "word\($0) is") }.joined()
      let file = try workspace.write("rules:\n" + rules, to: "six.yaml")
      #expect(try await place.muttd("rules", "import", file).ending == .code(0))
      try await decided(daemon, "word5 is here", by: "r5")
      #expect(try await states(daemon) == [])
      #expect(try await daemon.stop() == .code(0))

      let store = place.auditDatabase
      for name in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: store + name) }
      if isDamaged {
        try Data((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }).write(
          to: URL(fileURLWithPath: store))
      }
      for _ in 0..<2 {
        daemon = try await place.start()
        try await decided(daemon, "word5 is there", by: nil)
        #expect(daemon.logLines.contains { $0["msg"] == "alert" && $0["rule"] == "r5" })
        let ready = try #require(try await daemon.readiness())
        #expect(ready.status == 200 && ready.body["status"] == "degraded")
        #expect(ready.body["rules", "from"] == "snapshot" && ready.body["rules", "active"] == 6)
        #expect(try await states(daemon) == ["guarded"])
        await daemon.kill()
      }
      daemon = try await place.start()
      let saved = try await place.muttd("rules", "export", "--snapshot")
      #expect(saved.ending == .code(0))
      let again = try workspace.write(saved.output, to: "saved.yaml")
      #expect(try await place.muttd("rules", "import", again).ending == .code(0))
      try await decided(daemon, "word5 is back", by: "r5")
      try await eventually("the store's rules decide") {
        try await daemon.readiness()?.body["rules", "from"] == "store"
      }
      #expect(try await states(daemon) == [])
      #expect(try await daemon.stop() == .code(0))
    }
  }

  /// All or nothing: a file that the guard refuses leaves the store as it was, and stays a problem until the
  /// file itself is mended, whatever else changes meanwhile.
  @Test func aRefusedFileChangesNothing() async throws {
    let all = "rules:\n" + (0..<10).map { Self.rule("r\($0)", containing: "word\($0) is") }.joined()
    try await withDaemon("refused", DaemonSettings(rules: all)) { daemon in
      let workspace = daemon.place.workspace
      try await decided(daemon, "word7 is here", by: "r7")
      try workspace.write("rules:\n" + Self.rule("r1", containing: "word1 is"), to: "rules.yaml")
      daemon.child.signal(SIGHUP)
      let isRefused: @Sendable () async throws -> Bool = {
        let problems = try await daemon.readiness()?.body["problems"].items ?? []
        return problems.contains {
          $0["check"] == "rules" && $0["reason"].string?.contains("old set") == true
        }
      }
      try await eventually("the refusal is named in /readyz", holds: isRefused)
      let active = "SELECT count(*) AS active FROM alert_rules WHERE is_active = 1"
      #expect(try await daemon.place.audit(active) == [.object(["active": 10])])

      _ = try await daemon.place.audit("INSERT INTO development_hosts (hostname) VALUES ('lab99')")
      try await eventually("the edit is taken") {
        daemon.log.components(separatedBy: "\"rules loaded\"").count > 2
      }
      #expect(try await isRefused())

      try workspace.write(all, to: "rules.yaml")
      daemon.child.signal(SIGHUP)
      try await eventually("the mended file clears the problem") { try await !isRefused() }
    }
  }

  /// What only the store can know of a file is no less against it than what can be read there.
  @Test func aFileThatTheStoreRefusesIsARefusedReload() async throws {
    func file(_ id: Int) -> String {
      "rules:\n"
        + Self.rule("r\(id)", containing: "tide").replacing("match_type", with: "id: 7\n    match_type")
    }
    try await withDaemon("id", DaemonSettings(rules: file(1))) { daemon in
      let workspace = daemon.place.workspace
      try await decided(daemon, "the tide is high", by: "r1")
      // The id belongs to r1 for good.
      try workspace.write(file(2), to: "rules.yaml")
      let port = try FreePort.datagram()
      let config = text(of: daemon.place.configFile)
      try workspace.write(
        config.replacing("  syslog: [", with: "  syslog: ['udp://127.0.0.1:\(port)', "), to: "muttd.yaml")
      let refused = try await daemon.place.muttd("reload")
      #expect(refused.ending == .code(78), "\(refused)")
      #expect(refused.errors.contains("everything stays as it was"))
      #expect(refused.errors.contains("belongs to r1"))
      #expect(!daemon.log.contains("syslog-udp-127.0.0.1:\(port)"))
      #expect(try await daemon.scrape().sum("mutt_config_last_reload_successful") == 0)
      let active = "SELECT name FROM alert_rules WHERE is_active = 1"
      #expect(try await daemon.place.audit(active) == [.object(["name": "r1"])])
      try workspace.write(file(1), to: "rules.yaml")
      #expect(try await daemon.place.muttd("reload").ending == .code(0))
      #expect(try await daemon.scrape().sum("mutt_config_last_reload_successful") == 1)
      #expect(daemon.log.contains("syslog-udp-127.0.0.1:\(port)"))
    }
  }

  @Test func aBrokenRuleIsQuarantinedAlone() async throws {
    try await withDaemon("quarantine", DaemonSettings()) { daemon in
      _ = try await daemon.place.audit(
        """
        INSERT INTO alert_rules (name, match_string, match_type, prod_handling, dev_handling)
        VALUES ('broken', 'rain(', 'regex', 'Page_only', 'Log_only'),
          ('whole', 'rain', 'contains', 'Page_only', 'Log_only')
        """)
      try await decided(daemon, "the rain is here", by: "whole")
      try await eventually("the broken one is named and counted") {
        guard let ready = try await daemon.readiness() else { return false }
        return ready.status == 200 && ready.body["rules", "quarantined"] == 1
          && ready.body["problems"].items.contains { $0["name"] == "broken" }
      }
      try await eventually("it is counted") { try await daemon.scrape().sum("mutt_rules_quarantined") == 1 }
    }
  }
}
