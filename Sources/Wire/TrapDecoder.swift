import Model

/// What a packet on the trap socket turned out to be.
package enum TrapVerdict: Equatable, Sendable {
  case notification
  case malformed(TrapFault)
  /// An SNMPv3 message: `SecuredMessage` reads its envelope, `decodeScoped` what was in it.
  case secured
  /// A well-framed SNMP packet of another kind: a GetRequest (0xA0), a Response (0xA2), a Report (0xA8) …
  case notANotification(pduTag: UInt8)
}

/// SNMPv1 Trap-PDU (RFC 1157 §4.1.6), SNMPv2-Trap-PDU and InformRequest-PDU (RFC 3416 §4.2.6, §4.2.7).
///
///     SEQUENCE { version, community, PDU }
///     v3   SEQUENCE { context engine id, context name, PDU } inside the message
///     v1   [4] { enterprise, agent-addr, generic-trap, specific-trap, time-stamp, varbinds }
///     v2c  [7] or [6] { request-id, error-status, error-index, varbinds }
///     varbinds = SEQUENCE { SEQUENCE { name, value } … }
///
/// Every byte of a message must be accounted for; the first fault ends the reading. A value that is not right
/// for its type is no fault: one odd varbind of an agent must not cost the notification.
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
    if let list = TrapDecoder.usualList(bytes, into: &trap) {
      try readNotification(bytes, list, into: &trap)
      return .notification
    }
    var packet = BERReader(at: 0, end: bytes.count)
    let whole = try packet.element(bytes, tag: BERTag.sequence)
    // What stands behind the message is padding, as far as anybody knows; snmptrapd passes over it too.
    trap.end = whole.end
    var message = BERReader(at: whole.start, end: whole.end)
    let versionField = try message.element(bytes, tag: BERTag.integer)
    switch try BERValue.integer(bytes, versionField) {
    case 0: trap.version = .v1
    case 1: trap.version = .v2c
    case 3: return .secured
    default: throw TrapFault(.unsupportedVersion, at: versionField.start)
    }
    trap.community = try message.element(bytes, tag: BERTag.octetString)
    trap.pduTagOffset = message.at
    let (tag, content) = try message.element(bytes)
    try message.finish()
    return try readPDU(bytes, tag, content, into: &trap)
  }

  /// Reads the ScopedPDU of an SNMPv3 message (RFC 3412 §6.8); what DES padded it with may follow.
  package func decodeScoped(_ bytes: Span<UInt8>, into trap: inout Trap) -> TrapVerdict {
    trap.clear()
    trap.version = .v3
    do throws(TrapFault) {
      let scoped = try ScopedPDU(bytes)
      trap.end = scoped.end
      trap.contextName = scoped.contextName
      trap.pduTagOffset = scoped.tagOffset
      return try readPDU(bytes, scoped.tag, scoped.content, into: &trap)
    } catch {
      return .malformed(error)
    }
  }

  private func readPDU(
    _ bytes: Span<UInt8>, _ tag: UInt8, _ content: ByteRange, into trap: inout Trap
  ) throws(TrapFault) -> TrapVerdict {
    let pdu = BERReader(at: content.start, end: content.end)
    switch (tag, trap.version) {
    case (BERTag.trapV1, .v1):
      try readV1(bytes, pdu, into: &trap)
    case (BERTag.trapV2, .v2c), (BERTag.inform, .v2c), (BERTag.trapV2, .v3), (BERTag.inform, .v3):
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
    guard trap.deriveTrapOID(bytes, enterprise) else {
      throw TrapFault(.oversizedObjectID, at: enterprise.start)
    }
    let list = try pdu.last(bytes, tag: BERTag.sequence)
    // The enterprise's last arc and the numbers tell most kinds apart.
    let kind = bytes[enterprise.end &- 1] &* 31 &+ UInt8(truncatingIfNeeded: specific &* 7 &+ generic)
    let special = try TrapDecoder.readVarbinds(bytes, list, kind: UInt64(kind), into: &trap)
    // The PDU says them; a varbind of these names is one like all others.
    if special.upTime >= 0 { trap.slots[special.upTime].object = ObjectNames.sysUpTime }
    if special.trapOID >= 0 { trap.slots[special.trapOID].object = ObjectNames.snmpTrapOID }
    trap.leadCount = 0
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
    try readNotification(bytes, try pdu.last(bytes, tag: BERTag.sequence), into: &trap)
  }

  @inline(__always)
  private func readNotification(
    _ bytes: Span<UInt8>, _ list: BERReader, into trap: inout Trap
  ) throws(TrapFault) {
    let special = try TrapDecoder.readVarbinds(bytes, list, kind: 0, into: &trap)
    guard special.trapOID >= 0 else { throw TrapFault(.missingTrapOID, at: list.at) }
    try take(special, bytes, into: &trap)
  }

  /// The varbinds of a v2c notification whose header is as nearly all agents write it, the header read; nil
  /// for what is written otherwise, right or wrong, which is left to be read field by field.
  @inline(__always)
  private static func usualList(_ bytes: Span<UInt8>, into trap: inout Trap) -> BERReader? {
    let end = bytes.count
    guard end >= 48 else { return nil }
    // Message, PDU and list all end with the datagram.
    let message = start(bytes, 0, BERTag.sequence, reaching: end)
    // 02 01 01 04 NN: version and community.
    let word = ByteWord.load(bytes, message)
    let count = Int(truncatingIfNeeded: (word &>> 32) & 0xFF)
    let tagAt = message &+ 5 &+ count
    guard message > 0, word & 0xFFFF_FFFF == 0x0401_0102, count < 0x80, tagAt &+ 28 <= end else { return nil }
    let tag = bytes[tagAt]
    guard tag & 0xFE == BERTag.inform else { return nil }
    let pdu = start(bytes, tagAt, tag, reaching: end)
    guard pdu > 0, bytes[pdu] == BERTag.integer else { return nil }
    let octets = Int(bytes[pdu &+ 1])
    guard octets &- 1 < 8, octets > 0 else { return nil }
    // 02 01 NN 02 01 NN: error-status and error-index.
    let errors = pdu &+ 2 &+ octets
    guard ByteWord.load(bytes, errors) & 0x00FF_FF00_FFFF == 0x0001_0200_0102
    else { return nil }
    let list = start(bytes, errors &+ 6, BERTag.sequence, reaching: end)
    guard list > 0 else { return nil }
    trap.version = .v2c
    trap.kind = tag == BERTag.inform ? .inform : .trap
    trap.community = ByteRange(message &+ 5, tagAt)
    trap.pduTagOffset = tagAt
    trap.requestID = VarbindValue.integer(bytes, ByteRange(pdu &+ 2, errors))
    trap.errorStatus = ByteRange(errors &+ 2, errors &+ 3)
    trap.errorIndex = ByteRange(errors &+ 5, errors &+ 6)
    return BERReader(at: list, end: end)
  }

  /// Where the content of the element at `at` begins, if it has this tag and ends at `end`; 0 if not. Four
  /// octets must be there.
  @inline(__always)
  private static func start(_ bytes: Span<UInt8>, _ at: Int, _ tag: UInt8, reaching end: Int) -> Int {
    guard bytes[at] == tag else { return 0 }
    let length = Int(bytes[at &+ 1])
    if length < 0x80 { return at &+ 2 &+ length == end ? at &+ 2 : 0 }
    if length == 0x81 { return at &+ 3 &+ Int(bytes[at &+ 2]) == end ? at &+ 3 : 0 }
    guard length == 0x82 else { return 0 }
    return at &+ 4 &+ (Int(bytes[at &+ 2]) &<< 8 | Int(bytes[at &+ 3])) == end ? at &+ 4 : 0
  }

  /// Where the varbinds stand that say something of the notification itself; -1 for none.
  private struct Special {
    var upTime = -1
    var trapOID = -1
    var enterprise = -1
    var address = -1
    /// What tells most kinds of notifications apart.
    var kind: UInt64
    /// The trap OID's arcs are known to be an octet each.
    var isShort = false
  }

  private func take(_ special: Special, _ bytes: Span<UInt8>, into trap: inout Trap) throws(TrapFault) {
    if special.upTime >= 0 {
      trap.uptimeTicks = Int64(
        truncatingIfNeeded: VarbindValue.unsigned(bytes, trap.slots[special.upTime].value))
    }
    let name = trap.slots[special.trapOID].value
    if special.isShort || BERValue.hasShortArcs(bytes, name.start, Int(name.count)) {
      // Mostly it is the notification that came before.
      let known = ShortName(bytes, name)
      if known != trap.lastName {
        trap.lastName = known
        trap.trapOIDNumber &+= 1
        trap.trapOID.setShort(bytes, name.start, name.end)
        trap.lastNotification = trap.names.notification(bytes, name.start, name.end)
      }
      trap.notification = trap.lastNotification
    } else {
      trap.lastName = ShortName()
      trap.trapOIDNumber &+= 1
      try BERValue.objectID(bytes, name, into: &trap.trapOID)
      trap.notification = trap.names.notification(bytes, name.start, name.end)
    }
    if special.enterprise >= 0 {
      try BERValue.objectID(bytes, trap.slots[special.enterprise].value, into: &trap.enterprise)
    }
    if special.address >= 0 {
      trap.agentAddress = TrapDecoder.address(bytes, trap.slots[special.address].value)
    }
  }

  /// sysUpTime.0 and snmpTrapOID.0 should come first (RFC 3416 §4.2.6), but agents exist that put them
  /// elsewhere; the first of each that is of its type counts, wherever it stands. What is not taken is shown.
  @inline(never)
  private static func note(
    _ varbind: inout Varbind, at place: Int, _ bytes: Span<UInt8>, in special: inout Special
  ) {
    guard varbind.index.count == 1, bytes[varbind.index.start] == 0 else { return }
    switch varbind.object {
    case ObjectNames.sysUpTime where varbind.tag == BERTag.timeTicks && special.upTime < 0:
      special.upTime = place
      varbind.object = ObjectNames.takenUpTime
    case ObjectNames.snmpTrapOID where varbind.tag == BERTag.objectID && special.trapOID < 0:
      special.trapOID = place
      varbind.object = ObjectNames.takenTrapOID
    case ObjectNames.snmpTrapEnterprise where varbind.tag == BERTag.objectID && special.enterprise < 0:
      special.enterprise = place
    case ObjectNames.snmpTrapAddress where varbind.tag == BERTag.ipAddress && special.address < 0:
      // One that is none leaves the place to the next.
      if !address(bytes, varbind.value).isUnspecified { special.address = place }
    default: break
    }
  }

  /// Reads the list to its end.
  private static func readVarbinds(
    _ bytes: Span<UInt8>, _ content: BERReader, kind: UInt64, into trap: inout Trap
  ) throws(TrapFault) -> Special {
    var list = content
    var special = Special(kind: kind)
    var count = 0
    // Moved out while they are written.
    var room: [Varbind] = []
    swap(&room, &trap.slots)
    defer { swap(&room, &trap.slots) }
    var slots = room.mutableSpan
    count = readLeading(bytes, &list, &slots, &special)
    trap.leadCount = count
    let row = VarbindShape.row(special.kind)
    while true {
      readKnown(bytes, &list, trap.shapes.span, row, &slots, &count)
      guard list.at < list.end else { break }
      guard count < slots.count else {
        let start = list.at
        _ = try list.element(bytes, tag: BERTag.sequence)
        throw TrapFault(.tooManyVarbinds, at: start)
      }
      var varbind = try readNext(bytes, &list, count, row, &trap)
      if varbind.object &- 1 < ObjectNames.snmpTrapAddress { note(&varbind, at: count, bytes, in: &special) }
      slots[count] = varbind
      count &+= 1
    }
    trap.varbindCount = count
    return special
  }

  /// Reads a varbind whose shape is not known.
  @inline(never)
  private static func readNext(
    _ bytes: Span<UInt8>, _ list: inout BERReader, _ place: Int, _ row: Int, _ trap: inout Trap
  ) throws(TrapFault) -> Varbind {
    if var varbind = shortVarbind(bytes, &list) {
      trap.names.name(&varbind, bytes)
      if place < VarbindShape.places { learn(bytes, varbind, trap.names, &trap.shapes[row &+ place]) }
      return varbind
    }
    var varbind = try readVarbind(bytes, &list)
    trap.names.name(&varbind, bytes)
    return varbind
  }

  /// sysUpTime.0 and snmpTrapOID.0 where they should be and as nearly all agents write them; what is written
  /// otherwise is left to be read like every other varbind. The number of varbinds read, 0 or 2.
  @inline(__always)
  private static func readLeading(
    _ bytes: Span<UInt8>, _ list: inout BERReader, _ slots: inout MutableSpan<Varbind>,
    _ special: inout Special
  ) -> Int {
    let first = list.at
    guard first &+ 16 <= list.end else { return 0 }
    // 30 LL 06 08 2B 06 01 02 | 01 01 03 00 43 NN, the first octet lowest.
    let head = ByteWord.load(bytes, first)
    let tail = ByteWord.load(bytes, first &+ 8)
    guard head & 0xFFFF_FFFF_FFFF_00FF == 0x0201_062B_0806_0030,
      tail & 0x00FF_FFFF_FFFF == 0x0043_0003_0101
    else { return 0 }
    let ticks = Int(truncatingIfNeeded: (tail &>> 40) & 0xFF)
    let second = first &+ 14 &+ ticks
    guard ticks < 0x70, Int(truncatingIfNeeded: (head &>> 8) & 0xFF) == ticks &+ 12,
      second &+ 16 <= list.end, isPlain(bytes, BERTag.timeTicks, first &+ 14, ticks)
    else { return 0 }
    // 30 LL 06 0A 2B 06 01 06 | 03 01 01 04 01 00 06 NN
    let nextHead = ByteWord.load(bytes, second)
    let nextTail = ByteWord.load(bytes, second &+ 8)
    let octets = Int(truncatingIfNeeded: nextTail &>> 56)
    let end = second &+ 16 &+ octets
    guard nextHead & 0xFFFF_FFFF_FFFF_00FF == 0x0601_062B_0A06_0030,
      nextTail & 0x00FF_FFFF_FFFF_FFFF == 0x0006_0001_0401_0103,
      Int(truncatingIfNeeded: (nextHead &>> 8) & 0xFF) == octets &+ 14, end <= list.end,
      BERValue.hasShortArcs(bytes, second &+ 16, octets)
    else { return 0 }
    var upTime = Varbind(
      oid: ByteRange(first &+ 4, first &+ 12), tag: BERTag.timeTicks, value: ByteRange(first &+ 14, second))
    upTime.object = ObjectNames.takenUpTime
    upTime.indexAt = UInt32(truncatingIfNeeded: first &+ 11)
    slots[0] = upTime
    var name = Varbind(
      oid: ByteRange(second &+ 4, second &+ 14), tag: BERTag.objectID, value: ByteRange(second &+ 16, end))
    name.object = ObjectNames.takenTrapOID
    name.indexAt = UInt32(truncatingIfNeeded: second &+ 13)
    slots[1] = name
    special.upTime = 0
    special.trapOID = 1
    special.isShort = true
    special.kind = ByteWord.load(bytes, end &- 8)
    list.at = end
    return 2
  }

  /// A varbind as nearly all are: lengths of one octet, a name of few octets, a value that is
  /// right for its type. Nil for any other, right or wrong: `readVarbind` says which.
  @inline(__always)
  private static func shortVarbind(_ bytes: Span<UInt8>, _ list: inout BERReader) -> Varbind? {
    let at = list.at
    guard at &+ 8 <= bytes.count else { return nil }
    let word = ByteWord.load(bytes, at)
    // SEQUENCE, its length, OBJECT IDENTIFIER, its length.
    guard word & 0x80FF_80FF == 0x0006_0030 else { return nil }
    let end = at &+ 2 &+ Int(truncatingIfNeeded: (word &>> 8) & 0x7F)
    let nameCount = Int(truncatingIfNeeded: (word &>> 24) & 0x7F)
    let nameAt = at &+ 4
    let tagAt = nameAt &+ nameCount
    let valueAt = tagAt &+ 2
    guard end <= list.end, valueAt <= end, BERValue.hasUsualArcs(bytes, nameAt, nameCount) else { return nil }
    let tag = bytes[tagAt]
    let valueCount = end &- valueAt
    guard Int(bytes[tagAt &+ 1]) == valueCount, isPlain(bytes, tag, valueAt, valueCount) else { return nil }
    list.at = end
    return Varbind(oid: ByteRange(nameAt, tagAt), tag: tag, value: ByteRange(valueAt, end))
  }

  /// The value is right for its type; false for what has to be looked at more closely.
  @inline(__always)
  private static func isPlain(_ bytes: Span<UInt8>, _ tag: UInt8, _ start: Int, _ count: Int) -> Bool {
    switch tag {
    case BERTag.octetString, BERTag.ipAddress: return true
    case BERTag.integer: return count > 0 && count <= 8
    case BERTag.counter32, BERTag.gauge32, BERTag.timeTicks:
      return count > 0 && count <= 4
    case BERTag.objectID: return BERValue.hasShortArcs(bytes, start, count)
    default: return false
    }
  }

  private static func readVarbind(
    _ bytes: Span<UInt8>, _ list: inout BERReader
  ) throws(TrapFault) -> Varbind {
    let content = try list.element(bytes, tag: BERTag.sequence)
    var pair = BERReader(at: content.start, end: content.end)
    let oid = try pair.element(bytes, tag: BERTag.objectID)
    try BERValue.checkObjectID(bytes, oid)
    let tagOffset = pair.at
    let (tag, value) = try pair.element(bytes)
    try pair.finish()
    return Varbind(oid: oid, tag: try reading(bytes, tag, value, at: tagOffset), value: value)
  }

  /// What a value is read as: its own type when it is right for that, else something to be shown as it is.
  private static func reading(
    _ bytes: Span<UInt8>, _ tag: UInt8, _ value: ByteRange, at tagOffset: Int
  ) throws(TrapFault) -> UInt8 {
    // A tag of several octets: where the value begins is not known.
    if tag & 0x1F == 0x1F { throw TrapFault(.unexpectedTag, at: tagOffset) }
    do throws(TrapFault) {
      switch tag {
      case BERTag.octetString, BERTag.opaque, BERTag.ipAddress, BERTag.bitString, BERTag.nsapAddress: break
      case BERTag.integer: _ = try BERValue.integer(bytes, value)
      case BERTag.objectID: try BERValue.checkObjectID(bytes, value)
      case BERTag.counter32, BERTag.gauge32, BERTag.timeTicks, BERTag.uinteger32:
        _ = try BERValue.unsigned32(bytes, value)
      case BERTag.counter64: _ = try BERValue.unsigned64(bytes, value)
      case BERTag.null, BERTag.noSuchObject, BERTag.noSuchInstance, BERTag.endOfMibView:
        return value.isEmpty ? tag : BERTag.malformed
      default: return BERTag.unknown
      }
    } catch {
      return BERTag.malformed
    }
    return tag
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
  /// snmpTrapOID of a v1 trap (RFC 3584 §3.1 (2)), and its name. False when there is no room for the two
  /// arcs more.
  mutating func deriveTrapOID(_ bytes: Span<UInt8>, _ content: ByteRange) -> Bool {
    lastName = ShortName()
    trapOIDNumber &+= 1
    if genericTrap < 6 {
      // snmpTraps, 1.3.6.1.6.3.1.1.5, and one more (RFC 3418).
      let octets: [9 of UInt8] = [0x2B, 6, 1, 6, 3, 1, 1, 5, UInt8(genericTrap) + 1]
      trapOID.setShort(octets.span, 0, 9)
      notification = names.notification(octets.span, 0, 9)
      return true
    }
    trapOID = enterprise
    derived.removeAll(keepingCapacity: true)
    derived.append(bytes, content)
    derived.append(0)
    NameIndex.append(UInt64(specificTrap), to: &derived)
    notification = names.notification(derived.span, 0, derived.count)
    return trapOID.append(0) && trapOID.append(UInt32(specificTrap))
  }
}
