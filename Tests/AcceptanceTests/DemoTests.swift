import Foundation
import Testing

/// `muttd demo`: the whole story on one screen, and nothing left behind.
@Suite struct DemoTests {
  /// What it says besides the events, from top to bottom.
  private static let story = [
    "  why  link-down (regex, interface=Gi0/1): Page_and_ticket, prod, NETO",
    "  out  alert \"core1: Gi0/1 down\", severity 4, for NETO",
    "  why  link-down (regex, interface=Gi0/1): Ignore, dev, NETO",
    "  out  alert \"core1: interface 3 down\", severity 4, for NETO",
    ", 3 alerts wait on disk", "  breaker closed, 3 alerts delivered, 0 wait",
    "  datagrams=8  received=8  matched=7  unmatched=1  audited=8  kernel_dropped=0",
    "  forwardable=6  deliveries=6  delivered=6  lost=0",
    "  the web hook took 6 alerts, 0 of them more than once",
  ]

  /// Whether all of it stands there in its order, each at the end of a line.
  private func isTold(_ lines: [Substring]) -> Bool {
    var rest = lines[...]
    return Self.story.allSatisfy { said in
      guard let place = rest.firstIndex(where: { $0.hasSuffix(said) }) else { return false }
      rest = rest[(place + 1)...]
      return true
    }
  }

  @Test func itTellsTheWholeStoryAndLeavesNothing() async throws {
    try await Workspace.with("demo") { workspace in
      let temporary = try workspace.makeDirectory("temporary")
      let result = try await Tool.run(
        Binary.path, ["demo"], in: workspace, environment: ["TMPDIR": temporary, "MUTT_NODE": "7"])
      #expect(result.ending == .code(0), "\(result.errors)")
      // One screen, and the line on which the shell asks for the next command.
      let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(isTold(lines), "\(result.output)")
      #expect(lines.count <= 24 && lines.allSatisfy { $0.count <= 80 }, "\(result.output)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: temporary) == [])
    }
  }

  /// It is made for half a minute; twice as long is granted to a machine that does other things too.
  @Test func itIsOneScreenOfATerminalAndEndsByItself() async throws {
    try await Workspace.with("demo-screen") { workspace in
      let temporary = try workspace.makeDirectory("temporary")
      let command = """
        TMPDIR=\(temporary) timeout --foreground 60 \(Binary.path) demo; printf 'ended with %s' $?; sleep 600
        """
      try await Screen.with(command, columns: 80, rows: 24, in: workspace) { screen in
        try await eventually("the demo ends", within: .seconds(120)) {
          try await screen.text().contains("ended with ")
        }
        let lines = try await screen.text().split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
          lines.first == "muttd demo: a daemon, and a web hook for its alerts, on ports of this machine")
        #expect(lines.contains("ended with 0"))
        // From the first event to the accounts: nothing has left the screen, and no line was broken.
        #expect(isTold(lines), "\(lines.joined(separator: "\n"))")
        for word in [
          "1 in   syslog core1 err: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down",
          "6 The web hook dies. Meanwhile 3 more links of core1 go down:",
          "7 The web hook is back on its port:", "Every event and every alert is accounted for:",
        ] { #expect(lines.contains { $0 == word }, "\(word)") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary) == [])
      }
    }
  }

  /// Ctrl-C reaches the daemon of the demo too, and both end in order.
  @Test func whatIsKeptEndsWithCtrlC() async throws {
    try await Workspace.with("demo-keep") { workspace in
      let temporary = try workspace.makeDirectory("temporary")
      // The shell hears it as well and is to go on.
      let command = """
        trap : INT; TMPDIR=\(temporary) \(Binary.path) demo --keep; printf 'ended with %s' $?; sleep 600
        """
      try await Screen.with(command, columns: 80, rows: 40, in: workspace) { screen in
        try await eventually("it keeps running") {
          try await screen.text().contains("The daemon keeps running until Ctrl-C.")
        }
        try await screen.press("C-c")
        try await eventually("it ends") { try await screen.text().contains("ended with 0") }
        let lines = try await screen.text().split(separator: "\n", omittingEmptySubsequences: false)
        #expect(isTold(lines), "\(lines.joined(separator: "\n"))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary) == [])
      }
    }
  }

  /// `muttd demo | head`: nobody reads any more, and the daemon of the demo ends with it.
  @Test func nothingIsLeftWhenItsReaderGoesAway() async throws {
    try await Workspace.with("demo-head") { workspace in
      let temporary = try workspace.makeDirectory("temporary")
      let command = "TMPDIR='\(temporary)' '\(Binary.path)' demo | head -n 1"
      let result = try await Tool.run("/bin/sh", ["-c", command], in: workspace)
      #expect(result.output.hasPrefix("muttd demo:"), "\(result.errors)")
      try await eventually("it has cleared away") {
        try FileManager.default.contentsOfDirectory(atPath: temporary) == []
      }
      #expect(try await Tool.run("pgrep", ["-f", temporary], in: workspace).output == "")
    }
  }
}
