import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Large rule sets: what is compiled once is not compiled again, and edits cost what they change.
@Suite struct RuleScaleTests {
  private static let ours = """
    rules:
      - name: tide
        match_type: contains
        match_string: tide
        priority: 50
        prod_handling: Page_only
        dev_handling: Log_only

    """

  /// `patterns` of the log lines that say rules were loaded.
  private func loads(_ daemon: DaemonProcess) -> [String] {
    daemon.logLines.filter { $0["msg"] == "rules loaded" }.compactMap { $0["patterns"].string }
  }

  @Test func whatWasCompiledOnceIsTakenOver() async throws {
    let settings = DaemonSettings(rules: Self.ours + SampleRules.filler(600))
    try await Workspace.with("take-over") { workspace in
      let place = try DaemonPlace(workspace, settings)
      var daemon = try await place.start()
      try await eventually("the load is logged") { loads(daemon) == ["compiled"] }
      #expect(try await daemon.stop() == .code(0))

      daemon = try await place.start()
      try await eventually("the load is logged") { loads(daemon) == ["kept"] }
      let sender = try UDPSender(port: place.syslogPort)
      sender.send(NumberedMessage.syslog(1, words: "the tide is high"))
      try await eventually("the tide is in the audit") {
        try await place.audit("SELECT count(*) AS n FROM event_audit_log") == [.object(["n": 1])]
      }

      // Another handling is no other pattern; another pattern is compiled beside the others.
      let text = Self.ours + SampleRules.filler(600)
      try workspace.write(
        text.replacingOccurrences(of: "Page_only", with: "Ticket_only"), to: "rules.yaml")
      daemon.child.signal(SIGHUP)
      try await eventually("the handling is taken") { loads(daemon) == ["kept", "kept"] }
      try workspace.write(
        text.replacingOccurrences(of: "match_string: tide", with: "match_string: ebb"), to: "rules.yaml")
      daemon.child.signal(SIGHUP)
      try await eventually("the pattern is taken") { loads(daemon) == ["kept", "kept", "patched"] }
      sender.send(NumberedMessage.syslog(2, words: "the ebb is here"))
      try await eventually("the ebb is in the audit") {
        try await place.audit("SELECT count(*) AS n FROM event_audit_log") == [.object(["n": 2])]
      }
      #expect(try await daemon.stop() == .code(0))

      daemon = try await place.start()
      try await eventually("the load is logged") { loads(daemon) == ["kept"] }
      await daemon.kill()
    }
  }

  @Test func damagedPatternsAreCompiledOnceMore() async throws {
    let settings = DaemonSettings(rules: Self.ours + SampleRules.filler(300))
    try await Workspace.with("damaged-patterns") { workspace in
      let place = try DaemonPlace(workspace, settings)
      #expect(try await place.start().stop() == .code(0))
      _ = try await Tool.sqlite(
        place.outboxDatabase, "UPDATE snapshot_patterns SET patterns = substr(patterns, 1, 5000)",
        in: workspace)
      let daemon = try await place.start()
      try await eventually("the load is logged") { loads(daemon) == ["compiled"] }
      await daemon.kill()
    }
  }

  /// The text is written against the rule; the rule behind it decides, and ops learn which one to mend.
  @Test func aRuleThatSpendsItsBudgetIsNamed() async throws {
    let rules = Self.ours.replacingOccurrences(
      of: "rules:\n",
      with: """
        rules:
          - name: slow
            match_type: regex
            match_string: '(x+x+)+(?<!x)y'
            priority: 1
            prod_handling: Page_only
            dev_handling: Log_only

        """)
    try await withDaemon("budget", DaemonSettings(rules: rules)) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      let words = String(repeating: "x", count: 2_000) + "y tide"
      for number in 0..<20 { sender.send(NumberedMessage.syslog(number, words: words)) }
      try await eventually("the events are decided") {
        try await daemon.place.audit(
          """
          SELECT count(*) AS n FROM event_audit_log e JOIN alert_rules r ON r.id = e.matched_rule_id
          WHERE r.name = 'tide'
          """) == [.object(["n": 20])]
      }
      let metrics = try await daemon.scrape()
      #expect(metrics.sum("mutt_rule_exhausted_total", "rule=\"slow\"") == 20)
      #expect(metrics.sum("mutt_rule_matches_total", "rule=\"tide\"") == 20)
      func said() -> [JSON] {
        daemon.logLines.filter { $0["msg"].string?.hasPrefix("a regex gave up") == true }
      }
      try await eventually("it is said") { !said().isEmpty }
      #expect(said().map { $0["rule"] } == ["slow"])
    }
  }
}

extension UnderLoad {
  @Suite struct RefreshUnderLoadTests {
    /// Every edit recompiles while events flow; none is lost, and each is decided by one set or the next.
    @Test func editsLoseNothing() async throws {
      let settings = DaemonSettings(auditEvents: "all")
      try await withDaemon("edits", settings) { daemon in
        let file = try daemon.place.workspace.write(
          "rules:\n" + SampleRules.filler(400), to: "many.yaml")
        let imported = try await daemon.place.muttd("rules", "import", file)
        #expect(imported.ending == .code(0), "\(imported.errors)")
        let sender = try UDPSender(port: daemon.place.syslogPort)
        func loads() -> [JSON] { daemon.logLines.filter { $0["msg"] == "rules loaded" } }
        async let flow: Void = sender.send(0..<20_000, rate: 5_000)
        for number in 0..<12 {
          _ = try await daemon.place.audit(
            """
            UPDATE alert_rules SET match_string = 'edit \(number)', priority = \(number)
            WHERE name = 'filler-\(number * 3)'
            """)
          // Whoever compiles gives way to whoever receives: on a full machine one edit may take seconds.
          try await eventually("edit \(number) decides") { loads().count > number + 1 }
        }
        try await flow
        try await eventually("all are in the audit") {
          try await daemon.place.audit("SELECT count(*) AS n FROM event_audit_log WHERE source = 'syslog'")
            == [.object(["n": 20_000])]
        }
        let metrics = try await daemon.scrape()
        #expect(metrics.sum("mutt_kernel_dropped_total") == 0)
        #expect(metrics.imbalances == [])
        #expect(loads().dropFirst(2).allSatisfy { $0["patterns"] == "patched" }, "\(loads())")
      }
    }
  }
}
