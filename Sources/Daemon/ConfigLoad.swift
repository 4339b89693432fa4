import Model

extension Config {
  /// A configuration file above this is a mistake.
  private static let fileLimit = 4 << 20

  /// Reads the file (nil: the defaults), then the environment over it, then `overrides` (dotted key and YAML
  /// text, from the command line) over both. All problems at once; the configuration is nil when one of
  /// them is more than a warning.
  package static func load(
    path: String?, environment: [String: String] = [:], overrides: [(key: String, value: String)] = []
  ) -> (Config?, [ConfigProblem]) {
    guard let path else {
      return parse("", file: "defaults", environment: environment, overrides: overrides)
    }
    do {
      let text = try ConfigFile.readText(path, limit: fileLimit)
      return parse(text, file: path, environment: environment, overrides: overrides)
    } catch {
      return (nil, [ConfigProblem(file: path, error)])
    }
  }

  /// The same from text; `file` names it in problems, and relative paths start from its folder.
  package static func parse(
    _ text: String, file: String, environment: [String: String] = [:],
    overrides: [(key: String, value: String)] = []
  ) -> (Config?, [ConfigProblem]) {
    let (config, problems) = read(text, file: file, environment: environment, overrides: overrides)
    return (problems.areHarmless ? config : nil, problems)
  }

  /// `state_directory` of a configuration with problems elsewhere. Of a file that cannot be read as YAML
  /// nothing is known but what the service manager says (`STATE_DIRECTORY`).
  static func stateDirectory(
    path: String, environment: [String: String], overrides: [(key: String, value: String)]
  ) -> String? {
    guard let text = try? ConfigFile.readText(path, limit: fileLimit) else { return nil }
    if YAMLValue.parse(text, file: path).0 == nil {
      return environment["STATE_DIRECTORY"]?.split(separator: ":").first.map(String.init)
    }
    return read(text, file: path, environment: environment, overrides: overrides).0.stateDirectory
  }

  /// What a configuration listens on, whatever else is wrong with it, and what keeps that from being known;
  /// nil: the file cannot be read.
  static func listen(path: String, environment: [String: String]) -> (Listen, [ConfigProblem])? {
    guard let text = try? ConfigFile.readText(path, limit: fileLimit) else { return nil }
    let (config, problems) = read(text, file: path, environment: environment)
    let about = problems.filter {
      !$0.isWarning && ($0.key.isEmpty || $0.key == "listen" || $0.key.hasPrefix("listen."))
    }
    return (config.listen, about)
  }

  /// Like `parse`, but gives what could be read also when there are problems.
  static func read(
    _ text: String, file: String, environment: [String: String] = [:],
    overrides: [(key: String, value: String)] = []
  ) -> (Config, [ConfigProblem]) {
    var config = Config()
    let (root, problems) = YAMLValue.parse(text, file: file)
    var reader = ConfigReader(source: file, file: file, environment: environment)
    reader.problems = problems
    if let root { reader.readFile(root, into: &config) }
    reader.file = nil
    reader.readEnvironment(into: &config)
    reader.readOverrides(overrides, into: &config)
    reader.warnOfUnknownVariables()
    // A file that could not be read has given its one reason already.
    if root != nil {
      reader.source = file
      reader.checkListeners(config)
      reader.checkAccess(config)
      reader.checkWords(config)
    }
    return (config, reader.problems)
  }
}

extension ConfigReader {
  fileprivate mutating func readFile(_ root: YAMLValue, into config: inout Config) {
    switch root.content {
    case .null: return
    case .map(let entries): readEntries(entries, prefix: "", into: &config)
    default: report("must be a map of keys, not \(root.kind)", at: root)
    }
  }

  private mutating func readEntries(_ entries: [YAMLValue.Entry], prefix: String, into config: inout Config) {
    for entry in entries {
      let path = prefix + entry.key
      if let known = ConfigKey.byPath[path] {
        read(known, entry.value, into: &config)
      } else if ConfigKey.sections.contains(path) {
        key = path
        switch entry.value.content {
        case .null: continue
        case .map(let inner): readEntries(inner, prefix: path + ".", into: &config)
        default: report("must be a map of keys, not \(entry.value.kind)", at: entry.value)
        }
      } else {
        reportUnknown(entry, prefix, among: ConfigKey.candidates(for: entry.key, under: prefix))
      }
    }
  }

