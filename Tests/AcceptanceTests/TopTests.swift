import Foundation
import Testing

/// `muttd top`, and what people see of a tap, on a real terminal.
@Suite struct TopTests {
  private func send(_ daemon: DaemonProcess, _ arguments: String...) async throws {
    try await Tool.succeed(
      Binary.path, ["send", "syslog", "--to", "127.0.0.1:\(daemon.place.syslogPort)"] + arguments,
      in: daemon.place.workspace)
  }

  private func top(_ daemon: DaemonProcess, _ options: String = "--every 1") -> String {
    "\(Binary.path) top \(options) --config \(daemon.place.configFile)"
  }

  /// A command, and then how it ended and how it left the terminal.
  private func told(_ command: String) -> String {
    "stty -g; \(command); echo ended with $?; stty -g; sleep 600"
  }

  private func isOurs(_ screen: Screen) async throws -> Bool {
    try await screen.ask("#{alternate_on} #{cursor_flag} #{wrap_flag}") == "1 0 0"
  }

  /// The command has ended with 0 and the terminal is as it was.
  private func isGivenBack(_ screen: Screen) async throws {
    try await eventually("top has ended") { try await screen.text().contains("ended with 0") }
    #expect(try await screen.ask("#{alternate_on} #{cursor_flag} #{wrap_flag}") == "0 1 1")
    // What stty -g says is one word of numbers and colons.
    try await eventually("the terminal is as it was") {
      let words = try await screen.text().split(whereSeparator: \.isWhitespace)
      let settings = words.filter { word in word.count { $0 == ":" } > 20 }
      return settings.count == 2 && settings[0] == settings[1]
    }
  }

  @Test func topIsPlainTextWhereThereIsNoTerminal() async throws {
    try await withDaemon("top", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let flood = Task {
        while !Task.isCancelled {
          try await send(daemon, "--host", "core1", "--severity", "err", "the link is down")
        }
      }
      defer { flood.cancel() }
      try await eventually("top has seen a sample") {
        let top = try await daemon.place.muttd("top")
        #expect(top.ending == .code(0), "\(top.errors)")
        #expect(!top.output.contains("\u{1B}"))
        for word in ["muttd ", "in  ", "drops ", "decided ", "queues ", "out ", "listener"] {
          #expect(top.output.contains(word), "\(word) in \(top.output)")
        }
        let lines = top.output.split(separator: "\n")
        return lines.contains { $0.hasPrefix("numbered ") && $0.contains("100 %") }
          && lines.contains { $0.hasPrefix("core1 ") && $0.contains("100 %") }
      }
    }
  }

  @Test func topFillsATerminalAndFollowsItsSize() async throws {
    let receiver = try WebhookReceiver()
    let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    defer { receiver.stop() }
    try await withDaemon("top-screen", settings) { daemon in
      try await Screen.with(told(top(daemon)), in: daemon.place.workspace) { screen in
        try await eventually("the screen is filled") {
          try await screen.text().contains("destination")
        }
        #expect(try await isOurs(screen))
        try await eventually("an alert is shown as delivered") {
          try await send(daemon, "--host", "core1", "--severity", "err", "the link is down")
          let lines = try await screen.text().split(separator: "\n")
          return lines.contains { $0.hasPrefix("moog ") && $0.contains("works") && !$0.hasSuffix(" 0") }
            && lines.contains { $0.hasPrefix("core1 ") }
        }
        #expect(try await screen.text(withStyles: true).contains("\u{1B}[1m"))
        for (columns, rows) in [(40, 8), (120, 40), (1, 1), (100, 30)] {
          try await screen.resize(columns, rows)
          try await eventually("it is drawn for \(columns) x \(rows)") {
            let lines = try await screen.text().split(separator: "\n", omittingEmptySubsequences: false)
            let start = String("muttd 0.1".prefix(columns))
            return lines[0].hasPrefix(start) && lines.allSatisfy { $0.count <= columns }
              && lines.count <= rows + 1
          }
        }
        try await screen.press("q")
        try await isGivenBack(screen)
      }
    }
  }

  static let ends = ["C-c", "C-d", "Q", "TERM", "INT", "HUP"]

  @Test(arguments: ends) func theTerminalIsGivenBack(_ end: String) async throws {
    try await withDaemon("top-end", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let file = daemon.place.workspace.file("pid")
      let command = told("sh -c 'echo $$ > \(file); exec \(top(daemon))'")
      try await Screen.with(command, in: daemon.place.workspace) { screen in
        try await eventually("top draws") { try await isOurs(screen) }
        if end.count > 2, !end.hasPrefix("C-") {
          let pid = text(of: file).trimmingCharacters(in: .whitespacesAndNewlines)
          try await Tool.succeed("kill", ["-\(end)", pid], in: daemon.place.workspace)
        } else {
          try await screen.press(end)
        }
        try await isGivenBack(screen)
      }
    }
  }

  @Test func colourIsNotForEverybody() async throws {
    try await withDaemon("top-plain", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      try await Screen.with("NO_COLOR=1 \(top(daemon))", in: daemon.place.workspace) { screen in
        try await eventually("top draws") { try await screen.text().contains("queues  recorder") }
        #expect(try await !screen.text(withStyles: true).contains("\u{1B}["))
      }
      // A terminal that cannot be drawn on gets the plain text.
      try await Screen.with(told("TERM=dumb \(top(daemon))"), rows: 60, in: daemon.place.workspace) {
        screen in
        try await isGivenBack(screen)
        #expect(try await screen.text().contains("queues  recorder"))
      }
    }
  }

  @Test func aDaemonThatGoesMayComeBack() async throws {
    try await withDaemon("top-restart", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      try await Screen.with(top(daemon), in: daemon.place.workspace) { screen in
        try await eventually("top draws") { try await screen.text().contains("queues  recorder") }
        #expect(try await daemon.stop() == .code(0))
        try await eventually("it is said that the daemon has gone") {
          let text = try await screen.text()
          return text.hasPrefix("NO ANSWER, what is below is old: ") && text.contains("queues  recorder")
        }
        let next = try await daemon.place.start()
        try await eventually("the next one is shown") {
          try await screen.text().hasPrefix("muttd 0.1")
        }
        await next.kill()
      }
    }
  }

  @Test(arguments: ["", "--json"]) func whatDevicesSayIsShownAndNotObeyed(_ form: String) async throws {
    try await withDaemon("tap-hostile", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let tap = "\(Binary.path) tap \(form) --config \(daemon.place.configFile)"
      try await Screen.with(tap, in: daemon.place.workspace) { screen in
        let title = try await screen.ask("#{pane_title}")
        let hostile =
          "\u{1B}]2;owned\u{07}\u{1B}[2J\u{1B}[31m\u{9B}2J\u{9D}2;owned\u{9C}\u{202E}\u{2066}\u{1B}[?1049h"
          + " visible"
        try await eventually("the tap shows it") {
          try await send(daemon, "--host", "core1", hostile)
          return try await screen.text().contains("visible")
        }
        #expect(try await screen.ask("#{pane_title}") == title)
        #expect(try await screen.ask("#{alternate_on}") == "0")
        #expect(try await !screen.text(withStyles: true).contains("\u{1B}["))
        let shown = try await screen.text().unicodeScalars
        #expect(!shown.contains { [0x202E, 0x2066].contains($0.value) })
      }
    }
  }
}
