import ArgumentParser
import Daemon

struct Engines: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "engines",
    abstract: "Shows the SNMPv3 engines that were heard; forgets those that count their boots anew.",
    subcommands: [EnginesList.self, EnginesForget.self])
}

struct EnginesList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists engines and their clocks, the most recently heard first.",
    discussion: """
      An engine is there once a message of it was authentic. A running daemon writes their clocks every ten \
      seconds.

      EXAMPLE
        muttd engines list --limit 10
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Option(help: "Engines to list, 1-100000.")
  var limit = 50

  func run() throws {
    try VerbEngines(settings: place.settings, json: form.json).list(limit: limit)
  }
}

struct EnginesForget: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forget", abstract: "Takes the next message of these engines, whatever their clocks were.",
    discussion: """
      A device that was replaced or reset counts its starts (snmpEngineBoots) anew, which is what a replay \
      looks like: its traps are refused with not_in_time_window. Forget its engine when you know that it is \
      the device. A running daemon does so within some ten seconds, another at its next start, and says so \
      in its log. Until the device has started more often than before, a recorded message of before is taken \
      too, and puts its clock back: give the user another password where that matters.

      EXAMPLE
        muttd engines forget 80001f8880a1b2c3d4

      EXIT CODES: 0 done; 1 one of them is not kept, the others are done; 69 there is no outbox.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Argument(help: "Engine ids, as list and the engine_id of an event show them.")
  var ids: [String]

  func run() throws {
    try VerbEngines(settings: place.settings, json: form.json).forget(ids)
  }
}
