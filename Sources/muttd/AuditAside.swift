import ArgumentParser
import Daemon

struct AuditAside: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aside", abstract: "Rows that the store refused, kept in outbox.db.",
    subcommands: [AuditAsideList.self, AuditAsideRetry.self, AuditAsidePurge.self])
}

struct AuditAsideList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists them with the store's words, oldest first.",
    discussion: """
      mutt_audit_set_aside_total counts them when they are set aside.

      EXAMPLE
        muttd audit aside list --json

      EXIT CODES: 0 listed, also when there are none; 64 wrong usage; 69 there is no outbox.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Option(help: ArgumentHelp("The page after this event.", valueName: "id"))
  var after: Int64?
  @Option(help: "Rows on a page, 1-1000.")
  var limit = 100

  func run() throws {
    try VerbAside(settings: place.settings, json: form.json).list(after: after, limit: limit)
  }
}

struct AuditAsideRetry: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Writes them to the store, now that it may take them.",
    discussion: """
      Those that it takes leave the outbox; the others stay, and what it says now is shown. Beside a running \
      daemon or without one.

      EXAMPLE
        muttd audit aside retry --all

      EXIT CODES: 0 all were written; 1 some are still refused, or there are none; 64 wrong usage; 69 no \
      store or no outbox.
      """)
  @OptionGroup var place: Place
  @Argument(help: "Ids of events.")
  var ids: [String] = []
  @Flag(help: "All of them.")
  var all = false

  func run() throws {
    var verb = VerbAside(settings: place.settings, json: false)
    verb.ids = ids
    verb.all = all
    try verb.retry()
  }
}

struct AuditAsidePurge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge", abstract: "Removes them for good.",
    discussion: """
      The audit of changes says who did it and why.

      EXAMPLE
        muttd audit aside purge 1234567890123456789 --reason 'a test of ours'

      EXIT CODES: 0 purged; 1 there are none of this choice; 64 wrong usage; 69 no store or no outbox.
      """)
  @OptionGroup var place: Place
  @Argument(help: "Ids of events.")
  var ids: [String] = []
  @Flag(help: "All of them.")
  var all = false
  @OptionGroup var change: Change

  func run() throws {
    var verb = VerbAside(settings: place.settings, json: false)
    verb.ids = ids
    verb.all = all
    try verb.purge(reason: change.reason)
  }
}
