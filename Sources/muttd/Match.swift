import ArgumentParser
import Daemon

extension VerbMatch.Format: ExpressibleByArgument {}

struct Match: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "match", abstract: "Decides recorded messages offline: one JSON object per input line.",
    discussion: """
      Runs the daemon's own decision on lines of files or standard input. A syslog line is one datagram \
      (<187>Oct  3 …); with --format trap-hex a line is one SNMP packet in hexadecimal. Each answer has \
      the keys \
      line, parse, event_timestamp, hostname, app, severity, message, trap_oid, rule_id, rule, handling, \
      forward, \
      environment, team, in this order; what is absent is null. The same input gives the same output: \
      --arrival sets the clock, and without it nothing is clamped and a stamp without year or zone gives null.

      With --count there is one object a rule in place of one a line: rule_id, rule and lines, in deciding \
      order, those that won nothing too, and last, with null for a rule, what none has won. A packet that is \
      no event is in none of them.

      EXAMPLES
        muttd match --rules config/sample/rules.yaml messages.log > decided.json
        muttd match --rules config/sample/rules.yaml --count messages.log

      EXIT CODES: 0 decided; 64 wrong usage; 74 a file cannot be read; 78 the rules cannot be loaded.
      """)

  @OptionGroup var place: Place

  @Option(help: ArgumentHelp("Rules file; a rule without an id has its position as id.", valueName: "file"))
  var rules: String

  @Option(
    help: ArgumentHelp(
      "Hosts file: development_hosts, device_teams and devices over those of --rules.", valueName: "file"))
  var hosts: String?

  @Option(help: "What a line is: \(VerbMatch.Format.allCases.map(\.rawValue).joined(separator: " or ")).")
  var format = VerbMatch.Format.syslog

  @Flag(help: "How many lines each rule has won, in place of an answer to each.")
  var count = false

  @Option(help: ArgumentHelp("When the messages came in: 2026-11-21T02:14:07Z.", valueName: "time"))
  var arrival: String?

  @Option(help: ArgumentHelp("Who sent them: 192.0.2.1.", valueName: "address"))
  var from: String?

  @Argument(help: "Files to read; none or -: standard input.")
  var files: [String] = []

  func run() throws {
    try VerbMatch(
      settings: place.settings, rules: rules, hosts: hosts, format: format, counts: count,
      arrival: arrival, peer: from, files: files
    ).run()
  }
}
