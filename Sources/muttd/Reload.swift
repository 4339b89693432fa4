import ArgumentParser
import Daemon

struct Reload: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tells the running daemon to read configuration, rules file and store again.",
    discussion: """
      All or nothing: what cannot be taken leaves the old rules deciding, and the log and /readyz say why. \
      --force takes a set that the guard refused (rules.guard: far fewer rules than before).

      EXAMPLE
        muttd check && muttd reload

      EXIT CODES: 0 told; 69 no daemon runs on this state directory; 77 it belongs to somebody else.
      """)
  @OptionGroup var place: Place
  @Flag(help: "Takes the new set past the guard.")
  var force = false

  func run() throws { try VerbReload(settings: place.settings, force: force).run() }
}
