import ArgumentParser
import Daemon

/// The root of the command line (DESIGN §4).
struct Muttd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "muttd",
    abstract: "Turns what network devices say (syslog, SNMP traps) into what a person on call should read.",
    discussion: """
      Nothing to set up, the whole story on one screen:
        muttd demo

      A day with it:
        muttd check                     # is the configuration right, do the rules hold?
        muttd run                       # the daemon, in the foreground
        muttd send syslog 'something went wrong'
        muttd audit events --since 10m  # what came in, what was decided
        muttd explain --event ID        # and why

      Every verb has its own help with an example: muttd help VERB.
      All of them take --config FILE (default: \(VerbSettings.standardPath) where there is one); lists take \
      --json, one object a line.

      EXIT CODES: 0 done; 1 a check or test found something in the rules, or what was asked for is not \
      there; \
      64 wrong usage; 69 unavailable (no daemon, no store, port taken); 74 input or output failed; \
      77 not permitted; 78 a configuration or rules file that cannot be loaded.
      """,
    version: Product.version,
    subcommands: [
      Run.self, Check.self, Match.self, Explain.self, Rules.self, Hosts.self, Audit.self, Outbox.self,
      Unmatched.self, Engines.self,
      Destinations.self,
      Database.self, Reload.self, Token.self, TapDecisions.self, Top.self, Send.self, Demo.self,
    ])
}
