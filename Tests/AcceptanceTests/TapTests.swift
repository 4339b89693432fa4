import Foundation
import Testing

/// `muttd tap` beside a running daemon.
@Suite struct TapTests {
  private func send(_ daemon: DaemonProcess, _ arguments: String...) async throws {
    try await Tool.succeed(
      Binary.path, ["send", "syslog", "--to", "127.0.0.1:\(daemon.place.syslogPort)"] + arguments,
      in: daemon.place.workspace)
  }

  private func start(_ daemon: DaemonProcess, _ command: String, _ arguments: [String]) async throws -> Child
  {
    let stem = daemon.place.workspace.file("watch-" + UUID().uuidString.prefix(8))
    return try await Child(
      command, arguments, in: daemon.place.workspace.path, outputFile: stem + ".out",
      errorFile: stem + ".err")
  }

  /// A tap that runs beside the test; its lines are in its output.
  private func tap(_ daemon: DaemonProcess, _ arguments: [String]) async throws -> Child {
    try await start(
      daemon, Binary.path, ["tap", "--json", "--config", daemon.place.configFile] + arguments)
  }

  /// A client of the socket that shows the head of the answer too.
  private func curl(_ daemon: DaemonProcess, _ arguments: String..., target: String) async throws -> Child {
    try await start(
      daemon, "curl",
      ["-siN", "--unix-socket", daemon.place.state + "/api.sock"] + arguments + [
        "http://localhost/api/v1/\(target)"
      ])
  }

  /// Whole lines about events.
  private func events(_ tap: Child) -> [JSON] {
    tap.output.split(separator: "\n").compactMap { JSON($0) }.filter { $0["id"] != .null }
  }

  /// All that was left out of what this tap wanted.
  private func leftOut(_ tap: Child, _ key: String) -> Int64 {
    tap.output.split(separator: "\n").compactMap { JSON($0)?[key].integer }.reduce(0, +)
  }

  private func counter(_ daemon: DaemonProcess, _ name: String) async throws -> Double {
    try await daemon.scrape().samples[name] ?? 0
  }

  /// A tap that is not there yet misses what was decided before: sent until it has seen something.
  private func attached(_ daemon: DaemonProcess, _ tap: Child, _ arguments: String...) async throws {
    try await eventually("the tap is attached: \(tap.errors)") {
      try await Tool.succeed(
        Binary.path, ["send", "syslog", "--to", "127.0.0.1:\(daemon.place.syslogPort)"] + arguments,
        in: daemon.place.workspace)
      return !events(tap).isEmpty
    }
  }

  /// Every line is what the API's description says a line is; gives how many of them were of each kind.
  private func expectDescribed(_ tap: Child, _ daemon: DaemonProcess) async throws -> [String: Int] {
    let answer = try #require(
      try await HTTPAnswer.get("/api/v1/openapi.json", port: daemon.place.httpPort))
    let schema = JSONSchema(document: try #require(JSON(answer.body)))
    var counts: [String: Int] = [:]
    for line in tap.output.split(separator: "\n") {
      // The last may still be on its way.
      guard let object = JSON(line) else { continue }
      let kind = object["id"] == .null ? "Missed" : "Decision"
      let found = schema.problems(object, schema.resolve("#/components/schemas/\(kind)"))
      #expect(found.isEmpty, "\(line): \(found)")
      counts[kind, default: 0] += 1
    }
    return counts
  }

  private func finish(_ daemon: DaemonProcess) async throws {
    #expect(try await daemon.stop() == .code(0))
    let accounting = try #require(daemon.accounting)
    #expect(accounting.imbalances.isEmpty)
  }

  static let wishes: [(arguments: [String], host: String, text: String)] = [
    (["--host", "CORE1."], "core1", "link is down"), (["--rule", "numbered"], "core1", "link is down"),
    (["--unmatched"], "edge9", "nothing known"), (["--text", "NOTHING kn"], "edge9", "nothing known"),
    (["--severity", "crit"], "edge9", "nothing known"), (["--severity", "2"], "edge9", "nothing known"),
    (["--unmatched", "--host", "edge9", "--text", "about"], "edge9", "nothing known"),
  ]

