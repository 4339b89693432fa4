import Foundation
import Intake
import Model

/// `muttd top`: how a running daemon is doing, on one screen that is drawn anew, or once as plain text.
package struct VerbTop: Sendable {
  private let settings: VerbSettings
  private let seconds: Int
  private let isOnce: Bool

  package init(settings: VerbSettings, seconds: Int, isOnce: Bool) {
    self.settings = settings
    self.seconds = seconds
    self.isOnce = isOnce
  }

  package func run() throws(DaemonFailure) {
    guard (1...60).contains(seconds) else {
      throw DaemonFailure(.usage, "--every \(seconds) is outside 1...60")
    }
    let api = VerbAPI(stateDirectory: try settings.stateDirectory())
    let sources = TopSources()
    let first = try status(api)
    let watcher = Thread { sources.watch(api) }
    watcher.start()
    if !isOnce, let terminal = TopTerminal() {
      show(on: terminal, api, sources, first)
      terminal.restore()
    } else {
      try printOnce(api, sources, first)
    }
  }

  private func printOnce(_ api: VerbAPI, _ sources: TopSources, _ first: [String: Any]) throws(DaemonFailure)
  {
    // Rates of listeners and rules are what lies between two looks.
    DaemonThread.pause(milliseconds: 1_000)
    let screen = TopScreen(now: try status(api), last: first, shares: sources.take())
    var output = VerbOutput()
    for line in screen.lines { output.line(line.text) }
  }

  /// Until somebody ends it: a daemon that has gone may come back.
  private func show(
    on terminal: TopTerminal, _ api: VerbAPI, _ sources: TopSources, _ first: [String: Any]
  ) {
    var last = first
    var lines = TopScreen(now: first, last: first, shares: TopSources.Shares()).lines
    terminal.draw(lines)
    var next = min(1, Double(seconds))
    while true {
      switch terminal.wait(seconds: next) {
      case .end: return
      case .redraw: break
      case .look:
        do throws(DaemonFailure) {
          let now = try status(api)
          lines = TopScreen(now: now, last: last, shares: sources.take()).lines
          last = now
        } catch {
          if lines.first?.isOld == true { lines.removeFirst() }
          lines.insert(
            TopScreen.Line("NO ANSWER, what is below is old: \(error.message)", .alarm, isOld: true), at: 0)
        }
      }
      terminal.draw(lines)
      next = Double(seconds)
    }
  }

  private func status(_ api: VerbAPI) throws(DaemonFailure) -> [String: Any] {
    guard let status = try api.get("/api/v1/status") as? [String: Any] else {
      throw DaemonFailure(.unavailable, "the daemon gave a status that is none")
    }
    return status
  }
}
