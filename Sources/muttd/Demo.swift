import ArgumentParser
import Daemon

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The whole story on one screen, with nothing to set up.",
    discussion: """
      Starts a daemon of its own on free loopback ports with sample rules and a temporary directory, \
      sends it a \
      dozen events through real sockets, and shows what became of each: the event, the decision and its \
      reason, \
      the alert. Ends with the accounting line and leaves nothing behind.

      EXAMPLE
        muttd demo

      EXIT CODES: 0 shown; 69 the daemon did not start.
      """)
  @Flag(help: "Leaves the daemon running until Ctrl-C, and says where to send to.")
  var keep = false

  func run() throws {
    try VerbDemo(keeps: keep).run()
  }
}
