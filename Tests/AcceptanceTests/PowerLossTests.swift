import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// The power goes: what the daemon has said to be safe is on the disk, and not only in the kernel.
@Suite struct PowerLossTests {
  private static let rules = """
    rules:
      - {name: page, match_type: contains, match_string: link is down, priority: 10,
         prod_handling: Page_only, dev_handling: Page_only}
      - {name: note, match_type: contains, match_string: configured from, priority: 20,
         prod_handling: Log_only, dev_handling: Log_only}

    """

  /// What a run was told, and by whom.
  private struct Stage {
    let place: DaemonPlace
    let platter: Platter
    let receiver: WebhookReceiver
    let informs: InformSender
    var random: SeededGenerator

    /// Numbers of alerts that an answer of 2xx has taken.
    var taken: Set<Int> {
      Set(receiver.received.enumerated().filter { $0.offset % 7 != 3 }.compactMap(\.element.number))
    }

    /// One life: events come, and the power goes in the middle of them.
    mutating func live(_ cut: Platter.Cut, from first: Int) async throws -> Int {
      let daemon = try await place.start(environment: platter.environment)
      // A disk that refuses may refuse the rules: without them nothing is matched, and no row is promised.
      try await eventually("there are rules") {
        let loaded = daemon.logLines.last { $0["msg"] == "rules loaded" }
        if loaded?["rules"] == 2 { return true }
        _ = try await place.muttd("reload")
        return false
      }
      let syslog = try UDPSender(port: place.syslogPort)
      let end = ContinuousClock.now + .milliseconds(Int.random(in: 300...1_300, using: &random))
      var number = first
      while ContinuousClock.now < end {
        for _ in 0..<5 {
          number += 1
          let words = number % 3 == 0 ? "configured from" : "link is down"
          if number % 2 == 0 {
            informs.send(number, words: words)
          } else {
            syslog.send(NumberedMessage.syslog(number, words: words))
          }
        }
        try await Task.sleep(for: .milliseconds(10))
      }
      if let ending = daemon.child.poll() { throw HarnessError("\(ending) by itself:\n\(daemon.log)") }
      await daemon.kill()
      try platter.cut(cut, using: &random)
      return number
    }
  }

  private func stage(
    _ name: String, sync: String, seed: UInt64, fails: Int = 0, _ body: (inout Stage) async throws -> Void
  ) async throws {
    let receiver = try WebhookReceiver { _, index in .status(index % 7 == 3 ? 503 : 200) }
    defer { receiver.stop() }
    try await Workspace.with(name) { workspace in
      var settings = DaemonSettings(rules: Self.rules, destinations: [("moog", receiver.url)])
      settings.auditEvents = "matched"
      settings.extra = "outbox: {sync: \(sync)}\n"
      let place = try DaemonPlace(workspace, settings)
      let informs = try InformSender(port: place.trapPort)
      defer { informs.stop() }
      var stage = Stage(
        place: place, platter: try await Platter(of: place.state, in: workspace, fails: fails),
        receiver: receiver, informs: informs, random: SeededGenerator(seed: seed))
      try await body(&stage)
    }
  }

  /// Numbers in the audit, and of those the ones it says were forwarded.
  private func audit(_ place: DaemonPlace) async throws -> (rows: Set<Int>, forwarded: Set<Int>) {
    let rows = try await place.audit(
      "SELECT raw_message AS raw, forwarded_to_moog AS sent FROM event_audit_log")
    var found: (rows: Set<Int>, forwarded: Set<Int>) = ([], [])
    for row in rows {
      let number = try #require(NumberedMessage.number(in: Array((row["raw"].string ?? "").utf8)))
      #expect(found.rows.insert(number).inserted, "\(number) twice in the audit")
      if row["sent"] == 1 { found.forwarded.insert(number) }
    }
    return found
  }

  private func settle(_ stage: Stage) async throws {
    let daemon = try await stage.place.start()
    try await eventually("nothing is left", within: .seconds(120)) {
      let metrics = try await daemon.scrape()
      #expect(metrics.imbalances == [])
      return metrics.pending == 0 && metrics.auditPending == 0
    }
    #expect(try await daemon.stop() == .code(0))
    #expect(daemon.accounting?.imbalances == [])
  }

  /// An inform that was acknowledged and an alert that left were committed before: row, alert and mark
  /// survive, however the cut tears what had not come to the disk.
  @Test(arguments: [1, 2] as [UInt64]) func whatWasConfirmedSurvives(seed: UInt64) async throws {
    try await expectSurvival("power", lives: 6, seed: seed)
  }

  /// A disk that says now and then that it could not write, and means it: what it refused once the kernel
  /// gives it no second time by itself.
  @Test func whatTheDiskRefusedIsWrittenAgain() async throws {
    try await expectSurvival("power-refused", lives: 4, seed: 4, fails: 250)
  }

  private func expectSurvival(_ name: String, lives: Int, seed: UInt64, fails: Int = 0) async throws {
    try await stage(name, sync: "full", seed: seed, fails: fails) { stage in
      var number = 0
      for life in 0..<lives { number = try await stage.live(life % 2 == 0 ? .torn : .clean, from: number) }
      try await settle(stage)
      let acknowledged = stage.informs.acknowledged
      let (rows, forwarded) = try await audit(stage.place)
      try #require(acknowledged.count > 100 && stage.taken.count > 100, "too little to prove anything")
      let missing = acknowledged.subtracting(rows)
      #expect(missing.isEmpty, "acknowledged and not in the audit: \(missing.sorted().prefix(20))")
      let pages = acknowledged.filter { $0 % 3 != 0 }
      let unsent = pages.subtracting(stage.taken)
      #expect(unsent.isEmpty, "acknowledged and never delivered: \(unsent.sorted().prefix(20))")
      let unmarked = stage.taken.subtracting(forwarded)
      #expect(unmarked.isEmpty, "delivered, and the audit does not say so: \(unmarked.sorted().prefix(20))")
      var keys: [Int: Set<String>] = [:]
      for request in stage.receiver.received {
        if let number = request.number { keys[number, default: []].insert(request.key) }
      }
      #expect(keys.values.allSatisfy { $0.count == 1 }, "one number under several keys")
      print("power: \(number) sent, \(acknowledged.count) acknowledged, \(stage.taken.count) delivered")
    }
  }

  /// The other setting promises less, and this disk shows it: were it not so, the test above would prove
  /// nothing.
  @Test func withoutSyncingTheSameCutLosesWhatWasConfirmed() async throws {
    try await stage("power-normal", sync: "normal", seed: 3) { stage in
      _ = try await stage.live(.clean, from: 0)
      try await settle(stage)
      let acknowledged = stage.informs.acknowledged
      try #require(acknowledged.count > 20, "too little to prove anything")
      let rows = try await audit(stage.place).rows
      #expect(!acknowledged.subtracting(rows).isEmpty, "this disk keeps what was never synced")
    }
  }
}
