import ArgumentParser
import Daemon

struct TapDecisions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tap", abstract: "Shows what a running daemon decides, as it decides it.",
    discussion: """
      All conditions that are given must hold. A worker gives at most 32 events of a batch and --rate \
      events a second, so that it is never slowed down; what was wanted and is more than that is counted \
      and said, once a second. Asks the daemon over its socket, api.sock: run it as root, or as \
      a user of the daemon's group.

      EXAMPLE
        muttd tap --unmatched --severity warning

      EXIT CODES: 0 the reader went away or --count was reached; 64 wrong usage; 69 no daemon runs on this \
      state directory, or it has stopped; 77 not permitted.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Option(help: "Host name without regard to case, or the address it comes from.")
  var host: String?
  @Option(help: "Name or id of the rule that won.")
  var rule: String?
  @Option(
    help: ArgumentHelp(
      "This severe or more: 0-7 or emerg, alert, crit, err … Traps have none and are shown.",
      valueName: "severity"))
  var severity: String?
  @Flag(help: "Only events that no rule won.")
  var unmatched = false
  @Option(help: "A part of the message, ASCII letters without regard to case.")
  var text: String?
  @Option(help: "Lines a second at the most, 1-2000.")
  var rate = 500
  @Option(help: "Ends after so many events.")
  var count: Int?

  func validate() throws {
    if !(1...2_000).contains(rate) { throw ValidationError("--rate \(rate) is outside 1...2000.") }
    if let count, count < 1 { throw ValidationError("--count \(count) is less than one.") }
    if unmatched, rule != nil { throw ValidationError("--unmatched and --rule leave nothing to show.") }
  }

  func run() throws {
    var verb = VerbTap(settings: place.settings)
    verb.host = host
    verb.rule = rule
    verb.severity = severity
    verb.onlyUnmatched = unmatched
    verb.text = text
    verb.count = count
    verb.rate = rate
    verb.json = form.json
    try verb.run()
  }
}
