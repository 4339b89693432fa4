import Foundation
import Testing

/// What the documents tell people to type: every block marked `sh` is run as it stands, in order, beside a
/// daemon with the sample configuration. Ports and the state directory are those of the test.
@Suite struct DocumentTests {
  /// Those with blocks marked `sh`, in the order in which they stand.
  static let documents = [
    "README.md", "docs/operations.md", "docs/rules.md", "docs/migrating-from-mutt.md", "docs/command-line.md",
    "docs/unmatched.md", "docs/api.md",
  ]

  /// `muttd`, `systemctl` and the like as the documents call them, before the real ones.
  static let path = Repository.path + "/Tests/Fixtures/documents:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

  @Test(arguments: documents)
  func whatIsToldWorks(document: String) async throws {
    let blocks = DocumentBlock.all(of: document).filter { $0.kind == "sh" }
    #expect(!blocks.isEmpty)
    try await Workspace.with("document") { workspace in
      let ports = try prepare(workspace)
      let daemon = try await start(workspace, ports)
      do {
        try await hearUnmatched(workspace, ports)
        for block in blocks { try await run(block, beside: daemon, workspace, ports) }
      } catch {
        await daemon.destroy()
        throw HarnessError("\(error)\n\(daemon.errors.suffix(3_000))")
      }
      let wasStopped = daemon.poll() != nil
      await daemon.destroy()
      #expect(wasStopped == (document == "docs/operations.md"))
      if wasStopped { try await cameBack(workspace, ports) }
    }
  }

  private func start(_ workspace: Workspace, _ ports: Ports) async throws -> Child {
    let daemon = try await Child(
      Binary.path, ["run", "--config", "config/sample/muttd.yaml"], in: workspace.path,
      outputFile: workspace.file("daemon.out"), errorFile: workspace.file("daemon.err"))
    do {
      try await eventually("the sample daemon is ready") {
        if let ending = daemon.poll() { throw HarnessError("muttd ended: \(ending)") }
        return try await HTTPAnswer.get("/readyz", port: ports.http)?.status == 200
      }
    } catch {
      await daemon.destroy()
      throw HarnessError("\(error)\n\(daemon.errors.suffix(3_000))")
    }
    return daemon
  }

