import ArgumentParser
import Daemon

struct DatabaseAdopt: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adopt", abstract: "Makes a PostgreSQL database of MUTT's ours; without --apply, says how.",
    discussion: """
      The report names every difference of the tables, what somebody has to decide first, and every rule and \
      host that decides differently here, with why. It changes nothing.

      --apply does all of it in one transaction, or nothing. Columns and indexes are added, none is taken \
      away; no row of the audit is written anew. It waits for whoever uses the tables, so stop MUTT before; \
      indexes over years of rows take their time. Statements that name only MUTT's columns keep working. Run \
      it as the owner of the tables. A second run finds nothing.

      EXAMPLE
        muttd db adopt --store postgresql://owner@db.example/mutt
        muttd db adopt --store postgresql://owner@db.example/mutt --apply

      EXIT CODES: 0 reported, or adopted; 1 something is in the way and nothing was changed; 69 the server \
      is away; 78 the database is none of MUTT's.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Flag(help: "Does it.")
  var apply = false
  @Flag(help: "Allows columns of the audit to change their type where that writes every row anew.")
  var rewrite = false

  func run() throws {
    try VerbDatabase(settings: place.settings, json: form.json).adopt(applies: apply, rewrites: rewrite)
  }
}

struct DatabaseBackup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copies the embedded store and the outbox beside a running daemon.",
    discussion: """
      Each copy is one moment of its file, compact, and checked. The directory is there when all of it is on \
      the disk, or not at all. With PostgreSQL as the store only the outbox is copied, and pg_dump is the \
      tool for the rest. docs/operations.md says how to go back.

      EXAMPLE
        muttd db backup /var/backups/muttd-$(date +%F)

      EXIT CODES: 0 copied; 1 the directory is not empty; 69 there is no store; 74 it cannot be written, or \
      there is no room.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Argument(help: "A directory that is not there yet, or empty.")
  var directory: String

  func run() throws {
    try VerbDatabase(settings: place.settings, json: form.json).backup(to: directory)
  }
}
