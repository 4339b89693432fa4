import Foundation
import Testing

/// What Wireshark makes of what the daemon answers: Reports and acknowledgements are well-formed, authentic,
/// can be decrypted, and answer the question before them.
@Suite struct TrapWiresharkTests {
  private static let settings = DaemonSettings(
    extra: "snmp:\n" + SampleUser.yaml)

  /// Hands datagrams on between a sender and port 162 of nobody, and keeps them as a capture of raw IPv4.
  private static let relay = """
    import select, socket, struct, sys
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind(("127.0.0.1", 0))
    back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    back.bind(("127.0.0.1", 0))
    target = ("127.0.0.1", int(sys.argv[1]))
    capture = open(sys.argv[2], "wb", buffering=0)
    capture.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 228))
    print(front.getsockname()[1], flush=True)
    sender = None
    while True:
        for ready in select.select([front, back], [], [])[0]:
            data, address = ready.recvfrom(65536)
            ports = (40000, 162) if ready is front else (162, 40000)
            packet = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(data), 0, 0, 64, 17, 0)
            packet += bytes([127, 0, 0, 1] * 2) + struct.pack(">HHHH", *ports, 8 + len(data), 0) + data
            capture.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
            if ready is front:
                sender = address
                back.sendto(data, target)
            elif sender:
                front.sendto(data, sender)

    """

  private static let user = SampleUser.options

  private static func changed(_ option: String, _ value: String) -> [String] {
    var options = user
    if let at = options.firstIndex(of: option) { options[at + 1] = value }
    return options
  }

  private static let columns = [
    "udp.srcport", "snmp.version", "snmp.msgVersion", "snmp.msgFlags", "snmp.msgUserName", "snmp.data",
    "snmp.name", "snmp.response_to", "_ws.malformed", "_ws.expert.message",
  ]

  /// An inform each, and the answers that it gets, in the columns above: port, version 1 and 2c, version 3,
  /// flags, user, kind of PDU, names, which packet is answered, what is wrong, what is remarked.
  private static let conversations: [(options: [String], answers: [String])] = [
    (["-v2c", "-c", "public"], ["162|1||||2|1.3.6.1.2.1.1.3.0,1.3.6.1.6.3.1.1.4.1.0|1||"]),
    (
      user,
      [
        "162||3|00||8|1.3.6.1.6.3.15.1.1.4.0|||",
        "162||3|03|ops|2|1.3.6.1.2.1.1.3.0,1.3.6.1.6.3.1.1.4.1.0|3||SNMP Authentication OK",
      ]
    ),
    (
      changed("-u", "nobody"),
      ["162||3|00||8|1.3.6.1.6.3.15.1.1.4.0|||", "162||3|00||8|1.3.6.1.6.3.15.1.1.3.0|||"]
    ),
    (
      changed("-A", "another-pass"),
      ["162||3|00||8|1.3.6.1.6.3.15.1.1.4.0|||", "162||3|00|ops|8|1.3.6.1.6.3.15.1.1.5.0|||"]
    ),
    (
      changed("-l", "authNoPriv"),
      [
        "162||3|00||8|1.3.6.1.6.3.15.1.1.4.0|||",
        "162||3|01|ops|2|1.3.6.1.2.1.1.3.0,1.3.6.1.6.3.1.1.4.1.0|3||SNMP Authentication OK",
      ]
    ),
    (
      changed("-l", "noAuthNoPriv"),
      ["162||3|00||8|1.3.6.1.6.3.15.1.1.4.0|||", "162||3|00|ops|8|1.3.6.1.6.3.15.1.1.1.0|||"]
    ),
    (
      changed("-X", "another-secret"),
      ["162||3|00||8|1.3.6.1.6.3.15.1.1.4.0|||", "162||3|00|ops|8|1.3.6.1.6.3.15.1.1.6.0|||"]
    ),
  ]

  @Test(arguments: conversations.indices) func everyAnswerIsWellFormed(_ index: Int) async throws {
    let (options, expected) = Self.conversations[index]
    try await withDaemon("trap-shark", Self.settings) { daemon in
      let workspace = daemon.place.workspace
      try workspace.makeDirectory("mibs")
      let script = try workspace.write(Self.relay, to: "relay.py")
      let capture = workspace.file("capture.pcap")
      let relay = try await Child(
        "python3", [script, "\(daemon.place.trapPort)", capture], in: workspace.path,
        outputFile: workspace.file("relay.out"), errorFile: workspace.file("relay.err"))
      do {
        let port = try await eventually("the relay listens") {
          Int(relay.output.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        // Whether it is answered as it hopes is told elsewhere: here the packets count.
        _ = try await Tool.run(
          "snmpinform",
          ["-m", "", "-M", workspace.file("mibs"), "-r", "0", "-t", "30"] + options
            + ["127.0.0.1:\(port)", "100", "1.3.6.1.6.3.1.1.5.3"],
          in: workspace,
          environment: ["SNMPCONFPATH": workspace.path, "SNMP_PERSISTENT_DIR": workspace.path])
      } catch {
        await relay.destroy()
        throw error
      }
      await relay.destroy()
      let answers = try await read(capture, workspace).filter { $0.hasPrefix("162|") }
      #expect(answers == expected)
    }
  }

  private func read(_ capture: String, _ workspace: Workspace) async throws -> [String] {
    let output = try await Tool.succeed(
      "tshark",
      [
        "-r", capture, "-d", "udp.port==162,snmp", "-o",
        "uat:snmp_users:\"\",\"ops\",\"SHA2-256\",\"authentic-pass\",\"AES\",\"private-pass\"", "-T",
        "fields", "-E", "separator=|", "-E", "occurrence=a",
      ] + Self.columns.flatMap { ["-e", $0] }, in: workspace,
      environment: ["HOME": workspace.path, "XDG_CONFIG_HOME": workspace.path])
    return output.split(separator: "\n").map(String.init)
  }
}
