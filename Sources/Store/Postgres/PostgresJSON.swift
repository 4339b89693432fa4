/// JSON as the database spells it, brought to the spelling that all stores share.
enum PostgresJSON {
  /// Without the blanks between its parts.
  static func compact(_ json: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(json.utf8.count)
    var isText = false
    var isEscaped = false
    for byte in json.utf8 {
      if isText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isText = false
        }
      } else if byte == UInt8(ascii: "\"") {
        isText = true
      } else if byte == UInt8(ascii: " ") {
        continue
      }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// One object of what `attrs` holds: what we wrote in our order, then what others did.
  static func attributes(labels: String?, trap: String?, rule: String?, others: String?) -> String? {
    var parts: [String] = []
    if let labels { parts.append("\"labels\":\(compact(labels))") }
    if let trap { parts.append("\"trap\":\(compact(trap))") }
    if let rule { parts.append("\"rule\":\(compact(rule))") }
    if let others, others != "{}" { parts.append(String(compact(others).dropFirst().dropLast())) }
    return parts.isEmpty ? nil : "{\(parts.joined(separator: ","))}"
  }
}
