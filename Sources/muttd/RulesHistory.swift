import ArgumentParser
import Daemon

struct RulesHistory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Shows every change of a rule, newest first, as a diff.",
    discussion: """
      Changes made in psql or sqlite3 are among them. A rule that was deleted is found by its old name.

      EXAMPLE
        muttd rules history link-down

      EXIT CODES: 0 shown; 1 there is no such rule and never was; 69 no store.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Option(help: "The newest so many changes, 1-1000.")
  var limit = 100
  @Argument(help: "Name or id of the rule.")
  var name: String

  func run() throws {
    try VerbRules(settings: place.settings, json: form.json).history(name, limit: limit)
  }
}

struct RulesRestore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Makes a rule what it was in an earlier version.",
    discussion: """
      All its columns become those of that version, and this is a new version: nothing is taken out of the \
      history. It is checked like any change. A rule that was deleted comes back under its id.

      EXAMPLE
        muttd rules restore link-down --version 3 --reason 'version 4 paged for every flap'

      EXIT CODES: 0 restored; 1 there is no such rule or version, or it could not be used now; nothing was \
      written then.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @OptionGroup var change: Change
  @Option(help: ArgumentHelp("The version, as muttd rules history shows it.", valueName: "number"))
  var version: Int
  @Argument(help: "Name or id of the rule.")
  var name: String

  func run() throws {
    try VerbRules(settings: place.settings, json: form.json).restore(
      name, version: version, reason: change.reason)
  }
}
