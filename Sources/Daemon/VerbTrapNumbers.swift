import Model
import Policy
import Wire

/// Rules that ask for a notification by its number, and would miss it from a device that speaks version 1:
/// RFC 3584 puts a zero into the number of what such a device sends. Only warned about: who has no such
/// device misses nothing.
enum VerbTrapNumbers {
  static func findings(_ rules: [Rule]) -> [VerbFinding] {
    let asked = rules.compactMap { $0.trapOID.flatMap { ObjectID(prefix: $0) } }
    return rules.compactMap { rule in
      guard let oid = rule.trapOID.flatMap({ ObjectID(prefix: $0) }),
        let name = BuiltInNames.notificationWithoutZero(oid)
      else { return nil }
      let last = oid[oid.count - 1]
      var enterprise = oid
      enterprise.removeLast()
      var old = enterprise
      guard old.append(0), old.append(last) else { return nil }
      // A rule for the enterprise, or for the other number, is meant for such devices.
      if asked.contains(where: { $0.count >= enterprise.count && old.starts(with: $0) }) { return nil }
      return VerbFinding(
        kind: .trapOID, isWarning: true, rule: rule.name,
        text: "trap_oid \(oid) is \(name), which a device with SNMP version 1 sends as \(old): no rule asks "
          + "for that, or for all of \(enterprise)")
    }
  }
}
