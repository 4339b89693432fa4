import Foundation
import Testing

extension UnderLoad {
  /// `storm` with the real daemon: one source floods, another loses nothing, and the books say what was shed.
  @Suite struct StormTests {
    @Test func theOtherSourceLosesNothing() async throws {
      let settings = DaemonSettings(
        rules: SampleRules.yaml, extra: "storm: {rate: 50/s, burst: 2000}\n")
      try await withDaemon("storm", settings) { daemon in
        let port = daemon.place.syslogPort
        let flood = 100_000..<130_000
        let honest = 0..<1_000
        let flooding = Task {
          try await UDPSender(port: port, from: "127.0.0.2").send(flood, rate: 20_000)
        }
        try await UDPSender(port: port, from: "127.0.0.3").send(honest, rate: 700)
        try await flooding.value
        let metrics = try await eventually("all datagrams are counted") {
          let metrics = try await daemon.scrape()
          #expect(metrics.imbalances == [])
          let arrived = metrics.datagrams + metrics.kernelDropped
          return arrived == flood.count + honest.count && metrics.auditPending == 0 ? metrics : nil
        }
        let shed = metrics.sum("mutt_discarded_total", "reason=\"storm\"")
        #expect(shed > 0 && metrics.received == metrics.datagrams - shed)
        #expect(metrics.sum("mutt_storms_total") == 1)

        // A source is named while it storms; on a slow machine it may be over before it is asked for.
        if let body = try await daemon.readiness()?.body, body["status"].string == "degraded" {
          #expect("\(body)".contains("127.0.0.2") && "\(body)".contains("storm.rate"))
        }
        #expect(try await daemon.stop() == .code(0))
        let accounting = try #require(daemon.accounting)
        #expect(accounting.imbalances == [])
        #expect(accounting["discarded"] == shed)
        let raw = try await daemon.place.auditColumn(
          "SELECT raw_message FROM event_audit_log WHERE source_addr = '127.0.0.3'")
        let kept = Set(raw.compactMap { NumberedMessage.number(in: Array($0.utf8)) })
        // What the kernel had no room for was dropped before anybody could tell whose it was.
        #expect(kept.isSubset(of: Set(honest)))
        #expect(honest.count - kept.count <= metrics.kernelDropped)

        let notices = daemon.logLines.filter { $0["name"].string == "127.0.0.2" }
        #expect(notices.map { $0["msg"].string?.prefix(7) } == ["a storm", "a storm"])
        #expect(notices.last?["shed"].integer == Int64(shed))
        #expect(notices.last?["since"].string != nil)
        #expect(!daemon.logLines.contains { $0["name"].string == "127.0.0.3" })
      }
    }
  }
}
