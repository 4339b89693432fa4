import ArgumentParser
import Daemon

extension VerbToken.Role: ExpressibleByArgument {}

struct Token: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Makes a token for the HTTP API.",
    discussion: """
      Prints the token, which is shown this once, and the line for the file that http.tokens names: name, \
      role, SHA-256 of the token and its end. Taking the line out of the file takes the token back.

      EXAMPLE
        muttd token grafana --expires 365d --append && muttd reload

      EXIT CODES: 0 made; 64 wrong usage; 74 the file cannot be written; 77 not permitted.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Option(help: "viewer or operator.")
  var role = VerbToken.Role.viewer
  @Option(
    help: ArgumentHelp("Until when it is taken: 90d, 12h, 2027-01-31 (default: no end).", valueName: "time"))
  var expires: String?
  @Flag(help: "Adds the line to the file that http.tokens names.")
  var append = false
  @Argument(help: "Whose token it is: named in the log.")
  var name: String

  func run() throws {
    try VerbToken(
      settings: place.settings, name: name, role: role, expires: expires, appends: append, json: form.json
    ).run()
  }
}
