import Foundation
import TestKit
import Testing

/// What no rule takes, from datagram to alert, with the real daemon and a real receiver.
@Suite struct UnmatchedTests {
  /// Lines of one kind, with other numbers each.
  private func send(_ count: Int, from host: String, _ what: String, _ daemon: DaemonProcess) async throws {
    let port = daemon.place.syslogPort
    try await offPool {
      let socket = try LoopbackSocket(.datagram)
      try socket.connect(port: port)
      for number in 0..<count {
        let message = "%FAN-3-BAD: \(what) \(number) at 10.0.\(number % 9).1 is bad"
        let line = "<187>Nov 21 02:\(10 + number % 50):07 \(host) \(message)"
        guard socket.send(Array(line.utf8)) else { throw HarnessError("not sent: \(line)") }
        if number % 50 == 49 { Thread.sleep(forTimeInterval: 0.01) }
      }
    }
  }

  private func settings(_ receiver: WebhookReceiver, _ extra: String = "") -> DaemonSettings {
    DaemonSettings(
      rules: SampleRules.yaml, destinations: [("moog", receiver.url)], auditEvents: "matched", extra: extra)
  }

  /// Hosts of the meta-alerts, sorted.
  private func hosts(_ receiver: WebhookReceiver) -> [String] {
    receiver.received.map(\.json).filter { $0["type"] == "unmatched" }
      .compactMap { $0["source_id"].string }.sorted()
  }

  /// Waits until all of `count` datagrams are counted, then until whatever they raise must have been raised:
  /// one more kind, sent last, has had its alert.
  private func settle(_ daemon: DaemonProcess, _ receiver: WebhookReceiver, mark: String) async throws {
    try await send(100, from: mark, "marker", daemon)
    try await eventually("the alert of \(mark)") { hosts(receiver).contains(mark) }
  }

  @Test func theHundredthOfAKindRaisesOne() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await withDaemon("unmatched", settings(receiver)) { daemon in
      try await send(100, from: "core1", "fan", daemon)
      try await send(99, from: "core2", "fan", daemon)
      try await send(99, from: "core1", "power supply", daemon)
      try await send(150, from: "lab-sw1", "fan", daemon)
      try await settle(daemon, receiver, mark: "mark1")
      try await send(400, from: "core1", "fan", daemon)
      try await settle(daemon, receiver, mark: "mark2")
      // Two alerts take two connections.
      try await eventually("these and no others") { hosts(receiver) == ["core1", "mark1", "mark2"] }

      let alert = try #require(receiver.received.map(\.json).first { $0["source_id"] == "core1" })
      #expect(alert["class"] == "SITE-AMS" && alert["severity"] == 4)
      let facts = alert["custom_info"]["mutt"]
      #expect(
        facts["handling"] == "Ticket_only" && facts["parse"] == "internal" && facts["team_from"] == "device")
      #expect(facts["labels"]["template"] == "%FAN-<n>-BAD: fan <n> at <ip> is bad")
      #expect(facts["labels"]["count"].string.flatMap { Int($0) } ?? 0 >= 100)
      #expect(facts["labels"]["sample"].string?.hasPrefix("<187>Nov 21 02:") == true)
      #expect(alert["custom_info"]["message"].string?.hasPrefix("%FAN-3-BAD: fan ") == true)

