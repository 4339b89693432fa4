import Model

/// Moogsoft's web hook and REST LAM: the vendor's fields, one event in `events`. Severity is the integer
/// 0 clear, 1 indeterminate, 2 warning, 3 minor, 4 major, 5 critical; `signature` is what repeats fold by.
enum MoogsoftPayload {
  /// Bytes; longer ones are refused by Moogsoft's database.
  static var signatureLimit: Int { 767 }

  static func body(_ facts: AlertFacts, agentLocation: String) -> [UInt8] {
    var info = JSONObject()
    info.add("event_id", facts.id)
    info.add("handling", facts.handling)
    info.add("environment", facts.environment)
    info.add("message", facts.message)
    info.add("raw", facts.raw)
    info.add("reference", facts.reference)
    info.add("trap_oid", facts.trapOID)
    info.add("labels", facts.labels)
    var event = JSONObject()
    event.add("signature", AlertFacts.key(facts.signature, limit: signatureLimit))
    event.add("source", facts.host)
    event.add("source_id", facts.sourceAddress ?? facts.host)
    event.add("external_id", facts.id)
    event.add("agent", "muttd")
    event.add("agent_location", agentLocation)
    event.add("severity", number: Int64(facts.severity))
    event.add("type", facts.rule)
    event.add("manager", "MUTT")
    event.add("class", facts.team)
    event.add("description", facts.title)
    event.add("agent_time", number: facts.time.seconds)
    event.add("custom_info", json: info.closed)
    var body = JSONObject()
    body.add("events", json: [UInt8(ascii: "[")] + event.closed + [UInt8(ascii: "]")])
    return body.closed
  }
}
