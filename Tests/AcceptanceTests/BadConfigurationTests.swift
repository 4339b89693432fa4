import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// A start that cannot succeed says everything that is wrong and what to do, and its exit code says which
/// kind of wrong it was.
@Suite struct BadConfigurationTests {
  @Test(arguments: [["check", "--config-only"], ["run"]])
  func everyProblemAtOnce(verb: [String]) async throws {
    try await Workspace.with("badconfig") { workspace in
      let file = try workspace.write(
        """
        state_directory: \(workspace.path)
        listen:
          syslog: ['udp://127.0.0.1:5514']
          recieve_buffer: 32MiB
        audit: {events: sometimes}
        rules: {refresh: soon}
        node: 4096
        destinations:
          - name: moog
            url: 'gopher://127.0.0.1/'
        retsart: true

        """, to: "muttd.yaml")
      let result = try await Tool.run(Binary.path, verb + ["--config", file], in: workspace)
      #expect(result.ending == .code(78))
      let said = result.output + result.errors
      let expected = [
        (4, "receive_buffer"), (5, "audit.events"), (6, "rules.refresh"), (7, "node"), (10, "url"),
        (11, "retsart"),
      ]
      for (line, words) in expected {
        #expect(
          said.split(separator: "\n").contains {
            $0.contains("muttd.yaml:\(line):") && $0.contains(words)
          }, "line \(line) with \(words) in:\n\(said)")
      }
    }
  }

  @Test func aConfigurationThatIsNotThere() async throws {
    try await Workspace.with("noconfig") { workspace in
      let result = try await Tool.run(
        Binary.path, ["run", "--config", workspace.file("none.yaml")], in: workspace)
      #expect(result.ending == .code(78))
      #expect(result.errors.contains("none.yaml"))
    }
  }

  @Test func aRulesFileThatCannotBeRead() async throws {
    try await Workspace.with("badrules") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings(rules: "rules: [{nmae: x}]\n"))
      let daemon = try await place.launch()
      #expect(try await daemon.child.wait() == .code(78))
      #expect(daemon.log.contains("rules.yaml:1"))
      #expect(daemon.log.contains("name"))
    }
  }

  @Test func aPortThatIsTaken() async throws {
    try await Workspace.with("taken") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings(rules: SampleRules.yaml))
      let other = try LoopbackSocket(.datagram)
      try other.bind(port: place.syslogPort)
      let daemon = try await place.launch()
      #expect(try await daemon.child.wait() == .code(69))
      #expect(daemon.log.contains("\(place.syslogPort)"))
    }
  }

  @Test func aSecondDaemonOnTheSameState() async throws {
    try await withDaemon("second", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      // Other ports, the same state directory.
      let place = daemon.place
      let yaml = text(of: place.configFile)
        .replacingOccurrences(of: ":\(place.syslogPort)'", with: ":\(try FreePort.datagram())'")
        .replacingOccurrences(of: ":\(place.trapPort)'", with: ":\(try FreePort.datagram())'")
        .replacingOccurrences(of: ":\(place.httpPort)'", with: ":\(try FreePort.stream())'")
      let file = try place.workspace.write(yaml, to: "second.yaml")
      let result = try await Tool.run(Binary.path, ["run", "--config", file], in: place.workspace)
      #expect(result.ending == .code(69))
      #expect(result.errors.contains(place.state))
    }
  }

  @Test func aStateDirectoryThatCannotBe() async throws {
    try await Workspace.with("nostate") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings(rules: SampleRules.yaml))
      try FileManager.default.removeItem(atPath: place.state)
      try workspace.write("a file in the way", to: "state")
      let daemon = try await place.launch()
      #expect(try await daemon.child.wait() == .code(74))
      #expect(daemon.log.contains(place.state))
    }
  }

  @Test func aStateDirectoryOfSomebodyElse() async throws {
    try await Workspace.with("unwritable") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings(rules: SampleRules.yaml))
      unsafe chmod(place.state, 0o555)
      let result = try await Unprivileged.run(place)
      unsafe chmod(place.state, 0o755)
      #expect(result.ending == .code(74))
      #expect(result.errors.contains(place.state))
    }
  }

  @Test(.enabled(if: Unprivileged.cannotBind(port: 514), "here everybody may listen on port 514"))
  func aPrivilegedPort() async throws {
    try await Workspace.with("privileged") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings(rules: SampleRules.yaml))
      unsafe chmod(place.state, 0o777)
      let yaml = text(of: place.configFile).replacingOccurrences(of: ":\(place.syslogPort)'", with: ":514'")
      try workspace.write(yaml, to: "muttd.yaml")
      let result = try await Unprivileged.run(place)
      #expect(result.ending == .code(77))
      #expect(result.errors.contains("514"))
    }
  }
}

/// Runs as nobody where the tests run as root, and as it is elsewhere.
private enum Unprivileged {
  static func cannotBind(port: Int) -> Bool {
    let start = text(of: "/proc/sys/net/ipv4/ip_unprivileged_port_start")
    return Int(start.trimmingCharacters(in: .whitespacesAndNewlines)).map { $0 > port } ?? true
  }

  static func run(_ place: DaemonPlace) async throws -> Tool.Result {
    let command = [Binary.path, "run", "--config", place.configFile]
    guard getuid() == 0 else {
      return try await Tool.run(command[0], Array(command.dropFirst()), in: place.workspace)
    }
    // The build may lie where nobody may look. Copied by a child: a descriptor of ours, open for writing,
    // could be inherited by another test's child at this moment, and make the copy "busy".
    let binary = place.workspace.file("muttd")
    try await Tool.succeed("cp", [Binary.path, binary], in: place.workspace)
    unsafe chmod(place.workspace.path, 0o755)
    return try await Tool.run(
      "setpriv",
      ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set=-all", binary]
        + command.dropFirst(), in: place.workspace)
  }
}
