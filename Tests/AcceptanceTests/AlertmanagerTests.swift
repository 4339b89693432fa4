import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// A real Alertmanager takes our alerts by its API, and what its own web hook then says of them is what ours
/// says.
@Suite struct AlertmanagerTests {
  private func start(_ workspace: Workspace, port: Int, hook: String) async throws -> Child {
    let config = try workspace.write(
      """
      route:
        {receiver: hook, group_by: [alertname, signature], group_wait: 0s, group_interval: 1s,
         repeat_interval: 1h}
      receivers:
        - name: hook
          webhook_configs: [{url: '\(hook)', send_resolved: true}]

      """, to: "alertmanager.yml")
    let child = try await Child(
      "prometheus-alertmanager",
      [
        "--config.file=" + config, "--storage.path=" + workspace.file("alertmanager"),
        "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address=",
      ], in: workspace.path, outputFile: workspace.file("am.out"), errorFile: workspace.file("am.err"))
    try await eventually("Alertmanager is ready") {
      if let ending = child.poll() { throw HarnessError("Alertmanager: \(ending)\n\(child.errors)") }
      return try await HTTPAnswer.get("/-/ready", port: port)?.status == 200
    }
    return child
  }

  /// Two rules with one key: what the second says is the end of what the first said, although it has another
  /// name, handling, severity and text.
  private static let linkRules = """
    rules:
      - name: link-down
        match_type: regex
        match_string: 'Interface (?<interface>\\S+), changed state to down'
        prod_handling: Page_and_ticket
        dev_handling: Ignore
        severity: 4
        key: '{host}::link::{interface}'
        summary: '{host}: {interface} down'
      - name: link-up
        match_type: regex
        match_string: 'Interface (?<interface>\\S+), changed state to up'
        prod_handling: Ticket_only
        dev_handling: Ignore
        severity: 0
        key: '{host}::link::{interface}'
        summary: '{host}: {interface} up'

    """

  @Test func aClearEndsTheAlert() async throws {
    let theirs = try WebhookReceiver()
    defer { theirs.stop() }
    try await Workspace.with("alertmanager-clear") { workspace in
      let port = try FreePort.stream()
      let manager = try await start(workspace, port: port, hook: theirs.url)
      defer { manager.signal(SIGKILL) }
      var settings = DaemonSettings(rules: Self.linkRules)
      settings.extra = """
        destinations:
          - {name: api, url: 'http://127.0.0.1:\(port)/api/v2/alerts', format: alertmanager-api}

        """
      try await withDaemon("alertmanager-clear-daemon", settings) { daemon in
        func active() async throws -> [JSON]? {
          try await HTTPAnswer.get("/api/v2/alerts", port: port).flatMap { JSON($0.body) }?.items
        }
        let sender = try UDPSender(port: daemon.place.syslogPort)
        for interface in ["Gi0/1", "Gi0/2"] {
          let text =
            "<187>Nov 21 02:14:05 core1 %LINK-3-UPDOWN: Interface \(interface), changed state to down"
          #expect(sender.send(Array(text.utf8)))
        }
        try await eventually("both alerts fire") { try await active()?.count == 2 }
        try await eventually("its web hook says so") { theirs.received.count >= 2 }
        let up = "<189>Nov 21 02:14:06 core1 %LINK-3-UPDOWN: Interface Gi0/1, changed state to up"
        #expect(sender.send(Array(up.utf8)))
        let left = try await eventually("one is over; the log: \(daemon.log.suffix(2_000))") {
          try await active().flatMap { $0.count == 1 ? $0.first : nil }
        }
        #expect(left["labels", "signature"] == "core1::link::Gi0/2")
        let resolved = try await eventually("its web hook says that too") {
          theirs.received.compactMap(\.json).first { $0["status"] == "resolved" }
        }
        #expect(resolved["alerts"].items.count == 1)
        #expect(resolved["alerts"][0]["labels", "signature"] == "core1::link::Gi0/1")
      }
    }
  }

  @Test func takesOurAlertsAndSaysTheSame() async throws {
    let theirs = try WebhookReceiver()
    let ours = try WebhookReceiver()
    defer {
      theirs.stop()
      ours.stop()
    }
    try await Workspace.with("alertmanager") { workspace in
      let port = try FreePort.stream()
      let manager = try await start(workspace, port: port, hook: theirs.url)
      defer { manager.signal(SIGKILL) }
      var settings = DaemonSettings(rules: SampleRules.yaml)
      settings.extra = """
        destinations:
          - {name: api, url: 'http://127.0.0.1:\(port)/api/v2/alerts', format: alertmanager-api}
          - {name: hook, url: '\(ours.url)', format: alertmanager}

        """
      try await withDaemon("alertmanager-daemon", settings) { daemon in
        let text = "%LINK-3-UPDOWN: Interface Gi0/1 \"x\" {{y}} <z>, changed state to down"
        try UDPSender(port: daemon.place.syslogPort).send(
          NumberedMessage.syslog(1, words: "link is down " + text))
        let alert = try await eventually("Alertmanager has the alert; the log: \(daemon.log.suffix(2_000))") {
          try await HTTPAnswer.get("/api/v2/alerts", port: port).flatMap { JSON($0.body) }?.items.first
        }
        #expect(alert["status", "state"] == "active")
        #expect(alert["labels", "host"] == "core1")
        let said = try await eventually("its web hook says so") { theirs.received.first?.json }
        let own = try await eventually("ours says so") { ours.received.first?.json }
        #expect(own["version"] == "4" && said["version"] == "4")
        #expect(own.keys == said.keys)
        for key in ["status", "groupLabels", "groupKey", "commonAnnotations", "truncatedAlerts"] {
          #expect(own[key] == said[key], "\(key)")
        }
        let (mine, yours) = (own["alerts"][0], said["alerts"][0])
        #expect(mine.keys == yours.keys)
        for key in ["status", "annotations", "generatorURL", "endsAt"] {
          #expect(mine[key] == yours[key], "\(key)")
        }
        // Ours say more: a web hook names its alerts by other things than their labels.
        #expect(yours["labels"].keys == ["alertname", "host", "signature", "team"])
        for label in yours["labels"].keys { #expect(mine["labels", label] == yours["labels", label]) }
        #expect(mine["labels", "severity"] == mine["annotations", "severity"])
        #expect(mine["annotations"] == alert["annotations"])
      }
    }
  }
}
