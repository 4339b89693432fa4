import Model

/// CloudEvents 1.0 in structured mode (its HTTP binding §3.2); `data` is the `mutt` payload.
enum CloudEventsPayload {
  static func body(_ facts: AlertFacts, agentLocation: String, data: [UInt8]) -> [UInt8] {
    var body = JSONObject()
    body.add("specversion", "1.0")
    body.add("id", facts.id)
    body.add("source", "/muttd/" + percentEncoded(agentLocation))
    body.add("type", "mutt.alert.v1")
    if !facts.host.isEmpty { body.add("subject", attribute(facts.host)) }
    body.add("time", facts.timeText)
    body.add("datacontenttype", "application/json")
    // Extensions: names of lower-case letters and digits alone.
    if !facts.signature.isEmpty { body.add("signature", attribute(facts.signature)) }
    body.add("severitytext", facts.severityWord)
    body.add("severitynumber", number: Int64(number(facts.severity)))
    body.add("data", json: data)
    return body.closed
  }

  /// An attribute of type String has no control characters and no noncharacters (CloudEvents 1.0, *Type
  /// System*): a strict receiver refuses the whole event. `data` has the text as it came.
  private static func attribute(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      let isControl = scalar.properties.generalCategory == .control
      result.unicodeScalars.append(
        isControl || scalar.properties.isNoncharacterCodePoint ? "\u{FFFD}" : scalar)
    }
    return result
  }

  /// OpenTelemetry's severity numbers, which the extension of this name uses.
  private static func number(_ severity: Int) -> Int {
    switch severity {
    case 5: 21
    case 4: 17
    case 3: 14
    case 2: 13
    default: 9
    }
  }

  /// RFC 3986 §2.1, for one segment of a path.
  private static func percentEncoded(_ text: String) -> String {
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
        encoded.append(byte)
      default:
        encoded.append(UInt8(ascii: "%"))
        encoded.append(hexByte: byte)
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}