  @Test func eachSeesWhatHeAskedForAndNothingElse() async throws {
    try await withDaemon("tap", DaemonSettings(rules: SampleRules.yaml, auditEvents: "matched")) { daemon in
      var taps: [Child] = []
      for wish in Self.wishes { taps.append(try await tap(daemon, wish.arguments)) }
      let all = try await tap(daemon, ["--host", "127.0.0.1"])
      try await eventually("every tap has seen its line") {
        try await send(daemon, "--host", "core1", "--severity", "err", "the link is down")
        try await send(daemon, "--host", "edge9", "--severity", "crit", "nothing known about this")
        return zip(taps, Self.wishes).allSatisfy { tap, wish in
          events(tap).contains { $0["text"].string?.contains(wish.text) == true }
        } && Set(events(all).compactMap { $0["host"].string }) == ["core1", "edge9"]
      }
      for (tap, wish) in zip(taps, Self.wishes) {
        let seen = events(tap)
        #expect(seen.allSatisfy { $0["host"].string == wish.host }, "\(wish.arguments): \(seen)")
        #expect(seen.allSatisfy { $0["rule"] == (wish.host == "core1" ? "numbered" : .null) })
        #expect(seen.allSatisfy { $0["handling"] == (wish.host == "core1" ? "Page_only" : "unmatched") })
        #expect(seen.allSatisfy { $0["forward"] == .bool(wish.host == "core1") && $0["cut"] == .bool(false) })
        #expect(leftOut(tap, "skipped") == 0 && leftOut(tap, "dropped") == 0)
      }
      #expect(try await expectDescribed(all, daemon)["Decision"] ?? 0 >= 2)
      // The daemon ends them, and does not wait for them.
      try await finish(daemon)
      for tap in taps + [all] {
        #expect(try await tap.wait() == .code(69))
        #expect(tap.errors == "muttd: muttd has stopped, and with it the tap\n")
      }
    }
  }

  @Test func aFloodIsSampledAndASingleHostIsSeenWhole() async throws {
    try await withDaemon("tap-flood", DaemonSettings(rules: SampleRules.yaml, auditEvents: "matched")) {
      daemon in
      let whole = try await tap(daemon, ["--rate", "10"])
      try await attached(daemon, whole, "before")
      let rare = try await tap(daemon, ["--host", "core1", "--rate", "2000"])
      try await attached(daemon, rare, "--host", "core1", "before")
      let unmatchedBefore = try await counter(daemon, "mutt_events_unmatched_total")
      let count = 20_000
      async let flood: Void = send(daemon, "--count", "\(count)", "--rate", "10000", "nothing known")
      for _ in 0..<20 { try await send(daemon, "--host", "core1", "--severity", "err", "the link is down") }
      try await flood
      // What the kernel dropped before the daemon could is not the tap's to show.
      try await eventually("all of them are decided") {
        let metrics = try await daemon.scrape().samples
        let dropped = metrics.filter { $0.key.hasPrefix("mutt_kernel_dropped_total") }.values.reduce(0, +)
        let decided =
          (metrics["mutt_events_unmatched_total"] ?? 0) - unmatchedBefore
          + (metrics["mutt_events_matched_total"] ?? 0)
        return decided + dropped >= Double(count + 20)
      }
      let matched = Int(try await counter(daemon, "mutt_events_matched_total"))
      try await eventually("the one host is seen whole: \(events(rare).count) of \(matched)") {
        events(rare).count { $0["rule"] == "numbered" } == matched
      }
      #expect(leftOut(rare, "skipped") == 0 && leftOut(rare, "dropped") == 0)
      #expect(try await expectDescribed(whole, daemon)["Missed"] ?? 0 >= 1)
      // Every event is shown or said to be left out.
      try await eventually("the sample and the rest make all: \(events(whole).count)") {
        let received = try await counter(daemon, "mutt_events_received_total{source=\"syslog\"}")
        // Those of before it was attached are neither.
        return Int64(events(whole).count) + leftOut(whole, "skipped") + leftOut(whole, "dropped")
          >= Int64(received) - 60
      }
      #expect(events(whole).count < count / 10)
      whole.signal(SIGTERM)
      rare.signal(SIGTERM)
      try await finish(daemon)
    }
  }

  @Test func whoDoesNotReadMissesAndHoldsNothingUp() async throws {
    try await withDaemon("tap-deaf", DaemonSettings(rules: SampleRules.yaml, auditEvents: "matched")) {
      daemon in
      let deaf = try await curl(daemon, target: "tap?rate=2000")
      try await attached(daemon, deaf, "before")
      deaf.signal(SIGSTOP)
      // More than socket, server and queue hold.
      let text = String(repeating: "nothing known ", count: 70)
      try await send(daemon, "--count", "20000", "--rate", "5000", text)
      try await eventually("all of them are decided") {
        let metrics = try await daemon.scrape().samples
        let dropped = metrics.filter { $0.key.hasPrefix("mutt_kernel_dropped_total") }.values.reduce(0, +)
        return (metrics["mutt_events_unmatched_total"] ?? 0) + dropped >= 20_000
      }
      let sees = try await tap(daemon, ["--text", "after"])
      try await attached(daemon, sees, "after")
      deaf.signal(SIGCONT)
      try await eventually("it hears what it missed") { leftOut(deaf, "dropped") > 0 }
      try await finish(daemon)
      #expect(try await deaf.wait() == .code(0))
      _ = try await sees.wait()
    }
  }

