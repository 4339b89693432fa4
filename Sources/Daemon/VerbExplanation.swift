import Delivery
import Model
import Policy
import Store

/// The answer of `muttd explain`, as people read it (DESIGN §10) and as JSON.
struct VerbExplanation {
  var question: VerbExplain.Question
  var event: Event
  var explanation: Explanation
  var verdict: VerbDesk.Verdict
  var snapshot: Snapshot
  var catalog: Catalog
  var destinations: [DestinationSettings]

  /// One rule and its verdict, in the order in which rules decide.
  struct Line {
    var priority: Int
    var id: Int64
    var name: String
    var verdict: String
    /// Says why a rule does not hold: only shown with `--all`.
    var isIdle: Bool
  }

  var lines: [Line] {
    var lines = explanation.lines.map { line in
      let rule = snapshot.rules[line.rule]
      return Line(
        priority: rule.priority, id: rule.id, name: rule.name, verdict: line.text,
        isIdle: line.verdict == .doesNotHold)
    }
    for rule in explanation.quarantined {
      let known = catalog.rules.first { $0.id == rule.id && $0.name == rule.name }
      lines.append(
        Line(
          priority: known?.priority ?? 0, id: rule.id, name: rule.name,
          verdict: "QUARANTINED: \(rule.reason)",
          isIdle: false))
    }
    return lines.sorted { ($0.priority, $0.id) < ($1.priority, $1.id) }
  }

  /// Which destinations take the alert, and by what the others do not.
  var routes: [(name: String, taken: Bool, reason: String)] {
    destinations.map { destination in
      func takes(_ match: RouteMatch) -> Bool {
        var one = destination
        one.match = match
        return !Router([one]).routes(for: verdict.row, in: verdict.batch).isEmpty
      }
      if takes(destination.match) { return (destination.name, true, "") }
      let match = destination.match
      var reasons: [String] = []
      if !takes(RouteMatch(handling: match.handling)) { reasons.append("match.handling") }
      if !takes(RouteMatch(team: match.team)) { reasons.append("match.team") }
      if !takes(RouteMatch(environment: match.environment)) { reasons.append("match.environment") }
      if !takes(RouteMatch(minSeverity: match.minSeverity)) { reasons.append("match.min_severity") }
      return (destination.name, false, reasons.joined(separator: ", "))
    }
  }

  private var size: Int {
    switch question.input {
    case .syslog(let bytes), .packet(let bytes): bytes.count
    }
  }

  // MARK: - For people

  func write(to output: inout VerbOutput, showsAll: Bool) {
    output.line(heading)
    output.line("time   \(timeText)")
    let hostReason =
      verdict.host == nil ? "no header names it; --from ADDRESS says who sent it" : explanation.hostReason
    output.line("host   \(verdict.host ?? "-")  \(hostReason)")
    let severity = Syslog.severityName(event.severity).map { "  \($0)(\(event.severity))" } ?? ""
    output.line("text   \"\(verdict.message ?? "")\"\(severity)")
    writeRules(to: &output, showsAll: showsAll)
    output.line("decide \(explanation.environment)")
    output.line("team   \(explanation.team)")
    if verdict.row.forwards {
      let routes = routes.map { $0.taken ? "\($0.name) yes" : "\($0.name) no: \($0.reason)" }
      output.line(
        "route  \(routes.isEmpty ? "nowhere: destinations is empty" : routes.joined(separator: " | "))")
    }
    if let stored = question.stored {
      if let sent = sentText(stored) { output.line("sent   \(sent)") }
      output.line("rule   \(versionText(stored))")
    }
  }

  private var heading: String {
    let isRebuilt = event.source == .trap && question.stored != nil
    var parts = ["\(event.parse.name)", isRebuilt ? "made a packet again from raw_message" : "\(size) bytes"]
    if !question.peer.isUnspecified { parts.append("udp from \(question.peer)") }
    if event.isTruncated { parts.append("cut at syslog.max_message") }
    let id = question.stored.map { "\($0.id.rawValue)" } ?? "(not received)"
    return "event  \(id)  \(parts.joined(separator: ", "))"
  }

  private var timeText: String {
    guard !event.time.isAbsent else { return "unknown" }
    var text = VerbTime.text(event.time)
    guard event.clock == .device else { return text + " arrival clock" }
    text += " device clock"
    let late = event.arrival.since(event.time)
    if late >= 0 { return text + "; arrived \(VerbExplanation.seconds(late)) later" }
    return text + "; arrived \(VerbExplanation.seconds(-late)) earlier"
  }

  /// `1.569 s`
  private static func seconds(_ nanoseconds: Int64) -> String {
    let milliseconds = nanoseconds / 1_000_000
    let fraction = String(milliseconds % 1_000 + 1_000).dropFirst()
    return "\(milliseconds / 1_000).\(fraction) s"
  }

