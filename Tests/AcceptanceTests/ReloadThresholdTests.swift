import Foundation
import Testing

/// What decides how much is written, and how it is said, under a reload.
@Suite struct ReloadThresholdTests {
  private func reload(_ daemon: DaemonProcess, _ yaml: String) async throws {
    try Data(yaml.utf8).write(to: URL(fileURLWithPath: daemon.place.configFile))
    let result = try await daemon.place.muttd("reload")
    #expect(result.ending == .code(0), "\(result.errors)")
  }

  private func states(_ daemon: DaemonProcess) async throws -> Set<String> {
    Set(try await daemon.readiness()?.body["problems"].items.compactMap { $0["check"].string } ?? [])
  }

  @Test func whichEventsGetARow() async throws {
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.auditEvents = "matched"
    try await withDaemon("reloaded-audit", settings) { daemon in
      let original = text(of: daemon.place.configFile)
      let sender = try UDPSender(port: daemon.place.syslogPort)
      func send() { sender.send(Array("<12>1 - web9 app - - - nobody has a rule for this".utf8)) }
      send()
      try await eventually("it is decided, and no row is written") {
        try await daemon.scrape().sum("mutt_audit_skipped_total") == 1
      }
      try await reload(
        daemon,
        original.replacingOccurrences(
          of: "audit: {events: matched}", with: "audit: {events: all, flush: 10ms}"))
      try await eventually("a row is written") {
        send()
        return try await daemon.place.auditColumn("SELECT count(*) FROM event_audit_log") != ["0"]
      }
      try await reload(daemon, original)
      let skipped = try await daemon.scrape().sum("mutt_audit_skipped_total")
      try await eventually("and no more") {
        send()
        return try await daemon.scrape().sum("mutt_audit_skipped_total") > skipped
      }
      #expect(!daemon.log.contains("take effect at the next start"))
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  @Test func howMuchTheDiskIsToKeepFree() async throws {
    try await withDaemon("reloaded-reserve", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let original = text(of: daemon.place.configFile)
      #expect(try await !states(daemon).contains("disk"))
      try await reload(daemon, original + "outbox: {reserve: 1000TiB}\n")
      try await eventually("there is less than that") { try await states(daemon).contains("disk") }
      let sender = try UDPSender(port: daemon.place.syslogPort)
      for number in 0..<10 { sender.send(NumberedMessage.syslog(number)) }
      try await eventually("they are decided") { try await daemon.scrape().received == 10 }
      #expect(try await daemon.place.auditColumn("SELECT count(*) FROM event_audit_log") == ["0"])
      try await reload(daemon, original + "outbox: {reserve: 1MiB}\n")
      try await eventually("what waited is written") {
        try await daemon.place.auditColumn("SELECT count(*) FROM event_audit_log") == ["10"]
      }
      #expect(try await !states(daemon).contains("disk"))
      #expect(!daemon.log.contains("take effect at the next start"))
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  @Test func theLogBecomesTextAndJSONAgain() async throws {
    try await withDaemon("reloaded-log", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let original = text(of: daemon.place.configFile)
      try await reload(daemon, original.replacingOccurrences(of: "format: json", with: "format: text"))
      let loads = daemon.logLines.count { $0["msg"] == "rules loaded" }
      try await reload(daemon, original.replacingOccurrences(of: "format: json", with: "format: text"))
      try await eventually("the rules are loaded in plain words") {
        daemon.log.split(separator: "\n").contains { !$0.hasPrefix("{") && $0.contains("rules loaded") }
      }
      #expect(daemon.logLines.count { $0["msg"] == "rules loaded" } == loads)
      try await reload(daemon, original)
      try await eventually("and as an object") {
        daemon.logLines.count { $0["msg"] == "rules loaded" } > loads
      }
      #expect(!daemon.log.contains("take effect at the next start"))
      #expect(try await daemon.stop() == .code(0))
    }
  }

  @Test func whatNeedsARestartIsNamed() async throws {
    try await withDaemon("reloaded-frozen", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let original = text(of: daemon.place.configFile)
      try await reload(
        daemon,
        original.replacingOccurrences(of: "audit: {events: all}", with: "audit: {events: all, batch: 7}")
          + "outbox: {sync: normal, warn_size: 2GiB}\n")
      let line = try await eventually("the log names them") {
        daemon.logLines.first { $0["msg"].string?.contains("take effect at the next start") == true }
      }
      #expect(line["keys"].items.compactMap(\.string) == ["audit.batch", "outbox.sync"])
      #expect(try await daemon.stop() == .code(0))
    }
  }
}
