import Model
import Probe
import Wire

// What is decoded can be sent, and is decoded again as the same. The values are read here once more, in the
// plainest way, so that decoder and encoder are not compared with themselves.

extension TrapPromises {
  func checkRoundTrip() {
    var varbinds: [TrapEncoder.NamedValue] = []
    var leading = Self.leading
    for varbind in trap.varbinds {
      let name = objectID(varbind.oid)
      if trap.version == .v2c, let at = leading.firstIndex(where: { $0 == name && $1 == varbind.tag }) {
        leading.remove(at: at)
        continue
      }
      guard let value = value(varbind) else { return }
      varbinds.append((name, value))
    }
    guard let sent = sent(varbinds) else { return }
    var again = Trap()
    let verdict = TrapDecoder().decode(sent.span, into: &again)
    claim(verdict == .notification, "sent, it is \(verdict)")
    claim(Forms(again, sent) == Forms(trap, bytes), "sent and read: another notification")
    claim(again.requestID == trap.requestID, "sent and read: another request")
  }

  /// Nil for what the encoder does not send.
  private func sent(_ varbinds: [TrapEncoder.NamedValue]) -> [UInt8]? {
    let community = Array(bytes[trap.community.bounds])
    if trap.version == .v1 {
      return TrapEncoder.v1(
        community: community, enterprise: trap.enterprise, agent: trap.agentAddress,
        generic: trap.genericTrap, specific: trap.specificTrap,
        uptimeTicks: UInt32(trap.uptimeTicks), varbinds: varbinds)
    }
    // The two that lead take their part of the limit.
    guard let ticks = UInt32(exactly: trap.uptimeTicks), let id = Int32(exactly: trap.requestID),
      varbinds.count <= Trap.varbindLimit - 2
    else { return nil }
    return TrapEncoder.v2c(
      community: community, kind: trap.kind, requestID: id, uptimeTicks: ticks, trapOID: trap.trapOID,
      varbinds: varbinds)
  }

  /// sysUpTime.0 and snmpTrapOID.0, with their types: the encoder puts them first itself, and no text repeats
  /// the first of each.
  private static var leading: [(ObjectID, UInt8)] {
    let all: [(String, UInt8)] = [("1.3.6.1.2.1.1.3.0", 0x43), ("1.3.6.1.6.3.1.1.4.1.0", 0x06)]
    return all.compactMap { name, tag in ObjectID(name).map { ($0, tag) } }
  }

  /// Nil for what the encoder does not send.
  private func value(_ varbind: Varbind) -> TrapValue? {
    let content = Array(bytes[varbind.value.bounds])
    // Of all types but INTEGER the top bit is part of the number.
    var number: UInt64 = varbind.tag == 0x02 && content.first ?? 0 >= 0x80 ? .max : 0
    for byte in content { number = number << 8 | UInt64(byte) }
    switch varbind.tag {
    case 0x02: return .integer(Int64(bitPattern: number))
    case 0x04: return .octets(content)
    case 0x05: return .null
    case 0x06: return .oid(objectID(varbind.value))
    case 0x40 where content.count == 4:
      return .address(IPAddress(v4: content[0], content[1], content[2], content[3]))
    case 0x41: return .counter32(UInt32(truncatingIfNeeded: number))
    case 0x42: return .gauge32(UInt32(truncatingIfNeeded: number))
    case 0x43: return .timeTicks(UInt32(truncatingIfNeeded: number))
    case 0x44: return .opaque(content)
    case 0x46: return .counter64(number)
    default: return nil
    }
  }

  /// X.690 §8.19.
  private func objectID(_ range: ByteRange) -> ObjectID {
    var oid = ObjectID()
    var arc: UInt64 = 0
    for index in range.bounds {
      arc = arc << 7 | UInt64(bytes[index] & 0x7F)
      if bytes[index] >= 0x80 { continue }
      if oid.isEmpty {
        let top = min(arc / 40, 2)
        claim(oid.append(UInt32(top)), "no room for an arc")
        arc -= top * 40
      }
      claim(arc <= UInt64(UInt32.max) && oid.append(UInt32(arc)), "an arc that fits nowhere")
      arc = 0
    }
    return oid
  }
}
