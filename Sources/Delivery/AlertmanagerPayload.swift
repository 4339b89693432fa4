import Model

/// Prometheus Alertmanager: what its web hooks send (version 4), and what its `POST /api/v2/alerts` takes.
///
/// To Alertmanager an alert *is* its labels: only one with the very same set ends it. So what is posted there
/// has what follows from the signature, and the team for its routes; all that may differ between an alert and
/// its clear is an annotation. A web hook names its alerts by `fingerprint` and `groupKey`, which follow from
/// the signature too, and there the labels say more.
enum AlertmanagerPayload {
  private typealias Pairs = [(name: String, value: String)]

  /// One group of one alert, as Alertmanager's web hook would send it to a receiver of this name.
  static func webhook(_ facts: AlertFacts, receiver: String) -> [UInt8] {
    let status = facts.isClear ? "resolved" : "firing"
    let (named, annotations) = (identity(facts), annotations(facts))
    let group = named.filter { $0.name == "alertname" || $0.name == "signature" }
    let labels = webhookLabels(facts, named)
    var alert = JSONObject()
    alert.add("status", status)
    alert.add("labels", labels)
    alert.add("annotations", annotations)
    alert.add("startsAt", facts.pastTimeText)
    alert.add("endsAt", facts.isClear ? facts.pastTimeText : "0001-01-01T00:00:00Z")
    alert.add("generatorURL", generator(facts) ?? "")
    alert.add("fingerprint", String(SHA256.hex(facts.signature).prefix(16)))
    var body = JSONObject()
    body.add("version", "4")
    body.add("groupKey", "{}:" + labelSet(group))
    body.add("truncatedAlerts", number: 0)
    body.add("status", status)
    body.add("receiver", receiver)
    body.add("groupLabels", group)
    body.add("commonLabels", labels)
    body.add("commonAnnotations", annotations)
    body.add("externalURL", "")
    body.add("alerts", json: [UInt8(ascii: "[")] + alert.closed + [UInt8(ascii: "]")])
    return body.closed
  }

  /// Without `endsAt` Alertmanager's own `resolve_timeout` says when a firing alert is over; it refuses one
  /// that would be over before it starts.
  static func api(_ facts: AlertFacts) -> [UInt8] {
    var alert = JSONObject()
    alert.add("labels", identity(facts))
    alert.add("annotations", annotations(facts))
    alert.add("startsAt", facts.pastTimeText)
    if facts.isClear { alert.add("endsAt", facts.pastTimeText) }
    alert.add("generatorURL", generator(facts))
    return [UInt8(ascii: "[")] + alert.closed + [UInt8(ascii: "]")]
  }

  /// Of a problem and its clear the same, as long as both rules have the same `key` and the same team.
  private static func identity(_ facts: AlertFacts) -> Pairs {
    let key = AlertmanagerKey(facts.signature, host: facts.host)
    return [
      ("alertname", key.name), ("host", key.hasHost ? facts.host : ""), ("signature", facts.signature),
      ("team", facts.team),
    ].filter { !$0.1.isEmpty }
  }

  private static func webhookLabels(_ facts: AlertFacts, _ named: Pairs) -> Pairs {
    let more = [
      (name: "environment", value: facts.environment), (name: "handling", value: facts.handling),
      (name: "host", value: facts.host), (name: "rule", value: facts.rule),
      (name: "severity", value: facts.severityWord),
    ]
    let rest = more.filter { label in !label.value.isEmpty && !named.contains { $0.name == label.name } }
    return (named + rest).sorted { $0.name < $1.name }
  }

  /// A set of labels as Alertmanager writes it, its values quoted as Go quotes text.
  private static func labelSet(_ labels: Pairs) -> String {
    var text: [UInt8] = []
    for label in labels {
      text.append(ascii: text.isEmpty ? "{" : ", ")
      text.append(text: label.name + "=\"")
      for byte in label.value.utf8 { quote(byte, to: &text) }
      text.append(UInt8(ascii: "\""))
    }
    text.append(UInt8(ascii: "}"))
    return String(decoding: text, as: UTF8.self)
  }

  private static func quote(_ byte: UInt8, to text: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      text.append(UInt8(ascii: "\\"))
      text.append(byte)
    case 0x07: text.append(ascii: "\\a")
    case 0x08: text.append(ascii: "\\b")
    case 0x09: text.append(ascii: "\\t")
    case 0x0A: text.append(ascii: "\\n")
    case 0x0B: text.append(ascii: "\\v")
    case 0x0C: text.append(ascii: "\\f")
    case 0x0D: text.append(ascii: "\\r")
    case 0..<0x20, 0x7F:
      text.append(ascii: "\\x")
      text.append(hexByte: byte)
    default: text.append(byte)
    }
  }

  private static func annotations(_ facts: AlertFacts) -> Pairs {
    var found = [
      (name: "summary", value: facts.title), (name: "description", value: facts.message ?? ""),
      (name: "severity", value: facts.severityWord), (name: "handling", value: facts.handling),
      (name: "environment", value: facts.environment), (name: "host", value: facts.host),
      (name: "rule", value: facts.rule), (name: "event_id", value: facts.id),
      (name: "runbook_url", value: facts.reference ?? ""),
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

  /// What a receiver takes for an address to show as a link. Alertmanager refuses a whole alert for one that
  /// its library does not read (`net/url`): escapes and the port have to be right.
  static func isURL(_ text: String) -> Bool {
    guard let scheme = ["https://", "http://"].first(where: { text.utf8.starts(with: $0.utf8) }),
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`{|}".utf8.contains($0) }),
      hasWholeEscapes(text)
    else { return false }
    let authority = text.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
    return isAuthority(authority)
  }

  /// RFC 3986 §2.1: each `%` stands before two hexadecimal digits.
  private static func hasWholeEscapes(_ text: String) -> Bool {
    text.split(separator: "%", omittingEmptySubsequences: false).dropFirst().allSatisfy { part in
      part.count >= 2 && part.prefix(2).allSatisfy(\.isHexDigit)
    }
  }

  /// A name, or an address in brackets, perhaps with a port; nobody's name and password.
  private static func isAuthority(_ authority: Substring) -> Bool {
    var host = authority
    if let colon = authority.lastIndex(of: ":"), authority[colon...].allSatisfy({ $0 != "]" }) {
      let port = authority[colon...].dropFirst()
      guard port.count <= 5, port.allSatisfy(\.isNumber) else { return false }
      host = authority[..<colon]
    }
    if host.first == "[" {
      return host.last == "]" && IPAddress(String(host.dropFirst().dropLast())) != nil
    }
    return !host.isEmpty && host.allSatisfy { $0.isLetter || $0.isNumber || "-._~".contains($0) }
  }
}
