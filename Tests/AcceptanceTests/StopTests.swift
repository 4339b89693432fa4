import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension UnderLoad {
  /// SIGTERM drains: what was received is written down before the process ends, and it ends soon.
  @Suite struct StopTests {
    /// Stops a daemon in the middle of a flood and holds its last words against the audit.
    private func stopUnderLoad(_ daemon: DaemonProcess) async throws -> Accounting {
      let port = daemon.place.syslogPort
      let flood = Task { try await UDPSender(port: port).send(0..<20_000, rate: 4_000) }
      try await eventually("the flood has begun") { try await daemon.scrape().received > 2_000 }
      // The promise is 10 s; the rest is for a machine that runs other tests beside this one.
      #expect(try await daemon.stop(within: .seconds(30)) == .code(0))
      flood.cancel()
      _ = await flood.result
      let accounting = try #require(daemon.accounting, "no accounting line in the log")
      #expect(accounting.imbalances == [])
      #expect(accounting["audit_pending"] == 0)
      #expect(accounting["lost"] == 0)
      let rows = try await daemon.place.audit("SELECT count(*) AS count FROM event_audit_log")
      #expect(rows.first?["count"].integer.map { Int($0) } == accounting["received"])
      return accounting
    }

    /// Seconds.
    private func processorTime(of daemon: DaemonProcess) throws -> Double {
      let text = try String(contentsOfFile: "/proc/\(daemon.child.pid)/stat", encoding: .utf8)
      // The name may hold anything; state and numbers stand behind it.
      let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
      guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
        throw HarnessError("no times in \(text)")
      }
      return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    @Test func nothingReceivedIsLost() async throws {
      let receiver = try WebhookReceiver()
      defer { receiver.stop() }
      let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
      try await withDaemon("drain", settings) { daemon in
        let accounting = try await stopUnderLoad(daemon)
        #expect(accounting["delivered"] + accounting["pending"] == accounting["received"])
        // Delivered means that the receiver has it; a cut attempt may have reached it as well.
        #expect(Set(receiver.received.map(\.key)).count >= accounting["delivered"])
      }
    }

    /// A line without its end and a counted message that lacks a part, sent before the signal.
    @Test func whatWasBegunIsKept() async throws {
      let port = try FreePort.stream()
      let environment = ["MUTT_LISTEN_SYSLOG": "['tcp://127.0.0.1:\(port)']"]
      try await withDaemon("begun", DaemonSettings(rules: SampleRules.yaml), environment: environment) {
        daemon in
        let senders = [try TCPSender(port: port), try TCPSender(port: port)]
        let begun = ["<187>1 - core1 app - - - whole\n<187>1 - core1 app - - - begun", "5 <13>a99 <13>begun"]
        for (sender, text) in zip(senders, begun) {
          let isSent = try await sender.send(text)
          #expect(isSent)
        }
        try await eventually("the whole ones are there") { try await daemon.scrape().frames == 2 }
        #expect(try await daemon.stop() == .code(0))
        let accounting = try #require(daemon.accounting, "no accounting line in the log")
        #expect(accounting.imbalances == [])
        #expect(accounting["frames"] == 4)
        let rows = try await daemon.place.auditColumn(
          "SELECT count(*) FROM event_audit_log WHERE instr(raw_message, 'begun')")
        #expect(rows == ["2"])
        withExtendedLifetime(senders) {}
      }
    }

    /// Compiling these takes half a minute, and nothing interrupts it.
    @Test func aStopDoesNotWaitForACompiler() async throws {
      let settings = DaemonSettings(rules: SampleRules.yaml)
      try await withDaemon("compiler", settings) { daemon in
        let slow = (1...50).map { number in
          """
            - name: slow-\(number)
              match_type: regex
              match_string: 'ö\\w\\w\\w \(number)'
              priority: 900
              prod_handling: Log_only
              dev_handling: Log_only

          """
        }
        let rules = SampleRules.yaml.replacing("rules:\n", with: "rules:\n" + slow.joined())
        try daemon.place.workspace.write(rules, to: "rules.yaml")
        let before = try processorTime(of: daemon)
        daemon.child.signal(SIGHUP)
        try await eventually("it compiles") { try processorTime(of: daemon) > before + 2 }
        let accounting = try await stopUnderLoad(daemon)
        #expect(accounting["received"] > 0)
        let loads = daemon.logLines.filter { $0["msg"] == "rules loaded" }
        #expect(loads.count == 1, "it had compiled before it was stopped")
      }
    }

    @Test func aDestinationThatHangsDoesNotHoldUpTheEnd() async throws {
      // Listens, and never answers.
      let silent = try LoopbackSocket(.stream)
      try silent.bind()
      guard listen(silent.descriptor, 16) == 0 else { throw HarnessError("listen: errno \(errno)") }
      let settings = DaemonSettings(
        rules: SampleRules.yaml, destinations: [("moog", "http://127.0.0.1:\(silent.port)/")])
      try await withDaemon("hang", settings) { daemon in
        let accounting = try await stopUnderLoad(daemon)
        #expect(accounting["delivered"] == 0)
        #expect(accounting["pending"] == accounting["received"])
      }
    }
  }
}