  /// Null leaves the default, or what an earlier source said.
  private mutating func read(_ known: ConfigKey, _ value: YAMLValue, into config: inout Config) {
    key = known.path
    places[known.path] = (source, value.line)
    if !value.isNull { known.read(value, &self, &config) }
  }

  fileprivate mutating func readEnvironment(into config: inout Config) {
    source = "environment"
    for known in ConfigKey.all {
      guard let text = secrets.environment[known.variable], !text.isEmpty else { continue }
      readText(text, known, into: &config)
    }
  }

  fileprivate mutating func readOverrides(
    _ overrides: [(key: String, value: String)], into config: inout Config
  ) {
    source = "command line"
    for (path, text) in overrides {
      if let known = ConfigKey.byPath[path] {
        readText(text, known, into: &config)
      } else {
        let nearest = ConfigSpelling.nearest(path, in: ConfigKey.all.map(\.path))
        problems.append(
          ConfigProblem(
            file: source, key: shortened(path), message: "unknown key; nearest known: \(nearest ?? "none")"))
      }
    }
  }

  /// A value that came as text: YAML, so that lists and maps can be given; its lines mean nothing.
  private mutating func readText(_ text: String, _ known: ConfigKey, into config: inout Config) {
    key = known.path
    // Addresses and templates hold characters that mean something in YAML: single values are taken as
    // they are.
    let isStructured = text.hasPrefix("[") || text.hasPrefix("{")
    var value = YAMLValue(line: 0, content: .scalar(text, isPlain: true))
    if text == "null" { value.content = .null }
    if isStructured {
      let (parsed, found) = YAMLValue.parse(text, file: source)
      problems += found.map {
        var problem = $0
        problem.line = 0
        problem.key = known.path
        return problem
      }
      guard let parsed else { return }
      value = parsed.withoutLines
    }
    read(known, value, into: &config)
  }

  fileprivate mutating func warnOfUnknownVariables() {
    let unknown = secrets.environment.keys.filter {
      $0.hasPrefix("MUTT_") && ConfigKey.byVariable[$0] == nil && !secrets.usedNames.contains($0)
    }
    for name in unknown.sorted() {
      let nearest = ConfigSpelling.nearest(name, in: ConfigKey.all.map(\.variable)) ?? "none"
      problems.append(
        ConfigProblem(
          file: "environment", key: shortened(name), message: "unknown variable; nearest known: \(nearest)",
          isWarning: true))
    }
  }
}

/// What shows only when keys are seen together.
extension ConfigReader {
  fileprivate mutating func checkListeners(_ config: Config) {
    let all =
      config.listen.syslog.map { ("listen.syslog", $0) } + config.listen.snmp.map { ("listen.snmp", $0) }
    if all.isEmpty {
      report("there is nothing to listen on; name an endpoint here or in listen.snmp", key: "listen.syslog")
    }
    var seen: Set<Config.Endpoint> = []
    for (path, endpoint) in all where endpoint.port != 0 {
      // A port is taken per kind of socket: tcp:// and tls:// are one kind.
      var place = endpoint
      place.transport = endpoint.transport.isStream ? .tcp : .udp
      if !seen.insert(place).inserted { report("\(endpoint) is listened on twice", key: path) }
    }
    if let endpoint = config.listen.syslog.first(where: { $0.transport == .tls }) {
      for (path, file) in [("certificate", config.listen.tls.certificate), ("key", config.listen.tls.key)]
      where file == nil {
        report("is needed by tls://\(endpoint); name a PEM file", key: "listen.tls.\(path)")
      }
    }
    if config.http.tokens == nil, let listen = config.http.listen, !listen.address.isLoopback {
      report(
        "is needed by http.listen \(listen), which others can reach; name a file of tokens "
          + "(muttd token NAME --append writes to it), or listen on 127.0.0.1",
        key: "http.tokens")
    }
    if config.snmp.communities.isEmpty, let open = config.listen.snmp.first(where: { !$0.address.isLoopback })
    {
      report(
        "is empty while traps are received on \(open); write [any], or list the communities to let in",
        key: "snmp.communities")
    }
  }

