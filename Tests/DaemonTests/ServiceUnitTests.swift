import Foundation
import TestKit
import Testing

@testable import Daemon

/// The unit, its sockets and what the package puts beside them; systemd's own tools are asked about them.
@Suite struct ServiceUnitTests {
  private static let analyzer = "/usr/bin/systemd-analyze"

  private func file(_ path: String) throws -> String {
    try String(contentsOf: repository.appending(path: path), encoding: .utf8)
  }

  private func lines(_ path: String) throws -> [String] {
    try file(path).split(separator: "\n").map(String.init)
  }

  @Test func theUnitSaysWhatTheDaemonDependsOn() throws {
    let lines = Set(try lines("systemd/muttd.service"))
    for line in [
      "Type=notify", "ExecReload=/usr/bin/muttd reload --config /etc/muttd/muttd.yaml",
      "Requires=muttd.socket", "Restart=on-failure",
      "User=muttd", "StateDirectory=muttd", "RuntimeDirectory=muttd", "CapabilityBoundingSet=",
      "PrivateUsers=yes", "PrivateMounts=yes", "MemoryDenyWriteExecute=yes", "WatchdogSec=30s",
      "LoadCredential=muttd:/etc/muttd/credentials", "SystemCallFilter=@system-service",
      "ExecStartPre=/usr/bin/muttd check --config-only --config /etc/muttd/muttd.yaml",
      "ExecStart=/usr/bin/muttd run --config /etc/muttd/muttd.yaml",
    ] { #expect(lines.contains(line), "\(line)") }
    // A service that gives up closes its sockets in the end.
    #expect(!lines.contains { $0.hasPrefix("RestartPreventExitStatus") })
  }

  /// What systemd binds is what the packaged configuration listens on: neither side alone makes sense.
  @Test func theSocketsAreThoseOfThePackagedConfiguration() throws {
    let (config, problems) = Config.parse(try file("packaging/muttd.yaml"), file: "muttd.yaml")
    #expect(problems.isEmpty, "\(problems)")
    let listen = try #require(config?.listen)
    let wanted = Set(
      (listen.syslog + listen.snmp).map {
        "\($0.transport.isStream ? "ListenStream" : "ListenDatagram")=\($0)"
      })
    let unit = try lines("systemd/muttd.socket")
    #expect(Set(unit.filter { $0.hasPrefix("Listen") }) == wanted)
    #expect(unit.contains("ReceiveBuffer=\(listen.receiveBuffer >> 20)M"))
    #expect(try lines("systemd/muttd.sysctl").contains("net.core.rmem_max = \(listen.receiveBuffer)"))
  }

  /// Names order the files of all sysctl.d directories, and the last one that sets a value holds: ours comes
  /// before an administrator's.
  @Test func whatAnAdministratorSetsHolds() throws {
    let name = "/usr/lib/sysctl.d/05-muttd.conf"
    #expect(try file("scripts/package").contains("systemd/muttd.sysctl \"$root\(name)\""))
    #expect(try file("packaging/debian/postinst").contains(name))
    #expect(try file("docs/operations.md").contains(name))
  }

  /// Beside MUTT on one machine: the drop-in of the guide leaves the sockets that its configuration listens
  /// on, and none of those that rsyslog and snmptrapd have.
  @Test func theDropInOfTheMigrationLeavesOtherPorts() throws {
    let guide = try file("docs/migrating-from-mutt.md")
    let dropIn = try #require(
      guide.split(separator: "<<'END'\n").dropFirst().first?.split(separator: "END\n").first)
    var sockets: [String] = []
    for line in try lines("systemd/muttd.socket") + dropIn.split(separator: "\n").map(String.init)
    where line.hasPrefix("Listen") {
      // systemd.socket(5): an empty one forgets what was said before.
      if line.hasSuffix("=") { sockets = [] } else { sockets.append(line) }
    }
    let yaml = try #require(
      guide.split(separator: "```yaml\n").dropFirst().first?.split(separator: "```").first)
    let (config, problems) = Config.parse(String(yaml), file: "muttd.yaml")
    #expect(problems.isEmpty, "\(problems)")
    let listen = try #require(config?.listen)
    #expect(Set(sockets) == Set((listen.syslog + listen.snmp).map { "ListenDatagram=\($0)" }))
    #expect(!sockets.contains { $0.hasSuffix(":514") || $0.hasSuffix(":162") })
  }

  @Test func theUserOwnsItsState() throws {
    #expect(try lines("systemd/muttd.sysusers").contains { $0.hasPrefix("u muttd - ") })
    #expect(try lines("systemd/muttd.tmpfiles").contains("d /var/lib/muttd 0700 muttd muttd -"))
    #expect(try lines("systemd/muttd.tmpfiles").contains("d /etc/muttd/credentials 0700 root root -"))
  }

  /// systemd's figure for what a service could do to its machine: 10 is everything.
  @Test func theServiceIsHardlyExposed() throws {
    let (_, said) = try analyze([
      "security", "--offline=true", repository.appending(path: "systemd/muttd.service").path,
    ])
    let line = try #require(said.split(separator: "\n").last { $0.contains("Overall exposure level") })
    let figures = line.split(separator: " ").compactMap { Double($0) }
    #expect(try #require(figures.first) <= 1.5, "\(line)")
  }

  @Test func systemdFindsNothingInThem() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muttd-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["muttd.service", "muttd.socket"] {
      // The binary is not installed where tests run; any other takes its place.
      let text = try file("systemd/\(name)").split(
        separator: "/usr/bin/muttd", omittingEmptySubsequences: false
      )
      .joined(separator: "/bin/true")
      // Nor are the manual and the documents.
      .split(separator: "\n").filter { !$0.hasPrefix("Documentation=") }.joined(separator: "\n")
      try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }
    let paths = ["muttd.service", "muttd.socket"].map { folder.appending(path: $0).path }
    let (status, said) = try analyze(["verify"] + paths)
    #expect(said.split(separator: "\n").filter { $0.contains("muttd.s") } == [])
    #expect(status == 0)
  }

  private func analyze(_ arguments: [String]) throws -> (status: Int32, said: String) {
    let tool = try Program.run([Self.analyzer] + arguments)
    return (tool.status, tool.output)
  }
}
