import Model
import Policy
import Store

/// `muttd db adopt`: a database that MUTT made, looked at and made ours.
extension VerbDatabase {
  package func adopt(applies: Bool, rewrites: Bool) throws(DaemonFailure) {
    let config = try settings.load()
    guard case .server(let server) = config.store.url else {
      throw DaemonFailure(
        .usage, "db adopt is for a PostgreSQL database that MUTT made: name it, --store postgresql://…")
    }
    let isQuiet = json
    let report = try VerbStore.run { () throws(StoreError) in
      let address = try server.address()
      if !applies { return try PostgresAdoption.report(address, rewrites: rewrites) }
      return try PostgresAdoption.apply(address, rewrites: rewrites) { step in
        if !isQuiet { VerbOutput.remark(step.text) }
      }
    }
    let findings = AdoptionFindings(report, settings: config.policy).all
    let isDone = applies && report.obstacles.isEmpty
    if json {
      writeJSON(report, findings, isDone: isDone)
    } else {
      write(report, findings, name: server.shown, isDone: isDone)
    }
    if !report.obstacles.isEmpty {
      throw DaemonFailure(.found, "nothing was changed: see to what is in the way first")
    }
  }

  private func write(
    _ report: AdoptionReport, _ findings: [AdoptionFinding], name: String, isDone: Bool
  ) {
    var output = VerbOutput()
    if report.isAdopted {
      return output.line("\(name) is muttd's already: nothing to adopt; muttd db migrate keeps it up to date")
    }
    // Where somebody may not look nothing was counted: there is no audit without a partition.
    let counts =
      "; \(report.rules.count) rules, \(report.partitions) partitions, about "
      + "\(report.auditRows) audited events"
    output.line("\(name): MUTT's tables\(report.partitions > 0 ? counts : "")")
    // What was done has been said while it was done.
    let steps = isDone ? [] : report.steps.map(\.text)
    let parts: [(String, [String])] = [
      ("in the way:", report.obstacles), ("would change:", steps), ("to know:", report.remarks),
      ("decides differently here:", findings.map(\.line)),
    ]
    for (heading, lines) in parts where !lines.isEmpty {
      output.line(heading)
      for line in lines { output.line("  \(line)") }
    }
    if isDone {
      output.line("adopted: \(report.steps.count) steps; store.url may name it now")
    } else if report.obstacles.isEmpty {
      output.line("nothing was changed; with MUTT stopped: muttd db adopt --apply")
    }
  }

  private func writeJSON(_ report: AdoptionReport, _ findings: [AdoptionFinding], isDone: Bool) {
    var output = VerbOutput()
    func line(_ kind: String, _ text: String) -> VerbJSON {
      var object = VerbJSON()
      object.add("kind", kind)
      object.add("text", text)
      return object
    }
    for text in report.obstacles { output.json(line("obstacle", text)) }
    for step in report.steps {
      var object = line("step", step.text)
      object.add("done", flag: isDone)
      output.json(object)
    }
    for text in report.remarks { output.json(line("remark", text)) }
    for finding in findings {
      var object = line("finding", finding.text)
      object.add("what", finding.kind.rawValue)
      object.add("rule_id", number: finding.rule?.id)
      output.json(object)
    }
    var object = VerbJSON()
    object.add("kind", "summary")
    object.add("adopted", flag: report.isAdopted || isDone)
    object.add("steps", number: report.steps.count)
    object.add("obstacles", number: report.obstacles.count)
    object.add("findings", number: findings.count)
    object.add("rules", number: report.rules.count)
    object.add("partitions", number: report.partitions)
    object.add("audited_events", number: report.auditRows)
    output.json(object)
  }
}
