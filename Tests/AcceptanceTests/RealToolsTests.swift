import Foundation
import Testing

/// The tools of the people who will use this send, and the audit and the webhook say what came of it.
@Suite struct RealToolsTests {
  private static let columns = """
    SELECT e.hostname, r.name AS rule, e.handling_decision AS handling, e.environment,
      e.team_assignment AS team, e.device_team, e.source, e.source_addr, e.parse, e.host_from,
      e.forwarded_to_moog AS forwarded, e.raw_message AS raw, e.severity, CAST(e.id AS TEXT) AS id
    FROM event_audit_log e LEFT JOIN alert_rules r ON r.id = e.matched_rule_id
    """

  private func row(_ daemon: DaemonProcess, where condition: String) async throws -> JSON {
    try await eventually("a row where \(condition)") {
      try await daemon.place.audit("\(Self.columns) WHERE \(condition)").first
    }
  }

  /// The row, once the daemon has noted that the webhook took it, and what the webhook took.
  private func delivered(
    _ daemon: DaemonProcess, _ receiver: WebhookReceiver, where condition: String
  ) async throws -> (row: JSON, payload: JSON) {
    let row = try await row(daemon, where: "\(condition) AND e.forwarded_to_moog = 1")
    let payload = try #require(receiver.received.first { .string($0.key) == row["id"] }).json
    return (row, payload)
  }

  private func settings(_ receiver: WebhookReceiver) -> DaemonSettings {
    DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
  }

