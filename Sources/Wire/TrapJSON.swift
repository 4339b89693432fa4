package import Model

// The JSON forms of a notification (RFC 8259). Neither ever holds the community.

extension Trap {
  /// Appends what the audit keeps as `raw_message`:
  /// `{"version":"2c","trap_oid":"1.3…","uptime":8640012,"varbinds":[{"oid","name","type","value"} …]}`.
  package func appendRawJSON(_ datagram: Span<UInt8>, to target: inout [UInt8]) -> ByteRange {
    let start = target.count
    target.append(ascii: "{\"version\":\"")
    target.append(ascii: version.name)
    target.append(ascii: "\",\"trap_oid\":\"")
    target.append(oid: trapOID)
    target.append(ascii: "\",\"uptime\":")
    appendTicks(to: &target)
    target.append(ascii: ",\"varbinds\":[")
    appendVarbinds(datagram, withText: false, to: &target)
    target.append(ascii: "]}")
    return ByteRange(start, target.count)
  }

  /// Appends the `snmp` object of the payload (DESIGN §10). A counter64 is a string, because JSON readers
  /// lose integers above 2^53.
  package func appendSNMPJSON(_ datagram: Span<UInt8>, to target: inout [UInt8]) -> ByteRange {
    let start = target.count
    target.append(ascii: "{\"version\":\"")
    target.append(ascii: version.name)
    target.append(ascii: "\",\"pdu\":\"")
    target.append(ascii: kind.name)
    target.append(ascii: "\",\"engine_id\":")
    appendEngineID(to: &target)
    target.append(ascii: ",\"uptime_ticks\":")
    appendTicks(to: &target)
    target.append(ascii: ",\"trap\":{\"oid\":\"")
    target.append(oid: trapOID)
    target.append(ascii: "\",\"name\":\"")
    appendName(to: &target)
    target.append(ascii: "\",\"address\":")
    if agentAddress.isUnspecified {
      target.append(ascii: "null")
    } else {
      target.append(UInt8(ascii: "\""))
      target.append(address: agentAddress)
      target.append(UInt8(ascii: "\""))
    }
    target.append(ascii: ",\"enterprise\":")
    if enterprise.isEmpty {
      target.append(ascii: "null")
    } else {
      target.append(UInt8(ascii: "\""))
      target.append(oid: enterprise)
      target.append(UInt8(ascii: "\""))
    }
    target.append(ascii: "},\"varbinds\":[")
    appendVarbinds(datagram, withText: true, to: &target)
    target.append(ascii: "]}")
    return ByteRange(start, target.count)
  }

  /// Hexadecimal; null for v1 and v2c.
  private func appendEngineID(to target: inout [UInt8]) {
    if engineID.isEmpty { return target.append(ascii: "null") }
    target.append(UInt8(ascii: "\""))
    for index in engineID.indices { target.append(hexByte: engineID[index]) }
    target.append(UInt8(ascii: "\""))
  }

  private func appendTicks(to target: inout [UInt8]) {
    if uptimeTicks < 0 {
      target.append(ascii: "null")
    } else {
      target.append(decimal: uptimeTicks)
    }
  }

  /// sysUpTime.0 and snmpTrapOID.0 are not repeated: they stand beside the list.
  private func appendVarbinds(_ datagram: Span<UInt8>, withText: Bool, to target: inout [UInt8]) {
    var needsComma = false
    for place in 0..<varbindCount {
      let varbind = slots[place]
      let isSecret = varbind.object == ObjectNames.snmpTrapCommunity
      if VarbindText.isHidden(varbind), !isSecret { continue }
      if needsComma { target.append(UInt8(ascii: ",")) }
      needsComma = true
      target.append(jsonHeadOf: varbind, datagram, names)
      if isSecret {
        if withText { target.append(ascii: "null,\"text\":null}") } else { target.append(ascii: "null}") }
        continue
      }
      target.append(jsonValueOf: varbind, datagram)
      if withText { target.append(jsonTextOf: place, slots, datagram, names) }
      target.append(UInt8(ascii: "}"))
    }
  }
}

extension [UInt8] {
  fileprivate mutating func append(jsonHeadOf varbind: Varbind, _ bytes: Span<UInt8>, _ names: ObjectNames) {
    append(addingCapacity: 2 * VarbindText.room(Int(varbind.oid.count)) + 2 * VarbindText.slack) { json in
      json.append(ascii: "{\"oid\":\"")
      VarbindText.append(arcs: bytes, varbind.oid, isFirst: true, to: &json)
      json.append(ascii: "\",\"name\":\"")
      VarbindText.appendName(varbind, bytes, names, to: &json)
      json.append(ascii: "\",\"type\":\"")
      json.append(ascii: VarbindValue.typeName(varbind.tag))
      json.append(ascii: "\",\"value\":")
    }
  }

  /// A number for what fits JSON's numbers, null for no value, else a string; what an object's words and
  /// forms would say is left to the text, so that a value can be read back.
  fileprivate mutating func append(jsonValueOf varbind: Varbind, _ bytes: Span<UInt8>) {
    switch varbind.tag {
    case BERTag.noSuchObject, BERTag.noSuchInstance, BERTag.endOfMibView: append(ascii: "null")
    case BERTag.integer, BERTag.counter32, BERTag.gauge32, BERTag.timeTicks, BERTag.null:
      append(plainValueOf: varbind, bytes)
    default:
      append(UInt8(ascii: "\""))
      let start = count
      append(plainValueOf: varbind, bytes)
      if varbind.tag == BERTag.octetString { escapeQuotes(from: start) }
      append(UInt8(ascii: "\""))
    }
  }

  /// Appends the value by its type alone, so that it can be read back: no words, no addresses, no times.
  private mutating func append(plainValueOf varbind: Varbind, _ bytes: Span<UInt8>) {
    append(addingCapacity: VarbindText.room(Int(varbind.value.count)) + VarbindText.slack) {
      VarbindText.appendPlain(varbind.tag, varbind.value, bytes, to: &$0)
    }
  }

  fileprivate mutating func append(
    jsonTextOf place: Int, _ slots: [Varbind], _ bytes: Span<UInt8>, _ names: ObjectNames
  ) {
    append(ascii: ",\"text\":\"")
    let start = count
    append(textOf: place, slots, bytes, names)
    if slots[place].tag == BERTag.octetString { escapeQuotes(from: start) }
    append(UInt8(ascii: "\""))
  }

  /// Puts a backslash before each quote and backslash from `start` on, in place and from the back. The text
  /// of a value is clean and without controls, and they only occur in octet strings.
  private mutating func escapeQuotes(from start: Int) {
    var extra = [UInt8].extraBytes(span, from: start)
    if extra == 0 { return }
    var source = count
    for _ in 0..<extra { append(0) }
    var target = count
    while extra > 0 {
      source -= 1
      target -= 1
      self[target] = self[source]
      guard [UInt8].needsBackslash(self[source]) else { continue }
      target -= 1
      self[target] = UInt8(ascii: "\\")
      extra -= 1
    }
  }

  /// How many quotes and backslashes there are from `start` on.
  private static func extraBytes(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var at = start
    // Most texts have none: sixteen bytes at a time.
    while at &+ ByteBlock.width <= bytes.count {
      if JSONText.needsCare(ByteBlock(bytes, at)).first < ByteBlock.width { break }
      at &+= ByteBlock.width
    }
    var extra = 0
    while at < bytes.count {
      if needsBackslash(bytes[at]) { extra += 1 }
      at &+= 1
    }
    return extra
  }

  private static func needsBackslash(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }
}
