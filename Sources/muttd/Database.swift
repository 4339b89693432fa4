import ArgumentParser
import Daemon

struct Database: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "db", abstract: "Makes and upgrades the tables of the store.",
    subcommands: [DatabaseMigrate.self, DatabaseStatus.self])
}

struct DatabaseMigrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Applies the migrations that are pending and says which.",
    discussion: """
      muttd run does it by itself for the embedded store. Nothing happens where nothing is pending.

      EXAMPLE
        muttd db migrate --state-directory /var/lib/muttd
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  func run() throws { try VerbDatabase(settings: place.settings, json: form.json).migrate() }
}

struct DatabaseStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Lists migrations: version, name, checksum, when applied.",
    discussion: """
      EXAMPLE
        muttd db status
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  func run() throws { try VerbDatabase(settings: place.settings, json: form.json).status() }
}
