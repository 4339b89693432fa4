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
    /// A receiver that works, and when each alert came to it first.
    private final class Witness: Sendable {
      private final class Times: Sendable {
        let all = Mutex<[Int: ContinuousClock.Instant]>([:])
      }
      private let times = Times()
      let receiver: WebhookReceiver

      init() throws {
        receiver = try WebhookReceiver(keeps: false) { [times] request, _ in
          let now = ContinuousClock.now
          if let number = request.number {
            times.all.withLock { if $0[number] == nil { $0[number] = now } }
          }
          return .status(200)
        }
      }

      var count: Int { times.all.withLock { $0.count } }

      /// Milliseconds from sending to arrival, sorted.
      func delays(_ sent: [Int: ContinuousClock.Instant]) -> [Double] {
        times.all.withLock { times in
          sent.compactMap { number, from in times[number].map { ($0 - from) / .milliseconds(1) } }.sorted()
        }
      }
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

    /// What a destination may do to be no good.
    enum Fault: CaseIterable { case hangs, hangsInTLS, hangsUp, answers500, isClosed, hasNoName }

    /// The same alerts through a daemon that has four destinations of this kind besides, and through one that
    /// has none: what the healthy one has to wait beyond the other is below 50 ms.
    @Test(arguments: Fault.allCases) func destinationsThatFail(fault: Fault) async throws {
      let (beside, alone) = (try Witness(), try Witness())
      let hangs = SilentServer()
      let refuses = try WebhookReceiver(keeps: false) { _, _ in fault == .hangsUp ? .hangUp : .status(500) }
      defer { for receiver in [beside.receiver, alone.receiver, refuses] { receiver.stop() } }
      let url =
        switch fault {
        case .hangs: "http://127.0.0.1:\(hangs.port)/"
        case .hangsInTLS: "https://127.0.0.1:\(hangs.port)/"
        case .hangsUp, .answers500: refuses.url
        case .isClosed: "http://127.0.0.1:\(try FreePort.stream())/"
        case .hasNoName: "http://receiver.invalid/"
        }
      try await Workspace.with("beside") { workspace in
        try await Workspace.with("alone") { other in
          let good = Self.destination("good", beside.receiver.url)
          var settings = DaemonSettings(rules: SampleRules.yaml)
          settings.extra =
            "destinations:\n" + (0..<4).map { Self.destination("bad\($0)", url) }.joined() + good
          let daemons = [
            try await DaemonPlace(workspace, settings).start(),
            try await DaemonPlace(
              other, DaemonSettings(rules: SampleRules.yaml, destinations: [("good", alone.receiver.url)])
            ).start(),
          ]
          defer { for daemon in daemons { daemon.child.signal(SIGKILL) } }
          let senders = try daemons.map { try UDPSender(port: $0.place.syslogPort) }
          var sent: [Int: ContinuousClock.Instant] = [:]
          let start = ContinuousClock.now
          for number in 0..<300 {
            sent[number] = .now
            for sender in senders { sender.send(NumberedMessage.syslog(number)) }
            try await Task.sleep(until: start + .milliseconds(10 * (number + 1)), clock: .continuous)
          }
          try await eventually("all have come") { beside.count == 300 && alone.count == 300 }
          let (with, without) = (beside.delays(sent), alone.delays(sent))
          print(
            "\(fault): p50 / p90 / longest \(with[150]) / \(with[270]) / \(with[299]) ms, "
              + "alone \(without[150]) / \(without[270]) / \(without[299]) ms")
          #expect(with[150] < without[150] + 50)
        }
      }
    }
  }
}
