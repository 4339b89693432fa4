import Foundation
import Testing

/// Who sent it and when, in the audit: the choice stands in every row, and `explain` gives its reason.
@Suite struct IdentityTests {
  private struct Case {
    var host: String
    var peer: String
    var shown: String
    var from: String
    var environment: String
    var reason: String
  }

  private static let cases = [
    Case(
      host: "lab-sw1.", peer: "127.0.0.3", shown: "lab-sw1", from: "header", environment: "dev",
      reason: "the header says so"),
    Case(
      host: "core9", peer: "127.0.0.5", shown: "lab-sw1", from: "devices", environment: "dev",
      reason: "devices says 127.0.0.5 = lab-sw1; header says core9"),
    Case(
      host: "lab-sw1", peer: "127.0.0.9", shown: "lab-sw1", from: "claimed", environment: "prod",
      reason: "the header says so, but 127.0.0.9 is neither a relay nor known"),
    Case(
      host: "fe80::2%eth0", peer: "127.0.0.3", shown: "fe80::2", from: "header", environment: "prod",
      reason: "the header says so"),
    Case(
      host: "-", peer: "127.0.0.9", shown: "127.0.0.9", from: "peer", environment: "prod",
      reason: "the sender's address; the header names none"),
  ]

  private static let settings = DaemonSettings(
    rules: SampleRules.yaml,
    extra: """
      identity: {trusted_relays: [127.0.0.3]}
      syslog: {timezones: {127.0.0.7: Asia/Tokyo}}

      """)

