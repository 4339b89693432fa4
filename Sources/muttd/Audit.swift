import ArgumentParser
import Daemon

struct Audit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Reads the audit: of events, and of changes.",
    subcommands: [AuditEvents.self, AuditConfig.self, AuditAside.self])
}

struct AuditEvents: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Lists events, newest first.",
    discussion: """
      All conditions that are given must hold. --since and --until look at event_timestamp and take a time \
      (2026-11-21T02:14:05Z, 2026-11-21) or an age (15m, 2h, 7d). A full page ends with the --before of \
      the next.

      EXAMPLE
        muttd audit events --host core1 --since 2h --handling Page_and_ticket

      EXIT CODES: 0 listed, also when there are none; 64 wrong usage; 69 no store.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Option(help: "Host name, without regard to case.")
  var host: String?
  @Option(help: "Name or id of the rule that won.")
  var rule: String?
  @Option(help: "Handling; unmatched: no rule won.")
  var handling: String?
  @Option(help: ArgumentHelp("From this time on.", valueName: "time"))
  var since: String?
  @Option(help: ArgumentHelp("Before this time.", valueName: "time"))
  var until: String?
  @Option(help: "A part of the raw message; on years of audit with --host or --since.")
  var text: String?
  @Option(help: ArgumentHelp("The page after this event.", valueName: "id"))
  var before: String?
  @Option(help: "Events on a page, 1-1000.")
  var limit = 100

  func run() throws {
    var verb = VerbAudit(settings: place.settings)
    verb.host = host
    verb.rule = rule
    verb.handling = handling
    verb.since = since
    verb.until = until
    verb.text = text
    verb.before = before
    verb.limit = limit
    verb.json = form.json
    try verb.run()
  }
}

struct AuditConfig: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Lists changes of rules and hosts, newest first.",
    discussion: """
      Who changed what, when and why, whether by a command, a rules file, or in psql or sqlite3. All \
      conditions that are given must hold. --holds takes a JSON object that the values before or after the \
      change contain: on PostgreSQL as @> has it, in the embedded store key by key. A full page ends with \
      the --before of the next.

      EXAMPLES
        muttd audit config --table rules --since 7d
        muttd audit config --key core1 --actor alice
        muttd audit config --holds '{"prod_handling": "Suppress"}'

      EXIT CODES: 0 listed, also when there are none; 64 wrong usage; 69 no store.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Option(help: "rules, dev, team, device or outbox.")
  var table: String?
  @Option(help: "Name of a rule or host, without regard to case, or a rule's id.")
  var key: String?
  @Option(help: "Who changed it.")
  var actor: String?
  @Option(help: "create, update or delete.")
  var operation: String?
  @Option(help: ArgumentHelp("What the change belongs to.", valueName: "id"))
  var correlationId: String?
  @Option(help: ArgumentHelp("From this time on.", valueName: "time"))
  var since: String?
  @Option(help: ArgumentHelp("Before this time.", valueName: "time"))
  var until: String?
  @Option(help: ArgumentHelp("What the values contain.", valueName: "json"))
  var holds: String?
  @Option(help: ArgumentHelp("The page after this change.", valueName: "id"))
  var before: String?
  @Option(help: "Changes on a page, 1-1000.")
  var limit = 100

  func run() throws {
    var verb = VerbAuditChanges(settings: place.settings)
    verb.table = table
    verb.key = key
    verb.actor = actor
    verb.operation = operation
    verb.correlationID = correlationId
    verb.since = since
    verb.until = until
    verb.holds = holds
    verb.before = before
    verb.limit = limit
    verb.json = form.json
    try verb.run()
  }
}
