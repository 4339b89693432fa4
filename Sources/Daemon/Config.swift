package import Delivery
package import Model

/// The whole configuration (DESIGN §5): one struct whose comments are the reference and whose initial
/// values are the defaults. `config/muttd.yaml` says the same in YAML; a test holds the two together.
package struct Config: Sendable, Equatable {
  /// `node`: 0...1023, part of every event id. Two daemons that write to one store need two numbers.
  package var node = 0
  /// `state_directory`: where `muttd.db` and `outbox.db` live. Must exist and be writable; a relative path
  /// starts from the working directory.
  package var stateDirectory = "/var/lib/muttd"
  package var listen = Listen()
  package var syslog = SyslogInput()
  package var snmp = SNMPInput()
  package var identity = Identity()
  package var storm = Storm()
  package var store = Store()
  package var rules = Rules()
  package var handling = Handling()
  package var teams = Teams()
  package var audit = Audit()
  package var unmatched = Unmatched()
  package var outbox = Outbox()
  /// `destinations`: where alerts go; each alert to every destination whose `match` takes it.
  package var destinations: [Destination] = []
  /// `self_alerts`: name of the destination that hears about the daemon itself; nil: nobody does.
  package var selfAlerts: String?
  package var heartbeat = Heartbeat()
  package var http = HTTP()
  package var log = Log()

  package init() {}
}

extension Config {
  /// An address and port to listen on, written `udp://0.0.0.0:514` or `tcp://[::]:514`.
  package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    package enum Transport: String, Sendable, CaseIterable {
      case udp, tcp, tls

      /// The kernel's kind of port: two listeners may share a number when these differ.
      package var isStream: Bool { self != .udp }
    }
    package var transport = Transport.udp
    package var address: IPAddress
    /// 0: any free one.
    package var port: UInt16

    package init(_ address: IPAddress, _ port: UInt16, _ transport: Transport = .udp) {
      self.transport = transport
      self.address = address
      self.port = port
    }

