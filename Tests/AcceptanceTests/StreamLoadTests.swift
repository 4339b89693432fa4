import Foundation
import Synchronization
import TestKit
import Testing

extension UnderLoad {
  /// What comes over TCP takes nothing from UDP.
  @Suite struct StreamLoadTests {
    private final class Switch: Sendable {
      private let state = Mutex(true)
      var isOn: Bool { state.withLock { $0 } }
      func turnOff() { state.withLock { $0 = false } }
    }

    @Test func datagramsAreTakenBesideAFloodAndASenderThatHangs() async throws {
      let ports = (udp: try FreePort.datagram(), tcp: try FreePort.stream())
      let environment = [
        "MUTT_LISTEN_SYSLOG": "['udp://127.0.0.1:\(ports.udp)', 'tcp://127.0.0.1:\(ports.tcp)']"
      ]
      let settings = DaemonSettings(rules: SampleRules.yaml)
      try await withDaemon("beside", settings, environment: environment) { daemon in
        let hanging = try TCPSender(port: ports.tcp)
        _ = try await hanging.send("<187>1 - core1 app - - - half of a li")
        let flood = Switch()
        let flooding = Task {
          try await offPool {
            let socket = try LoopbackSocket(.stream)
            try socket.connect(port: ports.tcp)
            let lines = Array(
              String(repeating: "<187>1 - core1 app - - - of a flood\n", count: 2_000).utf8)
            while flood.isOn, socket.sendAll(lines) {}
          }
        }
        try await eventually("the flood has begun") { try await daemon.scrape().frames > 0 }
        let device = try UDPSender(port: ports.udp)
        for window in 1...20 {
          let frames = try await daemon.scrape().frames
          // Fewer than the smallest receive buffer holds.
          for number in 0..<50 { device.send(NumberedMessage.syslog(number)) }
          try await eventually("window \(window)") { try await daemon.scrape().datagrams == 50 * window }
          try await eventually("the flood goes on") { try await daemon.scrape().frames > frames }
        }
        #expect(try await daemon.scrape().kernelDropped == 0)
        flood.turnOff()
        _ = await flooding.result
        withExtendedLifetime(hanging) {}
      }
    }
  }
}
