import Foundation
import Synchronization
import Testing

/// What the daemon says about itself, to a real receiver.
@Suite struct SelfAlertTests {
  private func settings(_ moog: WebhookReceiver, _ ops: WebhookReceiver, _ extra: String = "")
    -> DaemonSettings
  {
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = """
      destinations:
        - name: moog
          url: '\(moog.url)'
          retry: {initial: 50ms, max: 200ms}
          breaker: {failures: 3, open: 200ms, close: 1}
        - name: ops
          url: '\(ops.url)'
          match: {team: [NOBODY]}
          retry: {initial: 50ms, max: 200ms}
          breaker: {failures: 3, open: 200ms, close: 1}
      self_alerts: ops
      \(extra)

      """
    return settings
  }

  private func send(_ daemon: DaemonProcess, _ text: String) async throws {
    try await Tool.succeed(
      Binary.path,
      ["send", "syslog", "--to", "127.0.0.1:\(daemon.place.syslogPort)", "--host", "core1", text],
      in: daemon.place.workspace)
  }

  private func subject(_ request: WebhookReceiver.Request) -> String? {
    request.json["custom_info"]["mutt"]["labels"]["subject"].string
  }

  @Test func aHeldDestinationIsToldAndItsEndToo() async throws {
    let refuses = Atomic<Bool>(true)
    let moog = try WebhookReceiver { _, _ in .status(refuses.load(ordering: .relaxed) ? 401 : 200) }
    let ops = try WebhookReceiver()
    defer {
      moog.stop()
      ops.stop()
    }
    try await withDaemon("self", settings(moog, ops)) { daemon in
      try await send(daemon, "the link is down again")
      try await eventually("ops hears that moog is held") { !ops.received.isEmpty }
      let alert = try #require(ops.received.first).json
      let facts = alert["custom_info"]["mutt"]
      #expect(facts["labels"]["subject"] == "destination/moog" && facts["labels"]["state"] == "held")
      #expect(facts["labels"]["do"].string?.contains("muttd reload") == true)
      #expect(facts["parse"] == "internal" && alert["type"] == "muttd-self" && alert["severity"] == 4)
      refuses.store(false, ordering: .relaxed)
      try await eventually("and that it is well again") { ops.count >= 2 }
      let last = try #require(ops.received.last).json
      #expect(last["severity"] == 0 && last["signature"] == alert["signature"])
      #expect(last["description"].string?.contains("well again") == true)
      // Told to ops alone, and in the books.
      #expect(moog.received.allSatisfy { subject($0) == nil })
      let metrics = try await eventually("all is delivered") {
        let metrics = try await daemon.scrape()
        return metrics.pending == 0 && metrics.delivered == 3 ? metrics : nil
      }
      #expect(metrics.imbalances == [])
      #expect(metrics.sum("mutt_events_received_total", "source=\"internal\"") == 2)
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?["internal"] == 2 && daemon.accounting?.imbalances == [])
      #expect(ops.count == 2)
    }
  }

  /// Killed twice: while it is held, and so that it is well again when the daemon comes back.
  @Test func aKillForgetsNothingThatWasTold() async throws {
    let refuses = Atomic<Bool>(true)
    let moog = try WebhookReceiver { _, _ in .status(refuses.load(ordering: .relaxed) ? 401 : 200) }
    let ops = try WebhookReceiver()
    defer {
      moog.stop()
      ops.stop()
    }
    func isHeld(_ daemon: DaemonProcess) async throws -> Bool {
      try await daemon.readiness()?.body["problems"].items.contains { $0["state"] == "held" } == true
    }
    try await Workspace.with("self-kill") { workspace in
      let place = try DaemonPlace(workspace, settings(moog, ops))
      var daemon = try await place.start()
      try await send(daemon, "the link is down again")
      try await eventually("ops hears that moog is held") { ops.count == 1 }
      await daemon.kill()
      daemon = try await place.start()
      try await eventually("it is held again") { try await isHeld(daemon) }
      // It would be told after two seconds.
      try await Task.sleep(for: .seconds(4))
      await daemon.kill()
      refuses.store(false, ordering: .relaxed)
      daemon = try await place.start()
      try await eventually("moog has the alert") { try await daemon.scrape().delivered >= 1 }
      try await eventually("ops hears that it is over") { ops.received.last?.json["severity"] == 0 }
      let (alert, last) = (try #require(ops.received.first).json, try #require(ops.received.last).json)
      #expect(
        alert["custom_info"]["mutt"]["labels"]["state"] == "held" && Set(ops.received.map(\.key)).count == 2)
      #expect(last["signature"] == alert["signature"])
      #expect(last["description"].string?.contains("destination/moog is well again, after ") == true)
      // And that stays said: there is nothing left whose end a further run would tell.
      await daemon.kill()
      let open = try await Tool.succeed(
        "sqlite3", [place.outboxDatabase, "SELECT count(*) FROM troubles"], in: workspace)
      #expect(open.trimmingCharacters(in: .whitespacesAndNewlines) == "0")
      daemon = try await place.start()
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  /// The destination that is told breaks: it is not told of itself, whatever else it is told.
  @Test func itNeverTellsOfItsOwnDestination() async throws {
    let moog = try WebhookReceiver { _, _ in .status(400) }
    let ops = try WebhookReceiver { _, index in .status(index % 2 == 0 ? 403 : 400) }
    defer {
      moog.stop()
      ops.stop()
    }
    try await withDaemon("self-loop", settings(moog, ops)) { daemon in
      try await send(daemon, "the link is down again")
      try await eventually("ops is told that a delivery to moog is dead, and dies of it") {
        let accounts = try await daemon.scrape()
        return accounts.sum("mutt_outbox_dead", "destination=\"ops\"") == 1
      }
      #expect(ops.received.allSatisfy { subject($0) == "dead/moog" })
      // Some more looks, as often as the daemon takes for anything new to be said.
      let begin = try await daemon.scrape().sum("mutt_heartbeats_total")
      #expect(begin == 0)
      try await send(daemon, "the link is down once more")
      try await eventually("moog's second is dead too") {
        try await daemon.scrape().sum("mutt_outbox_dead", "destination=\"moog\"") == 2
      }
      try await Task.sleep(for: .seconds(6))
      #expect(try await daemon.scrape().sum("mutt_events_received_total", "source=\"internal\"") == 1)
      #expect(Set(ops.received.map(\.key)).count == 1)
    }
  }

  @Test func theHeartbeatIsHeardAndMissed() async throws {
    let answers = Atomic<Bool>(true)
    let pulse = try WebhookReceiver { _, _ in .status(answers.load(ordering: .relaxed) ? 200 : 500) }
    defer { pulse.stop() }
    let extra = "heartbeat: {url: 'http://127.0.0.1:\(pulse.port)/ping/secret', every: 1s}\n"
    try await withDaemon("heartbeat", DaemonSettings(rules: SampleRules.yaml, extra: extra)) { daemon in
      try await eventually("three beats") { pulse.count >= 3 }
      #expect(pulse.received.allSatisfy { $0.path == "/ping/secret" && $0.body.isEmpty })
      answers.store(false, ordering: .relaxed)
      let count = pulse.count
      try await eventually("three that fail") { pulse.count >= count + 4 }
      answers.store(true, ordering: .relaxed)
      try await eventually("heard again") { daemon.log.contains("the heartbeat is heard again") }
      let said = daemon.logLines.filter { $0["component"] == "heartbeat" }
      // A machine that stands still for a second may have missed one more.
      #expect(said.first?["msg"] == "the heartbeat is not heard")
      #expect(said.contains { $0["msg"] == "the heartbeat is heard again" })
      #expect(!daemon.log.contains("secret"))
      try await eventually("beats are counted") {
        let metrics = try await daemon.scrape()
        return metrics.sum("mutt_heartbeats_total", "outcome=\"heard\"") >= 3
          && metrics.sum("mutt_heartbeats_total", "outcome=\"failed\"") >= 3
      }
      #expect(try await daemon.stop() == .code(0))
    }
  }
}
