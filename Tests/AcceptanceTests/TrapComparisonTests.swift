import Foundation
import TestKit
import Testing

/// The same packets, byte for byte, to this daemon and to net-snmp's `snmptrapd`: every field that the one
/// prints stands in the other's audit and payload, of traps and informs.
@Suite struct TrapComparisonTests {
  private static let user = SampleUser.options + ["-e", "0x80000000010a0b0c0d"]

  /// Every one of them is an alert.
  private static func settings(_ receiver: WebhookReceiver) -> DaemonSettings {
    DaemonSettings(
      rules: """
        rules:
          - name: every-trap
            match_type: oid_prefix
            trap_oid: 1.3.6.1
            prod_handling: Page_only
            dev_handling: Page_only

        """,
      destinations: [("moog", receiver.url)],
      extra: "snmp:\n" + SampleUser.yaml)
  }

  /// Fields by `|`, varbinds by tab; numbers as numbers, ticks as ticks, no names.
  private static let configuration = """
    disableAuthorization yes
    createUser -e 0x80000000010a0b0c0d ops SHA-256 "authentic-pass" AES "private-pass"
    authUser log ops
    format1 1|%a|%N|%w|%q|%T|%v\\n
    format2 2|%v\\n

    """

  /// One varbind of every type that the tools can send, with the values at the edges. Octet strings whose
  /// JSON has a form of its own (line ends as spaces, UTF-8, a terminator left out) are none of these.
  private static let values: [String] = [
    "1.3.6.1.2.1.2.2.1.1.3", "i", "3", "1.3.6.1.2.1.2.2.1.8.3", "i", "2", "1.3.6.1.4.1.9.1.0", "i",
    "-2147483648", "1.3.6.1.4.1.9.1.1", "i", "2147483647", "1.3.6.1.4.1.9.1.2", "i", "-1",
    "1.3.6.1.4.1.9.2.0", "u", "4294967295", "1.3.6.1.4.1.9.2.1", "u", "0", "1.3.6.1.4.1.9.3.0", "c",
    "4294967295", "1.3.6.1.4.1.9.4.0", "t", "4294967295", "1.3.6.1.4.1.9.5.0", "a", "255.255.255.255",
    "1.3.6.1.4.1.9.5.1", "a", "0.0.0.0", "1.3.6.1.4.1.9.6.4294967295.0.127.128.16383.16384", "o",
    "1.3.6.1.4.1.4294967295.0.128", "1.3.6.1.4.1.9.6.1", "o", "2.39.1", "1.3.6.1.2.1.2.2.1.2.3", "s",
    "GigabitEthernet0/3", "1.3.6.1.4.1.9.7.1", "s", "a \"quoted\" \\ word", "1.3.6.1.4.1.9.7.2", "s", "",
    "1.3.6.1.4.1.9.7.3", "x", "001b21ff", "1.3.6.1.4.1.9.7.4", "x", "00", "1.3.6.1.4.1.9.7.6", "s",
    String(repeating: "long ", count: 100), "1.3.6.1.4.1.9.8.0", "n", "",
  ]
  /// What version 1 has not.
  private static let wide = ["1.3.6.1.4.1.9.9.0", "C", "18446744073709551615", "1.3.6.1.4.1.9.9.1", "C", "0"]

  private static let version1: [[String]] =
    (0...5).map { ["1.3.6.1.4.1.9", "192.0.2.7", "\($0)", "0", "\(100 + $0)"] } + [
      ["1.3.6.1.4.1.9", "192.0.2.7", "6", "17", "4294967295"],
      ["1.3.6.1.4.1.4294967295.0", "192.0.2.8", "6", "2147483647", "0"],
    ]
  private static let version2 = [
    "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.4.1.9.9.43.2.0.1", "1.3.6.1.4.1.4294967295.7",
  ]

