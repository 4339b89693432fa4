import ArgumentParser
import Daemon

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs the daemon in the foreground.",
    discussion: """
      Receives, decides, audits and forwards until SIGTERM or SIGINT has drained it (at most 10 s). \
      SIGHUP, or \
      muttd reload, reads configuration, rules file and store again. The log goes to standard error.

      EXAMPLE
        muttd run --config config/sample/muttd.yaml

      EXIT CODES: 0 after a stop; 69 a port is taken or another muttd runs on the state directory; 74 \
      the state \
      directory cannot be written; 77 a port may not be bound; 78 the configuration cannot be loaded.
      """)

  @OptionGroup var place: Place

  func run() async throws {
    try await RunningDaemon.run(place.settings.source)
  }
}
