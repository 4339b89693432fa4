import Foundation
import Model
import Wire

/// A notification as the audit keeps it, made a packet again so that it can be decided again. What the
/// stored form does not hold (the community, an octet string's exact bytes where it was shown as text made
/// safe) cannot come back.
struct VerbStoredTrap {
  let packet: [UInt8]

  /// `raw`: `raw_message` of a trap. `attributes`: the row's `attrs`, which know the agent's address.
  init?(raw: String, attributes: String?) {
    guard let object = VerbStoredTrap.object(raw), let oidText = object["trap_oid"] as? String,
      let trapOID = ObjectID(oidText), trapOID.count > 1
    else { return nil }
    var varbinds: [TrapEncoder.NamedValue] = []
    var namesAgent = false
    for case let varbind as [String: Any] in object["varbinds"] as? [Any] ?? [] {
      guard let name = (varbind["oid"] as? String).flatMap({ ObjectID($0) }), name.count > 1,
        let type = varbind["type"] as? String, let value = VerbStoredTrap.value(type, varbind["value"])
      else { return nil }
      varbinds.append((name, value))
      namesAgent = namesAgent || "\(name)" == VerbStoredTrap.agentObject
    }
    // An agent's address that stood in the header of a v1 trap.
    if !namesAgent, let agent = VerbStoredTrap.agent(attributes),
      let name = ObjectID(VerbStoredTrap.agentObject)
    {
      varbinds.append((name, .address(agent)))
    }
    let ticks = (object["uptime"] as? NSNumber).map { UInt32(truncatingIfNeeded: $0.int64Value) } ?? 0
    packet = TrapEncoder.v2c(
      community: [], requestID: 1, uptimeTicks: ticks, trapOID: trapOID, varbinds: varbinds)
  }

  /// snmpTrapAddress.0
  private static let agentObject = "1.3.6.1.6.3.18.1.3.0"

  private static func object(_ text: String) -> [String: Any]? {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
  }

  private static func agent(_ attributes: String?) -> IPAddress? {
    let trap = attributes.flatMap(object)?["trap"] as? [String: Any]
    let inner = (trap?["trap"] as? [String: Any])?["address"] as? String
    return inner.flatMap { IPAddress($0) }.flatMap { $0.v4 == nil ? nil : $0 }
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
    case "opaque": return .opaque(octets(text ?? ""))
    default: return .null
    }
  }

  private static func octets(_ text: String) -> [UInt8] {
    if text.hasPrefix("0x"), let bytes = VerbHex.bytes(Array(text.utf8)) { return bytes }
    return Array(text.utf8)
  }
}
