import Delivery
import Model
import Policy
import Store

/// The answer of `muttd explain` for machines (docs/command-line.md): every rule, whether it holds or not;
/// over the API as many as an answer may hold.
extension VerbExplanation {
  /// - Parameter limit: bytes of verdicts after which only the winner's still gets in.
  func json(limit: Int = .max) -> VerbJSON {
    var verdicts: [VerbJSON] = []
    var (size, leftOut) = (0, 0)
    forEachLine { line in
      if size >= limit, line.verdict != "won" {
        leftOut += 1
        return
      }
      let verdict = VerbExplanation.json(line)
      size += verdict.size
      verdicts.append(verdict)
    }
    var object = VerbJSON()
    addEvent(to: &object)
    addDecision(to: &object)
    object.add("rules", objects: verdicts)
    if leftOut > 0 { object.add("rules_left_out", number: leftOut) }
    object.add("routes", objects: verdict.row.forwards ? routes.map(VerbExplanation.json) : [])
    object.add("stored", object: question.stored.map(VerbAudit.json))
    object.add("rule_changes", objects: question.changes.map(VerbAuditChanges.json))
    object.add("deliveries", objects: question.sent.map { VerbOutbox.json($0, includesBody: false) })
    return object
  }

  /// What came, when and from whom.
  private func addEvent(to object: inout VerbJSON) {
    object.add("event_id", question.stored.map { "\($0.id.rawValue)" })
    object.add("source", event.source.name)
    object.add("parse", event.parse.name)
    object.add("bytes", number: size)
    object.add("truncated", flag: event.isTruncated)
    object.add("repaired", flag: question.isRepaired)
    object.add("source_ip", question.peer.isUnspecified ? nil : "\(question.peer)")
    object.add("event_timestamp", time: event.time)
    object.add("received_at", time: event.arrival)
    object.add("clock", event.clock.name)
    object.add("zone_assumed", readZone.flatMap { $0.key == nil ? $0.name : nil })
    object.add("zone", readZone?.name)
    object.add("zone_key", readZone?.key)
    object.add("claim", claim)
    object.add("hostname", verdict.host)
    object.add("host_from", verdict.row.hostFrom.name)
    object.add("host_reason", explanation.hostReason)
    object.add("severity", number: event.severity < 0 ? nil : Int(event.severity))
    object.add("message", verdict.message)
    object.add("trap_oid", trapOID)
    object.add("template", template)
    object.add("template_counted", flag: template != nil && isTemplateCounted)
  }

  /// The winner and what it means for this host.
  private func addDecision(to object: inout VerbJSON) {
    let row = verdict.row
    object.add("rule_id", number: row.isMatched ? row.ruleID : nil)
    object.add("rule", verdict.ruleName)
    object.add("rule_version", number: row.isMatched ? Int(row.ruleVersion) : nil)
    object.add("handling", verdict.text(row.handling))
    object.add("forward", flag: row.forwards)
    object.add("environment", row.environment.name)
    object.add("environment_reason", explanation.environment)
    object.add("team", verdict.text(row.team))
    object.add("team_from", row.teamFrom.name)
    object.add("device_team", verdict.text(row.deviceTeam))
    object.add(
      "teams",
      objects: teams.map { step in
        var object = VerbJSON()
        object.add("source", step.source.name)
        object.add("team", step.team)
        return object
      })
    object.add("alert_severity", number: row.isMatched ? Int(row.alertSeverity) : nil)
    object.add("severity_from", row.isMatched ? "\(row.severityFrom.name)" : nil)
    object.add("signature", verdict.text(row.signature))
    object.add("summary", verdict.text(row.summary))
    object.add("labels", json: verdict.text(row.labels))
  }

  private static func json(_ line: Line) -> VerbJSON {
    var object = VerbJSON()
    object.add("priority", number: line.priority)
    object.add("id", number: line.id)
    object.add("rule", line.name)
    object.add("match_type", line.matchType?.rawValue)
    object.add("verdict", line.verdict)
    object.add("detail", line.detail.isEmpty ? nil : line.detail)
    object.add("text", line.text)
    object.add("compared", objects: line.compared.map(json))
    return object
  }

  private static func json(_ comparison: Comparison) -> VerbJSON {
    var object = VerbJSON()
    object.add("part", comparison.part)
    object.add("wants", comparison.wants)
    object.add("has", comparison.has)
    object.add("holds", flag: comparison.holds)
    return object
  }

  private static func json(_ route: (name: String, taken: Bool, reason: String)) -> VerbJSON {
    var object = VerbJSON()
    object.add("destination", route.name)
    object.add("taken", flag: route.taken)
    object.add("reason", route.reason.isEmpty ? nil : route.reason)
    return object
  }
}