  private func writeRules(to output: inout VerbOutput, showsAll: Bool) {
    let lines = lines
    var table = VerbTable([" prio", "id", "rule", "verdict"], rightAligned: [0, 1])
    for line in lines where showsAll || !line.isIdle {
      table.add(["\(line.priority)", "\(line.id)", line.name, line.verdict])
    }
    let hidden = showsAll ? 0 : lines.filter(\.isIdle).count
    if !table.isEmpty { table.write(to: &output) }
    if hidden > 0 {
      let others =
        table.isEmpty
        ? (hidden == 1 ? "rule does not hold" : "rules do not hold")
        : (hidden == 1 ? "other does not hold" : "others do not hold")
      output.line(
        "\(String(repeating: " ", count: max(0, 5 - "\(hidden)".count)))\(hidden) \(others) (--all shows why)"
      )
    }
    if lines.isEmpty { output.line("  there are no rules") }
  }

  /// What is known of the way out; nil when there was none.
  private func sentText(_ stored: AuditEvent) -> String? {
    var parts: [String] = []
    if stored.isForwarded { parts.append("delivered") }
    for delivery in question.sent {
      let state = delivery.state == .dead ? "dead" : "pending"
      var text = "\(delivery.destination) \(state): \(delivery.attempts) attempts"
      if let error = delivery.lastError { text += ", last: \(error)" }
      if delivery.state == .pending, delivery.attempts > 0 {
        text += ", next at \(VerbTime.text(delivery.nextAttemptAt))"
      }
      parts.append(text)
    }
    return parts.isEmpty ? nil : parts.joined(separator: " | ")
  }

  private func versionText(_ stored: AuditEvent) -> String {
    let now = verdict.row.isMatched ? verdict.row.ruleVersion : 0
    guard let then = stored.ruleID else {
      return verdict.row.isMatched
        ? "unmatched then; \(verdict.ruleName ?? "") now" : "unmatched then and now"
    }
    if then == verdict.row.ruleID {
      return "version \(stored.ruleVersion.map(String.init) ?? "?") then, \(now) now"
    }
    let nowText = verdict.ruleName.map { "\($0) version \(now)" } ?? "unmatched"
    let thenText = "\(stored.ruleName ?? "\(then)") version \(stored.ruleVersion.map(String.init) ?? "?")"
    return "\(thenText) then, \(nowText) now"
  }

  // MARK: - For machines

  var json: VerbJSON {
    let row = verdict.row
    var object = VerbJSON()
    object.add("event_id", question.stored.map { "\($0.id.rawValue)" })
    object.add("source", event.source.name)
    object.add("parse", event.parse.name)
    object.add("bytes", number: size)
    object.add("source_ip", question.peer.isUnspecified ? nil : "\(question.peer)")
    object.add("event_timestamp", time: event.time)
    object.add("received_at", time: event.arrival)
    object.add("clock", event.clock.name)
    object.add("hostname", verdict.host)
    object.add("host_from", row.hostFrom.name)
    object.add("host_reason", explanation.hostReason)
    object.add("severity", number: event.severity < 0 ? nil : Int(event.severity))
    object.add("message", verdict.message)
    object.add("trap_oid", verdict.text(row.trapOID))
    object.add("rule_id", number: row.isMatched ? row.ruleID : nil)
    object.add("rule", verdict.ruleName)
    object.add("rule_version", number: row.isMatched ? Int(row.ruleVersion) : nil)
    object.add("handling", verdict.text(row.handling))
    object.add("forward", flag: row.forwards)
    object.add("environment", row.environment.name)
    object.add("team", verdict.text(row.team))
    object.add("team_from", row.teamFrom.name)
    object.add("signature", verdict.text(row.signature))
    object.add("labels", json: verdict.text(row.labels))
    object.add("rules", objects: lines.map(VerbExplanation.json))
    object.add(
      "routes",
      objects: row.forwards
        ? routes.map { route in
          var object = VerbJSON()
          object.add("destination", route.name)
          object.add("taken", flag: route.taken)
          object.add("reason", route.reason.isEmpty ? nil : route.reason)
          return object
        } : [])
    object.add("stored", object: question.stored.map(VerbAudit.json))
    object.add("deliveries", objects: question.sent.map { VerbOutbox.json($0, includesBody: false) })
    return object
  }

  private static func json(_ line: Line) -> VerbJSON {
    var object = VerbJSON()
    object.add("priority", number: line.priority)
    object.add("id", number: line.id)
    object.add("name", line.name)
    object.add("verdict", line.verdict)
    return object
  }
}
