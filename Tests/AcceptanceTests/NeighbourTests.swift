import Foundation
import Synchronization
import TestKit
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension UnderLoad {
  /// No destination is delayed by another, whatever that one does.
  @Suite struct NeighbourTests {
    /// A receiver that works, and how many alerts have come to it.
    private final class Witness: Sendable {
      private final class Numbers: Sendable {
        let all = Mutex<Set<Int>>([])
      }
      private let numbers = Numbers()
      let receiver: WebhookReceiver

      init() throws {
        receiver = try WebhookReceiver(keeps: false) { [numbers] request, _ in
          if let number = request.number { numbers.all.withLock { _ = $0.insert(number) } }
          return .status(200)
        }
      }

      var count: Int { numbers.all.withLock { $0.count } }
    }

    /// A name server of loopback that hears and never answers.
    private final class SilentNameServer: Sendable {
      let address: String
      private let socket: LoopbackSocket
      /// How often each question was asked, by its sender and number.
      private let asked = Mutex<[[UInt8]: Int]>([:])

      init() throws {
        address = "127.\(Int.random(in: 100...250)).\(Int.random(in: 1...250)).53"
        socket = try LoopbackSocket(.datagram)
        try socket.bind(host: address, port: 53)
        socket.limitReads(seconds: 1)
        Thread { [weak self] in
          while let socket = self?.socket {
            let question = socket.receive()
            if !question.isEmpty { self?.asked.withLock { $0[question, default: 0] += 1 } }
          }
        }.start()
      }

      var questions: Int { asked.withLock { $0.count } }
      /// Somebody has waited so long that the resolver has asked the same again.
      var isAskedAgain: Bool { asked.withLock { $0.values.contains { $0 > 1 } } }
    }

    private static func destination(_ name: String, _ url: String) -> String {
      """
        - name: \(name)
          url: '\(url)'
          rate: null
          timeout: 1s
          retry: {initial: 20ms, max: 300ms}
          breaker: {failures: 5, open: 100ms, close: 2}

      """
    }

    /// A look-up that goes on for twenty seconds is left to itself when the attempt's second is over.
    @Test(.enabled(if: SmallDisk.isPossible, "exchanging the list of name servers takes root"))
    func namesThatAreNotAnswered() async throws {
      let server = try SilentNameServer()
      let good = try Witness()
      defer { good.receiver.stop() }
      try await Workspace.with("nameless") { workspace in
        let names = "nameserver \(server.address)\noptions timeout:20 attempts:2\n"
        let list = try workspace.write(names, to: "resolv.conf")
        var settings = DaemonSettings(rules: SampleRules.yaml)
        settings.extra =
          "destinations:\n" + Self.destination("nameless", "http://receiver.example/events")
          + Self.destination("good", good.receiver.url)
        var place = try DaemonPlace(workspace, settings)
        place.prefix = [
          "unshare", "--mount", "sh", "-c", "mount --bind \(list) /etc/resolv.conf && exec \"$@\"", "sh",
        ]
        let daemon = try await place.start()
        defer { daemon.child.signal(SIGKILL) }
        let sender = try UDPSender(port: place.syslogPort)
        sender.send(NumberedMessage.syslog(0))
        try await eventually("the name is asked for") { server.questions > 0 }
        try await eventually("the attempt ends in its own time") {
          daemon.log.contains("destination fails; its alerts wait in the outbox")
        }
        for number in 1...50 {
          sender.send(NumberedMessage.syslog(number))
          try await eventually("\(number) passes by") { good.count > number }
        }
        #expect(!server.isAskedAgain, "the healthy one waited until the resolver asked a second time")
        #expect(try await daemon.stop() == .code(0))
        #expect(daemon.accounting?.imbalances == [])
      }
    }

    /// Eight attempts under way at each of four destinations that never answer: whatever comes for the
    /// healthy one is there before the first of them is given up.
    @Test(arguments: ["http", "https"]) func destinationsThatHang(scheme: String) async throws {
      let good = try Witness()
      defer { good.receiver.stop() }
      let hangs = SilentServer()
      var settings = DaemonSettings(rules: SampleRules.yaml)
      settings.extra =
        "destinations:\n"
        + (0..<4).map { index in
          Self.destination("bad\(index)", "\(scheme)://127.0.0.1:\(hangs.port)/")
            .replacing("timeout: 1s", with: "timeout: 300s")
        }.joined() + Self.destination("good", good.receiver.url)
      try await withDaemon("hanging", settings) { daemon in
        let sender = try UDPSender(port: daemon.place.syslogPort)
        for number in 0..<50 {
          sender.send(NumberedMessage.syslog(number))
          try await eventually("\(number) passes by") { good.count > number }
        }
        #expect(!daemon.log.contains("destination fails"), "the healthy one waited for one that hangs")
      }
    }
  }
}
