import Foundation
import Testing

@Suite struct ServiceUnitTests {
  private func unit() throws -> String {
    try String(contentsOf: repository.appending(path: "systemd/muttd.service"), encoding: .utf8)
  }

  @Test func theUnitSaysWhatTheDaemonDependsOn() throws {
    let lines = Set(try unit().split(separator: "\n").map(String.init))
    for line in [
      "Type=notify", "ExecReload=/bin/kill -HUP $MAINPID", "RestartPreventExitStatus=78",
      "StateDirectory=muttd",
      "DynamicUser=yes", "AmbientCapabilities=CAP_NET_BIND_SERVICE", "MemoryDenyWriteExecute=yes",
      "ExecStartPre=/usr/bin/muttd check --config-only --config /etc/muttd/muttd.yaml",
      "ExecStart=/usr/bin/muttd run --config /etc/muttd/muttd.yaml",
    ] { #expect(lines.contains(line), "\(line)") }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")))
  func systemdFindsNothingInIt() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muttd-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // The binary is not installed where tests run; any other takes its place.
    let copy = folder.appending(path: "muttd.service")
    let text = try unit().split(separator: "/usr/bin/muttd", omittingEmptySubsequences: false)
      .joined(separator: "/bin/true")
    try text.write(to: copy, atomically: true, encoding: .utf8)
    let tool = Process()
    tool.executableURL = URL(filePath: "/usr/bin/systemd-analyze")
    tool.arguments = ["verify", copy.path]
    let output = Pipe()
    tool.standardOutput = output
    tool.standardError = output
    try tool.run()
    let found = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    tool.waitUntilExit()
    #expect(found.split(separator: "\n").filter { $0.contains("muttd.service") } == [])
    #expect(tool.terminationStatus == 0)
  }
}
