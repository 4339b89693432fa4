import ArgumentParser
import Daemon

struct Reload: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload",
    abstract: "Tells the running daemon to read configuration, rules file and store again.",
    discussion: """
      All or nothing: what cannot be taken leaves everything as it was, and is said here, in the log and in \
      /readyz. Waits until the daemon has answered, 60 seconds at the most. --force takes a set that the \
      guard refused (rules.guard: far fewer rules than before).

      EXAMPLE
        muttd check && muttd reload

      EXIT CODES: 0 taken (with --no-wait: told); 69 no daemon runs on this state directory, or what came of \
      it cannot be learned; 77 it belongs to somebody else; 78 refused.
      """)
  @OptionGroup var place: Place
  @Flag(help: "Takes the new set past the guard.")
  var force = false
  @Flag(name: .customLong("no-wait"), help: "Tells the daemon and does not wait for what comes of it.")
  var doesNotWait = false

  func run() throws { try VerbReload(settings: place.settings, force: force, waits: !doesNotWait).run() }
}
