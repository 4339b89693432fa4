package import Model

/// A value to be sent in a varbind.
package enum TrapValue: Sendable {
  case integer(Int64)
  case octets([UInt8])
  case oid(ObjectID)
  case address(IPAddress)
  case counter32(UInt32)
  case gauge32(UInt32)
  case timeTicks(UInt32)
  case opaque([UInt8])
  case counter64(UInt64)
  case null
  /// Of another type, which this tag says.
  case other(UInt8, [UInt8])
}

/// Writes notifications: for `muttd send`, the demo and tests, and the response that an inform waits for.
package enum TrapEncoder {
  package typealias NamedValue = (oid: ObjectID, value: TrapValue)

  /// An SNMPv1 Trap-PDU. `generic` 0...6; `agent` is sent as 0.0.0.0 unless it is an IPv4 address.
  package static func v1(
    community: [UInt8], enterprise: ObjectID, agent: IPAddress, generic: Int32, specific: Int32,
    uptimeTicks: UInt32, varbinds: [NamedValue]
  ) -> [UInt8] {
    let pdu =
      element(BERTag.objectID, objectID(enterprise))
      + element(BERTag.ipAddress, address(agent))
      + element(BERTag.integer, integer(Int64(generic)))
      + element(BERTag.integer, integer(Int64(specific)))
      + element(BERTag.timeTicks, integer(Int64(uptimeTicks)))
      + list(varbinds)
    return message(version: 0, community, element(BERTag.trapV1, pdu))
  }

  /// An SNMPv2-Trap-PDU or InformRequest-PDU; sysUpTime.0 and snmpTrapOID.0 are put before `varbinds`.
  package static func v2c(
    community: [UInt8], kind: Trap.Kind = .trap, requestID: Int32, uptimeTicks: UInt32, trapOID: ObjectID,
    varbinds: [NamedValue]
  ) -> [UInt8] {
    message(
      version: 1, community,
      pdu(kind, requestID: requestID, uptimeTicks: uptimeTicks, trapOID: trapOID, varbinds: varbinds))
  }

  /// The PDU alone, as it stands in a ScopedPDU too.
  package static func pdu(
    _ kind: Trap.Kind, requestID: Int32, uptimeTicks: UInt32, trapOID: ObjectID, varbinds: [NamedValue]
  ) -> [UInt8] {
    let head =
      pair([0x2B, 6, 1, 2, 1, 1, 3, 0], .timeTicks(uptimeTicks))
      + pair([0x2B, 6, 1, 6, 3, 1, 1, 4, 1, 0], .oid(trapOID))
    let pdu =
      element(BERTag.integer, integer(Int64(requestID)))
      + element(BERTag.integer, [0])
      + element(BERTag.integer, [0])
      + element(BERTag.sequence, head + varbinds.flatMap { pair(objectID($0.oid), $0.value) })
    return element(kind == .inform ? BERTag.inform : BERTag.trapV2, pdu)
  }

  /// Appends the response to an inform (RFC 3416 §4.2.7): the same packet, its PDU now a Response without an
  /// error. Nothing for a trap, which wants none. For v3 `datagram` is the ScopedPDU, and so is the answer.
  package static func appendResponse(
    to inform: Trap, _ datagram: Span<UInt8>, to target: inout [UInt8]
  ) {
    guard inform.kind == .inform else { return }
    let start = target.count
    target.append(datagram, ByteRange(0, inform.end > 0 ? inform.end : datagram.count))
    target[start + inform.pduTagOffset] = BERTag.response
    for index in inform.errorStatus.bounds { target[start + index] = 0 }
    for index in inform.errorIndex.bounds { target[start + index] = 0 }
  }

  private static func message(version: Int64, _ community: [UInt8], _ pdu: [UInt8]) -> [UInt8] {
    element(
      BERTag.sequence,
      element(BERTag.integer, integer(version)) + element(BERTag.octetString, community) + pdu)
  }

  private static func list(_ varbinds: [NamedValue]) -> [UInt8] {
    element(BERTag.sequence, varbinds.flatMap { pair(objectID($0.oid), $0.value) })
  }

  private static func pair(_ name: [UInt8], _ value: TrapValue) -> [UInt8] {
    element(BERTag.sequence, element(BERTag.objectID, name) + encoded(value))
  }

  private static func encoded(_ value: TrapValue) -> [UInt8] {
    switch value {
    case .integer(let value): element(BERTag.integer, integer(value))
    case .octets(let bytes): element(BERTag.octetString, bytes)
    case .oid(let oid): element(BERTag.objectID, objectID(oid))
    case .address(let value): element(BERTag.ipAddress, address(value))
    case .counter32(let value): element(BERTag.counter32, integer(Int64(value)))
    case .gauge32(let value): element(BERTag.gauge32, integer(Int64(value)))
    case .timeTicks(let value): element(BERTag.timeTicks, integer(Int64(value)))
    case .opaque(let bytes): element(BERTag.opaque, bytes)
    case .counter64(let value): element(BERTag.counter64, unsigned(value))
    case .null: [BERTag.null, 0]
    case .other(let tag, let content): element(tag, content)
    }
  }

  static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    var bytes = [tag]
    if content.count < 0x80 {
      bytes.append(UInt8(content.count))
    } else {
      var octets: [UInt8] = []
      var rest = content.count
      while rest > 0 {
        octets.insert(UInt8(truncatingIfNeeded: rest), at: 0)
        rest >>= 8
      }
      bytes.append(0x80 | UInt8(octets.count))
      bytes += octets
    }
    return bytes + content
  }

  /// The shortest two's complement.
  static func integer(_ value: Int64) -> [UInt8] {
    var octets: [UInt8] = []
    var rest = value
    repeat {
      octets.insert(UInt8(truncatingIfNeeded: rest), at: 0)
      rest >>= 8
    } while !(rest == 0 && octets[0] < 0x80 || rest == -1 && octets[0] >= 0x80)
    return octets
  }

  /// The shortest two's complement of a number that has no sign.
  private static func unsigned(_ value: UInt64) -> [UInt8] {
    if value <= UInt64(Int64.max) { return integer(Int64(value)) }
    return [0] + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt64($0)) }
  }

  /// An identifier of one arc is sent with a second one of 0: BER cannot hold a single arc.
  private static func objectID(_ oid: ObjectID) -> [UInt8] {
    guard oid.count > 0 else { return [] }
    var bytes: [UInt8] = []
    append(UInt64(oid[0]) * 40 + (oid.count > 1 ? UInt64(oid[1]) : 0), to: &bytes)
    var index = 2
    while index < oid.count {
      append(UInt64(oid[index]), to: &bytes)
      index += 1
    }
    return bytes
  }

  private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var shift: UInt64 = 63
    while shift > 0, value >> shift == 0 { shift -= 7 }
    while shift > 0 {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift) | 0x80)
      shift -= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: value) & 0x7F)
  }

  private static func address(_ address: IPAddress) -> [UInt8] {
    let value = address.v4 ?? 0
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
