import ArgumentParser
import Daemon

struct Outbox: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows alerts that are still to be delivered, and dead ones.",
    subcommands: [OutboxList.self, OutboxShow.self])
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
