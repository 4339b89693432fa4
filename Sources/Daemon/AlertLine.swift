package import Model

/// The log line of an alert: its whole decision, the same keys for syslog and traps (DESIGN §10).
package enum AlertLine {
  /// Text of an alert in the log is cut here, bytes; the whole is in the audit.
  private static let textLimit = 1_024

  /// An alert that the outbox did not take, and memory not or no longer: with its body, as this line is all
  /// that is left of it.
  package static func lost(_ delivery: Delivery) -> Notice {
    Notice(
      .error, "outbox", "alert lost: the outbox cannot be written, and memory does not keep it",
      [
        ("event_id", .text(String(delivery.eventID.rawValue))), ("destination", .text(delivery.destination)),
        ("host", .text(delivery.host)), ("rule", .text(delivery.rule)),
        ("handling", .text(delivery.handling)), ("signature", .text(delivery.signature)),
        ("body", .text(String(decoding: delivery.body, as: UTF8.self))),
      ])
  }

  package static func notice(_ row: EventRow, _ batch: EventBatch, destinations: [String]) -> Notice {
    func text(_ range: ByteRange) -> Notice.Value {
      batch.text(range).map { .text($0) } ?? .null
    }
    var message = row.message
    if message.count > textLimit { message.count = UInt32(textLimit) }
    let severity: Notice.Value =
      Syslog.severityName(row.severity).map { .text("\($0)") } ?? .null
    return Notice(
      .info, "decide", "alert",
      [
        ("event_id", .text(String(row.id.rawValue))), ("host", text(row.host)),
        ("host_from", .text("\(row.hostFrom.name)")), ("source_ip", .text("\(row.peer)")),
        ("parse", .text("\(row.parse.name)")), ("syslog_severity", severity), ("trap_oid", text(row.trapOID)),
        ("severity", .number(Int64(row.alertSeverity))), ("rule_id", .number(row.ruleID)),
        ("rule", text(row.ruleName)), ("rule_version", .number(Int64(row.ruleVersion))),
        ("handling", text(row.handling)), ("environment", .text("\(row.environment.name)")),
        ("team", text(row.team)), ("signature", text(row.signature)),
        ("destinations", .list(destinations)), ("text", text(message)),
      ])
  }
}
