import Foundation
import Synchronization
import Testing

/// A destination that takes over, and gives back.
@Suite struct FallbackTests {
  private static func destinations(
    _ first: String, _ second: String, firstKeys: String = "", secondKeys: String = ""
  ) -> String {
    """
    destinations:
      - name: first
        url: '\(first)'
        fallback: second
        retry: {initial: 20ms, max: 200ms}
        breaker: {failures: 2, open: 200ms, close: 3}
    \(firstKeys)
    \(standby("second", second))\(secondKeys)

    """
  }

  private static func standby(_ name: String, _ url: String) -> String {
    """
      - name: \(name)
        url: '\(url)'
        retry: {initial: 20ms, max: 200ms}
        breaker: {failures: 2, open: 200ms, close: 1}

    """
  }

  private func state(_ daemon: DaemonProcess, _ name: String) async throws -> String? {
    try await daemon.readiness()?.body["problems"].items.first {
      $0["check"] == "destination" && $0["name"] == .string(name)
    }?["state"].string
  }

  private func went(_ daemon: DaemonProcess) -> [JSON] {
    daemon.logLines.filter { $0["msg"] == "alerts that waited went over to the fallback" }
  }

  /// Dead by answers, refused, and out of reach: what waits and what comes goes to the fallback, each once
  /// and none lost, and afterwards everything goes the usual way again.
  @Test(arguments: [503, 401, 0]) func takesOverAndGivesBack(status: Int) async throws {
    let isDown = Atomic<Bool>(false)
    let first = try WebhookReceiver { _, _ in
      if !isDown.load(ordering: .relaxed) { return .status(200) }
      return status == 0 ? .hangUp : .status(status)
    }
    let second = try WebhookReceiver()
    defer {
      first.stop()
      second.stop()
    }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = Self.destinations(first.url, second.url)
    try await withDaemon("fallback", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("the usual way") { first.received.contains { $0.number == 1 } }

      isDown.store(true, ordering: .relaxed)
      sender.send(NumberedMessage.syslog(2))
      try await eventually("the page that shut the first reaches somebody") {
        second.received.contains { $0.number == 2 }
      }
      for number in 3..<10 { sender.send(NumberedMessage.syslog(number)) }
      try await eventually("and so do those that follow") {
        second.numbers == Set(2..<10)
      }
      // What comes while the first is tried time and again does not stay with it.
      for number in 10..<16 {
        sender.send(NumberedMessage.syslog(number))
        try await Task.sleep(for: .milliseconds(100))
      }
      try await eventually("nothing waits while the first is down") {
        let isThere = second.numbers == Set(2..<16)
        return try await daemon.scrape().pending == 0 && isThere
      }
      #expect(second.received.count == 14, "nobody was told twice")
      let lines = went(daemon)
      #expect(!lines.isEmpty && lines.allSatisfy { $0["destination"] == "first" && $0["to"] == "second" })
      let metrics = try await daemon.scrape()
      #expect(metrics.sum("mutt_deliveries_total", #"destination="first",outcome="diverted""#) >= 1)
      #expect(metrics.imbalances == [])

      isDown.store(false, ordering: .relaxed)
      try await eventually("and what comes goes the usual way again") {
        sender.send(NumberedMessage.syslog(20))
        let isShut = try await state(daemon, "first") != nil
        return !isShut && first.received.contains { $0.number == 20 }
      }
      for number in 21..<25 { sender.send(NumberedMessage.syslog(number)) }
      try await eventually("all of it") {
        first.numbers.isSuperset(of: 21..<25)
      }
      #expect(!second.received.contains { ($0.number ?? 0) > 20 })
      try await ends(daemon)
    }
  }

  /// Numbered from 2 on.
  private func whileOthersCome(
    _ sender: UDPSender, _ what: String, holds: () async throws -> Bool
  ) async throws {
    var number = 2
    try await eventually(what) {
      sender.send(NumberedMessage.syslog(number))
      number += 1
      try await Task.sleep(for: .milliseconds(100))
      return try await holds()
    }
  }

  /// Nothing waits, the daemon stops, and its books agree.
  private func ends(_ daemon: DaemonProcess) async throws {
    try await eventually("nothing is left") { try await daemon.scrape().pending == 0 }
    #expect(try await daemon.stop() == .code(0))
    #expect(daemon.accounting?.imbalances == [])
  }

