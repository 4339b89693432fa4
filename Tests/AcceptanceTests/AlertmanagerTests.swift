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
      route: {receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
      receivers:
        - name: hook
          webhook_configs: [{url: '\(hook)', send_resolved: false}]

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
        for key in ["status", "groupLabels", "commonLabels", "commonAnnotations", "truncatedAlerts"] {
          #expect(own[key] == said[key], "\(key)")
        }
        let (mine, yours) = (own["alerts"][0], said["alerts"][0])
        #expect(mine.keys == yours.keys)
        for key in ["status", "labels", "annotations", "generatorURL", "endsAt"] {
          #expect(mine[key] == yours[key], "\(key)")
        }
        #expect(mine["annotations"] == alert["annotations"])
      }
    }
  }
}
