import ArgumentParser
import Daemon

extension VerbSend.Syslog.Format: ExpressibleByArgument {}

struct Send: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Sends a test event through a real socket.",
    subcommands: [SendSyslog.self, SendTrap.self, SendInform.self])
}

/// Where to, how many, how fast.
struct SendOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Configuration whose listener is meant without --to (default: \(VerbSettings.standardPath) where there "
        + "is one).", valueName: "file"))
  var config: String?
  @Option(help: "How often.")
  var count = 1
  @Option(
    help: ArgumentHelp("Events a second (default: as fast as the socket takes them).", valueName: "number"))
  var rate: Double?
  @Flag(help: "Prints what would be sent (a trap in hexadecimal) and sends nothing.")
  var print = false
  @Flag(help: "Says nothing.")
  var quiet = false

  func verb(to target: String) -> VerbSend {
    var verb = VerbSend(target: target)
    verb.count = count
    verb.rate = rate
    verb.printsOnly = print
    verb.isQuiet = quiet
    return verb
  }
}

struct SendSyslog: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "syslog", abstract: "Sends syslog messages by UDP, TCP or TLS.",
    discussion: """
      Without a message every line of standard input is one. The target is ADDRESS:PORT for UDP; with tcp:// \
      or tls:// in front all messages go over one stream, counted in octets (RFC 6587, RFC 5425).

      Without --to the first listener of the configuration is meant, on this machine. That nobody listens to \
      datagrams is known where the other side says so: on this machine always, across a network seldom.

      EXAMPLES
        muttd send syslog 'something went wrong'
        muttd send syslog --to 127.0.0.1:5514 --host core1 --severity err \\
          '%LINK-3-UPDOWN: Interface Gi0/1, changed state to down'

      EXIT CODES: 0 sent; 64 wrong usage; 69 nobody listens there; 78 the configuration does not \
      say where.
      """)
  @Option(
    help: ArgumentHelp(
      "Where to; tcp:// or tls:// may stand in front (default: the first of listen.syslog, without a "
        + "configuration 127.0.0.1:5514).", valueName: "address:port"))
  var to: String?
  @Option(
    help: ArgumentHelp(
      "Authorities of which the server's certificate must be (default: any will do).", valueName: "file"))
  var ca: String?
  @Option(help: ArgumentHelp("Certificate to show to the server.", valueName: "file"))
  var certificate: String?
  @Option(help: ArgumentHelp("The certificate's key.", valueName: "file"))
  var key: String?
  @Option(help: "Host in the header (default: this machine's).")
  var host: String?
  @Option(help: "Program in the header.")
  var app: String?
  @Option(help: "Process id in the header.")
  var procid: String?
  @Option(help: "Message id in the header (rfc5424).")
  var msgid: String?
  @Option(help: "emerg, alert, crit, err, warning, notice, info, debug, or 0-7.")
  var severity = "notice"
  @Option(help: "kern, user, daemon, auth, local0 … local7, or 0-23.")
  var facility = "local7"
  @Option(help: "rfc3164 or rfc5424.")
  var format = VerbSend.Syslog.Format.rfc3164
  @OptionGroup var options: SendOptions
  @Argument(help: "Messages; none: lines of standard input.")
  var messages: [String] = []

  func run() throws {
    var syslog = VerbSend.Syslog()
    syslog.host = host
    syslog.app = app
    syslog.procid = procid
    syslog.msgid = msgid
    syslog.severity = severity
    syslog.facility = facility
    syslog.format = format
    syslog.messages = messages
    var verb = options.verb(to: try to ?? VerbSend.syslogTarget(config: options.config))
    verb.authorities = ca
    verb.certificate = certificate
    verb.key = key
    try verb.syslog(syslog)
  }
}

