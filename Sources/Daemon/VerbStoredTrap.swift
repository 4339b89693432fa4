import Foundation
import Model
import Wire

/// A notification as the audit keeps it, made a packet again so that it can be decided again. What the
/// stored form does not hold (the community, an octet string's exact bytes where it was shown as text made
/// safe) cannot come back.
struct VerbStoredTrap {
  let packet: [UInt8]

  /// `raw`: `raw_message` of a trap. The agent's address of a v1 trap stands in the row's `attrs`, or is the
  /// row's host where nobody gave it a name.
  init?(raw: String, attributes: String?, host: String?) {
    guard let object = VerbStoredTrap.object(raw), let oidText = object["trap_oid"] as? String,
      let trapOID = ObjectID(oidText), trapOID.count > 1
    else { return nil }
    var varbinds: [TrapEncoder.NamedValue] = []
    for case let varbind as [String: Any] in object["varbinds"] as? [Any] ?? [] {
      guard let name = (varbind["oid"] as? String).flatMap({ ObjectID($0) }), name.count > 1,
        let type = varbind["type"] as? String, let value = VerbStoredTrap.value(type, varbind["value"])
      else { return nil }
      varbinds.append((name, value))
    }
    let ticks = (object["uptime"] as? NSNumber).map { UInt32(truncatingIfNeeded: $0.int64Value) } ?? 0
    let agent = VerbStoredTrap.agent(attributes) ?? host.flatMap { IPAddress($0) } ?? .unspecified
    packet = VerbTrapWords(trapOID: trapOID, varbinds: varbinds).packet(
      version: object["version"] as? String == "1" ? .v1 : .v2c, community: "", agent: agent, requestID: 1,
      uptimeTicks: ticks)
  }

  static func object(_ text: String) -> [String: Any]? {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
  }

  private static func agent(_ attributes: String?) -> IPAddress? {
    let trap = attributes.flatMap(object)?["trap"] as? [String: Any]
    let inner = (trap?["trap"] as? [String: Any])?["address"] as? String
    return inner.flatMap { IPAddress($0) }
  }

  private static func value(_ type: String, _ value: Any?) -> TrapValue? {
    let number = value as? NSNumber
    let text = value as? String
    switch type {
    case "integer": return number.map { .integer($0.int64Value) }
    case "counter32": return number.map { .counter32(UInt32(truncatingIfNeeded: $0.int64Value)) }
    case "gauge32": return number.map { .gauge32(UInt32(truncatingIfNeeded: $0.int64Value)) }
    case "timeticks": return number.map { .timeTicks(UInt32(truncatingIfNeeded: $0.int64Value)) }
    case "counter64": return text.flatMap { UInt64($0) }.map { .counter64($0) }
    case "octet_string": return .octets(octets(text ?? ""))
    case "oid": return text.flatMap { ObjectID($0) }.flatMap { $0.count > 1 ? .oid($0) : nil }
    case "ip_address": return text.flatMap { IPAddress($0) }.map { .address($0) }
    // Of a value that was odd its type in the packet is gone; it reads as an Opaque does.
    case "opaque", "unknown", "malformed": return .opaque(octets(text ?? ""))
    case "uinteger32": return number.map { .other(0x47, VerbStoredTrap.big($0)) }
    case "nsap_address": return .other(0x45, octets(text ?? ""))
    case "bit_string": return .other(0x03, octets(text ?? ""))
    default: return .null
    }
  }

  /// Four octets and a leading zero.
  private static func big(_ number: NSNumber) -> [UInt8] {
    let value = UInt32(truncatingIfNeeded: number.int64Value)
    return [0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  private static func octets(_ text: String) -> [UInt8] {
    if text.hasPrefix("0x"), let bytes = VerbHex.bytes(Array(text.utf8)) { return bytes }
    return Array(text.utf8)
  }
}
