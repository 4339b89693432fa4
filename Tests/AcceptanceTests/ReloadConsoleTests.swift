import Foundation
import Synchronization
import TestKit
import Testing

/// The HTTP face under a reload: what changes is exchanged, what stays is not touched, and what cannot be had
/// changes nothing.
@Suite struct ReloadConsoleTests {
  /// The configuration on disk with another line for `http`.
  private func write(_ http: String, _ place: DaemonPlace, _ original: String, more: String = "") throws {
    let line = "http: {listen: '127.0.0.1:\(place.httpPort)'}\n"
    #expect(original.contains(line))
    let yaml = original.replacingOccurrences(of: line, with: "http: \(http)\n") + more
    try Data(yaml.utf8).write(to: URL(fileURLWithPath: place.configFile))
  }

  private func reload(_ daemon: DaemonProcess) async throws {
    let result = try await daemon.place.muttd("reload")
    #expect(result.ending == .code(0), "\(result.errors)")
    #expect(!daemon.log.contains("take effect at the next start"))
  }

  private func status(_ path: String, _ port: Int, token: String? = nil) async throws -> Int? {
    let headers = token.map { ["Authorization: Bearer \($0)"] } ?? []
    return try await HTTPAnswer.ask("GET", path, port: port, headers: headers)?.status
  }

  /// A line of the file for this token; `sha` is its SHA-256.
  private static let tokens = [
    ("first", "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"),
    ("second", "16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4"),
  ].map { (token: $0, line: "\($0) viewer \($1)\n") }

