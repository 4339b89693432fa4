import Foundation
import Synchronization
import Testing

/// A raise that has to be sent again arrives before its clear, so that nothing stays open that is over.
@Suite struct ClearOrderTests {
  /// The next raise waits for nobody, and lets the clear before it go first.
  @Test func theNextRaiseComesBehindTheClearAndWithoutDelay() async throws {
    let receiver = try WebhookReceiver { request, _ in .status(request.number == 1 ? 503 : 200) }
    defer { receiver.stop() }
    var settings = DaemonSettings(rules: SampleRules.downAndUp, destinations: [("moog", receiver.url)])
    settings.destinationKeys = """
          rate: null
          retry: {initial: 20s, max: 60s}
          breaker: {failures: 1000}

      """
    try await withDaemon("clear-next", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("the raise has failed") { receiver.count > 0 }
      sender.send(NumberedMessage.syslog(2, words: "link is up"))
      try await eventually("the clear waits") { try await daemon.scrape().pending == 2 }
      sender.send(NumberedMessage.syslog(3))
      try await eventually("both arrive") { receiver.received.contains { $0.number == 3 } }
      let order = receiver.received.compactMap(\.number).filter { $0 != 1 }
      #expect(order == [2, 3])
      try await eventually("the first alone still waits") { try await daemon.scrape().pending == 1 }
    }
  }

  /// Also when the daemon is killed while both wait.
  @Test(arguments: [false, true]) func aClearWaitsForItsRaise(isKilled: Bool) async throws {
    let refuses = Atomic<Bool>(true)
    // Only what says so is refused: the destination works, and others pass meanwhile.
    let receiver = try WebhookReceiver { request, _ in
      .status(request.number == 1 && refuses.load(ordering: .relaxed) ? 503 : 200)
    }
    defer { receiver.stop() }
    var settings = DaemonSettings(rules: SampleRules.downAndUp, destinations: [("moog", receiver.url)])
    settings.destinationKeys = """
          rate: null
          retry: {initial: 100ms, max: 400ms}
          breaker: {failures: 1000}

      """
    try await Workspace.with("clear-order") { workspace in
      let place = try DaemonPlace(workspace, settings)
      var daemon = try await place.start()
      let sender = try UDPSender(port: place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("the raise has failed") { receiver.count > 0 }
      sender.send(NumberedMessage.syslog(2, words: "link is up"))
      // Those of another host do not wait.
      sender.send(NumberedMessage.syslog(3, host: "core2"))
      sender.send(NumberedMessage.syslog(4, host: "core2", words: "link is up"))
      try await eventually("the others arrive, and the raise fails time and again") {
        let numbers = receiver.received.compactMap(\.number)
        return Set(numbers).isSuperset(of: [3, 4]) && numbers.count { $0 == 1 } > 4
      }
      #expect(!receiver.received.contains { $0.number == 2 })
      if isKilled {
        await daemon.kill()
        daemon = try await place.start()
        let before = receiver.count
        try await eventually("it is tried again") { receiver.count > before }
        #expect(!receiver.received.contains { $0.number == 2 })
      }
      refuses.store(false, ordering: .relaxed)
      try await eventually("both arrive") { receiver.received.contains { $0.number == 2 } }
      let order = receiver.received.compactMap(\.number)
      let raised = try #require(order.lastIndex(of: 1))
      let cleared = try #require(order.firstIndex(of: 2))
      #expect(raised < cleared)
      try await eventually("nothing is left") { try await daemon.scrape().pending == 0 }
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }
}
