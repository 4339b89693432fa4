import ArgumentParser
import Daemon

struct Outbox: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "outbox",
    abstract: "Shows alerts that are still to be delivered, and dead ones; replays and purges them.",
    subcommands: [OutboxList.self, OutboxShow.self, OutboxReplay.self, OutboxPurge.self])
}

struct OutboxList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists deliveries that are pending or dead.",
    discussion: """
      What was delivered is gone from the outbox; muttd audit events says sent: yes.

      EXAMPLE
        muttd outbox list --destination moog --state dead
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Option(help: "Name of the destination.")
  var destination: String?
  @Option(help: "pending or dead.")
  var state: String?
  @Option(help: "Host name.")
  var host: String?
  @Option(help: "Name of the rule.")
  var rule: String?
  @Option(help: ArgumentHelp("The page after this delivery.", valueName: "id"))
  var after: Int64?
  @Option(help: "Deliveries on a page, 1-1000.")
  var limit = 100

  func run() throws {
    try VerbOutbox(settings: place.settings, json: form.json).list(
      destination: destination, state: state, host: host, rule: rule, after: after, limit: limit)
  }
}

struct OutboxShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a delivery with its payload and its last answer.",
    discussion: """
      EXAMPLE
        muttd outbox show 17

      EXIT CODES: 0 shown; 1 it is not in the outbox; 69 there is no outbox.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Argument(help: "Id of a delivery, or of an event for all its deliveries.")
  var id: String

  func run() throws {
    try VerbOutbox(settings: place.settings, json: form.json).show(id)
  }
}

/// Which deliveries, for the verbs that change them.
struct OutboxChoice: ParsableArguments {
  @Argument(help: "Ids of deliveries, or of events for all their deliveries.")
  var ids: [String] = []
  @Option(help: "Name of the destination.")
  var destination: String?
  @Option(help: "Host name.")
  var host: String?
  @Option(help: "Name of the rule.")
  var rule: String?
  @Option(help: ArgumentHelp("HTTP status of the last answer; 0: none was had.", valueName: "status"))
  var status: Int?
  @Option(help: ArgumentHelp("Created longer ago, like 2h.", valueName: "time"))
  var olderThan: String?
  @Flag(help: "All of them, without a filter.")
  var all = false
  @Flag(help: "Says what would be done and does nothing.")
  var dryRun = false

  func fill(_ verb: inout VerbOutboxChange) {
    verb.ids = ids
    verb.destination = destination
    verb.host = host
    verb.rule = rule
    verb.status = status
    verb.olderThan = olderThan
    verb.all = all
    verb.dryRun = dryRun
  }
}

struct OutboxReplay: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Sends dead deliveries again under their old id, or pending ones now.",
    discussion: """
      A running daemon sees them within a second. The audit of changes says who did it and why. With \
      --state pending those that wait for a retry are due now; a pause that the receiver has asked a running \
      daemon for (429) stays, as do the rate, a breaker that is open and a hold.

      EXAMPLE
        muttd outbox replay --destination moog --status 413 --dry-run
        muttd outbox replay 17 --reason 'the limit was raised'
        muttd outbox replay --state pending --destination moog --reason 'moog is back'

      EXIT CODES: 0 replayed; 1 nothing of this choice to replay, or some of it for a destination that is \
      not in the configuration: nothing is replayed then; 69 there is no outbox.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @OptionGroup var choice: OutboxChoice
  @Option(help: "dead (the default) or pending: send now what waits for a retry.")
  var state: String?
  @OptionGroup var change: Change

  func run() throws {
    var verb = VerbOutboxChange(settings: place.settings, json: form.json, isPurge: false)
    choice.fill(&verb)
    verb.state = state
    verb.reason = change.reason
    try verb.run()
  }
}

struct OutboxPurge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge", abstract: "Removes dead deliveries for good, or pending ones.",
    discussion: """
      The audit of changes says who did it and why; the alerts themselves stay in muttd audit events.

      EXAMPLE
        muttd outbox purge --destination old --state pending --reason 'switched off'

      EXIT CODES: 0 purged; 1 no delivery of this choice; 69 there is no outbox.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @OptionGroup var choice: OutboxChoice
  @Option(help: "dead (the default) or pending.")
  var state: String?
  @OptionGroup var change: Change

  func run() throws {
    var verb = VerbOutboxChange(settings: place.settings, json: form.json, isPurge: true)
    choice.fill(&verb)
    verb.state = state
    verb.reason = change.reason
    try verb.run()
  }
}
