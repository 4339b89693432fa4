import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Dead letters by hand, beside a running daemon; and what people ask about destinations.
@Suite struct DeadLetterTests {
  private func lines(_ result: Tool.Result) -> [JSON] {
    result.output.split(separator: "\n").compactMap { JSON($0) }
  }

  private func entries(_ place: DaemonPlace) async throws -> [JSON] {
    lines(try await place.muttd("audit", "config", "--table", "outbox", "--json"))
  }

  @Test func replayedAndPurgedUnderARunningDaemon() async throws {
    let refuses = Atomic<Bool>(true)
    let receiver = try WebhookReceiver { _, _ in .status(refuses.load(ordering: .relaxed) ? 422 : 200) }
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await withDaemon("dead", settings) { daemon in
      let place = daemon.place
      try await UDPSender(port: place.syslogPort).send(0..<6, rate: 1_000)
      func dead() async throws -> [JSON] {
        lines(try await place.muttd("outbox", "list", "--state", "dead", "--json"))
      }
      let letters = try await eventually("all are dead, with their answer") {
        let letters = try await dead()
        return letters.count == 6 && letters.allSatisfy { $0["last_status"] == .integer(422) } ? letters : nil
      }
      func id(_ index: Int) throws -> String {
        let id = letters[index]["id"]
        guard case .integer(let number) = id else { throw HarnessError("no id in \(letters[index])") }
        return "\(number)"
      }
      let delivered = receiver.count

      // Shown only: nothing happens, and nothing is noted.
      let dry = try await place.muttd("outbox", "replay", "--destination", "moog", "--dry-run", "--json")
      #expect(dry.ending == .code(0))
      #expect(
        lines(dry) == [.object(["destination": "moog", "replayed": .integer(6), "dry_run": .bool(true)])])
      #expect(try await dead() == letters)
      #expect(try await entries(place).isEmpty)
      #expect(try await place.muttd("outbox", "replay").ending == .code(64))
      #expect(try await place.muttd("outbox", "replay", "999999").ending == .code(1))
      #expect(try await place.muttd("outbox", "purge", try id(0)).ending == .code(64), "without a reason")

      // The running daemon picks it up: a new attempt under the same key.
      refuses.store(false, ordering: .relaxed)
      let replay = try await place.muttd(
        "outbox", "replay", try id(0), try id(1), "--reason", "receiver mended")
      #expect(replay.ending == .code(0) && replay.output.contains("moog: 2 replayed"), "\(replay)")
      try await eventually("both are delivered") {
        try await dead().count == 4 && receiver.count == delivered + 2
      }
      let again = receiver.received.suffix(2)
      #expect(again.allSatisfy { $0.headers["mutt-attempt"] == "2" })
      #expect(
        Set(again.map(\.key)) == Set(letters.prefix(2).compactMap { $0["event_id"].string }))
      let purge = try await place.muttd(
        "outbox", "purge", "--rule", "numbered", "--reason", "of no use any more")
      #expect(purge.ending == .code(0) && purge.output.contains("moog: 4 purged"), "\(purge)")
      #expect(try await dead().isEmpty)

      let notes = try await entries(place)
      #expect(notes.map(\.["reason"]) == ["of no use any more", "receiver mended"])
      #expect(notes.map(\.["operation"]) == ["DELETE", "UPDATE"])
      try await eventually("the books know of it") {
        let metrics = try await daemon.scrape()
        // Those that died, whatever was done with them since.
        return metrics.samples["mutt_deliveries_total{destination=\"moog\",outcome=\"dead\"}"] == 6
          && metrics.samples["mutt_deliveries_total{destination=\"moog\",outcome=\"purged\"}"] == 4
          && metrics.samples["mutt_outbox_dead{destination=\"moog\"}"] == 0
      }
      #expect(try await daemon.scrape().imbalances == [])
      #expect(receiver.count == delivered + 2)
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  /// What waits is as old as it is, not as the daemon or the trouble.
  @Test func theAgeOfAnAlertOutlivesARestart() async throws {
    let receiver = try WebhookReceiver { _, _ in .status(503) }
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await Workspace.with("age") { workspace in
      let place = try DaemonPlace(workspace, settings)
      let before = try await place.start()
      try UDPSender(port: place.syslogPort).send(NumberedMessage.syslog(1))
      try await eventually("it waits") { try await before.scrape().pending == 1 }
      try await Task.sleep(for: .seconds(2))
      #expect(try await before.stop() == .code(0))
      let daemon = try await place.start()
      let (age, uptime) = try await eventually("its age is told") { () -> (Int64, Int64)? in
        let body = try await daemon.readiness()?.body ?? .null
        guard let uptime = body["uptime_s"].integer,
          let age = body["problems"].items.first(where: { $0["name"] == "moog" })?["oldest_s"].integer
        else { return nil }
        return (age, uptime)
      }
      #expect(age >= uptime + 1)
      #expect(try await daemon.stop() == .code(0))
    }
  }