/// A notification in words, and who sends it.
struct Notification: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Address and port (default: the first of listen.snmp, without a configuration 127.0.0.1:5162).",
      valueName: "address:port"))
  var to: String?
  @Option(help: "Community.")
  var community = "public"
  @Option(
    help: ArgumentHelp("sysUpTime in hundredths of a second (default: this machine's).", valueName: "ticks"))
  var uptime: String?
  @Option(
    name: .customLong("varbind"),
    help: ArgumentHelp("A varbind; may be repeated.", valueName: "name=type:value"))
  var more: [String] = []
  @Option(help: "User of SNMPv3.")
  var user: String?
  @Option(help: ArgumentHelp("MD5, SHA, SHA-224, SHA-256, SHA-384 or SHA-512.", valueName: "digest"))
  var auth: String?
  @Option(help: ArgumentHelp("Better ${env:NAME} or ${file:PATH}, in single quotes.", valueName: "password"))
  var authPassword: String?
  @Option(
    help: ArgumentHelp("DES, AES, AES-192, AES-256, AES-192-C or AES-256-C.", valueName: "cipher"))
  var privacy: String?
  @Option(help: ArgumentHelp("Likewise.", valueName: "password"))
  var privacyPassword: String?
  @OptionGroup var options: SendOptions
  @Argument(help: "Name or OID of the trap.")
  var trap: String
  @Argument(help: "Varbinds.")
  var varbinds: [String] = []

  func words(version: String) -> VerbSend.Trap {
    var words = VerbSend.Trap()
    words.version = version
    words.community = community
    words.uptime = uptime
    words.trap = trap
    words.varbinds = varbinds + more
    if let user {
      var secured = VerbSend.User(user)
      secured.authentication = auth
      secured.authenticationPassword = authPassword
      secured.privacy = privacy
      secured.privacyPassword = privacyPassword
      words.user = secured
    }
    return words
  }

  func verb() throws -> VerbSend {
    options.verb(to: try to ?? VerbSend.trapTarget(config: options.config))
  }
}

struct SendTrap: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trap", abstract: "Sends SNMP traps.",
    discussion: """
      The trap is an OID or a built-in name, such as linkDown or ciscoConfigManEvent. A varbind is \
      NAME=TYPE:VALUE; types: i integer, u gauge, c counter, C counter64, t ticks, s text, x hexadecimal, \
      o OID, a IPv4 address, n null.

      EXAMPLES
        muttd send trap --to 127.0.0.1:5162 linkDown ifIndex.3=i:3 ifDescr.3=s:GigabitEthernet0/1 \
        ifOperStatus.3=i:2
        muttd send trap --version 3 --user ops --auth SHA-256 --auth-password '${env:A}' \
        --privacy AES --privacy-password '${env:P}' linkDown ifIndex.3=i:3

      EXIT CODES: 0 sent; 64 wrong usage; 69 nobody listens there; 78 the configuration does not \
      say where.
      """)
  @Option(
    name: [.customLong("version"), .customLong("snmp-version")],
    help: "1, 2c or 3 (default: 3 with a --user, else 2c).")
  var version: String?
  @Option(help: ArgumentHelp("Agent address of a v1 trap (default: 0.0.0.0).", valueName: "address"))
  var agent: String?
  @OptionGroup var notification: Notification

  func run() throws {
    var trap = notification.words(version: version ?? (notification.user == nil ? "2c" : "3"))
    trap.agent = agent
    try notification.verb().trap(trap)
  }
}

struct SendInform: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inform", abstract: "Sends SNMP informs and waits for their acknowledgement.",
    discussion: """
      Words as for muttd send trap. Each is sent up to five times.

      EXAMPLE
        muttd send inform --to 127.0.0.1:5162 linkDown ifIndex.3=i:3

      EXIT CODES: 0 acknowledged; 64 wrong usage; 69 nobody listens there, or nobody \
      acknowledges; 78 the configuration does not say where.
      """)
  @Option(
    name: [.customLong("version"), .customLong("snmp-version")],
    help: "2c or 3 (default: 3 with a --user, else 2c).")
  var version: String?
  @Option(help: ArgumentHelp("How long to wait for each answer.", valueName: "seconds"))
  var timeout = 2.0
  @OptionGroup var notification: Notification

  func run() throws {
    var trap = notification.words(version: version ?? (notification.user == nil ? "2c" : "3"))
    trap.isInform = true
    trap.timeout = timeout
    try notification.verb().trap(trap)
  }
}
