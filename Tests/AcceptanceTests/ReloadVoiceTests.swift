import Foundation
import Synchronization
import Testing

/// What the daemon says of its own accord, and how much of each source it takes, changed by a reload.
@Suite struct ReloadVoiceTests {
  private func reload(_ daemon: DaemonProcess, _ yaml: String) async throws {
    try Data(yaml.utf8).write(to: URL(fileURLWithPath: daemon.place.configFile))
    let result = try await daemon.place.muttd("reload")
    #expect(result.ending == .code(0), "\(result.errors)")
    #expect(!daemon.log.contains("take effect at the next start"))
  }

  private func subjects(_ receiver: WebhookReceiver) -> Set<String> {
    Set(receiver.received.compactMap { $0.json["custom_info"]["mutt"]["labels"]["subject"].string })
  }

  @Test func selfAlertsGoToAnother() async throws {
    let refuses = Atomic<Bool>(true)
    let moog = try WebhookReceiver { _, _ in .status(refuses.load(ordering: .relaxed) ? 401 : 200) }
    let (first, second) = (try WebhookReceiver(), try WebhookReceiver())
    defer { for receiver in [moog, first, second] { receiver.stop() } }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    func destinations(_ others: [(String, WebhookReceiver)]) -> String {
      "destinations:\n  - {name: moog, url: '\(moog.url)', retry: {initial: 50ms, max: 200ms}}\n"
        + others.map { "  - {name: \($0), url: '\($1.url)', match: {team: [NOBODY]}}\n" }.joined()
    }
    settings.extra = destinations([("first", first)])
    try await withDaemon("reloaded-self", settings) { daemon in
      let original = text(of: daemon.place.configFile)
      try UDPSender(port: daemon.place.syslogPort).send(NumberedMessage.syslog(1))
      try await eventually("moog is held") {
        try await daemon.readiness()?.body["problems"].items.contains { $0["state"] == "held" } == true
      }
      #expect(first.received.isEmpty)
      try await reload(daemon, original + "self_alerts: first\n")
      try await eventually("the first hears of it") { subjects(first) == ["destination/moog"] }
      // One that was not there before, in another place of the list; the first is gone.
      try await reload(
        daemon,
        original.replacingOccurrences(
          of: destinations([("first", first)]), with: destinations([("second", second)]))
          + "self_alerts: second\n")
      try await eventually("the second hears of it too") { subjects(second) == ["destination/moog"] }
      let told = first.received.count
      refuses.store(false, ordering: .relaxed)
      // A held destination is tried again by a reload.
      #expect(try await daemon.place.muttd("reload").ending == .code(0))
      try await eventually("the second hears that it is over") {
        second.received.contains { $0.json["severity"] == 0 }
      }
      #expect(first.received.count == told && moog.received.allSatisfy { $0.number == 1 })
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  @Test func alertsThatNobodyTakesAreToldUntilAReloadRoutesThem() async throws {
    let (moog, ops) = (try WebhookReceiver(), try WebhookReceiver())
    defer { for receiver in [moog, ops] { receiver.stop() } }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = """
      destinations:
        - {name: moog, url: '\(moog.url)', match: {team: [NOBODY]}}
        - {name: ops, url: '\(ops.url)', match: {team: [OPS]}}
      self_alerts: ops

      """
    try await withDaemon("reloaded-routes", settings) { daemon in
      let original = text(of: daemon.place.configFile)
      let sender = try UDPSender(port: daemon.place.syslogPort)
      for number in 1...50 { sender.send(NumberedMessage.syslog(number)) }
      try await eventually("ops hears of it") { subjects(ops) == ["routing"] }
      let alert = try #require(ops.received.first).json
      #expect(alert["custom_info"]["mutt"]["labels"]["state"] == "incomplete" && alert["severity"] == 4)
      let reason = alert["custom_info"]["mutt"]["labels"]["reason"].string ?? ""
      #expect(reason.contains("alerts were taken by no destination, the last by numbered of "), "\(reason)")
      // Another that takes them no more than the first did.
      try await reload(daemon, original.replacingOccurrences(of: "[NOBODY]", with: "[NOONE]"))
      #expect(
        try await daemon.readiness()?.body["problems"].items.contains { $0["state"] == "unrouted" } == true)
      try await reload(daemon, original.replacingOccurrences(of: ", match: {team: [NOBODY]}", with: ""))
      #expect(
        try await daemon.readiness()?.body["problems"].items.contains { $0["state"] == "unrouted" } == false)
      try await eventually("and that it is over") { ops.count == 2 }
      let last = try #require(ops.received.last).json
      #expect(last["severity"] == 0 && last["signature"] == alert["signature"])
      #expect(moog.received.isEmpty)
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [] && daemon.accounting?["unrouted"] == 50)
    }
  }

  @Test func theHeartbeatBeginsMovesAndEnds() async throws {
    let (first, second) = (try WebhookReceiver(), try WebhookReceiver())
    defer { for receiver in [first, second] { receiver.stop() } }
    try await withDaemon("reloaded-heartbeat", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let original = text(of: daemon.place.configFile)
      try await reload(daemon, original + "heartbeat: {url: '\(first.url)', every: 1s}\n")
      try await eventually("the first is told") { first.count >= 2 }
      try await reload(daemon, original + "heartbeat: {url: '\(second.url)', every: 1s}\n")
      try await eventually("the second is told") { second.count >= 1 }
      let count = first.count
      try await eventually("and again") { second.count >= 3 }
      #expect(first.count == count)
      // One that is to come in a day is not waited for.
      try await reload(daemon, original + "heartbeat: {url: '\(first.url)', every: 1d}\n")
      try await eventually("the first is told at once") { first.count == count + 1 }
      try await reload(daemon, original + "heartbeat: {url: '\(second.url)', every: 1s}\n")
      let other = second.count
      try await eventually("and the second before the day is over") { second.count >= other + 2 }
      #expect(try await daemon.stop() == .code(0))
    }
  }

  @Test func aLimitOfEachSourceComesAndGoes() async throws {
    try await withDaemon("reloaded-storm", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let original = text(of: daemon.place.configFile)
      var sent = 0
      func send(_ count: Int) async throws -> (received: Int, shed: Int) {
        try await UDPSender(port: daemon.place.syslogPort).send(sent..<sent + count, rate: 2_000)
        sent += count
        return try await eventually("all \(sent) are counted") {
          let metrics = try await daemon.scrape()
          #expect(metrics.imbalances == [])
          guard metrics.datagrams + metrics.kernelDropped == sent else { return nil }
          return (metrics.received, metrics.sum("mutt_discarded_total", "reason=\"storm\""))
        }
      }
      #expect(try await send(100).shed == 0)
      try await reload(daemon, original + "storm: {rate: 1/m, burst: 10}\n")
      let limited = try await send(100)
      // Ten at once, and one a minute, should the machine take so long.
      #expect((85...90).contains(limited.shed))
      try await reload(daemon, original)
      try await eventually("the storm is said to be over") {
        daemon.logLines.filter { $0["name"] == "127.0.0.1" }.map { $0["msg"].string?.prefix(15) }
          == ["a storm begins:", "a storm is over"]
      }
      #expect(try await send(100).shed == limited.shed)
      #expect(try await daemon.scrape().sum("mutt_storms_active") == 0)
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  @Test func theThresholdOfUnmatchedEventsIsTakenOver() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    let settings = DaemonSettings(
      rules: SampleRules.yaml, destinations: [("moog", receiver.url)],
      extra: "unmatched: {threshold: 1000000}\n")
    try await withDaemon("reloaded-unmatched", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      func send() { sender.send(Array("<12>1 - web9 app - - - nobody has a rule for this".utf8)) }
      for _ in 0..<50 { send() }
      try await eventually("the kind is counted") {
        try await daemon.scrape().sum("mutt_unmatched_templates") == 1
      }
      #expect(receiver.received.isEmpty)
      let yaml = text(of: daemon.place.configFile)
      try await reload(daemon, yaml.replacingOccurrences(of: "threshold: 1000000", with: "threshold: 20"))
      try await eventually("one more raises the alert") {
        send()
        return receiver.received.contains { $0.json["type"] == "unmatched" }
      }
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }
}