  /// Alerts of a destination that was taken out are seen, and not said to be sent.
  @Test func nothingIsReplayedToNobody() async throws {
    let receiver = try WebhookReceiver { _, _ in .status(422) }
    defer { receiver.stop() }
    try await Workspace.with("orphans") { workspace in
      let old = DaemonSettings(rules: SampleRules.yaml, destinations: [("old", receiver.url)])
      let place = try DaemonPlace(workspace, old)
      let daemon = try await place.start()
      try await UDPSender(port: place.syslogPort).send(0..<3, rate: 1_000)
      try await eventually("all are dead") {
        lines(try await place.muttd("outbox", "list", "--state", "dead", "--json")).count == 3
      }
      #expect(try await daemon.stop() == .code(0))
      let text = try String(contentsOfFile: place.configFile, encoding: .utf8)
      try workspace.write(text.replacing("name: old", with: "name: new"), to: "muttd.yaml")

      for arguments in [["--all"], ["--destination", "old"], ["--all", "--dry-run"]] {
        let replay = try await Tool.run(
          Binary.path, ["outbox", "replay", "--config", place.configFile] + arguments, in: workspace)
        #expect(replay.ending == .code(1) && replay.output == "", "\(replay)")
        #expect(replay.errors.contains("old: not in the configuration"), "\(replay)")
      }
      let list = try await place.muttd("destinations", "list")
      let row = try #require(list.output.split(separator: "\n").first { $0.hasPrefix("old ") })
      #expect(row.contains("not in the configuration") && row.hasSuffix(" 0     3"), "\(row)")
      let objects = lines(try await place.muttd("destinations", "list", "--json"))
      #expect(objects.map(\.["name"]) == ["new", "old"])
      #expect(objects[1]["url"] == .null && objects[1]["dead"] == .integer(3))
      #expect(lines(try await place.muttd("outbox", "list", "--state", "dead", "--json")).count == 3)

      try workspace.write(text, to: "muttd.yaml")
      let replay = try await place.muttd("outbox", "replay", "--all")
      #expect(replay.ending == .code(0) && replay.output == "old: 3 replayed\n", "\(replay)")
    }
  }

  @Test func aStoreThatIsAwayStopsNoReplay() async throws {
    try await Workspace.with("away") { workspace in
      let refuses = Atomic<Bool>(true)
      let receiver = try WebhookReceiver { _, _ in .status(refuses.load(ordering: .relaxed) ? 422 : 200) }
      defer { receiver.stop() }
      let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
      let place = try DaemonPlace(workspace, settings)
      let daemon = try await place.start()
      defer { daemon.child.signal(SIGKILL) }
      try UDPSender(port: place.syslogPort).send(NumberedMessage.syslog(1))
      try await eventually("it is dead") {
        lines(try await place.muttd("outbox", "list", "--state", "dead", "--json")).count == 1
      }
      refuses.store(false, ordering: .relaxed)
      let closed = try FreePort.stream()
      let result = try await Tool.run(
        Binary.path, ["outbox", "replay", "--all", "--config", place.configFile], in: workspace,
        environment: ["MUTT_STORE_URL": "postgres://muttd@127.0.0.1:\(closed)/muttd"])
      #expect(result.ending == .code(69))
      #expect(result.output.contains("moog: 1 replayed"))
      #expect(result.errors.contains("was changed") && result.errors.contains("no entry"), "\(result.errors)")
      try await eventually("it is delivered") { receiver.count > 1 }
      #expect(try await daemon.stop() == .code(0))
    }
  }

