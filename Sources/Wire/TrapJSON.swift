package import Model

// The JSON forms of a notification (RFC 8259). Neither ever holds the community, or the value of a secret.

extension Trap {
  /// Writes the varbinds, unless that has been done for the notification at hand.
  mutating func writeForms(_ datagram: Span<UInt8>) {
    if forms.isWritten { return }
    // Moved out while they are read, as in `appendText`.
    var slots: [Varbind] = []
    swap(&slots, &self.slots)
    defer { swap(&slots, &self.slots) }
    forms.write(slots, varbindCount, datagram, names)
    forms.write(trapOID, trapOIDNumber)
  }

  /// Appends what the audit keeps as `raw_message`:
  /// `{"version":"2c","trap_oid":"1.3…","uptime":8640012,"varbinds":[{"oid","name","type","value"} …]}`.
  package mutating func appendRawJSON(_ datagram: Span<UInt8>, to target: inout [UInt8]) -> ByteRange {
    writeForms(datagram)
    let start = target.count
    let all = forms.bytes.span
    let oid = forms.oid.span
    let places = forms.places.span
    let (version, uptimeTicks) = (version, uptimeTicks)
    // A bracket and a comma an element stand where its text was.
    target.append(addingCapacity: 256 + oid.count + all.count) { json in
      json.write { pen in
        pen.append(ascii: "{\"version\":\"")
        pen.append(ascii: version.name)
        pen.append(ascii: "\",\"trap_oid\":\"")
        pen.append(oid, ByteRange(0, oid.count))
        pen.append(ascii: "\",\"uptime\":")
        pen.append(ticks: uptimeTicks)
        pen.append(ascii: ",\"varbinds\":[")
        for index in places.indices {
          if index > 0 { pen.append(UInt8(ascii: ",")) }
          pen.append(all, ByteRange(Int(places[index].start), Int(places[index].valueEnd)))
          pen.append(UInt8(ascii: "}"))
        }
        pen.append(ascii: "]}")
      }
    }
    return ByteRange(start, target.count)
  }

  /// Appends the `snmp` object of the payload (DESIGN §10). A counter64 is a string, because JSON readers
  /// lose integers above 2^53.
  package mutating func appendSNMPJSON(_ datagram: Span<UInt8>, to target: inout [UInt8]) -> ByteRange {
    writeForms(datagram)
    let start = target.count
    appendHead(to: &target)
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
    let all = forms.bytes.span
    target.append(addingCapacity: 32 + all.count) { json in
      json.write { pen in
        pen.append(ascii: "},\"varbinds\":[")
        pen.append(all, ByteRange(0, all.count))
        pen.append(ascii: "]}")
      }
    }
    return ByteRange(start, target.count)
  }

  /// Appends the object up to the notification's name.
  private mutating func appendHead(to target: inout [UInt8]) {
    let oid = forms.oid.span
    let engine = engineID.span
    let (version, kind, uptimeTicks) = (version, kind, uptimeTicks)
    target.append(addingCapacity: 256 + oid.count + 2 * engine.count) { json in
      json.write { pen in
        pen.append(ascii: "{\"version\":\"")
        pen.append(ascii: version.name)
        pen.append(ascii: "\",\"pdu\":\"")
        pen.append(ascii: kind.name)
        pen.append(ascii: "\",\"engine_id\":")
        pen.append(engine: engine)
        pen.append(ascii: ",\"uptime_ticks\":")
        pen.append(ticks: uptimeTicks)
        pen.append(ascii: ",\"trap\":{\"oid\":\"")
        pen.append(oid, ByteRange(0, oid.count))
        pen.append(ascii: "\",\"name\":\"")
      }
    }
  }

  /// Appends the numbers of the notification.
  package mutating func appendTrapOID(_ datagram: Span<UInt8>, to target: inout [UInt8]) -> ByteRange {
    writeForms(datagram)
    return target.append(forms.oid.span, ByteRange(0, forms.oid.count))
  }

  /// What both forms say of the notification at hand can be told from the `snmp` object alone.
  package var isRegular: Bool { forms.isRegular }
}

extension BytePen {
  fileprivate mutating func append(ticks: Int64) {
    if ticks < 0 { append(ascii: "null") } else { append(decimal: UInt64(ticks)) }
  }

  /// Hexadecimal; null for v1 and v2c.
  fileprivate mutating func append(engine: Span<UInt8>) {
    if engine.isEmpty { return append(ascii: "null") }
    append(UInt8(ascii: "\""))
    for index in engine.indices {
      append(hexDigit(engine[index] >> 4))
      append(hexDigit(engine[index] & 15))
    }
    append(UInt8(ascii: "\""))
  }
}