  /// One body that both refuse: it is dead where it came from, and nobody is said to need another secret. And
  /// one that the fallback alone refuses for good, its secret being wrong: the first has it in the end.
  @Test(arguments: [true, false]) func whatBothRefuse(isPoison: Bool) async throws {
    let isDown = Atomic<Bool>(true)
    let first = try WebhookReceiver { request, _ in
      let refuses = request.number == 1 && (isPoison || isDown.load(ordering: .relaxed))
      return .status(refuses ? 403 : 200)
    }
    let second = try WebhookReceiver { _, _ in .status(403) }
    defer {
      first.stop()
      second.stop()
    }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = Self.destinations(first.url, second.url)
    try await withDaemon("fallback-poison", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("both have refused it") { second.count > 0 }
      try await Task.sleep(for: .milliseconds(500))
      #expect(try await daemon.scrape().pending == 1, "while nobody takes anything, nothing is given up")
      isDown.store(false, ordering: .relaxed)
      try await whileOthersCome(sender, "it has an end") {
        let dead = try await daemon.scrape().samples["mutt_outbox_dead{destination=\"first\"}"]
        return isPoison ? dead == 1 : first.received.filter { $0.number == 1 }.count > 1
      }
      try await eventually("the second is not held") {
        let (one, two) = (try await state(daemon, "first"), try await state(daemon, "second"))
        return one == (isPoison ? "dead" : nil) && two == "failing"
      }
      if isPoison {
        let list = try await daemon.place.muttd("outbox", "list", "--state", "dead", "--json").output
        #expect(list.contains("takes other alerts, but not this one: "), "\(list)")
        #expect(list.contains("second, after "), "\(list)")
      }
      try await ends(daemon)
    }
  }

  /// The same where the first was down when it came, and refuses it only when it is back: with that it is
  /// alone there and has nowhere to go, and yet the next alert shows that the first takes others.
  /// Also where a third takes over from the second.
  @Test(arguments: [false, true]) func whatBothRefuseAfterAnOutage(isLong: Bool) async throws {
    let isDown = Atomic<Bool>(true)
    let first = try WebhookReceiver { request, _ in
      if isDown.load(ordering: .relaxed) { return .hangUp }
      return .status(request.number == 1 ? 403 : 200)
    }
    let second = try WebhookReceiver { _, _ in .status(403) }
    let third = try WebhookReceiver { _, _ in .status(403) }
    defer { for one in [first, second, third] { one.stop() } }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = Self.destinations(first.url, second.url, secondKeys: isLong ? "    fallback: third" : "")
    if isLong {
      settings.extra += Self.standby("third", third.url)
    }
    try await withDaemon("fallback-outage-poison", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("the last refuses it") { (isLong ? third : second).count > 0 }
      isDown.store(false, ordering: .relaxed)
      try await whileOthersCome(sender, "it has an end") {
        try await daemon.scrape().samples["mutt_outbox_dead{destination=\"first\"}"] == 1
      }
      try await eventually("the first is held no longer") { try await state(daemon, "first") == "dead" }
      // Those among it that came while the first was down and went straight to the second.
      try await ends(daemon)
    }
  }

  /// The fallback writes another format: what waited goes out in that one, under the same key.
  @Test func anotherFormat() async throws {
    let first = try WebhookReceiver { _, _ in .hangUp }
    let second = try WebhookReceiver { _, _ in .status(202) }
    defer {
      first.stop()
      second.stop()
    }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = Self.destinations(
      first.url, second.url, secondKeys: "    format: pagerduty\n    routing_key: R0123456789")
    try await withDaemon("fallback-format", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("it is paged") { second.count > 0 }
      let tried = try #require(first.received.first)
      let paged = try #require(second.received.first)
      #expect(tried.json["schema"] == "mutt/1" && tried.number == 1)
      #expect(paged.json["routing_key"] == "R0123456789" && paged.json["event_action"] == "trigger")
      #expect(paged.number == 1 && paged.key == tried.key)
      #expect(paged.headers["mutt-attempt"] == "1")
      try await eventually("nothing is left") { try await daemon.scrape().pending == 0 }
    }
  }

