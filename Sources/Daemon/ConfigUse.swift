package import Delivery
import Intake
import Model
package import Policy

// What each part of the daemon takes from the configuration.

extension Config {
  var reloadSettings: ReloadSettings {
    ReloadSettings(
      policy: policy, rulesFile: rules.file, guardShare: rules.guardShare, refresh: rules.refresh.nanoseconds)
  }

  package var workerSettings: WorkerSettings {
    var settings = WorkerSettings()
    settings.unmatchedSeverity = unmatched.severity
    settings.auditsAll = audit.events == .all
    settings.batchRows = audit.batch
    settings.flush = audit.flush.nanoseconds
    settings.matchesRaw = syslog.match == .raw
    settings.allow = NetworkSet(listen.allow)
    settings.storm = storm.rate.map { StormLimit(rate: $0, burst: storm.burst) }
    settings.zone = syslog.defaultTimezone
    settings.sourceZones = syslog.timezones
    settings.maxMessage = syslog.maxMessage
    settings.hasTrapSources = !snmp.sources.isEmpty
    settings.trapSources = snmp.sources.isEmpty ? settings.allow : NetworkSet(snmp.sources)
    settings.communities = snmp.acceptsAnyCommunity ? [] : snmp.communities.map { Array($0.revealed.utf8) }
    return settings
  }

  var unmatchedSettings: UnmatchedWatch.Settings {
    var settings = UnmatchedWatch.Settings()
    settings.limits = unmatched.limits
    let words = handling.forward + handling.record
    settings.handling =
      words.first { $0.lowercased() == unmatched.handling.lowercased() } ?? unmatched.handling
    settings.forwards = handling.forward.contains { $0.lowercased() == unmatched.handling.lowercased() }
    return settings
  }

  /// Nil: nobody hears about the daemon itself.
  func selfWatchSettings(place: (String) -> Int?) -> SelfWatch.Settings? {
    guard let name = selfAlerts, let target = place(name) else { return nil }
    // It, and all that take over for it in turn; they may bite their tail.
    var chain: [String] = []
    var next: String? = name
    while let one = next, !chain.contains(one) {
      chain.append(one)
      next = destinations.first { $0.name == one }?.fallback
    }
    let isUsual = handling.forward.contains { $0.lowercased() == "ticket_only" }
    return SelfWatch.Settings(
      target: target, chain: chain,
      handling: isUsual ? "Ticket_only" : handling.forward.last ?? "Ticket_only")
  }

  var heartbeatSettings: Daemon.Heartbeat.Settings? {
    self.heartbeat.url.map {
      Daemon.Heartbeat.Settings(url: $0.revealed, interval: self.heartbeat.every.nanoseconds)
    }
  }

  /// The files that `tls://` endpoints need; nil without such an endpoint.
  var tlsFiles: TLSFiles? {
    guard listen.syslog.contains(where: { $0.transport == .tls }) else { return nil }
    return TLSFiles(
      certificate: listen.tls.certificate, key: listen.tls.key, authorities: listen.tls.clientCA)
  }

  var streamSettings: StreamSettings {
    var settings = StreamSettings()
    settings.connections = listen.tcp.connections
    settings.idle = listen.tcp.idle.nanoseconds
    settings.patience = min(settings.patience, settings.idle)
    settings.kept = min(syslog.maxMessage, listen.tcp.maxFrame)
    settings.maxFrame = listen.tcp.maxFrame
    settings.proxies = NetworkSet(listen.tcp.proxies)
    return settings
  }

  /// Keys whose change a running daemon does not take over.
  func keysThatNeedRestart(since running: Config) -> [String] {
    var keys: [String] = []
    func compare<Value: Equatable>(_ name: String, _ path: KeyPath<Config, Value>) {
      if self[keyPath: path] != running[keyPath: path] { keys.append(name) }
    }
    compare("node", \.node)
    compare("state_directory", \.stateDirectory)
    compare("listen.receive_buffer", \.listen.receiveBuffer)
    compare("listen.workers", \.listen.workers)
    compare("listen.tcp", \.listen.tcp)
    compare("syslog.max_message", \.syslog.maxMessage)
    compare("snmp.engines", \.snmp.engines)
    compare("snmp.mibs", \.snmp.mibs)
    compare("store", \.store)
    compare("audit.batch", \.audit.batch)
    compare("unmatched.window", \.unmatched.window)
    compare("unmatched.max_templates", \.unmatched.maxTemplates)
    compare("outbox.sync", \.outbox.sync)
    return keys
  }
}

