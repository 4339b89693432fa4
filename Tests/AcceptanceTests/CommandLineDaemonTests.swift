import Foundation
import Testing

/// Verbs beside a running daemon.
@Suite struct CommandLineDaemonTests {
  private func lines(_ result: Tool.Result) -> [JSON] {
    result.output.split(separator: "\n").compactMap { JSON($0) }
  }

  private func send(_ daemon: DaemonProcess, _ arguments: String...) async throws {
    try await Tool.succeed(
      Binary.path, ["send", "syslog", "--to", "127.0.0.1:\(daemon.place.syslogPort)"] + arguments,
      in: daemon.place.workspace)
  }

  @Test func whatWasSentIsPagedThroughAndExplained() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await withDaemon("verbs", settings) { daemon in
      let place = daemon.place
      try await send(daemon, "--host", "core1", "--severity", "err", "--count", "3", "the link is down again")
      try await send(
        daemon, "--host", "lab-sw1", "--format", "rfc5424", "--app", "x", "nothing \u{1B}[31m special")
      try await Tool.succeed(
        Binary.path,
        [
          "send", "trap", "--to", "127.0.0.1:\(place.trapPort)", "--version", "1", "--agent", "127.0.0.7",
          "linkDown", "ifIndex.3=i:3", "ifDescr.3=s:Gi0/3",
        ], in: place.workspace)
      let events = try await eventually("five events, four of them delivered") {
        let events = lines(try await place.muttd("audit", "events", "--json"))
        let delivered = events.filter { $0["forwarded_to_moog"] == .bool(true) }
        return events.count == 5 && delivered.count == 4 ? events : nil
      }
      // Newest first, page by page, nothing twice.
      var paged: [JSON] = []
      var before: [String] = []
      while true {
        let result = try await Tool.run(
          Binary.path, ["audit", "events", "--json", "--limit", "2", "--config", place.configFile] + before,
          in: place.workspace)
        let page = lines(result)
        if page.isEmpty { break }
        paged += page
        before = ["--before", try #require(page.last?["id"].string)]
      }
      #expect(paged == events)

      #expect(lines(try await place.muttd("audit", "events", "--json", "--host", "CORE1")).count == 3)
      #expect(lines(try await place.muttd("audit", "events", "--json", "--rule", "link-trap")).count == 1)
      #expect(lines(try await place.muttd("audit", "events", "--json", "--handling", "unmatched")).count == 1)
      #expect(lines(try await place.muttd("audit", "events", "--json", "--text", "AGAIN")).count == 3)
      #expect(lines(try await place.muttd("audit", "events", "--json", "--since", "1h")).count == 5)
      #expect(lines(try await place.muttd("audit", "events", "--json", "--until", "1h")).isEmpty)
      let table = try await place.muttd("audit", "events", "--limit", "2")
      #expect(table.output.contains("more: --before"))
      #expect(!table.output.contains("\u{1B}"))

      let rules = lines(try await place.muttd("rules", "list", "--json"))
      #expect(rules.first { $0["name"] == "numbered" }?["hits"] == 3)
      #expect(rules.first { $0["name"] == "link-down" }?["hits"] == 0)
      try expectFired("numbered", rules, events)
      #expect(rules.first { $0["name"] == "link-down" }?["last_fired_at"] == .null)

      let page = try #require(events.first { $0["rule"] == "numbered" }?["id"].string)
      let why = try await place.muttd("explain", "--event", page)
      #expect(why.ending == .code(0))
      #expect(why.output.hasPrefix("event  \(page)  rfc3164, "))
      #expect(why.output.contains("WON: contains"))
      #expect(why.output.contains("route  moog yes"))
      #expect(why.output.contains("sent   delivered"))
      #expect(why.output.contains("rule   version 1 then, 1 now"))

      let trap = try #require(events.first { $0["source"] == "trap" })
      let trapWhy = try #require(
        JSON(try await place.muttd("explain", "--json", "--event", trap["id"].string ?? "").output))
      #expect(trapWhy["hostname"] == "edge7")
      #expect(trapWhy["hostname"] == trap["hostname"])
      #expect(trapWhy["rule"] == "link-trap")
      #expect(trapWhy["message"] == "linkDown ifIndex.3=3 ifDescr.3=Gi0/3")
      #expect(trapWhy["stored", "id"] == trap["id"])
      #expect(try await place.muttd("explain", "--event", "1").ending == .code(1))
    }
  }

  /// The rule is said to have fired last when its newest event came.
  private func expectFired(_ name: String, _ rules: [JSON], _ events: [JSON]) throws {
    // An id begins with the milliseconds since 2020.
    let ids = events.filter { $0["rule"].string == name }.compactMap { $0["id"].string.flatMap { Int64($0) } }
    let came = Date(timeIntervalSince1970: Double(try #require(ids.max()) >> 22) / 1_000 + 1_577_836_800)
    let text = try #require(rules.first { $0["name"].string == name }?["last_fired_at"].string)
    let fired = try #require(ISO8601DateFormatter().date(from: text.prefix(19) + "Z"))
    #expect(abs(fired.timeIntervalSince(came)) < 5, "\(text), \(came)")
  }

  @Test func theOutboxShowsWhatIsOwed() async throws {
    let port = try FreePort.stream()
    let settings = DaemonSettings(
      rules: SampleRules.yaml, destinations: [("moog", "http://127.0.0.1:\(port)/events")])
    try await withDaemon("owed", settings) { daemon in
      let place = daemon.place
      try await send(daemon, "--host", "core1", "the link is down")
      let owed = try await eventually("a delivery that was tried") {
        lines(try await place.muttd("outbox", "list", "--json")).first { $0["last_error"].string != nil }
      }
      #expect(owed["destination"] == "moog")
      #expect(owed["state"] == "pending")
      #expect(owed["rule"] == "numbered")
      let id = try #require(owed["id"].integer)
      let shown = try #require(JSON(try await place.muttd("outbox", "show", "\(id)", "--json").output))
      #expect(shown["body", "external_id"] == owed["event_id"])
      let event = try #require(owed["event_id"].string)
      #expect(try await place.muttd("outbox", "show", event).output.contains("to moog: pending"))
      #expect(try await place.muttd("outbox", "list").output.contains("moog: 1 pending, 0 dead"))
      #expect(lines(try await place.muttd("outbox", "list", "--json", "--state", "dead")).isEmpty)
      #expect(lines(try await place.muttd("outbox", "list", "--json", "--destination", "x")).isEmpty)
      #expect(try await place.muttd("outbox", "show", "99").ending == .code(1))
      let why = try await place.muttd("explain", "--event", event)
      #expect(why.output.contains("sent   moog pending: "))
    }
  }

  @Test func aRuleThatIsAddedDecides() async throws {
    try await withDaemon("added", DaemonSettings()) { daemon in
      let place = daemon.place
      let added = try await place.muttd(
        "rules", "add", "fan", "--match-string", "fan failed", "--prod-handling", "Log_only",
        "--dev-handling", "Ignore")
      #expect(added.ending == .code(0), "\(added.errors)")
      try await eventually("an event that the new rule wins") {
        try await send(daemon, "--host", "core1", "fan failed")
        return !lines(try await place.muttd("audit", "events", "--json", "--rule", "fan")).isEmpty
      }
    }
  }

  @Test func reloadPassesTheGuardOnlyByForce() async throws {
    try await withDaemon("guard", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let place = daemon.place
      func loads(_ rules: Int64) -> Bool {
        daemon.logLines.contains { $0["msg"] == "rules loaded" && $0["rules"] == .integer(rules) }
      }
      try await eventually("the load is logged") { loads(5) }
      let second = SampleRules.yaml.split(separator: "  - name: numbered", maxSplits: 1)[0]
      try place.workspace.write(String(second), to: "rules.yaml")
      let refused = try await place.muttd("reload")
      #expect(refused.ending == .code(78) && refused.errors.contains("rules.guard"), "\(refused.errors)")
      #expect(!loads(1))
      let forced = try await place.muttd("reload", "--force")
      #expect(forced.ending == .code(0) && forced.output.contains(": 1 rules decide"), "\(forced.errors)")
      try await eventually("the new set decides") { loads(1) }
      await daemon.kill()
      // The lock's file is still there; who wrote it is not.
      let late = try await place.muttd("reload")
      #expect(late.ending == .code(69))
      #expect(late.errors.contains("no muttd runs on"))
    }
  }

  /// By UDP too, for a single event, on either family, and whoever asks for silence.
  @Test func sendSaysThatNobodyListens() async throws {
    try await Workspace.with("nobody") { workspace in
      let port = try FreePort.datagram()
      for host in ["127.0.0.1", "[::1]"] {
        for words in [["syslog"], ["syslog", "--quiet"], ["trap"], ["trap", "--version", "1"]] {
          let result = try await Tool.run(
            Binary.path, ["send"] + words + ["--to", "\(host):\(port)", "linkDown"], in: workspace)
          #expect(result.ending == .code(69), "\(host) \(words): \(result.output)\(result.errors)")
          #expect(result.errors.contains("nobody listens on udp \(host):\(port)"), "\(result.errors)")
          #expect(result.output == "")
        }
      }
    }
  }

  /// Without a target it is the daemon of the configuration that hears it.
  @Test func sendFindsTheListener() async throws {
    try await withDaemon("found", DaemonSettings()) { daemon in
      let place = daemon.place
      let file = try place.workspace.write(
        """
        listen:
          syslog: ['tcp://127.0.0.1:1', 'udp://0.0.0.0:\(place.syslogPort)']
          snmp: ['udp://0.0.0.0:\(place.trapPort)']
        destinations: [{name: a, url: 'stdout:', headers: {A: '${env:NOT_THERE}'}}]
        """, to: "of-the-daemon.yaml")
      for (words, port) in [
        (["syslog", "something went wrong"], place.syslogPort), (["trap", "linkDown"], place.trapPort),
      ] {
        let said = try await Tool.succeed(
          Binary.path, ["send", words[0], "--config", file, words[1]], in: place.workspace)
        #expect(said.hasSuffix(", to udp 127.0.0.1:\(port)\n"), "\(said)")
      }
      try await eventually("both have come") { try await daemon.scrape().received == 2 }
      let only = try place.workspace.write("listen: {syslog: ['tcp://[::]:1'], snmp: []}", to: "tcp.yaml")
      let refused = try await Tool.run(
        Binary.path, ["send", "syslog", "--config", only, "x"], in: place.workspace)
      #expect(refused.ending == .code(69) && refused.errors.contains("tcp [::1]:1"), "\(refused.errors)")
    }
  }

  /// A configuration that was named and does not say where it listens is not taken for another.
  @Test func sendGoesNowhereElse() async throws {
    try await Workspace.with("nowhere-else") { workspace in
      for (text, words, code, said) in [
        ("listen: {syslog: ['udp://127.0.0.1:none']}", ["syslog"], 78, "bad.yaml:1: listen.syslog"),
        ("listen: {sylog: ['udp://127.0.0.1:1']}", ["syslog"], 78, "bad.yaml:1: listen.sylog"),
        ("listen: [", ["syslog"], 78, "bad.yaml"), ("- listen", ["syslog"], 78, "must be a map of keys"),
        ("listen: {syslog: []}", ["syslog"], 64, "listen.syslog is empty: name --to"),
        ("listen: {snmp: []}", ["trap"], 64, "listen.snmp is empty: name --to"),
        ("listen: {snmp: ['udp://127.0.0.1:0']}", ["inform"], 64, "listen.snmp names no port: name --to"),
      ] as [(String, [String], Int32, String)] {
        let file = try workspace.write(text, to: "bad.yaml")
        let result = try await Tool.run(
          Binary.path, ["send"] + words + ["--config", file, "linkDown"], in: workspace)
        #expect(result.ending == .code(code), "\(text): \(result.output)\(result.errors)")
        #expect(result.errors.contains(said), "\(text): \(result.errors)")
      }
    }
  }

  @Test func sendPacesAndCounts() async throws {
    try await withDaemon("paced", DaemonSettings()) { daemon in
      let script = """
        printf 'one\\ntwo\\n' | "\(Binary.path)" send syslog --to 127.0.0.1:\(daemon.place.syslogPort) \
        --host h --app a --procid 7 --format rfc5424 --msgid M --severity crit --facility auth
        """
      let output = try await Tool.succeed("sh", ["-c", script], in: daemon.place.workspace)
      #expect(output.hasPrefix("sent 2 syslog messages, "))
      try await send(daemon, "--count", "4", "--rate", "100", "paced")
      let events = try await eventually("six events") {
        let events = lines(try await daemon.place.muttd("audit", "events", "--json"))
        return events.count == 6 ? events : nil
      }
      let first = try #require(events.last)
      #expect(first["raw_message"].string?.hasPrefix("<34>1 ") == true)
      #expect(first["raw_message"].string?.hasSuffix(" h a 7 M - one") == true)
    }
  }
}