  @Test func placesAreFewAndComeBack() async throws {
    try await withDaemon("tap-places", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      for _ in 0..<20 {
        let head = try await curl(daemon, "--head", target: "tap")
        #expect(try await head.wait() == .code(0))
        #expect(head.output.hasPrefix("HTTP/1.1 200"), "\(head.output)")
      }
      var taps: [Child] = []
      for number in 0..<8 {
        let one = try await curl(daemon, target: "tap?host=nobody")
        taps.append(one)
        try await eventually("tap \(number) is let in") { one.output.hasPrefix("HTTP/1.1 200") }
      }
      let ninth = try await daemon.place.muttd("tap")
      #expect(ninth.ending == .code(69))
      #expect(ninth.errors.hasPrefix("muttd: 8 watch already"), "\(ninth.errors)")
      for one in taps { one.signal(SIGKILL) }
      // Whoever has gone is noticed by the next line, an empty one at the latest.
      let next = try await eventually("there is room again") {
        let one = try await curl(daemon, target: "tap?seconds=1")
        _ = try await one.wait()
        return one.output.hasPrefix("HTTP/1.1 200") ? one : nil
      }
      #expect(next.output.contains("application/x-ndjson"))
      try await finish(daemon)
    }
  }

  /// Whoever reaches the port has some of the places, and the socket the others.
  @Test func theNetworkCannotTakeAllPlaces() async throws {
    try await withDaemon("tap-network", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let url = "http://127.0.0.1:\(daemon.place.httpPort)/api/v1/tap"
      var far: [Child] = []
      for number in 0..<3 {
        far.append(try await start(daemon, "curl", ["-siN", url + "?host=nobody"]))
        try await eventually("tap \(number) is let in") { far[number].output.hasPrefix("HTTP/1.1 200") }
      }
      let refused = try await start(daemon, "curl", ["-siN", url])
      #expect(try await refused.wait() == .code(0))
      #expect(refused.output.hasPrefix("HTTP/1.1 503") && refused.output.contains("3 watch over the network"))
      #expect(refused.output.lowercased().contains("retry-after: 10\r\n"))
      // As many as there are left.
      for number in 3..<8 {
        let near = try await curl(daemon, target: "tap?host=nobody")
        far.append(near)
        try await eventually("tap \(number) is let in") { near.output.hasPrefix("HTTP/1.1 200") }
      }
      let ninth = try await daemon.place.muttd("tap")
      #expect(ninth.ending == .code(69))
      #expect(
        ninth.errors.hasPrefix("muttd: 8 watch already: 5 of ")
          && ninth.errors.contains("3 over the network"),
        "\(ninth.errors)")
      for one in far { one.signal(SIGKILL) }
      try await finish(daemon)
    }
  }

  @Test func ofALongMessageTheBeginningIsShown() async throws {
    try await withDaemon("tap-long", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let tap = try await tap(daemon, ["--count", "1"])
      // 1,023 letters, then characters of three bytes.
      let text = String(repeating: "x", count: 1_023) + String(repeating: "€", count: 50)
      try await attached(daemon, tap, text)
      #expect(try await tap.wait() == .code(0))
      let seen = try #require(events(tap).first)
      #expect(seen["text"].string == String(repeating: "x", count: 1_023) && seen["cut"] == .bool(true))
      try await finish(daemon)
    }
  }

  static let wrong: [(arguments: [String], says: String)] = [
    (["--rate", "0"], "--rate 0 is outside 1...2000"), (["--count", "0"], "--count 0 is less than one"),
    (["--unmatched", "--rule", "x"], "leave nothing to show"),
    (["--severity", "loud"], "none of 0-7 or emerg"), (["--severity", "8"], "none of 0-7 or emerg"),
  ]

  @Test(arguments: wrong) func whatCannotBeMeantIsSaid(arguments: [String], says: String) async throws {
    try await Workspace.with("tap-wrong") { workspace in
      let result = try await Tool.run(
        Binary.path, ["tap", "--state-directory", workspace.path] + arguments, in: workspace)
      #expect(result.ending == .code(64))
      #expect(result.errors.contains(says), "\(result.errors)")
    }
  }

  @Test(arguments: ["top", "tap"]) func withoutADaemonItIsSaid(_ verb: String) async throws {
    try await Workspace.with("no-daemon") { workspace in
      let result = try await Tool.run(
        Binary.path, [verb, "--state-directory", workspace.path], in: workspace)
      #expect(result.ending == .code(69))
      #expect(
        result.errors.hasPrefix("muttd: no muttd runs on \(workspace.path): start it"), "\(result.errors)")
    }
  }
}