extension Config.Destination {
  /// Without what a running forwarder can exchange: where it is, and its secrets.
  var fixed: Config.Destination {
    var fixed = self
    fixed.url = Secret(isStdout ? "stdout:" : "")
    fixed.headers = []
    fixed.routingKey = nil
    fixed.hmac = nil
    fixed.tls = Config.Destination.TLS()
    fixed.proxy = nil
    return fixed
  }

  /// What its bodies are, as people name it.
  var bodies: String { contentType.map { "\(format.rawValue), \($0)" } ?? format.rawValue }

  package var settings: DestinationSettings {
    var settings = DestinationSettings(
      name: name, url: url.revealed, headers: headers.map { ($0.name, $0.value.revealed) },
      match: RouteMatch(
        handling: match.handling, team: match.team, environment: match.environment,
        minSeverity: match.minSeverity),
      sendsRaw: raw, timeoutSeconds: max(1, Int((timeout.nanoseconds + 999_999_999) / 1_000_000_000)),
      concurrency: concurrency, retryInitialMs: Int(retry.initial.nanoseconds / 1_000_000),
      retryMaxMs: Int(retry.max.nanoseconds / 1_000_000),
      maxAgeSeconds: Int(maxAge.nanoseconds / 1_000_000_000),
      staleAfterSeconds: Int(staleAfter.nanoseconds / 1_000_000_000))
    // A screen or a pipe takes what it takes; the rate is for receivers.
    settings.rate = isStdout ? nil : rate
    settings.format = format
    settings.template = template?.payload
    settings.contentType = contentType
    settings.fallback = fallback
    settings.standsIn = standsIn
    settings.webhookOrigin = webhookOrigin
    settings.routingKey = routingKey?.revealed
    settings.hmac = hmac?.revealed
    settings.tls = WebhookRequest.TLS(ca: tls.ca, certificate: tls.certificate, key: tls.key)
    settings.proxy = proxy?.revealed
    settings.breaker = DeliveryGate.Limits(
      failures: breaker.failures, openMs: Int(breaker.open.nanoseconds / 1_000_000), close: breaker.close)
    return settings
  }
}

extension Config.Unmatched {
  /// What the book of kinds needs.
  package var limits: UnmatchedLimits {
    var limits = UnmatchedLimits()
    limits.threshold = threshold
    limits.window = window.nanoseconds
    limits.alertsPerHour = alertsPerHour
    limits.capacity = maxTemplates
    return limits
  }
}

extension Duration {
  /// Whole nanoseconds; configuration durations are far from the limit of 292 years.
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}

extension Config {
  /// The users with their keys.
  var readyTrapUsers: [Daemon.TrapUser] {
    get throws(DaemonFailure) {
      var ready: [Daemon.TrapUser] = []
      for user in snmp.users {
        guard let keys = user.ready else {
          throw DaemonFailure(
            .configuration, "snmp.users: net-snmp (libsnmp) makes no keys for \"\(user.name)\"")
        }
        ready.append(keys)
      }
      return ready
    }
  }
}

extension Config.TrapUser {
  /// The user with its keys; nil when net-snmp refuses, which reading the configuration has ruled out.
  package var ready: Daemon.TrapUser? {
    let name = Array(name.utf8)
    guard let authentication, let authenticationPassword else {
      return Daemon.TrapUser(name: name, keys: nil)
    }
    var cipher: (TrapPrivacy, password: [UInt8])?
    if let privacy, let privacyPassword { cipher = (privacy, Array(privacyPassword.revealed.utf8)) }
    let keys = TrapMasterKeys(
      authentication, password: Array(authenticationPassword.revealed.utf8), privacy: cipher)
    return keys.map { Daemon.TrapUser(name: name, keys: $0) }
  }
}
