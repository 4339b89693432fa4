import Model

@testable import Wire

/// Packets by hand: every length and tag can be made to lie.
enum TrapBuilder {
  static func tlv(_ tag: UInt8, _ parts: [UInt8]...) -> [UInt8] {
    TrapEncoder.element(tag, parts.flatMap { $0 })
  }

  static let version1 = tlv(0x02, [0])
  static let version2 = tlv(0x02, [1])
  static let community = tlv(0x04, Array("s3cret".utf8))
  static let enterprise = tlv(0x06, [0x2B, 6, 1, 4, 1, 9])
  static let agent = tlv(0x40, [192, 0, 2, 7])
  static let ticks = tlv(0x43, [100])
  static let zero = tlv(0x02, [0])
  static let upTime = tlv(0x30, tlv(0x06, [0x2B, 6, 1, 2, 1, 1, 3, 0]), ticks)
  static let linkDownOID = tlv(0x06, [0x2B, 6, 1, 6, 3, 1, 1, 5, 3])
  static let trapOID = tlv(0x30, tlv(0x06, [0x2B, 6, 1, 6, 3, 1, 1, 4, 1, 0]), linkDownOID)

  /// A v2c trap with these varbinds behind the two it must have.
  static func v2c(_ varbinds: [UInt8]...) -> [UInt8] {
    packet2(0xA7, upTime + trapOID + varbinds.flatMap { $0 })
  }

  /// A v2c packet with this PDU tag and varbind list.
  static func packet2(_ tag: UInt8, _ list: [UInt8]) -> [UInt8] {
    tlv(0x30, version2, community, tlv(tag, tlv(0x02, [1]), zero, zero, tlv(0x30, list)))
  }

  /// A v1 trap; each field can be replaced.
  static func v1(
    enterprise: [UInt8] = enterprise, agent: [UInt8] = agent, generic: [UInt8] = tlv(0x02, [6]),
    specific: [UInt8] = tlv(0x02, [17]), ticks: [UInt8] = ticks, list: [UInt8] = tlv(0x30, [])
  ) -> [UInt8] {
    tlv(0x30, version1, community, tlv(0xA4, enterprise, agent, generic, specific, ticks, list))
  }

  /// A varbind 1.3.6.1.4.1.9.1 with this value.
  static func varbind(_ value: [UInt8]) -> [UInt8] {
    tlv(0x30, tlv(0x06, [0x2B, 6, 1, 4, 1, 9, 1]), value)
  }

  static func varbind(oid: [UInt8], _ value: [UInt8] = tlv(0x05)) -> [UInt8] {
    tlv(0x30, tlv(0x06, oid), value)
  }
}

/// A decoded packet with everything that is made of it.
struct Reading {
  var verdict: TrapVerdict
  var trap = Trap()
  var event = freshEvent()
  var text = ""
  var raw = ""
  var snmp = ""
  var labels = LabelSet()

  init(_ packet: [UInt8]) {
    verdict = TrapDecoder().decode(packet.span, into: &trap)
    guard verdict == .notification else { return }
    trap.fill(&event)
    var bytes: [UInt8] = [0x23]
    let textRange = trap.appendText(packet.span, to: &bytes)
    let rawRange = trap.appendRawJSON(packet.span, to: &bytes)
    let snmpRange = trap.appendSNMPJSON(packet.span, to: &bytes)
    text = bytes.span.text(textRange) ?? ""
    raw = bytes.span.text(rawRange) ?? ""
    snmp = bytes.span.text(snmpRange) ?? ""
    trap.appendLabels(packet.span, to: &labels)
  }

  /// `name=value` of every label.
  var labelList: [String] {
    labels.entries.map {
      "\(labels.bytes.span.text($0.name) ?? "-")=\(labels.bytes.span.text($0.value) ?? "-")"
    }
  }

  var fault: TrapFault.Reason? {
    if case .malformed(let fault) = verdict { return fault.reason }
    return nil
  }
}
