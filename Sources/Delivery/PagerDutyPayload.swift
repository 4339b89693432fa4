import Model

/// PagerDuty's Events API v2. The routing key is no part of it: it is a secret, so it is put in when the
/// body leaves, and neither the outbox nor who reads it ever sees it.
enum PagerDutyPayload {
  /// Characters; counted in bytes, which are never fewer.
  static var keyLimit: Int { 255 }
  static var summaryLimit: Int { 1_024 }
  /// Bytes of a request; the routing key and its name are left room for.
  static var bodyLimit: Int { 512_000 - 1_024 }
  /// For what has no limit of its own, so that a body without details always fits.
  private static var fieldLimit: Int { 8_192 }

  static func body(_ facts: AlertFacts) -> [UInt8] {
    let whole = body(facts, details: true)
    return whole.count <= bodyLimit ? whole : body(facts, details: false)
  }

  private static func body(_ facts: AlertFacts, details: Bool) -> [UInt8] {
    var payload = JSONObject()
    payload.add("summary", AlertFacts.cut(facts.title, limit: summaryLimit))
    payload.add("source", AlertFacts.cut(facts.host, limit: fieldLimit))
    payload.add("severity", facts.severityWord)
    payload.add("timestamp", facts.timeText)
    payload.add("component", facts.sourceAddress)
    payload.add("group", AlertFacts.cut(facts.team, limit: fieldLimit))
    payload.add("class", AlertFacts.cut(facts.rule, limit: fieldLimit))
    if details {
      var more = JSONObject()
      more.add("event_id", facts.id)
      more.add("handling", facts.handling)
      more.add("environment", facts.environment)
      more.add("message", facts.message)
      more.add("raw", facts.raw)
      more.add("trap_oid", facts.trapOID)
      more.add("labels", facts.labels)
      payload.add("custom_details", json: more.closed)
    }
    var body = JSONObject()
    body.add("event_action", facts.isClear ? "resolve" : "trigger")
    body.add("dedup_key", AlertFacts.key(facts.signature, limit: keyLimit))
    body.add("client", "muttd")
    if let reference = facts.reference, AlertmanagerPayload.isURL(reference) {
      var link = JSONObject()
      link.add("href", AlertFacts.cut(reference, limit: fieldLimit))
      link.add("text", AlertFacts.cut(facts.rule, limit: fieldLimit))
      body.add("links", json: [UInt8(ascii: "[")] + link.closed + [UInt8(ascii: "]")])
    }
    body.add("payload", json: payload.closed)
    return body.closed
  }

  /// The body as it leaves.
  static func sent(_ body: [UInt8], routingKey: String) -> [UInt8] {
    var key = JSONObject()
    key.add("routing_key", routingKey)
    return key.bytes + [UInt8(ascii: ",")] + body.dropFirst()
  }
}