  /// An inform of version 3 is for one engine, and so not for two receivers.
  private static var sent: [(command: String, options: [String], words: [String])] {
    version1.map { ("snmptrap", ["-v1", "-c", "public"], $0 + values) }
      + version2.map { ("snmptrap", ["-v2c", "-c", "public"], ["8640012", $0] + values + wide) }
      + version2.map { ("snmpinform", ["-v2c", "-c", "public"], ["8640012", $0] + values + wide) }
      + version2.map { ("snmptrap", user, ["4294967295", $0] + values + wide) }
  }

  /// What no tool sends: numbers without the zero that their top bit asks for, the type of a draft, and bytes
  /// behind the message.
  private static var odd: [[UInt8]] {
    let name: [UInt8] = [0x2b, 6, 1, 4, 1, 9, 9]
    let values: [[UInt8]] = [
      BER.value(0x41, [0xff]), BER.value(0x41, [0xff, 0]), BER.value(0x42, [0x80, 1, 2]),
      BER.value(0x42, [0xff, 0xff, 0xff, 0xff]), BER.value(0x43, [0x80]), BER.value(0x46, [0xff]),
      BER.value(0x47, [5]), BER.value(0x47, [0, 0xff, 0xff, 0xff, 0xff]),
    ]
    let varbinds = values.enumerated().map { BER.sequence([BER.oid(name + [UInt8($0)]), $1]) }
    let packet = BER.v2c(trap: BER.linkDown, varbinds: varbinds)
    return [packet, packet + [0], packet + [UInt8](repeating: 0xff, count: 40)]
  }

