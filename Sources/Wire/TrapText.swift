package import Model

extension Trap {
  /// The line stops growing at the varbind that reaches this: rules never see more than one datagram's worth
  /// of text, however much hexadecimal and dotted numbers blow a packet up.
  package static var textLimit: Int { 65_536 }

  /// Appends the one line that rules match on, `linkDown ifIndex.3=3 ifOperStatus.3=down(2)`, and says where
  /// it stands. Clean UTF-8 without control bytes. sysUpTime.0 and snmpTrapOID.0 are left out (the name leads
  /// the line), the community is never shown.
  package func appendText(_ datagram: Span<UInt8>, to target: inout [UInt8]) -> ByteRange {
    let start = target.count
    appendName(to: &target)
    for varbind in varbinds where Trap.isShown(varbind) {
      target.append(UInt8(ascii: " "))
      target.append(nameOf: varbind, datagram)
      target.append(UInt8(ascii: "="))
      target.append(textOf: varbind, datagram)
      if target.count - start >= Trap.textLimit { break }
    }
    return ByteRange(start, target.count)
  }

  /// Adds the varbinds of the line as labels: `ifDescr.3` and, where still free, `ifDescr`.
  package func appendLabels(_ datagram: Span<UInt8>, to labels: inout LabelSet) {
    for varbind in varbinds where Trap.isShown(varbind) {
      if labels.entries.count >= LabelSet.limit { return }
      let nameStart = labels.bytes.count
      let bareEnd = labels.bytes.append(nameOf: varbind, datagram)
      let nameEnd = labels.bytes.count
      labels.bytes.append(textOf: varbind, datagram)
      let value = ByteRange(nameEnd, labels.bytes.count)
      labels.add(name: ByteRange(nameStart, nameEnd), value: value)
      if bareEnd > 0 { labels.add(name: ByteRange(nameStart, bareEnd), value: value) }
    }
  }

  /// `linkDown`, or the dotted numbers of an unknown notification.
  func appendName(to target: inout [UInt8]) {
    if let name = StandardTrap.name(of: trapOID) {
      target.append(ascii: name)
    } else {
      target.append(oid: trapOID)
    }
  }

  /// What the line and the labels leave out.
  private static func isShown(_ varbind: Varbind) -> Bool {
    switch varbind.object {
    case .sysUpTime, .snmpTrapOID, .snmpTrapCommunity: false
    default: true
    }
  }
}