  /// Networks that say nothing, and listeners that nobody may reach.
  fileprivate mutating func checkAccess(_ config: Config) {
    let (allow, sources) = (config.listen.allow, config.snmp.sources)
    checkNetworks(
      allow, of: config.listen.syslog + (sources.isEmpty ? config.listen.snmp : []), "listen.allow")
    checkNetworks(sources, of: config.listen.snmp, "snmp.sources")
  }

  private mutating func checkNetworks(_ allow: [Network], of endpoints: [Config.Endpoint], _ path: String) {
    if allow.isEmpty { return }
    // By their first addresses, wider before narrower: whatever covers a network stands before it.
    var widest: Network?
    for network in allow.sorted(by: { ($0.first, $1.last) < ($1.first, $0.last) }) {
      if let wider = widest, wider.covers(network) {
        let what =
          wider.first == network.first && wider.last == network.last
          ? "stands here twice" : "lies in \(wider)"
        report("\(network) \(what)", key: path, isWarning: true)
      } else {
        widest = network
      }
    }
    for endpoint in endpoints where !allow.contains(where: { $0.overlaps(endpoint.senders) }) {
      report("lets in nobody who could send to \(endpoint)", key: path, isWarning: true)
    }
  }

  fileprivate mutating func checkWords(_ config: Config) {
    let forward = Set(config.handling.forward.map { $0.lowercased() })
    for word in config.handling.record where forward.contains(word.lowercased()) {
      report("\(quoted(word)) is in handling.forward too", key: "handling.record")
    }
    let words = config.handling.forward + config.handling.record
    if !words.contains(where: { $0.lowercased() == config.unmatched.handling.lowercased() }) {
      let nearest = ConfigSpelling.nearest(config.unmatched.handling, in: words) ?? "none"
      report(
        "\(quoted(config.unmatched.handling)) is neither in handling.forward nor in handling.record; "
          + "nearest: \(nearest)", key: "unmatched.handling")
    }
    if let name = config.selfAlerts, !config.destinations.contains(where: { $0.name == name }),
      !problems.contains(where: { $0.key.hasPrefix("destinations") })
    {
      let nearest = ConfigSpelling.nearest(name, in: config.destinations.map(\.name))
      report(
        "no destination is called \(quoted(name))" + (nearest.map { "; nearest: \($0)" } ?? ""),
        key: "self_alerts")
    }
    for destination in config.destinations {
      for word in destination.match.handling where !forward.contains(word.lowercased()) {
        let nearest = ConfigSpelling.nearest(word, in: config.handling.forward) ?? "none"
        report(
          "\(destination.name): match.handling \(quoted(word)) is never forwarded; nearest in "
            + "handling.forward: \(nearest)",
          key: "destinations")
      }
    }
  }
}

extension ConfigKey {
  /// What an unknown `key` below `prefix` (`""` or `listen.`) may have been meant to be, as dotted paths. A
  /// word that is a key of another section was put into the wrong one.
  static func candidates(for key: String, under prefix: String) -> [String] {
    let misplaced = all.map(\.path).filter { $0.hasSuffix("." + key) }
    if !misplaced.isEmpty { return misplaced }
    if !prefix.isEmpty { return all.map(\.path).filter { $0.hasPrefix(prefix) } }
    return all.filter { !$0.path.contains(".") }.map(\.path) + sections.filter { !$0.contains(".") }.sorted()
  }
}

extension YAMLValue {
  /// The same value without places, for text that stands in no file.
  fileprivate var withoutLines: YAMLValue {
    var value = self
    value.line = 0
    switch content {
    case .list(let items): value.content = .list(items.map(\.withoutLines))
    case .map(let entries):
      value.content = .map(entries.map { Entry(key: $0.key, line: 0, value: $0.value.withoutLines) })
    case .null, .scalar: break
    }
    return value
  }
}
