import Foundation
import Testing

/// What a reload takes over without a restart: who is let in, where it listens, how it logs; and that one
/// which is refused changes nothing at all.
@Suite struct ReloadTests {
  /// The configuration on disk, which the tests rewrite.
  private struct Draft {
    let place: DaemonPlace
    private let original: String

    init(_ place: DaemonPlace) {
      self.place = place
      original = text(of: place.configFile)
    }

    /// As it was, with these endpoints and, unless nil, this line for SNMP.
    func write(syslog: [String], traps: [String], snmp: String? = nil, level: String = "info") throws {
      var yaml = original
      for (key, endpoints) in [("syslog", syslog), ("snmp", traps)] {
        guard let line = yaml.split(separator: "\n").first(where: { $0.hasPrefix("  \(key): [") }) else {
          throw HarnessError("no \(key) in \(yaml)")
        }
        let list = endpoints.map { "'\($0)'" }.joined(separator: ", ")
        yaml = yaml.replacingOccurrences(of: line, with: "  \(key): [\(list)]")
      }
      yaml = yaml.replacingOccurrences(of: "level: info", with: "level: \(level)")
      if let snmp, let line = yaml.split(separator: "\n").first(where: { $0.hasPrefix("snmp:") }) {
        yaml = yaml.replacingOccurrences(of: line, with: snmp)
      }
      try Data(yaml.utf8).write(to: URL(fileURLWithPath: place.configFile))
    }

    func reload() async throws {
      let result = try await place.muttd("reload")
      #expect(result.ending == .code(0), "\(result.errors)")
      #expect(result.output.contains(" reloaded: "), "\(result.output)")
    }
  }

  private func texts(_ daemon: DaemonProcess) async throws -> Set<String> {
    Set(try await daemon.place.auditColumn("SELECT raw_message FROM event_audit_log").map(String.init))
  }

  /// Sends `text` until it stands in the audit: a socket that is about to be opened takes nothing yet.
  private func expectTaken(_ text: String, at port: Int, _ daemon: DaemonProcess) async throws {
    let sender = try UDPSender(port: port)
    try await eventually("\(text) is taken at \(port)") {
      sender.send(Array("<13>1 - web9 reload - - - \(text)".utf8))
      try await Task.sleep(for: .milliseconds(100))
      return try await texts(daemon).contains { $0.contains(text) }
    }
  }

  private func trap(_ arguments: [String], port: Int, _ daemon: DaemonProcess) async throws {
    let workspace = daemon.place.workspace
    try workspace.makeDirectory("mibs")
    try await Tool.succeed(
      "snmptrap",
      ["-m", "", "-M", workspace.file("mibs")] + arguments
        + ["127.0.0.1:\(port)", "", "1.3.6.1.6.3.1.1.5.3"],
      in: workspace,
      environment: ["SNMPCONFPATH": workspace.path, "SNMP_PERSISTENT_DIR": workspace.path])
  }

