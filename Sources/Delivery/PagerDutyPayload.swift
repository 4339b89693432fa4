import Model

/// PagerDuty's Events API v2. The routing key is no part of it: it is a secret, so it is put in when the
/// body leaves, and neither the outbox nor who reads it ever sees it.
enum PagerDutyPayload {
  /// Characters; counted in bytes, which are never fewer.
  static var keyLimit: Int { 255 }
  static var summaryLimit: Int { 1_024 }
  /// Bytes of a request; the routing key and its name are left room for.
  static var bodyLimit: Int { 512_000 - 1_024 }
  /// For what has no limit of its own, so that a body with its message cut always fits: a byte takes six of
  /// JSON at most.
  private static var fieldLimit: Int { 8_192 }

  /// How much of the details a body has: what is missed least goes first.
  private enum Details: CaseIterable {
    case all, withoutRaw, withoutLabels, cutMessage

    var hasRaw: Bool { self == .all }
    var hasLabels: Bool { self == .all || self == .withoutRaw }
  }

  /// With as much of the details as fits.
  static func body(_ facts: AlertFacts) -> [UInt8] {
    for details in Details.allCases where leastCount(facts, details) <= bodyLimit {
      let body = body(facts, details)
      if body.count <= bodyLimit { return body }
    }
    return body(facts, .cutMessage)
  }

  /// Bytes of the long parts before they are escaped, so that no body is written in vain.
  private static func leastCount(_ facts: AlertFacts, _ details: Details) -> Int {
    let labels = facts.labels.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    return (details.hasRaw ? facts.raw?.utf8.count ?? 0 : 0) + (details.hasLabels ? labels : 0)
      + (details == .cutMessage ? 0 : facts.message?.utf8.count ?? 0)
  }

  private static func body(_ facts: AlertFacts, _ details: Details) -> [UInt8] {
    var payload = JSONObject()
    payload.add("summary", AlertFacts.cut(facts.title, limit: summaryLimit))
    payload.add("source", source(facts))
    payload.add("severity", facts.severityWord)
    payload.add("timestamp", facts.timeText)
    payload.add("component", facts.sourceAddress)
    payload.add("group", AlertFacts.cut(facts.team, limit: fieldLimit))
    payload.add("class", AlertFacts.cut(facts.rule, limit: fieldLimit))
    payload.add("custom_details", json: custom(facts, details))
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

  private static func custom(_ facts: AlertFacts, _ details: Details) -> [UInt8] {
    let isCut = details == .cutMessage
    var more = JSONObject()
    if details != .all { more.add("truncated", flag: true) }
    more.add("event_id", facts.id)
    more.add("handling", isCut ? AlertFacts.cut(facts.handling, limit: fieldLimit) : facts.handling)
    more.add("environment", facts.environment)
    more.add("message", isCut ? facts.message.map { AlertFacts.cut($0, limit: fieldLimit) } : facts.message)
    if details.hasRaw { more.add("raw", facts.raw) }
    more.add("trap_oid", facts.trapOID)
    if details.hasLabels { more.add("labels", facts.labels) }
    return more.closed
  }

  /// An event without a source is refused.
  private static func source(_ facts: AlertFacts) -> String {
    AlertFacts.isBlank(facts.host)
      ? facts.sourceAddress ?? "muttd" : AlertFacts.cut(facts.host, limit: fieldLimit)
  }

  /// The body as it leaves.
  static func sent(_ body: [UInt8], routingKey: String) -> [UInt8] {
    var key = JSONObject()
    key.add("routing_key", routingKey)
    return key.bytes + [UInt8(ascii: ",")] + body.dropFirst()
  }
}
