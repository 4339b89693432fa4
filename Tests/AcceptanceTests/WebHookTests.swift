import Foundation
import Synchronization
import Testing

/// A receiver of CloudEvents that is asked for its consent.
@Suite struct WebHookTests {
  private static func destination(_ url: String, more: String = "") -> String {
    """
    destinations:
      - name: hook
        url: '\(url)'
        format: cloudevents
        webhook_origin: muttd.example.com
        retry: {initial: 20ms, max: 200ms}
        breaker: {failures: 3, open: 200ms, close: 1}
    \(more)

    """
  }

  private func problem(_ daemon: DaemonProcess) async throws -> JSON? {
    try await daemon.readiness()?.body["problems"].items.first { $0["name"] == "hook" }
  }

  @Test(arguments: ["*", "muttd.example.com"]) func agrees(origin: String) async throws {
    let receiver = try WebhookReceiver { request, _ in
      request.method == "OPTIONS"
        ? .answer(200, ["WebHook-Allowed-Origin: \(origin)", "WebHook-Allowed-Rate: 6000"]) : .status(202)
    }
    defer { receiver.stop() }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = Self.destination(receiver.url)
    try await withDaemon("hook", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      for number in 1...3 { sender.send(NumberedMessage.syslog(number)) }
      try await eventually("they arrive") {
        receiver.numbers == [1, 2, 3]
      }
      #expect(receiver.received.map(\.method) == ["OPTIONS", "POST", "POST", "POST"])
      #expect(receiver.received.allSatisfy { $0.headers["webhook-request-origin"] == "muttd.example.com" })
      #expect(receiver.received[0].headers["webhook-request-rate"] == "3000")
      // A reload asks again before the next alert.
      #expect(try await daemon.place.muttd("reload").ending == .code(0))
      try await eventually("it is asked again") {
        receiver.received.count { $0.method == "OPTIONS" } == 2
      }
      sender.send(NumberedMessage.syslog(4))
      try await eventually("and gets the next") { receiver.received.last?.number == 4 }
      let test = try await daemon.place.muttd("destinations", "test", "hook")
      #expect(test.output.contains("hook: consents to alerts of muttd.example.com, 6000 a minute\n"))
      #expect(test.output.contains("hook: status 202"))
    }
  }

  /// What the receiver says first, and what `/readyz` says about it.
  @Test(
    arguments: [
      (200, [], "does not consent to alerts (no WebHook-Allowed-Origin): status 200"),
      (405, ["Allow: POST"], "does not consent to alerts (no WebHook-Allowed-Origin): status 405"),
      (
        200, ["WebHook-Allowed-Origin: other.example"],
        "consents to alerts of \"other.example\", not of muttd.example.com"
      ),
    ] as [(Int, [String], String)])
  func refuses(status: Int, lines: [String], reason: String) async throws {
    let agrees = Atomic<Bool>(false)
    let receiver = try WebhookReceiver { request, _ in
      if request.method != "OPTIONS" { return .status(202) }
      return agrees.load(ordering: .relaxed)
        ? .answer(200, ["WebHook-Allowed-Origin: *", "WebHook-Allowed-Rate: *"]) : .answer(status, lines)
    }
    let fallback = try WebhookReceiver()
    defer {
      receiver.stop()
      fallback.stop()
    }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = Self.destination(
      receiver.url,
      more: """
            fallback: spare
          - name: spare
            url: '\(fallback.url)'
        """)
    try await withDaemon("hook-refuses", settings) { daemon in
      try await eventually("it is held, and says why") {
        let problem = try await problem(daemon)
        return problem?["state"] == "held" && problem?["reason"].string?.hasPrefix(reason) == true
      }
      let sender = try UDPSender(port: daemon.place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("the fallback has the alert") { fallback.received.contains { $0.number == 1 } }
      try await eventually("it is asked again") { receiver.count > 1 }
      #expect(receiver.received.allSatisfy { $0.method == "OPTIONS" }, "no alert without consent")
      let test = try await daemon.place.muttd("destinations", "test", "hook", "--json")
      #expect(test.ending == .code(1) && JSON(test.output)?["consents"] == .bool(false))

      agrees.store(true, ordering: .relaxed)
      try await eventually("it agrees") { try await problem(daemon) == nil }
      sender.send(NumberedMessage.syslog(2))
      try await eventually("and gets alerts") { receiver.received.contains { $0.number == 2 } }
    }
  }

  /// A receiver that names as the allowed origin what it was sent: our token is in no log and no face.
  @Test func echoes() async throws {
    let token = "s3cr3t-0123456789"
    let receiver = try WebhookReceiver { request, _ in
      .answer(200, ["WebHook-Allowed-Origin: \(request.headers["authorization"] ?? "none")"])
    }
    defer { receiver.stop() }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = Self.destination(receiver.url, more: "    headers: {Authorization: 'Bearer \(token)'}")
    try await withDaemon("hook-echoes", settings) { daemon in
      let reason = "consents to alerts of \"***\", not of muttd.example.com"
      try await eventually("it is held, and says why") {
        try await problem(daemon)?["reason"] == .string(reason)
      }
      try await eventually("the log says so too") {
        daemon.logLines.contains { $0["error"] == .string(reason) }
      }
      #expect(receiver.received.allSatisfy { $0.headers["authorization"] == "Bearer \(token)" })
      let test = try await daemon.place.muttd("destinations", "test", "hook")
      #expect(!test.output.contains(token) && test.output.contains("***"))
      #expect(!daemon.log.contains(token))
    }
  }

  /// The target is retired: it is asked before anything is tried again.
  @Test func retired() async throws {
    let isGone = Atomic<Bool>(true)
    let receiver = try WebhookReceiver { request, _ in
      if request.method == "OPTIONS" { return .answer(200, ["WebHook-Allowed-Origin: *"]) }
      return .status(isGone.load(ordering: .relaxed) ? 410 : 202)
    }
    defer { receiver.stop() }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = Self.destination(receiver.url)
    try await withDaemon("hook-gone", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("it is tried twice") { receiver.received.count { $0.method == "POST" } >= 2 }
      let methods = receiver.received.map(\.method)
      for (index, method) in methods.enumerated() where method == "POST" {
        #expect(index > 0 && methods[index - 1] == "OPTIONS", "\(methods)")
      }
      isGone.store(false, ordering: .relaxed)
      try await eventually("it is delivered") { try await daemon.scrape().pending == 0 }
    }
  }
}
