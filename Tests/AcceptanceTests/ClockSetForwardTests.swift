import Foundation
import Synchronization
import Testing

/// A clock that jumps ahead while an alert waits: it is not a day older, in this run or in the next.
@Suite struct ClockSetForwardTests {
  @Test func anAlertThatWaitsIsNotOlderForItAfterARestart() async throws {
    let isDown = Atomic<Bool>(true)
    let receiver = try WebhookReceiver { _, _ in .status(isDown.load(ordering: .relaxed) ? 503 : 200) }
    defer { receiver.stop() }
    var settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    settings.destinationKeys += "    max_age: 10m\n"
    try await Workspace.with("clock-forward") { workspace in
      let place = try DaemonPlace(workspace, settings)
      let clock = try await SteppedClock(in: workspace)
      var daemon = try await place.start(environment: clock.environment)
      try UDPSender(port: place.syslogPort).send(NumberedMessage.syslog(1))
      try await eventually("it has failed") { receiver.count > 0 }
      try clock.set(seconds: 86_400)
      try await eventually("it is noted") {
        let query = "SELECT (step + 500000000) / 1000000000 FROM clock_leaps"
        return try await Tool.sqliteColumn(place.outboxDatabase, query, in: workspace) == ["86400"]
      }
      await daemon.kill()
      let before = receiver.count
      daemon = try await place.start(environment: clock.environment)
      try await eventually("it is tried again, and again") { receiver.count > before + 3 }
      #expect(try await daemon.scrape().pending == 1)
      isDown.store(false, ordering: .relaxed)
      try await eventually("it is delivered") { try await daemon.scrape().pending == 0 }
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?["dead"] == 0 && daemon.accounting?["delivered"] == 1)
    }
  }
}
