import Intake
import Model
import Store

/// `muttd audit events`: pages of the event audit, newest first.
package struct VerbAudit: Sendable {
  package var settings: VerbSettings
  package var host: String?
  package var rule: String?
  package var handling: String?
  package var since: String?
  package var until: String?
  package var text: String?
  package var before: String?
  package var limit = 100
  package var json = false

  package init(settings: VerbSettings) { self.settings = settings }

  package func run() throws(DaemonFailure) {
    var query = AuditQuery()
    let now = SystemClock.now
    query.host = host
    query.handling = handling
    query.text = text
    // A number is an id, everything else a name.
    if let rule, let id = Int64(rule) { query.ruleID = id } else { query.ruleName = rule }
    if let since { query.since = try VerbTime.parse(since, option: "--since", now: now) }
    if let until { query.until = try VerbTime.parse(until, option: "--until", now: now) }
    if let before {
      guard let id = Int64(before) else {
        throw DaemonFailure(
          .usage, "--before \"\(before)\" is no event id: give the last id of the page before")
      }
      query.before = EventID(rawValue: id)
    }
    guard limit >= 1, limit <= AuditQuery.maxLimit else {
      throw DaemonFailure(
        .usage, "--limit \(limit) is outside 1...\(AuditQuery.maxLimit); --before pages through more")
    }
    query.limit = limit
    let config = try settings.load()
    let store = try VerbStore.open(config)
    defer { store.close() }
    let asked = query
    let page = try VerbStore.run { () throws(StoreError) in try store.auditEvents(asked) }
    var output = VerbOutput()
    if json {
      for event in page.events { output.json(VerbAudit.json(event)) }
      return
    }
    var table = VerbTable(["time", "id", "host", "rule", "handling", "env", "team", "sent", "message"])
    for event in page.events {
      table.add([
        VerbTime.text(event.eventTime), "\(event.id.rawValue)", event.host ?? "-", event.ruleName ?? "-",
        event.handling ?? "-", event.environment ?? "-", event.team ?? "-", event.isForwarded ? "yes" : "no",
        VerbAudit.short(event.raw ?? ""),
      ])
    }
    if table.isEmpty { return output.line("no events") }
    table.write(to: &output)
    if let next = page.next { output.line("more: --before \(next.rawValue)") }
  }

  /// One line of bounded length; JSON has the whole.
  static func short(_ text: String) -> String {
    let limit = 120
    // A character may be as long as it likes.
    let scalars = text.unicodeScalars
    let isLong = scalars.count > limit
    let cut = isLong ? String(String.UnicodeScalarView(scalars.prefix(limit - 1))) + "…" : text
    return String(cut.map { $0.isNewline ? " " : $0 })
  }

  /// The columns of `event_audit_log` by their names; the id is a string, as everywhere in JSON.
  static func json(_ event: AuditEvent) -> VerbJSON {
    var object = VerbJSON()
    object.add("id", "\(event.id.rawValue)")
    object.add("event_timestamp", time: event.eventTime)
    object.add("received_at", time: event.receivedAt)
    object.add("hostname", event.host)
    object.add("matched_rule_id", number: event.ruleID)
    object.add("rule", event.ruleName)
    object.add("rule_version", number: event.ruleVersion)
    object.add("handling_decision", event.handling)
    object.add("forwarded_to_moog", flag: event.isForwarded)
    object.add("source", event.source)
    object.add("source_addr", event.sourceAddress)
    object.add("severity", number: event.severity)
    object.add("environment", event.environment)
    object.add("team_assignment", event.team)
    object.add("device_team", event.deviceTeam)
    object.add("parse", event.parse)
    object.add("host_from", event.hostFrom)
    object.add("clock", event.clock)
    object.add("raw_message", event.raw)
    object.add("attrs", json: event.attributes)
    return object
  }
}
