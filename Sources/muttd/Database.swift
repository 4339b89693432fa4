import ArgumentParser
import Daemon

struct Database: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "db",
    abstract: "Makes, upgrades, adopts and copies the tables of the store, and looks after them.",
    subcommands: [
      DatabaseMigrate.self, DatabaseStatus.self, DatabaseDown.self, DatabaseAdopt.self, DatabaseBackup.self,
      DatabasePartitions.self, DatabaseRetention.self,
    ])
}

struct DatabaseMigrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Applies the migrations that are pending and says which.",
    discussion: """
      muttd run does it by itself for the embedded store; for PostgreSQL it is done by the owner of the \
      database, not by the daemon's role. Nothing happens where nothing is pending.

      EXAMPLE
        muttd db migrate --store postgresql://owner@db.example/mutt
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

struct DatabaseDown: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "down", abstract: "Takes migrations back, and with them what their tables hold.",
    discussion: """
      Everything above the version that is named goes, newest first; 0 drops rules and audit too, and wants \
      --drop-data. Stop the daemon first.

      EXAMPLE
        muttd db down --to 3
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Option(help: ArgumentHelp("The version that stays, 0: none.", valueName: "version"))
  var to: Int
  @Flag(help: "With --to 0: drops every rule and all of the audit.")
  var dropData = false
  func run() throws {
    try VerbDatabase(settings: place.settings, json: form.json).down(to: to, dropsData: dropData)
  }
}
