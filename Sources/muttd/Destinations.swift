import ArgumentParser
import Daemon

struct Destinations: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "destinations", abstract: "Shows where alerts go, and tries whether they get there.",
    subcommands: [DestinationsList.self, DestinationsTest.self])
}

struct DestinationsList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the destinations of the configuration and what waits for them.",
    discussion: """
      Behind them those that are not in the configuration and are still owed something, or have dead ones.
      How each is doing (held, open, failing) stands in /readyz of the running daemon.

      EXAMPLE
        muttd destinations list
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form

  func run() throws { try VerbDestinations(settings: place.settings, json: form.json).list() }
}

struct DestinationsTest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Sends one test alert to a destination and shows the answer.",
    discussion: """
      The alert has severity 1 and says that it is a test. It does not pass the outbox, and nothing of it is \
      kept. With webhook_origin the receiver is asked first whether it consents.

      EXAMPLE
        muttd destinations test moog

      EXIT CODES: 0 delivered; 1 not delivered; 64 no destination has this name.
      """)
  @OptionGroup var place: Place
  @OptionGroup var form: Form
  @Argument(help: "Name of the destination.")
  var name: String

  func run() async throws {
    try await VerbDestinations(settings: place.settings, json: form.json).test(name)
  }
}