  @Test func loggerInTheOldFormat() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await withDaemon("logger3164", settings(receiver)) { daemon in
      try await Tool.succeed(
        "logger",
        [
          "--udp", "--server", "127.0.0.1", "--port", "\(daemon.place.syslogPort)", "--rfc3164",
          "--priority", "local7.err", "--tag", "ifmgr",
          "%LINK-3-UPDOWN: Interface Gi0/1, changed state to down",
        ], in: daemon.place.workspace)
      let (row, payload) = try await delivered(daemon, receiver, where: "r.name = 'link-down'")
      #expect(row["handling"] == "Page_and_ticket")
      #expect(row["environment"] == "prod")
      #expect(row["team"] == "NETO")
      #expect(row["device_team"] == nil)
      #expect(row["parse"] == "rfc3164")
      #expect(row["source"] == "syslog")
      #expect(row["source_addr"] == "127.0.0.1")
      #expect(row["severity"] == 3)
      #expect(row["raw"].string?.hasPrefix("<187>") == true)

      #expect(payload["schema"] == "mutt/1")
      #expect(payload["type"] == "link-down")
      #expect(payload["class"] == "NETO")
      #expect(payload["severity"] == 4)
      #expect(payload["source_id"] == row["hostname"])
      #expect(payload["external_id"] == row["id"])
      #expect(payload["custom_info", "mutt", "labels", "interface"] == "Gi0/1")
      // A Cisco message is named by its mnemonic.
      #expect(payload["custom_info", "log", "syslog", "appname"] == nil)
      #expect(payload["custom_info", "mutt", "mnemonic"] == "LINK-3-UPDOWN")
      let host = row["hostname"].string ?? ""
      #expect(payload["signature"] == .string("\(host)::link-down::Gi0/1"))
      #expect(payload["description"] == .string("\(host): Gi0/1 down"))
      #expect(
        payload["custom_info", "message"] == "%LINK-3-UPDOWN: Interface Gi0/1, changed state to down")
    }
  }

  @Test func loggerInTheNewFormat() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await withDaemon("logger5424", settings(receiver)) { daemon in
      try await Tool.succeed(
        "logger",
        [
          "--udp", "--server", "127.0.0.1", "--port", "\(daemon.place.syslogPort)", "--rfc5424",
          "--priority", "user.warning", "--tag", "watch", "--msgid", "M1", "the link is down again",
        ], in: daemon.place.workspace)
      let (row, payload) = try await delivered(daemon, receiver, where: "r.name = 'numbered'")
      #expect(row["handling"] == "Page_only")
      #expect(row["environment"] == "prod")
      #expect(row["parse"] == "rfc5424")
      #expect(row["severity"] == 4)
      #expect(payload["custom_info", "log", "syslog", "msgid"] == "M1")
      #expect(payload["custom_info", "message"] == "the link is down again")
    }
  }

  @Test func trapOfVersion1() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await withDaemon("trap1", settings(receiver)) { daemon in
      // The agent-addr is the claim: 127.0.0.7 is edge7.
      try await Tool.snmp(
        "snmptrap",
        [
          "-v1", "-c", "public", "127.0.0.1:\(daemon.place.trapPort)", "1.3.6.1.4.1.9.9.41", "127.0.0.7",
          "6", "77", "12345", "1.3.6.1.2.1.1.5.0", "s", "edge seven",
        ], in: daemon.place.workspace)
      let (row, payload) = try await delivered(daemon, receiver, where: "r.name = 'enterprise-trap'")
      #expect(row["hostname"] == "edge7")
      #expect(row["host_from"] == "devices")
      #expect(row["source"] == "trap")
      #expect(row["handling"] == "Page_only")
      #expect(row["team"] == "CISCO")
      #expect(row["raw"].string?.contains("public") == false)
      #expect(payload["custom_info", "log"] == nil)
      #expect(payload["custom_info", "snmp", "version"] == "1")
      #expect(payload["custom_info", "snmp", "trap", "oid"] == "1.3.6.1.4.1.9.9.41.0.77")
      #expect(payload["custom_info", "snmp", "varbinds"].items.last?["text"] == "edge seven")
      #expect(payload["custom_info", "snmp", "uptime_ticks"] == 12345)
    }
  }

  @Test func trapOfVersion2() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await withDaemon("trap2", settings(receiver)) { daemon in
      try await Tool.snmp(
        "snmptrap",
        [
          "-v2c", "-c", "s3cret", "--clientaddr=127.0.0.7", "127.0.0.1:\(daemon.place.trapPort)", "8640012",
          "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.2.1.2.2.1.1.3", "i", "3", "1.3.6.1.2.1.2.2.1.8.3", "i", "2",
        ], in: daemon.place.workspace)
      let (row, payload) = try await delivered(daemon, receiver, where: "r.name = 'link-trap'")
      #expect(row["hostname"] == "edge7")
      #expect(row["source_addr"] == "127.0.0.7")
      #expect(row["handling"] == "Ticket_only")
      #expect(row["environment"] == "prod")
      let raw = try #require(row["raw"].string)
      #expect(!raw.contains("s3cret"))
      #expect(JSON(raw)?["trap_oid"] == "1.3.6.1.6.3.1.1.5.3")
      let snmp = payload["custom_info", "snmp"]
      #expect(snmp["version"] == "2c")
      #expect(snmp["trap", "name"] == "linkDown")
      #expect(snmp["uptime_ticks"] == 8_640_012)
      #expect(snmp["varbinds"][1]["name"] == "ifOperStatus.3")
      #expect(snmp["varbinds"][1]["text"] == "down(2)")
      #expect(payload["custom_info", "message"].string?.hasPrefix("linkDown ") == true)
    }
  }

  @Test func trapFromTheAddressOfADevelopmentHost() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await withDaemon("trapdev", settings(receiver)) { daemon in
      try await Tool.snmp(
        "snmptrap",
        [
          "-v2c", "-c", "public", "--clientaddr=127.0.0.5", "127.0.0.1:\(daemon.place.trapPort)", "1",
          "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.2.1.2.2.1.1.3", "i", "3",
        ], in: daemon.place.workspace)
      let row = try await row(daemon, where: "r.name = 'link-trap'")
      #expect(row["hostname"] == "lab-sw1")
      #expect(row["host_from"] == "devices")
      #expect(row["environment"] == "dev")
      #expect(row["handling"] == "Suppress")
      #expect(row["device_team"] == "LAB")
      #expect(row["team"] == "LAB")
      #expect(row["forwarded"] == 0)
      #expect(receiver.count == 0)
    }
  }

  @Test(arguments: [
    ("RSYSLOG_TraditionalForwardFormat", "rfc3164"), ("RSYSLOG_SyslogProtocol23Format", "rfc5424"),
  ])
  func rsyslogRelays(template: String, parse: String) async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await withDaemon("rsyslog", settings(receiver)) { daemon in
      let workspace = daemon.place.workspace
      let port = try FreePort.datagram()
      let file = try workspace.write(
        """
        global(workDirectory="\(workspace.path)")
        module(load="imudp")
        input(type="imudp" address="127.0.0.1" port="\(port)")
        action(type="omfwd" target="127.0.0.1" port="\(daemon.place.syslogPort)" protocol="udp"
          template="\(template)")

        """, to: "rsyslog.conf")
      let relay = try await Child(
        "rsyslogd", ["-n", "-f", file, "-i", workspace.file("rsyslogd.pid")], in: workspace.path,
        outputFile: workspace.file("rsyslogd.out"), errorFile: workspace.file("rsyslogd.err"))
      // The relay may not listen yet: devices repeat themselves too.
      let device = try UDPSender(port: port)
      let line = "<187>Oct  3 14:02:11 core1 ifmgr[7]: %LINK-3-UPDOWN: Interface Gi0/2, changed state to down"
      do {
        try await eventually("the relayed line is in the audit") {
          device.send(Array(line.utf8))
          return try await !daemon.place.audit("\(Self.columns) WHERE e.hostname = 'core1'").isEmpty
        }
      } catch {
        await relay.destroy()
        throw HarnessError("\(error)\nrsyslogd: \(relay.output)\(relay.errors)")
      }
      await relay.destroy()
      let (row, payload) = try await delivered(daemon, receiver, where: "e.hostname = 'core1'")
      #expect(row["parse"] == .string(parse))
      #expect(row["rule"] == "link-down")
      #expect(row["handling"] == "Page_and_ticket")
      #expect(row["environment"] == "prod")
      #expect(row["team"] == "NETO")
      #expect(row["device_team"] == "SITE-AMS")
      #expect(row["host_from"] == "header")
      #expect(payload["signature"] == "core1::link-down::Gi0/2")
      #expect(payload["custom_info", "log", "syslog", "procid"] == "7")
    }
  }
}
