import Delivery
import Model
import Policy
import Store

/// The answer of `muttd explain`, as people read it (DESIGN §10).
struct VerbExplanation {
  var question: VerbExplain.Question
  var event: Event
  /// In which zone the stamp was read because it names none.
  var readZone: VerbDesk.ReadZone?
  var explanation: Explanation
  var verdict: VerbDesk.Verdict
  var snapshot: Snapshot
  var catalog: Catalog
  var destinations: [DestinationSettings]
  /// `unmatched.severity`.
  var leastUnmatched: Int8

  /// Nil when the bytes are no event: `desk.fault` says why.
  init?(_ question: VerbExplain.Question, _ desk: inout VerbDesk, _ catalog: Catalog, _ config: Config) {
    guard
      let (event, explanation) = desk.explain(
        question.input, peer: question.peer, arrival: question.arrival)
    else { return nil }
    self.question = question
    self.event = event
    self.event.isTruncated = event.isTruncated || question.isCut
    self.explanation = explanation
    verdict = desk.decide(question.input, peer: question.peer, arrival: question.arrival)
    readZone = desk.readZone(question.input, peer: question.peer, arrival: question.arrival)
    snapshot = desk.snapshot
    self.catalog = catalog
    destinations = config.destinations.map(\.settings)
    leastUnmatched = config.unmatched.severity
  }

  /// One rule and its verdict, in the order in which rules decide.
  struct Line {
    var priority: Int
    var id: Int64
    var name: String
    var matchType: MatchType?
    /// For machines: `won`, `holds_same_priority`, `holds_later`, `does_not_hold`, `quarantined`.
    var verdict: String
    var detail: String
    var compared: [Comparison] = []
    /// Both for people.
    var text: String
    /// Says why a rule does not hold: only shown with `--all`.
    var isIdle: Bool
  }

  /// One part of an event beside what a rule wants of it.
  struct Comparison {
    /// `text`, `severity` or `trap_oid`.
    var part: String
    var wants: String
    /// Nil: the event has none, or, of the text, it stands in the answer once for all rules.
    var has: String?
    var holds: Bool
  }

  var lines: [Line] {
    var lines: [Line] = []
    forEachLine { lines.append($0) }
    return lines
  }

  /// The lines, each made when its turn comes: together they may be long.
  func forEachLine(_ body: (Line) -> Void) {
    var order: [(priority: Int, id: Int64, make: () -> Line)] = []
    for line in explanation.lines {
      let rule = snapshot.rules[line.rule]
      order.append((rule.priority, rule.id, { self.line(line, rule) }))
    }
    for rule in explanation.quarantined {
      let known = catalog.rules.first { $0.id == rule.id && $0.name == rule.name }
      let priority = known?.priority ?? 0
      order.append(
        (
          priority, rule.id,
          {
            Line(
              priority: priority, id: rule.id, name: rule.name, matchType: known?.matchType,
              verdict: "quarantined", detail: rule.reason, text: "QUARANTINED: \(rule.reason)",
              isIdle: false)
          }
        ))
    }
    for one in order.sorted(by: { ($0.priority, $0.id) < ($1.priority, $1.id) }) { body(one.make()) }
  }

  private func line(_ line: Explanation.Line, _ rule: Rule) -> Line {
    let isIdle = line.verdict == .doesNotHold
    // So near: what else there is to a rule that fails by a condition.
    let isNear = isIdle && line.isPatternMet && !(rule.matchString ?? "").isEmpty
    return Line(
      priority: rule.priority, id: rule.id, name: rule.name, matchType: rule.matchType,
      verdict: VerbExplanation.word(line.verdict), detail: line.detail,
      compared: comparisons(rule, isPatternMet: line.isPatternMet),
      text: line.text + (isNear ? "; its text holds" : ""), isIdle: isIdle)
  }

  private static func word(_ verdict: Explanation.Verdict) -> String {
    switch verdict {
    case .won: "won"
    case .holdsSamePriority: "holds_same_priority"
    case .holdsLater: "holds_later"
    case .doesNotHold: "does_not_hold"
    }
  }

