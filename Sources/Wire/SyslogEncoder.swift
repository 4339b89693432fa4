package import Model

/// Writes syslog datagrams: for `muttd send`, the demo and tests.
///
/// Nothing is checked: a test wants to be able to send what no device should. `nil` writes what the format
/// has for an absent field.
package enum SyslogEncoder {
  /// `<PRI>Nov 21 02:14:05 host app[procid]: message` (RFC 3164 §4.1), the stamp in `zone`.
  package static func rfc3164(
    facility: Int, severity: Int, time: Timestamp, zone: Zone = .utc, host: String?, app: String?,
    procid: String? = nil, message: String
  ) -> [UInt8] {
    let civil = CivilTime(utc: time.adding(seconds: Int64(zone.offset(at: time.seconds))))
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    var bytes = priority(facility, severity)
    bytes.append(text: months[Int(civil.month) - 1])
    bytes.append(ascii: civil.day < 10 ? "  " : " ")
    bytes.append(decimal: Int(civil.day))
    bytes.append(UInt8(ascii: " "))
    bytes.append(decimal: Int(civil.hour), width: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(decimal: Int(civil.minute), width: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(decimal: Int(civil.second), width: 2)
    bytes.append(UInt8(ascii: " "))
    if let host {
      bytes.append(text: host)
      bytes.append(UInt8(ascii: " "))
    }
    if let app {
      bytes.append(text: app)
      if let procid { bytes.append(text: "[\(procid)]") }
      bytes.append(ascii: ": ")
    }
    bytes.append(text: message)
    return bytes
  }

  /// One SD-ELEMENT (RFC 5424 §6.3).
  package struct StructuredData: Sendable {
    package var id: String
    package var parameters: [(name: String, value: String)]

    package init(id: String, parameters: [(name: String, value: String)]) {
      self.id = id
      self.parameters = parameters
    }
  }

  /// `<PRI>1 2026-11-21T02:14:05.913000Z host app procid msgid [id name="value"] message` (RFC 5424 §6).
  package static func rfc5424(
    facility: Int, severity: Int, time: Timestamp?, host: String?, app: String?, procid: String? = nil,
    msgid: String? = nil, structuredData: [StructuredData] = [], message: String
  ) -> [UInt8] {
    var bytes = priority(facility, severity)
    bytes.append(ascii: "1 ")
    if let time { bytes.append(rfc3339: time, digits: 6) } else { bytes.append(UInt8(ascii: "-")) }
    for field in [host, app, procid, msgid] {
      bytes.append(UInt8(ascii: " "))
      bytes.append(text: field ?? "-")
    }
    bytes.append(UInt8(ascii: " "))
    if structuredData.isEmpty { bytes.append(UInt8(ascii: "-")) }
    for element in structuredData { append(element, to: &bytes) }
    if !message.isEmpty {
      bytes.append(UInt8(ascii: " "))
      bytes.append(text: message)
    }
    return bytes
  }

  private static func priority(_ facility: Int, _ severity: Int) -> [UInt8] {
    var bytes = [UInt8(ascii: "<")]
    bytes.append(decimal: facility * 8 + severity)
    bytes.append(UInt8(ascii: ">"))
    return bytes
  }

  private static func append(_ element: StructuredData, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "["))
    bytes.append(text: element.id)
    for (name, value) in element.parameters {
      bytes.append(text: " \(name)=\"")
      for byte in value.utf8 {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "]") {
          bytes.append(UInt8(ascii: "\\"))
        }
        bytes.append(byte)
      }
      bytes.append(UInt8(ascii: "\""))
    }
    bytes.append(UInt8(ascii: "]"))
  }
}
