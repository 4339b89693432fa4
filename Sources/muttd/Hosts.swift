import ArgumentParser
import Daemon

struct Hosts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hosts", abstract: "Shows and changes development hosts, teams of devices, and devices.",
    discussion: """
      EXAMPLES
        muttd hosts dev set lab-sw1 lab-sw2          # their events take dev_handling
        muttd hosts team set core1 NETO              # who owns a device
        muttd hosts device set core1 --address 192.0.2.1 --attr site=ams1   # whose address that is
        muttd hosts device unmapped                  # who sends and is no device yet
      """,
    subcommands: [DevelopmentHosts.self, TeamHosts.self, DeviceHosts.self])
}

/// What all three tables take away and read in.
struct HostsRemoval: ParsableArguments {
  @Argument(help: "Host names.")
  var hosts: [String]
}

struct HostsFile: ParsableArguments {
  @Flag(help: "Says what would change and changes nothing.")
  var dryRun = false
  @Argument(help: "CSV file (- for standard input), or a rules file (.yaml).")
  var file: String
}

struct DevelopmentHosts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dev", abstract: "Hosts whose events take dev_handling.",
    subcommands: [List.self, Set.self, Unset.self, Import.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists them.", discussion: "EXAMPLE\n  muttd hosts dev list")
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    func run() throws { try VerbHosts(settings: place.settings, table: .development, json: form.json).list() }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Adds hosts.",
      discussion: "EXAMPLE\n  muttd hosts dev set lab-sw1 lab-sw2")
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    @OptionGroup var change: Change
    @Argument(help: "Host names or addresses.")
    var hosts: [String]
    func run() throws {
      try VerbHosts(settings: place.settings, table: .development, json: form.json).addDevelopment(
        hosts, reason: change.reason)
    }
  }

  struct Unset: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "unset", abstract: "Takes hosts away.",
      discussion: "EXAMPLE\n  muttd hosts dev unset lab-sw1 --reason 'in production now'")
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    @OptionGroup var change: Change
    @OptionGroup var removal: HostsRemoval
    func run() throws {
      try VerbHosts(settings: place.settings, table: .development, json: form.json).unset(
        removal.hosts, reason: change.reason)
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import", abstract: "Adds the hosts of a file, one a line.",
      discussion: "EXAMPLE\n  muttd hosts dev import lab.csv")
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    @OptionGroup var change: Change
    @OptionGroup var input: HostsFile
    func run() throws {
      try VerbHosts(settings: place.settings, table: .development, json: form.json).importFile(
        input.file, isDryRun: input.dryRun, reason: change.reason)
    }
  }
}

struct TeamHosts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "team", abstract: "The teams that own devices.",
    subcommands: [List.self, Set.self, Unset.self, Import.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists them.", discussion: "EXAMPLE\n  muttd hosts team list")
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    func run() throws { try VerbHosts(settings: place.settings, table: .team, json: form.json).list() }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Gives hosts their team: the last word is the team.",
      discussion: "EXAMPLE\n  muttd hosts team set core1 core2 NETO")
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    @OptionGroup var change: Change
    @Argument(help: "Host names, then the team.")
    var words: [String]
    func validate() throws {
      if words.count < 2 { throw ValidationError("Give at least one host, then the team.") }
    }
    func run() throws {
      try VerbHosts(settings: place.settings, table: .team, json: form.json).setTeam(
        Array(words.dropLast()), team: words.last ?? "", reason: change.reason)
    }
  }

  struct Unset: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "unset", abstract: "Takes the team of hosts away.",
      discussion: "EXAMPLE\n  muttd hosts team unset core1 --reason 'nobody owns it'")
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    @OptionGroup var change: Change
    @OptionGroup var removal: HostsRemoval
    func run() throws {
      try VerbHosts(settings: place.settings, table: .team, json: form.json).unset(
        removal.hosts, reason: change.reason)
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import", abstract: "Sets the teams of a file, a line host,team each.",
      discussion: "EXAMPLE\n  muttd hosts team import owners.csv")
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    @OptionGroup var change: Change
    @OptionGroup var input: HostsFile
    func run() throws {
      try VerbHosts(settings: place.settings, table: .team, json: form.json).importFile(
        input.file, isDryRun: input.dryRun, reason: change.reason)
    }
  }
}

struct DeviceHosts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "device", abstract: "Devices: the addresses that belong to a name.",
    subcommands: [List.self, Set.self, Unset.self, Import.self, Unmapped.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists them.", discussion: "EXAMPLE\n  muttd hosts device list")
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    func run() throws { try VerbHosts(settings: place.settings, table: .device, json: form.json).list() }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Sets the addresses and attributes of a device; what is not given stays.",
      discussion:
        "EXAMPLE\n  muttd hosts device set core1 --address 192.0.2.1 --address 2001:db8::1 --attr site=ams1")
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    @OptionGroup var change: Change
    @Option(name: .customLong("address"), help: "An address of the device; may be repeated.")
    var addresses: [String] = []
    @Option(
      name: .customLong("attr"), help: ArgumentHelp("An attribute; may be repeated.", valueName: "name=value")
    )
    var attributes: [String] = []
    @Argument(help: "Host name.")
    var host: String
    func run() throws {
      try VerbHosts(settings: place.settings, table: .device, json: form.json).setDevice(
        host, addresses: addresses, attributes: attributes, reason: change.reason)
    }
  }

  struct Unset: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "unset", abstract: "Takes devices away.",
      discussion: "EXAMPLE\n  muttd hosts device unset core1 --reason 'decommissioned'")
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    @OptionGroup var change: Change
    @OptionGroup var removal: HostsRemoval
    func run() throws {
      try VerbHosts(settings: place.settings, table: .device, json: form.json).unset(
        removal.hosts, reason: change.reason)
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Sets the devices of a file: lines host,address[,address …], or the form of /etc/hosts.",
      discussion:
        "EXAMPLES\n  muttd hosts device import inventory.csv\n  muttd hosts device import /etc/hosts")
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    @OptionGroup var change: Change
    @OptionGroup var input: HostsFile
    func run() throws {
      try VerbHosts(settings: place.settings, table: .device, json: form.json).importFile(
        input.file, isDryRun: input.dryRun, reason: change.reason)
    }
  }
  struct Unmapped: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "unmapped", abstract: "Lists who sends and is no device, the most recent first.",
      discussion: """
        A daemon notes every address that it hears, by syslog or by traps, of which neither the address nor \
        the name it calls itself is a device's; who is new stands here after some seconds. Kept are 10,000, \
        for 30 days after the last event.

        EXAMPLE
          muttd hosts device unmapped

        EXIT CODES: 0 listed; 69 no daemon has run here yet.
        """)
    @OptionGroup var place: Place
    @OptionGroup var form: Form
    func run() throws { try VerbUnmapped(settings: place.settings, json: form.json).list() }
  }
}
