import Model

/// One key of the configuration: its dotted path and how its value gets into a `Config`.
struct ConfigKey: Sendable {
  let path: String
  let read: @Sendable (YAMLValue, inout ConfigReader, inout Config) -> Void

  /// `listen.receive_buffer` is set by `MUTT_LISTEN_RECEIVE_BUFFER`.
  var variable: String {
    "MUTT_" + path.uppercased().split(separator: ".").joined(separator: "_")
  }

  init(_ path: String, _ read: @escaping @Sendable (YAMLValue, inout ConfigReader, inout Config) -> Void) {
    self.path = path
    self.read = read
  }

  /// A key whose value goes into one property, if it can be read.
  init<Value>(
    _ path: String, _ property: any WritableKeyPath<Config, Value> & Sendable,
    _ read: @escaping @Sendable (YAMLValue, inout ConfigReader) -> Value?
  ) {
    self.init(path) { value, reader, config in
      if let read = read(value, &reader) { config[keyPath: property] = read }
    }
  }
}

extension ConfigKey {
  /// Every key there is, in the order of the reference.
  static let all: [ConfigKey] = input + deciding + writing

  private static let input: [ConfigKey] = [
    ConfigKey("node", \.node) { $1.integer($0, 0...1_023) },
    ConfigKey("state_directory", \.stateDirectory) { $1.text($0, limit: 1_024) },
    ConfigKey("listen.syslog", \.listen.syslog) { $1.endpoints($0, port: 514, .syslog) },
    ConfigKey("listen.snmp", \.listen.snmp) { $1.endpoints($0, port: 162, .udpOnly) },
    ConfigKey("listen.receive_buffer", \.listen.receiveBuffer) { $1.size($0, 64 << 10...1 << 30) },
    ConfigKey("listen.allow", \.listen.allow) { $1.networks($0, form: "192.0.2.0/24") },
    ConfigKey("listen.workers", \.listen.workers) { $1.integer($0, 1...64) },
    ConfigKey("listen.tcp.connections", \.listen.tcp.connections) { $1.integer($0, 1...65_536) },
    ConfigKey("listen.tcp.idle", \.listen.tcp.idle) {
      $1.duration($0, .milliseconds(100) ... .seconds(604_800))
    },
    ConfigKey("listen.tcp.max_frame", \.listen.tcp.maxFrame) { $1.size($0, 512...16 << 20) },
    ConfigKey("listen.tcp.proxy_protocol", \.listen.tcp.proxies) { $1.networks($0, form: "192.0.2.0/24") },
    ConfigKey("listen.tls.certificate") { value, reader, config in
      if let path = reader.path(value) { config.listen.tls.certificate = path }
    },
    ConfigKey("listen.tls.key") { value, reader, config in
      if let path = reader.path(value) { config.listen.tls.key = path }
    },
    ConfigKey("listen.tls.client_ca") { value, reader, config in
      if let path = reader.path(value) { config.listen.tls.clientCA = path }
    },
    ConfigKey("syslog.default_timezone", \.syslog.defaultTimezone) { $1.zone($0) },
    ConfigKey("syslog.timezones", \.syslog.timezones) { $1.sourceZones($0) },
    ConfigKey("syslog.max_message", \.syslog.maxMessage) { $1.size($0, 512...64 << 10) },
    ConfigKey("syslog.match", \.syslog.match) { $1.choice($0, Config.SyslogInput.Match.self) },
    ConfigKey("snmp.communities", \.snmp.communities) { $1.communities($0) },
    ConfigKey("snmp.sources", \.snmp.sources) { $1.networks($0, form: "192.0.2.0/24") },
    ConfigKey("snmp.users", \.snmp.users) { $1.trapUsers($0) },
    ConfigKey("snmp.engines", \.snmp.engines) { $1.integer($0, 1...1_000_000) },
    ConfigKey("snmp.mibs", \.snmp.mibs) { $1.existingPaths($0) },
    ConfigKey("identity.trusted_relays") { value, reader, config in
      if let relays = reader.relays(value) { config.identity.trustedRelays = relays.networks }
    },
  ]

