import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// A destination that takes over, and gives back.
@Suite struct FallbackTests {
  private static func destinations(_ first: String, _ second: String) -> String {
    """
    destinations:
      - name: first
        url: '\(first)'
        fallback: second
        retry: {initial: 20ms, max: 200ms}
        breaker: {failures: 2, open: 200ms, close: 3}
      - name: second
        url: '\(second)'

    """
  }

  private func state(_ daemon: DaemonProcess, _ name: String) async throws -> String? {
    try await daemon.readiness()?.body["problems"].items.first {
      $0["check"] == "destination" && $0["name"] == .string(name)
    }?["state"].string
  }

  /// Dead by answers, and refused: what comes then goes to the fallback, what waits stays, and afterwards
  /// everything goes the usual way again, even when hardly anything waited.
  @Test(arguments: [503, 401]) func takesOverAndGivesBack(status: Int) async throws {
    let isDown = Atomic<Bool>(false)
    let first = try WebhookReceiver { _, _ in .status(isDown.load(ordering: .relaxed) ? status : 200) }
    let second = try WebhookReceiver()
    defer {
      first.stop()
      second.stop()
    }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = Self.destinations(first.url, second.url)
    try await withDaemon("fallback", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("the usual way") { first.received.contains { $0.number == 1 } }

      isDown.store(true, ordering: .relaxed)
      sender.send(NumberedMessage.syslog(2))
      try await eventually("the first is shut") {
        let state = try await state(daemon, "first")
        return state == "open" || state == "held"
      }
      for number in 3..<10 { sender.send(NumberedMessage.syslog(number)) }
      try await eventually("pages go to the fallback") {
        Set(second.received.compactMap(\.number)) == Set(3..<10)
      }

      isDown.store(false, ordering: .relaxed)
      try await eventually("what waited is delivered where it waited") {
        try await daemon.scrape().pending == 0
      }
      try await eventually("and what comes goes the usual way again") {
        sender.send(NumberedMessage.syslog(20))
        return first.received.contains { $0.number == 20 }
      }
      for number in 21..<25 { sender.send(NumberedMessage.syslog(number)) }
      try await eventually("for good") {
        Set(first.received.compactMap(\.number)).isSuperset(of: 21..<25)
      }
      #expect(!second.received.contains { $0.number == 2 || ($0.number ?? 0) > 20 })
      try await eventually("nothing is left") { try await daemon.scrape().pending == 0 }
      #expect(try await state(daemon, "first") == nil)
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }
}