    /// `0.0.0.0:514`, `[::1]:514`.
    package var description: String { address.v4 == nil ? "[\(address)]:\(port)" : "\(address):\(port)" }
  }

  package struct Listen: Sendable, Equatable {
    /// `listen.syslog`: endpoints for syslog, `udp://`, `tcp://` or `tls://`; `[]` turns it off.
    package var syslog = [Endpoint(IPAddress(v4: 0, 0, 0, 0), 514)]
    /// `listen.snmp`: UDP endpoints for SNMP traps and informs; `[]` turns it off.
    package var snmp = [Endpoint(IPAddress(v4: 0, 0, 0, 0), 162)]
    /// `listen.receive_buffer`: bytes of kernel buffer per socket, 64KiB...1GiB; it holds what arrives while
    /// the worker is busy. Less is granted when the kernel's limit (`net.core.rmem_max`) is lower and the
    /// daemon may not exceed it: the log says so.
    package var receiveBuffer = 32 << 20
    /// `listen.allow`: networks whose datagrams and connections are taken; empty: everyone's. What others
    /// send is counted as refused and not read.
    package var allow: [Network] = []
    /// `listen.workers`: sockets and threads per UDP endpoint, 1...64; more than 1 shares the port between
    /// them. A `tcp://` or `tls://` endpoint has one thread for all of its connections.
    package var workers = 1
    package var tcp = Streams()
    package var tls = TLS()
  }

  package struct TLS: Sendable, Equatable {
    /// `listen.tls.certificate`: a PEM file, the certificate with its chain behind it; `tls://` needs it. A
    /// relative path starts from the folder of the configuration file; so do the other two.
    package var certificate: String?
    /// `listen.tls.key`: a PEM file, the certificate's key without a passphrase.
    package var key: String?
    /// `listen.tls.client_ca`: a PEM file of authorities; with it clients must show a certificate that one
    /// of them signed.
    package var clientCA: String?
  }

  package struct Streams: Sendable, Equatable {
    /// `listen.tcp.connections`: connections at a time per endpoint, 1...65536; one more is closed at once.
    package var connections = 1_000
    /// `listen.tcp.idle`: a connection on which nothing came for so long is closed, 100ms...7d.
    package var idle = Duration.seconds(600)
    /// `listen.tcp.max_frame`: bytes of a frame, 512B...16MiB; the rest of a longer one is passed over.
    package var maxFrame = 64 << 10
    /// `listen.tcp.proxy_protocol`: networks whose connections must begin with a HAProxy PROXY header.
    package var proxies: [Network] = []
  }

  package struct SyslogInput: Sendable, Equatable {
    package enum Match: String, Sendable, CaseIterable {
      case message, raw
    }
    /// `syslog.default_timezone`: how to read a stamp without a zone; a name of the zone database.
    package var defaultTimezone = Zone.utc
    /// `syslog.timezones`: the zones of sources whose stamps name none, by address, network or host name.
    /// With one, a stamp is believed as if it named it.
    package var timezones: [SourceZone] = []
    /// `syslog.max_message`: bytes of one message, 512B...64KiB; longer ones are cut, flagged and counted.
    package var maxMessage = 8 << 10
    /// `syslog.match`: rules see the `message` alone, or the whole datagram (`raw`).
    package var match = Match.message
  }

  package struct SNMPInput: Sendable, Equatable {
    /// `snmp.communities`: those that are let in; `[any]` lets in all. Empty is enough on loopback only.
    package var communities: [Secret] = []
    /// `snmp.sources`: networks whose traps are taken; empty: `listen.allow` decides.
    package var sources: [Network] = []
    /// `snmp.users`: users of SNMPv3; without one no message of version 3 is taken or answered.
    package var users: [TrapUser] = []
    /// `snmp.engines`: SNMP engines that are remembered once a message of them was authentic, 1...1000000.
    package var engines = 4_096
    /// `snmp.mibs`: directories of MIB files, or single files.
    package var mibs: [String] = []

    package var acceptsAnyCommunity: Bool {
      communities.isEmpty || communities == [Secret("any")]
    }
  }

  package struct Identity: Sendable, Equatable {
    /// `identity.trusted_relays`: whose claims about the sender count: `any` (nil), or a list of networks.
    package var trustedRelays: [Network]?
  }

  package struct Storm: Sendable, Equatable {
    /// `storm.rate`: events one source may send in the long run, `500/s`, `30/m`, `100/h`; nil: no limit.
    package var rate: Rate?
    /// `storm.burst`: events it may send at once, 1...1000000.
    package var burst = 1_000
  }

  package struct Store: Sendable, Equatable {
    package enum Place: Sendable, Equatable {
      case embedded
      case server(StoreServer)
    }
    /// `store.url`: `sqlite:`, the embedded store in the state directory, or `postgresql://…`, a server.
    package var url = Place.embedded
  }

  package struct Rules: Sendable, Equatable {
    /// `rules.refresh`: how often the store is read again in any case, 1s...1h.
    package var refresh = Duration.seconds(30)
    /// `rules.file`: a rules file that governs the store; a relative path starts from the folder of the
    /// configuration file. Nil: the store is maintained by commands.
    package var file: String?
    /// `rules.guard`: 0...1; a new set with fewer than this share of the rules that decide now, or at a start
    /// decided last, is not taken.
    package var guardShare = 0.5
  }

  package struct Handling: Sendable, Equatable {
    /// `handling.forward`: handlings that leave as alerts.
    package var forward = ["Page_and_ticket", "Page_only", "Ticket_only"]
    /// `handling.record`: handlings that are only audited.
    package var record = ["Ignore", "Suppress", "Log_only"]
  }

  package struct Teams: Sendable, Equatable {
    /// `teams.default`: the team when neither rule nor device names one.
    package var `default` = "NETO"
    /// `teams.order`: the first of these that is not empty is the team.
    package var order: [TeamSource] = [.rule, .device, .default]
  }

  package struct Audit: Sendable, Equatable {
    package enum Events: String, Sendable, CaseIterable {
      case matched, all
    }
    /// `audit.events`: which events get a row: those a rule holds for (`matched`), or `all`.
    package var events = Events.matched
    /// `audit.batch`: rows written in one transaction at most, 1...10000.
    package var batch = 1_000
    /// `audit.flush`: how long a row waits for others, 10ms...10s.
    package var flush = Duration.milliseconds(100)
    /// `audit.retention_months`: what is older goes, 0...1200; 0: nothing does. On a server by whole months,
    /// once their end is so long ago; in `muttd.db` row by row.
    package var retentionMonths = 3
    /// `audit.precreate_months`: months made ahead, 1...24. On a server only.
    package var precreateMonths = 3
    /// `audit.max_size`: what `muttd.db` holds, bytes, 1MiB...1024TiB; 0: no bound. Not on a server.
    package var maxSize = 10 << 30
    /// `audit.min_free`: what stays free on its disk, bytes; a tenth of a small one; 0: no bound. Not on a
    /// server.
    package var minFree = 1 << 30
  }

  package struct Unmatched: Sendable, Equatable {
    /// `unmatched.threshold`: events of one kind (host and template) within the window that raise an alert,
    /// 2...1000000.
    package var threshold = 100
    /// `unmatched.window`: 1m...7d; it moves in 24 steps.
    package var window = Duration.seconds(86_400)
    /// `unmatched.severity`: the least severe that counts, emerg...debug. What has none is taken for a
    /// warning. Events of development hosts never count.
    package var severity: Int8 = 4
    /// `unmatched.handling`: of the alert; a word of `handling.forward` or `handling.record`.
    package var handling = "Ticket_only"
    /// `unmatched.max_alerts_per_hour`: 0...1000; the rest of an hour becomes one summary.
    package var alertsPerHour = 10
    /// `unmatched.max_templates`: kinds that are counted at a time, 100...1000000.
    package var maxTemplates = 100_000
  }

  package struct Outbox: Sendable, Equatable {
    package enum Sync: String, Sendable, CaseIterable {
      case full, normal
    }
    /// `outbox.sync`: `full` survives a power cut; `normal` only the end of the process, and is faster.
    package var sync = Sync.full
    /// `outbox.warn_size`: an alarm level, bytes; no limit. 1MiB...1024TiB.
    package var warnSize = 1 << 30
    /// `outbox.reserve`: with less free than this the audit is no longer written, so that alerts can be;
    /// bytes.
    package var reserve = 512 << 20
  }

  package struct Heartbeat: Sendable, Equatable {
    /// `heartbeat.url`: of a dead-man's switch, `http://…` or `https://…`; nil: there is none.
    package var url: Secret?
    /// `heartbeat.every`: from one to the next, 1s...1d.
    package var every = Duration.seconds(60)
  }

  package struct HTTP: Sendable, Equatable {
    /// `http.listen`: where `/healthz`, `/readyz`, `/metrics` and `/api/v1` are; an address others can reach
    /// needs `http.tokens`. Nil: nowhere, written `[]`.
    package var listen: Endpoint? = Endpoint(IPAddress(v4: 127, 0, 0, 1), 9162)
    /// `http.tokens`: a file of hashed tokens (`muttd token`), read again at a reload; nil: whoever comes
    /// over loopback may read.
    package var tokens: String?
  }

  package struct Log: Sendable, Equatable {
    package enum Format: String, Sendable, CaseIterable {
      case json, text
    }
    /// `log.level`: the least level that is written.
    package var level = Notice.Level.info
    /// `log.format`: `json` is one object a line, readable text when it goes to a terminal; `text` always is.
    package var format = Format.json
  }
}