      let rows = try await eventually("three internal rows, delivered") {
        let rows = try await daemon.place.audit(
          """
          SELECT hostname, handling_decision AS handling, matched_rule_id AS rule, forwarded_to_moog AS sent,
            parse, team_assignment AS team FROM event_audit_log WHERE source = 'internal' ORDER BY id
          """)
        return rows.count == 3 && rows.allSatisfy { $0["sent"] == 1 } ? rows : nil
      }
      #expect(rows[0]["hostname"] == "core1" && rows[0]["team"] == "SITE-AMS" && rows[0]["rule"] == .null)
      #expect(rows[0]["handling"] == "Ticket_only" && rows[0]["parse"] == "internal")
      let metrics = try await daemon.scrape()
      #expect(metrics.imbalances == [])
      #expect(metrics.sum("mutt_events_received_total", "source=\"internal\"") == 3)
      #expect(metrics.sum("mutt_unmatched_alerts_total") == 3)
      #expect(metrics.sum("mutt_unmatched_templates") == 5)
      #expect(try await daemon.stop() == .code(0))
      let accounting = try #require(daemon.accounting)
      #expect(accounting.imbalances == [] && accounting["internal"] == 3)
    }
  }

  @Test func aRestartKeepsTheCount() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await Workspace.with("unmatched-restart") { workspace in
      let place = try DaemonPlace(workspace, settings(receiver))
      var daemon = try await place.start()
      try await send(60, from: "core1", "fan", daemon)
      try await send(59, from: "core2", "fan", daemon)
      try await eventually("all are counted") { try await daemon.scrape().datagrams == 119 }
      #expect(try await daemon.stop() == .code(0))
      daemon = try await place.start()
      try await send(40, from: "core1", "fan", daemon)
      try await send(40, from: "core2", "fan", daemon)
      try await settle(daemon, receiver, mark: "mark1")
      // Two alerts take two connections.
      try await eventually("these and no others") { hosts(receiver) == ["core1", "mark1"] }
      #expect(try await daemon.stop() == .code(0))
      // What was raised before the restart is not raised again.
      daemon = try await place.start()
      try await send(300, from: "core1", "fan", daemon)
      try await settle(daemon, receiver, mark: "mark2")
      // Two alerts take two connections.
      try await eventually("these and no others") { hosts(receiver) == ["core1", "mark1", "mark2"] }
      await daemon.kill()
    }
  }

  /// Killed as soon as the alert is heard: its kind is kept with it.
  @Test func aKillRaisesNothingTwice() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await Workspace.with("unmatched-kill") { workspace in
      let place = try DaemonPlace(workspace, settings(receiver))
      for round in 1...3 {
        let daemon = try await place.start()
        try await send(300, from: "core1", "fan", daemon)
        try await settle(daemon, receiver, mark: "mark\(round)")
        await daemon.kill()
        let marks = (1...round).map { "mark\($0)" }
        // What was on the wire at the kill may come again, under its key.
        #expect(Set(hosts(receiver)) == Set(["core1"] + marks))
        #expect(Set(receiver.received.map(\.key)).count == 1 + round)
      }
    }
  }

  @Test func inAnHourNoMoreThanTheLimit() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    let extra = "unmatched: {threshold: 20, max_alerts_per_hour: 3}\n"
    try await withDaemon("unmatched-hour", settings(receiver, extra)) { daemon in
      for host in 1...12 { try await send(25, from: "core\(host)", "fan", daemon) }
      try await eventually("twelve kinds are counted, three have alerts") {
        let metrics = try await daemon.scrape()
        return metrics.sum("mutt_unmatched_templates") == 12 && metrics.datagrams == 300
          && hosts(receiver).count >= 3
      }
      let waiting = try await eventually("nine wait") {
        let listed = try await daemon.place.muttd("unmatched", "list", "--json").output
        let states = listed.split(separator: "\n").compactMap { JSON($0)?["alert"].string }
        return states.count == 12 ? states.filter { $0 == "waiting" }.count : nil
      }
      #expect(waiting == 9)
      #expect(hosts(receiver).count == 3)
      #expect(try await daemon.scrape().sum("mutt_unmatched_alerts_total") == 3)
    }
  }

  @Test func theCommandLineListsIgnoresAndSuggests() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await withDaemon("unmatched-verbs", settings(receiver)) { daemon in
      let place = daemon.place
      try await send(30, from: "core1", "fan", daemon)
      try await send(20, from: "core2", "fan", daemon)
      try await Tool.succeed(
        Binary.path,
        [
          "send", "trap", "--to", "127.0.0.1:\(place.trapPort)", "--count", "3", "coldStart",
        ], in: place.workspace)
      let kinds = try await eventually("three kinds are listed, as often as they came") {
        let result = try await place.muttd("unmatched", "list", "--json")
        let kinds = result.output.split(separator: "\n").compactMap { JSON($0) }
        return kinds.map({ $0["count"].integer }) == [30, 20, 3] ? kinds : nil
      }
      #expect(kinds.map { $0["host"].string } == ["core1", "core2", "127.0.0.1"])
      #expect(kinds[0]["template"] == kinds[1]["template"] && kinds[2]["trap_oid"] == "1.3.6.1.6.3.1.1.5.1")
      let table = try await place.muttd("unmatched", "list", "--host", "CORE2")
      #expect(
        table.output.contains("%FAN-<n>-BAD: fan <n> at <ip> is bad") && !table.output.contains("core1"))

      // Suggested once for both hosts, and once for the trap; both rules hold beside those that are there.
      let suggested = try await place.muttd("unmatched", "suggest")
      #expect(suggested.ending == .code(0) && suggested.errors == "")
      try place.workspace.write(suggested.output, to: "new.yaml")
      let file = place.workspace.file("new.yaml")
      let check = try await place.muttd("check", "--rules", file)
      #expect(check.ending == .code(0), "\(check.output)\(check.errors)\(suggested.output)")
      let tested = try await place.muttd("rules", "test", "--rules", file, "--json")
      #expect(tested.ending == .code(0))
      #expect(JSON(tested.output)?["rules"] == 2 && JSON(tested.output)?["examples"] == 2)
      let other = "<187>Nov 22 03:14:15 core9 %FAN-3-BAD: fan 4711 at 2001:db8::7 is bad"
      let explained = try await place.muttd("explain", "--rules", file, "--json", other)
      #expect(JSON(explained.output)?["rule"] == "fan-bad")

      // Ignored everywhere, by the beginning of an id: no alert, and still counted.
      let id = try #require(kinds[0]["id"].string)
      let ignored = try await place.muttd(
        "unmatched", "ignore", String(id.prefix(8)), "--everywhere", "--reason", "known")
      #expect(ignored.ending == .code(0), "\(ignored.errors)")
      let listed = try await place.muttd("unmatched", "list", "--ignored", "--json")
      let entry = try #require(JSON(listed.output.split(separator: "\n")[0]))
      #expect(entry["reason"] == "known" && entry["everywhere"] == .bool(true))
      // The daemon looks every two seconds; what is sent after another such look is judged by it.
      try await send(1, from: "probe", "probe", daemon)
      try await eventually("the daemon has looked again") {
        let result = try await place.muttd("unmatched", "list", "--host", "probe", "--json")
        return result.output.contains("probe")
      }
      try await send(100, from: "core1", "fan", daemon)
      try await settle(daemon, receiver, mark: "mark1")
      #expect(hosts(receiver) == ["mark1"])
      let back = try #require(entry["id"].string)
      #expect(try await place.muttd("unmatched", "ignore", back, "--undo").ending == .code(0))
      #expect(try await place.muttd("unmatched", "list", "--ignored").output == "nothing is ignored\n")
      let unknown = try await place.muttd("unmatched", "suggest", "ffffffffffff")
      #expect(unknown.ending == .code(1))
      try await refusesShapes(place)
    }
  }

  /// Where nothing stays the same, a rule would take all that has this shape.
  private func refusesShapes(_ place: DaemonPlace) async throws {
    try UDPSender(port: place.syslogPort).send(Array("<187>Nov 22 03:14:15 core3 12 34".utf8))
    let shape = try await eventually("it is listed") {
      let result = try await place.muttd("unmatched", "list", "--host", "core3", "--json")
      return result.output.split(separator: "\n").first.flatMap { JSON($0)?["id"].string }
    }
    let refused = try await place.muttd("unmatched", "suggest", shape)
    #expect(refused.ending == .code(1) && refused.output == "", "\(refused)")
    #expect(refused.errors.contains("no letter of its text would be fixed: <n> <n>"), "\(refused)")
  }
}
