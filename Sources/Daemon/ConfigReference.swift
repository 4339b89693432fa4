extension Config {
  /// The commented reference with every default: what `config/muttd.yaml` holds.
  package static let defaultFile = ##"""
    # muttd: the reference. Every key with its default; what is left out keeps it.
    #
    # A variable MUTT_… stands over the file (log.level: MUTT_LOG_LEVEL), a flag over both. Values may hold
    # secrets as ${env:NAME}, ${file:PATH} or ${cred:NAME} (a credential of systemd; by hand the file NAME in
    # the folder credentials beside this one); they are never printed. Lengths of time have units (100ms, 30s,
    # 10m, 24h), sizes too (8KiB, 32MiB). `muttd check` names everything that is wrong.

    # 0-1023, part of every event id: two daemons that write to one store need two numbers.
    node: 0

    # Where muttd.db and outbox.db live; relative paths start from the working directory.
    state_directory: /var/lib/muttd

    listen:
      # Endpoints, udp://ADDRESS:PORT, for syslog tcp:// and tls:// too; [] turns an input off.
      syslog: ['udp://0.0.0.0:514']
      snmp: ['udp://0.0.0.0:162']
      # Kernel buffer per socket; it holds what arrives while the worker is busy.
      receive_buffer: 32MiB
      # Networks whose datagrams and connections are taken, such as [192.0.2.0/24, '2001:db8::/32']; empty:
      # everyone's. What others send is counted as refused and not read.
      allow: []
      # Sockets and threads per UDP endpoint; above 1 they share the port (SO_REUSEPORT).
      workers: 1
      tcp:
        # Connections at a time per tcp:// and tls:// endpoint; one more is closed at once, and counted.
        connections: 1000
        # A connection on which nothing came for so long is closed. Devices that seldom speak lose the first
        # message to a closed connection: raise this for them.
        idle: 10m
        # The end of a longer frame is passed over; the message is cut, flagged and counted.
        max_frame: 64KiB
        # Networks of load balancers whose connections must begin with a HAProxy PROXY header.
        proxy_protocol: []
      # PEM files of tls:// endpoints: the certificate with its chain, its key, and the authorities whose
      # certificates clients must show (null: they need none). Read again on SIGHUP.
      tls: {certificate: null, key: null, client_ca: null}

    syslog:
      # How to read a stamp that names no zone: UTC, Europe/Amsterdam …
      default_timezone: UTC
      # The same for single sources, by address, network or the name in the header:
      # {core1: Asia/Tokyo, 192.0.2.1: UTC, 10.1.0.0/16: Europe/Berlin}. The name goes before the address,
      # the longest prefix before the others.
      timezones: {}
      # Longer messages are cut, flagged and counted.
      max_message: 8KiB
      # What rules see: message, or raw (the whole datagram).
      match: message

    snmp:
      # Communities that are let in, [any] for all. Empty is enough on loopback only: decide this before the
      # first start, or turn listen.snmp off.
      communities: []
      # Networks whose traps are taken, such as [192.0.2.0/24]; empty: listen.allow decides.
      sources: []
      # Users of SNMPv3, whatever engine they speak for. auth: MD5, SHA, SHA-224, SHA-256, SHA-384, SHA-512;
      # privacy: DES, AES, AES-192, AES-256, and AES-192-C, AES-256-C with keys made longer as Cisco does.
      # {name: ops, auth: SHA, auth_password: '${env:A}', privacy: AES, privacy_password: '${file:/run/p}'}
      users: []
      # Engines of SNMPv3 that are remembered once a message of them was authentic; the least recently heard
      # of makes room.
      engines: 4096
      # Directories of MIB files, or single files, besides the names that are built in. They must hold the
      # modules that theirs import from too (SNMPv2-SMI, SNMPv2-TC …). Read at start; see docs/traps.md.
      mibs: []

    identity:
      # Whose claims about the sender count: any, or a list of networks such as [192.0.2.0/24].
      trusted_relays: any

    storm:
      # What one source may send in the long run (500/s, 30/m), and at once; what exceeds it is counted as
      # shed and not read. A source is an address that sends, and a host that a listed relay names. null:
      # no limit.
      rate: null
      burst: 1000

    store:
      # The embedded store in the state directory, or a server: postgresql://muttd@db.example/mutt. A password
      # from a passfile, or as ${file:…}, is read again at every connect; of several hosts the one that
      # writes is found with ?target_session_attrs=read-write. Its owner makes the tables: muttd db migrate.
      url: 'sqlite:'

    rules:
      # How often the store is read again in any case; changes are noticed within a second anyway.
      refresh: 30s
      # A rules file that governs the store; a relative path starts from the folder of this file.
      file: null
      # A new set with fewer than this share of the rules that decide now is not taken, nor one without any;
      # at a start, of those that decided last. muttd reload --force takes it.
      guard: 0.5

    handling:
      # Handlings that leave as alerts, and those that are only audited.
      forward: [Page_and_ticket, Page_only, Ticket_only]
      record: [Ignore, Suppress, Log_only]

    teams:
      # The team when neither rule nor device names one.
      default: NETO
      # The first of these that is not empty is the team.
      order: [rule, device, default]

    audit:
      # Which events get a row: matched, or all.
      events: matched
      # Rows of one transaction at most, and how long a row waits for others.
      batch: 1000
      flush: 100ms
      # What is older than so many months goes (0: nothing does). On a server it is whole months that ended
      # so long ago (muttd db retention shows which), and so many are made ahead.
      retention_months: 3
      precreate_months: 3
      # Not on a server: what muttd.db may hold, and what stays free on its disk (a tenth of a small one);
      # 0: no bound. The oldest rows go, first of all those of unmatched events.
      max_size: 10GiB
      min_free: 1GiB

    unmatched:
      # So many events of one kind that no rule takes (one host, one template: numbers, addresses, times and
      # quoted text masked) within the window raise one alert, to the device's team.
      threshold: 100
      window: 24h
      # The least severe that counts (emerg, alert, crit, err, warning, notice, info, debug); traps and lines
      # without a priority count as warning. Development hosts never count.
      severity: warning
      # What the alert is: a word of handling.forward, or of handling.record for the audit alone.
      handling: Ticket_only
      # In any hour, all kinds together; the rest becomes one summary. 0: no alerts.
      max_alerts_per_hour: 10
      # Kinds that are counted at a time; the least recently seen makes room.
      max_templates: 100000

    outbox:
      # Above this size there is an alarm; it is no limit.
      warn_size: 1GiB
      # With less free on its disk than this the audit is no longer written; alerts are.
      reserve: 512MiB
      # full survives a power cut; normal only the end of the process, and is faster.
      sync: full

    # Where alerts go; each alert to every destination whose match takes it. The keys of one, with their
    # defaults (name and url are required):
    #
    #   - name: moog
    #     url: https://moog.example/events    # or stdout: (one JSON line per alert; for trying things out)
    #     format: mutt                        # mutt, moogsoft, alertmanager, alertmanager-api, pagerduty,
    #                                         # cloudevents or template (docs/delivery.md)
    #     template: null                      # a Mustache file, with format: template
    #     content_type: null                  # of the template's bodies; null: application/json
    #     webhook_origin: null                # with format: cloudevents: the DNS name that asks for consent
    #     routing_key: null                   # with format: pagerduty
    #     headers: {Authorization: 'Bearer ${env:MOOG_API_KEY}'}
    #     match: {handling: [], team: [], environment: [], min_severity: null}   # empty: everything
    #     fallback: null                      # who takes its alerts while it is held or open; a name
    #     hmac: null                          # secret of the signature in the header Mutt-Signature
    #     tls: {ca: null, certificate: null, key: null}   # files in PEM
    #     proxy: null                         # http://, https:// or socks5://
    #     raw: true                           # false: the raw event stays out of the payload
    #     timeout: 10s                        # of one attempt
    #     rate: 50/s                          # attempts begun; what comes faster waits (null: no limit)
    #     concurrency: 8                      # attempts under way at once
    #     retry: {initial: 1s, max: 60s}      # first pause, doubled up to the longest
    #     breaker: {failures: 5, open: 60s, close: 3}    # failures in a row, pause before a trial, successes
    #     max_age: 24h                        # undelivered for so long: dead, kept for replay
    #     stale_after: 30m                    # older alerts yield to fresh ones
    destinations: []

    # Name of the destination that hears about the daemon itself: held, open or dead destinations, the store
    # away, rules that cannot be used, dropped datagrams, a full disk; and when it is over.
    self_alerts: null

    # A dead-man's switch: an empty POST to it so often, for as long as /readyz does not fail and alerts are
    # heard: not when self_alerts and its fallbacks (without it: all destinations) are shut for five minutes.
    heartbeat: {url: null, every: 60s}

    http:
      # /healthz, /readyz, /metrics and the API (docs/api.md). Others than this machine need tokens. []
      # turns it off; the socket in the state directory answers all the same.
      listen: 127.0.0.1:9162
      # File of hashed tokens, made by muttd token; null: whoever comes over loopback may read.
      tokens: null

    log:
      # debug, info, warning or error.
      level: info
      # json is one object a line, readable text on a terminal; text always is.
      format: json

    """##
}