extension Config {
  package struct Destination: Sendable, Equatable {
    package typealias Format = PayloadFormat
    package struct Template: Sendable, Equatable {
      package var path: String
      package var payload: TemplatePayload
    }
    package struct TLS: Sendable, Equatable {
      /// `tls.ca`: file of certificates to trust, PEM; nil: the system's.
      package var ca: String?
      /// `tls.certificate`, `tls.key`: files of ours, PEM.
      package var certificate: String?
      package var key: String?
    }
    package struct Header: Sendable, Equatable {
      package var name: String
      package var value: Secret
    }
    package struct Match: Sendable, Equatable {
      /// `match.handling`, `match.team`, `match.environment`: words to take; empty: all.
      package var handling: [String] = []
      package var team: [String] = []
      package var environment: [Environment] = []
      /// `match.min_severity`: 0...5, least severity of the alert; a clear (0) is always taken; nil: any.
      package var minSeverity: Int?
    }
    package struct Retry: Sendable, Equatable {
      /// `retry.initial`: first pause, doubled each time, 10ms...1h.
      package var initial = Duration.seconds(1)
      /// `retry.max`: longest pause.
      package var max = Duration.seconds(60)
    }
    package struct Breaker: Sendable, Equatable {
      /// `breaker.failures`: so many in a row open it, 1...1,000.
      package var failures = 5
      /// `breaker.open`: from then to a trial, and from trial to trial, 100ms...1h.
      package var open = Duration.seconds(60)
      /// `breaker.close`: so many successes close it, 1...100.
      package var close = 3
    }

    /// What its secrets were read from.
    package var words = ConfigSecretWords()
    /// `name`: letters, digits, `.`, `_`, `-`; in metrics, logs and commands.
    package var name = ""
    /// `url`: `http://…`, `https://…`, or `stdout:` (one JSON line per alert; for trying things out).
    package var url = Secret("")
    /// `format`: mutt, moogsoft, alertmanager, alertmanager-api, pagerduty, cloudevents, template.
    package var format = Format.mutt
    /// `template`: a Mustache file, with `format: template`.
    package var template: Template?
    /// `content_type`: of the template's bodies; nil: JSON, and then they must be.
    package var contentType: String?
    /// `webhook_origin`: with `format: cloudevents`; the name under which consent is asked for; nil: it is
    /// not.
    package var webhookOrigin: String?
    /// `routing_key`: with `format: pagerduty`; a secret that no outbox holds.
    package var routingKey: Secret?
    /// `headers`: added to every request. Values are secrets.
    package var headers: [Header] = []
    package var match = Match()
    /// `fallback`: name of the destination that takes the alerts while this one is held or open.
    package var fallback: String?
    /// It is the fallback of another; no key of its own.
    var standsIn = false
    /// `hmac`: secret of the signature in the header `Mutt-Signature`.
    package var hmac: Secret?
    package var tls = TLS()
    /// `proxy`: `http://…`, `https://…` or `socks5://…`.
    package var proxy: Secret?
    /// `raw`: false keeps the raw event out of the payload.
    package var raw = true
    /// `timeout`: of one attempt, 1s...5m.
    package var timeout = Duration.seconds(10)
    /// `concurrency`: attempts under way at once, 1...256.
    package var concurrency = 8
    /// `rate`: attempts that may begin in a time; nil: as many as there are.
    package var rate: Rate? = Rate(50, per: .second)
    package var retry = Retry()
    package var breaker = Breaker()
    /// `max_age`: an alert that could not be delivered for so long is dead, 1m...30d.
    package var maxAge = Duration.seconds(86_400)
    /// `stale_after`: alerts older than this yield to fresh ones.
    package var staleAfter = Duration.seconds(1_800)

    package init() {}

    /// Alerts are printed, not sent.
    package var isStdout: Bool { url.revealed == "stdout:" }
  }

  /// What the deciding part needs.
  package var policy: PolicySettings {
    var settings = PolicySettings()
    settings.forward = handling.forward
    settings.record = handling.record
    settings.defaultTeam = teams.default
    settings.teamOrder = teams.order
    settings.trustedRelays = identity.trustedRelays
    settings.matchesRaw = syslog.match == .raw
    return settings
  }
}