  @Test func everyFieldIsAsSnmptrapdReadsIt() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await withDaemon("trap-compare", Self.settings(receiver)) { daemon in
      let workspace = daemon.place.workspace
      try workspace.makeDirectory("mibs")
      try workspace.makeDirectory("snmptrapd")
      let configuration = try workspace.write(Self.configuration, to: "snmptrapd.conf")
      let environment = [
        "SNMPCONFPATH": workspace.path, "SNMP_PERSISTENT_DIR": workspace.file("snmptrapd"),
      ]
      let port = try FreePort.datagram()
      let peer = try await Child(
        "snmptrapd",
        [
          "-f", "-Lo", "-On", "-Oe", "-Ot", "-C", "-c", configuration, "-m", "", "-M", workspace.file("mibs"),
          "127.0.0.1:\(port)",
        ], in: workspace.path, environment: environment, outputFile: workspace.file("snmptrapd.out"),
        errorFile: workspace.file("snmptrapd.err"))
      do {
        try await eventually("snmptrapd listens") { peer.output.contains("NET-SNMP version") }
        var packets = Self.odd
        for (command, options, words) in Self.sent {
          packets.append(try await captured(command, options, words, workspace))
        }
        for packet in packets {
          for target in [port, daemon.place.trapPort] { try UDPSender(port: target).send(packet) }
        }
        let theirs = try await eventually("snmptrapd has printed all") {
          let lines = peer.output.split(separator: "\n").filter { $0.hasPrefix("1|") || $0.hasPrefix("2|") }
          return lines.count == packets.count ? lines.map(String.init) : nil
        }
        let ours = try await eventually("all are in the audit") {
          let rows = try await daemon.place.audit(
            """
            SELECT CAST(id AS TEXT) AS id, raw_message AS raw, host_from, hostname FROM event_audit_log
            ORDER BY id
            """)
          return rows.count == packets.count ? rows : nil
        }
        try await eventually("all are delivered") { receiver.count == packets.count }
        for (their, our) in zip(theirs, ours) {
          let payload = try #require(receiver.received.first { $0.json["external_id"] == our["id"] })
          try compare(their, our, payload.json["custom_info", "snmp"])
        }
      } catch {
        await peer.destroy()
        throw error
      }
      await peer.destroy()
    }
  }

  /// What the tool would have sent.
  private func captured(
    _ command: String, _ options: [String], _ words: [String], _ workspace: Workspace
  ) async throws -> [UInt8] {
    let socket = try LoopbackSocket(.datagram)
    try socket.bind()
    socket.limitReads(seconds: 1)
    // Nobody answers an inform here.
    _ = try await Tool.run(
      command,
      ["-m", "", "-M", workspace.file("mibs"), "-r", "0", "-t", "0.1"] + options
        + ["127.0.0.1:\(socket.port)"] + words, in: workspace,
      environment: ["SNMPCONFPATH": workspace.path, "SNMP_PERSISTENT_DIR": workspace.path])
    let bytes = try await offPool { socket.receive() }
    guard !bytes.isEmpty else { throw HarnessError("\(command) sent nothing") }
    return bytes
  }

  /// One notification: what snmptrapd printed, the row of the audit, and what the payload says of it.
  private func compare(_ their: String, _ row: JSON, _ snmp: JSON) throws {
    let fields = their.split(separator: "|", maxSplits: their.hasPrefix("1") ? 6 : 1).map(String.init)
    let raw = try #require(JSON(row["raw"].string ?? ""))
    var ours = try raw["varbinds"].items.map { try Self.printed($0) }
    #expect(try snmp["varbinds"].items.map { try Self.printed($0) } == ours)
    let oid = raw["trap_oid"].string ?? ""
    let uptime = raw["uptime"].integer.map { "\($0)" } ?? ""
    #expect(snmp["version"] == raw["version"] && snmp["trap", "oid"] == raw["trap_oid"])
    #expect(snmp["uptime_ticks"] == raw["uptime"])
    if their.hasPrefix("1") {
      try #require(fields.count == 7, "\(their)")
      #expect(raw["version"].string == "1")
      #expect(row["hostname"].string == fields[1])
      #expect(row["host_from"].string == "header")
      // RFC 3584 §3.1, from what snmptrapd shows of version 1.
      #expect(snmp["trap", "address"].string == fields[1])
      #expect(snmp["trap", "enterprise"].string.map { ".\($0)" } == fields[2])
      let generic = try #require(Int(fields[3]))
      #expect(
        "." + oid == (generic < 6 ? ".1.3.6.1.6.3.1.1.5.\(generic + 1)" : "\(fields[2]).0\(fields[4])"))
      #expect(uptime == fields[5])
    } else {
      ours.insert(".1.3.6.1.6.3.1.1.4.1.0 = OID: .\(oid)", at: 0)
      ours.insert(".1.3.6.1.2.1.1.3.0 = \(uptime)", at: 0)
    }
    let theirs = (fields.last ?? "").split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    #expect(ours == theirs)
  }

  /// A varbind of our JSON as snmptrapd prints one.
  private static func printed(_ varbind: JSON) throws -> String {
    let type = varbind["type"].string ?? ""
    let value = varbind["value"]
    let number = value.integer.map { "\($0)" } ?? value.string ?? ""
    let text: String =
      switch type {
      case "integer": "INTEGER: \(number)"
      case "counter32": "Counter32: \(number)"
      case "gauge32": "Gauge32: \(number)"
      case "timeticks", "uinteger32": number
      case "counter64": "Counter64: \(number)"
      case "ip_address": "IpAddress: \(number)"
      case "oid": "OID: .\(number)"
      case "null": "NULL"
      case "octet_string": try printed(octets: number)
      default: throw HarnessError("no such type: \(varbind)")
      }
    return ".\(varbind["oid"].string ?? "") = \(text)"
  }

  /// An octet string: quoted where it is ASCII, else in hexadecimal.
  private static func printed(octets text: String) throws -> String {
    if text.isEmpty { return "\"\"" }
    guard text.hasPrefix("0x") else {
      let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      return "STRING: \"\(escaped)\""
    }
    let digits = Array(text.dropFirst(2).uppercased())
    let pairs = stride(from: 0, to: digits.count, by: 2).map { String(digits[$0...$0 + 1]) }
    return "Hex-STRING: " + pairs.map { $0 + " " }.joined()
  }
}
