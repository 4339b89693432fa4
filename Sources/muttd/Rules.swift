import ArgumentParser
import Daemon

struct Rules: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "Shows, tests and changes the rules.",
    discussion: """
      Rules decide in the order of their priority, lowest first, then of their id; the first that holds \
      wins. A \
      change is checked before it is written, decides within a second, and stands in the audit of \
      changes with \
      your name and --reason. With rules.file configured the file governs, and commands change nothing.

      EXAMPLE
        muttd rules add link-down --match-type regex \\
          --match-string '%LINK-3-UPDOWN: Interface (?<interface>\\S+), changed state to down' \\
          --priority 10 --prod-handling Page_and_ticket --dev-handling Ignore --team NETO
      """,
    subcommands: [
      RulesList.self, RulesShow.self, RulesAdd.self, RulesSet.self, RulesEnable.self, RulesDisable.self,
      RulesTest.self, RulesImport.self, RulesExport.self, RulesHistory.self, RulesRestore.self,
    ])
}

struct RulesList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the rules in the order in which they decide.",
    discussion: """
      Hits and last fired are counted over the events that the audit still holds.

      EXAMPLE
        muttd rules list --all
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Flag(help: "Retired rules too.")
  var all = false

  func run() throws {
    try VerbRules(settings: place.settings, json: form.json).list(showsRetired: all)
  }
}

struct RulesShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows one rule as it stands in a rules file.",
    discussion: """
      EXAMPLE
        muttd rules show link-down

      EXIT CODES: 0 shown; 1 there is no such rule; 69 no store.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Argument(help: "Name or id of the rule.")
  var name: String

  func run() throws {
    try VerbRules(settings: place.settings, json: form.json).show(name)
  }
}

struct RulesTest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Holds rules to their promises, against the whole set.",
    discussion: """
      A match example must be won by its rule, a no_match example must not: for each that fails, which rule \
      won instead and why. A line is a syslog datagram; one that starts with trap: is a notification in \
      words (trap: linkDown ifIndex.3=i:3) or in hexadecimal. A rule that can never win, because rules \
      before it take all it could hold for, is a broken promise too. Warned about: rules that hold \
      for everything, teams that nobody else knows where some are listed, names that only their case \
      tells apart.

      EXAMPLE
        muttd rules test --rules rules.yaml link-down

      EXIT CODES: 0 all hold (warnings may be); 1 one does not, or there is no rule of that name; 69 no \
      store; 78 the rules cannot be loaded.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Option(help: ArgumentHelp("Rules file instead of the store.", valueName: "file"))
  var rules: String?
  @Argument(help: "Names or ids of the rules to test, against all; none: all of them.")
  var names: [String] = []

  func run() throws {
    if try !VerbRules(settings: place.settings, json: form.json).test(names, file: rules) {
      throw ExitCode(DaemonFailure.Exit.found.rawValue)
    }
  }
}

struct RulesImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Takes a rules file over, all of it or nothing.",
    discussion: """
      Rules of the same name are changed, new ones added, hosts, teams and devices set. With --replace the \
      store becomes equal to the file: rules that are not in it are retired, hosts that are not in it removed.

      EXAMPLE
        muttd rules import rules.yaml --dry-run

      EXIT CODES: 0 done; 1 a rule cannot be used or its examples do not hold, nothing was written; 78 \
      the file \
      cannot be loaded.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @OptionGroup var change: Change
  @Flag(help: "Makes the store equal to the file.")
  var replace = false
  @Flag(help: "Says what would change and changes nothing.")
  var dryRun = false
  @Argument(help: "Rules file (YAML).")
  var file: String

  func run() throws {
    try VerbRules(settings: place.settings, json: form.json).importFile(
      file, replaces: replace, isDryRun: dryRun, reason: change.reason)
  }
}

struct RulesExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes rules, hosts, teams and devices as a rules file.",
    discussion: """
      EXAMPLE
        muttd rules export > rules.yaml
        muttd rules export --snapshot > rules.yaml    # the store has lost its rules; they decide still
      """)
  @OptionGroup var place: Place
  @Flag(help: "With the ids of the rules; they fit this store only.")
  var ids = false
  @Flag(help: "Not the store's: those that decided last, which the daemon keeps beside it.")
  var snapshot = false

  func run() throws {
    try VerbRules(settings: place.settings, json: false).export(includesIDs: ids, ofSnapshot: snapshot)
  }
}
