import ArgumentParser
import Daemon

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Says why an event was decided as it was, rule by rule.",
    discussion: """
      Takes a message as typed, a trap's packet in hexadecimal, or an event of the audit, and shows \
      time, host, \
      every rule that holds and which one won, the decision and where the alert goes. An event of the \
      audit is \
      decided again by the rules of now; the last line compares.

      EXAMPLES
        muttd explain --rules config/sample/rules.yaml \\
          '<187>Oct  3 14:02:11 core1 123: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down'
        muttd explain --event 911801623435542545

      EXIT CODES: 0 explained; 1 there is no such event; 64 wrong usage; 69 no store; 78 the rules \
      cannot be loaded.
      """)

  @OptionGroup var place: Place
  @OptionGroup var form: Form

  @Option(help: ArgumentHelp("Rules file instead of the store.", valueName: "file"))
  var rules: String?

  @Option(help: ArgumentHelp("A trap: the SNMP packet in hexadecimal.", valueName: "hex"))
  var trap: String?

  @Option(help: ArgumentHelp("An event of the audit, by its id.", valueName: "id"))
  var event: String?

  @Option(help: ArgumentHelp("Who sent the message: 192.0.2.1.", valueName: "address"))
  var from: String?

  @Option(help: ArgumentHelp("When the message came in (default: now).", valueName: "time"))
  var arrival: String?

  @Flag(help: "Shows the rules that do not hold too, and why.")
  var all = false

  @Argument(help: "A syslog message as it stands in the datagram.")
  var message: String?

  func validate() throws {
    if [message, trap, event].compactMap({ $0 }).count != 1 {
      throw ValidationError("Give one of 'MESSAGE', --trap HEX and --event ID.")
    }
    if event != nil, from != nil || arrival != nil {
      throw ValidationError("--event brings its own sender and arrival: leave out --from and --arrival.")
    }
  }

  func run() throws {
    let typed = VerbExplain.Subject.message(TypedBytes.of(message ?? ""))
    let subject: VerbExplain.Subject =
      if let event { .event(event) } else if let trap { .trap(trap) } else { typed }
    try VerbExplain(
      settings: place.settings, subject: subject, rules: rules, peer: from, arrival: arrival, showsAll: all,
      json: form.json
    ).run()
  }
}