  private static let deciding: [ConfigKey] = [
    ConfigKey("storm.rate") { value, reader, config in config.storm.rate = reader.rate(value) },
    ConfigKey("storm.burst", \.storm.burst) { $1.integer($0, 1...1_000_000) },
    ConfigKey("store.url", \.store.url) { $1.storeURL($0) },
    ConfigKey("rules.refresh", \.rules.refresh) { $1.duration($0, .seconds(1) ... .seconds(3_600)) },
    ConfigKey("rules.file") { value, reader, config in
      if let path = reader.path(value) { config.rules.file = path }
    },
    ConfigKey("rules.guard", \.rules.guardShare) { $1.fraction($0) },
    ConfigKey("handling.forward", \.handling.forward) { $1.handlings($0) },
    ConfigKey("handling.record", \.handling.record) { $1.handlings($0) },
    ConfigKey("teams.default", \.teams.default) { $1.text($0, limit: 100) },
    ConfigKey("teams.order", \.teams.order) { $1.teamOrder($0) },
  ]

  private static let writing: [ConfigKey] = [
    ConfigKey("audit.events", \.audit.events) { $1.choice($0, Config.Audit.Events.self) },
    ConfigKey("audit.batch", \.audit.batch) { $1.integer($0, 1...10_000) },
    ConfigKey("audit.flush", \.audit.flush) { $1.duration($0, .milliseconds(10) ... .seconds(10)) },
    ConfigKey("audit.retention_months", \.audit.retentionMonths) { $1.integer($0, 0...1_200) },
    ConfigKey("audit.precreate_months", \.audit.precreateMonths) { $1.integer($0, 1...24) },
    ConfigKey("audit.max_size", \.audit.maxSize) { $1.size($0, 1 << 20...1 << 50, orNone: true) },
    ConfigKey("audit.min_free", \.audit.minFree) { $1.size($0, 0...1 << 50) },
    ConfigKey("unmatched.threshold", \.unmatched.threshold) { $1.integer($0, 2...1_000_000) },
    ConfigKey("unmatched.window", \.unmatched.window) { $1.duration($0, .seconds(60) ... .seconds(604_800)) },
    ConfigKey("unmatched.severity", \.unmatched.severity) { $1.syslogSeverity($0) },
    ConfigKey("unmatched.handling", \.unmatched.handling) { $1.text($0, limit: 100) },
    ConfigKey("unmatched.max_alerts_per_hour", \.unmatched.alertsPerHour) { $1.integer($0, 0...1_000) },
    ConfigKey("unmatched.max_templates", \.unmatched.maxTemplates) { $1.integer($0, 100...1_000_000) },
    ConfigKey("outbox.warn_size", \.outbox.warnSize) { $1.size($0, 1 << 20...1 << 50) },
    ConfigKey("outbox.reserve", \.outbox.reserve) { $1.size($0, 0...1 << 50) },
    ConfigKey("outbox.sync", \.outbox.sync) { $1.choice($0, Config.Outbox.Sync.self) },
    ConfigKey("destinations", \.destinations) { $1.destinations($0) },
    ConfigKey("self_alerts") { value, reader, config in
      if let name = reader.destinationName(value) { config.selfAlerts = name }
    },
    ConfigKey("heartbeat.url") { value, reader, config in
      if let url = reader.heartbeatURL(value) { config.heartbeat.url = url }
    },
    ConfigKey("heartbeat.every", \.heartbeat.every) { $1.duration($0, .seconds(1) ... .seconds(86_400)) },
    ConfigKey("http.listen") { value, reader, config in
      if let place = reader.httpPlace(value) { config.http.listen = place.endpoint }
    },
    ConfigKey("http.tokens") { value, reader, config in
      if let path = reader.path(value) { config.http.tokens = path }
    },
    ConfigKey("log.level", \.log.level) { $1.choice($0, Notice.Level.self) },
    ConfigKey("log.format", \.log.format) { $1.choice($0, Config.Log.Format.self) },
  ]

  static let byPath = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })
  static let byVariable = Dictionary(uniqueKeysWithValues: all.map { ($0.variable, $0) })
  /// `listen`, `listen.tcp` …: keys that hold keys, as dotted paths.
  static let sections = Set(
    all.flatMap { key in
      let words = key.path.split(separator: ".")
      return (1..<max(1, words.count)).map { words.prefix($0).joined(separator: ".") }
    })
}