  /// What a rule asks for, part by part.
  private func comparisons(_ rule: Rule, isPatternMet: Bool) -> [Comparison] {
    var compared: [Comparison] = []
    if let text = rule.matchString, !text.isEmpty {
      let how = rule.matchType == .regex ? "regex" : "contains"
      compared.append(
        Comparison(part: "text", wants: "\(how) \(text)", has: nil, holds: isPatternMet))
    }
    if let severity = rule.syslogSeverity, rule.matchType != .oidPrefix {
      compared.append(
        Comparison(
          part: "severity", wants: VerbExplanation.severity(Int8(severity)),
          has: event.severity < 0 ? nil : VerbExplanation.severity(event.severity),
          holds: Int(event.severity) == severity))
    }
    if let oid = rule.trapOID, !oid.isEmpty {
      let sent = trapOID.flatMap { ObjectID($0) }
      let wanted = ObjectID(prefix: oid)
      let holds = sent.flatMap { sent in wanted.map { sent.starts(with: $0) } } ?? false
      compared.append(Comparison(part: "trap_oid", wants: oid, has: trapOID, holds: holds))
    }
    return compared
  }

  /// `err(3)`
  private static func severity(_ code: Int8) -> String {
    Syslog.severityName(code).map { "\($0)(\(code))" } ?? "\(code)"
  }

  var trapOID: String? { verdict.text(verdict.row.trapOID) }

  /// Who sends, as the event itself has it; nil: it does not say.
  var claim: String? {
    if event.source == .trap {
      return event.claimedAddress.isUnspecified ? nil : "\(event.claimedAddress)"
    }
    guard case .syslog(let bytes) = question.input, !event.host.isEmpty else { return nil }
    return bytes.span.text(event.host)
  }

