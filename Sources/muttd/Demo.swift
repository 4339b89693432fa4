import ArgumentParser
import Daemon

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "The whole story on one screen, with nothing to set up.",
    discussion: """
      Starts a daemon of its own on free loopback ports, with sample rules, a temporary directory and a \
      web hook for its alerts. Sends it events through real sockets and shows each with the decision, its \
      reason and the alert. Then the web hook dies, alerts wait, and it comes back and gets them all. Ends \
      with the accounting of the daemon and leaves nothing behind. It is one screen and takes seconds.

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
