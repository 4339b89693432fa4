import ArgumentParser
import Daemon

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Checks configuration, rules and their examples; all problems at once.",
    discussion: """
      Looks at the configuration, then at the rules: which cannot be used, which can never win because rules \
      before them take all they could hold for, and whether every example holds against the whole set. Warns \
      of rules that hold for everything, of teams that nobody else knows (where device_teams or a \
      destination's match.team lists some), of names that only their case tells apart, of alerts that nobody \
      gets, and of clears that do not reach who gets what they end. The rules are those of --rules, else of \
      rules.file, else of the store; where rules.file is set, rules that the store knows are asked in the \
      order of their ids there, as the daemon does.

      EXAMPLE
        muttd check --rules rules.yaml
        rules.yaml:12: rule bgp-flap: cannot be used: missing ) at column 14

      EXIT CODES: 0 nothing found (warnings may be); 1 something in the rules, or TLS files of a destination \
      that cannot be used; 78 a file cannot be loaded.
      """)

  @OptionGroup var place: Place
  @OptionGroup var form: Form

  @Option(help: ArgumentHelp("Rules file to check.", valueName: "file"))
  var rules: String?

  @Flag(help: "The configuration alone: a bad rule must not keep the daemon from starting.")
  var configOnly = false

  func validate() throws {
    if configOnly, rules != nil {
      throw ValidationError("--config-only looks at no rules: leave out --rules.")
    }
  }

  func run() throws {
    let verb = VerbCheck(settings: place.settings, rules: rules, configOnly: configOnly, json: form.json)
    if try !verb.run() { throw ExitCode(DaemonFailure.Exit.found.rawValue) }
  }
}
