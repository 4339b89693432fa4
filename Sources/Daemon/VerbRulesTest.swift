import Model
import Policy

/// `muttd rules test`: what rules promise, against the whole set.
extension VerbRules {
  /// True when nothing is broken. `names`: of these rules alone, by name or id; none: of all.
  package func test(_ names: [String], file: String?) throws(DaemonFailure) -> Bool {
    let config = try settings.load()
    let (catalog, said): (VerbCatalog, [VerbFinding])
    do throws(DaemonFailure) {
      (catalog, said) =
        if let file {
          try VerbCatalog.asTaken(file, config)
        } else {
          (try VerbCatalog(file: nil, config: config), [])
        }
    } catch {
      guard error.exit == .configuration,
        let named = file ?? (VerbStore.exists(config) ? nil : config.rules.file)
      else { throw error }
      let unloadable = VerbUnloadable(named, config, error)
      guard json else { throw DaemonFailure(.configuration, unloadable.text) }
      let result = TestResult(
        catalog: unloadable.catalog, findings: unloadable.findings, exampleCount: 0, tested: [])
      var output = VerbOutput()
      output.json(result.json)
      throw DaemonFailure(.configuration, "the rules cannot be loaded")
    }
    var chosen: Set<String>?
    for name in names {
      let rule = try VerbRules.find(name, in: catalog.catalog)
      guard rule.isActive else {
        throw DaemonFailure(
          .found, "rule \(rule.name) is retired and decides nothing: muttd rules enable \(rule.name)")
      }
      chosen = (chosen ?? []).union([rule.name])
    }
    var desk = try VerbDesk(catalog.catalog, config: config, origin: catalog.origin)
    let found = try VerbFindings(catalog, desk: &desk, config: config, only: chosen)
    let tested = catalog.catalog.rules.filter { $0.isActive && chosen?.contains($0.name) ?? true }
    let result = TestResult(
      catalog: catalog, findings: said + found.all, exampleCount: found.exampleCount, tested: tested)
    var output = VerbOutput()
    if json { output.json(result.json) } else { result.write(to: &output) }
    return result.holds
  }
}

/// What came out, for people and for machines.
private struct TestResult {
  var catalog: VerbCatalog
  var findings: [VerbFinding]
  var exampleCount: Int
  var tested: [Rule]

  var holds: Bool { findings.allSatisfy(\.isWarning) }
  var failures: [VerbExamples.Failure] { findings.compactMap(\.failure) }
  var withoutExamples: Int { tested.filter { $0.matchExamples.isEmpty && $0.noMatchExamples.isEmpty }.count }

  private func count(_ kind: VerbFinding.Kind) -> Int { findings.filter { $0.kind == kind }.count }

  func write(to output: inout VerbOutput) {
    for finding in findings {
      guard let failure = finding.failure else {
        output.line(finding.line(in: catalog))
        continue
      }
      output.line("\(catalog.place(of: failure.rule)): \(failure.reason)")
      output.line("  \(failure.example)")
      guard let detail = failure.detail else { continue }
      output.line("    text \"\(detail.text)\"")
      if let winner = detail.winner { output.line("    rule \(failure.winner ?? ""), \(winner)") }
      output.line("    rule \(failure.rule), \(detail.rule)")
    }
    var parts = ["\(exampleCount - failures.count) of \(exampleCount) examples hold"]
    let never = count(.neverWins)
    if never > 0 { parts.append("\(never) \(never == 1 ? "rule" : "rules") can never win") }
    let unusable = count(.unusable)
    if unusable > 0 { parts.append("\(unusable) cannot be used") }
    let silent = withoutExamples
    if silent > 0 { parts.append("\(silent) \(silent == 1 ? "rule has" : "rules have") no examples") }
    output.line(parts.joined(separator: "; "))
  }

  var json: VerbJSON {
    var object = VerbJSON()
    object.add("ok", flag: holds)
    object.add("rules", number: tested.count)
    object.add("without_examples", number: withoutExamples)
    object.add("examples", number: exampleCount)
    object.add("failures", objects: failures.map(json))
    object.add("never_wins", list: names(.neverWins))
    object.add("quarantined", list: names(.unusable))
    object.add("findings", objects: findings.map { $0.json(in: catalog) })
    return object
  }

  private func names(_ kind: VerbFinding.Kind) -> [String] {
    findings.filter { $0.kind == kind }.compactMap(\.rule)
  }

  private func json(_ failure: VerbExamples.Failure) -> VerbJSON {
    var object = VerbJSON()
    object.add("rule", failure.rule)
    object.add("reason", failure.reason)
    object.add("winner", failure.winner)
    object.add("example", failure.example)
    return object
  }
}
