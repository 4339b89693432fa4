import Foundation

/// A daemon that listens on UDP, TCP and TLS for real senders, and what it made of their messages.
struct SenderStage {
  let daemon: DaemonProcess
  let receiver: WebhookReceiver
  let udp: Int
  let tcp: Int
  let tls: Int
  /// Where the certificates are.
  let certificates: String

  var workspace: Workspace { daemon.place.workspace }

  /// Every message with `sender-test` in it is delivered.
  private static let rules = """
    rules:
      - name: from-senders
        match_type: contains
        match_string: sender-test
        priority: 10
        prod_handling: Page_only
        dev_handling: Page_only
        team_assignment: NETO

    """

  /// Runs `body` with such a daemon. `asksClients`: TLS clients must show a certificate.
  static func with(
    _ name: String, asksClients: Bool = true, _ body: (SenderStage) async throws -> Void
  ) async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await Workspace.with(name + "-tls") { keys in
      try await Tool.succeed(
        "sh", [Repository.path + "/Tests/Fixtures/tls/make-certificates", keys.path], in: keys)
      let environment = [
        "MUTT_LISTEN_SYSLOG": "['udp://127.0.0.1:0', 'tcp://127.0.0.1:0', 'tls://127.0.0.1:0']",
        "MUTT_LISTEN_TLS_CERTIFICATE": keys.file("server.pem"),
        "MUTT_LISTEN_TLS_KEY": keys.file("server.key"),
        "MUTT_LISTEN_TLS_CLIENT_CA": asksClients ? keys.file("ca.pem") : "null",
      ]
      let settings = DaemonSettings(rules: rules, destinations: [("moog", receiver.url)])
      try await withDaemon(name, settings, environment: environment) { daemon in
        let stage = SenderStage(
          daemon: daemon, receiver: receiver, udp: try await port("udp", daemon),
          tcp: try await port("tcp", daemon), tls: try await port("tls", daemon), certificates: keys.path)
        try await body(stage)
      }
    }
  }

  /// The port that the kernel gave a listener, as the log says.
  private static func port(_ transport: String, _ daemon: DaemonProcess) async throws -> Int {
    try await eventually("a \(transport) listener is in the log") {
      let line = daemon.logLines.first {
        $0["msg"] == "listening" && $0["listener"].string?.hasPrefix("syslog-\(transport)-") == true
      }
      return line?["address"].string?.split(separator: ":").last.flatMap { Int($0) }
    }
  }

  /// What was made of the message that holds `word`: the row of the audit and the payload, once the row says
  /// that it was delivered.
  func received(_ word: String) async throws -> (row: JSON, payload: JSON) {
    let row = try await eventually("\(word) is in the audit and delivered") {
      try await daemon.place.audit(
        """
        SELECT hostname, parse, severity, source_addr, raw_message AS raw, CAST(id AS TEXT) AS id
        FROM event_audit_log WHERE instr(raw_message, '\(word) ') AND forwarded_to_moog = 1
        """
      ).first
    }
    guard let payload = receiver.received.first(where: { .string($0.key) == row["id"] })?.json else {
      throw HarnessError("\(word) was not delivered as \(row)")
    }
    return (row, payload)
  }
}