  private func run(
    _ block: DocumentBlock, beside daemon: Child, _ workspace: Workspace, _ ports: Ports
  ) async throws {
    let script = try workspace.write("set -euo pipefail\n" + ports.fill(block.body), to: "block.sh")
    let result = try await Tool.run(
      "bash", [script], in: workspace, environment: environment(workspace, daemon))
    #expect(
      result.ending == .code(0), "\(block.name): \(result.output.suffix(800))\(result.errors)")
  }

  private func environment(_ workspace: Workspace, _ daemon: Child? = nil) -> [String: String] {
    [
      "PATH": Self.path, "MUTTD_BINARY": Binary.path,
      "MUTTD_CONFIG": workspace.file("config/sample/muttd.yaml"),
      "MUTTD_TOKENS_CONFIG": workspace.file("config/sample/tokens.yaml"),
      "MUTTD_PID": daemon.map { "\($0.pid)" } ?? "", "CURL_HOME": workspace.path,
    ]
  }

  /// The documents speak of a kind of message that no rule takes.
  private func hearUnmatched(_ workspace: Workspace, _ ports: Ports) async throws {
    let environment = environment(workspace)
    try await eventually("it is counted") {
      try await Tool.succeed(
        Binary.path,
        [
          "send", "syslog", "--to", "127.0.0.1:\(ports.syslog)", "--host", "core1", "--severity", "warning",
          "%ENV-4-FAN: fan 3 of slot 2 is slow",
        ], in: workspace)
      return try await Tool.succeed(
        "bash", ["-c", "muttd unmatched list"], in: workspace, environment: environment
      ).contains("ENV-<n>-FAN")
    }
  }

  /// After going back to a copy: it is for the daemon alone, and the daemon runs on it.
  private func cameBack(_ workspace: Workspace, _ ports: Ports) async throws {
    let modes = try await Tool.succeed("sh", ["-c", "stat -c %a .run .run/*.db"], in: workspace)
    #expect(modes == "700\n600\n600\n")
    let daemon = try await start(workspace, ports)
    await daemon.destroy()
  }

  private struct Ports {
    var syslog: Int
    var trap: Int
    var http: Int

    /// What the documents name, as it is here.
    func fill(_ text: String) -> String {
      text.replacing("5514", with: "\(syslog)").replacing("127.0.0.1:514", with: "127.0.0.1:\(syslog)")
        .replacing("5162", with: "\(trap)").replacing("9162", with: "\(http)")
        .replacing(".build/release/muttd", with: "muttd").replacing("/var/lib/muttd", with: ".run")
        .replacing("/run/muttd/", with: ".run/").replacing("/var/backups", with: "backups")
    }
  }

  /// The sample configuration with ports of its own.
  private func prepare(_ workspace: Workspace) throws -> Ports {
    let ports = try Ports(syslog: FreePort.datagram(), trap: FreePort.datagram(), http: FreePort.stream())
    try workspace.makeDirectory("config/sample")
    let sample = Repository.path + "/config/sample"
    for name in try FileManager.default.contentsOfDirectory(atPath: sample) {
      try workspace.write(ports.fill(text(of: "\(sample)/\(name)")), to: "config/sample/\(name)")
    }
    let config = workspace.file("config/sample/muttd.yaml")
    try workspace.write(
      text(of: config) + "\nhttp:\n  listen: 127.0.0.1:\(ports.http)\n", to: "config/sample/muttd.yaml")
    try workspace.write(text(of: config) + "  tokens: tokens\n", to: "config/sample/tokens.yaml")
    // A refusal is a failure.
    try workspace.write("fail-with-body\n", to: ".curlrc")
    try workspace.makeDirectory("backups")
    try workspace.write(
      """
      <187>Oct 3 14:02:11 core1 123: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down
      <189>Oct 3 14:02:12 core1 124: %SYS-5-CONFIG_I: Configured from console by ops on vty0

      """, to: "messages.log")
    return ports
  }

  /// Twenty rules, named in the guide in their order, each with lines it takes and lines it leaves.
  @Test func theWorkedRulesHoldTheirExamples() async throws {
    let file = Repository.path + "/config/sample/worked.yaml"
    let names = text(of: file).split(separator: "\n").compactMap { $0.split(separator: "  - name: ").last }
      .filter { !$0.hasPrefix(" ") && !$0.hasPrefix("#") && !$0.contains(":") }
    #expect(names.count == 20)
    let guide = text(of: Repository.path + "/docs/rules.md")
    for (index, name) in names.enumerated() {
      #expect(guide.contains("| `\(name)` |"), "\(name) stands in docs/rules.md")
      #expect(text(of: file).contains("# \(index + 1). "))
    }
    try await Workspace.with("worked") { workspace in
      let result = try await Tool.run(
        Binary.path, ["rules", "test", "--rules", file, "--json"], in: workspace)
      #expect(result.ending == .code(0), "\(result.output)\(result.errors)")
      let both = text(of: file).split(separator: "- name: ").dropFirst()
      for rule in both {
        #expect(rule.contains("  match:") && rule.contains("  no_match:"), "\(rule.prefix(40))")
      }
    }
  }

  /// The weeks side by side: the real rsyslog hands what it received to muttd and to the SIEM, byte for byte,
  /// and what it does for MUTT in a later file it goes on doing.
  @Test func rsyslogDuplicatesWhatItReceives() async throws {
    let block = try #require(
      DocumentBlock.all(of: "docs/migrating-from-mutt.md").first { $0.kind == "rsyslog" })
    try await withDaemon("migration", DaemonSettings()) { daemon in
      let workspace = daemon.place.workspace
      let (port, siem) = try (FreePort.datagram(), FreePort.stream())
      let configuration =
        """
        module(load="imudp")
        input(type="imudp" address="127.0.0.1" port="\(port)")
        global(workDirectory="\(workspace.path)")

        """
        + block.body.replacing("port=\"5514\"", with: "port=\"\(daemon.place.syslogPort)\"")
        .replacing("siem.example", with: "127.0.0.1").replacing("port=\"514\"", with: "port=\"\(siem)\"")
          + """
          template(name="MUTT" type="string" string="%hostname% %msg%\\n")
          *.* action(type="omfile" file="\(workspace.file("mutt.log"))" template="MUTT")

          """
      let file = try workspace.write(configuration, to: "rsyslog.conf")
      let sink = try await Child(
        "python3",
        [
          "-c",
          """
          import socket
          one = socket.create_server(('127.0.0.1', \(siem))).accept()[0]
          with open('siem.log', 'wb', buffering=0) as file:
              while part := one.recv(65536): file.write(part)
          """,
        ], in: workspace.path, outputFile: workspace.file("siem.out"), errorFile: workspace.file("siem.err"))
      let relay = try await Child(
        "rsyslogd", ["-n", "-f", file, "-i", workspace.file("rsyslogd.pid")], in: workspace.path,
        outputFile: workspace.file("rsyslogd.out"), errorFile: workspace.file("rsyslogd.err"))
      do { try await duplicate(daemon, port: port) } catch {
        for child in [relay, sink] { await child.destroy() }
        throw HarnessError("\(error)\nrsyslogd: \(relay.output)\(relay.errors)\(sink.errors)")
      }
      for child in [relay, sink] { await child.destroy() }
    }
  }

  private func duplicate(_ daemon: DaemonProcess, port: Int) async throws {
    let device = try LoopbackSocket(.datagram)
    try device.bind(host: "127.0.0.2")
    try device.connect(port: port)
    // Stamps, sequence numbers and spaces that a relay likes to put right.
    let lines = [
      "<187>4512: core1: Nov 21 02:14:05.913: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down",
      "<13>1 2026-11-21T02:14:05Z h app - - [a b=\"c\"]  two  spaces",
    ]
    for line in lines {
      try await eventually("muttd has \(line)") {
        // The relay may not listen yet: devices repeat themselves too.
        _ = device.sendAll(Array(line.utf8))
        let quoted = line.replacing("'", with: "''")
        return try await !daemon.place.audit("SELECT 1 FROM event_audit_log WHERE raw_message = '\(quoted)'")
          .isEmpty
      }
      try await eventually("the SIEM has \(line)") {
        text(of: daemon.place.workspace.file("siem.log")).contains(line)
      }
      let end = line.suffix(12)
      try await eventually("MUTT has \(end)") {
        text(of: daemon.place.workspace.file("mutt.log")).contains(end)
      }
    }
  }

  private static let prometheus = "/usr/bin/prometheus"

  /// A real Prometheus scrapes the daemon with the job and the rules of config/prometheus.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: prometheus)))
  func prometheusScrapesAndRecords() async throws {
    try await withDaemon("prometheus", DaemonSettings()) { daemon in
      let workspace = daemon.place.workspace
      let folder = Repository.path + "/config/prometheus"
      for name in ["recording.yml", "alerts.yml", "v25.yml"] {
        try workspace.write(text(of: "\(folder)/\(name)"), to: name)
      }
      try workspace.write(
        text(of: "\(folder)/prometheus.yml").replacing("15s", with: "1s")
          .replacing("9162", with: "\(daemon.place.httpPort)"), to: "prometheus.yml")
      let port = try FreePort.stream()
      let server = try await Child(
        Self.prometheus,
        [
          "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
          "--web.listen-address=127.0.0.1:\(port)",
        ], in: workspace.path, outputFile: workspace.file("prometheus.out"),
        errorFile: workspace.file("prometheus.err"))
      let device = try LoopbackSocket(.datagram)
      try device.connect(port: daemon.place.syslogPort)
      _ = device.sendAll(Array("<13>counted".utf8))
      do {
        for (query, value) in [
          ("up", "1"), ("mutt_store_up", "1"), ("mutt:books:difference", "0"),
          ("mutt_ingest_requests_total%7Bstatus=%22success%22%7D", "1"),
        ] {
          try await eventually("\(query) is \(value)") {
            let answer = try await HTTPAnswer.get("/api/v1/query?query=\(query)", port: port)
            let result = JSON(answer?.body ?? "")?["data", "result"][0]["value"][1]
            return result == .string(value)
          }
        }
      } catch {
        await server.destroy()
        throw HarnessError("\(error)\n\(server.errors.suffix(3_000))")
      }
      await server.destroy()
    }
  }
}