  /// The third of four cannot be changed: the two before it are reported and in the audit.
  @Test func whatWasDoneBeforeAnErrorIsAudited() async throws {
    let receiver = try WebhookReceiver { _, _ in .status(422) }
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await withDaemon("half-way", settings) { daemon in
      let place = daemon.place
      try await UDPSender(port: place.syslogPort).send(0..<4, rate: 1_000)
      let ids = try await eventually("all are dead") {
        let letters = lines(try await place.muttd("outbox", "list", "--state", "dead", "--json"))
        return letters.count == 4 ? letters.compactMap { $0["event_id"].string } : nil
      }
      _ = try await Tool.sqlite(
        place.outboxDatabase,
        "CREATE TRIGGER stuck BEFORE DELETE ON deliveries WHEN OLD.event_id = \(ids[2]) "
          + "BEGIN SELECT RAISE(ABORT, 'stuck'); END", in: place.workspace)
      let purge = try await place.muttd(
        "outbox", "purge", ids[0], ids[1], ids[2], ids[3], "--reason", "of no use")
      #expect(purge.ending != .code(0) && purge.output.contains("moog: 2 purged"), "\(purge)")
      #expect(purge.errors.contains("2 deliveries were purged before that"), "\(purge)")
      let notes = try await entries(place)
      #expect(notes.map(\.["reason"]) == ["of no use"])
      #expect(lines(try await place.muttd("outbox", "list", "--json")).count == 2)
      try await eventually("the books know of it") {
        try await daemon.scrape().sum("mutt_deliveries_total", "outcome=\"purged\"") == 2
      }
    }
  }

  @Test func destinationsAreListedAndTried() async throws {
    let receiver = try WebhookReceiver { request, _ in .status(request.path == "/refuses" ? 401 : 200) }
    defer { receiver.stop() }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = """
      destinations:
        - name: moog
          url: 'http://robot:s3cretword@127.0.0.1:\(receiver.port)/events?token=0123456789'
          fallback: refuses
        - name: refuses
          url: 'http://127.0.0.1:\(receiver.port)/refuses'
          match: {handling: [Ticket_only], min_severity: 3}

      """
    try await withDaemon("listed", settings) { daemon in
      let place = daemon.place
      let list = try await place.muttd("destinations", "list")
      #expect(list.ending == .code(0))
      #expect(!list.output.contains("s3cretword") && !list.output.contains("0123456789"))
      let listed = lines(try await place.muttd("destinations", "list", "--json"))
      #expect(listed.map(\.["name"]) == ["moog", "refuses"])
      #expect(listed.map(\.["fallback"]) == ["refuses", .null])
      #expect(listed.map(\.["dead"]) == [.integer(0), .integer(0)])

      let fine = try await place.muttd("destinations", "test", "moog")
      #expect(fine.ending == .code(0), "\(fine)")
      let sent = try #require(receiver.received.first)
      #expect(String(decoding: sent.body, as: UTF8.self).contains("nothing is wrong"))
      #expect(sent.headers["authorization"] == "Basic cm9ib3Q6czNjcmV0d29yZA==")
      let refused = try await place.muttd("destinations", "test", "refuses")
      #expect(refused.ending == .code(1) && refused.errors.contains("would be held"), "\(refused)")
      #expect(try await place.muttd("destinations", "test", "mog").errors.contains("nearest: moog"))
      // A trial is nobody's alert.
      #expect(
        try await place.audit("SELECT count(*) AS count FROM event_audit_log") == [
          .object(["count": .integer(0)])
        ])
      #expect(try await daemon.scrape().sum("mutt_deliveries_created_total") == 0)
    }
  }
}
