import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// The way to a receiver: secrets, certificates, proxies, as an operator changes them under a running daemon.
@Suite struct DeliveryWayTests {
  private func condition(_ daemon: DaemonProcess, _ name: String) async throws -> JSON? {
    try await daemon.readiness()?.body["problems"].items.first {
      $0["check"] == "destination" && $0["name"] == .string(name)
    }
  }

  @Test func renewedSecretNeedsNoReloadAndTakesNothingElse() async throws {
    let wanted = Mutex("Bearer first-secret")
    let receiver = try WebhookReceiver { request, _ in
      wanted.withLock { $0 } == request.headers["authorization"] ? .status(200) : .status(401)
    }
    defer { receiver.stop() }
    let elsewhere = try WebhookReceiver()
    defer { elsewhere.stop() }
    var settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    settings.destinationKeys += "    headers: {Authorization: 'Bearer ${file:token}'}\n"
    try await Workspace.with("renewed") { workspace in
      try workspace.write("first-secret\n", to: "token")
      let place = try DaemonPlace(workspace, settings)
      let daemon = try await place.start()
      defer { daemon.child.signal(SIGKILL) }
      let sender = try UDPSender(port: place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("the first is delivered") { receiver.count == 1 }

      // An operator is in the middle of an edit; then the receiver wants the next secret.
      let text = try String(contentsOfFile: place.configFile, encoding: .utf8)
      try workspace.write(text.replacing(receiver.url, with: elsewhere.url), to: "muttd.yaml")
      try FileManager.default.removeItem(atPath: workspace.file("token"))
      wanted.withLock { $0 = "Bearer second-secret" }
      sender.send(NumberedMessage.syslog(2))
      try await eventually("the secret is missed, and that is said") {
        daemon.log.contains("the secrets cannot be read again; the old ones stay")
      }
      try await eventually("it is held") { try await condition(daemon, "moog")?["state"] == "held" }
      try workspace.write("second-secret\n", to: "token")
      try await eventually("the second is delivered, by nobody's command") {
        receiver.received.contains {
          $0.number == 2 && $0.headers["authorization"] == "Bearer second-secret"
        }
      }
      #expect(elsewhere.count == 0)
      daemon.child.signal(SIGHUP)
      try await eventually("a reload takes the edit") {
        sender.send(NumberedMessage.syslog(3))
        return elsewhere.count > 0
      }
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  /// Files that are there and cannot be used: said before the first alert.
  @Test func filesThatMakeNoTLSAreFound() async throws {
    try await Workspace.with("pem") { workspace in
      let certificates = try workspace.makeDirectory("tls")
      let fixtures = Repository.path + "/Tests/Fixtures"
      try await Tool.succeed("sh", [fixtures + "/tls/make-certificates", certificates], in: workspace)
      func check(_ tls: String, _ arguments: String...) async throws -> Tool.Result {
        try workspace.write(
          """
          state_directory: \(workspace.file("state"))
          listen: {snmp: []}
          destinations: [{name: moog, url: 'https://127.0.0.1:9/', tls: {\(tls)}}]

          """, to: "muttd.yaml")
        return try await Tool.run(
          Binary.path, ["check", "--config", workspace.file("muttd.yaml")] + arguments, in: workspace)
      }
      let good = try await check("ca: tls/ca.pem, certificate: tls/client.pem, key: tls/client.key")
      #expect(good.ending == .code(0) && !good.errors.contains("tls"), "\(good)")
      for (tls, words) in [
        ("ca: tls/ca.key", "ca.key cannot be used"),
        ("certificate: tls/client.pem, key: tls/server.key", "server.key does not belong to the certificate"),
        ("certificate: tls/client.key, key: tls/client.key", "client.key cannot be used"),
        ("certificate: tls/server.pem, key: tls/locked.key", "locked.key cannot be used"),
        ("certificate: tls/client.pem", "client.pem cannot be used"),
      ] {
        let found = try await check(tls)
        #expect(found.ending == .code(1), "\(tls): \(found)")
        #expect(found.errors.contains("destinations[0].tls (moog): "), "\(tls): \(found)")
        #expect(found.errors.contains(words), "\(tls): \(found)")
        // What the service asks before it starts keeps no other destination from its alerts.
        let start = try await check(tls, "--config-only")
        #expect(start.ending == .code(0) && start.errors.contains("warning: destinations[0].tls"), "\(start)")
      }
    }
  }

  @Test func clientCertificateThroughAProxy() async throws {
    try await Workspace.with("guarded") { workspace in
      let certificates = try workspace.makeDirectory("tls")
      let fixtures = Repository.path + "/Tests/Fixtures"
      try await Tool.succeed("sh", [fixtures + "/tls/make-certificates", certificates], in: workspace)
      let (port, proxy) = (try FreePort.stream(), try FreePort.stream())
      let guarded = try await Child(
        "python3",
        [fixtures + "/delivery/guarded-receiver", "\(port)", "\(proxy)", certificates, "robot:pr0xypass"],
        in: workspace.path, outputFile: workspace.file("hook.out"), errorFile: workspace.file("hook.err"))
      defer { guarded.signal(SIGKILL) }
      try await eventually("the receiver is there: \(guarded.errors)") { guarded.output.contains("ready") }
      func destination(_ name: String, _ certificate: String, key: String, proxy: String? = nil) -> String {
        let tls =
          "{ca: \(certificates)/ca.pem, certificate: \(certificates)/\(certificate).pem, "
          + "key: \(certificates)/\(key).key}"
        return """
            - name: \(name)
              url: 'https://127.0.0.1:\(port)/hook'
              breaker: {open: 200ms}
              tls: \(tls)
              proxy: \(proxy ?? "null")

          """
      }
      var settings = DaemonSettings(rules: SampleRules.yaml)
      settings.extra =
        "destinations:\n"
        + destination(
          "right", "client", key: "client", proxy: "'http://robot:pr0xypass@127.0.0.1:\(proxy)'")
        + destination("stranger", "stranger", key: "stranger")
        + destination(
          "unknown", "client", key: "client", proxy: "'http://robot:wr0ngpass@127.0.0.1:\(proxy)'")
        + destination("mixed", "client", key: "server")
      let place = try DaemonPlace(workspace, settings)
      let daemon = try await place.start()
      defer { daemon.child.signal(SIGKILL) }
      try UDPSender(port: place.syslogPort).send(NumberedMessage.syslog(1))
      try await eventually("it is taken: \(guarded.output)") { guarded.output.contains("hook client") }
      #expect(guarded.output.contains("proxy 127.0.0.1:\(port)"))
      // Whom the receiver does not know it may know later; what cannot be used is for an operator.
      try await eventually("the stranger is turned away") {
        try await condition(daemon, "stranger")?["state"].string.map { $0 == "failing" || $0 == "open" }
          == true
      }
      try await eventually("a proxy that does not know us holds") {
        let state = try await condition(daemon, "unknown")
        return state?["state"] == "held" && state?["reason"].string?.contains("the proxy answers 407") == true
      }
      try await eventually("a key of another certificate holds") {
        let state = try await condition(daemon, "mixed")
        return state?["state"] == "held" && state?["reason"].string?.contains("correct tls") == true
      }
      #expect(!guarded.output.contains("hook stranger"))
      #expect(!daemon.log.contains("pr0xypass") && !daemon.log.contains("wr0ngpass"))
    }
  }
}
