import Foundation
import Synchronization
import Testing

/// A destination is mended and the configuration loaded again: what has waited for it leaves at once.
@Suite struct MendedDestinationTests {
  private func moog(_ url: String, _ keys: String) -> String {
    """
    destinations:
      - name: moog
        url: '\(url)'
    \(keys)

    """
  }

  private func numbers(_ receiver: WebhookReceiver) -> Set<Int> {
    receiver.numbers
  }

  private func exchange(_ words: [(old: String, new: String)], in place: DaemonPlace) async throws {
    var yaml = text(of: place.configFile)
    for (old, new) in words {
      #expect(yaml.contains(old))
      yaml = yaml.replacingOccurrences(of: old, with: new)
    }
    try Data(yaml.utf8).write(to: URL(fileURLWithPath: place.configFile))
    let result = try await place.muttd("reload")
    #expect(result.ending == .code(0), "\(result.errors)")
  }

  /// The receiver has asked for an hour; another one takes its place, by its URL alone or with a key that the
  /// running forwarder cannot take over.
  @Test(arguments: [429, 503], [false, true]) func anotherReceiver(status: Int, isFresh: Bool) async throws {
    let busy = try WebhookReceiver { _, _ in .answer(status, ["Retry-After: 3600"]) }
    let spare = try WebhookReceiver()
    defer {
      busy.stop()
      spare.stop()
    }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = moog(busy.url, "    timeout: 9s")
    try await withDaemon("mended", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("it was refused") { busy.count == 1 }
      sender.send(NumberedMessage.syslog(2))
      try await eventually("two wait") {
        try await daemon.place.muttd("outbox", "list", "--json").output.split(separator: "\n").count == 2
      }
      let other = isFresh ? [("timeout: 9s", "timeout: 8s")] : []
      try await exchange([(busy.url, spare.url)] + other, in: daemon.place)
      try await eventually("both leave") { numbers(spare) == [1, 2] }
      sender.send(NumberedMessage.syslog(3))
      try await eventually("and what comes") { numbers(spare) == [1, 2, 3] }
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  /// Refused pages would wait for a minute by themselves, while what was never tried leaves.
  @Test func refusedPagesLeaveWithTheOthers() async throws {
    let isMended = Atomic<Bool>(false)
    let receiver = try WebhookReceiver { _, _ in .status(isMended.load(ordering: .relaxed) ? 200 : 403) }
    defer { receiver.stop() }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = moog(
      receiver.url, "    retry: {initial: 1h, max: 1h}\n    breaker: {failures: 5, open: 1h, close: 1}")
    try await withDaemon("mended-secret", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      for number in 1...5 { sender.send(NumberedMessage.syslog(number)) }
      try await eventually("some are refused, and it is held") {
        let problems = try await daemon.readiness()?.body["problems"].items ?? []
        return receiver.count > 0 && problems.contains { $0["state"] == "held" }
      }
      isMended.store(true, ordering: .relaxed)
      #expect(try await daemon.place.muttd("reload").ending == .code(0))
      try await eventually("all leave") { try await daemon.scrape().pending == 0 }
      #expect(numbers(receiver) == Set(1...5))
      #expect(try await daemon.stop() == .code(0))
    }
  }

  /// Nothing of the configuration has changed: people say that it is time, in a running daemon and before a
  /// start.
  @Test(arguments: [true, false]) func byHand(isRunning: Bool) async throws {
    let isMended = Atomic<Bool>(false)
    let receiver = try WebhookReceiver { _, _ in
      isMended.load(ordering: .relaxed) ? .status(200) : .answer(503, ["Retry-After: 3600"])
    }
    defer { receiver.stop() }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = moog(receiver.url, "")
    try await Workspace.with("by-hand") { workspace in
      let place = try DaemonPlace(workspace, settings)
      var daemon = try await place.start()
      defer { daemon.child.signal(SIGKILL) }
      let sender = try UDPSender(port: place.syslogPort)
      for number in 1...3 { sender.send(NumberedMessage.syslog(number)) }
      try await eventually("they wait for an hour") {
        try await place.muttd("outbox", "list", "--json").output.split(separator: "\n").count {
          JSON(String($0))?["last_status"] == .integer(503)
        } == 3
      }
      isMended.store(true, ordering: .relaxed)
      if !isRunning { #expect(try await daemon.stop() == .code(0)) }
      let none = try await place.muttd("outbox", "replay", "--all")
      #expect(none.ending == .code(1) && none.errors.contains("--state pending"), "\(none)")
      func replay(_ more: String...) async throws -> Tool.Result {
        let words = ["outbox", "replay", "--state", "pending", "--destination", "moog"]
        return try await Tool.run(
          Binary.path, words + more + ["--config", place.configFile], in: workspace)
      }
      let dry = try await replay("--dry-run")
      #expect(dry.ending == .code(0) && dry.output.contains("moog: 3 would be replayed"), "\(dry)")
      #expect(receiver.count == 3)
      let done = try await replay("--reason", "moog is back")
      #expect(done.ending == .code(0) && done.output.contains("moog: 3 replayed"), "\(done)")
      if !isRunning { daemon = try await place.start() }
      try await eventually("they leave") { receiver.count == 6 }
      let again = receiver.received.suffix(3)
      #expect(again.allSatisfy { $0.headers["mutt-attempt"] == "2" })
      #expect(try await replay("--reason", "once more").ending == .code(1))
      let notes = try await place.muttd("audit", "config", "--table", "outbox", "--json").output
      #expect(notes.contains("moog is back") && notes.contains("state pending"), "\(notes)")
      try await eventually("the books are right") {
        let metrics = try await daemon.scrape()
        return metrics.pending == 0 && metrics.imbalances == []
      }
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }
}
