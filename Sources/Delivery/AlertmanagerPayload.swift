import Model

/// Prometheus Alertmanager: what its web hooks send (version 4), and what its `POST /api/v2/alerts` takes.
/// An alert there is its labels, so these are what follows from rule and signature; whatever changes from
/// repeat to repeat is an annotation.
enum AlertmanagerPayload {
  /// One group of one alert, as Alertmanager's web hook would send it to a receiver of this name.
  static func webhook(_ facts: AlertFacts, receiver: String) -> [UInt8] {
    let status = facts.isClear ? "resolved" : "firing"
    let group = [(name: "alertname", value: facts.rule)]
    var alert = JSONObject()
    alert.add("status", status)
    alert.add("labels", labels(facts))
    alert.add("annotations", annotations(facts))
    alert.add("startsAt", facts.timeText)
    alert.add("endsAt", facts.isClear ? facts.timeText : "0001-01-01T00:00:00Z")
    alert.add("generatorURL", generator(facts) ?? "")
    alert.add("fingerprint", String(SHA256.hex(facts.signature).prefix(16)))
    var body = JSONObject()
    body.add("version", "4")
    body.add("groupKey", "{}:{signature=\"\(facts.signature)\"}")
    body.add("truncatedAlerts", number: 0)
    body.add("status", status)
    body.add("receiver", receiver)
    body.add("groupLabels", group)
    body.add("commonLabels", labels(facts))
    body.add("commonAnnotations", annotations(facts))
    body.add("externalURL", "")
    body.add("alerts", json: [UInt8(ascii: "[")] + alert.closed + [UInt8(ascii: "]")])
    return body.closed
  }

  /// Without `endsAt` Alertmanager's own `resolve_timeout` says when a firing alert is over.
  static func api(_ facts: AlertFacts) -> [UInt8] {
    var alert = JSONObject()
    alert.add("labels", labels(facts))
    alert.add("annotations", annotations(facts))
    alert.add("startsAt", facts.timeText)
    if facts.isClear { alert.add("endsAt", facts.timeText) }
    alert.add("generatorURL", generator(facts))
    return [UInt8(ascii: "[")] + alert.closed + [UInt8(ascii: "]")]
  }

  private static func labels(_ facts: AlertFacts) -> [(name: String, value: String)] {
    [
      ("alertname", facts.rule), ("environment", facts.environment), ("handling", facts.handling),
      ("host", facts.host), ("severity", facts.severityWord), ("signature", facts.signature),
      ("team", facts.team),
    ].filter { !$0.value.isEmpty }
  }

  private static func annotations(_ facts: AlertFacts) -> [(name: String, value: String)] {
    var found = [
      (name: "summary", value: facts.title), (name: "description", value: facts.message ?? ""),
      (name: "event_id", value: facts.id), (name: "runbook_url", value: facts.reference ?? ""),
      (name: "raw", value: facts.raw ?? ""), (name: "trap_oid", value: facts.trapOID ?? ""),
    ]
    var names = Set(found.map(\.name))
    for label in facts.labels {
      let name = "label_" + labelName(label.name)
      if names.insert(name).inserted { found.append((name, label.value)) }
    }
    return found.filter { !$0.value.isEmpty }
  }

  /// Label names are `[a-zA-Z_][a-zA-Z0-9_]*`; the prefix makes the first character good.
  private static func labelName(_ name: String) -> String {
    String(
      decoding: name.utf8.map { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          byte
        default: UInt8(ascii: "_")
        }
      }, as: UTF8.self)
  }

  private static func generator(_ facts: AlertFacts) -> String? {
    facts.reference.flatMap { isURL($0) ? $0 : nil }
  }

  /// What a receiver may take for an address to show as a link.
  static func isURL(_ text: String) -> Bool {
    guard text.hasPrefix("https://") || text.hasPrefix("http://") else { return false }
    return text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`{|}".utf8.contains($0) }
  }
}