  /// A page that the fallback was sent is resolved there, by a clear that comes when the first works again; a
  /// kill between forgets nothing.
  @Test func clears() async throws {
    let isDown = Atomic<Bool>(true)
    let first = try WebhookReceiver { _, _ in isDown.load(ordering: .relaxed) ? .hangUp : .status(200) }
    let second = try WebhookReceiver { _, _ in .status(202) }
    defer {
      first.stop()
      second.stop()
    }
    var settings = DaemonSettings(rules: SampleRules.downAndUp)
    settings.extra = Self.destinations(
      first.url, second.url, secondKeys: "    format: pagerduty\n    routing_key: R0123456789")
    try await Workspace.with("fallback-clear") { workspace in
      let place = try DaemonPlace(workspace, settings)
      var daemon = try await place.start()
      let sender = try UDPSender(port: place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("the fallback is paged") { second.received.contains { $0.number == 1 } }
      try await eventually("nothing waits") { try await daemon.scrape().pending == 0 }
      await daemon.kill()
      isDown.store(false, ordering: .relaxed)
      daemon = try await place.start()
      sender.send(NumberedMessage.syslog(2, host: "core2"))
      try await eventually("the first takes alerts again") { first.received.contains { $0.number == 2 } }
      for number in 3...4 { sender.send(NumberedMessage.syslog(number, words: "link is up")) }
      try await eventually("both hear that it is over") {
        first.received.contains { $0.number == 4 } && second.received.contains { $0.number == 3 }
      }
      try await eventually("nothing waits") { try await daemon.scrape().pending == 0 }
      let told = second.received.filter { $0.json["dedup_key"] == .string("core1::link") }
      #expect(told.map { $0.json["event_action"] } == ["trigger", "resolve"])
      #expect(second.received.map(\.number) == [1, 3])
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  /// The mirror of that: the raise went the usual way, and the clear comes while that is shut. It goes to the
  /// fallback alone: kept for the other too it would be the only one there, and the next trial, and one that
  /// is always refused would keep the destination shut.
  @Test func aClearThatAFallbackTakesIsNotKeptForTheOther() async throws {
    let isDown = Atomic<Bool>(false)
    let first = try WebhookReceiver { _, _ in isDown.load(ordering: .relaxed) ? .hangUp : .status(200) }
    let second = try WebhookReceiver()
    defer {
      first.stop()
      second.stop()
    }
    var settings = DaemonSettings(rules: SampleRules.downAndUp)
    settings.extra = Self.destinations(first.url, second.url)
    try await withDaemon("fallback-mirror", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("the usual way") { first.received.contains { $0.number == 1 } }
      try await eventually("it is taken") { try await daemon.scrape().pending == 0 }
      isDown.store(true, ordering: .relaxed)
      sender.send(NumberedMessage.syslog(2, host: "core2"))
      try await eventually("the fallback takes over") { second.received.contains { $0.number == 2 } }
      sender.send(NumberedMessage.syslog(3, words: "link is up"))
      try await eventually("and has the clear") { second.received.contains { $0.number == 3 } }
      try await eventually("nothing waits") { try await daemon.scrape().pending == 0 }
      isDown.store(false, ordering: .relaxed)
      try await eventually("the first takes alerts again") {
        sender.send(NumberedMessage.syslog(4, host: "core2"))
        let isShut = try await state(daemon, "first") != nil
        return !isShut && first.received.contains { $0.number == 4 }
      }
      // The next one of that link goes there, and its clear with it.
      sender.send(NumberedMessage.syslog(5))
      sender.send(NumberedMessage.syslog(6, words: "link is up"))
      try await eventually("both arrive") { first.received.contains { $0.number == 6 } }
      try await eventually("nothing waits") { try await daemon.scrape().pending == 0 }
      // While it was down it may have been tried with the clear, which then went over.
      let again = try #require(first.received.firstIndex { $0.number == 5 })
      #expect(!first.received[again...].contains { $0.number == 3 })
      #expect(second.received.count { $0.number == 3 } == 1)
      #expect(!second.received.contains { [5, 6].contains($0.number) })
    }
  }

  /// An alert that both refuse: it is dead with the second's answer once another has passed there, or with
  /// the first's where none came in time, and shuts neither of them for good.
  @Test func poison() async throws {
    let answer: @Sendable (WebhookReceiver.Request, Int) -> WebhookReceiver.Answer = { request, _ in
      .status(request.number == 1 ? 403 : 200)
    }
    let first = try WebhookReceiver(answer: answer)
    let second = try WebhookReceiver(answer: answer)
    defer {
      first.stop()
      second.stop()
    }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = Self.destinations(
      first.url, second.url, secondKeys: "    match: {handling: [Ticket_only]}")
    try await withDaemon("fallback-poison", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      sender.send(NumberedMessage.syslog(1))
      try await eventually("both have refused it") { second.received.contains { $0.number == 1 } }
      // Others go on, here and there.
      try await eventually("it is dead, by the answer of both") {
        sender.send(NumberedMessage.syslog(2))
        try await Tool.succeed(
          Binary.path,
          ["send", "trap", "--to", "127.0.0.1:\(daemon.place.trapPort)", "--version", "1", "linkDown"],
          in: daemon.place.workspace)
        let dead = try await daemon.place.muttd("outbox", "list", "--state", "dead", "--json").output
        guard let line = dead.split(separator: "\n").compactMap({ JSON(String($0)) }).first else {
          return false
        }
        let ways = [("second", "first, after "), ("first", "second, after ")]
        return line["last_status"] == .integer(403)
          && ways.contains { name, way in
            line["destination"] == .string(name) && line["came_from"].string?.hasPrefix(way) == true
          }
      }
      try await eventually("neither is shut") {
        let states = [try await state(daemon, "first"), try await state(daemon, "second")]
        return states.allSatisfy { $0 == nil || $0 == "dead" }
      }
    }
  }

  /// Killed while what waits goes over: all of it is delivered, each under one key, and what the fallback
  /// had is not sent again once it is recorded.
  @Test func killed() async throws {
    let count = 400
    let isUp = Atomic<Bool>(false)
    let first = try WebhookReceiver { _, _ in .hangUp }
    let second = try WebhookReceiver { _, _ in .status(isUp.load(ordering: .relaxed) ? 200 : 503) }
    defer {
      first.stop()
      second.stop()
    }
    var settings = DaemonSettings(rules: SampleRules.yaml)
    // Both are shut at first, so that a lot waits at the first.
    settings.extra = Self.destinations(
      first.url, second.url, secondKeys: "    rate: null\n    concurrency: 1")
    try await Workspace.with("fallback-kill") { workspace in
      let place = try DaemonPlace(workspace, settings)
      var daemon = try await place.start()
      let sender = try UDPSender(port: place.syslogPort)
      for number in 1...count {
        sender.send(NumberedMessage.syslog(number))
        if number % 50 == 0 { try await Task.sleep(for: .milliseconds(20)) }
      }
      try await eventually("all of them wait") { try await daemon.scrape().pending == count }
      isUp.store(true, ordering: .relaxed)
      for _ in 0..<5 {
        let before = second.count
        try await eventually("some more have gone over") {
          second.count > before || second.received.compactMap(\.number).count >= count
        }
        await daemon.kill()
        daemon = try await place.start()
      }
      try await eventually("nothing is left", within: .seconds(120)) {
        try await daemon.scrape().pending == 0
      }
      var keys: [Int: Set<String>] = [:]
      for request in second.received {
        if let number = request.number { keys[number, default: []].insert(request.key) }
      }
      #expect(Set(keys.keys) == Set(1...count))
      #expect(keys.values.allSatisfy { $0.count == 1 })
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  /// The receiver hangs, and a reload gives it a fallback: what was under way goes out again under its key,
  /// what comes behind it, and in their order.
  @Test func aReloadDoesNotWaitForAnAttemptThatHangs() async throws {
    let first = try WebhookReceiver { _, index in
      if index > 0 { return .status(200) }
      return .perform { connection in
        // Until the daemon gives it up.
        _ = connection.receive()
        return false
      }
    }
    let second = try WebhookReceiver()
    defer {
      first.stop()
      second.stop()
    }
    let hung = "    timeout: 5m\n"
    var settings = DaemonSettings(rules: SampleRules.yaml)
    settings.extra = Self.destinations(first.url, second.url, firstKeys: hung)
      .replacingOccurrences(of: "    fallback: second\n", with: "")
    try await withDaemon("hung-reload", settings) { daemon in
      let place = daemon.place
      let sender = try UDPSender(port: place.syslogPort)
      // The second takes everything too, as nobody's fallback.
      sender.send(NumberedMessage.syslog(1))
      try await eventually("the first hangs") { first.count == 1 && second.count == 1 }
      sender.send(NumberedMessage.syslog(2))
      try await eventually("the next waits") {
        let metrics = try await daemon.scrape()
        return second.count == 2 && metrics.sum("mutt_outbox_pending", "destination=\"first\"") == 2
      }
      #expect(first.count == 1)
      let yaml = text(of: place.configFile)
        .replacingOccurrences(of: hung, with: hung + "    fallback: second\n")
      try Data(yaml.utf8).write(to: URL(fileURLWithPath: place.configFile))
      let begin = ContinuousClock.now
      #expect(try await place.muttd("reload").ending == .code(0))
      sender.send(NumberedMessage.syslog(3))
      try await eventually("all three arrive", within: .seconds(60)) { first.count == 4 }
      print("from the reload to the last of three alerts: \(ContinuousClock.now - begin)")
      #expect(first.received.map(\.number) == [1, 1, 2, 3])
      #expect(first.received[0].key == first.received[1].key)
      #expect(first.received[0].body == first.received[1].body)
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }
}
