import Foundation
import Testing

/// The API of a running daemon against its own description.
@Suite struct APITests {
  private static let line =
    "<187>Oct  3 14:02:11 core1 123: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down"

  private func ask(_ daemon: DaemonProcess, _ path: String, _ headers: [String] = []) async throws
    -> HTTPAnswer
  {
    try #require(try await HTTPAnswer.ask("GET", path, port: daemon.place.httpPort, headers: headers))
  }

  private func json(_ daemon: DaemonProcess, _ path: String) async throws -> JSON {
    let answer = try await ask(daemon, path)
    #expect(answer.status == 200, "\(path): \(answer.body)")
    return try #require(JSON(answer.body), "\(path): \(answer.body)")
  }

  /// A daemon that has decided `count` numbered lines, one trap and one line that no rule wins.
  private func withEvents(
    _ name: String, count: Int, _ body: (DaemonProcess, WebhookReceiver) async throws -> Void
  ) async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    try await withDaemon(name, settings) { daemon in
      let place = daemon.place
      func send(_ arguments: String...) async throws {
        try await Tool.succeed(Binary.path, ["send"] + arguments, in: place.workspace)
      }
      let target = "127.0.0.1:\(place.syslogPort)"
      try await send(
        "syslog", "--to", target, "--host", "core1", "--severity", "err", "--count", "\(count)",
        "the link is down again")
      try await send(
        "syslog", "--to", target, "--host", "lab-sw1", "<script>alert(1)</script>'; DROP TABLE x;")
      try await send(
        "trap", "--to", "127.0.0.1:\(place.trapPort)", "--version", "1", "--agent", "127.0.0.7", "linkDown",
        "ifIndex.3=i:3")
      try await eventually("\(count + 2) events are in the audit, \(count + 1) delivered") {
        let counts = try await json(daemon, "/api/v1/status")["accounts"]
        return counts["audited"] == .integer(Int64(count + 2))
          && counts["delivered"] == .integer(Int64(count + 1))
      }
      // The mark follows the delivery.
      try await eventually("what was delivered is marked") {
        try await place.auditColumn("SELECT count(*) FROM event_audit_log WHERE forwarded_to_moog")
          == ["\(count + 1)"]
      }
      try await body(daemon, receiver)
    }
  }

  @Test func everyPathAnswersAsItIsDescribed() async throws {
    try await withEvents("api", count: 3) { daemon, _ in
      let document = try await json(daemon, "/api/v1/openapi.json")
      let yaml = try await ask(daemon, "/api/v1/openapi.yaml")
      #expect(yaml.body == text(of: Repository.path + "/docs/openapi.yaml"))
      let schema = JSONSchema(document: document)
      let event = try await json(daemon, "/api/v1/events?rule=link-trap")["items"][0]["id"].string ?? ""
      let samples = ["id": event, "name": "link-down", "event": event]
      let paths = document["paths"]
      #expect(paths.keys.count == 17)
      for path in paths.keys.sorted() {
        for method in paths[path].keys {
          let operation = paths[path, method]
          var target = path
          // What has no end of its own is given one.
          var query = path.hasSuffix("/tap") ? ["seconds=1"] : []
          for parameter in operation["parameters"].items where parameter["required"] == .bool(true) {
            let name = parameter["name"].string ?? ""
            let sample = try #require(samples[name], "\(path) wants \(name)")
            if parameter["in"] == "path" {
              target = target.replacingOccurrences(of: "{\(name)}", with: sample)
            } else {
              query.append("\(name)=\(sample)")
            }
          }
          if method == "get" {
            let answer = try await ask(daemon, target + (query.isEmpty ? "" : "?" + query.joined()))
            #expect(schema.problems(answer, operation["responses", "200"]) == [], "\(method) \(path)")
            let refused = try await ask(daemon, target + "?no-such-parameter=1")
            #expect(refused.status == 400, "\(path)")
            #expect(schema.problems(refused, operation["responses", "400"]) == [], "bad \(path)")
          } else {
            try await checkPosted(daemon, operation, schema)
          }
        }
      }
      let none = try await ask(daemon, "/api/v1/nothing")
      #expect(none.status == 404)
      #expect(schema.problems(none, schema.resolve("#/components/responses/Problem")) == [])
    }
  }

  private func checkPosted(_ daemon: DaemonProcess, _ operation: JSON, _ schema: JSONSchema) async throws {
    let port = daemon.place.httpPort
    let bodies = [
      ("text/plain", Self.line, 200), ("application/json", #"{"message":"<13>x y"}"#, 200),
      ("application/json", #"{"trap":"3000"}"#, 200), ("application/json", #"{"trap":"00"}"#, 200),
      ("application/json", #"{"trap":"zz"}"#, 400),
      ("application/json", #"{"message":"a","trap":"3000"}"#, 400), ("application/json", "[]", 400),
      ("application/json", String(repeating: "[", count: 100_000), 400), ("application/json", "{", 400),
      ("application/json", #"{"message":"<13>x y","message":"<13>x z"}"#, 400),
      ("application/json", #"{"message":"a:\\\":b","from":"192.0.2.1"}"#, 200),
      ("application/json", #"{"message":7}"#, 400), ("application/json", #"{"message":"a","from":"b"}"#, 400),
      ("text/html", "<p>", 415), ("text/plain", "", 400),
      ("text/plain", String(repeating: "x", count: 131_073), 413),
    ]
    #expect(operation["requestBody", "content"].keys == ["text/plain", "application/json"])
    for (type, body, status) in bodies {
      let answer = try #require(
        try await HTTPAnswer.ask(
          "POST", "/api/v1/explain", port: port, headers: ["Content-Type: \(type)"], body: body))
      #expect(answer.status == status, "\(body.prefix(60)): \(answer.body.prefix(300))")
      let found = schema.problems(answer, operation["responses", "\(status)"])
      #expect(found == [], "posted \(body.prefix(60))")
    }
  }

  @Test func pagesLeadThroughEverythingOnce() async throws {
    try await withEvents("api-pages", count: 25) { daemon, _ in
      for (list, count) in [
        ("events", 27), ("rules?all=true", 5), ("hosts/teams", 2), ("config-changes", 10),
      ] {
        var found: [JSON] = []
        var cursor: String?
        repeat {
          let start = list.contains("?") ? "&" : "?"
          let query = "\(start)limit=4" + (cursor.map { "&cursor=\($0)" } ?? "")
          let page = try await json(daemon, "/api/v1/\(list)\(query)")
          #expect(page["items"].items.count <= 4)
          found += page["items"].items
          cursor = page["next"].string
        } while cursor != nil && found.count < 100
        #expect(found.count == count, "\(list)")
        // What is known of an event may grow meanwhile: whether it was delivered.
        let whole = try await json(daemon, "/api/v1/\(list)")["items"].items
        if list == "events" {
          #expect(found.map { $0["id"] } == whole.map { $0["id"] })
        } else {
          #expect(found == whole, "\(list)")
        }
      }
      for (filter, count) in [
        ("host=CORE1", 25), ("rule=numbered", 25), ("rule=link-trap", 1), ("rule=no-such", 0),
        ("handling=UNMATCHED", 1), ("text=drop%20table", 1), ("text=%25", 0), ("since=2000-01-01", 27),
        ("until=2000-01-01", 0), ("host=core1&rule=link-trap", 0), ("host=%27%3B--", 0),
      ] {
        let page = try await json(daemon, "/api/v1/events?\(filter)")
        #expect(page["items"].items.count == count, "\(filter)")
      }
      let rule = try await json(daemon, "/api/v1/rules/numbered")
      #expect(rule["hits"] == 25)
      #expect(try await ask(daemon, "/api/v1/rules/numbred").body.contains("nearest: numbered"))
      let status = try await json(daemon, "/api/v1/status")
      #expect(status["rules"][0]["name"] == "numbered")
      #expect(status["readiness", "status"] == "ok")
    }
  }

  @Test func anExplanationIsTheCommandsOwn() async throws {
    try await withEvents("api-explain", count: 1) { daemon, _ in
      for rule in ["numbered", "link-trap"] {
        let event = try await json(daemon, "/api/v1/events?rule=\(rule)")["items"][0]["id"].string ?? ""
        let command = try await daemon.place.muttd("explain", "--json", "--event", event)
        #expect(try await json(daemon, "/api/v1/explain?event=\(event)") == JSON(command.output))
      }
      let target = "/api/v1/explain?from=127.0.0.5&arrival=2026-10-03T14:02:12Z"
      let posted = try await HTTPAnswer.ask(
        "POST", target, port: daemon.place.httpPort, headers: ["Content-Type: text/plain"], body: Self.line)
      let command = try await daemon.place.muttd(
        "explain", "--json", "--from", "127.0.0.5", "--arrival", "2026-10-03T14:02:12Z", Self.line)
      #expect(JSON(posted?.body ?? "") == JSON(command.output))
    }
  }

  /// A packet that becomes no event is explained as what a worker counts it.
  @Test(arguments: [
    ("00", "malformed_snmp"), ("3003020107", "malformed_snmp"),
    ("301902010104067075626c6963a00c0201010201000201003001", "malformed_snmp"),
    ("301802010104067075626c6963a00b0201010201000201003000", "not_a_notification"),
  ])
  func aPacketThatIsNoEventIsExplained(hex: String, reason: String) async throws {
    try await withDaemon("api-discards", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let posted = try await HTTPAnswer.ask(
        "POST", "/api/v1/explain?from=127.0.0.5", port: daemon.place.httpPort,
        headers: ["Content-Type: application/json"], body: "{\"trap\":\"\(hex)\"}")
      let answer = try #require(JSON(posted?.body ?? ""))
      #expect(posted?.status == 200 && answer["discarded"].string == reason, "\(answer)")
      let command = try await daemon.place.muttd("explain", "--json", "--from", "127.0.0.5", "--trap", hex)
      #expect(command.ending == .code(0) && JSON(command.output) == answer)
      // And so it is.
      let counter = try #require(answer["counter"].string)
      let before = try await daemon.scrape().samples[counter]
      let bytes = stride(from: 0, to: hex.count, by: 2).compactMap { place in
        UInt8(hex.dropFirst(place).prefix(2), radix: 16)
      }
      try UDPSender(port: daemon.place.trapPort).send(bytes)
      try await eventually("the packet is counted as \(reason)") {
        try await daemon.scrape().samples[counter] == (before ?? 0) + 1
      }
    }
  }

  @Test func whatIsOwedIsListed() async throws {
    let settings = DaemonSettings(
      rules: SampleRules.yaml, destinations: [("moog", "http://127.0.0.1:\(try FreePort.stream())/")])
    try await withDaemon("api-outbox", settings) { daemon in
      try await Tool.succeed(
        Binary.path,
        [
          "send", "syslog", "--to", "127.0.0.1:\(daemon.place.syslogPort)", "--host", "core1", "--count", "3",
          "link is down",
        ], in: daemon.place.workspace)
      try await eventually("three deliveries are owed") {
        try await json(daemon, "/api/v1/outbox?state=pending&destination=moog")["items"].items.count == 3
      }
      let first = try await json(daemon, "/api/v1/outbox?limit=2")
      let second = try await json(daemon, "/api/v1/outbox?limit=2&cursor=\(first["next"].string ?? "")")
      #expect(first["items"].items.count == 2 && second["items"].items.count == 1)
      #expect(second["next"] == .null)
      #expect(try await json(daemon, "/api/v1/outbox?state=dead")["items"].items.isEmpty)
      try await eventually("the destination is seen to fail") {
        try await json(daemon, "/api/v1/destinations")["items"][0]["state"] != "works"
      }
    }
  }

  @Test func tokensComeAndGoWithAReload() async throws {
    try await Workspace.with("tokens") { outside in
      let file = outside.file("tokens")
      let settings = DaemonSettings(rules: SampleRules.yaml)
      // A file that is not there, or holds nothing, starts nothing.
      let place = try DaemonPlace(outside, settings)
      let refused = try await place.launch(environment: ["MUTT_HTTP_TOKENS": file])
      #expect(try await refused.child.wait() == .code(78))
      #expect(refused.log.contains("http.tokens: \(file) cannot be read"))
      let yaml = text(of: place.configFile).replacingOccurrences(
        of: "http: {listen: '127.0.0.1:\(place.httpPort)'}",
        with: "http: {listen: '127.0.0.1:\(place.httpPort)', tokens: \(file)}")
      try outside.write(yaml, to: "muttd.yaml")
      func make(_ name: String) async throws -> String {
        let made = try await place.muttd("token", name, "--expires", "1d", "--append", "--json")
        #expect(made.ending == .code(0), "\(made.errors)")
        return try #require(JSON(made.output)?["token"].string)
      }
      let alice = try await make("alice")
      #expect(!text(of: file).contains(alice))
      let daemon = try await place.start()
      #expect(daemon.log.contains("http.tokens: the last token that holds expires at "))
      func status(_ token: String?) async throws -> Int {
        try await ask(daemon, "/api/v1/status", token.map { ["Authorization: Bearer \($0)"] } ?? []).status
      }
      #expect(try await status(nil) == 401)
      #expect(try await status(alice) == 200)
      let bob = try await make("bob")
      #expect(try await status(bob) == 401)
      #expect(try await place.muttd("reload").ending == .code(0))
      #expect(try await status(bob) == 200)
      let lines = text(of: file).split(separator: "\n").filter { !$0.hasPrefix("alice") }
      try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
      #expect(try await place.muttd("reload").ending == .code(0))
      #expect(try await status(alice) == 401)
      #expect(try await status(bob) == 200)
      let refused401 = try await daemon.scrape().samples["mutt_http_refused_total{reason=\"bad_token\"}"] ?? 0
      #expect(refused401 >= 2)
      #expect(!daemon.log.contains(alice) && !daemon.log.contains(bob))
      // A file that cannot be taken changes nothing.
      try "bob viewer nonsense\n".write(toFile: file, atomically: true, encoding: .utf8)
      let refusal = try await place.muttd("reload")
      #expect(refusal.ending == .code(78) && refusal.errors.contains("\(file):1 has a hash that is not"))
      #expect(try await status(bob) == 200)
      // One that lets in nobody is taken, and said to be such.
      let expired = lines.map { $0.split(separator: " ").prefix(3).joined(separator: " ") + " 2026-01-31\n" }
      try expired.joined().write(toFile: file, atomically: true, encoding: .utf8)
      let said = "every token has expired, the last at 2026-01-31T00:00:00Z"
      let check = try await place.muttd("check", "--config-only")
      #expect(
        check.ending == .code(0) && (check.output + check.errors).contains(said),
        "\(check.output)\(check.errors)")
      #expect(!daemon.log.contains(said))
      #expect(try await place.muttd("reload").ending == .code(0))
      #expect(daemon.log.contains(said))
      #expect(try await status(bob) == 401)
      await daemon.kill()
    }
  }

  /// What root makes, the daemon's user has to read: by the group of the configuration.
  @Test(.enabled(if: geteuid() == 0)) func aNewFileOfTokensIsReadByTheDaemonsGroup() async throws {
    try await Workspace.with("token-group") { workspace in
      let file = workspace.file("tokens")
      let place = try DaemonPlace(workspace, DaemonSettings())
      let yaml = text(of: place.configFile).replacingOccurrences(
        of: "http: {listen: '127.0.0.1:\(place.httpPort)'}",
        with: "http: {listen: '127.0.0.1:\(place.httpPort)', tokens: \(file)}")
      try workspace.write(yaml, to: "muttd.yaml")
      #expect(unsafe chown(place.configFile, 0, 54_321) == 0)
      let made = try await Tool.run(
        "sh",
        ["-c", "umask 077; exec '\(Binary.path)' token a --append --config '\(place.configFile)'"],
        in: workspace)
      #expect(made.ending == .code(0), "\(made.errors)")
      let about = try FileManager.default.attributesOfItem(atPath: file)
      #expect(about[.groupOwnerAccountID] as? Int == 54_321)
      #expect(about[.ownerAccountID] as? Int == 0)
      #expect(about[.posixPermissions] as? Int == 0o640)
    }
  }

  @Test func theSocketOfTheStateDirectoryServesItsOwner() async throws {
    let settings = DaemonSettings(rules: SampleRules.yaml)
    try await withDaemon("api-socket", settings) { daemon in
      let path = daemon.place.state + "/api.sock"
      try await eventually("the socket is there") { FileManager.default.fileExists(atPath: path) }
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect((mode ?? 0o777) & 0o7 == 0)
      _ = try await daemon.stop()
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  /// As a unit with RuntimeDirectory= has it: the socket is there, and the state directory leads to it.
  @Test func theSocketOfTheRuntimeDirectoryServesTheGroup() async throws {
    try await Workspace.with("runtime") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings(rules: SampleRules.yaml))
      let runtime = workspace.file("run")
      try workspace.makeDirectory("run")
      let daemon = try await place.start(environment: ["RUNTIME_DIRECTORY": runtime])
      let path = runtime + "/api.sock"
      try await eventually("the socket is there") { FileManager.default.fileExists(atPath: path) }
      try await eventually("its mode is set") {
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        return mode == 0o660
      }
      let top = try await place.muttd("top", "--once")
      #expect(top.ending == .code(0), "\(top.errors)")
      #expect(try await place.muttd("reload").ending == .code(0))
      #expect(try await daemon.stop() == .code(0))
      #expect(!FileManager.default.fileExists(atPath: path))
      #expect((try? FileManager.default.attributesOfItem(atPath: place.state + "/api.sock")) == nil)
    }
  }
}
