import ArgumentParser
import Daemon

struct Top: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract:
      "Shows how a running daemon is doing: rates, drops, queues, destinations, noisiest sources and rules.",
    discussion: """
      Full screen on a terminal: q ends it, a blank looks at once. Elsewhere, or with --once, plain text \
      once. Rates are those of the last ten seconds, of listeners and rules those between two looks; which \
      rules and sources are noisiest is told from a sample of what is decided. Colours are left out when \
      NO_COLOR is set. Asks the daemon over its socket, api.sock: run it as root, or as a user \
      of the daemon's group.

      EXAMPLE
        muttd top --once

      EXIT CODES: 0 shown; 64 wrong usage; 69 no daemon runs on this state directory; 77 not permitted.
      """)
  @OptionGroup var place: Place
  @Flag(help: "Plain text, once.")
  var once = false
  @Option(help: ArgumentHelp("Seconds between two looks, 1-60.", valueName: "seconds"))
  var every = 2

  func run() throws { try VerbTop(settings: place.settings, seconds: every, isOnce: once).run() }
}