  @Test func theSameAddressKeepsItsSocket() async throws {
    try await withDaemon("reloaded-http", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let place = daemon.place
      let original = text(of: place.configFile)
      let port = place.httpPort
      let here = "listen: '127.0.0.1:\(port)'"
      let isOver = Atomic(false)
      let answered = Atomic(0)
      let unanswered = Atomic(0)
      async let asking: Void = {
        while !isOver.load(ordering: .acquiring) {
          let answer = try await HTTPAnswer.get("/healthz", port: port)
          if answer?.status == 200 {
            answered.add(1, ordering: .relaxed)
          } else {
            unanswered.add(1, ordering: .relaxed)
          }
        }
      }()
      // A connection that stays open all the while.
      let kept = try LoopbackSocket(.stream)
      try kept.connect(port: port)
      kept.limitReads(seconds: 60)
      func askAgain() async throws -> Bool {
        try await offPool {
          _ = kept.sendAll(Array("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
          return String(decoding: kept.receive(), as: UTF8.self).hasPrefix("HTTP/1.1 200 ")
        }
      }
      #expect(try await askAgain())
      #expect(try await status("/api/v1/status", port) == 200)

      let (first, second) = (Self.tokens[0], Self.tokens[1])
      try place.workspace.write(first.line, to: "tokens")
      try write("{\(here), tokens: tokens}", place, original)
      try await reload(daemon)
      #expect(try await status("/api/v1/status", port) == 401)
      #expect(try await status("/api/v1/status", port, token: first.token) == 200)
      #expect(try await askAgain())
      // Another file, another content of it, and none.
      try place.workspace.write(second.line, to: "others")
      try write("{\(here), tokens: others}", place, original)
      try await reload(daemon)
      #expect(try await status("/api/v1/status", port, token: first.token) == 401)
      #expect(try await status("/api/v1/status", port, token: second.token) == 200)
      // Who says nothing for half a minute is closed.
      #expect(try await askAgain())
      try place.workspace.write(first.line, to: "others")
      try await reload(daemon)
      #expect(try await status("/api/v1/status", port, token: first.token) == 200)
      try write("{\(here)}", place, original)
      try await reload(daemon)
      #expect(try await status("/api/v1/status", port) == 200)
      #expect(try await askAgain())

      isOver.store(true, ordering: .releasing)
      try await asking
      #expect(answered.load(ordering: .relaxed) > 0 && unanswered.load(ordering: .relaxed) == 0)
      #expect(daemon.logLines.count { $0["msg"] == "listening" && $0["component"] == "console" } == 1)
      #expect(try await daemon.stop() == .code(0))
    }
  }

  @Test func itMovesToAnotherPortAndAnswersUnderWayAreFinished() async throws {
    try await withDaemon("reloaded-port", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let place = daemon.place
      let original = text(of: place.configFile)
      let port = try FreePort.stream()
      // Its answer takes three seconds.
      let tap = try LoopbackSocket(.stream)
      try tap.connect(port: place.httpPort)
      tap.limitReads(seconds: 60)
      try await offPool {
        _ = tap.sendAll(Array("GET /api/v1/tap?seconds=3 HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
        #expect(String(decoding: tap.receive(), as: UTF8.self).hasPrefix("HTTP/1.1 200 "))
      }
      try write("{listen: '127.0.0.1:\(port)'}", place, original)
      try await reload(daemon)
      #expect(try await status("/healthz", port) == 200)
      #expect(try await status("/healthz", place.httpPort) == nil)
      let rest = try await offPool {
        var rest: [UInt8] = []
        while case let part = tap.receive(), !part.isEmpty { rest += part }
        return String(decoding: rest, as: UTF8.self)
      }
      #expect(rest.hasSuffix("0\r\n\r\n"), "the answer was cut off: \(rest)")
      // And back to where it was.
      try write("{listen: '127.0.0.1:\(place.httpPort)'}", place, original)
      try await reload(daemon)
      #expect(try await status("/readyz", place.httpPort) == 200)
      #expect(try await status("/readyz", port) == nil)
      #expect(try await daemon.stop() == .code(0))
    }
  }

  /// The usual change: Prometheus is on another machine. One port, and the addresses overlap.
  @Test func itOpensToEveryoneWithTokensOnly() async throws {
    try await withDaemon("reloaded-wide", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let place = daemon.place
      let original = text(of: place.configFile)
      let port = place.httpPort
      func elsewhere(_ token: String? = nil) async throws -> String? {
        try await offPool {
          let socket = try LoopbackSocket(.stream)
          do { try socket.connect(host: "127.0.0.2", port: port) } catch { return nil }
          socket.limitReads(seconds: 60)
          let shown = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
          _ = socket.sendAll(
            Array("GET /api/v1/status HTTP/1.1\r\nHost: x\r\n\(shown)Connection: close\r\n\r\n".utf8))
          return String(decoding: socket.receive().prefix(12), as: UTF8.self)
        }
      }
      #expect(try await elsewhere() == nil)
      try write("{listen: '0.0.0.0:\(port)'}", place, original)
      let refused = try await place.muttd("reload")
      #expect(refused.ending == .code(78) && refused.errors.contains("http.tokens"), "\(refused.errors)")
      #expect(try await elsewhere() == nil)
      #expect(try await status("/api/v1/status", port) == 200)

      try place.workspace.write(Self.tokens[0].line, to: "tokens")
      try write("{listen: '0.0.0.0:\(port)', tokens: tokens}", place, original)
      try await reload(daemon)
      #expect(try await elsewhere() == "HTTP/1.1 401")
      #expect(try await elsewhere(Self.tokens[0].token) == "HTTP/1.1 200")
      #expect(try await status("/api/v1/status", port) == 401)
      // Back to this machine alone.
      try write("{listen: '127.0.0.1:\(port)'}", place, original)
      try await reload(daemon)
      try await eventually("others find nobody there") { try await elsewhere() == nil }
      #expect(try await status("/api/v1/status", port) == 200)
      #expect(try await daemon.stop() == .code(0))
    }
  }

  @Test func anAddressThatCannotBeHadChangesNothing() async throws {
    try await withDaemon("unreloaded-http", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let place = daemon.place
      let original = text(of: place.configFile)
      let taken = try LoopbackSocket(.stream)
      let port = try FreePort.stream()
      try taken.bind(port: port)
      #expect(listen(taken.descriptor, 1) == 0)
      let second = try FreePort.datagram()
      let rules = try await daemon.scrape().samples["mutt_rules_active"]
      try place.workspace.write("rules: []\n", to: "rules.yaml")
      try place.workspace.write(Self.tokens[0].line, to: "tokens")
      let wider = original.replacingOccurrences(
        of: "  syslog: [", with: "  syslog: ['udp://127.0.0.1:\(second)', ")
      try write("{listen: '127.0.0.1:\(port)', tokens: tokens}", place, wider)
      let refused = try await place.muttd("reload", "--force")
      #expect(refused.ending == .code(78) && refused.output == "")
      #expect(
        refused.errors.contains("127.0.0.1:\(port): another process listens there"), "\(refused.errors)")
      #expect(try await status("/api/v1/status", place.httpPort) == 200)
      #expect(try await daemon.scrape().samples["mutt_rules_active"] == rules)
      let gone = try UDPSender(port: second)
      try await eventually("the new listener is closed again") { !gone.send([0x41]) }
      #expect(!daemon.logLines.contains { $0["msg"] == "no longer listening" })
      #expect(try await daemon.scrape().samples["mutt_config_last_reload_successful"] == 0)
      #expect(try await daemon.stop() == .code(0))
    }
  }

  @Test func itIsSwitchedOffAndOnAgain() async throws {
    try await withDaemon("reloaded-off", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let place = daemon.place
      let original = text(of: place.configFile)
      try write("{listen: []}", place, original)
      try await reload(daemon)
      try await eventually("nobody listens") { try await status("/healthz", place.httpPort) == nil }
      // What goes over the socket of the state directory is not touched.
      #expect(try await place.muttd("top", "--once").ending == .code(0))
      try write("{listen: '127.0.0.1:\(place.httpPort)'}", place, original)
      try await reload(daemon)
      #expect(try await status("/healthz", place.httpPort) == 200)
      #expect(try await daemon.stop() == .code(0))
    }
  }

  /// What the API says of the configuration is what was taken last.
  @Test func theAPIShowsTheDestinationsOfTheReload() async throws {
    let receiver = try WebhookReceiver()
    defer { receiver.stop() }
    try await withDaemon("reloaded-api", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      func names() async throws -> [String?] {
        let answer = try await HTTPAnswer.get("/api/v1/destinations", port: daemon.place.httpPort)
        return JSON(answer?.body ?? "")?["items"].items.map { $0["name"].string } ?? []
      }
      #expect(try await names() == [])
      let yaml = text(of: daemon.place.configFile)
      try Data((yaml + "destinations: [{name: late, url: '\(receiver.url)'}]\n").utf8).write(
        to: URL(fileURLWithPath: daemon.place.configFile))
      try await reload(daemon)
      #expect(try await names() == ["late"])
      #expect(try await daemon.stop() == .code(0))
    }
  }
}