  @Test func everyRowSaysWhoSentItAndWhy() async throws {
    try await withDaemon("identity", Self.settings) { daemon in
      for (number, one) in Self.cases.enumerated() {
        let sender = try UDPSender(port: daemon.place.syslogPort, from: one.peer)
        sender.send(NumberedMessage.syslog(number, host: one.host))
      }
      let rows = try await rows(of: daemon, count: Self.cases.count)
      for (number, one) in Self.cases.enumerated() {
        let row = try #require(
          rows.first { NumberedMessage.number(in: Array(($0["raw_message"].string ?? "").utf8)) == number })
        #expect(row["hostname"].string == one.shown)
        #expect(row["host_from"].string == one.from)
        #expect(row["environment"].string == one.environment)
        #expect(row["source_addr"].string == one.peer)
        let id = try #require(row["id"].string)
        let why = try #require(
          JSON(try await daemon.place.muttd("explain", "--json", "--event", id).output))
        #expect(why["host_from"].string == one.from)
        #expect(why["host_reason"].string == one.reason)
        #expect(why["hostname"].string == one.shown)
        let text = try await daemon.place.muttd("explain", "--event", id).output
        #expect(text.contains("host   \(one.shown)  \(one.reason)\n"))
      }
    }
  }

  /// A stamp without a zone, two hours old: a source with a zone of its own is believed, another is not.
  @Test func aSourceWithAZoneIsBelieved() async throws {
    try await withDaemon("zones", Self.settings) { daemon in
      let format = DateFormatter()
      format.locale = Locale(identifier: "en_US_POSIX")
      format.timeZone = TimeZone(identifier: "Asia/Tokyo")
      format.dateFormat = "MMM dd HH:mm:ss"
      let stamp = format.string(from: Date(timeIntervalSinceNow: -7_200))
      for peer in ["127.0.0.7", "127.0.0.8"] {
        let sender = try UDPSender(port: daemon.place.syslogPort, from: peer)
        sender.send(Array("<187>\(stamp) edge1 app: link is down".utf8))
      }
      let rows = try await rows(of: daemon, count: 2)
      let clocks = Dictionary(
        uniqueKeysWithValues: rows.map { ($0["source_addr"].string ?? "", $0["clock"].string ?? "") })
      #expect(clocks == ["127.0.0.7": "device", "127.0.0.8": "arrival"])
      let id = try #require(rows.first { $0["source_addr"].string == "127.0.0.7" }?["id"].string)
      let why = try await daemon.place.muttd("explain", "--event", id).output
      #expect(why.contains("device clock (Asia/Tokyo by 127.0.0.7); arrived 7"))
    }
  }

  private static let trapRules = DaemonSettings(
    rules: """
      rules:
        - name: every-trap
          match_type: oid_prefix
          trap_oid: 1.3.6.1
          prod_handling: Page_only
          dev_handling: Log_only
      development_hosts: [lab-sw1]
      device_teams: {core1: CORE, lab-sw1: LAB}
      devices:
        - {hostname: core1, addresses: [192.0.2.1]}
        - {hostname: lab-sw1, addresses: [192.0.2.5, 127.0.0.5]}

      """,
    extra: "identity: {trusted_relays: [127.0.0.3]}\n")

  /// Who a trap is of: agent-addr of version 1, snmpTrapAddress of version 2c, or the sender; and what the
  /// host tables say of it.
  @Test func aTrapIsOfWhomItNames() async throws {
    try await withDaemon("identity-traps", Self.trapRules) { daemon in
      let address: [UInt8] = [0x2b, 6, 1, 6, 3, 18, 1, 3, 0]
      func v2c(_ claim: [UInt8]?) -> [UInt8] {
        BER.v2c(
          trap: BER.linkDown,
          varbinds: claim.map { [BER.sequence([BER.oid(address), BER.value(0x40, $0)])] } ?? [])
      }
      func v1(_ claim: [UInt8]) -> [UInt8] { BER.v1(enterprise: [0x2b, 6, 1, 4, 1, 9], agent: claim) }
      // From a relay the claim counts, whatever the version, and `devices` says whose it is; 0.0.0.0 is none.
      let cases: [(name: String, packet: [UInt8], peer: String, row: [String])] = [
        ("v1, a device", v1([192, 0, 2, 1]), "127.0.0.3", ["core1", "devices", "prod", "CORE"]),
        ("v1, a development host", v1([192, 0, 2, 5]), "127.0.0.3", ["lab-sw1", "devices", "dev", "LAB"]),
        ("v1, nobody known", v1([198, 51, 100, 7]), "127.0.0.3", ["198.51.100.7", "header", "prod", "-"]),
        ("v1, no agent", v1([0, 0, 0, 0]), "127.0.0.3", ["127.0.0.3", "peer", "prod", "-"]),
        ("v1, no agent, a device", v1([0, 0, 0, 0]), "127.0.0.5", ["lab-sw1", "devices", "dev", "LAB"]),
        ("v2c, a device", v2c([192, 0, 2, 1]), "127.0.0.3", ["core1", "devices", "prod", "CORE"]),
        ("v2c, a development host", v2c([192, 0, 2, 5]), "127.0.0.3", ["lab-sw1", "devices", "dev", "LAB"]),
        ("v2c, nobody known", v2c([198, 51, 100, 8]), "127.0.0.3", ["198.51.100.8", "header", "prod", "-"]),
        ("v2c, no claim", v2c(nil), "127.0.0.3", ["127.0.0.3", "peer", "prod", "-"]),
        ("v2c, a device of its own", v2c(nil), "127.0.0.5", ["lab-sw1", "devices", "dev", "LAB"]),
        // From a known sender its own name, from a stranger the claim, which makes nobody a development host.
        (
          "v2c, a device for another", v2c([192, 0, 2, 1]), "127.0.0.5", ["lab-sw1", "devices", "dev", "LAB"]
        ),
        (
          "v1, a stranger for a device", v1([192, 0, 2, 5]), "127.0.0.9",
          ["lab-sw1", "claimed", "prod", "LAB"]
        ),
      ]
      for (number, one) in cases.enumerated() {
        try UDPSender(port: daemon.place.trapPort, from: one.peer).send(one.packet)
        let row = try await eventually("\(one.name) is in the audit") {
          let rows = try await daemon.place.audit(
            """
            SELECT hostname, host_from, environment, device_team, source_addr FROM event_audit_log ORDER BY id
            """)
          return rows.count == number + 1 ? rows.last : nil
        }
        let found = ["hostname", "host_from", "environment", "device_team"].map { row[$0].string ?? "-" }
        #expect(found == one.row, "\(one.name)")
        #expect(row["source_addr"].string == one.peer, "\(one.name)")
      }
      // Who is no device is listed under the address the traps are of, the sender's where it is not believed.
      try await eventually("three are listed") {
        let answer = try await daemon.place.muttd("hosts", "device", "unmapped", "--json")
        let listed = answer.output.split(separator: "\n").compactMap { JSON($0) }
        return listed.map { "\($0["address"].string ?? "") \($0["traps"].integer ?? -1)" }.sorted()
          == ["127.0.0.3 2", "127.0.0.9 1", "198.51.100.7 1", "198.51.100.8 1"]
      }
    }
  }

  private func rows(of daemon: DaemonProcess, count: Int) async throws -> [JSON] {
    try await eventually("\(count) rows in the audit") {
      let answer = try await daemon.place.muttd("audit", "events", "--json")
      let rows = answer.output.split(separator: "\n").compactMap { JSON($0) }
      return rows.count == count ? rows : nil
    }
  }
}
