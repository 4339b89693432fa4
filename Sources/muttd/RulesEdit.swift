import ArgumentParser
import Daemon

/// The columns of a rule, for add and set.
struct RuleColumns: ParsableArguments {
  @Option(
    help: "contains, regex or oid_prefix (default for a new rule: contains; with an OID alone oid_prefix).")
  var matchType: String?

  @Option(
    help: ArgumentHelp(
      "What to look for: text or a regular expression, without regard to case.", valueName: "text"))
  var matchString: String?

  @Option(help: ArgumentHelp("The trap's OID must lie in this subtree.", valueName: "oid"))
  var trapOid: String?

  @Option(help: ArgumentHelp("The syslog severity the event must have, 0-7.", valueName: "0-7"))
  var syslogSeverity: String?

  @Option(help: "Lower decides first (default for a new rule: 100).")
  var priority: Int?

  @Option(
    help: ArgumentHelp(
      "What to do: Page_and_ticket, Page_only, Ticket_only, Ignore, Suppress, Log_only …",
      valueName: "handling"))
  var prodHandling: String?

  @Option(help: ArgumentHelp("The same for development hosts.", valueName: "handling"))
  var devHandling: String?

  @Option(
    name: [.customLong("team"), .customLong("team-assignment")],
    help: ArgumentHelp("Who gets it; empty: the device's owner.", valueName: "team"))
  var team: String?

  @Option(help: ArgumentHelp("For people.", valueName: "text"))
  var description: String?

  @Option(help: ArgumentHelp("Severity of the alert, 0 (clear) to 5 (critical).", valueName: "0-5"))
  var severity: String?

  @Option(
    help: ArgumentHelp(
      "By what receivers fold repeats: '{host}::{rule}::{interface}'.", valueName: "template"))
  var key: String?

  @Option(help: ArgumentHelp("The title people read: '{host}: {interface} down'.", valueName: "template"))
  var summary: String?

  @Option(help: ArgumentHelp("Where it says what to do.", valueName: "url"))
  var docUrl: String?

  @Option(name: .customLong("tag"), help: ArgumentHelp("A tag; may be repeated.", valueName: "text"))
  var tags: [String] = []

  @Option(
    name: [.customLong("match"), .customLong("match-example")],
    help: ArgumentHelp("A line that this rule must win; may be repeated.", valueName: "line"))
  var matches: [String] = []

  @Option(
    name: [.customLong("no-match"), .customLong("no-match-example")],
    help: ArgumentHelp("A line that this rule must not win; may be repeated.", valueName: "line"))
  var noMatches: [String] = []

  var columns: VerbRuleColumns {
    var columns = VerbRuleColumns()
    columns.matchType = matchType
    columns.matchString = matchString
    columns.trapOID = trapOid
    columns.syslogSeverity = syslogSeverity
    columns.priority = priority
    columns.prodHandling = prodHandling
    columns.devHandling = devHandling
    columns.team = team
    columns.description = description
    columns.severity = severity
    columns.key = key
    columns.summary = summary
    columns.docURL = docUrl
    columns.tags = tags
    columns.matchExamples = matches
    columns.noMatchExamples = noMatches
    return columns
  }
}

struct RulesAdd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Adds a rule.",
    discussion: """
      EXAMPLE
        muttd rules add auth-failure --match-string 'authentication failure' \\
          --prod-handling Ticket_only --dev-handling Log_only --team SECOPS --reason 'audit finding 12'

      EXIT CODES: 0 added; 1 it cannot be used, its examples do not hold or its name is taken, nothing \
      was written.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @OptionGroup var change: Change
  @OptionGroup var rule: RuleColumns
  @Flag(help: "Adds it retired: rules enable lets it decide.")
  var inactive = false
  @Argument(help: "Name of the rule: what people and files know it by.")
  var name: String

  func validate() throws {
    if name.isEmpty { throw ValidationError("The name is empty.") }
    if rule.prodHandling == nil || rule.devHandling == nil {
      throw ValidationError("A rule needs --prod-handling and --dev-handling.")
    }
  }

  func run() throws {
    var columns = rule.columns
    if inactive { columns.isActive = false }
    try VerbRules(settings: place.settings, json: form.json).add(name, columns, reason: change.reason)
  }
}

struct RulesSet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Changes a rule: what is given, and nothing else.",
    discussion: """
      An empty text takes a column away (--team '').

      EXAMPLE
        muttd rules set link-down --priority 5 --reason 'before the catch-all'

      EXIT CODES: 0 changed; 1 there is no such rule, or it could not be used afterwards; nothing was \
      written then.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @OptionGroup var change: Change
  @OptionGroup var rule: RuleColumns
  @Argument(help: "Name or id of the rule.")
  var name: String

  func run() throws {
    try VerbRules(settings: place.settings, json: form.json).set(name, rule.columns, reason: change.reason)
  }
}

struct RulesEnable: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Lets rules decide again.",
    discussion: """
      EXAMPLE
        muttd rules enable link-down
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @OptionGroup var change: Change
  @Argument(help: "Names or ids of rules.")
  var names: [String]

  func run() throws {
    try VerbRules(settings: place.settings, json: form.json).setActive(names, true, reason: change.reason)
  }
}

struct RulesDisable: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Retires rules: they stay, and decide nothing.",
    discussion: """
      EXAMPLE
        muttd rules disable link-down --reason 'storm during the migration'
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @OptionGroup var change: Change
  @Argument(help: "Names or ids of rules.")
  var names: [String]

  func run() throws {
    try VerbRules(settings: place.settings, json: form.json).setActive(names, false, reason: change.reason)
  }
}