  @Test func whoIsLetInAndWhereIsTakenOver() async throws {
    try await withDaemon("reload", DaemonSettings(extra: "snmp: {communities: [old]}\n")) { daemon in
      let place = daemon.place
      let draft = Draft(place)
      let kept = "udp://127.0.0.1:\(place.syslogPort)"
      let (second, stream) = (try FreePort.datagram(), try FreePort.stream())
      let snmp = ["udp://127.0.0.1:\(place.trapPort)"]
      try await trap(["-v", "2c", "-c", "old"], port: place.trapPort, daemon)
      try await eventually("the old community is let in") { try await daemon.scrape().received == 1 }

      try draft.write(
        syslog: [kept, "udp://127.0.0.1:\(second)", "tcp://127.0.0.1:\(stream)"], traps: snmp,
        snmp: "snmp: {communities: [new], users: [{name: ops, auth: SHA, auth_password: first-secret}]}",
        level: "debug")
      try await draft.reload()
      try await expectTaken("at-the-second", at: second, daemon)
      try await expectTaken("at-the-first", at: place.syslogPort, daemon)
      let line = try TCPSender(port: stream)
      _ = try await line.send("<13>1 - web9 reload - - - over-the-stream\n")
      try await eventually("the stream is read") {
        try await texts(daemon).contains { $0.contains("over-the-stream") }
      }
      try await trap(["-v", "2c", "-c", "old"], port: place.trapPort, daemon)
      try await trap(["-v", "2c", "-c", "new"], port: place.trapPort, daemon)
      try await trap(
        ["-v", "3", "-l", "authNoPriv", "-u", "ops", "-a", "SHA", "-A", "first-secret"], port: place.trapPort,
        daemon)
      try await eventually("the new ones are let in, the old one is not") {
        let now = try await daemon.scrape()
        #expect(now.imbalances == [])
        return now.sum("mutt_events_received_total", "source=\"trap\"") == 3
          && now.sum("mutt_discarded_total", "reason=\"refused\"") == 1
      }

      // The second goes, the first stays, and the books go on.
      try draft.write(syslog: [kept], traps: [])
      try await draft.reload()
      try await eventually("the sockets are closed") {
        daemon.logLines.filter { $0["msg"] == "no longer listening" }.count == 3
      }
      let gone = try UDPSender(port: second)
      try await eventually("nobody listens there") { !gone.send([0x41]) }
      let status = try #require(try await HTTPAnswer.ask("GET", "/api/v1/status", port: place.httpPort))
      let listeners = try #require(JSON(status.body))["listeners"].items
      let open = listeners.filter { $0["listening"] == .bool(true) }
      #expect(listeners.count == 4 && open.count == 1, "\(status.body)")
      let screen = try await place.muttd("top", "--once").output
      #expect(screen.contains(":\(place.syslogPort)") && !screen.contains(":\(second)"), "\(screen)")
      try await expectTaken("still-at-the-first", at: place.syslogPort, daemon)
      // And once more: the same counters go on.
      try draft.write(syslog: [kept, "udp://127.0.0.1:\(second)"], traps: [])
      try await draft.reload()
      try await expectTaken("again-at-the-second", at: second, daemon)
      let names = try await daemon.scrape().samples.keys.filter {
        $0.hasPrefix("mutt_datagrams_total") && $0.contains(":\(second)")
      }
      #expect(names.count == 1)
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  /// Destinations that come, change and go; whatever is under way or waits meanwhile arrives once.
  @Test func aNewFormatSaysHowManyWaitInTheOldOne() async throws {
    let receiver = try WebhookReceiver { _, _ in .status(503) }
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await withDaemon("reloaded-format", settings) { daemon in
      let place = daemon.place
      try UDPSender(port: place.syslogPort).send(NumberedMessage.syslog(1))
      try await eventually("it is tried") { !receiver.received.isEmpty }
      let yaml = text(of: place.configFile).replacingOccurrences(
        of: "  - name: moog\n", with: "  - name: moog\n    format: moogsoft\n")
      try Data(yaml.utf8).write(to: URL(fileURLWithPath: place.configFile))
      #expect(try await place.muttd("reload").ending == .code(0))
      let line = try await eventually("the log says so") {
        daemon.logLines.first { $0["msg"].string?.hasPrefix("deliveries wait that were written") == true }
      }
      #expect(line["destination"] == "moog" && line["from"] == "mutt" && line["to"] == "moogsoft")
      #expect(line["pending"] == 1)
    }
  }

  @Test func destinationsComeChangeAndGo() async throws {
    let first = try WebhookReceiver { _, _ in .status(200) }
    let second = try WebhookReceiver { _, _ in .status(200) }
    defer {
      first.stop()
      second.stop()
    }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", first.url)])
    try await withDaemon("reloaded-ways", settings) { daemon in
      let place = daemon.place
      let sender = try UDPSender(port: place.syslogPort)
      let original = text(of: place.configFile)
      func reload(_ yaml: String) async throws {
        try Data(yaml.utf8).write(to: URL(fileURLWithPath: place.configFile))
        #expect(try await place.muttd("reload").ending == .code(0))
      }
      func numbers(_ receiver: WebhookReceiver) -> [Int] { receiver.received.compactMap(\.number).sorted() }
      func send(_ numbers: Range<Int>) {
        for number in numbers { sender.send(NumberedMessage.syslog(number)) }
      }

      send(0..<10)
      try await eventually("ten at the first") { numbers(first).count == 10 }
      // Another rate and a second destination, while alerts flow.
      let flow = Task { try await UDPSender(port: place.syslogPort).send(10..<400, rate: 400) }
      let both =
        original.replacingOccurrences(of: "rate: null", with: "rate: 5000/s")
        + "  - name: pager\n    url: '\(second.url)'\n"
      for _ in 0..<3 {
        try await reload(both)
        try await reload(both.replacingOccurrences(of: "max: 500ms", with: "max: 600ms"))
      }
      try await flow.value
      try await eventually("all at the first") { numbers(first).count >= 400 }
      #expect(numbers(first) == Array(0..<400))
      try await eventually("the second takes alerts too") {
        sender.send(NumberedMessage.syslog(1_000))
        return numbers(second).contains(1_000)
      }
      // The first goes: what comes now is not for it.
      let moog = try #require(original.range(of: "  - name: moog"))
      let end = try #require(original.range(of: "close: 1}\n", range: moog.lowerBound..<original.endIndex))
      let only = original.replacingCharacters(
        in: moog.lowerBound..<end.upperBound, with: "  - name: pager\n    url: '\(second.url)'\n")
      try await reload(only)
      try await eventually("the first is no longer asked") {
        let (before, other) = (first.received.count, second.received.count)
        sender.send(NumberedMessage.syslog(2_000))
        try await eventually("the second has it") { second.received.count > other }
        try await Task.sleep(for: .milliseconds(200))
        return first.received.count == before
      }
      try await eventually("only the other is there") {
        try await daemon.scrape().samples.keys.filter { $0.hasPrefix("mutt_breaker_state{") }
          == ["mutt_breaker_state{destination=\"pager\"}"]
      }
      // And it comes back.
      try await reload(original)
      try await eventually("the first is back") {
        sender.send(NumberedMessage.syslog(3_000))
        return numbers(first).contains(3_000)
      }
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  /// One part that cannot be had, and none of the others is taken.
  @Test func aReloadThatIsRefusedChangesNothing() async throws {
    try await withDaemon("unreloaded", DaemonSettings()) { daemon in
      let place = daemon.place
      let draft = Draft(place)
      let taken = try LoopbackSocket(.datagram)
      let port = try FreePort.datagram()
      try taken.bind(port: port)
      let second = try FreePort.datagram()
      try draft.write(
        syslog: [
          "udp://127.0.0.1:\(place.syslogPort)", "udp://127.0.0.1:\(second)", "udp://127.0.0.1:\(port)",
        ],
        traps: [], level: "debug")
      let refused = try await place.muttd("reload")
      #expect(refused.ending == .code(78) && refused.output == "")
      #expect(refused.errors.contains("everything stays as it was") && refused.errors.contains("\(port)"))
      try await eventually("it is said what stands against it") {
        daemon.logLines.contains { $0["err"].string?.contains("\(port)") == true }
      }
      let gone = try UDPSender(port: second)
      try await eventually("the port before the taken one is closed again") { !gone.send([0x41]) }
      #expect(!daemon.logLines.contains { $0["msg"] == "no longer listening" })
      // It stays said while the rules go on being loaded.
      let loads = daemon.logLines.count { $0["msg"] == "rules loaded" }
      _ = try await place.audit("INSERT INTO development_hosts (hostname) VALUES ('lab99')")
      try await eventually("an edit is taken") {
        daemon.logLines.count { $0["msg"] == "rules loaded" } > loads
      }
      let health = try await daemon.readiness()?.body["problems"].items ?? []
      #expect(
        health.contains { $0["check"] == "config" && $0["reason"].string?.contains("\(port)") == true },
        "\(health)")
      let before = try await daemon.scrape().samples
      #expect(before["mutt_config_last_reload_successful"] == 0)
      #expect(before["mutt_problems{check=\"config\"}"] == 1 && before["mutt_ready"] == 1)
      #expect((before["mutt_disk_free_bytes{directory=\"\(place.state)\"}"] ?? 0) > 0)
      try await expectTaken("as-before", at: place.syslogPort, daemon)
      // The daemon is asked also when the file is of no use to the command itself.
      let good = text(of: place.configFile)
      try place.workspace.write(good + "nonsense: 1\n", to: "muttd.yaml")
      let broken = try await place.muttd("reload")
      #expect(broken.ending == .code(78))
      #expect(
        broken.errors.contains("did not reload") && broken.errors.contains("nonsense"), "\(broken.errors)")
      // The old way says that it was told, and no more.
      let told = try await place.muttd("reload", "--no-wait")
      #expect(told.ending == .code(0) && told.output.contains("was told to reload"))
      try place.workspace.write(good, to: "muttd.yaml")

      try draft.write(
        syslog: ["udp://127.0.0.1:\(place.syslogPort)", "udp://127.0.0.1:\(second)"], traps: [])
      try await draft.reload()
      try await expectTaken("with-the-second", at: second, daemon)
      #expect(
        try await daemon.readiness()?.body["problems"].items.contains { $0["check"] == "config" } == false)
      #expect(try await daemon.scrape().samples["mutt_config_last_reload_successful"] == 1)
    }
  }
}

extension UnderLoad {
  @Suite struct ReloadUnderLoadTests {
    /// Every tenth of a second rules, listeners and the level of the log change; every message that the
    /// kernel did not drop is in the audit once.
    @Test func aReloadLosesNothing() async throws {
      let settings = DaemonSettings(rules: SampleRules.yaml)
      try await withDaemon("reloads", settings) { daemon in
        let place = daemon.place
        let numbers = 0..<40_000
        let sender = Task {
          try await UDPSender(port: place.syslogPort).send(numbers, rate: 10_000)
        }
        let first = text(of: place.configFile)
        let other = "udp://127.0.0.1:\(try FreePort.datagram())"
        let second = first.replacingOccurrences(of: "  syslog: [", with: "  syslog: ['\(other)', ")
          .replacingOccurrences(of: "level: info", with: "level: debug")
        var reloads = 0
        while true {
          try Data((reloads % 2 == 0 ? second : first).utf8).write(
            to: URL(fileURLWithPath: place.configFile))
          daemon.child.signal(SIGHUP)
          reloads += 1
          try await Task.sleep(for: .milliseconds(100))
          let metrics = try await daemon.scrape()
          #expect(metrics.imbalances == [])
          if metrics.datagrams + metrics.kernelDropped >= numbers.count { break }
          guard reloads < 600 else { throw HarnessError("still busy: \(metrics.samples)") }
        }
        try await sender.value
        #expect(try await daemon.stop() == .code(0))
        let accounting = try #require(daemon.accounting)
        #expect(accounting.imbalances == [])
        let dropped = accounting["kernel_dropped"]
        let raw = try await place.auditColumn(
          "SELECT raw_message FROM event_audit_log WHERE source = 'syslog'")
        let audited = raw.compactMap { NumberedMessage.number(in: Array($0.utf8)) }
        #expect(Set(audited).count == numbers.count - dropped)
        #expect(audited.count == numbers.count - dropped)
        print("reload: \(reloads) reloads, \(numbers.count) messages, \(dropped) dropped by the kernel")
      }
    }
  }
}
