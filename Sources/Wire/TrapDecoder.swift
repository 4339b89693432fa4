import Model

/// What a packet on the trap socket turned out to be.
package enum TrapVerdict: Equatable, Sendable {
  case notification
  case malformed(TrapFault)
  /// A well-framed SNMP packet of another kind: a GetRequest (0xA0), a Response (0xA2), a Report (0xA8) …
  case notANotification(pduTag: UInt8)
}

/// SNMPv1 Trap-PDU (RFC 1157 §4.1.6), SNMPv2-Trap-PDU and InformRequest-PDU (RFC 3416 §4.2.6, §4.2.7).
///
///     SEQUENCE { version, community, PDU }
///     v1   [4] { enterprise, agent-addr, generic-trap, specific-trap, time-stamp, varbinds }
///     v2c  [7] or [6] { request-id, error-status, error-index, varbinds }
///     varbinds = SEQUENCE { SEQUENCE { name, value } … }
///
/// Every byte must be accounted for; the first fault ends the reading.
package struct TrapDecoder: Sendable {
  package init() {}

  /// Reads `datagram` into `trap`, whose ranges point into it. After any verdict but `notification` the
  /// contents of `trap` mean nothing.
  package func decode(_ datagram: Span<UInt8>, into trap: inout Trap) -> TrapVerdict {
    trap.clear()
    do throws(TrapFault) {
      return try read(datagram, into: &trap)
    } catch {
      return .malformed(error)
    }
  }

  private func read(_ bytes: Span<UInt8>, into trap: inout Trap) throws(TrapFault) -> TrapVerdict {
    var packet = BERReader(at: 0, end: bytes.count)
    var message = try packet.last(bytes, tag: BERTag.sequence)
    let versionField = try message.element(bytes, tag: BERTag.integer)
    switch try BERValue.integer(bytes, versionField) {
    case 0: trap.version = .v1
    case 1: trap.version = .v2c
    default: throw TrapFault(.unsupportedVersion, at: versionField.start)
    }
    trap.community = try message.element(bytes, tag: BERTag.octetString)
    trap.pduTagOffset = message.at
    let (tag, content) = try message.element(bytes)
    try message.finish()
    let pdu = BERReader(at: content.start, end: content.end)
    switch (tag, trap.version) {
    case (BERTag.trapV1, .v1):
      try readV1(bytes, pdu, into: &trap)
    case (BERTag.trapV2, .v2c), (BERTag.inform, .v2c):
      trap.kind = tag == BERTag.inform ? .inform : .trap
      try readV2(bytes, pdu, into: &trap)
    case (0xA0...0xA3, _), (0xA5, _), (0xA8, _):
      return .notANotification(pduTag: tag)
    default:
      throw TrapFault(.unexpectedTag, at: trap.pduTagOffset)
    }
    return .notification
  }

  private func readV1(
    _ bytes: Span<UInt8>, _ content: BERReader, into trap: inout Trap
  ) throws(TrapFault) {
    var pdu = content
    let enterprise = try pdu.element(bytes, tag: BERTag.objectID)
    guard enterprise.count > 0 else { throw TrapFault(.emptyEnterprise, at: enterprise.start) }
    try BERValue.objectID(bytes, enterprise, into: &trap.enterprise)
    let agent = try pdu.element(bytes, tag: BERTag.ipAddress)
    trap.agentAddress = TrapDecoder.address(bytes, agent)
    let genericField = try pdu.element(bytes, tag: BERTag.integer)
    let generic = try BERValue.integer(bytes, genericField)
    guard generic >= 0, generic <= 6 else { throw TrapFault(.badGenericTrap, at: genericField.start) }
    let specificField = try pdu.element(bytes, tag: BERTag.integer)
    let specific = try BERValue.integer(bytes, specificField)
    guard specific >= 0 else { throw TrapFault(.negativeInteger, at: specificField.start) }
    guard specific <= Int64(Int32.max) else { throw TrapFault(.badInteger, at: specificField.start) }
    let ticks = try pdu.element(bytes, tag: BERTag.timeTicks)
    trap.uptimeTicks = Int64(try BERValue.unsigned32(bytes, ticks))
    trap.genericTrap = Int32(generic)
    trap.specificTrap = Int32(specific)
    guard trap.deriveTrapOID() else { throw TrapFault(.oversizedObjectID, at: enterprise.start) }
    var list = try pdu.last(bytes, tag: BERTag.sequence)
    while list.at < list.end {
      _ = try TrapDecoder.readVarbind(bytes, &list, into: &trap)
    }
  }

  private func readV2(
    _ bytes: Span<UInt8>, _ content: BERReader, into trap: inout Trap
  ) throws(TrapFault) {
    var pdu = content
    trap.requestID = try BERValue.integer(bytes, try pdu.element(bytes, tag: BERTag.integer))
    trap.errorStatus = try pdu.element(bytes, tag: BERTag.integer)
    _ = try BERValue.integer(bytes, trap.errorStatus)
    trap.errorIndex = try pdu.element(bytes, tag: BERTag.integer)
    _ = try BERValue.integer(bytes, trap.errorIndex)
    var list = try pdu.last(bytes, tag: BERTag.sequence)
    let listStart = list.at
    while list.at < list.end {
      let varbind = try TrapDecoder.readVarbind(bytes, &list, into: &trap)
      try takeSpecial(bytes, varbind, into: &trap)
    }
    guard !trap.trapOID.isEmpty else { throw TrapFault(.missingTrapOID, at: listStart) }
  }

  /// sysUpTime.0 and snmpTrapOID.0 should come first (RFC 3416 §4.2.6), but agents exist that put them
  /// elsewhere; the first of each counts, wherever it stands.
  private func takeSpecial(
    _ bytes: Span<UInt8>, _ varbind: Varbind, into trap: inout Trap
  ) throws(TrapFault) {
    guard varbind.index.count == 1, bytes[varbind.index.start] == 0 else { return }
    switch varbind.object {
    case .sysUpTime where varbind.tag == BERTag.timeTicks && trap.uptimeTicks < 0:
      trap.uptimeTicks = Int64(try BERValue.unsigned32(bytes, varbind.value))
    case .snmpTrapOID where varbind.tag == BERTag.objectID && trap.trapOID.isEmpty:
      try BERValue.objectID(bytes, varbind.value, into: &trap.trapOID)
    case .snmpTrapEnterprise where varbind.tag == BERTag.objectID && trap.enterprise.isEmpty:
      try BERValue.objectID(bytes, varbind.value, into: &trap.enterprise)
    case .snmpTrapAddress where varbind.tag == BERTag.ipAddress && trap.agentAddress.isUnspecified:
      trap.agentAddress = TrapDecoder.address(bytes, varbind.value)
    default: break
    }
  }

  private static func readVarbind(
    _ bytes: Span<UInt8>, _ list: inout BERReader, into trap: inout Trap
  ) throws(TrapFault) -> Varbind {
    let start = list.at
    let content = try list.element(bytes, tag: BERTag.sequence)
    guard trap.varbinds.count < Trap.varbindLimit else { throw TrapFault(.tooManyVarbinds, at: start) }
    var pair = BERReader(at: content.start, end: content.end)
    let oid = try pair.element(bytes, tag: BERTag.objectID)
    try BERValue.checkObjectID(bytes, oid)
    let tagOffset = pair.at
    let (tag, value) = try pair.element(bytes)
    try pair.finish()
    try check(bytes, tag, value, at: tagOffset)
    var varbind = Varbind(oid: oid, tag: tag, value: value)
    (varbind.object, varbind.index) = KnownObject.find(bytes, oid)
    trap.varbinds.append(varbind)
    return varbind
  }

  private static func check(
    _ bytes: Span<UInt8>, _ tag: UInt8, _ value: ByteRange, at tagOffset: Int
  ) throws(TrapFault) {
    switch tag {
    case BERTag.octetString, BERTag.opaque, BERTag.ipAddress: break
    case BERTag.integer: _ = try BERValue.integer(bytes, value)
    case BERTag.objectID: try BERValue.checkObjectID(bytes, value)
    case BERTag.counter32, BERTag.gauge32, BERTag.timeTicks: _ = try BERValue.unsigned32(bytes, value)
    case BERTag.counter64: _ = try BERValue.unsigned64(bytes, value)
    case BERTag.null, BERTag.noSuchObject, BERTag.noSuchInstance, BERTag.endOfMibView:
      guard value.isEmpty else { throw TrapFault(.badNull, at: value.start) }
    default: throw TrapFault(.unexpectedTag, at: tagOffset)
    }
  }

  /// Four octets that are not 0.0.0.0; anything else is no address.
  private static func address(_ bytes: Span<UInt8>, _ range: ByteRange) -> IPAddress {
    guard range.count == 4 else { return .unspecified }
    let at = range.start
    let address = IPAddress(v4: bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3])
    return address.isUnspecified ? .unspecified : address
  }
}

extension Trap {
  /// snmpTrapOID of a v1 trap (RFC 3584 §3.1 (2)). False when there is no room for the two arcs more.
  mutating func deriveTrapOID() -> Bool {
    if genericTrap < 6 {
      trapOID.removeAll()
      return StandardTrap.appendPrefix(to: &trapOID) && trapOID.append(UInt32(genericTrap) + 1)
    }
    trapOID = enterprise
    return trapOID.append(0) && trapOID.append(UInt32(specificTrap))
  }
}
