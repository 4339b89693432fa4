import ArgumentParser
import Daemon

struct DatabasePartitions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "partitions", abstract: "Lists the months of the audit on a server.",
    discussion: """
      Rows are the server's estimate. The daemon makes months ahead (audit.precreate_months) and moves rows \
      of the default partition into their own month by itself; nothing has to be scheduled. The embedded \
      store has no months.

      EXAMPLE
        muttd db partitions
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  func run() throws { try VerbMonths(settings: place.settings, json: form.json).list() }
}

struct DatabaseRetention: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retention", abstract: "Shows, or drops, the months that are older than they are kept.",
    discussion: """
      A month goes once its end lies more than audit.retention_months ago; never the current one, never the \
      default partition. The daemon does it by itself where its role may (mutt_retention). Without --apply \
      nothing is dropped. A file (muttd.db) has no months: a running daemon removes its old rows.

      EXAMPLE
        muttd db retention --apply --store postgresql://keeper@db.example/mutt
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Flag(help: "Only say what would be dropped, which is also what happens without either.")
  var dryRun = false
  @Flag(help: "Drop them.")
  var apply = false

  func validate() throws {
    if dryRun, apply { throw ValidationError("--dry-run and --apply exclude each other") }
  }

  func run() throws { try VerbMonths(settings: place.settings, json: form.json).retention(apply: apply) }
}