  /// What each of `teams.order` says; the first that says anything is taken.
  var teams: [(source: TeamSource, team: String?)] {
    let row = verdict.row
    return snapshot.settings.teamOrder.map { source in
      switch source {
      case .rule:
        return (source, row.isMatched ? snapshot.rules[Int(explanation.decision.rule)].teamAssignment : nil)
      case .device: return (source, verdict.text(row.deviceTeam))
      case .default:
        let team = snapshot.settings.defaultTeam
        return (source, team.isEmpty ? nil : team)
      }
    }
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

  /// What an unmatched event is counted as, together with its like; nil for a matched one.
  var template: String? {
    guard !explanation.decision.isMatched else { return nil }
    switch question.input {
    case .syslog(let bytes):
      return MessageTemplate.text(bytes.span.extracting(event.message.bounds))
    case .packet:
      let line = Array((verdict.message ?? "").utf8)
      return MessageTemplate.text(line.span, lead: MessageTemplate.leadOfTrap(line.span))
    }
  }

  var isTemplateCounted: Bool {
    MessageTemplate.counts(
      severity: event.severity, environment: explanation.decision.environment, from: leastUnmatched)
  }

  private var templateReason: String {
    if isTemplateCounted { return "counted by host" }
    if explanation.decision.environment == .dev { return "not counted: a development host" }
    return "not counted: less severe than unmatched.severity"
  }

  var size: Int {
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
    let severity = event.severity < 0 ? "" : "  \(VerbExplanation.severity(event.severity))"
    if let trapOID { output.line("trap   \(trapOID)") }
    output.line("text   \"\(verdict.message ?? "")\"\(severity)")
    if let template { output.line("like   \(template)  \(templateReason)") }
    writeRules(to: &output, showsAll: showsAll)
    output.line("decide \(explanation.environment)")
    output.line("team   \(explanation.team)")
    if showsAll {
      let steps = teams.map { "\($0.source.name) \($0.team ?? "-")" }.joined(separator: ", ")
      output.line("teams  the first of: \(steps)")
    }
    writeAlert(to: &output)
    if verdict.row.forwards {
      let routes = routes.map { $0.taken ? "\($0.name) yes" : "\($0.name) no: \($0.reason)" }
      output.line(
        "route  \(routes.isEmpty ? "nowhere: destinations is empty" : routes.joined(separator: " | "))")
    }
    if let stored = question.stored {
      output.line("then   \(thenText(stored))")
      if let sent = sentText(stored) { output.line("sent   \(sent)") }
      output.line("rule   \(comparison(stored))")
    }
  }

  /// What people and receivers will read of it.
  private func writeAlert(to output: inout VerbOutput) {
    let row = verdict.row
    guard row.isMatched else { return }
    if let labels = verdict.text(row.labels) { output.line("labels \(labels)") }
    output.line("alert  severity \(row.alertSeverity) from \(row.severityFrom.name)")
    if let signature = verdict.text(row.signature) { output.line("key    \(signature)") }
    if let summary = verdict.text(row.summary) { output.line("title  \"\(summary)\"") }
  }

  var heading: String {
    let isRebuilt = event.source == .trap && question.stored != nil
    var parts = ["\(event.parse.name)", isRebuilt ? "made a packet again from raw_message" : "\(size) bytes"]
    if !question.peer.isUnspecified { parts.append("udp from \(question.peer)") }
    if event.isTruncated { parts.append("cut at syslog.max_message") }
    if question.isRepaired { parts.append("U+FFFD in raw_message stands for what was no text") }
    let id = question.stored.map { "\($0.id.rawValue)" } ?? "(not received)"
    return "event  \(id)  \(parts.joined(separator: ", "))"
  }

  private var timeText: String {
    guard !event.time.isAbsent else { return "unknown" }
    var text = VerbTime.text(event.time)
    guard event.clock == .device else { return text + " arrival clock" }
    text += " device clock" + (readZone.map { " (\(VerbExplanation.text($0)))" } ?? "")
    let late = event.arrival.since(event.time)
    if late >= 0 { return text + "; arrived \(VerbExplanation.seconds(late)) later" }
    return text + "; arrived \(VerbExplanation.seconds(-late)) earlier"
  }

  /// `UTC assumed`, `Europe/Berlin by 10.1.0.0/16`
  private static func text(_ zone: VerbDesk.ReadZone) -> String {
    zone.key.map { "\(zone.name) by \($0)" } ?? "\(zone.name) assumed"
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
      table.add(["\(line.priority)", "\(line.id)", line.name, line.text])
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
      if let from = delivery.cameFrom { text += ", came from \(from)" }
      if let error = delivery.lastError { text += ", last: \(error)" }
      if delivery.state == .pending, delivery.attempts > 0 {
        text += ", next at \(VerbTime.text(delivery.nextAttemptAt))"
      }
      parts.append(text)
    }
    return parts.isEmpty ? nil : parts.joined(separator: " | ")
  }

  /// The decision as it was made and audited.
  private func thenText(_ stored: AuditEvent) -> String {
    var text = stored.handling ?? "no handling"
    if let rule = stored.ruleName ?? stored.ruleID.map({ "\($0)" }) { text += " by \(rule)" }
    if let environment = stored.environment { text += ", \(environment)" }
    if let team = stored.team { text += ", team \(team)" }
    return text
  }

  /// That the rule which won then was changed since, when and by whom.
  private var changesText: String {
    guard let last = question.changes.first, let first = question.changes.last else { return "" }
    func said(_ change: ConfigChange) -> String {
      "\(VerbTime.text(change.changedAt)) by \(change.changedBy)"
        + (change.reason.map { " (\($0))" } ?? "")
    }
    let count = question.changes.count
    if count == 1 { return "; changed \(said(last))" }
    return "; changed \(count) times since: first \(said(first)), last \(said(last))"
  }

  /// Rules are asked about the text that was kept, and may say otherwise of the bytes that came.
  private var doubtText: String {
    question.isRepaired ? "; uncertain: rules saw other bytes then" : ""
  }

  /// The rule that won then beside the one that wins now.
  func comparison(_ stored: AuditEvent) -> String { versionText(stored) + changesText + doubtText }

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
}
