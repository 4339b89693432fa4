import Delivery
import Foundation
import Intake
import Model
import Policy
import Store

/// `muttd check`: the configuration, then the rules and their examples; all problems at once.
package struct VerbCheck: Sendable {
  private let settings: VerbSettings
  private let rules: String?
  private let configOnly: Bool
  private let json: Bool

  package init(settings: VerbSettings, rules: String?, configOnly: Bool, json: Bool) {
    self.settings = settings
    self.rules = rules
    self.configOnly = configOnly
    self.json = json
  }

  /// True when nothing was found in the rules.
  package func run() throws(DaemonFailure) -> Bool {
    let (config, problems) = settings.read()
    var findings = problems.map { VerbFinding($0, kind: .configuration) }
    guard let config else {
      let file = rules.map { VerbUnloadable(withoutConfig: $0) }
      report(findings + (file?.findings ?? []), file?.catalog, rules: nil, examples: 0)
      throw DaemonFailure(.configuration, json ? "the configuration cannot be loaded" : "")
    }
    if let files = config.tlsFiles {
      do throws(IntakeError) {
        let context = try TLSContext(.server, files)
        if let problem = TLSKeeper.problem(context, now: SystemClock.now) {
          findings.append(
            VerbFinding(
              kind: .configuration, isWarning: true,
              text: "warning: the certificate \(files.certificate ?? "") \(problem)"))
        }
      } catch {
        findings.append(
          VerbFinding(kind: .configuration, isWarning: false, text: "listen.tls: \(error.message)"))
        report(findings, nil, rules: nil, examples: 0)
        throw DaemonFailure(.configuration, json ? "the configuration cannot be loaded" : "")
      }
    }
    if let tokens = config.http.tokens {
      do throws(DaemonFailure) {
        let table = try TokenKeeper.read(tokens)
        if let problem = TokenKeeper.problem(table, now: SystemClock.now) {
          findings.append(
            VerbFinding(
              kind: .configuration, isWarning: true, text: "warning: http.tokens: \(tokens): \(problem)"))
        }
      } catch {
        findings.append(VerbFinding(kind: .configuration, isWarning: false, text: error.message))
        report(findings, nil, rules: nil, examples: 0)
        throw DaemonFailure(.configuration, json ? "the configuration cannot be loaded" : "")
      }
    }
    findings += VerbCheck.unusableTLS(config, isStart: configOnly)
    findings += VerbCheck.unreadable(config, path: settings.path, isRoot: geteuid() == 0)
    if configOnly {
      report(findings, nil, rules: nil, examples: 0)
      return true
    }
    guard let catalog = try loadedCatalog(config, &findings) else {
      report(findings, nil, rules: 0, examples: 0)
      return !findings.contains { !$0.isWarning }
    }
    var desk = try VerbDesk(catalog.catalog, config: config, origin: catalog.origin)
    let found = try VerbFindings(catalog, desk: &desk, config: config)
    findings += found.all + VerbCheck.routes(desk.snapshot, config)
    findings += VerbCheck.clears(desk.snapshot.rules, config)
    findings += VerbCheck.lostClears(desk.snapshot.rules, config)
    if let fault = Snapshot.engineFault {
      findings.append(
        VerbFinding(
          kind: .configuration, isWarning: true,
          text: "warning: the pattern engine \(fault): apt-get install libhyperscan5"))
    }
    report(findings, catalog, rules: desk.snapshot.rules.count, examples: found.exampleCount)
    return !findings.contains { !$0.isWarning }
  }

  /// The same; what is wrong with a file that cannot be loaded is reported.
  private func loadedCatalog(_ config: Config, _ findings: inout [VerbFinding]) throws(DaemonFailure)
    -> VerbCatalog?
  {
    do throws(DaemonFailure) {
      return try catalog(config, &findings)
    } catch {
      guard error.exit == .configuration, let file = rules ?? config.rules.file else { throw error }
      let unloadable = VerbUnloadable(file, config, error)
      report(findings + unloadable.findings, unloadable.catalog, rules: nil, examples: 0)
      throw DaemonFailure(.configuration, json ? "the rules cannot be loaded" : "")
    }
  }

  /// The rules to look at; nil when there are none yet.
  private func catalog(_ config: Config, _ findings: inout [VerbFinding]) throws(DaemonFailure)
    -> VerbCatalog?
  {
    if let file = rules ?? config.rules.file {
      let (catalog, said) = try VerbCatalog.asTaken(file, config)
      findings += said
      return catalog
    }
    if VerbStore.exists(config) {
      let steps = try VerbDatabase.status(config)
      if let changes = VerbDatabase.changes(steps, name: VerbStore.name(config)) {
        findings.append(VerbFinding(kind: .configuration, isWarning: true, text: "warning: \(changes)"))
      }
      return try VerbCatalog(file: nil, config: config)
    }
    findings.append(
      VerbFinding(
        kind: .configuration, isWarning: true,
        text: "warning: there is no store at \(VerbStore.name(config)) yet, so there are no rules to check"))
    return nil
  }

  /// Destinations whose files make no TLS: each is held from its first alert on. At a start
  /// (`--config-only`) that is a warning: the others are not to be kept from sending by it.
  static func unusableTLS(_ config: Config, isStart: Bool) -> [VerbFinding] {
    config.destinations.enumerated().compactMap { index, destination in
      let tls = destination.tls
      if tls == Config.Destination.TLS() { return nil }
      do throws(IntakeError) {
        // A certificate without a key has it in its own file (CURLOPT_SSLKEY).
        let files = TLSFiles(
          certificate: tls.certificate, key: tls.key ?? tls.certificate, authorities: tls.ca)
        _ = try TLSContext(.client, files)
        return nil
      } catch {
        return VerbFinding(
          kind: .configuration, isWarning: isStart,
          text:
            "\(isStart ? "warning: " : "")destinations[\(index)].tls (\(destination.name)): \(error.message)")
      }
    }
  }

  /// Alerts that no destination can take.
  private static func routes(_ snapshot: Snapshot, _ config: Config) -> [VerbFinding] {
    let forwarding = Set(config.handling.forward.map { $0.lowercased() })
    let alerting = snapshot.rules.filter {
      forwarding.contains($0.prodHandling.lowercased()) || forwarding.contains($0.devHandling.lowercased())
    }
    if alerting.isEmpty { return [] }
    if config.destinations.isEmpty {
      return [
        VerbFinding(
          kind: .configuration, isWarning: true,
          text: "warning: destinations is empty: \(alerting.count) rules make alerts, and nobody gets them")
      ]
    }
    var findings: [VerbFinding] = []
    for rule in alerting {
      for (environment, handling) in [(Environment.prod, rule.prodHandling), (.dev, rule.devHandling)]
      where forwarding.contains(handling.lowercased()) {
        if config.destinations.contains(where: { $0.couldTake(rule, handling, environment, config) }) {
          continue
        }
        findings.append(
          VerbFinding(
            kind: .route, isWarning: true, rule: rule.name,
            text: "no destination takes its \(environment.name) "
              + "alerts (\(handling)): see destinations[].match"))
      }
    }
    return findings
  }

  /// Clears that end nothing where the team is a part of what an alert is.
  static func clears(_ rules: [Rule], _ config: Config) -> [VerbFinding] {
    guard config.teams.order.contains(.rule),
      config.destinations.contains(where: { $0.format == .alertmanagerAPI })
    else { return [] }
    let problems = Dictionary(grouping: rules.filter { $0.severity != 0 }, by: { Array(($0.key ?? "").utf8) })
    var findings: [VerbFinding] = []
    for clear in rules where clear.severity == 0 {
      guard let key = clear.key, !key.isEmpty else { continue }
      let others = (problems[Array(key.utf8)] ?? []).filter {
        ($0.teamAssignment ?? "") != (clear.teamAssignment ?? "")
      }
      if others.isEmpty { continue }
      findings.append(
        VerbFinding(
          kind: .route, isWarning: true, rule: clear.name,
          text:
            "does not end what \(raising(others)) with the same key, at Alertmanager "
            + "(alertmanager-api): give all the same team_assignment"))
    }
    return findings
  }

  /// Clears that do not reach a destination which takes what they end: there it stays raised. A match by
  /// handling, team or environment says who is meant, and holds for clears as for all alerts; `min_severity`
  /// alone, below which every clear is, does not keep one out.
  static func lostClears(_ rules: [Rule], _ config: Config) -> [VerbFinding] {
    // Rules that are alike to every match are asked about once: keys may be shared by hundreds.
    let raises = Dictionary(
      grouping: rules.indices.filter { rules[$0].severity != 0 }, by: { Array((rules[$0].key ?? "").utf8) }
    ).mapValues { Array(Dictionary(grouping: $0, by: { Likeness(rules[$0]) }).values) }
    // Who only stands in for others takes what they take.
    let named = Set(config.destinations.compactMap(\.fallback))
    let targets = config.destinations.filter { !named.contains($0.name) || $0.match != .init() }
    var findings: [VerbFinding] = []
    for clear in rules where clear.severity == 0 {
      guard let key = clear.key, !key.isEmpty, let groups = raises[Array(key.utf8)] else { continue }
      for target in targets {
        var (lost, places): ([Int], Set<Environment>) = ([], [])
        let missed = [Environment.prod, .dev].filter { !target.couldBeSent(clear, $0, config) }
        for group in groups {
          let these = missed.filter { target.couldBeSent(rules[group[0]], $0, config) }
          places.formUnion(these)
          if !these.isEmpty { lost += group }
        }
        if lost.isEmpty { continue }
        let names = [Environment.prod, .dev].filter(places.contains).map { "\($0.name)" }
        findings.append(
          VerbFinding(
            kind: .route, isWarning: true, rule: clear.name,
            text:
              "does not reach \(target.name) (\(names.joined(separator: ", "))), which takes what "
              + "\(raising(lost.sorted().map { rules[$0] })) with the same key: there it stays raised; "
              + "give all of them what destinations[].match of \(target.name) takes"))
      }
    }
    return findings
  }

  /// What `match` looks at.
  private struct Likeness: Hashable {
    var prod: [UInt8]
    var dev: [UInt8]
    var team: [UInt8]?
    var severity: Int?

    init(_ rule: Rule) {
      (prod, dev) = (Array(rule.prodHandling.utf8), Array(rule.devHandling.utf8))
      (team, severity) = (rule.teamAssignment.map { Array($0.utf8) }, rule.severity)
    }
  }

  /// `a raises`, `a, b, c and 5 more raise`.
  private static func raising(_ rules: [Rule]) -> String {
    var text = rules.prefix(3).map(\.name).joined(separator: ", ")
    if rules.count > 3 { text += " and \(rules.count - 3) more" }
    return text + (rules.count == 1 ? " raises" : " raise")
  }

  private func report(_ findings: [VerbFinding], _ catalog: VerbCatalog?, rules: Int?, examples: Int) {
    let errors = findings.filter { !$0.isWarning }
    guard json else {
      for finding in findings { VerbOutput.remark(finding.line(in: catalog)) }
      if !errors.isEmpty {
        return VerbOutput.remark("muttd: \(errors.count) problem\(errors.count == 1 ? "" : "s")")
      }
      var output = VerbOutput()
      let file = settings.path ?? "defaults"
      let what = rules.map { "; \($0) rules, \(examples) examples hold" } ?? ""
      output.line("ok: \(file)\(what)")
      return
    }
    var output = VerbOutput()
    var object = VerbJSON()
    object.add("ok", flag: errors.isEmpty)
    object.add("config", settings.path)
    object.add("rules", number: rules)
    object.add("examples", number: examples)
    object.add("problems", list: errors.map { $0.line(in: catalog) })
    object.add("warnings", list: findings.filter(\.isWarning).map { $0.line(in: catalog) })
    object.add("findings", objects: findings.map { $0.json(in: catalog) })
    output.json(object)
  }
}

extension Config.Destination {
  /// False only when no alert of this rule leaves for here.
  fileprivate func couldBeSent(_ rule: Rule, _ environment: Environment, _ config: Config) -> Bool {
    let handling = environment == .dev ? rule.devHandling : rule.prodHandling
    let isForwarded = config.handling.forward.contains { $0.lowercased() == handling.lowercased() }
    return isForwarded && couldTake(rule, handling, environment, config)
  }

  /// False only when no alert of this rule can pass `match`: what depends on the event counts as passing.
  fileprivate func couldTake(_ rule: Rule, _ handling: String, _ environment: Environment, _ config: Config)
    -> Bool
  {
    func isOne(of words: [String], _ word: String) -> Bool {
      // As the router does: ASCII letters in any case, everything else byte by byte.
      words.isEmpty || words.contains { $0.utf8.map(lowered) == word.utf8.map(lowered) }
    }
    if !isOne(of: match.handling, handling) { return false }
    if !match.environment.isEmpty, !match.environment.contains(environment) { return false }
    if let least = match.minSeverity, let severity = rule.severity, severity > 0, severity < least {
      return false
    }
    if let team = rule.teamAssignment, config.teams.order.first == .rule {
      return isOne(of: match.team, team)
    }
    return true
  }
}
