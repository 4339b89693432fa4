import ArgumentParser
import Daemon

struct Unmatched: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unmatched",
    abstract: "Shows what no rule takes, by host and template; ignores it, or suggests rules for it.",
    subcommands: [UnmatchedList.self, UnmatchedIgnore.self, UnmatchedSuggest.self])
}

struct UnmatchedList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists kinds of unmatched events, the most frequent first.",
    discussion: """
      A kind is what one host says in one template: numbers, addresses, times and quoted text are masked. \
      Counted are events of unmatched.severity and worse within unmatched.window, not those of development \
      hosts. A running daemon writes its counts every few seconds.

      EXAMPLE
        muttd unmatched list --host core1
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Option(help: "Host name.")
  var host: String?
  @Option(help: "Kinds to list, 1-1000.")
  var limit = 50
  @Flag(help: "Shows what is ignored instead, with who did it and why.")
  var ignored = false

  func run() throws {
    try VerbUnmatched(settings: place.settings, json: form.json).list(
      host: host, limit: limit, showsIgnored: ignored)
  }
}

struct UnmatchedIgnore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ignore", abstract: "Raises no alert for these kinds any more.",
    discussion: """
      They are still counted. A running daemon takes note within a few seconds; restarts do not forget it.

      EXAMPLE
        muttd unmatched ignore 5e0c4d51 --everywhere --reason 'known noise of this release'
        muttd unmatched ignore 5e0c4d5172aa9b13 --undo

      EXIT CODES: 0 done; 1 there is no such kind; 69 there is no outbox.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Argument(help: "Ids of kinds, or their beginnings; with --undo, ids as list --ignored shows them.")
  var ids: [String]
  @Flag(help: "The same template on every host.")
  var everywhere = false
  @Flag(help: "Raises alerts for them again.")
  var undo = false
  @Option(help: ArgumentHelp("Why; shown by list --ignored.", valueName: "text"))
  var reason: String?

  func run() throws {
    try VerbUnmatched(settings: place.settings, json: form.json).ignore(
      ids, everywhere: everywhere, undo: undo, reason: reason)
  }
}

struct UnmatchedSuggest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suggest", abstract: "Writes rules for these kinds, each with its sample as an example.",
    discussion: """
      What it prints is a rules file: muttd check --rules takes it, and muttd rules import. Read it first: \
      what the handling should be, and which of the masked parts matter, only people know. Nothing is \
      suggested for kinds with fewer than four letters that do not change.

      EXAMPLE
        muttd unmatched suggest 5e0c4d51 > new.yaml

      EXIT CODES: 0 written; 1 there is no such kind, or no rule takes it; 69 there is no outbox.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Argument(help: "Ids of kinds, or their beginnings; none: the most frequent.")
  var ids: [String] = []
  @Option(help: "Rules to suggest where no kind is named, 1-100.")
  var limit = 5

  func run() throws {
    try VerbUnmatched(settings: place.settings, json: form.json).suggest(ids, limit: limit)
  }
}
