import CNetSNMP
import Model
import Testing
import Wire

/// net-snmp encodes, we decode: two independent readings of RFC 1157, RFC 3416 and RFC 3584.
@Suite struct NetSNMPComparisonTests {
  private struct Value: Sendable {
    var oid: StaticString
    var type: Character
    var value: StaticString
    var text: String
  }

  private static let values = [
    Value(oid: "1.3.6.1.2.1.2.2.1.1.3", type: "i", value: "3", text: "ifIndex.3=3"),
    Value(oid: "1.3.6.1.2.1.2.2.1.8.3", type: "i", value: "2", text: "ifOperStatus.3=down(2)"),
    Value(
      oid: "1.3.6.1.4.1.99999.1.0", type: "i", value: "-2147483648", text: "1.3.6.1.4.1.99999.1.0=-2147483648"
    ),
    Value(
      oid: "1.3.6.1.4.1.99999.2.0", type: "u", value: "4294967295", text: "1.3.6.1.4.1.99999.2.0=4294967295"),
    Value(
      oid: "1.3.6.1.4.1.99999.3.0", type: "a", value: "192.0.2.33", text: "1.3.6.1.4.1.99999.3.0=192.0.2.33"),
    Value(
      oid: "1.3.6.1.4.1.99999.4.4294967295", type: "o", value: "1.3.6.1.4.1.4294967295.1",
      text: "1.3.6.1.4.1.99999.4.4294967295=1.3.6.1.4.1.4294967295.1"),
    Value(
      oid: "1.3.6.1.2.1.2.2.1.2.3", type: "s", value: "GigabitEthernet0/3",
      text: "ifDescr.3=GigabitEthernet0/3"),
  ]

  private func encode(version: Int32, trapOID: String, generic: Int32, specific: Int32) -> [UInt8] {
    var packet = [UInt8](repeating: 0, count: 65_536)
    let varbinds = unsafe Self.values.map {
      unsafe mutt_snmp_varbind(
        oid: UnsafeRawPointer($0.oid.utf8Start).assumingMemoryBound(to: CChar.self),
        type: CChar(bitPattern: $0.type.asciiValue!),
        value: UnsafeRawPointer($0.value.utf8Start).assumingMemoryBound(to: CChar.self))
    }
    let agent: [UInt8] = [192, 0, 2, 7]
    let length = unsafe mutt_snmp_encode(
      version, "public", trapOID, agent, generic, specific, 8_640_012, varbinds, varbinds.count, &packet,
      packet.count)
    return length < 0 ? [] : Array(packet.prefix(Int(length)))
  }

  private func line(_ packet: [UInt8], _ trap: inout Trap) -> String {
    guard case .notification = TrapDecoder().decode(packet.span, into: &trap) else { return "" }
    var text: [UInt8] = []
    _ = trap.appendText(packet.span, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  @Test func v2cIsReadAsItWasMeant() {
    let packet = encode(version: 2, trapOID: "1.3.6.1.6.3.1.1.5.3", generic: 0, specific: 0)
    var trap = Trap()
    let text = line(packet, &trap)
    #expect("\(trap.trapOID)" == "1.3.6.1.6.3.1.1.5.3")
    #expect(trap.uptimeTicks == 8_640_012)
    #expect(text.hasPrefix("linkDown "))
    for value in Self.values { #expect(text.contains(value.text), "\(text)") }
  }

  @Test(arguments: [
    (Int32(2), Int32(0), "1.3.6.1.6.3.1.1.5.3"), (Int32(0), Int32(0), "1.3.6.1.6.3.1.1.5.1"),
    (Int32(6), Int32(77), "1.3.6.1.4.1.99999.0.77"),
  ])
  func v1BecomesItsTrapOID(generic: Int32, specific: Int32, expected: String) {
    let packet = encode(version: 1, trapOID: "1.3.6.1.4.1.99999", generic: generic, specific: specific)
    var trap = Trap()
    let text = line(packet, &trap)
    #expect("\(trap.trapOID)" == expected)
    #expect(trap.agentAddress == IPAddress(v4: 192, 0, 2, 7))
    #expect(trap.uptimeTicks == 8_640_012)
    for value in Self.values { #expect(text.contains(value.text), "\(text)") }
  }
}
