import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension UnderLoad {
  /// A start with 1,000 rules. Times are printed, not asserted: they are the machine's as much as ours.
  @Suite struct StartTests {
    @Test func aThousandRules() async throws {
      let settings = DaemonSettings(
        rules: SampleRules.yaml.replacing("rules:\n", with: "rules:\n\(SampleRules.filler(1_000))"))
      try await Workspace.with("thousand") { workspace in
        let place = try DaemonPlace(workspace, settings)
        // The first start fills the store; the second is the one that is spoken of.
        #expect(try await place.start().stop() == .code(0))

        let start = ContinuousClock.now
        let daemon = try await place.launch()
        let port = String(place.syslogPort, radix: 16, uppercase: true)
        try await eventually("the socket is bound", every: .milliseconds(2)) {
          text(of: "/proc/net/udp").contains("0100007F:\(port) ")
        }
        let bound = ContinuousClock.now - start
        // Queued in the kernel until the rules are there.
        try UDPSender(port: place.syslogPort).send(NumberedMessage.syslog(1))
        let decided = try await eventually("the first decision", every: .milliseconds(5)) {
          daemon.logLines.contains { $0["msg"] == "alert" } ? ContinuousClock.now - start : nil
        }
        try await daemon.waitUntilReady()
        try await Task.sleep(for: .seconds(2))
        let memory = Memory(of: daemon.pid)
        print("1,000 rules: bound after \(bound), first decision after \(decided), \(memory)")
        if Binary.isRelease {
          #expect(memory.anonymous <= 25 << 10, "KiB of anonymous memory")
          #expect(memory.resident <= 45 << 10, "KiB resident")
        }
        await daemon.kill()
      }
    }
  }
}

/// What `/proc` says about a process, in KiB.
struct Memory: CustomStringConvertible {
  let anonymous: Int
  let resident: Int

  init(of pid: pid_t) {
    let status = text(of: "/proc/\(pid)/status")
    func value(_ key: String) -> Int {
      let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") }
      return line.flatMap { Int($0.split(whereSeparator: { !$0.isNumber }).first ?? "") } ?? .max
    }
    anonymous = value("RssAnon")
    resident = value("VmRSS")
  }

  var description: String { "anonymous \(anonymous) KiB, resident \(resident) KiB" }
}
